"""A slow or damaged cine in a hurried hand: what is done is done to the frame that is seen."""

from __future__ import annotations

import threading
import time

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sonichu_gui.errors import FrameError
from sonichu_gui.imaging.dicom import DicomSource
from sonichu_gui.labels.store import LabelStore
from tests.gui.cines import GREY_STEP, write_cine
from tests.gui.hands import LEFT, click, move, release
from tests.gui.hands import press as take_hold
from tests.gui.known_model import give_model
from tests.gui.scenes import open_and_wait
from tests.gui.test_cine_flow import CTRL, Film, press, seen


class Decoding:
    """How long frames take, and which are damaged."""

    def __init__(self):
        self.seconds = 0.0
        self.damaged = set()
        self.drive = None  # an event: nothing is read before it
        self.asked = threading.Event()

    def before(self, index):
        if self.drive is not None:
            self.asked.set()
            self.drive.wait(20)
        time.sleep(self.seconds)
        if index in self.damaged:
            raise FrameError(f"cine.dcm: frame {index + 1} is damaged.", "Ask for another copy.")


@pytest.fixture
def decoding(monkeypatch):
    made, decode = Decoding(), DicomSource.frame

    def frame(source, index):
        made.before(index)
        return decode(source, index)

    monkeypatch.setattr(DicomSource, "frame", frame)
    return made


@pytest.fixture
def open_cine(make_bench, qtbot, tmp_path):
    def open_one(frames=40, **written):
        bench = make_bench()
        open_and_wait(bench, qtbot, write_cine(tmp_path / "cine.dcm", frames, **written))
        return bench

    return open_one


@pytest.fixture
def cine(open_cine):
    return open_cine()


def slow_down(bench, decoding, seconds):
    """From now on each frame takes its time, also one that was read ahead."""
    decoding.seconds = seconds
    bench.study.forget(bench.document.path)
    bench.study._reader._cache.clear()


def label_two_points(bench):
    bench.document.set_task(bench.tasks["IVC"])
    bench.actions["place"].trigger()
    click(bench.canvas, (20.0, 20.0))
    click(bench.canvas, (40.0, 30.0))
    press(bench, Qt.Key.Key_Escape)


def play_and_wait_for_a_late_frame(bench, qtbot):
    press(bench, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: bench.document.awaits_frame)


@pytest.mark.parametrize("key", [Qt.Key.Key_P, Qt.Key.Key_Right])
def test_a_late_frame_does_not_take_a_point_out_of_the_hand(cine, decoding, qtbot, key):
    label_two_points(cine)
    slow_down(cine, decoding, 0.3)
    press(cine, key)
    qtbot.waitUntil(lambda: cine.document.awaits_frame)
    place = take_hold(cine.canvas, (20.0, 20.0))
    for way in (10, 20, 40):
        move(cine.canvas, place + QPoint(way, 0))
    qtbot.wait(450)
    release(cine.canvas, place + QPoint(40, 0))
    assert (cine.document.frame_index, seen(cine)) == (0, 0)
    assert cine.document.annotation.keypoints[0].x > 20.5


def test_a_pause_is_at_the_frame_that_is_seen(cine, decoding, qtbot):
    slow_down(cine, decoding, 0.2)
    play_and_wait_for_a_late_frame(cine, qtbot)
    here = cine.document.frame_index
    press(cine, Qt.Key.Key_P)
    qtbot.wait(300)
    assert (cine.document.frame_index, seen(cine)) == (here, here)


def test_a_step_out_of_a_slow_cine_goes_one_on_from_what_is_seen(cine, decoding, qtbot):
    slow_down(cine, decoding, 0.2)
    play_and_wait_for_a_late_frame(cine, qtbot)
    qtbot.waitUntil(lambda: cine.document.frame_index > 2)
    here = cine.document.frame_index
    press(cine, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: not cine.document.awaits_frame)
    assert cine.document.frame_index == here + 1


def test_a_prediction_in_mid_play_is_of_the_frame_that_is_seen(cine, decoding, qtbot):
    give_model(cine)
    slow_down(cine, decoding, 0.3)
    play_and_wait_for_a_late_frame(cine, qtbot)
    press(cine, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: cine.cine_bar.slider.toolTip() == "1 predicted")
    assert cine.document.frame_index == 0
    assert not cine.document.annotation.is_empty


def test_undo_of_a_frame_far_away_goes_there_though_another_was_awaited(cine, decoding, qtbot):
    cine.document.set_task(cine.tasks["IVC"])
    cine.cine.go_to(30)
    qtbot.waitUntil(lambda: cine.document.frame_index == 30)
    cine.actions["place"].trigger()
    click(cine.canvas, (20.0, 20.0))
    cine.cine.go_to(0)
    qtbot.waitUntil(lambda: cine.document.frame_index == 0)
    slow_down(cine, decoding, 0.2)
    play_and_wait_for_a_late_frame(cine, qtbot)
    press(cine, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: cine.document.frame_index == 30)
    assert not cine.cine.is_playing
    assert cine.document.annotation.is_empty


