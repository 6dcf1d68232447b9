"""The menu of recent studies: each with its place, the missing ones said so, and ways to tidy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QFontMetrics
from PySide6.QtWidgets import QMenu, QWidget

from sonichu_gui.gui import theme
from sonichu_gui.gui.plain_tip import plain_tip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.gui.recent_rows import RecentRow

_PLACE_WIDTH = 340
_TITLE_WIDTH = 260


class RecentMenu(QMenu):
    """Recent studies, newest first."""

    chosen = Signal(object)  # RecentStudy
    removal_wanted = Signal()  # of those that are not there
    clearing_wanted = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.setToolTipsVisible(True)
        self.menuAction().setVisible(False)

    def set_rows(self, rows: Sequence[RecentRow]) -> None:
        """Lists other studies."""
        self.clear()
        for row in rows:
            self._add(row)
        self.addSeparator()
        if any(row.is_missing for row in rows):
            tidy = self.addAction(self.tr("Remove missing"))
            tidy.triggered.connect(self.removal_wanted)
        clear = self.addAction(self.tr("Clear list"))
        clear.triggered.connect(self.clearing_wanted)
        self.menuAction().setVisible(bool(rows))

    def _add(self, row: RecentRow) -> None:
        metrics = QFontMetrics(theme.word_font(11.5))
        middle = Qt.TextElideMode.ElideMiddle
        title = metrics.elidedText(row.title, middle, _TITLE_WIDTH)
        place = self.tr("missing") if row.is_missing else row.place
        place = metrics.elidedText(place, middle, _PLACE_WIDTH)
        action = QAction(f"{title}\t{place}".replace("&", "&&"), self)
        lines = "\n".join(filter(None, (*map(str, row.study.opened[:3]), row.left_at)))
        action.setToolTip(plain_tip(lines))
        action.triggered.connect(lambda _=False, study=row.study: self.chosen.emit(study))
        self.addAction(action)
