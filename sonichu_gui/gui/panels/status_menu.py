"""The filter for a single status: a small button with a menu, for what the chips put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from sonichu_gui.gui.panels.controls import PanelButton
from sonichu_gui.gui.panels.status_tally import SINGLE, FrameFilter
from sonichu_gui.gui.panels.words import status_word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QAction


class StatusMenu(PanelButton):
    """Opens the menu; tells the status while one is chosen there."""

    filter_chosen = Signal(object)  # FrameFilter

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("link", text="", icon="chevron-down", parent=parent)
        self._menu = QMenu(self)
        self._menu.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self._choices = QActionGroup(self)
        self._rows: dict[FrameFilter, QAction] = {}
        for kind in (FrameFilter.ALL, *SINGLE):
            row = self._menu.addAction("")
            row.setCheckable(True)
            row.setData(kind)
            self._choices.addAction(row)
            self._rows[kind] = row
        self._choices.triggered.connect(self._choose)
        self.setMenu(self._menu)
        self.setIconSize(QSize(14, 14))
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the angle after the word
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.set_counts(dict.fromkeys(FrameFilter, 0))
        self.show_filter(FrameFilter.ALL)

    @property
    def rows(self) -> Mapping[FrameFilter, QAction]:
        """The rows of the menu."""
        return self._rows

    def set_counts(self, counts: Mapping[FrameFilter, int]) -> None:
        """Shows how many files have each status."""
        for kind, row in self._rows.items():
            row.setText(f"{self._word(kind)}\t{counts[kind]}")

    def show_filter(self, kind: FrameFilter) -> None:
        """Tells which filter is on, also one of the chips."""
        for each, row in self._rows.items():
            row.setChecked(each is kind)
        word = status_word(SINGLE[kind]) if kind in SINGLE else ""
        self.setText(word)
        self.setAccessibleName(self.tr("Filter by status"))
        self.setToolTip(self.tr("Show the frames of one status"))
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """The word, if there is one, and the angle."""
        words = self.fontMetrics().horizontalAdvance(self.text())
        return QSize(words + 20, 22)

    def _word(self, kind: FrameFilter) -> str:
        return status_word(SINGLE[kind]) if kind in SINGLE else self.tr("any status")

    def _choose(self, row: QAction) -> None:
        self.filter_chosen.emit(row.data())
