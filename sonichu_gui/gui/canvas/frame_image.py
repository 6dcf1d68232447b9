"""From pixels to Qt's pictures: the frame as it is to be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QImage

if TYPE_CHECKING:
    from sonichu_gui.domain.frame import Pixels
    from sonichu_gui.gui.document import Document


def shown_image(document: Document) -> QImage:
    """Gives the document's frame in the look it is shown in; null without a frame."""
    frame = document.frame
    return QImage() if frame is None else image_of(document.appearance.pixels(frame))


def image_of(pixels: Pixels) -> QImage:
    """Gives pixels, (height, width) or (height, width, 3), as a QImage of its own memory."""
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    grey = pixels.ndim == 2
    kind = QImage.Format.Format_Grayscale8 if grey else QImage.Format.Format_RGB888
    return QImage(pixels.data, width, height, pixels.strides[0], kind).copy()
