from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt

from sonichu_gui.domain.annotation import Status
from sonichu_gui.gui.panels.cine_bar import CineBar
from sonichu_gui.imaging.cine_rate import Rate
from tests.gui.panels.fakes import show_frame

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def bar(qtbot, document, actions):
    widget = CineBar(document, actions)
    qtbot.addWidget(widget)
    widget.resize(840, 44)
    show_frame(document, frame_count=65, index=11)
    qtbot.waitExposed(widget)
    return widget


def test_hidden_for_a_single_frame(bar, document):
    assert bar.isVisible()
    show_frame(document, "/study/one.png")
    assert not bar.isVisible()


def test_shows_place_and_time(bar):
    assert (bar.place_text.text, bar.time_text.text) == ("12 / 65", "0.44 s")


def test_a_new_frame_moves_the_slider_without_asking_for_it(qtbot, bar, document):
    with qtbot.assertNotEmitted(bar.frame_wanted):
        show_frame(document, frame_count=65, index=30)
    assert bar.slider.value() == 30


@pytest.mark.parametrize("frames", [3, 65])
def test_a_click_jumps_to_its_place(qtbot, bar, document, frames):
    show_frame(document, f"/study/{frames}.dcm", frame_count=frames, index=0)
    end = QPoint(bar.slider.width() - 3, bar.slider.height() // 2)
    with qtbot.waitSignal(bar.frame_wanted) as wanted:
        qtbot.mouseClick(bar.slider, LEFT, pos=end)
    assert wanted.args == [frames - 1]


def test_dragging_goes_through_the_frames(qtbot, bar):
    wanted: list[int] = []
    bar.frame_wanted.connect(wanted.append)
    y = bar.slider.height() // 2
    qtbot.mousePress(bar.slider, LEFT, pos=QPoint(100, y))
    for x in range(110, 200, 10):
        qtbot.mouseMove(bar.slider, QPoint(x, y))
    qtbot.mouseRelease(bar.slider, LEFT, pos=QPoint(200, y))
    qtbot.waitUntil(lambda: len(wanted) > 3)
    assert wanted == sorted(set(wanted))


def test_a_late_frame_leaves_the_handle_in_the_hand(qtbot, bar, document):
    y = bar.slider.height() // 2
    qtbot.mousePress(bar.slider, LEFT, pos=QPoint(200, y))
    held = bar.slider.value()
    show_frame(document, frame_count=65, index=2)
    assert bar.slider.value() == held
    qtbot.mouseRelease(bar.slider, LEFT, pos=QPoint(200, y))


def test_steps_ask_for_the_neighbours(qtbot, bar):
    with qtbot.waitSignal(bar.step_wanted) as wanted:
        qtbot.mouseClick(bar.forward_button, LEFT)
    assert wanted.args == [1]
    with qtbot.waitSignal(bar.step_wanted) as wanted:
        qtbot.mouseClick(bar.back_button, LEFT)
    assert wanted.args == [-1]


def test_there_is_no_step_beyond_the_ends(bar, document):
    show_frame(document, frame_count=65, index=0)
    assert not bar.back_button.isEnabled()
    show_frame(document, frame_count=65, index=64)
    assert not bar.forward_button.isEnabled()


def test_play_button_switches_the_action(qtbot, bar, actions):
    qtbot.mouseClick(bar.play_button, LEFT)
    assert actions["play"].isChecked()


def test_choosing_a_speed_tells_it(qtbot, bar):
    menu = bar.speed_button.menu()
    menu.popup(bar.mapToGlobal(QPoint(0, 0)))
    qtbot.waitExposed(menu)
    row = next(row for row in menu.actions() if row.text() == "0.5×")
    with qtbot.waitSignal(bar.speed_chosen) as chosen:
        qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(row).center())
    assert chosen.args == [0.5]
    assert bar.speed_button.text() == "0.5×"


def parts_shown(bar):
    parts = {
        "steps": bar.back_button,
        "time": bar.time_text,
        "rate": bar.lag_text,
        "speed": bar.speed_button,
        "repeat": bar.repeat_button,
    }
    return {name for name, part in parts.items() if part.isVisible()}


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (900, {"steps", "time", "rate", "speed", "repeat"}),
        (440, {"steps", "rate", "speed"}),
        (298, {"rate"}),
        (260, set()),
    ],
)
def test_beside_a_narrow_frame_the_lesser_parts_give_way(bar, width, shown):
    bar.show_lag(Rate(8.3, 25.0))
    bar.resize(width, 44)
    assert parts_shown(bar) == shown
    assert bar.slider.width() >= 64
    assert bar.frame_field.geometry().right() <= width


def test_the_rate_is_told_only_while_frames_are_left_out(bar):
    bar.show_lag(Rate(0.45, 10.0))
    assert bar.lag_text.text == "0.5 of 10 fps"
    bar.show_lag(None)
    assert "rate" not in parts_shown(bar)


def test_marks_are_told_in_words_and_frames_to_do_are_not_counted(bar):
    bar.set_marks({0: Status.ACCEPTED, 3: Status.PROPOSED, 4: Status.FLAGGED, 5: Status.TODO})
    assert bar.slider.accessibleDescription() == "2 labelled · 1 predicted"


def test_a_labelled_frame_is_seen_among_predicted_ones_of_the_same_pixel(bar, document):
    show_frame(document, "/study/long.dcm", frame_count=5000)
    bar.set_marks(dict.fromkeys(range(5000), Status.PROPOSED) | {2500: Status.EDITED})
    columns = bar.slider._columns()
    at = bar.slider.place_of(2500)
    assert [abs(mark.center().x() - at) < 1 for mark in columns[5.0]] == [True]
    assert all(abs(mark.center().x() - at) >= 0.5 for mark in columns[2.5])
    assert len(columns[2.5]) <= bar.slider.width()


def test_every_control_of_the_bar_has_a_name_and_is_reached_by_tab(bar):
    for part in (
        bar.back_button, bar.play_button, bar.forward_button, bar.slider,
        bar.speed_button, bar.repeat_button,
    ):  # fmt: skip
        assert part.accessibleName()
        assert part.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert bar.frame_field.field.accessibleName() == "Go to frame"
