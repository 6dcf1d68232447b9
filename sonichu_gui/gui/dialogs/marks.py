"""Small marks that tell states apart by shape, so that no colour has to be seen."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from sonichu_gui.gui import theme


class State(Enum):
    """What a mark says; the value is the palette's colour."""

    GOOD = "green"
    DRAFT = "amber"
    NONE = "text_soft"
    BAD = "red"


def paint_mark(painter: QPainter, center: QPointF, state: State) -> None:
    """Draws a dot for good, a triangle for a draft, a square for bad, a ring for none."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    color = QColor(getattr(theme.current(), state.value))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    if state is State.BAD:
        painter.drawRect(QRectF(center.x() - 3.5, center.y() - 3.5, 7, 7))
    elif state is State.GOOD:
        painter.drawEllipse(center, 4, 4)
    elif state is State.DRAFT:
        corners = (QPointF(0, -4.4), QPointF(4.6, 3.7), QPointF(-4.6, 3.7))
        painter.drawPolygon([center + corner for corner in corners])
    else:
        painter.setPen(QPen(color, 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(center, 3.3, 3.3)


class Mark(QWidget):
    """A mark beside words."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self.setFixedSize(10, 18)  # the height of a line of 13 px beside it

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draws the shape."""
        painter = QPainter(self)
        paint_mark(painter, QPointF(5, self.height() / 2), self._state)
