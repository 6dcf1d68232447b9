from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction

from sonichu_gui.errors import FrameError, UntrainedHead
from sonichu_gui.gui.panels.banner import Banner


@pytest.fixture
def banner(qtbot):
    widget = Banner()
    qtbot.addWidget(widget)
    widget.resize(800, 60)
    return widget


def test_an_error_says_what_and_what_to_do(qtbot, banner):
    banner.show_error(FrameError("a.dcm ends early.", "Copy it again."))
    assert banner.isVisible()
    assert banner.text == "a.dcm ends early. Copy it again."
    assert banner.property("tone") == "red"


def test_an_untrained_head_is_a_limit_and_no_failure(banner):
    banner.show_error(UntrainedHead("No trained head for AoP.", "Place the points by hand."))
    assert banner.property("tone") == "amber"


def test_the_newest_message_replaces_the_last(banner):
    banner.show_error(FrameError("first", "one"))
    banner.show_note("Exported 12 rows")
    assert banner.text == "Exported 12 rows"
    assert banner.property("tone") == "neutral"


def test_the_cross_puts_it_away(qtbot, banner):
    banner.show_note("done")
    with qtbot.waitSignal(banner.closed):
        qtbot.mouseClick(banner.close_button, Qt.MouseButton.LeftButton)
    assert not banner.isVisible()


def test_escape_puts_it_away(qtbot, banner):
    with qtbot.waitActive(banner):
        banner.show_note("done")
        banner.activateWindow()
    qtbot.keyClick(banner, Qt.Key.Key_Escape)
    assert not banner.isVisible()


def test_its_button_triggers_the_action(qtbot, banner):
    action = QAction("Open log", banner)
    banner.show_error(FrameError("a"), action)
    with qtbot.waitSignal(action.triggered):
        qtbot.mouseClick(banner.action_button, Qt.MouseButton.LeftButton)


def test_markup_in_a_file_name_stays_text(banner):
    banner.show_error(FrameError("<b>x</b>.png cannot be read."))
    assert banner.text == "<b>x</b>.png cannot be read."