def test_an_arrow_held_down_shows_frames_of_a_slow_cine_on_the_way(cine, decoding, qtbot):
    slow_down(cine, decoding, 0.1)
    film = Film(cine)
    for turn in range(30):
        down = QKeyEvent(
            QEvent.Type.KeyPress,
            Qt.Key.Key_Right,
            Qt.KeyboardModifier.NoModifier,
            "",
            turn > 0,  # repeated, as by a key that is held
        )
        QApplication.sendEvent(cine.canvas, down)
        qtbot.wait(30)
    assert film.indices == list(range(1, len(film.indices) + 1))
    assert len(film.indices) >= 3


def test_taps_add_up_though_no_frame_has_come_yet(cine, decoding, qtbot):
    slow_down(cine, decoding, 0.2)
    for _ in range(3):
        press(cine, Qt.Key.Key_Right)
    QTest.mouseClick(cine.cine_bar.forward_button, LEFT)
    QTest.mouseClick(cine.cine_bar.forward_button, LEFT)
    qtbot.waitUntil(lambda: not cine.document.awaits_frame)
    assert cine.document.frame_index == 5


# ---- damaged frames -------------------------------------------------------------------------


def test_the_handle_comes_back_from_a_frame_that_cannot_be_read(cine, decoding, qtbot):
    decoding.damaged = {39}
    slider = cine.cine_bar.slider
    QTest.mouseClick(slider, LEFT, pos=QPoint(round(slider.place_of(39)), 15))
    qtbot.waitUntil(lambda: "frame 40" in cine.banner.text)
    assert (slider.value(), cine.document.frame_index, seen(cine)) == (0, 0, 0)


def test_steps_get_past_frames_that_cannot_be_read(cine, decoding, qtbot):
    slow_down(cine, decoding, 0.0)
    decoding.damaged = {1, 2}
    for _ in range(3):
        press(cine, Qt.Key.Key_Right)
        qtbot.waitUntil(lambda: not cine.document.awaits_frame)
    assert cine.document.frame_index == 3


def test_a_window_chosen_before_a_damaged_frame_is_seen_on_the_one_that_stays(
    open_cine, decoding, qtbot
):
    bench = open_cine(windows=True)
    slow_down(bench, decoding, 0.1)
    decoding.damaged = {30}
    bench.cine.go_to(30)
    bench.document.presets.choose("White")
    qtbot.waitUntil(lambda: not bench.document.awaits_frame)
    qtbot.waitUntil(lambda: seen(bench) == 255 // GREY_STEP)
    assert bench.document.frame_index == 0


# ---- the end --------------------------------------------------------------------------------


def test_the_window_closes_while_no_file_answers(cine, decoding):
    for number in range(8):
        write_cine(cine.document.path.with_name(f"more{number}.dcm"), 3)
    drive = decoding.drive = threading.Event()
    cine.opening.open_paths([cine.document.path.parent])
    press(cine, Qt.Key.Key_End)
    assert decoding.asked.wait(10)
    QTest.qWait(100)
    begun = time.monotonic()
    cine.window.close()
    took = time.monotonic() - begun
    left = [thread for thread in threading.enumerate() if thread.name.startswith("sonichu-")]
    drive.set()
    for thread in left:
        thread.join(10)
    assert took < 3
    assert left
    assert all(thread.daemon for thread in left)


# ---- the bar --------------------------------------------------------------------------------


def test_a_hand_on_the_handle_or_in_the_field_stops_it(cine, qtbot):
    slider = cine.cine_bar.slider
    for part, at in ((slider, None), (cine.cine_bar.frame_field, QPoint(5, 5))):
        press(cine, Qt.Key.Key_P)
        here = cine.document.frame_index
        qtbot.waitUntil(lambda here=here: cine.document.frame_index > here)
        QTest.mouseClick(part, LEFT, pos=at or QPoint(round(slider.place_of(slider.value())), 15))
        assert not cine.cine.is_playing
        assert slider.value() == cine.document.frame_index


def test_a_number_of_thousands_of_digits_is_refused_as_any_other(cine):
    press(cine, Qt.Key.Key_G)
    field = cine.cine_bar.frame_field.field
    QApplication.clipboard().setText("9" * 5000)
    field.paste()
    press(cine, Qt.Key.Key_Return)
    assert field.property("state") == "wrong"


def test_a_frame_shown_asks_a_folder_without_labels_once_for_them(cine, qtbot, monkeypatch):
    asked, look = [], LabelStore.open_for

    def open_for(folder, **options):
        asked.append(folder)
        return look(folder, **options)

    monkeypatch.setattr(LabelStore, "open_for", open_for)
    QTest.keyClick(cine.canvas, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: cine.document.frame_index == 1)
    QTest.qWait(20)
    assert len(asked) == 1
    look(cine.document.path.parent).close()  # made by somebody else
    QTest.keyClick(cine.canvas, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: cine.document.frame_index == 2)
    assert cine.keeper.store_of(cine.document.path.parent) is not None
