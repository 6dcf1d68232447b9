"""A cine as a person plays it: time is kept, the frame on the screen is the one that is named."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sonichu_gui.domain.annotation import Status
from sonichu_gui.imaging.cine_clock import Repeat
from sonichu_gui.imaging.dicom import DicomSource
from tests.gui.cines import GREY_STEP, write_cine, write_video
from tests.gui.hands import click, drag
from tests.gui.known_model import give_model
from tests.gui.scenes import open_and_wait, write_picture

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "cines"
    made.mkdir()
    return made


@pytest.fixture
def open_cine(make_bench, qtbot, folder):
    def open_one(frames=40, **written):
        bench = make_bench()
        open_and_wait(bench, qtbot, write_cine(folder / "cine.dcm", frames, **written))
        return bench

    return open_one


@pytest.fixture
def cine(open_cine):
    return open_cine()


def press(bench, key, modifier=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(QApplication.focusWidget() or bench.canvas, key, modifier)


def seen(bench):
    """The index of the frame that the canvas has on the screen."""
    middle = bench.canvas.grab().toImage().pixelColor(bench.canvas.rect().center())
    return QColor(middle).red() // GREY_STEP


class Film:
    """Notes which frames come, and when."""

    def __init__(self, bench):
        self.bench = bench
        self.frames = []
        self.begun = time.monotonic()
        bench.document.frame_changed.connect(self._note)

    def _note(self, frame):
        self.frames.append((frame.ref.index, time.monotonic() - self.begun))

    @property
    def indices(self):
        return [index for index, _ in self.frames]

    def seconds(self, index):
        return next(seconds for each, seconds in self.frames if each == index)


@pytest.mark.parametrize("key", [Qt.Key.Key_P, Qt.Key.Key_K])
def test_a_key_plays_and_stops(cine, qtbot, key):
    press(cine, key)
    qtbot.waitUntil(lambda: cine.document.frame_index >= 3)
    assert cine.cine.is_playing
    press(cine, key)
    assert not cine.cine.is_playing
    assert not cine.actions["play"].isChecked()
    here = cine.document.frame_index
    qtbot.wait(120)
    assert (cine.document.frame_index, seen(cine)) == (here, here)


def test_no_frame_comes_before_its_time(cine, qtbot):
    film = Film(cine)
    press(cine, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: len(film.frames) >= 10)
    assert film.indices == sorted(set(film.indices))
    assert all(seconds >= index * 0.04 - 0.002 for index, seconds in film.frames)


def test_uneven_frames_stay_for_as_long_as_each_was_taken(open_cine, qtbot):
    bench = open_cine(5, steps_ms=(20, 400, 20, 20))
    film = Film(bench)
    press(bench, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: 2 in film.indices)
    assert film.seconds(2) >= 0.418
    assert film.seconds(1) < 0.4


def test_the_canvas_the_bar_and_the_document_name_the_same_frame(cine, qtbot):
    wrong = []

    def compare(frame):
        if frame.ref.index != seen(cine):
            wrong.append(frame.ref.index)
        if cine.cine_bar.place_text.text != f"{frame.ref.index + 1} / 40":
            wrong.append(cine.cine_bar.place_text.text)

    cine.document.frame_changed.connect(compare)
    film = Film(cine)
    press(cine, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: len(film.frames) >= 10)
    assert wrong == []


@pytest.fixture
def slow_decoding(monkeypatch):
    """Each frame takes three times as long to decode as it is to be seen."""
    decode = DicomSource.frame

    def late(source, index):
        time.sleep(0.12)
        return decode(source, index)

    monkeypatch.setattr(DicomSource, "frame", late)


def test_a_cine_that_decodes_too_slowly_keeps_its_time_and_says_how_many_frames_are_seen(
    slow_decoding, cine, qtbot
):
    film = Film(cine)
    press(cine, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: bool(cine.cine_bar.lag_text.text), timeout=8000)
    assert cine.cine_bar.lag_text.isVisible()
    shown, _, due, unit = cine.cine_bar.lag_text.text.split()
    assert float(shown) < float(due) <= 26
    assert unit == "fps"
    first = [index for index, seconds in film.frames if seconds < 1.2]
    assert first == sorted(first)
    assert first[-1] > len(first)  # frames were left out, not put off
    press(cine, Qt.Key.Key_P)
    assert cine.cine_bar.lag_text.text == ""


def test_speed_chosen_in_the_menu_changes_when_frames_come(cine, qtbot):
    cine.cine_bar.speed_button.menu().actions()[0].trigger()
    assert cine.cine_bar.speed_button.text() == "0.1×"
    film = Film(cine)
    press(cine, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: 1 in film.indices)
    assert film.seconds(1) >= 0.398


def test_any_speed_between_can_be_set_by_keys(cine):
    menu = cine.cine_bar.speed_button.menu()
    menu.popup(cine.window.mapToGlobal(QPoint(0, 0)))
    fine = menu.fine
    fine.setFocus()
    QTest.keyClick(fine, Qt.Key.Key_Right)
    assert cine.cine_bar.speed_button.text() == "1.1×"
    assert cine.cine._speed == 1.1
    QTest.keyClick(fine, Qt.Key.Key_Home)
    assert cine.cine_bar.speed_button.text() == "0.1×"
    QTest.keyClick(fine, Qt.Key.Key_End)
    assert cine.cine_bar.speed_button.text() == "4×"


def choose_repeat(bench, text):
    rows = bench.cine_bar.repeat_button.menu().actions()
    next(row for row in rows if row.text() == text).trigger()


def test_it_goes_back_and_forth(open_cine, qtbot):
    bench = open_cine(4, frame_ms=20)
    choose_repeat(bench, "Back and forth")
    film = Film(bench)
    press(bench, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: 0 in film.indices)
    steps = {b - a for a, b in zip(film.indices, film.indices[1:], strict=False)}
    assert any(step < 0 for step in steps)
    assert 3 not in {abs(step) for step in steps}


def test_played_once_it_stops_at_the_end_and_begins_anew(open_cine, qtbot):
    bench = open_cine(5, frame_ms=20)
    choose_repeat(bench, "Once")
    press(bench, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: not bench.cine.is_playing)
    assert bench.document.frame_index == 4
    film = Film(bench)
    press(bench, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: not bench.cine.is_playing)
    assert film.indices[0] < 4
    assert film.indices[-1] == 4


def test_once_chosen_while_the_last_frame_is_shown_stops_at_it(open_cine, qtbot):
    bench = open_cine(3, frame_ms=400)
    bench.cine.go_to(2)
    qtbot.waitUntil(lambda: bench.document.frame_index == 2)
    press(bench, Qt.Key.Key_P)
    choose_repeat(bench, "Once")
    assert not bench.cine.is_playing
    assert bench.document.frame_index == 2


def test_a_range_set_at_two_frames_is_played_shown_and_cleared(cine, qtbot):
    cine.cine.go_to(10)
    qtbot.waitUntil(lambda: cine.document.frame_index == 10)
    press(cine, Qt.Key.Key_I, SHIFT)
    cine.cine.go_to(13)
    qtbot.waitUntil(lambda: cine.document.frame_index == 13)
    press(cine, Qt.Key.Key_O, SHIFT)
    assert cine.cine_bar.slider.toolTip() == "Plays frames 11 to 14"
    film = Film(cine)
    press(cine, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: len(film.frames) >= 9)
    assert set(film.indices) == {10, 11, 12, 13}
    press(cine, Qt.Key.Key_P, SHIFT)
    assert cine.cine_bar.slider.toolTip() == ""
    qtbot.waitUntil(lambda: cine.document.frame_index > 14)


def test_a_begin_behind_the_end_opens_the_range_to_the_end_of_the_cine(cine, qtbot):
    cine.cine.go_to(5)
    qtbot.waitUntil(lambda: cine.document.frame_index == 5)
    press(cine, Qt.Key.Key_O, SHIFT)
    cine.cine.go_to(20)
    qtbot.waitUntil(lambda: cine.document.frame_index == 20)
    press(cine, Qt.Key.Key_I, SHIFT)
    assert cine.cine_bar.slider.toolTip() == "Plays frames 21 to 40"


def test_a_range_of_one_frame_is_refused_with_a_word(cine):
    noted = []
    cine.document.noted.connect(noted.append)
    press(cine, Qt.Key.Key_O, SHIFT)
    assert noted == ["A range has two frames or more"]
    assert cine.cine_bar.slider.toolTip() == ""


def test_a_range_belongs_to_its_file(cine, qtbot, folder):
    write_cine(folder / "other.dcm", 9)
    cine.cine.go_to(7)
    qtbot.waitUntil(lambda: cine.document.frame_index == 7)
    press(cine, Qt.Key.Key_I, SHIFT)
    cine.study.show(folder / "other.dcm")
    qtbot.waitUntil(lambda: cine.document.path.name == "other.dcm")
    assert cine.cine_bar.slider.toolTip() == ""
    cine.study.show(folder / "cine.dcm")
    qtbot.waitUntil(lambda: cine.document.path.name == "cine.dcm")
    assert cine.cine_bar.slider.toolTip() == "Plays frames 8 to 40"


@pytest.mark.parametrize(
    ("key", "modifier", "index"),
    [
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, 21),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, 19),
        (Qt.Key.Key_Right, CTRL, 30),
        (Qt.Key.Key_Left, CTRL, 10),
        (Qt.Key.Key_Home, Qt.KeyboardModifier.NoModifier, 0),
        (Qt.Key.Key_End, Qt.KeyboardModifier.NoModifier, 39),
    ],
)
def test_keys_step_and_stop_what_plays(cine, qtbot, key, modifier, index):
    cine.cine.go_to(20)
    qtbot.waitUntil(lambda: cine.document.frame_index == 20)
    press(cine, Qt.Key.Key_P)
    press(cine, key, modifier)
    assert not cine.cine.is_playing
    qtbot.waitUntil(lambda: cine.document.frame_index == index)


@pytest.mark.parametrize("modifier", [Qt.KeyboardModifier.NoModifier, CTRL])
def test_go_to_a_frame_by_its_number(cine, qtbot, modifier):
    press(cine, Qt.Key.Key_G, modifier)
    assert QApplication.focusWidget() is cine.cine_bar.frame_field.field
    QTest.keyClicks(QApplication.focusWidget(), "31")
    press(cine, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: cine.document.frame_index == 30)
    assert cine.canvas.hasFocus()


def test_go_to_a_frame_by_its_time(cine, qtbot):
    press(cine, Qt.Key.Key_G)
    QTest.keyClicks(QApplication.focusWidget(), "0.81 s")
    press(cine, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: cine.document.frame_index == 20)


@pytest.mark.parametrize("typed", ["0", "41", "soon", "9 s", ""])
def test_a_frame_that_is_not_there_is_refused_in_the_field(cine, qtbot, typed):
    press(cine, Qt.Key.Key_G)
    field = cine.cine_bar.frame_field.field
    field.clear()
    QTest.keyClicks(field, typed)
    press(cine, Qt.Key.Key_Return)
    assert field.isVisible()
    assert field.property("state") == "wrong"
    assert field.accessibleDescription() == "Frame 1 to 40, or a time up to 1.56 s"
    press(cine, Qt.Key.Key_Escape)
    assert not field.isVisible()
    assert (cine.document.frame_index, cine.canvas.hasFocus()) == (0, True)


def test_a_click_on_the_place_asks_for_another(cine, qtbot):
    QTest.mouseClick(cine.cine_bar.frame_field, Qt.MouseButton.LeftButton)
    assert cine.cine_bar.frame_field.field.hasFocus()
    click(cine.canvas, (5.0, 5.0))
    assert not cine.cine_bar.frame_field.field.isVisible()


def test_an_edit_stops_it_and_goes_to_the_frame_that_is_seen(cine, qtbot):
    cine.document.set_task(cine.tasks["IVC"])
    press(cine, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: cine.document.frame_index >= 2)
    cine.actions["place"].trigger()
    assert not cine.cine.is_playing
    here = cine.document.frame_index
    click(cine.canvas, (20.0, 20.0))
    click(cine.canvas, (40.0, 30.0))
    assert cine.document.place.frame.index == here
    press(cine, Qt.Key.Key_P)
    assert cine.cine.is_playing
    press(cine, Qt.Key.Key_Z, CTRL)
    assert not cine.cine.is_playing


def test_a_point_taken_in_hand_stops_it(cine, qtbot):
    cine.document.set_task(cine.tasks["IVC"])
    cine.actions["place"].trigger()
    click(cine.canvas, (20.0, 20.0))
    click(cine.canvas, (40.0, 30.0))
    press(cine, Qt.Key.Key_P)
    drag(cine.canvas, (20.0, 20.0), QPoint(40, 0))
    assert not cine.cine.is_playing
    assert cine.document.annotation.keypoints[0].x > 20.5


def test_another_file_stops_it(cine, qtbot, folder):
    write_picture(folder / "still.png")
    write_cine(folder / "zz.dcm", 9)
    press(cine, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: cine.document.frame_index >= 2)
    cine.study.show(folder / "zz.dcm")
    qtbot.waitUntil(lambda: cine.document.path.name == "zz.dcm")
    assert not cine.cine.is_playing
    qtbot.wait(100)
    assert cine.document.frame_index == 0


def test_a_frame_that_cannot_be_read_stops_it_with_a_word(make_bench, qtbot, folder):
    path = write_cine(folder / "cine.dcm", 8, frame_ms=20)
    whole = path.read_bytes()
    path.write_bytes(whole[: -80 * 60 * 3])
    bench = make_bench()
    open_and_wait(bench, qtbot, path)
    press(bench, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: "cine.dcm" in bench.banner.text)
    assert not bench.cine.is_playing
    assert bench.document.frame_index in range(1, 5)
    assert not bench.document.awaits_frame


def test_stopping_what_is_read_for_too_long_leaves_the_frame_in_work(cine, qtbot, monkeypatch):
    decode = DicomSource.frame

    def late(source, index):
        time.sleep(0.3)
        return decode(source, index)

    monkeypatch.setattr(DicomSource, "frame", late)
    cine.cine.go_to(35)
    assert cine.document.awaits_frame
    cine.status_bar.cancel_wanted.emit("show")
    assert not cine.document.awaits_frame
    press(cine, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: cine.document.frame_index == 1)


def test_zoom_and_place_stay_from_frame_to_frame_and_to_a_file_of_the_same_size(
    cine, qtbot, folder
):
    write_cine(folder / "same.dcm", 3)
    write_cine(folder / "taller.dcm", 3, shape=(90, 80))
    cine.canvas.zoom_by(2.0)
    cine.canvas.pan_by(17.0, -9.0)
    chosen = cine.canvas.view
    press(cine, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: cine.document.frame_index == 1)
    assert cine.canvas.view == chosen
    (folder / "broken.dcm").write_bytes(b"no picture at all")
    for name in ("same.dcm", "broken.dcm", "same.dcm"):
        cine.study.show(folder / name)
        qtbot.waitUntil(lambda name=name: cine.document.path.name == name)
    assert cine.canvas.view == chosen
    press(cine, Qt.Key.Key_F)
    fitted = cine.canvas.view
    assert fitted != chosen
    cine.canvas.zoom_by(2.0)
    cine.study.show(folder / "taller.dcm")
    qtbot.waitUntil(lambda: cine.document.path.name == "taller.dcm")
    assert cine.canvas.view.zoom <= fitted.zoom


def test_keys_work_in_the_bar_while_frames_change(cine, qtbot):
    cine.cine_bar.slider.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(3):
        press(cine, Qt.Key.Key_Right)
        qtbot.waitUntil(lambda: not cine.document.awaits_frame)
    assert cine.document.frame_index == 3
    cine.cine_bar.play_button.setFocus(Qt.FocusReason.TabFocusReason)
    press(cine, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: cine.document.frame_index > 4)
    press(cine, Qt.Key.Key_Space)
    assert not cine.cine.is_playing
    assert cine.document.annotation.status is Status.TODO


def test_frames_to_come_are_read_while_it_plays(cine, qtbot):
    cine.cine.set_repeat(Repeat.SWEEP)
    cine.cine.go_to(38)
    qtbot.waitUntil(lambda: cine.document.frame_index == 38)
    press(cine, Qt.Key.Key_P)
    path = cine.document.path
    qtbot.waitUntil(lambda: cine.study.is_ready(path, 30))


# ---- marks ----------------------------------------------------------------------------------


def marks(bench):
    """What the slider says of the frames that have points."""
    return bench.cine_bar.slider.toolTip()


def label_vena_cava(bench):
    bench.document.set_task(bench.tasks["IVC"])
    bench.actions["place"].trigger()
    click(bench.canvas, (20.0, 20.0))
    click(bench.canvas, (40.0, 30.0))


def ink_under_groove(bench, index):
    """Whether the slider has a mark under a frame's place."""
    slider = bench.cine_bar.slider
    picture = slider.grab().toImage()
    ratio = picture.devicePixelRatio()
    x, y = slider.place_of(index) * ratio, (slider.height() / 2 + 9.5) * ratio
    ground = picture.pixelColor(2, round(y))
    return picture.pixelColor(round(x - 0.5), round(y)) != ground


