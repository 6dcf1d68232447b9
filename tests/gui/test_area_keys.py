"""While a scan area is chosen the points are not seen: no key changes them, undo is the area's."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from sonichu_gui.gui.place import Tool
from tests.gui.hands import click, drag
from tests.gui.scenes import open_and_wait
from tests.scans import write_dark, write_scan

NONE, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def bench(make_bench, qtbot, tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in (1, 2):
        write_scan(folder / f"scan{number}.png", seed=number)
    workbench = make_bench()
    open_and_wait(workbench, qtbot, folder)
    return workbench


def choose(bench, qtbot):
    bench.actions["correct_area"].trigger()
    qtbot.waitUntil(lambda: bench.document.tool is Tool.AREA)
    drag(bench.canvas, (100.0, 60.0), QPoint(100, 80))
    return bench.viewing.area_hand


@pytest.mark.parametrize(
    ("key", "modifier"),
    [
        (Qt.Key.Key_Left, NONE),
        (Qt.Key.Key_Z, CTRL),
        (Qt.Key.Key_Y, CTRL),
        (Qt.Key.Key_Space, NONE),
        (Qt.Key.Key_X, NONE),
        (Qt.Key.Key_Y, NONE),
        (Qt.Key.Key_U, NONE),
        (Qt.Key.Key_Delete, NONE),
    ],
)
def test_no_key_changes_points_that_are_not_seen(bench, qtbot, key, modifier):
    bench.document.set_task(bench.tasks["IVC"])
    bench.actions["place"].trigger()
    click(bench.canvas, (180.0, 150.0))
    click(bench.canvas, (180.0, 200.0))
    bench.document.select(0)
    points, path = bench.document.annotation, bench.document.path
    choose(bench, qtbot)
    QTest.keyClick(bench.canvas, key, modifier)
    assert bench.document.annotation == points
    assert bench.document.path == path
    assert bench.document.tool is Tool.AREA
    QTest.keyClick(bench.canvas, Qt.Key.Key_Escape)
    QTest.keyClick(bench.canvas, Qt.Key.Key_Z, CTRL)
    assert bench.document.annotation != points


def test_undo_takes_the_last_drag_back(bench, qtbot):
    hand = choose(bench, qtbot)
    first = hand.outlines
    drag(bench.canvas, (200.0, 150.0), QPoint(40, 40))
    assert hand.outlines != first
    QTest.keyClick(bench.canvas, Qt.Key.Key_Z, CTRL)
    assert hand.outlines == first
    QTest.keyClick(bench.canvas, Qt.Key.Key_Z, CTRL)
    QTest.keyClick(bench.canvas, Qt.Key.Key_Z, CTRL)
    assert len(hand.outlines[0]) > 4


def test_shift_h_does_not_lose_what_was_drawn(bench, qtbot):
    dark = write_dark(bench.document.path.with_name("zz.png"))
    bench.study.show(dark)
    qtbot.waitUntil(lambda: bench.document.path == dark)
    hand = choose(bench, qtbot)
    drawn = hand.outlines
    QTest.keyClick(bench.canvas, Qt.Key.Key_H, SHIFT)
    assert hand.outlines == drawn
    assert not bench.banner.text
    QTest.keyClick(bench.canvas, Qt.Key.Key_Return)
    assert bench.viewing.areas.is_drawn


def test_find_again_offers_what_is_found_and_esc_keeps_what_was_drawn(bench, qtbot):
    choose(bench, qtbot)
    QTest.keyClick(bench.canvas, Qt.Key.Key_Return)
    box = bench.viewing.areas.area.box
    for key in (Qt.Key.Key_Escape, Qt.Key.Key_Return):
        bench.actions["correct_area"].trigger()
        qtbot.waitUntil(lambda: bench.document.tool is Tool.AREA)
        QTest.mouseClick(bench.viewing.area_strip.find_button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: len(bench.viewing.area_hand.outlines[0]) > 4)
        assert bench.viewing.areas.area.box == box
        QTest.keyClick(bench.canvas, key)
        assert bench.document.tool is Tool.EDIT
        assert (bench.viewing.areas.area.box == box) is (key == Qt.Key.Key_Escape)
