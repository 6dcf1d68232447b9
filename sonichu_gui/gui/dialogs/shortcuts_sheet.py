"""The sheet of keys: every action of the table, and what the mouse does on the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sonichu_gui.gui import theme
from sonichu_gui.gui.actions import ROWS
from sonichu_gui.gui.dialogs.texts import section_head

if TYPE_CHECKING:
    from collections.abc import Iterable

MOUSE = (
    ("Drag a point", "Move it; Esc puts it back"),
    ("Drag elsewhere", "Move the frame"),
    ("Wheel", "Zoom at the cursor"),
    ("Shift + wheel", "Step through the cine"),
    ("Middle drag, Space + drag", "Move the frame, at any time"),
    ("Right click on a point", "Visible, occluded, uncertain, absent"),
    ("Arrows", "Nudge the selected point 1 px, Shift 10, Ctrl 0.1"),
    ("Left, Right", "A frame back or on, no point being selected"),
    ("1 to 9, Tab", "Select a point; Shift+Tab goes back"),
    ("Tab on a point", "Its other candidates, then the next point"),
    ("Enter, click on a ghost", "Take that candidate"),
    ("Backspace", "While placing, take the last point back"),
    ("Esc", "Leave the tool, the candidate, the selection"),
    ("Hold H", "Look under the marks"),
)
COLUMNS = 3


class ShortcutsSheet(QDialog):
    """A quiet window beside the work, never in its way."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keys and mouse"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 20, 24, 24)
        row.setSpacing(36)
        blocks = [(self.tr("Mouse and canvas"), [(self.tr(a), self.tr(b)) for a, b in MOUSE])]
        for group in dict.fromkeys(item.group for item in ROWS):
            lines = [
                (_keys(item.keys), item.text) for item in ROWS if item.group == group and item.keys
            ]
            if lines:
                blocks.append((group, lines))
        columns: list[QVBoxLayout] = []
        heights = [0] * COLUMNS
        for _ in range(COLUMNS):
            column = QVBoxLayout()
            column.setSpacing(18)
            columns.append(column)
            row.addLayout(column)
        for title, lines in blocks:
            shortest = heights.index(min(heights))
            columns[shortest].addLayout(self._block(title, lines))
            heights[shortest] += len(lines) + 2
        for column in columns:
            column.addStretch(1)

    def _block(self, title: str, lines: Iterable[tuple[str, str]]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(5)
        grid.addWidget(section_head(title), 0, 0, 1, 2)
        for number, (keys, words) in enumerate(lines, start=1):
            key_label = QLabel(keys)
            key_label.setFont(theme.font(11.5, weight=600))
            word_label = QLabel(words)
            word_label.setObjectName("soft")
            grid.addWidget(key_label, number, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(word_label, number, 1)
        grid.setColumnStretch(1, 1)
        return grid


def _keys(keys: tuple[str, ...]) -> str:
    native = QKeySequence.SequenceFormat.NativeText
    return ", ".join(QKeySequence(key).toString(native) for key in keys)
