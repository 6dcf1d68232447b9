from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from sonichu_gui.domain.calibration import (
    Calibration,
    Region,
    Scale,
    ScaleSource,
    Trust,
    manual_scale,
)
from sonichu_gui.gui.panels.scale_card import ScaleCard
from sonichu_gui.gui.panels.scale_form import parse_length
from sonichu_gui.gui.place import Tool
from tests.gui.panels.fakes import predicted, show_frame

LEFT = Qt.MouseButton.LeftButton
LINE = ((100.0, 100.0), (232.4, 100.0))
DOUBTFUL = Calibration(
    spacing=Scale(ScaleSource.NOMINAL, 0.2, 0.25, Trust.DOUBTFUL, "not calibrated", key="nominal")
)


@pytest.fixture
def card(qtbot, document):
    show_frame(document)
    widget = ScaleCard(document)
    qtbot.addWidget(widget)
    widget.resize(300, 300)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


@pytest.fixture
def drawn(card, document):
    document.set_tool(Tool.SCALE)
    document.set_scale_line(LINE)
    document.finish_scale_line()
    return card


def test_a_trusted_scale_says_size_trust_and_source(card):
    assert card.text == "0.1158 mm / px, trusted: from the label file · HC.csv"


def test_without_a_scale_it_says_pixels_only_and_why(card, document):
    show_frame(document, "/study/plain.png", calibration=Calibration())
    assert card.text == "Pixels only, no scale: the file states no scale"


def test_a_doubtful_scale_shows_both_sizes_and_is_used_on_request(qtbot, card, document):
    show_frame(document, "/study/doubt.png", calibration=DOUBTFUL)
    assert card.text.startswith("0.20 × 0.25 mm / px, doubtful")
    qtbot.mouseClick(card.confirm_button, LEFT)
    assert "trusted: nominal spacing of the file · confirmed by anna" in card.text
    assert not card.confirm_button.isVisible()


def test_an_own_scale_can_be_removed(qtbot, card, document):
    own = manual_scale(start=LINE[0], end=LINE[1], length_mm=20, author="anna")
    document.set_scale(own)
    assert card.text == "0.1511 mm / px, trusted: set by hand · 20 mm drawn by anna"
    qtbot.mouseClick(card.remove_button, LEFT)
    assert card.text.startswith("0.1158 mm / px")
    assert not card.remove_button.isVisible()


def test_the_scale_is_that_of_the_shown_points(card, document):
    region = Region(0, 0, 0, 300, 539, 0.2, 0.2, "2D tissue", usable=True)
    show_frame(document, "/study/region.dcm", calibration=Calibration(regions=(region,)))
    assert card.text.startswith("0.20 mm / px, trusted")
    document.commit(predicted(document.task), "Predict")
    assert card.text == "Pixels only, no scale: 2 of 4 points outside the scan area of the file"


def test_calibrate_link_asks_to_calibrate(qtbot, card):
    with qtbot.waitSignal(card.calibrate_wanted):
        qtbot.mouseClick(card.calibrate_button, LEFT)


def test_the_form_comes_with_the_line_and_goes_with_it(card, document):
    assert not card.form.isVisible()
    document.set_tool(Tool.SCALE)
    document.set_scale_line(LINE)
    assert not card.form.isVisible()
    document.finish_scale_line()
    assert card.form.isVisible()
    document.set_tool(Tool.EDIT)
    assert not card.form.isVisible()


def test_typed_length_and_enter_set_the_scale(qtbot, drawn):
    qtbot.keyClicks(drawn.form.field, "20")
    assert drawn.form.said == "gives 0.1511 mm / px"
    with qtbot.waitSignal(drawn.scale_length_entered) as entered:
        qtbot.keyClick(drawn.form.field, Qt.Key.Key_Return)
    assert entered.args == [20.0]


def test_centimetres_with_a_decimal_comma(qtbot, drawn):
    qtbot.mouseClick(drawn.form.units["cm"], LEFT)
    qtbot.keyClicks(drawn.form.field, "2,5")
    with qtbot.waitSignal(drawn.scale_length_entered) as entered:
        qtbot.mouseClick(drawn.form.set_button, LEFT)
    assert entered.args == [25.0]


@pytest.mark.parametrize("text", ["", "abc", "0", "-3", "nan", "inf"])
def test_a_wrong_length_turns_red_with_words_and_sets_nothing(qtbot, drawn, text):
    qtbot.keyClicks(drawn.form.field, text)
    with qtbot.assertNotEmitted(drawn.scale_length_entered):
        qtbot.keyClick(drawn.form.field, Qt.Key.Key_Return)
    assert drawn.form.field.property("state") == "wrong"
    assert drawn.form.said == "A length is a number above 0, such as 20"


def test_correcting_a_wrong_length_takes_the_red_away(qtbot, drawn):
    qtbot.keyClick(drawn.form.field, Qt.Key.Key_Return)
    qtbot.keyClicks(drawn.form.field, "2")
    assert drawn.form.field.property("state") == ""


def test_escape_puts_the_tool_away(qtbot, drawn, document):
    qtbot.keyClick(drawn.form.field, Qt.Key.Key_Escape)
    assert document.tool is Tool.EDIT
    assert not drawn.form.isVisible()


def test_cancel_puts_the_tool_away(qtbot, drawn, document):
    qtbot.mouseClick(drawn.form.cancel_button, LEFT)
    assert document.tool is Tool.EDIT


def test_a_line_too_short_says_so(qtbot, drawn, document):
    document.set_scale_line(((0.0, 0.0), (2.0, 0.0)))
    document.finish_scale_line()
    qtbot.keyClicks(drawn.form.field, "20")
    assert drawn.form.said == "The line is too short: draw a longer one"


def test_the_length_is_forgotten_between_lines(qtbot, drawn, document):
    qtbot.keyClicks(drawn.form.field, "20")
    document.set_tool(Tool.EDIT)
    document.set_scale_line(LINE)
    document.finish_scale_line()
    assert drawn.form.field.text() == ""


@pytest.mark.parametrize(("text", "length"), [("20", 20.0), (" 1,5 ", 1.5), ("1e1", 10.0)])
def test_lengths_are_read_as_people_write_them(text, length):
    assert parse_length(text) == length
