"""A row's thumbnail: the middle of a picture, cut to shape, with rounded corners."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QImage, QPainter, QPixmap

SIZE = QSize(76, 52)
"""In widget units."""

_DENSITY = 2
_RADIUS = 4


def rounded_thumbnail(image: QImage) -> QPixmap:
    """Cuts the middle of a picture to the thumbnail's shape.

    Args:
        image: Of any size, not null.

    Returns:
        A pixmap of `SIZE` at twice the density, transparent outside its round corners.
    """
    size = SIZE * _DENSITY
    filled = image.scaled(
        size,
        Qt.AspectRatioMode.KeepAspectRatioByExpanding,
        Qt.TransformationMode.SmoothTransformation,
    )
    left = (filled.width() - size.width()) // 2
    top = (filled.height() - size.height()) // 2
    cut = filled.copy(left, top, size.width(), size.height())
    pixmap = QPixmap(size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(cut))
    painter.drawRoundedRect(QRectF(pixmap.rect()), _RADIUS * _DENSITY, _RADIUS * _DENSITY)
    painter.end()
    pixmap.setDevicePixelRatio(_DENSITY)
    return pixmap
