"""The loupe: the place under the dragged point, magnified, in the corner away from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen, QPixmap

from sonichu_gui.gui.canvas.calipers import color_of
from sonichu_gui.gui.canvas.painter import HALO, PLATE

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Point
    from sonichu_gui.gui.document import Document

DIAMETER = 156.0
MARGIN = 24.0
CAPTION_HEIGHT = 26.0
MAGNIFIED = 3.0


class Loupe:
    """A loupe on a keypoint while it is moved.

    Args:
        document: Whose point.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._on: tuple[int, Point] | None = None

    def show(self, index: int | None, cursor: Point | None) -> None:
        """Puts it on a keypoint, for a cursor in widget units; None takes it away."""
        self._on = None if index is None or cursor is None else (index, cursor)

    def area(self, size: QSize) -> QRect | None:
        """Where it is drawn on a widget of a size; None while it is away."""
        if self._on is None:
            return None
        return self._rect(self._on[1], size).toAlignedRect().adjusted(-3, -3, 3, 3)

    def paint(
        self, painter: QPainter, *, size: QSize, frame: QPixmap, zoom: float, font: QFont
    ) -> None:
        """Draws it, where it is on a point.

        Args:
            painter: On the widget.
            size: Of the widget.
            frame: The frame as it appears.
            zoom: The canvas' zoom; the loupe shows three times as much, at least 2.
            font: Of the caption.
        """
        if self._on is None:
            return
        index, cursor = self._on
        document = self._document
        point = document.annotation.keypoints[index]
        if point is None:
            return
        name = document.task.keypoints[index].name
        paint_loupe(
            painter,
            rect=self._rect(cursor, size),
            frame=frame,
            point=point.xy,
            zoom=zoom,
            color=color_of(document.task, index),
            caption=f"{name}  {point.x:.1f}, {point.y:.1f}",
            font=font,
        )

    def _rect(self, cursor: Point, size: QSize) -> QRectF:
        return loupe_rect(cursor=cursor, width=size.width(), height=size.height())


def loupe_rect(*, cursor: Point, width: float, height: float) -> QRectF:
    """Where the loupe goes on a widget: top right, or top left when the cursor is near there.

    Caption included; in widget units.
    """
    near_right = cursor[0] > width - DIAMETER - 3 * MARGIN and cursor[1] < DIAMETER + 4 * MARGIN
    x = MARGIN if near_right else width - DIAMETER - MARGIN
    return QRectF(x, MARGIN, DIAMETER, DIAMETER + CAPTION_HEIGHT)


def paint_loupe(
    painter: QPainter,
    *,
    rect: QRectF,
    frame: QPixmap,
    point: Point,
    zoom: float,
    color: str,
    caption: str,
    font: QFont,
) -> None:
    """Draws the loupe.

    Args:
        painter: On the widget.
        rect: From `loupe_rect`.
        frame: The frame's pixels.
        point: What lies in the middle, in image pixels.
        zoom: The canvas' zoom; the loupe shows three times as much, at least 2.
        color: Of the cross.
        caption: Under the loupe.
        font: Of the caption.
    """
    circle = QRectF(rect.x(), rect.y(), DIAMETER, DIAMETER)
    center = circle.center()
    magnification = max(zoom * MAGNIFIED, 2.0)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    clip = QPainterPath()
    clip.addEllipse(circle)
    painter.setClipPath(clip, Qt.ClipOperation.IntersectClip)
    painter.fillRect(circle, QColor("#050607"))
    reach = DIAMETER / 2 / magnification
    x, y = point[0] + 0.5, point[1] + 0.5
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawPixmap(circle, frame, QRectF(x - reach, y - reach, 2 * reach, 2 * reach))
    painter.restore()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor("#2E3641"), 1.5))
    painter.drawEllipse(circle)
    for pen in (QPen(HALO, 3.0), QPen(QColor(color), 1.2)):
        painter.setPen(pen)
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            painter.drawLine(center + QPointF(dx, dy) * 5, center + QPointF(dx, dy) * 15)
    plate = QRectF(rect.x(), circle.bottom() + 6, DIAMETER, 18)
    painter.setFont(font)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    painter.drawRoundedRect(plate, 3, 3)
    painter.setPen(QColor("#E8ECF0"))
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, caption)