def test_labelled_frames_are_marked_at_once_and_found_again(cine, make_bench, qtbot, folder):
    cine.cine.go_to(25)
    qtbot.waitUntil(lambda: cine.document.frame_index == 25)
    label_vena_cava(cine)
    assert marks(cine) == "1 labelled"
    assert ink_under_groove(cine, 25)
    assert not ink_under_groove(cine, 10)
    cine.document.set_task(cine.tasks["HC"])
    qtbot.waitUntil(lambda: marks(cine) == "")
    assert not ink_under_groove(cine, 25)
    cine.window.close()
    again = make_bench()
    open_and_wait(again, qtbot, folder / "cine.dcm")
    again.document.set_task(again.tasks["IVC"])
    qtbot.waitUntil(lambda: marks(again) == "1 labelled")


def test_predicted_frames_are_marked_otherwise_and_undo_takes_marks_away(cine, qtbot):
    give_model(cine)
    press(cine, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: marks(cine) == "1 predicted")
    press(cine, Qt.Key.Key_Y)
    assert marks(cine) == "1 labelled"
    press(cine, Qt.Key.Key_Z, CTRL)
    assert marks(cine) == "1 predicted"


def test_an_edit_that_could_not_be_written_is_marked_too(make_bench, qtbot, folder):
    store = folder / "sonichu-labels.sqlite"
    store.write_bytes(b"not a database at all" * 50)
    bench = make_bench()
    open_and_wait(bench, qtbot, write_cine(folder / "cine.dcm"))
    label_vena_cava(bench)
    assert bench.keeper.waiting > 0
    bench.document.set_task(bench.tasks["HC"])
    bench.document.set_task(bench.tasks["IVC"])
    told = marks(bench)
    store.unlink()
    bench.actions["save_now"].trigger()  # or the window would ask whether to lose it
    assert told == "1 labelled"


