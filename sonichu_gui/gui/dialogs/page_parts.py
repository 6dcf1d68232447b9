"""The parts of a page to read: its column, sections of named values, a problem, checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sonichu_gui.gui import theme
from sonichu_gui.gui.dialogs.marks import Mark, State
from sonichu_gui.gui.dialogs.texts import LinkButton, plain, section_head

if TYPE_CHECKING:
    from collections.abc import Sequence

_LABEL_WIDTH = 112
_ROW_HEIGHT = 22
_ONE_LINE = 48
"""Letters of a value that need more than a line in a small window: its name stands at the first."""


def page_of_sections() -> tuple[QWidget, QVBoxLayout]:
    """A page and the column that its sections go into."""
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(24, 18, 24, 18)
    column.setSpacing(18)
    return page, column


def titled_rows(title: str, rows: Sequence[tuple[str, QWidget]]) -> QVBoxLayout:
    """A section of values, each with its name at the left."""
    column = QVBoxLayout()
    column.setSpacing(6)
    column.addWidget(section_head(title))
    grid = QGridLayout()
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(2)
    grid.setColumnMinimumWidth(0, _LABEL_WIDTH)
    grid.setColumnStretch(1, 1)
    for number, (label, value) in enumerate(rows):
        name = plain(label, role="text_soft")
        name.setFixedWidth(_LABEL_WIDTH)
        lines = isinstance(value, QLabel) and len(value.text()) > _ONE_LINE
        side = Qt.AlignmentFlag.AlignTop if lines else Qt.AlignmentFlag.AlignVCenter
        grid.setRowMinimumHeight(number, _ROW_HEIGHT)
        grid.addWidget(name, number, 0, side)
        grid.addWidget(value, number, 1)
    column.addLayout(grid)
    return column


def word_and_link(word: str, link: LinkButton) -> QWidget:
    """A word, if there is one, and a link to more."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(12)
    if word:
        label = QLabel(word)
        label.setFont(theme.word_font(11.5))
        label.setTextFormat(Qt.TextFormat.PlainText)
        layout.addWidget(label)
    layout.addWidget(link)
    layout.addStretch(1)
    return row


def problem_card(text: str) -> QFrame:
    """What is wrong, on a card of its own."""
    card = QFrame()
    card.setProperty("card", "red")
    row = QHBoxLayout(card)
    row.setContentsMargins(12, 8, 12, 8)
    row.setSpacing(10)
    row.addWidget(Mark(State.BAD), 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(plain(text), 1)
    return card


def check_line(name: str, text: str, *, ok: bool) -> QWidget:
    """One thing that was looked at, and whether it is as it should be."""
    line = QWidget()
    row = QHBoxLayout(line)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(10)
    row.addWidget(Mark(State.GOOD if ok else State.BAD), 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(plain(f"{name}: {text}"), 1)
    return line
