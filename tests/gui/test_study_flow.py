"""Opening, moving through a study, and what broken files do to it: one message, a living window."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pydicom
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sonichu_gui.domain.annotation import Status
from tests.gui.hands import click, drop, files_in_hand
from tests.gui.scenes import open_and_wait, write_picture

if TYPE_CHECKING:
    from pathlib import Path


def names(bench) -> list[str]:
    return [path.name for path in bench.document.study.paths]


def test_a_folder_is_listed_in_natural_order(bench):
    assert names(bench) == ["frame1.png", "frame2.png", "frame10.png"]


def test_opening_one_file_shows_it_and_lists_its_folder(make_bench, qtbot, study):
    bench = make_bench()
    open_and_wait(bench, qtbot, study / "frame2.png")
    assert bench.document.path == study / "frame2.png"
    assert names(bench) == ["frame1.png", "frame2.png", "frame10.png"]


def test_looking_at_frames_writes_nothing_beside_them(bench, qtbot, study):
    for key in (Qt.Key.Key_D, Qt.Key.Key_D, Qt.Key.Key_A):
        QTest.keyClick(bench.canvas, key)
    qtbot.waitUntil(lambda: bench.document.path.name == "frame2.png")
    assert sorted(p.name for p in study.iterdir()) == ["frame1.png", "frame10.png", "frame2.png"]


def test_dropping_files_opens_just_those(bench, qtbot, study):
    drop(bench.window, files_in_hand(study / "frame10.png", study / "frame1.png"))
    qtbot.waitUntil(lambda: bench.document.path == study / "frame10.png")
    qtbot.waitUntil(lambda: names(bench) == ["frame10.png", "frame1.png"])


def broken_truncated(folder: Path) -> Path:
    whole = write_picture(folder / "whole.png", seed=5).read_bytes()
    (folder / "whole.png").unlink()
    path = folder / "cut.png"
    path.write_bytes(whole[: len(whole) // 2])
    return path


def broken_text(folder: Path) -> Path:
    path = folder / "note.dcm"
    path.write_text("this is a shopping list, not a DICOM file\n" * 20)
    return path


def broken_no_pixels(folder: Path) -> Path:
    path = folder / "report.dcm"
    dataset = pydicom.dcmread(pydicom.examples.get_path("ybr_color"))
    del dataset.PixelData
    dataset.save_as(path)
    return path


def broken_empty(folder: Path) -> Path:
    path = folder / "empty.png"
    path.write_bytes(b"")
    return path


@pytest.mark.parametrize(
    "make",
    [broken_truncated, broken_text, broken_no_pixels, broken_empty],
    ids=lambda f: f.__name__,
)
def test_a_broken_file_gives_one_message_that_names_it_and_the_window_goes_on(
    make_bench, qtbot, study, make
):
    path = make(study)
    bench = make_bench()
    said = []
    bench.document.failed.connect(said.append)
    bench.begin([path])
    qtbot.waitUntil(lambda: len(said) > 0)
    qtbot.waitUntil(lambda: not bench.document.study.scanning)
    assert [path.name in error.message for error in said] == [True]
    assert said[0].hint
    assert path.name in bench.banner.text
    assert bench.document.frame is None
    bench.study.show(study / "frame1.png")
    qtbot.waitUntil(lambda: bench.document.frame is not None)


def test_an_empty_folder_says_what_to_choose_instead(make_bench, qtbot, tmp_path):
    folder = tmp_path / "nothing"
    folder.mkdir()
    bench = make_bench()
    bench.begin([folder])
    qtbot.waitUntil(lambda: "nothing" in bench.banner.text)


def test_a_file_that_is_gone_gives_a_message(bench, qtbot, study):
    (study / "frame2.png").unlink()
    bench.study.forget(study / "frame2.png")
    QTest.keyClick(bench.canvas, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: "frame2.png" in bench.banner.text)


def test_a_renamed_file_keeps_its_label(bench, make_bench, qtbot, study):
    bench.document.set_task(bench.tasks["fetal_femur"])
    bench.actions["place"].trigger()
    click(bench.canvas, (100.0, 100.0))
    click(bench.canvas, (200.0, 150.0))
    wanted = bench.document.annotation
    bench.window.close()
    shutil.move(study / "frame1.png", study / "renamed.png")
    again = make_bench()
    open_and_wait(again, qtbot, study / "renamed.png")
    again.document.set_task(again.tasks["fetal_femur"])
    assert again.document.annotation == wanted


def test_the_app_reopens_where_it_was_left(bench, make_bench, qtbot):
    QTest.keyClick(bench.canvas, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: bench.document.path.name == "frame2.png")
    bench.document.set_task(bench.tasks["IVC"])
    bench.window.close()
    again = make_bench()
    open_and_wait(again, qtbot)
    assert again.document.path.name == "frame2.png"
    assert again.document.task.id == "IVC"


def test_next_to_do_skips_what_is_accepted(bench, qtbot):
    bench.document.set_task(bench.tasks["IVC"])
    bench.study.show(bench.document.study.paths[1])
    qtbot.waitUntil(lambda: bench.document.path.name == "frame2.png")
    bench.actions["place"].trigger()
    click(bench.canvas, (100.0, 100.0))
    click(bench.canvas, (100.0, 150.0))
    QTest.keyClick(bench.canvas, Qt.Key.Key_Y)
    assert bench.document.annotation.status is Status.ACCEPTED
    bench.study.show(bench.document.study.paths[0])
    qtbot.waitUntil(lambda: bench.document.path.name == "frame1.png")
    QTest.keyClick(bench.canvas, Qt.Key.Key_N)
    qtbot.waitUntil(lambda: bench.document.path.name == "frame10.png")


class Listed(tuple):
    """Paths that nobody may search one by one."""

    __slots__ = ()

    def index(self, *_):
        raise AssertionError("searched for a place")

    def __contains__(self, path):
        raise AssertionError("searched for a file")


def test_among_ten_thousand_files_no_step_searches_the_list(bench, qtbot, study):
    here, following = study / "frame1.png", study / "frame2.png"
    others = [study / f"other{number}.png" for number in range(10_000)]
    listed = Listed([*others, here, following])
    bench.document.study = replace(bench.document.study, paths=listed)
    for step, path in ((1, following), (-1, here)):
        bench.study.step_file(step)
        qtbot.waitUntil(lambda path=path: bench.document.path == path)
    assert bench.study.frames_ahead()[:2] == [(others[-1], 0), (others[-2], 0)]


def test_a_cine_steps_by_key_and_by_slider_and_plays(make_bench, qtbot, tmp_path):
    path = tmp_path / "cine.dcm"
    shutil.copy(pydicom.examples.get_path("ybr_color"), path)
    bench = make_bench()
    open_and_wait(bench, qtbot, path)
    QTest.keyClick(bench.canvas, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: bench.document.frame_index == 1)
    QTest.keyClick(bench.canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bench.document.frame_index == 11)
    bench.cine_bar.frame_wanted.emit(29)
    qtbot.waitUntil(lambda: bench.document.frame_index == 29)
    bench.document.move_point(0, (20.0, 20.0))
    place = bench.document.place
    QTest.keyClick(bench.canvas, Qt.Key.Key_Space, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: 0 < bench.document.frame_index < 10)
    QTest.keyClick(bench.canvas, Qt.Key.Key_Space, Qt.KeyboardModifier.ControlModifier)
    assert not bench.cine.is_playing
    # Space alone accepts; with Ctrl it does not.
    assert bench.keeper.current(place).status is Status.EDITED


def test_a_store_that_cannot_be_read_is_refused_and_left_untouched(make_bench, qtbot, study):
    store = study / "sonichu-labels.sqlite"
    store.write_bytes(b"not a database at all" * 50)
    before = store.read_bytes()
    bench = make_bench()
    open_and_wait(bench, qtbot, study)
    assert store.name in bench.banner.text
    bench.document.set_task(bench.tasks["IVC"])
    bench.actions["place"].trigger()
    click(bench.canvas, (100.0, 100.0))
    assert bench.keeper.waiting > 0
    assert store.read_bytes() == before
    store.unlink()
    bench.actions["save_now"].trigger()
    assert bench.keeper.waiting == 0


def place_vena_cava(bench, first=(100.0, 100.0), second=(100.0, 150.0)):
    bench.document.set_task(bench.tasks["IVC"])
    bench.actions["place"].trigger()
    click(bench.canvas, first)
    click(bench.canvas, second)


def test_what_waited_for_a_broken_store_can_be_exported_once_it_is_mended(
    make_bench, qtbot, study, tmp_path
):
    store = study / "sonichu-labels.sqlite"
    store.write_bytes(b"")
    bench = make_bench()
    open_and_wait(bench, qtbot, study)
    place_vena_cava(bench)
    assert bench.keeper.waiting == 2
    store.unlink()
    bench.actions["save_now"].trigger()
    out = tmp_path / "labels.csv"
    bench.labels.export_labels("csv", out, task_id=None, statuses=(Status.EDITED,))
    qtbot.waitUntil(out.exists)
    assert "frame1.png" in out.read_text(encoding="utf-8")


def test_a_store_deleted_while_open_is_made_anew_when_the_folder_is_opened_again(
    bench, qtbot, study
):
    place_vena_cava(bench)
    for file in study.glob("sonichu-labels.sqlite*"):
        file.unlink()
    bench.actions["undo"].trigger()
    assert bench.keeper.waiting > 0
    bench.opening.open_paths([study])
    qtbot.waitUntil(lambda: bench.keeper.waiting == 0)
    assert (study / "sonichu-labels.sqlite").exists()


def test_a_label_changed_in_another_window_is_shown_and_not_overwritten(
    bench, make_bench, qtbot, study
):
    other = make_bench()
    open_and_wait(other, qtbot, study)
    other.document.set_task(other.tasks["IVC"])
    place_vena_cava(bench)
    theirs = bench.document.annotation
    other.actions["place"].trigger()
    click(other.canvas, (200.0, 60.0))
    qtbot.waitUntil(lambda: "another window" in other.banner.text)
    assert other.document.annotation == theirs
    place = bench.document.place
    assert bench.keeper.store_of(study).current(place.frame, "IVC").annotation == theirs


def test_a_bad_frame_of_a_cine_leaves_the_good_ones_in_reach(make_bench, qtbot, tmp_path):
    path = tmp_path / "cine.dcm"
    shutil.copy(pydicom.examples.get_path("ybr_color"), path)
    bench = make_bench()
    open_and_wait(bench, qtbot, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    bench.study.show_frame(29)
    qtbot.waitUntil(lambda: bool(bench.banner.text))
    assert bench.document.frame_index == 0
    path.write_bytes(whole)
    assert bench.document.source is not None
    bench.study.step_frame(1)
    qtbot.waitUntil(lambda: bench.document.frame_index == 1)


def test_accepting_before_the_next_frame_is_shown_accepts_nothing(bench, qtbot):
    place_vena_cava(bench)
    bench.study.forget(bench.document.study.paths[2])
    bench.study.show(bench.document.study.paths[2])
    QTest.keyClick(bench.canvas, Qt.Key.Key_Y)
    assert bench.document.annotation.status is Status.EDITED
    qtbot.waitUntil(lambda: bench.document.path.name == "frame10.png")
