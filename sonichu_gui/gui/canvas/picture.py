"""The frame's picture on the canvas, made only when it is painted: a slider cannot outrun it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPixmap

from sonichu_gui.gui.canvas.frame_image import shown_image
from sonichu_gui.gui.canvas.heat import heat_image

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from sonichu_gui.gui.document import Document


class Picture:
    """The document's frame as it appears, and the heatmap that may lie over it.

    Args:
        document: Whose frame.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._pixmap = QPixmap()
        self._is_stale = True
        self._heat = QPixmap()

    def renew(self) -> None:
        """The frame or its appearance is another one."""
        self._is_stale = True

    def set_heat(self, heat: npt.NDArray[np.float32] | None) -> bool:
        """Lays a heatmap of the whole frame over it, or takes it away; tells whether it differs."""
        if heat is None and self._heat.isNull():
            return False
        self._heat = QPixmap() if heat is None else QPixmap.fromImage(heat_image(heat))
        return True

    def pixmap(self) -> QPixmap:
        """Gives the frame as it appears."""
        if self._is_stale:
            self._pixmap = QPixmap.fromImage(shown_image(self._document))
            self._is_stale = False
        return self._pixmap

    def paint(self, painter: QPainter, rect: QRectF, *, smooth: bool, heat: bool) -> None:
        """Draws it into a rectangle.

        Args:
            painter: On the canvas.
            rect: Where the frame lies, widget units.
            smooth: Whether pixels run into one another.
            heat: Whether the heatmap is drawn as well.
        """
        pixmap = self.pixmap()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawPixmap(rect, pixmap, QRectF(pixmap.rect()))
        if heat and not self._heat.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(rect, self._heat, QRectF(self._heat.rect()))
