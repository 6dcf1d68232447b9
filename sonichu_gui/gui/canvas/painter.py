"""Marks to ink: each drawn with a dark halo first, so that it reads on white bone."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen, QTransform

from sonichu_gui.gui.canvas.marks import ArcMark, LineMark, Mark, OvalMark, RingMark, TextMark

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sonichu_gui.domain.calibration import Point

HALO = QColor(6, 8, 10, 170)
RIM_HALO = QColor(6, 8, 10, 90)
PLATE = QColor(11, 13, 16, 178)


class MarkPainter:
    """Draws marks on any paint device.

    Args:
        font: Of the plates.
        stroke: Factor on fixed line widths (a screenshot may want thicker lines).
    """

    def __init__(self, font: QFont, stroke: float = 1.0) -> None:
        self._font = font
        self._stroke = stroke

    def paint(
        self, painter: QPainter, marks: Iterable[Mark], exposed: QRectF | None = None
    ) -> None:
        """Draws the marks that touch the exposed rectangle, in their order."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for mark in marks:
            if exposed is not None:
                x0, y0, x1, y1 = mark.bounds()
                if not exposed.intersects(QRectF(x0, y0, x1 - x0, y1 - y0)):
                    continue
            self._paint_one(painter, mark)

    def _paint_one(self, painter: QPainter, mark: Mark) -> None:
        if isinstance(mark, LineMark):
            self._line(painter, mark)
        elif isinstance(mark, RingMark):
            self._ring(painter, mark)
        elif isinstance(mark, OvalMark):
            self._oval(painter, mark)
        elif isinstance(mark, ArcMark):
            self._arc(painter, mark)
        else:
            self._text(painter, mark)

    def _line(self, painter: QPainter, mark: LineMark) -> None:
        line = QLineF(QPointF(*mark.start), QPointF(*mark.end))
        lines = [line]
        if mark.caps and line.length() > 1.0:
            normal = line.normalVector().unitVector()
            dx, dy = normal.dx() * mark.caps, normal.dy() * mark.caps
            lines += [
                QLineF(end.x() - dx, end.y() - dy, end.x() + dx, end.y() + dy)
                for end in (line.p1(), line.p2())
            ]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        color = QColor(mark.color)
        if mark.faint:
            color.setAlpha(200)
        painter.setPen(QPen(HALO, mark.width + 2.0 * self._stroke))
        painter.drawLines(lines)
        pen = QPen(color, mark.width)
        if mark.dashed:
            pen.setDashPattern([4, 4])
        painter.setPen(pen)
        painter.drawLines(lines)

    def _ring(self, painter: QPainter, mark: RingMark) -> None:
        center, color = QPointF(*mark.center), QColor(mark.color)
        radius = mark.radius + (1.5 if mark.hovered or mark.selected else 0.0) * self._stroke
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(HALO, 4.0 * self._stroke))
        painter.drawEllipse(center, radius, radius)
        if mark.selected:
            glow = QColor(color)
            glow.setAlpha(70)
            painter.setPen(QPen(glow, 4.0 * self._stroke))
            painter.drawEllipse(center, radius + 3.5, radius + 3.5)
        pen = QPen(color, (1.5 if mark.ghost else 2.0) * self._stroke)
        if mark.dashed:
            pen.setDashPattern([1.6, 1.4])
        painter.setPen(pen)
        painter.drawEllipse(center, radius, radius)
        if mark.crossed:
            d = radius * 0.7
            painter.drawLine(center + QPointF(-d, -d), center + QPointF(d, d))
            return
        if mark.ghost:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(HALO)
        painter.drawEllipse(center, 2.0 * self._stroke, 2.0 * self._stroke)
        painter.setBrush(color)
        painter.drawEllipse(center, 1.0 * self._stroke, 1.0 * self._stroke)

    def _oval(self, painter: QPainter, mark: OvalMark) -> None:
        if mark.filled:
            self._soft_oval(painter, mark)
            return
        path = _ellipse(mark.a, mark.b).translated(*mark.center)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(HALO, 3.2 * self._stroke))
        painter.drawPath(path)
        pen = QPen(QColor(mark.color), 1.4 * self._stroke)
        if mark.dotted:
            pen.setDashPattern([1.2, 3.0])
        painter.setPen(pen)
        painter.drawPath(path)

    def _soft_oval(self, painter: QPainter, mark: OvalMark) -> None:
        """A tint with a thin rim, and a hole where the point's ring is: the target stays bare."""
        color = QColor(mark.color)
        color.setAlpha(54)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawPath(_ellipse(mark.a, mark.b, mark.hole).translated(*mark.center))
        color.setAlpha(190)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        rim = _ellipse(mark.a, mark.b).translated(*mark.center)
        for pen in (QPen(RIM_HALO, 2.4 * self._stroke), QPen(color, 1.0 * self._stroke)):
            painter.setPen(pen)
            painter.drawPath(rim)

    def _arc(self, painter: QPainter, mark: ArcMark) -> None:
        x, y = mark.center
        box = QRectF(x - mark.radius, y - mark.radius, 2 * mark.radius, 2 * mark.radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(HALO, 3.4 * self._stroke), QPen(QColor(mark.color), 1.4 * self._stroke)):
            painter.setPen(pen)
            painter.drawArc(box, round(mark.start * 16), round(mark.sweep * 16))

    def _text(self, painter: QPainter, mark: TextMark) -> None:
        plate = QRectF(*mark.rect)
        if mark.leader is not None:
            painter.setPen(QPen(QColor(mark.color), 0.8 * self._stroke))
            painter.drawLine(plate.center(), QPointF(*mark.leader))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(PLATE)
        painter.drawRoundedRect(plate, 3.0 * self._stroke, 3.0 * self._stroke)
        painter.setFont(self._font)
        painter.setPen(QColor(mark.color))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, mark.text)


@functools.lru_cache(maxsize=256)
def _ellipse(a: Point, b: Point, hole: float = 0.0) -> QPainterPath:
    """An ellipse around the origin, less a circle: kept, since cutting it out takes long."""
    circle, inner = QPainterPath(), QPainterPath()
    circle.addEllipse(QPointF(0, 0), 1.0, 1.0)
    path = QTransform(a[0], a[1], b[0], b[1], 0.0, 0.0).map(circle)
    if not hole:
        return path
    inner.addEllipse(QPointF(0, 0), hole, hole)
    return path.subtracted(inner)
