"""A frame's status as a mark: every status has its own shape, so that colour is never alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from sonichu_gui.domain.annotation import Status

if TYPE_CHECKING:
    from sonichu_gui.gui.theme import Palette

STATUS_ROLES = {
    Status.TODO: "text_faint",
    Status.PROPOSED: "accent",
    Status.ACCEPTED: "green",
    Status.EDITED: "accent",
    Status.FLAGGED: "amber",
    Status.EXCLUDED: "text_faint",
}
"""Palette colour of each status."""

_RADIUS = 4.5


def paint_status(painter: QPainter, center: QPointF, status: Status, palette: Palette) -> None:
    """Draws a status mark of about 12 px.

    Args:
        painter: With antialiasing on.
        center: Middle of the mark, widget units.
        status: Which mark: hollow ring to do, ring with a core proposed, disc with a tick
            accepted, diamond edited, flag flagged, cross excluded.
        palette: Colours.
    """
    color = QColor(getattr(palette, STATUS_ROLES[status]))
    pen = QPen(color, 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
    painter.save()
    painter.translate(center)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if status in (Status.TODO, Status.PROPOSED):
        painter.drawEllipse(QPointF(0, 0), _RADIUS, _RADIUS)
        if status is Status.PROPOSED:
            _fill(painter, color)
            painter.drawEllipse(QPointF(0, 0), 1.6, 1.6)
    elif status is Status.EXCLUDED:
        painter.drawLine(QPointF(-3.6, -3.6), QPointF(3.6, 3.6))
        painter.drawLine(QPointF(3.6, -3.6), QPointF(-3.6, 3.6))
    elif status is Status.ACCEPTED:
        _fill(painter, color)
        painter.drawEllipse(QRectF(-6, -6, 12, 12))
        painter.setPen(QPen(QColor(palette.panel), 1.6, c=Qt.PenCapStyle.RoundCap))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline([QPointF(-2.8, 0.2), QPointF(-0.8, 2.3), QPointF(3.0, -2.2)])
    elif status is Status.EDITED:
        _fill(painter, color)
        painter.drawPolygon([QPointF(0, -6), QPointF(6, 0), QPointF(0, 6), QPointF(-6, 0)])
    else:
        painter.drawLine(QPointF(-4, -5.5), QPointF(-4, 5.5))
        _fill(painter, color)
        flag = QPolygonF([QPointF(-4, -5.5), QPointF(5, -5.5), QPointF(3, -2.2), QPointF(5, 1)])
        flag.append(QPointF(-4, 1))
        path = QPainterPath()
        path.addPolygon(flag)
        painter.drawPath(path)
    painter.restore()


def _fill(painter: QPainter, color: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
