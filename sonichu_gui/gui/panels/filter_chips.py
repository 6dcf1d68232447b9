"""The chips that filter the frame list: a word and how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QStylePainter, QWidget

from sonichu_gui.gui import theme
from sonichu_gui.gui.panels.controls import PanelButton, paint_empty_button
from sonichu_gui.gui.panels.status_tally import FrameFilter

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEIGHT = 26
_SPACING = 4
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class _Chip(PanelButton):
    """One filter; where room is short an icon may stand for its word."""

    _GAP = 4
    _ICON = 14

    def __init__(self, kind: FrameFilter, word: str, short_icon: str = "") -> None:
        super().__init__("chip", text=word)
        self.filter = kind
        self.brief = False
        self.pad = 8
        self._short_icon = short_icon
        self._count = 0
        self.setFixedHeight(_HEIGHT)
        self.setCheckable(True)

    def set_count(self, count: int) -> None:
        """Shows how many files it would leave."""
        self._count = count
        self.setAccessibleName(f"{self.text()} {count}")
        self.setToolTip(f"{self.text()}: {count:,}".replace(",", "\u2009"))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Room for the word and its count."""
        width = self._lead_width() + self._GAP + _figures(self._count_text()) + 2 * self.pad
        return QSize(width, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Room for the count."""
        return QSize(_figures(self._count_text()) + 2 * self.pad, _HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draws the pill, its word and the quieter count."""
        palette = theme.current()
        painter = QStylePainter(self)
        paint_empty_button(self, painter)
        role = "accent" if self.isChecked() else "text_soft"
        painter.setPen(QColor(getattr(palette, role)))
        inside = self.rect().adjusted(self.pad, 0, -self.pad, 0)
        if self.brief and self._short_icon:
            place = QRect(inside.left() - 1, inside.center().y() - 6, self._ICON, self._ICON)
            theme.icon(self._short_icon, role).paint(painter, place)
        else:
            painter.setFont(theme.font(11.5))
            painter.drawText(inside, _LEFT, self._word_that_fits(inside.width()))
        painter.setFont(theme.font(10.5))
        painter.drawText(inside, _RIGHT, self._count_text())

    def _lead_width(self) -> int:
        if self.brief and self._short_icon:
            return self._ICON
        return QFontMetrics(theme.font(11.5)).horizontalAdvance(self.text())

    def _word_that_fits(self, width: int) -> str:
        """The word, cut short rather than under its count; the tooltip has it whole."""
        room = width - self._GAP - _figures(self._count_text())
        metrics = QFontMetrics(theme.font(11.5))
        if metrics.horizontalAdvance(self.text()) <= room:
            return self.text()  # a fraction of a pixel is no reason to cut
        return metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, room)

    def _count_text(self) -> str:
        return str(self._count) if self._count < 10_000 else f"{self._count // 1000}k"


class FilterChips(QWidget):
    """All, to do, done, flagged: one of them is on."""

    filter_chosen = Signal(object)  # FrameFilter

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips = {
            chip.filter: chip
            for chip in (
                _Chip(FrameFilter.ALL, self.tr("All")),
                _Chip(FrameFilter.TO_DO, self.tr("To do")),
                _Chip(FrameFilter.DONE, self.tr("Done"), "check"),
                _Chip(FrameFilter.FLAGGED, self.tr("Flagged"), "flag"),
            )
        }
        self._group = QButtonGroup(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(_SPACING)
        for number, chip in enumerate(self.chips.values()):
            self._group.addButton(chip, number)
            layout.addWidget(chip)
        layout.addStretch(1)
        self.chips[FrameFilter.ALL].setChecked(True)
        self._group.idClicked.connect(self._choose)

    def set_counts(self, counts: Mapping[FrameFilter, int]) -> None:
        """Shows how many files each filter would leave."""
        for kind, chip in self.chips.items():
            chip.set_count(counts[kind])
        self._fit()

    def show_filter(self, kind: FrameFilter) -> None:
        """Tells which filter is on; none of the chips is where another part has one."""
        self._group.setExclusive(False)
        for each, chip in self.chips.items():
            chip.setChecked(each is kind)
        self._group.setExclusive(True)

    def minimumSizeHint(self) -> QSize:
        """The chips give way before the list does."""
        return QSize(0, _HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lets icons stand for words where the words do not fit."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        chips = list(self.chips.values())
        # (which chips show their icon, room left and right of the words), the roomiest first
        looks: tuple[tuple[tuple[FrameFilter, ...], int], ...] = (
            ((), 8),
            ((FrameFilter.FLAGGED,), 8),
            ((FrameFilter.FLAGGED, FrameFilter.DONE), 8),
            ((FrameFilter.FLAGGED, FrameFilter.DONE), 5),
            ((FrameFilter.FLAGGED, FrameFilter.DONE), 3),
        )
        for brief, pad in looks:
            for chip in chips:
                chip.brief, chip.pad = chip.filter in brief, pad
                chip.updateGeometry()
            needed = sum(chip.sizeHint().width() for chip in chips) + _SPACING * (len(chips) - 1)
            if needed <= self.width():
                break

    def _choose(self, number: int) -> None:
        self.filter_chosen.emit(list(self.chips)[number])


def _figures(text: str) -> int:
    return QFontMetrics(theme.font(10.5)).horizontalAdvance(text)
