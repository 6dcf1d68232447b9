"""What leaves the window: screenshots, the clipboard, exports; and what comes in."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QRadioButton

from sonichu_gui.domain.annotation import Status
from sonichu_gui.gui.dialogs.export_dialog import ExportDialog
from tests.gui.hands import click

FEMUR = [(90.0, 140.0), (310.0, 120.0)]


@pytest.fixture
def labelled(bench):
    """A frame with a femur placed by hand."""
    bench.document.set_task(bench.tasks["fetal_femur"])
    bench.actions["place"].trigger()
    for point in FEMUR:
        click(bench.canvas, point)
    return bench


def choose_file(monkeypatch, path):
    """Answers the desktop's own save dialog."""
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(path), ""))


def test_export_writes_the_points_of_the_window(labelled, qtbot, monkeypatch, tmp_path):
    out = tmp_path / "labels.csv"
    choose_file(monkeypatch, out)
    labelled.actions["export"].trigger()
    dialog = labelled.window.findChild(ExportDialog)
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(out.exists)
    with out.open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    for number, point in enumerate(labelled.document.annotation.keypoints, start=1):
        assert json.loads(row[f"point_{number}_xy"]) == pytest.approx(point.xy, abs=1e-6)
    qtbot.waitUntil(lambda: "labels.csv" in labelled.banner.text)


def test_only_the_chosen_task_is_exported(labelled, qtbot, monkeypatch, tmp_path):
    labelled.document.set_task(labelled.tasks["IVC"])
    labelled.actions["place"].trigger()
    for point in FEMUR:
        click(labelled.canvas, point)
    out = tmp_path / "ivc.csv"
    choose_file(monkeypatch, out)
    labelled.actions["export"].trigger()
    dialog = labelled.window.findChild(ExportDialog)
    only = next(b for b in dialog.findChildren(QRadioButton) if b.text() == "Inferior vena cava")
    QTest.mouseClick(only, Qt.MouseButton.LeftButton, pos=only.rect().center())
    only.setChecked(True)
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(out.exists)
    with out.open(encoding="utf-8", newline="") as stream:
        assert [row["task_id"] for row in csv.DictReader(stream)] == ["IVC"]


def test_an_export_to_a_place_that_is_not_there_is_a_message(labelled, qtbot, tmp_path):
    out = tmp_path / "gone" / "labels.csv"
    labelled.labels.export_labels("csv", out, task_id=None, statuses=(Status.EDITED,))
    qtbot.waitUntil(lambda: "labels.csv" in labelled.banner.text)


def test_a_screenshot_has_the_frames_size_its_marks_and_no_name(
    labelled, qtbot, monkeypatch, tmp_path
):
    out = tmp_path / "shot.png"
    choose_file(monkeypatch, out)
    QTest.keyClick(labelled.canvas, Qt.Key.Key_F12)
    qtbot.waitUntil(out.exists)
    with Image.open(out) as picture:
        assert picture.size == (400, 300)
        assert not picture.info.get("Title")
        drawn = np.asarray(picture.convert("RGB")).astype(int)
    blue = np.abs(drawn - (0x56, 0xB4, 0xE9)).max(axis=2) < 40
    y, x = round(FEMUR[0][1]), round(FEMUR[0][0])
    assert blue[y - 9 : y + 10, x - 9 : x + 10].sum() > 15
    assert b"frame1" not in out.read_bytes()
    assert str(labelled.document.path.parent).encode() not in out.read_bytes()


def test_copying_puts_the_annotated_frame_on_the_clipboard(labelled):
    labelled.actions["copy_image"].trigger()
    image = QGuiApplication.clipboard().image()
    assert (image.width(), image.height()) == (400, 300)


def test_copied_measurements_carry_unit_and_scale_source(labelled):
    labelled.actions["copy_measures"].trigger()
    rows = [line.split("\t") for line in QGuiApplication.clipboard().text().splitlines()]
    assert rows[0][:5] == ["name", "value", "unit", "uncertainty", "scale"]
    assert rows[0][5:] == ["mm per px", "scale reason"]
    length = labelled.document.measurements[0]
    assert rows[1][:6] == ["FL", f"{length.value:.1f}", "px", "", "none", ""]
    assert rows[1][6] == length.scale.reason


def test_an_imported_label_file_brings_points_and_scale(bench, qtbot, tmp_path):
    file = tmp_path / "truth.csv"
    file.write_text(
        "image_path,task_name,task_id,num_classes,height,width,point_1_xy,point_2_xy,pixel_size_mm\n"
        'frame1.png,Regression,IVC,2,300,400,"[100.0, 80.0]","[100.0, 130.0]",0.2\n'
        'frame9.png,Regression,IVC,2,300,400,"[100.0, 80.0]","[100.0, 130.0]",0.2\n',
        encoding="utf-8",
    )
    bench.document.set_task(bench.tasks["IVC"])
    bench.labels.import_labels("csv", file)
    qtbot.waitUntil(lambda: "frame9.png" in bench.banner.text)
    assert bench.document.measurements[0].text == "10.0 mm"
