from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from sonichu_gui.domain.annotation import Annotation, Keypoint
from sonichu_gui.domain.calibration import Calibration, Region
from sonichu_gui.gui.panels.measure_panel import MeasurePanel
from sonichu_gui.gui.place import Tool
from tests.gui.panels.fakes import predicted, show_frame


@pytest.fixture
def panel(qtbot, document, actions):
    widget = MeasurePanel(document, actions)
    qtbot.addWidget(widget)
    widget.resize(336, 800)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def test_before_the_first_frame_every_measure_is_a_dash(panel):
    assert panel.measures.primary.text == "HC –"
    assert [row.text for row in panel.measures.rows] == ["BPD –", "OFD –", "CI –"]
    assert panel.measures.reason == "No points placed yet."


def test_numbers_follow_a_drag_before_it_is_let_go(panel, document):
    show_frame(document)
    document.commit(predicted(document.task), "Predict")
    before = panel.measures.primary.text
    rows = list(panel.measures.rows)
    document.preview(document.annotation.with_point(2, (450.0, 180.0)))
    assert panel.measures.primary.text != before
    assert panel.measures.rows == rows
    document.cancel_preview()
    assert panel.measures.primary.text == before


def test_numbers_carry_unit_and_uncertainty(panel, document):
    show_frame(document)
    document.commit(predicted(document.task), "Predict")
    assert panel.measures.primary.text == "HC 69.8 mm ± 2.0 · label file"


def test_without_a_scale_numbers_are_plain_pixels(panel, document):
    show_frame(document, calibration=Calibration())
    document.commit(predicted(document.task), "Predict")
    assert panel.measures.primary.text.startswith("HC 602.7 px ± 17.2")
    assert panel.measures.reason == ""


def test_a_missing_point_is_named_where_the_number_would_be(panel, document):
    show_frame(document)
    document.commit(predicted(document.task).without_point(0), "Take one away")
    assert panel.measures.rows[0].text == "BPD –"
    assert "BPD 1 is not placed" in panel.measures.rows[0].toolTip()
    assert panel.measures.rows[1].text.startswith("OFD 24.1 mm")


def test_another_task_brings_its_own_rows(panel, document, tasks):
    show_frame(document)
    document.set_task(tasks["PLAX"])
    assert panel.measures.primary.text == "LV –"
    assert len(panel.measures.rows) == len(tasks["PLAX"].measures) - 1


def test_copy_link_triggers_the_action(qtbot, panel, actions):
    with qtbot.waitSignal(actions["copy_measures"].triggered):
        qtbot.mouseClick(panel.measures.copy_button, Qt.MouseButton.LeftButton)


def test_points_set_well_need_no_caution(panel, document):
    show_frame(document)
    assert not panel.caution.isVisible()


def test_a_row_says_whose_its_millimetres_are_where_the_first_number_says_otherwise(
    panel, document
):
    left, right = (
        Region(n, x0, 0, x1, 539, mm, mm, "2D tissue", usable=True)
        for n, x0, x1, mm in ((0, 0, 399, 0.2), (1, 400, 799, 0.3))
    )
    show_frame(document, calibration=Calibration(regions=(left, right)))
    points = ((100.0, 100.0), (100.0, 300.0), (500.0, 200.0), (700.0, 200.0))
    placed = Annotation(document.task.id, tuple(Keypoint(x, y) for x, y in points))
    document.commit(placed, "Place")
    assert panel.measures.primary.text.startswith("HC")
    assert "mm" not in panel.measures.primary.text
    assert [row.source for row in panel.measures.rows[:2]] == ["region 1", "region 2"]
    assert panel.measures.rows[1].text == "OFD 60.0 mm · region 2"


def test_scale_card_stays_in_sight_with_twenty_two_points(qtbot, panel, document, tasks):
    show_frame(document)
    panel.resize(336, 520)
    document.set_task(tasks["PLAX"])
    qtbot.waitUntil(lambda: panel.scale.geometry().height() > 0)
    bottom = panel.scale.mapTo(panel, panel.scale.rect().bottomLeft()).y()
    assert bottom <= panel.height()


def test_the_tooltip_says_what_the_error_means_and_is_silent_where_there_is_none(panel, document):
    show_frame(document)
    document.commit(predicted(document.task), "Predict")
    assert "± 2.0 mm: one standard error" in panel.measures.primary.toolTip()
    assert "not the scale's error" in panel.measures.primary.toolTip()
    document.move_point(0, (290.0, 150.0))
    assert panel.measures.primary.text.endswith("mm · label file")
    assert "standard error" not in panel.measures.primary.toolTip()


def test_in_a_low_window_nothing_beneath_the_rows_is_squeezed(qtbot, panel, document):
    show_frame(document)
    document.commit(predicted(document.task).with_point(2, (363.0, 200.0)), "Askew")
    document.set_tool(Tool.SCALE)
    document.set_scale_line(((10.0, 10.0), (200.0, 10.0)))
    document.finish_scale_line()
    panel.resize(288, 380)
    qtbot.waitUntil(lambda: panel.scale.height() >= panel.scale.minimumSizeHint().height())
    assert panel.caution.isVisible()
    assert panel.caution.height() >= panel.caution.minimumSizeHint().height()
    assert panel._scroll.height() >= 130
