"""Placing, dragging, nudging and undoing points with mouse and keys, and what is then on disk."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sonichu_gui.domain.annotation import Origin, PointState, Status
from sonichu_gui.gui.place import Tool
from sonichu_gui.labels.store import LabelStore
from tests.gui.hands import LEFT, MIDDLE, at, click, drag, move, press, release

HEAD = [(220.0, 70.0), (180.0, 230.0), (310.0, 170.0), (90.0, 130.0)]


def place_head(bench) -> None:
    """Places the four points of a head by clicks."""
    bench.document.set_task(bench.tasks["HC"])
    bench.actions["place"].trigger()
    for point in HEAD:
        click(bench.canvas, point)


def stored(bench):
    """What a store opened anew says."""
    place = bench.document.place
    store = LabelStore.open_for(place.path.parent)
    try:
        return store.current(place.frame, place.task_id)
    finally:
        store.close()


def test_clicks_in_placing_mode_place_the_points_in_order_and_store_each(bench):
    place_head(bench)
    points = stored(bench).annotation.keypoints
    for point, wanted in zip(points, HEAD, strict=True):
        assert point.xy == pytest.approx(wanted, abs=0.5 / bench.canvas.view.zoom + 0.01)
    assert all(point.origin is Origin.PERSON for point in points)
    assert bench.document.tool is Tool.EDIT


def test_backspace_takes_the_last_placed_point_back(bench):
    bench.document.set_task(bench.tasks["HC"])
    bench.actions["place"].trigger()
    click(bench.canvas, HEAD[0])
    click(bench.canvas, HEAD[1])
    QTest.keyClick(bench.canvas, Qt.Key.Key_Backspace)
    assert [p is None for p in bench.document.annotation.keypoints] == [False, True, True, True]


def test_a_click_without_placing_mode_places_nothing(bench):
    bench.document.set_task(bench.tasks["HC"])
    click(bench.canvas, HEAD[0])
    assert bench.document.annotation.is_empty


def test_dragging_moves_the_point_by_the_way_of_the_mouse_and_keeps_the_grab_offset(bench):
    place_head(bench)
    before = bench.document.annotation.keypoints[2]
    grab = (before.x + 3.0, before.y - 2.0)
    drag(bench.canvas, grab, QPoint(40, 25))
    after = stored(bench).annotation.keypoints[2]
    zoom = bench.canvas.view.zoom
    assert after.x - before.x == pytest.approx(40 / zoom, abs=0.51 / zoom)
    assert after.y - before.y == pytest.approx(25 / zoom, abs=0.51 / zoom)


def test_a_press_that_moves_less_than_the_threshold_changes_nothing(bench):
    place_head(bench)
    before = bench.document.annotation
    steps = bench.document.undo_stack.count()
    drag(bench.canvas, HEAD[2], QPoint(2, 1), steps=2)
    assert bench.document.annotation == before
    assert bench.document.undo_stack.count() == steps


def test_escape_during_a_drag_leaves_no_trace(bench):
    place_head(bench)
    before, steps = bench.document.annotation, bench.document.undo_stack.count()
    place = press(bench.canvas, HEAD[1])
    move(bench.canvas, place + QPoint(30, 30))
    assert bench.document.annotation != before
    QTest.keyClick(bench.canvas, Qt.Key.Key_Escape)
    release(bench.canvas, place + QPoint(30, 30))
    assert bench.document.annotation == before
    assert bench.document.undo_stack.count() == steps
    assert stored(bench).annotation == before


def test_losing_the_focus_in_mid_drag_leaves_no_trace(bench):
    place_head(bench)
    before = bench.document.annotation
    place = press(bench.canvas, HEAD[1])
    move(bench.canvas, place + QPoint(30, 30))
    bench.canvas.clearFocus()
    release(bench.canvas, place + QPoint(30, 30))
    assert bench.document.annotation == before


def test_a_second_button_during_a_drag_pans_and_the_point_stays_under_the_cursor(bench):
    place_head(bench)
    place = press(bench.canvas, HEAD[2])
    move(bench.canvas, place + QPoint(20, 0))
    QTest.mousePress(bench.canvas, MIDDLE, Qt.KeyboardModifier.NoModifier, place + QPoint(20, 0))
    move(bench.canvas, place + QPoint(60, 30))
    QTest.mouseRelease(bench.canvas, MIDDLE, Qt.KeyboardModifier.NoModifier, place + QPoint(60, 30))
    move(bench.canvas, place + QPoint(61, 30))
    release(bench.canvas, place + QPoint(61, 30), LEFT)
    point = stored(bench).annotation.keypoints[2]
    assert at(bench.canvas, point.xy) == place + QPoint(61, 30)


def test_a_point_cannot_be_dragged_off_the_frame(bench):
    place_head(bench)
    drag(bench.canvas, HEAD[3], QPoint(-900, 0))
    assert stored(bench).annotation.keypoints[3].x == -0.5


@pytest.mark.parametrize(
    ("modifier", "step"),
    [
        (Qt.KeyboardModifier.NoModifier, 1.0),
        (Qt.KeyboardModifier.ShiftModifier, 10.0),
        (Qt.KeyboardModifier.ControlModifier, 0.1),
    ],
)
def test_arrows_nudge_the_selected_point(bench, modifier, step):
    place_head(bench)
    QTest.keyClick(bench.canvas, Qt.Key.Key_1)
    before = bench.document.annotation.keypoints[0]
    QTest.keyClick(bench.canvas, Qt.Key.Key_Right, modifier)
    QTest.keyClick(bench.canvas, Qt.Key.Key_Down, modifier)
    after = stored(bench).annotation.keypoints[0]
    assert after.x - before.x == pytest.approx(step)
    assert after.y - before.y == pytest.approx(step)


def test_nudges_in_quick_succession_are_one_undo_step(bench):
    place_head(bench)
    before = bench.document.annotation
    QTest.keyClick(bench.canvas, Qt.Key.Key_1)
    for _ in range(5):
        QTest.keyClick(bench.canvas, Qt.Key.Key_Right)
    QTest.keyClick(bench.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert bench.document.annotation.keypoints == before.keypoints


def test_undo_and_redo_are_stored_too(bench):
    place_head(bench)
    drag(bench.canvas, HEAD[0], QPoint(30, 0))
    moved = bench.document.annotation
    bench.actions["undo"].trigger()
    assert stored(bench).annotation.keypoints[0].xy != moved.keypoints[0].xy
    bench.actions["redo"].trigger()
    assert stored(bench).annotation == moved


def test_undo_on_another_frame_goes_to_that_frame_first(bench, qtbot):
    place_head(bench)
    first = bench.document.path
    QTest.keyClick(bench.canvas, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: bench.document.path != first)
    assert bench.document.annotation.is_empty
    bench.actions["undo"].trigger()
    qtbot.waitUntil(lambda: bench.document.path == first)
    assert [p is None for p in bench.document.annotation.keypoints] == [False, False, False, True]


def test_swap_exchanges_the_ends_of_the_selected_pair(bench):
    place_head(bench)
    before = bench.document.annotation.keypoints
    QTest.keyClick(bench.canvas, Qt.Key.Key_3)
    QTest.keyClick(bench.canvas, Qt.Key.Key_X)
    after = stored(bench).annotation.keypoints
    assert (after[2].xy, after[3].xy) == (before[3].xy, before[2].xy)


def test_delete_marks_the_selected_point_absent_and_its_measures_have_no_number(bench):
    place_head(bench)
    QTest.keyClick(bench.canvas, Qt.Key.Key_2)
    QTest.keyClick(bench.canvas, Qt.Key.Key_Delete)
    assert stored(bench).annotation.keypoints[1].state is PointState.ABSENT
    values = {m.name: m.value for m in bench.document.measurements}
    assert values["HC"] is None
    assert values["OFD"] is not None


def test_space_accepts_and_opens_the_next_file(bench, qtbot):
    place_head(bench)
    place = bench.document.place
    QTest.keyClick(bench.canvas, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: bench.document.path.name == "frame2.png")
    store = bench.keeper.store_of(place.path.parent)
    assert store.current(place.frame, "HC").annotation.status is Status.ACCEPTED


def test_space_held_while_dragging_pans_and_accepts_nothing(bench):
    place_head(bench)
    view, status = bench.canvas.view, bench.document.annotation.status
    QTest.keyPress(bench.canvas, Qt.Key.Key_Space)
    drag(bench.canvas, (20.0, 20.0), QPoint(50, 20))
    QTest.keyRelease(bench.canvas, Qt.Key.Key_Space)
    assert bench.canvas.view.left == view.left + 50
    assert bench.document.annotation.status is status


def test_points_cannot_be_taken_hold_of_while_they_are_hidden(bench):
    place_head(bench)
    before = bench.document.annotation
    QTest.keyPress(bench.canvas, Qt.Key.Key_H)
    drag(bench.canvas, HEAD[0], QPoint(30, 30))
    QTest.keyRelease(bench.canvas, Qt.Key.Key_H)
    assert bench.document.annotation == before


def test_the_wheel_zooms_at_the_cursor(bench):
    point = (100.0, 80.0)
    place = QPointF(*bench.canvas.view.to_widget(point))
    zoom = bench.canvas.view.zoom
    event = QWheelEvent(
        place,
        QPointF(bench.canvas.mapToGlobal(place)),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(bench.canvas, event)
    assert bench.canvas.view.zoom == pytest.approx(zoom * 1.2**2)
    assert bench.canvas.view.to_widget(point) == pytest.approx((place.x(), place.y()))


def test_the_right_button_opens_the_states_of_a_point_and_one_is_stored(bench, qtbot):
    place_head(bench)
    place = press(bench.canvas, HEAD[0], Qt.MouseButton.RightButton)
    release(bench.canvas, place, Qt.MouseButton.RightButton)
    menu = QApplication.activePopupWidget()
    assert menu is not None
    action = next(a for a in menu.actions() if a.text() == "Occluded")
    QTest.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
    assert stored(bench).annotation.keypoints[0].state is PointState.OCCLUDED


def test_leaving_the_canvas_lets_go_of_the_hover(bench):
    place_head(bench)
    move(bench.canvas, at(bench.canvas, HEAD[0]))
    assert bench.document.hovered == 0
    QApplication.sendEvent(bench.canvas, QEvent(QEvent.Type.Leave))
    assert bench.document.hovered is None


# ---- slips of the hand ---------------------------------------------------------------------------


def start_placing(bench, task="HC"):
    bench.document.set_task(bench.tasks[task])
    bench.actions["place"].trigger()


def test_panning_while_placing_places_nothing(bench):
    start_placing(bench)
    drag(bench.canvas, (60.0, 60.0), QPoint(40, 10))
    assert bench.document.annotation.is_empty


def test_escape_while_dragging_in_placing_mode_places_nothing_on_release(bench):
    start_placing(bench)
    click(bench.canvas, HEAD[0])
    before = bench.document.annotation
    place = press(bench.canvas, HEAD[0])
    move(bench.canvas, place + QPoint(30, 30))
    QTest.keyClick(bench.canvas, Qt.Key.Key_Escape)
    release(bench.canvas, place + QPoint(30, 30))
    assert bench.document.annotation == before


def test_a_double_click_places_one_point(bench):
    start_placing(bench, "IVC")
    place = at(bench.canvas, (100.0, 100.0))
    click(bench.canvas, (100.0, 100.0))
    QTest.mouseDClick(bench.canvas, LEFT, Qt.KeyboardModifier.NoModifier, place)
    assert bench.document.annotation.keypoints[1] is None


def test_a_chosen_empty_slot_is_filled_next(bench):
    start_placing(bench)
    QTest.keyClick(bench.canvas, Qt.Key.Key_3)
    click(bench.canvas, HEAD[2])
    assert [p is None for p in bench.document.annotation.keypoints] == [True, True, False, True]
    click(bench.canvas, HEAD[0])
    assert bench.document.annotation.keypoints[0] is not None


def test_a_click_beside_the_frame_places_nothing(bench):
    start_placing(bench)
    click(bench.canvas, (-15.0, 100.0))
    assert bench.document.annotation.is_empty


def test_placing_on_top_of_another_point_is_possible(bench):
    start_placing(bench)
    click(bench.canvas, HEAD[0])
    click(bench.canvas, HEAD[0])
    assert bench.document.annotation.keypoints[1] is not None


@pytest.mark.parametrize(
    ("key", "status"), [(Qt.Key.Key_O, Status.EXCLUDED), (Qt.Key.Key_U, Status.FLAGGED)]
)
def test_a_frame_set_aside_stays_so_when_a_point_is_nudged_until_the_key_again(bench, key, status):
    place_head(bench)
    QTest.keyClick(bench.canvas, key)
    QTest.keyClick(bench.canvas, Qt.Key.Key_1)
    QTest.keyClick(bench.canvas, Qt.Key.Key_Right)
    assert stored(bench).annotation.status is status
    QTest.keyClick(bench.canvas, key)
    assert stored(bench).annotation.status is Status.EDITED


def test_nudging_an_absent_point_leaves_it_absent(bench):
    place_head(bench)
    QTest.keyClick(bench.canvas, Qt.Key.Key_1)
    QTest.keyClick(bench.canvas, Qt.Key.Key_Delete)
    QTest.keyClick(bench.canvas, Qt.Key.Key_Right)
    assert stored(bench).annotation.keypoints[0].state is PointState.ABSENT


def test_accepting_with_points_missing_is_said(bench):
    start_placing(bench)
    click(bench.canvas, HEAD[0])
    QTest.keyClick(bench.canvas, Qt.Key.Key_Y)
    assert "1 of 4" in bench.banner.text


def test_calibrating_while_placing_takes_the_line_in_hand(bench):
    start_placing(bench)
    QTest.keyClick(bench.canvas, Qt.Key.Key_S)
    assert bench.document.tool is Tool.SCALE


def test_tab_leaves_the_canvas_after_the_last_point(bench):
    place_head(bench)
    QTest.keyClick(bench.canvas, Qt.Key.Key_Escape)
    for number in range(4):
        QTest.keyClick(bench.canvas, Qt.Key.Key_Tab)
        assert bench.document.selected == number
    QTest.keyClick(bench.canvas, Qt.Key.Key_Tab)
    assert not bench.canvas.hasFocus()