# ---- what the file says ---------------------------------------------------------------------


def test_a_file_that_is_cut_short_is_told_of_once_and_quietly(make_bench, qtbot, folder):
    path = write_video(folder / "cut.avi", frames=30)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 7 // 10])
    write_picture(folder / "still.png")
    bench = make_bench()
    open_and_wait(bench, qtbot, path)
    assert bench.banner.text.startswith("cut.avi: the file is cut short")
    assert bench.banner.property("tone") == "neutral"
    bench.study.show(folder / "still.png")
    qtbot.waitUntil(lambda: bench.document.path.name == "still.png")
    assert bench.banner.text == ""
    bench.study.show(path)
    qtbot.waitUntil(lambda: bench.document.path.name == "cut.avi")
    assert bench.banner.text == ""


# ---- windows of the file --------------------------------------------------------------------


def test_another_window_changes_what_is_seen_and_not_what_the_model_gets(open_cine, qtbot):
    bench = open_cine(windows=True)
    label_vena_cava(bench)
    bench.document.select(0)
    before = bench.document.frame.pixels
    assert bench.document.presets.names == ("Plain", "White")
    bench.document.presets.choose("White")
    assert bench.document.preset == "White"
    qtbot.waitUntil(lambda: seen(bench) == 255 // GREY_STEP)
    assert bench.document.frame.pixels is before
    assert (bench.document.selected, bench.document.awaits_frame) == (0, False)
    press(bench, Qt.Key.Key_Escape)
    press(bench, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: bench.document.frame_index == 1)
    assert seen(bench) == 255 // GREY_STEP
    assert int(bench.document.frame.pixels.max()) == GREY_STEP
    bench.document.presets.choose(None)
    assert bench.document.preset is None
    assert seen(bench) == 1


def test_a_window_goes_along_to_the_files_that_bring_it(open_cine, qtbot, folder):
    bench = open_cine(windows=True)
    write_cine(folder / "other.dcm")
    bench.document.presets.choose("White")
    bench.study.show(folder / "other.dcm")
    qtbot.waitUntil(lambda: bench.document.path.name == "other.dcm")
    assert (bench.document.preset, seen(bench)) == (None, 0)
    bench.study.show(folder / "cine.dcm")
    qtbot.waitUntil(lambda: bench.document.path.name == "cine.dcm")
    assert (bench.document.preset, seen(bench)) == ("White", 255 // GREY_STEP)


def test_a_cine_plays_through_another_window(open_cine, qtbot):
    bench = open_cine(windows=True)
    bench.document.presets.choose("White")
    press(bench, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: bench.document.frame_index >= 3)
    assert seen(bench) == 255 // GREY_STEP
