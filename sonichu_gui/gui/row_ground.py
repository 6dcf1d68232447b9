"""The ground of a list's row: filled where chosen, lifted by the mouse, outlined by the keys."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyle

from sonichu_gui.gui import theme

RADIUS = 6


def paint_row_ground(
    painter: QPainter, rect: QRect, state: QStyle.StateFlag, *, chosen: bool, bar: int
) -> None:
    """Paints it.

    Args:
        painter: Of the list.
        rect: Of the row.
        state: Where mouse and keyboard are.
        chosen: Whether it is the row that is shown.
        bar: Height of the accent at the left of a chosen row.
    """
    palette = theme.current()
    ground = QRectF(rect)
    painter.setPen(Qt.PenStyle.NoPen)
    if chosen:
        painter.setBrush(QColor(palette.accent_fill))
        painter.drawRoundedRect(ground, RADIUS, RADIUS)
        painter.setBrush(QColor(palette.accent))
        top = ground.center().y() - bar / 2
        painter.drawRoundedRect(QRectF(rect.left(), top, 3, bar), 1.5, 1.5)
    elif state & QStyle.StateFlag.State_MouseOver:
        painter.setBrush(QColor(palette.control))
        painter.drawRoundedRect(ground, RADIUS, RADIUS)
    if state & QStyle.StateFlag.State_HasFocus:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(palette.accent), 1))
        painter.drawRoundedRect(ground.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
