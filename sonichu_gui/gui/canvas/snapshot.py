"""The annotated frame as a picture at image resolution: what a screenshot and the clipboard get.

It carries no file name, no path and no metadata: only pixels, in the look they are shown in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF, QImage, QPainter

from sonichu_gui.gui import theme
from sonichu_gui.gui.canvas.frame_image import shown_image
from sonichu_gui.gui.canvas.heat import heat_image
from sonichu_gui.gui.canvas.labels import LabelLayout
from sonichu_gui.gui.canvas.overlay import OverlayOptions, build_marks
from sonichu_gui.gui.canvas.painter import MarkPainter
from sonichu_gui.gui.canvas.transform import ViewTransform

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from sonichu_gui.gui.document import Document

WIDTH_OF_ONE_STROKE = 1000.0
"""Image width at which marks are drawn as on the screen; wider frames get stronger ones."""


def annotated_image(
    document: Document,
    *,
    names: bool,
    uncertainty: bool,
    heat: npt.NDArray[np.float32] | None = None,
) -> QImage:
    """Draws the shown frame with its marks, one pixel a pixel.

    Args:
        document: With a frame.
        names: Whether points carry their names.
        uncertainty: Whether the model's uncertainty is drawn.
        heat: The heatmap that lies over the frame, or None.

    Raises:
        ValueError: The document shows no frame.
    """
    frame = document.frame
    if frame is None:
        raise ValueError("no frame to draw")
    image = shown_image(document).convertToFormat(QImage.Format.Format_RGB32)
    strength = max(1.0, frame.width / WIDTH_OF_ONE_STROKE)
    width, height = frame.width / strength, frame.height / strength
    font = theme.font(11.5, weight=600)
    marks = build_marks(
        task=document.task,
        annotation=document.annotation,
        measurements=document.measurements,
        view=ViewTransform(zoom=1.0 / strength),
        options=OverlayOptions(names=names, uncertainty=uncertainty),
        layout=LabelLayout(QFontMetricsF(font).horizontalAdvance),
        area=(0.0, 0.0, width, height),
    )
    painter = QPainter(image)
    if heat is not None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(0, 0, frame.width, frame.height), heat_image(heat))
    painter.scale(strength, strength)
    MarkPainter(font).paint(painter, marks, QRectF(0, 0, width, height))
    painter.end()
    return image
