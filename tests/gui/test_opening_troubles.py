"""Opening in a hurry, and from folders that are damaged, strange or of ill will."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pydicom
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QTextDocument
from PySide6.QtTest import QTest

from sonichu_gui import paths
from sonichu_gui.domain.annotation import Status
from sonichu_gui.errors import StoreError
from sonichu_gui.gui.controllers import watching
from sonichu_gui.gui.panels.frame_list_model import DETAIL_ROLE
from sonichu_gui.gui.panels.status_tally import FrameFilter
from sonichu_gui.imaging import folder_scan, folder_watch
from sonichu_gui.labels.store import LabelStore
from sonichu_gui.settings.recent import RecentStudy, read_recent, write_recent
from tests.gui.hands import click, drop, files_in_hand, move, press, release
from tests.gui.scenes import open_and_wait, write_picture
from tests.gui.test_opening_flow import rows
from tests.unit.imaging.test_series import write

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def quick_looks(monkeypatch):
    monkeypatch.setattr(watching, "FIRST_LOOK_MS", 20)
    monkeypatch.setattr(folder_watch, "SHORTEST_PAUSE_S", 0.05)


@pytest.fixture
def slow_scan(monkeypatch):
    """A folder named "far" is listed only once the event is set."""
    listing, go_on = folder_scan._listed, threading.Event()

    def slow(place, seen):
        if place.name == "far":
            go_on.wait(10)
        return listing(place, seen)

    monkeypatch.setattr(folder_scan, "_listed", slow)
    monkeypatch.setattr(folder_scan, "CHUNK_SECONDS", 0.0)
    yield go_on
    go_on.set()


def listed(bench):
    return [path.name for path in bench.document.study.paths]


def shown(bench):
    return bench.document.path.name if bench.document.path else None


# ---- in a hurry ---------------------------------------------------------------------------------


def test_a_scan_goes_on_when_what_was_asked_for_next_is_refused(
    make_bench, qtbot, study, slow_scan
):
    (study / "far").mkdir()
    write_picture(study / "far" / "late.png", seed=9)
    bench = make_bench()
    bench.begin([study])
    qtbot.waitUntil(lambda: len(listed(bench)) == 3)
    bench.opening.open_paths([study / "gone.png"])
    qtbot.waitUntil(lambda: "does not exist" in bench.banner.text)
    slow_scan.set()
    qtbot.waitUntil(lambda: not bench.document.study.scanning)
    qtbot.waitUntil(lambda: len(listed(bench)) == 4)


def test_another_study_takes_the_place_of_one_being_scanned(
    make_bench, qtbot, study, slow_scan, tmp_path
):
    (study / "far").mkdir()
    write_picture(study / "far" / "late.png", seed=9)
    other = tmp_path / "other"
    other.mkdir()
    write_picture(other / "o.png", seed=4)
    bench = make_bench()
    bench.begin([study])
    qtbot.waitUntil(lambda: len(listed(bench)) == 3)
    bench.opening.open_paths([other])
    qtbot.waitUntil(lambda: shown(bench) == "o.png")
    slow_scan.set()
    qtbot.wait(150)
    assert listed(bench) == ["o.png"]
    assert not bench.document.study.scanning


def test_the_window_closes_in_the_middle_of_a_scan(make_bench, qtbot, study, slow_scan):
    (study / "far").mkdir()
    bench = make_bench()
    bench.begin([study])
    qtbot.waitUntil(lambda: len(listed(bench)) == 3)
    threading.Timer(0.2, slow_scan.set).start()
    bench.window.close()
    assert not [t.name for t in threading.enumerate() if t.name.startswith("sonichu-")]


def test_steps_walk_the_list_as_shown(make_bench, qtbot, tmp_path):
    folder = tmp_path / "s"
    folder.mkdir()
    for n in range(1, 7):
        write_picture(folder / f"{'ab'[n % 2]}{n}.png", seed=n)
    bench = make_bench()
    open_and_wait(bench, qtbot, folder)  # a2 a4 a6 b1 b3 b5
    QTest.keyClicks(bench.frame_list.search, "b")
    bench.study.show(folder / "b1.png")
    qtbot.waitUntil(lambda: shown(bench) == "b1.png")
    bench.window.focus_canvas()
    QTest.keyClick(bench.canvas, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: shown(bench) == "b3.png")
    QTest.keyClick(bench.canvas, Qt.Key.Key_A)
    qtbot.waitUntil(lambda: shown(bench) == "b1.png")
    QTest.keyClick(bench.canvas, Qt.Key.Key_A)
    qtbot.wait(150)
    assert shown(bench) == "b1.png"


def label(bench):
    bench.document.set_task(bench.tasks["fetal_femur"])
    bench.actions["place"].trigger()
    click(bench.canvas, (100.0, 100.0))
    click(bench.canvas, (200.0, 150.0))
    assert bench.document.annotation.is_complete


def test_accept_and_next_goes_on_in_the_filtered_list(bench, qtbot, study):
    bench.document.set_task(bench.tasks["fetal_femur"])
    bench.study.show(study / "frame2.png")
    qtbot.waitUntil(lambda: shown(bench) == "frame2.png")
    label(bench)
    bench.study.show(study / "frame1.png")
    qtbot.waitUntil(lambda: shown(bench) == "frame1.png")
    label(bench)
    bench.frame_list.chips.filter_chosen.emit(FrameFilter.TO_DO)
    bench.window.focus_canvas()
    bench.review.accept_and_next()
    qtbot.waitUntil(lambda: shown(bench) == "frame10.png")
    model = bench.frame_list.model
    assert [model.path_at(row).name for row in range(model.rowCount())] == ["frame10.png"]
    counts = bench.frame_list.model.counts()
    assert (counts[FrameFilter.TO_DO], counts[FrameFilter.DONE]) == (1, 2)


def test_a_text_is_pasted_into_the_search(bench, qtbot):
    QGuiApplication.clipboard().setText("frame10")
    bench.frame_list.focus_search()
    QTest.keyClick(bench.frame_list.search, Qt.Key.Key_V, CTRL)
    assert bench.frame_list.search.text() == "frame10"
    assert shown(bench) == "frame1.png"


def test_a_drop_while_a_point_is_dragged_moves_no_point(bench, qtbot, study, tmp_path):
    label(bench)
    before = bench.document.annotation
    other = write_picture(tmp_path / "o.png", seed=5)
    place = press(bench.canvas, (100.0, 100.0))
    move(bench.canvas, place + QPoint(30, 30))
    assert bench.document.is_previewing
    drop(bench.window, files_in_hand(other))
    qtbot.waitUntil(lambda: shown(bench) == "o.png")
    move(bench.canvas, place + QPoint(60, 60))
    release(bench.canvas, place + QPoint(60, 60))
    assert bench.document.annotation.is_empty
    bench.opening.open_paths([study])
    qtbot.waitUntil(lambda: shown(bench) == "frame1.png")
    assert bench.document.annotation == before


# ---- files that change --------------------------------------------------------------------------


def test_a_file_replaced_while_a_point_is_dragged_keeps_its_labels_to_itself(
    quick_looks, bench, qtbot, study
):
    label(bench)
    before = bench.document.annotation
    old = bench.document.place
    qtbot.wait(150)
    place = press(bench.canvas, (100.0, 100.0))
    move(bench.canvas, place + QPoint(30, 30))
    write_picture(study / "frame1.png", seed=99)
    qtbot.wait(400)
    move(bench.canvas, place + QPoint(40, 40))
    release(bench.canvas, place + QPoint(40, 40))
    qtbot.waitUntil(lambda: bench.document.frame.ref != old.frame)
    assert bench.document.annotation.is_empty
    saved = bench.keeper.current(old)
    assert saved is not None
    assert saved.is_complete
    assert saved != before
    bench.document.undo_stack.undo()
    qtbot.wait(150)
    assert bench.document.annotation.is_empty
    assert bench.keeper.current(old) is not None


def test_a_file_renamed_while_it_is_corrected_keeps_its_labels(quick_looks, bench, qtbot, study):
    label(bench)
    (study / "frame1.png").rename(study / "named.png")
    click(bench.canvas, (10.0, 10.0))
    qtbot.waitUntil(lambda: "named.png" in listed(bench))
    bench.document.move_point(0, (50.0, 60.0))
    wanted = bench.document.annotation
    model = bench.frame_list.model
    bench.study.show(study / "named.png")
    qtbot.waitUntil(lambda: shown(bench) == "named.png")
    assert bench.document.annotation == wanted
    qtbot.waitUntil(lambda: model.status_of(study / "named.png") is Status.EDITED)


@pytest.mark.usefixtures("quick_looks")
@pytest.mark.parametrize(("name", "leaving"), [("6.dcm", 1), ("a.dcm", 2)])
def test_a_file_that_is_gone_stays_under_its_head_while_it_is_shown(
    make_bench, qtbot, tmp_path, name, leaving
):
    folder = tmp_path / "exam"
    pixels = {"Rows": 40, "Columns": 40, "PixelData": b"\x20" * 1600}
    for number in (1, 2, 3):
        write(folder / f"{9 - number}.dcm", InstanceNumber=number, **pixels)
    second = {"SeriesInstanceUID": "1.2.1.2", "SeriesNumber": 4}
    write(folder / "a.dcm", InstanceNumber=1, **second, **pixels)
    bench = make_bench()
    open_and_wait(bench, qtbot, folder)
    qtbot.waitUntil(lambda: bool(bench.document.study.heads))
    before = rows(bench)
    bench.study.show(folder / name)
    qtbot.waitUntil(lambda: shown(bench) == name)
    (folder / name).unlink()
    qtbot.waitUntil(lambda: "no longer there" in bench.status_bar.middle.text)
    assert rows(bench) == before
    bench.study.show(folder / "8.dcm")
    qtbot.waitUntil(lambda: name not in rows(bench))
    assert len(rows(bench)) == len(before) - leaving


def test_a_status_that_is_not_on_disk_yet_outlasts_a_new_file(
    quick_looks, bench, qtbot, study, monkeypatch
):
    def full(*_args, **_more):
        raise StoreError("The disk is full.")

    monkeypatch.setattr(LabelStore, "append", full)
    label(bench)
    assert bench.keeper.waiting
    write_picture(study / "frame3.png", seed=3)
    qtbot.waitUntil(lambda: "frame3.png" in listed(bench))
    qtbot.waitUntil(lambda: not bench.jobs.running)
    status = bench.frame_list.model.status_of(study / "frame1.png")
    bench.keeper._waiting.clear()  # else the window would ask whether they may be lost
    assert status is Status.EDITED


def test_a_cine_that_becomes_shorter_shows_its_last_frame(quick_looks, make_bench, qtbot, tmp_path):
    folder = tmp_path / "c"
    folder.mkdir()
    path = folder / "cine.dcm"
    shutil.copy(pydicom.examples.get_path("ybr_color"), path)
    bench = make_bench()
    open_and_wait(bench, qtbot, path)
    bench.study.show_frame(7)
    qtbot.waitUntil(lambda: bench.document.frame_index == 7)
    qtbot.wait(100)
    write(path, InstanceNumber=1, Rows=40, Columns=40, PixelData=b"\x20" * 1600)
    qtbot.waitUntil(lambda: bench.document.source.frame_count == 1)
    assert bench.document.frame_index == 0
    assert bench.banner.text == ""
    assert bench.frame_list.model.index(0).data(DETAIL_ROLE) == ""


def test_a_study_left_at_a_frame_that_is_gone_opens_at_the_nearest(make_bench, qtbot, tmp_path):
    folder = tmp_path / "c"
    folder.mkdir()
    path = folder / "cine.dcm"
    shutil.copy(pydicom.examples.get_path("ybr_color"), path)
    write_recent(paths.user_data() / "recent.json", [RecentStudy((path,), path, 999)])
    bench = make_bench()
    said = []
    bench.document.noted.connect(said.append)
    bench.begin([])
    qtbot.waitUntil(lambda: bench.document.frame is not None)
    assert bench.document.frame_index == bench.document.source.frame_count - 1
    assert bench.banner.text == ""
    assert said


def test_a_first_file_without_a_picture_is_passed_over_and_marked(make_bench, qtbot, tmp_path):
    folder = tmp_path / "c"
    folder.mkdir()
    (folder / "a1.png").write_bytes(b"no picture")
    (folder / "a2.dcm").write_bytes(b"")
    write_picture(folder / "b.png")
    bench = make_bench()
    bench.begin([folder])
    qtbot.waitUntil(lambda: bench.document.frame is not None)
    assert shown(bench) == "b.png"
    assert bench.banner.text == ""
    assert "Cannot be shown: a1.png, a2.dcm" in bench.status_bar.middle.text
    first = bench.frame_list.model.index(0)
    said = Qt.ItemDataRole.AccessibleTextRole
    qtbot.waitUntil(lambda: first.data(said) == "a1, no picture")


def test_where_no_file_can_be_shown_the_first_tells_why(make_bench, qtbot, tmp_path):
    for number in range(100):
        (tmp_path / f"{number}.png").write_bytes(b"no picture %d" % number)
    bench = make_bench()
    bench.begin([tmp_path])
    qtbot.waitUntil(lambda: "0.png" in bench.banner.text)
    assert not bench.document.awaits_frame


@pytest.fixture
def seeking(make_bench, qtbot, study, slow_scan):
    """A window that waits for a file that can be shown, with three listed that cannot."""
    (study / "far").mkdir()
    write_picture(study / "far" / "late.png", seed=9)
    for path in study.glob("*.png"):
        path.write_bytes(b"no picture")
    bench = make_bench()
    bench.begin([study])
    qtbot.waitUntil(lambda: "frame10.png" in bench.status_bar.middle.text)
    return bench


def test_a_file_that_can_be_shown_is_waited_for(seeking, qtbot, slow_scan):
    slow_scan.set()
    qtbot.waitUntil(lambda: shown(seeking) == "late.png")
    assert seeking.banner.text == ""


def test_a_person_who_chooses_a_file_meanwhile_keeps_it(seeking, qtbot, study, slow_scan):
    seeking.frame_list.path_chosen.emit(study / "frame2.png")
    qtbot.waitUntil(lambda: "frame2.png" in seeking.banner.text)
    slow_scan.set()
    qtbot.waitUntil(lambda: not seeking.document.study.scanning)
    qtbot.wait(100)
    assert shown(seeking) == "frame2.png"


def test_a_scan_stopped_before_any_file_could_be_shown_waits_for_none(seeking, qtbot, slow_scan):
    key = next(job.key for job in seeking.jobs.running if job.text.startswith("Listing"))
    seeking.status_bar.cancel_wanted.emit(key)
    qtbot.waitUntil(lambda: "frame1.png" in seeking.banner.text)
    assert not seeking.document.awaits_frame
    slow_scan.set()  # a drive that never answers would keep its thread


# ---- recent studies -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a": 1}',
        "[1]",
        '[{"opened": ["a\\u0000b"], "file": "\\u0000", "frame": 1}]',
        '[{"opened": ["\\ud800"], "file": "", "frame": 0}]',
        "null",
        '[{"opened":["/x"],"file":"","frame":1e400}]',
        '[{"opened":["' + "n" * 300 + '"],"file":"' + "n" * 300 + '","frame":0}]',
    ],
)
def test_a_damaged_list_of_recent_studies_is_begun_anew(make_bench, qtbot, text, study):
    place = paths.user_data() / "recent.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    bench = make_bench()
    bench.begin([])
    qtbot.wait(200)
    bench.opening.open_paths([study])
    qtbot.waitUntil(lambda: shown(bench) == "frame1.png")
    bench.window.grab()
    bench.window.close()
    assert read_recent(place)[0].opened == (study,)


def test_recent_studies_that_cannot_be_written_stop_nobody(make_bench, qtbot, study):
    place = paths.user_data() / "recent.json"
    place.mkdir(parents=True)
    bench = make_bench()
    open_and_wait(bench, qtbot, study)
    bench.window.close()


def test_a_recent_file_that_became_a_folder_is_opened_as_one(make_bench, qtbot, study):
    path = study / "frame1.png"
    write_recent(paths.user_data() / "recent.json", [RecentStudy((path,), path, 3)])
    path.unlink()
    path.mkdir()
    write_picture(path / "in.png")
    bench = make_bench()
    bench.begin([])
    qtbot.waitUntil(lambda: shown(bench) == "in.png")


def test_two_windows_keep_one_list_of_recent_studies(make_bench, qtbot, tmp_path):
    place = paths.user_data() / "recent.json"
    folders = []
    for n in range(14):
        folder = tmp_path / f"f{n}"
        folder.mkdir()
        write_picture(folder / "x.png", seed=n)
        write_picture(folder / "y.png", seed=n + 50)
        folders.append(folder)
    write_recent(place, [RecentStudy((f,), f / "x.png", 0) for f in folders[:12]])
    one, two = make_bench(), make_bench()
    open_and_wait(two, qtbot, folders[12])
    two.opening.open_paths([folders[3]])
    qtbot.waitUntil(lambda: two.document.path == folders[3] / "x.png")
    qtbot.waitUntil(lambda: not two.document.study.scanning)
    two.study.show(folders[3] / "y.png")
    qtbot.waitUntil(lambda: shown(two) == "y.png")
    open_and_wait(one, qtbot, folders[13])
    two.window.close()
    one.window.close()
    kept = read_recent(place)
    assert (folders[12],) in [r.opened for r in kept]
    assert (folders[13],) in [r.opened for r in kept]
    assert next(r.file.name for r in kept if r.opened == (folders[3],)) == "y.png"


# ---- strange names and files --------------------------------------------------------------------


def test_a_name_too_long_is_told(bench, qtbot, tmp_path):
    long = [tmp_path / (letter * 300) for letter in "mn"]
    bench.opening.open_paths(long[:1])
    qtbot.waitUntil(lambda: "cannot be reached" in bench.banner.text)
    bench.opening.open_paths(long)
    qtbot.waitUntil(lambda: "holds no frames" in bench.banner.text)


def test_names_that_are_no_text_are_shown_labelled_and_reopened(make_bench, qtbot, tmp_path):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    folder.mkdir()
    for n in (1, 2):
        write_picture(Path(os.fsdecode(os.fsencode(folder) + b"/bild\xff%d.png" % n)), seed=n)
    bench = make_bench()
    open_and_wait(bench, qtbot, folder)
    label(bench)
    bench.window.grab()
    wanted = bench.document.annotation
    assert bench.keeper.waiting == 0
    bench.study.step_file(1)
    qtbot.waitUntil(lambda: "2" in bench.document.path.name)
    bench.study.step_file(-1)
    qtbot.waitUntil(lambda: "1" in bench.document.path.name)
    assert bench.document.annotation == wanted
    bench.window.close()
    again = make_bench()
    again.document.set_task(again.tasks["fetal_femur"])
    open_and_wait(again, qtbot)
    assert again.document.annotation == wanted
    assert again.banner.text == ""


def test_pipes_devices_and_links_in_a_circle_hold_nothing_up(make_bench, qtbot, tmp_path):
    folder = tmp_path / "h"
    folder.mkdir()
    os.mkfifo(folder / "a.png")
    os.mkfifo(folder / "pipe")
    (folder / "zero.png").symlink_to("/dev/zero")
    (folder / "self").symlink_to(folder / "self")
    (folder / "x").mkdir()
    (folder / "x" / "up").symlink_to(folder)
    (folder / "x" / "y").symlink_to(folder / "x")
    (folder / "folder.png").mkdir()
    for n in range(3000):
        (folder / f"note{n}.txt").write_bytes(b"")
    write_picture(folder / "z.png")
    bench = make_bench()
    bench.begin([folder])
    qtbot.waitUntil(lambda: not bench.document.study.scanning and "z.png" in listed(bench))
    qtbot.wait(200)
    bench.study.show(folder / "z.png")
    qtbot.waitUntil(lambda: bench.document.frame is not None)


def test_names_that_look_like_markup_are_told_as_they_are(make_bench, qtbot, tmp_path):
    folder = tmp_path / "<b>bold"
    folder.mkdir()
    path = write_picture(folder / "<img src='x'>a.png")
    bench = make_bench()
    open_and_wait(bench, qtbot, folder)
    tip = QTextDocument()
    tip.setHtml(bench.frame_list.model.index(0).data(Qt.ItemDataRole.ToolTipRole))
    assert tip.toPlainText() == str(path)
    tip.setHtml(bench.top_bar._title.toolTip())
    assert tip.toPlainText() == "<b>bold"
