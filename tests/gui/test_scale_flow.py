"""Scale by hand: two clicks and a length; doubtful scales; what the numbers then say."""

from __future__ import annotations

import shutil

import pydicom
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sonichu_gui.domain.calibration import ScaleSource, Trust
from sonichu_gui.gui.place import Tool
from tests.gui.hands import at, click, move
from tests.gui.scenes import open_and_wait


def place_ivc(bench, first=(100.0, 100.0), second=(100.0, 150.0)):
    bench.document.set_task(bench.tasks["IVC"])
    bench.actions["place"].trigger()
    click(bench.canvas, first)
    click(bench.canvas, second)


def measured(bench):
    return bench.document.measurements[0]


def test_a_frame_without_scale_is_measured_in_pixels_with_the_reason(bench):
    place_ivc(bench)
    assert measured(bench).unit == "px"
    assert measured(bench).reason


def test_two_clicks_and_a_length_give_millimetres_and_undo_takes_them_back(bench):
    place_ivc(bench)
    bench.actions["calibrate"].trigger()
    click(bench.canvas, (50.0, 50.0))
    click(bench.canvas, (150.0, 50.0))
    bench.measure_panel.scale_length_entered.emit(20.0)
    line_px = 100.0
    assert measured(bench).unit == "mm"
    assert measured(bench).value == pytest.approx(50.0 * 20.0 / line_px, rel=0.02)
    assert measured(bench).scale.source is ScaleSource.MANUAL
    assert bench.document.tool is Tool.EDIT
    bench.actions["undo"].trigger()
    assert measured(bench).unit == "px"
    bench.actions["redo"].trigger()
    assert measured(bench).unit == "mm"


def test_after_the_second_click_the_length_is_typed_at_once(bench, qtbot):
    place_ivc(bench)
    QTest.keyClick(bench.canvas, Qt.Key.Key_S)
    click(bench.canvas, (50.0, 50.0))
    move(bench.canvas, at(bench.canvas, (100.0, 50.0)))
    assert bench.document.scale_line[1][0] == pytest.approx(100.0, abs=1.0)
    assert not bench.measure_panel.scale.form.isVisible()
    click(bench.canvas, (150.0, 50.0))
    field = bench.measure_panel.scale.form.field
    qtbot.waitUntil(field.hasFocus)
    QTest.keyClicks(field, "20")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert measured(bench).value == pytest.approx(10.0, rel=0.02)
    assert bench.canvas.hasFocus()


def test_the_scale_is_there_again_after_a_restart(bench, make_bench, qtbot, study):
    place_ivc(bench)
    bench.actions["calibrate"].trigger()
    click(bench.canvas, (50.0, 50.0))
    click(bench.canvas, (150.0, 50.0))
    bench.measure_panel.scale_length_entered.emit(20.0)
    value = measured(bench).value
    bench.window.close()
    again = make_bench()
    open_and_wait(again, qtbot, study)
    again.document.set_task(again.tasks["IVC"])
    assert measured(again).value == pytest.approx(value)


def test_a_line_too_short_sets_no_scale_and_says_so(bench):
    place_ivc(bench)
    bench.actions["calibrate"].trigger()
    click(bench.canvas, (50.0, 50.0))
    click(bench.canvas, (52.0, 50.0))
    bench.measure_panel.scale_length_entered.emit(20.0)
    assert measured(bench).unit == "px"
    assert "5 px" in bench.banner.text


@pytest.fixture
def rescaled_cine(make_bench, qtbot, tmp_path):
    """pydicom's apical cine: its region is larger than its picture."""
    folder = tmp_path / "cine"
    folder.mkdir()
    shutil.copy(pydicom.examples.get_path("ybr_color"), folder / "cine.dcm")
    bench = make_bench()
    open_and_wait(bench, qtbot, folder / "cine.dcm")
    return bench


def test_a_doubtful_region_gives_pixels_until_a_person_confirms_it(rescaled_cine):
    bench = rescaled_cine
    place_ivc(bench)
    assert measured(bench).unit == "px"
    assert measured(bench).scale.trust is Trust.DOUBTFUL
    bench.document.confirm_scale(measured(bench).scale.key)
    assert measured(bench).unit == "mm"
    bench.actions["undo"].trigger()
    assert measured(bench).unit == "px"
