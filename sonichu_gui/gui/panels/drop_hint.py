"""Shown over the frame while files are dragged over the window: what letting go would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from sonichu_gui.gui import theme
from sonichu_gui.gui.handed_over import paths_in

if TYPE_CHECKING:
    from PySide6.QtCore import QMimeData

_MARGIN = 18
_PLATE = QColor(11, 13, 16, 200)


class DropHint(QWidget):
    """A dashed frame and a line of words; the frame below shows through."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    @property
    def text(self) -> str:
        """What it says."""
        return self._words

    def lie_over(self, widget: QWidget) -> None:
        """Covers a widget from now on."""
        self.setParent(widget)
        widget.installEventFilter(self)
        self.setGeometry(widget.rect())

    def show_for(self, data: QMimeData) -> None:
        """Says what letting go would open."""
        count = len(paths_in(data))
        if count > 1:
            self._words = self.tr("Drop to open {} items").format(count)
        else:
            self._words = self.tr("Drop to open")
        self.setAccessibleName(self._words)
        self.raise_()
        self.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keeps the size of what it covers."""
        if event.type() is QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Dims the frame, draws the dashed border and the words."""
        palette = theme.DARK  # the canvas is dark in both themes
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), _PLATE)
        pen = QPen(QColor(palette.accent), 2, Qt.PenStyle.DashLine, Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        frame = QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        painter.drawRoundedRect(frame, 6, 6)
        painter.setFont(theme.font(15, weight=600))
        painter.setPen(QColor(palette.text))
        room = int(frame.width()) - 2 * _MARGIN
        words = QFontMetrics(painter.font()).elidedText(
            self._words, Qt.TextElideMode.ElideRight, room
        )
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, words)
