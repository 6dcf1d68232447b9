"""A scale from the depth of the picture, and a scale for a whole folder."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sonichu_gui.gui.controllers import ruler_reading
from sonichu_gui.gui.place import Tool
from tests.gui.dicom_scenes import FULL, fan, region, write_scan
from tests.gui.hands import click
from tests.gui.scenes import open_and_wait, write_picture

LEFT = Qt.MouseButton.LeftButton
WAIT = 20_000


@pytest.fixture(autouse=True)
def no_ruler(monkeypatch):
    """Nobody looks for rulers here."""
    monkeypatch.setattr(ruler_reading, "STILL_MS", 1_000_000)


@pytest.fixture
def scan(make_bench, qtbot, tmp_path):
    path = write_scan(tmp_path / "scan" / "a.dcm", fan(ruler=False))
    bench = make_bench()
    open_and_wait(bench, qtbot, path)
    return bench


def type_length(bench, qtbot, text):
    form = bench.measure_panel.scale.form
    qtbot.waitUntil(form.field.hasFocus, timeout=WAIT)
    QTest.keyClicks(form.field, text)
    return form


def own(bench):
    return bench.document.calibration.override


# ---- depth -------------------------------------------------------------------------------------


def test_the_depth_of_a_fan_is_found_from_its_face_to_its_lowest_point(scan, qtbot):
    QTest.keyClick(scan.canvas, Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    form = type_length(scan, qtbot, "13")
    (x0, top), (x1, bottom) = scan.document.scale_line
    # Apex at (190, -30); face 50 px from it, deepest echo 310 px.
    assert x0 == x1 == pytest.approx(190.0, abs=6.0)
    assert (top, bottom) == (pytest.approx(20.0, abs=4.0), pytest.approx(280.0, abs=4.0))
    assert "middle of the probe's face" in form._meant.text()
    assert "Found in the picture" in form._meant.text()
    QTest.mouseClick(form.units["cm"], LEFT)
    assert form.said.startswith("gives 0.4")
    QTest.keyClick(form.field, Qt.Key.Key_Return)
    assert own(scan).dy_mm == pytest.approx(130 / (bottom - top))
    assert own(scan).reason == f"depth of 130 mm given by {scan.document.rater}"
    assert own(scan).confirmed_by == scan.document.rater
    assert scan.document.tool is Tool.EDIT
    scan.actions["undo"].trigger()
    assert own(scan) is None


def test_a_depth_that_was_found_wrongly_is_clicked_anew(scan, qtbot):
    QTest.mouseClick(scan.measure_panel.scale.depth_button, LEFT)
    qtbot.waitUntil(lambda: scan.document.scale_line_is_whole, timeout=WAIT)
    click(scan.canvas, (190.0, 40.0))
    click(scan.canvas, (250.0, 240.0))
    form = type_length(scan, qtbot, "100")
    assert form._head.text().startswith("Depth of 200.")
    assert "Found" not in form._meant.text()
    QTest.keyClick(form.field, Qt.Key.Key_Return)
    assert own(scan).dy_mm == pytest.approx(0.5, rel=0.02)  # down alone, whatever the slant


def test_without_a_scan_area_top_and_bottom_are_clicked(make_bench, qtbot, tmp_path):
    path = write_scan(tmp_path / "scan" / "dark.dcm", np.zeros((300, 400), np.uint8))
    bench = make_bench()
    open_and_wait(bench, qtbot, path)
    bench.actions["calibrate_depth"].trigger()
    qtbot.waitUntil(lambda: "No scan area found" in bench.status_bar.middle.text, timeout=WAIT)
    click(bench.canvas, (200.0, 50.0))
    click(bench.canvas, (200.0, 250.0))
    form = type_length(bench, qtbot, "50")
    QTest.keyClick(form.field, Qt.Key.Key_Return)
    assert own(bench).dy_mm == pytest.approx(0.25, rel=0.02)


def test_escape_leaves_no_depth_behind(scan, qtbot):
    scan.actions["calibrate_depth"].trigger()
    form = type_length(scan, qtbot, "1")
    QTest.keyClick(form.field, Qt.Key.Key_Escape)
    assert (scan.document.tool, scan.document.scale_line) == (Tool.EDIT, None)
    scan.actions["calibrate"].trigger()
    click(scan.canvas, (50.0, 50.0))
    click(scan.canvas, (150.0, 50.0))
    assert form._head.text().startswith("Line of")
    assert not form._meant.isVisible()


# ---- the frames it is for ----------------------------------------------------------------------


def test_an_own_scale_holds_for_all_frames_of_the_cine(make_bench, qtbot, tmp_path):
    path = write_scan(tmp_path / "scan" / "cine.dcm", np.stack([fan(seed=n) for n in range(3)]))
    bench = make_bench()
    open_and_wait(bench, qtbot, path)
    bench.actions["calibrate"].trigger()
    click(bench.canvas, (50.0, 50.0))
    click(bench.canvas, (150.0, 50.0))
    form = type_length(bench, qtbot, "20")
    assert form.file_button.text() == "All 3 frames"
    QTest.keyClick(form.field, Qt.Key.Key_Return)
    bench.study.show_frame(2)
    qtbot.waitUntil(lambda: bench.document.frame_index == 2)
    assert own(bench).dx_mm == pytest.approx(0.2, rel=0.02)


@pytest.fixture
def folder(tmp_path):
    """Three pictures of one size, one of another, one with a scale of its own, one broken."""
    where = tmp_path / "many"
    where.mkdir()
    for number in (1, 2, 3):
        write_picture(where / f"a{number}.png", seed=number)
    write_picture(where / "b-large.png", width=640, seed=9)
    write_scan(where / "c-own.dcm", fan(), region(FULL, 0.03))
    (where / "d-broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    return where


def show(bench, qtbot, path):
    bench.study.show(path)
    qtbot.waitUntil(lambda: bench.document.path == path and bench.document.frame is not None)


def test_for_the_folder_only_files_of_its_size_without_a_scale_are_given_it(
    make_bench, qtbot, folder
):
    bench = make_bench()
    open_and_wait(bench, qtbot, folder / "a1.png")
    bench.actions["calibrate"].trigger()
    click(bench.canvas, (50.0, 50.0))
    click(bench.canvas, (150.0, 50.0))
    form = type_length(bench, qtbot, "20")
    QTest.mouseClick(form.folder_button, LEFT)
    QTest.mouseClick(form.set_button, LEFT)
    qtbot.waitUntil(lambda: "3 files" in bench.banner.text, timeout=WAIT)
    assert "1 of another size" in bench.banner.text
    assert "1 that state a scale of their own" in bench.banner.text
    assert "1 that cannot be read" in bench.banner.text
    for name, has in (("a2.png", True), ("a3.png", True), ("b-large.png", False)):
        show(bench, qtbot, folder / name)
        assert (own(bench) is not None) is has
    show(bench, qtbot, folder / "a2.png")
    bench.actions["undo"].trigger()  # one step for all of them
    assert own(bench) is None
    show(bench, qtbot, folder / "a1.png")
    assert own(bench) is None
    bench.actions["redo"].trigger()
    assert own(bench).confirmed_by == bench.document.rater


def test_undo_gives_each_file_of_the_folder_its_old_scale_back(make_bench, qtbot, folder):
    bench = make_bench()
    open_and_wait(bench, qtbot, folder / "a2.png")
    for name, length_mm in (("a2.png", 30.0), ("a1.png", 20.0)):
        show(bench, qtbot, folder / name)
        bench.actions["calibrate"].trigger()
        click(bench.canvas, (50.0, 50.0))
        click(bench.canvas, (150.0, 50.0))
        bench.measure_panel.scale_length_entered.emit(length_mm)
    QTest.mouseClick(bench.measure_panel.scale.folder_button, LEFT)
    qtbot.waitUntil(lambda: "3 files" in bench.banner.text, timeout=WAIT)
    show(bench, qtbot, folder / "a2.png")
    assert own(bench).dx_mm == pytest.approx(0.2, rel=0.02)
    bench.actions["undo"].trigger()
    assert own(bench).dx_mm == pytest.approx(0.3, rel=0.02)


def test_without_a_scale_of_its_own_there_is_none_to_give(make_bench, qtbot, folder):
    bench = make_bench()
    open_and_wait(bench, qtbot, folder / "a1.png")
    assert not bench.measure_panel.scale.folder_button.isVisible()
    bench.actions["scale_folder"].trigger()
    assert not [job.key for job in bench.jobs.running if job.text]
