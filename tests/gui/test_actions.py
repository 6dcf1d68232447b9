"""The table of actions: no key means two things, and every action does something."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtGui import QKeySequence

from sonichu_gui.gui.actions import ROWS
from sonichu_gui.gui.deeds import _deeds, _toggles


def test_no_two_actions_share_a_key():
    keys = Counter(QKeySequence(key).toString() for row in ROWS for key in row.keys)
    assert [key for key, count in keys.items() if count > 1] == []


def test_every_action_has_its_deed(bench):
    assert {row.id for row in ROWS} == {*_deeds(bench), *_toggles(bench)}


def test_parts_are_connected_once(bench):
    """A second connection does everything twice: a banner, a write of the settings."""
    heard = []
    bench.settings.save = lambda: heard.append("saved")
    bench.serving.chosen.emit(bench.serving.choice)
    assert heard == ["saved"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_every_action_says_what_it_does(row):
    assert row.tip
    assert row.tip != row.text
