"""Opening: thousands of files, several things at once, series, discs, and folders that change."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from sonichu_gui.domain.annotation import Status
from sonichu_gui.gui.controllers import watching
from sonichu_gui.gui.panels.frame_list_model import DETAIL_ROLE
from sonichu_gui.imaging import folder_scan, folder_watch
from tests.gui.hands import click, drop, files_in_hand
from tests.gui.scenes import open_and_wait, write_picture
from tests.unit.imaging.test_series import disc, write  # noqa: F401 - disc is a fixture

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def quick_looks(monkeypatch):
    """A folder is looked at many times a second, so that no test waits for it."""
    monkeypatch.setattr(watching, "FIRST_LOOK_MS", 20)
    monkeypatch.setattr(folder_watch, "SHORTEST_PAUSE_S", 0.05)


def listed(bench) -> list[str]:
    return [path.name for path in bench.document.study.paths]


def rows(bench) -> list[str]:
    """The rows as they are read: heads in brackets."""
    model = bench.frame_list.model
    found = []
    for row in range(model.rowCount()):
        head, path = model.head_at(row), model.path_at(row)
        count = model.index(row).data(DETAIL_ROLE)
        found.append(f"[{head.title} {count}]" if head else path.name)
    return found


def click_row(bench, row: int) -> None:
    view = bench.frame_list.view
    place = view.visualRect(bench.frame_list.model.index(row)).center()
    QTest.mouseClick(view.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, place)


# ---- folders and selections ---------------------------------------------------------------------


def test_the_list_grows_while_the_folder_is_read(make_bench, qtbot, study, monkeypatch):
    monkeypatch.setattr(folder_scan, "CHUNK_SECONDS", 0.0)
    bench = make_bench()
    grown = []
    bench.document.study_changed.connect(lambda now: grown.append((len(now.paths), now.scanning)))
    open_and_wait(bench, qtbot, study)
    assert grown == [(0, True), (1, True), (2, True), (3, True), (3, False)]


def test_a_file_and_a_folder_are_opened_together(make_bench, qtbot, study, tmp_path):
    alone = write_picture(tmp_path / "alone.png", seed=3)
    bench = make_bench()
    open_and_wait(bench, qtbot, alone, study)
    assert bench.document.path == alone
    assert listed(bench) == ["alone.png", "frame1.png", "frame2.png", "frame10.png"]
    assert bench.top_bar.study_title == "2 items"


def test_what_is_not_there_is_told_and_the_rest_is_opened(make_bench, qtbot, study, tmp_path):
    bench = make_bench()
    open_and_wait(bench, qtbot, study / "frame2.png", tmp_path / "gone.png")
    qtbot.waitUntil(lambda: "gone.png" in bench.banner.text)
    assert listed(bench) == ["frame2.png"]


def test_a_name_that_does_not_exist_leaves_the_study_open(bench, qtbot, study):
    bench.opening.open_paths([study / "gone.png"])
    qtbot.waitUntil(lambda: "gone.png does not exist" in bench.banner.text)
    assert bench.document.path == study / "frame1.png"
    assert len(listed(bench)) == 3


def test_what_is_refused_leaves_the_study_open(bench, qtbot, tmp_path, monkeypatch):
    (tmp_path / "DICOMDIR").write_bytes(b"a shopping list" * 50)
    bench.opening.open_paths([tmp_path / "DICOMDIR"])
    qtbot.waitUntil(lambda: "DICOMDIR" in bench.banner.text)
    shut = tmp_path / "shut"
    shut.mkdir()

    def refuse(place, seen):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(folder_scan, "_listed", refuse)
    bench.opening.open_paths([shut])
    qtbot.waitUntil(lambda: "shut cannot be read as a folder" in bench.banner.text)
    assert bench.document.path.name == "frame1.png"
    assert len(listed(bench)) == 3


def test_a_listing_that_is_stopped_keeps_what_it_found(make_bench, qtbot, study, monkeypatch):
    listing, go_on = folder_scan._listed, threading.Event()

    def slow(place, seen):
        if place.name == "far":
            go_on.wait(10)
        return listing(place, seen)

    monkeypatch.setattr(folder_scan, "_listed", slow)
    monkeypatch.setattr(folder_scan, "CHUNK_SECONDS", 0.0)
    (study / "far").mkdir()
    write_picture(study / "far" / "late.png", seed=9)
    bench = make_bench()
    bench.begin([study])
    qtbot.waitUntil(lambda: len(listed(bench)) == 3)
    key = next(job.key for job in bench.jobs.running if job.text.startswith("Listing"))
    bench.status_bar.cancel_wanted.emit(key)
    assert not bench.document.study.scanning
    go_on.set()
    qtbot.wait(200)
    assert len(listed(bench)) == 3
    assert "Stopped with 3 files" in bench.status_bar.middle.text


def test_an_unreadable_folder_inside_is_told_and_the_rest_is_listed(
    make_bench, qtbot, study, monkeypatch
):
    (study / "shut").mkdir()
    listing = folder_scan._listed

    def refuse(place, seen):
        if place.name == "shut":
            raise PermissionError(13, "Permission denied")
        return listing(place, seen)

    monkeypatch.setattr(folder_scan, "_listed", refuse)
    bench = make_bench()
    open_and_wait(bench, qtbot, study)
    qtbot.waitUntil(lambda: "shut" in bench.banner.text)
    assert len(listed(bench)) == 3


def test_links_and_long_names_are_opened_like_others(make_bench, qtbot, tmp_path):
    folder = tmp_path / "頭 – ß"
    folder.mkdir()
    real = write_picture(folder / ("n" * 240 + ".png"), seed=1)
    (folder / "link.png").symlink_to(real)
    (folder / "round").symlink_to(folder)
    (folder / "nowhere.png").symlink_to(folder / "gone.png")
    bench = make_bench()
    open_and_wait(bench, qtbot, folder)
    assert listed(bench) == ["link.png", real.name, "nowhere.png"]
    QTest.keyClick(bench.canvas, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: bench.document.path == real)
    QTest.keyClick(bench.canvas, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: "nowhere.png" in bench.banner.text)


def test_what_was_opened_last_wins(make_bench, qtbot, study, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    write_picture(other / "o.png", seed=4)
    bench = make_bench()
    bench.begin([study])
    bench.opening.open_paths([other])
    qtbot.waitUntil(lambda: bench.document.path == other / "o.png")
    qtbot.wait(100)
    assert listed(bench) == ["o.png"]


def test_the_keys_of_a_list_are_the_lists_while_a_person_is_in_it(bench):
    view = bench.frame_list.view
    QTest.keyClick(bench.canvas, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(bench.frame_list.search, "frame")
    QTest.keyClick(bench.frame_list.search, Qt.Key.Key_Down)
    assert view.hasFocus()
    for key, row in ((Qt.Key.Key_End, 2), (Qt.Key.Key_Up, 1), (Qt.Key.Key_PageUp, 0)):
        QTest.keyClick(view, key)
        assert view.currentIndex().row() == row
    assert bench.document.path.name == "frame1.png"


def test_statuses_of_a_folder_are_there_when_it_is_opened_again(bench, make_bench, qtbot, study):
    bench.document.set_task(bench.tasks["IVC"])
    bench.actions["place"].trigger()
    click(bench.canvas, (100.0, 100.0))
    click(bench.canvas, (100.0, 150.0))
    bench.window.close()
    again = make_bench()
    open_and_wait(again, qtbot, study)
    model = again.frame_list.model
    qtbot.waitUntil(lambda: model.status_of(study / "frame1.png") is Status.EDITED)


# ---- series -------------------------------------------------------------------------------------


@pytest.fixture
def examination(tmp_path) -> Path:
    """Two series of a person with a name; files are named against the order they were taken in."""
    folder = tmp_path / "exam"
    pixels = {"Rows": 40, "Columns": 40, "PixelData": b"\x20" * 1600}
    for number in (1, 2, 3):
        write(folder / f"{9 - number}.dcm", InstanceNumber=number, **pixels)
    second = {"SeriesInstanceUID": "1.2.1.2", "SeriesNumber": 4, "SeriesDescription": "Femur"}
    write(folder / "a.dcm", InstanceNumber=1, **second, **pixels)
    write_picture(folder / "sketch.png", seed=1)
    return folder


@pytest.fixture
def grouped(make_bench, qtbot, examination):
    bench = make_bench()
    open_and_wait(bench, qtbot, examination)
    qtbot.waitUntil(lambda: bool(bench.document.study.heads))
    return bench


WHOLE = [
    "[2021-03-04 4]",
    "[US · series 3 3]",
    "8.dcm",
    "7.dcm",
    "6.dcm",
    "[US · series 4 · Femur 1]",
    "a.dcm",
    "[Other files 1]",
    "sketch.png",
]


def test_series_stand_under_heads_in_acquisition_order(grouped):
    assert rows(grouped) == WHOLE


def test_nothing_shown_names_the_patient(grouped):
    model = grouped.frame_list.model
    texts = [
        str(model.index(row).data(role))
        for row in range(model.rowCount())
        for role in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleTextRole,
        )
    ]
    assert not [text for text in texts if "nverwechselbar" in text or "4711" in text]
    assert "nverwechselbar" not in grouped.window.windowTitle() + grouped.top_bar.study_title


def test_steps_go_through_a_series_as_it_was_taken(grouped, qtbot, examination):
    grouped.study.show(examination / "8.dcm")
    qtbot.waitUntil(lambda: grouped.document.path.name == "8.dcm")
    QTest.keyClick(grouped.canvas, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: grouped.document.path.name == "7.dcm")


def test_a_click_on_a_head_folds_it_and_another_brings_its_files_back(grouped):
    click_row(grouped, 1)
    assert rows(grouped) == [*WHOLE[:2], *WHOLE[5:]]
    click_row(grouped, 0)
    assert rows(grouped) == ["[2021-03-04 4]", "[Other files 1]", "sketch.png"]
    click_row(grouped, 0)
    click_row(grouped, 1)
    assert rows(grouped) == WHOLE


def test_heads_fold_by_the_arrow_keys(grouped):
    view = grouped.frame_list.view
    view.setFocus(Qt.FocusReason.TabFocusReason)
    view.setCurrentIndex(grouped.frame_list.model.index(3))
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Left):  # to the head, then fold it
        QTest.keyClick(view, key)
    assert rows(grouped) == [*WHOLE[:2], *WHOLE[5:]]
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert rows(grouped) == WHOLE
    QTest.keyClick(view, Qt.Key.Key_Space)
    assert rows(grouped) == [*WHOLE[:2], *WHOLE[5:]]


def test_a_file_under_a_folded_head_is_unfolded_when_it_is_shown(grouped, qtbot, examination):
    grouped.study.show(examination / "a.dcm")
    qtbot.waitUntil(lambda: grouped.document.path.name == "a.dcm")
    click_row(grouped, 1)
    QTest.keyClick(grouped.canvas, Qt.Key.Key_A)
    qtbot.waitUntil(lambda: grouped.document.path.name == "6.dcm")
    assert rows(grouped) == WHOLE


def test_search_leaves_out_heads_without_a_file_found(grouped):
    QTest.keyClicks(grouped.frame_list.search, "a.d")
    assert rows(grouped) == ["[2021-03-04 4]", "[US · series 4 · Femur 1]", "a.dcm"]


def by_command_line(bench, table, monkeypatch):
    bench.begin([table])


def by_dialog(bench, table, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(table)], ""))
    bench.begin([])
    bench.actions["open_files"].trigger()


def by_drop(bench, table, monkeypatch):
    bench.begin([])
    drop(bench.window, files_in_hand(table))


@pytest.mark.parametrize("opened", [by_command_line, by_dialog, by_drop])
def test_a_dicomdir_is_opened_like_any_file(make_bench, qtbot, disc, monkeypatch, opened):  # noqa: F811
    bench = make_bench()
    opened(bench, disc / "DICOMDIR", monkeypatch)
    qtbot.waitUntil(lambda: bool(bench.document.study.heads))
    assert len(listed(bench)) == 31
    assert rows(bench)[0].startswith("[1995-09-03 · Patient 1")
    qtbot.waitUntil(lambda: bench.document.frame is not None)


def test_files_that_a_disc_lacks_are_told(make_bench, qtbot, disc, tmp_path):  # noqa: F811
    copy = tmp_path / "half"
    shutil.copytree(disc, copy)
    shutil.rmtree(copy / "98892003")
    bench = make_bench()
    open_and_wait(bench, qtbot, copy / "DICOMDIR")
    qtbot.waitUntil(lambda: "Named by the disc and not there" in bench.banner.text)
    assert 0 < len(listed(bench)) < 31


# ---- while it is open ---------------------------------------------------------------------------


def test_a_new_file_appears_in_its_place(quick_looks, bench, qtbot, study):
    write_picture(study / "frame3.png", seed=3)
    qtbot.waitUntil(lambda: "frame3.png" in listed(bench))
    assert listed(bench) == ["frame1.png", "frame2.png", "frame3.png", "frame10.png"]
    assert bench.document.path.name == "frame1.png"
    assert "frame3.png" in bench.status_bar.middle.text


def test_a_new_file_does_not_move_the_list_under_the_eye(quick_looks, make_bench, qtbot, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(10, 60):
        write_picture(folder / f"{number}.png", width=40, height=30)
    bench = make_bench()
    open_and_wait(bench, qtbot, folder)
    view, model = bench.frame_list.view, bench.frame_list.model
    view.verticalScrollBar().setValue(1000)
    row = model.row_of(folder / "30.png")
    before = view.visualRect(model.index(row)).top()
    write_picture(folder / "1.png", width=40, height=30)
    qtbot.waitUntil(lambda: "1.png" in listed(bench))
    assert view.visualRect(model.index(row + 1)).top() == before


def test_a_file_that_is_gone_stays_in_its_place_until_another_is_shown(
    quick_looks, bench, qtbot, study
):
    QTest.keyClick(bench.canvas, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: bench.document.path.name == "frame2.png")
    (study / "frame2.png").unlink()
    qtbot.waitUntil(lambda: "frame2.png" in bench.status_bar.middle.text)
    assert listed(bench) == ["frame1.png", "frame2.png", "frame10.png"]
    QTest.keyClick(bench.canvas, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: bench.document.path.name == "frame10.png")
    assert listed(bench) == ["frame1.png", "frame10.png"]


def test_a_file_that_comes_back_is_listed_once_and_read_anew(quick_looks, bench, qtbot, study):
    before = bench.document.frame.ref.digest
    (study / "frame1.png").unlink()
    qtbot.waitUntil(lambda: "no longer there" in bench.status_bar.middle.text)
    write_picture(study / "frame1.png", seed=77)
    qtbot.waitUntil(lambda: bench.document.frame.ref.digest != before)
    assert listed(bench) == ["frame1.png", "frame2.png", "frame10.png"]


def test_a_changed_file_is_read_anew(quick_looks, bench, qtbot, study):
    before = bench.document.frame.ref.digest
    qtbot.wait(500)  # the watch has had its first look: it tells what is other than then
    write_picture(study / "frame1.png", seed=77)
    qtbot.waitUntil(lambda: bench.document.frame.ref.digest != before)


def test_a_folder_out_of_reach_is_told_once_and_comes_back(quick_looks, bench, qtbot, study):
    away = study.with_name("away")
    said = []
    bench.document.noted.connect(said.append)
    shutil.move(study, away)
    qtbot.waitUntil(lambda: len(said) > 0)
    qtbot.wait(300)
    assert said == ["study ä cannot be reached"]
    assert len(listed(bench)) == 3
    assert bench.banner.text == ""
    shutil.move(away, study)
    qtbot.waitUntil(lambda: said[-1] == "study ä is there again")
    write_picture(study / "frame11.png", seed=3)
    qtbot.waitUntil(lambda: "frame11.png" in listed(bench))


def test_the_first_file_of_an_empty_folder_is_shown_when_it_comes(
    quick_looks, make_bench, qtbot, tmp_path
):
    folder = tmp_path / "inbox"
    folder.mkdir()
    bench = make_bench()
    bench.begin([folder])
    qtbot.waitUntil(lambda: "inbox" in bench.banner.text)
    write_picture(folder / "a.png", seed=1)
    qtbot.waitUntil(lambda: bench.document.path == folder / "a.png")


def test_a_file_moved_to_another_folder_brings_its_labels(
    bench, make_bench, qtbot, study, tmp_path
):
    bench.document.set_task(bench.tasks["fetal_femur"])
    bench.actions["place"].trigger()
    click(bench.canvas, (100.0, 100.0))
    click(bench.canvas, (200.0, 150.0))
    wanted = bench.document.annotation
    bench.window.close()
    other = tmp_path / "sorted"
    other.mkdir()
    shutil.move(study / "frame1.png", other / "femur.png")
    again = make_bench()
    again.document.set_task(again.tasks["fetal_femur"])
    open_and_wait(again, qtbot, other)
    qtbot.waitUntil(lambda: again.document.annotation == wanted)
    assert "labels came along" in again.status_bar.middle.text
    model = again.frame_list.model
    qtbot.waitUntil(lambda: model.status_of(other / "femur.png") is Status.EDITED)
