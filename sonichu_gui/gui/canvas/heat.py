"""A heatmap as a picture to lie over the frame: the accent's hue, clear where nothing is seen.

One hue, from deep to bright, and never more than half opaque: grey values stay readable under it,
and no colour is said twice by the marks above it.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QImage

if TYPE_CHECKING:
    import numpy.typing as npt

MOST_OPAQUE = 0.55
NOTHING_BELOW = 0.02
"""Shares of the peak below this are the map's floor, not something seen."""

_DEEP = (14.0, 104.0, 116.0)
_BRIGHT = (150.0, 240.0, 248.0)


def heat_image(heat: npt.NDArray[np.float32]) -> QImage:
    """Colours a heatmap.

    Args:
        heat: (h, w) from 0 to 1, the likeliest place.
    """
    levels = np.rint(np.clip(np.nan_to_num(heat), 0.0, 1.0) * 255.0).astype(np.uint8)
    pixels = np.ascontiguousarray(_ramp()[levels])
    height, width = levels.shape
    kind = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(pixels.data, width, height, 4 * width, kind).copy()


@functools.cache
def _ramp() -> npt.NDArray[np.uint32]:
    """(256,) premultiplied 0xAARRGGBB, one a level."""
    level = np.arange(256) / 255.0
    seen = np.clip((level - NOTHING_BELOW) / (1.0 - NOTHING_BELOW), 0.0, 1.0)
    alpha = MOST_OPAQUE * seen**0.6  # flanks tell how unsure a peak is: they must not vanish
    channels = [
        (deep + (bright - deep) * level) * alpha
        for deep, bright in zip(_DEEP, _BRIGHT, strict=True)
    ]
    red, green, blue = (np.rint(channel).astype(np.uint32) for channel in channels)
    opaque = np.rint(alpha * 255.0).astype(np.uint32)
    return np.asarray((opaque << 24) | (red << 16) | (green << 8) | blue, np.uint32)
