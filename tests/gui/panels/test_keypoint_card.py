from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication

from sonichu_gui.domain.annotation import PointState
from sonichu_gui.gui.panels.keypoint_card import KeypointCard
from sonichu_gui.gui.panels.keypoint_model import point_summary
from tests.gui.panels.fakes import predicted, show_frame

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def card(qtbot, document):
    show_frame(document)
    document.commit(predicted(document.task), "Predict")
    widget = KeypointCard(document)
    qtbot.addWidget(widget)
    widget.resize(316, 200)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def middle(card: KeypointCard, row: int) -> QPoint:
    return card.view.visualRect(card.model.index(row)).center()


def open_menu(qtbot, card: KeypointCard, row: int) -> None:
    place = middle(card, row)
    port = card.view.viewport()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, port.mapToGlobal(place))
    QApplication.sendEvent(port, event)
    qtbot.waitExposed(card.menu)


def click_menu(qtbot, card: KeypointCard, text: str) -> None:
    row = next(row for row in card.menu.actions() if row.text() == text)
    qtbot.mouseClick(card.menu, LEFT, pos=card.menu.actionGeometry(row).center())


def test_pointing_at_a_row_points_at_its_keypoint(qtbot, card, document):
    qtbot.mouseMove(card.view.viewport(), middle(card, 0))
    qtbot.mouseMove(card.view.viewport(), middle(card, 2))
    qtbot.waitUntil(lambda: document.hovered == 2)


def test_leaving_the_rows_points_at_nothing(qtbot, card, document):
    qtbot.mouseMove(card.view.viewport(), middle(card, 0))
    qtbot.mouseMove(card.view.viewport(), middle(card, 2))
    qtbot.waitUntil(lambda: document.hovered == 2)
    QApplication.sendEvent(card.view.viewport(), QEvent(QEvent.Type.Leave))
    assert document.hovered is None


def test_clicking_a_placed_row_selects_its_point(qtbot, card, document):
    qtbot.mouseClick(card.view.viewport(), LEFT, pos=middle(card, 1))
    assert document.selected == 1


def test_clicking_a_row_leaves_the_keys_with_the_frame(qtbot, card):
    card.view.clearFocus()
    qtbot.mouseClick(card.view.viewport(), LEFT, pos=middle(card, 1))
    assert not card.view.hasFocus()


def test_clicking_an_unplaced_row_asks_to_place_it(qtbot, card, document):
    document.commit(document.annotation.without_point(3), "Take one away")
    with qtbot.waitSignal(card.place_wanted) as wanted:
        qtbot.mouseClick(card.view.viewport(), LEFT, pos=middle(card, 3))
    assert wanted.args == [3]
    assert document.selected is None


def test_arrow_and_enter_select_a_point(qtbot, card, document):
    card.view.setFocus(Qt.FocusReason.TabFocusReason)
    card.view.setCurrentIndex(card.model.index(0))
    qtbot.keyClick(card.view, Qt.Key.Key_Down)
    qtbot.keyClick(card.view, Qt.Key.Key_Return)
    assert document.selected == 1


def test_menu_marks_a_point_occluded_as_one_undo_step(qtbot, card, document):
    steps = document.undo_stack.count()
    open_menu(qtbot, card, 1)
    click_menu(qtbot, card, "Occluded")
    assert document.annotation.keypoints[1].state is PointState.OCCLUDED
    assert document.undo_stack.count() == steps + 1


def test_menu_of_an_unplaced_point_offers_to_place_it(qtbot, card, document):
    document.commit(document.annotation.without_point(0), "Take one away")
    open_menu(qtbot, card, 0)
    with qtbot.waitSignal(card.place_wanted) as wanted:
        click_menu(qtbot, card, "Place this point")
    assert wanted.args == [0]


def test_head_counts_the_placed_points(card, document):
    assert card.count_text == "4 of 4 placed"
    document.commit(document.annotation.without_point(0), "Take one away")
    assert card.count_text == "3 of 4 placed"


def test_a_drag_renews_the_moved_row_alone(qtbot, card, document):
    changed: list[int] = []
    card.model.dataChanged.connect(lambda first, _last: changed.append(first.row()))
    document.preview(document.annotation.with_point(2, (400.0, 200.0)))
    assert changed == [2]


def test_every_task_has_its_rows_all_in_sight(card, document, tasks):
    document.set_task(tasks["PLAX"])
    assert card.model.rowCount() == 22
    assert card.view.sizeHint().height() == 22 * 30


def test_rows_say_place_state_and_who_placed_them(document):
    show_frame(document)
    points = predicted(document.task).with_state(1, PointState.UNCERTAIN).with_point(2, (1.0, 2.0))
    said = [point_summary(point) for point in points.keypoints]
    assert said == [
        "281.9, 159.9, model 0.95, sure",
        "363.6, 314.6, uncertain, model 0.90, sure",
        "1.0, 2.0, by hand",
        "230.8, 285.8, model 0.20, doubtful",
    ]
    assert point_summary(None) == "not placed"


def test_the_tooltip_tells_how_sure_the_model_was_until_a_person_moves_the_point(card, document):
    def tooltip() -> str:
        return str(card.model.data(card.model.index(0), Qt.ItemDataRole.ToolTipRole))

    assert "model 0.95, sure" in tooltip()
    assert "standard deviation 0.63 mm" in tooltip()
    document.move_point(0, (290.0, 150.0))
    assert "standard deviation" not in tooltip()
