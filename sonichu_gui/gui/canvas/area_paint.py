"""Draws a scan area that is being chosen: bright inside, dim outside, with handles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from sonichu_gui.gui import theme
from sonichu_gui.gui.canvas.painter import HALO

if TYPE_CHECKING:
    from sonichu_gui.gui.canvas.area_draft import Grip
    from sonichu_gui.gui.canvas.transform import ViewTransform
    from sonichu_gui.imaging.drawn_area import Outlines

_DIM = QColor(6, 8, 10, 190)
_HANDLE = 4.0


def paint_area(
    painter: QPainter,
    outlines: Outlines,
    *,
    view: ViewTransform,
    frame: QRectF,
    held: Grip | None,
) -> None:
    """Draws outlines over the frame.

    Args:
        painter: On the canvas.
        outlines: Corners in image pixels; none dims the whole frame.
        view: How the frame lies on the canvas.
        frame: Where it lies, widget units.
        held: What the pointer is on or holds.
    """
    shapes = [
        QPolygonF([QPointF(*view.to_widget(corner)) for corner in outline]) for outline in outlines
    ]
    inside, outside = QPainterPath(), QPainterPath()
    for shape in shapes:
        inside.addPolygon(shape)
        inside.closeSubpath()
    outside.addRect(frame)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillPath(outside.subtracted(inside), _DIM)
    color = QColor(theme.DARK.accent)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(HALO, 3.6), QPen(color, 1.6)):
        painter.setPen(pen)
        painter.drawPath(inside)
    for number, shape in enumerate(shapes):
        hot = held.corners if held is not None and held.outline == number else ()
        _paint_handles(painter, shape, hot, color)


def _paint_handles(
    painter: QPainter, shape: QPolygonF, hot: tuple[int, ...], color: QColor
) -> None:
    if len(hot) == 2:
        painter.setPen(QPen(color, 4.0))
        painter.drawLine(shape.at(hot[0]), shape.at(hot[1]))
    for index in range(shape.count()):
        reach = _HANDLE + (1.5 if index in hot else 0.0)
        box = QRectF(-reach, -reach, 2 * reach, 2 * reach).translated(shape.at(index))
        painter.setPen(QPen(HALO, 3.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box)
        painter.setPen(QPen(color, 1.4))
        painter.setBrush(color if index in hot else QColor("#0B0D10"))
        painter.drawRect(box)
