"""Small bright marks of a frame: what ticks and dots of a ruler may be, and so may much else.

A mark is a connected piece that a white top-hat leaves: brighter than what lies beside it, and
thin. Ticks of a vertical ruler are thin from above to below and as long as they like; dots are thin
every way. Speckle, strokes of letters and calliper ends are marks too; whoever looks for a ruler
sorts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from sonichu_gui.domain.frame import Pixels

Floats = npt.NDArray[np.float64]
Relief = npt.NDArray[np.uint8]

_FAINTEST = 12
"""Grey levels above its surroundings that a mark needs at least."""

_ABOVE_LOCAL = 2.6
"""How much a mark exceeds the mean relief around it: in speckle, everything stands out a little."""

_AROUND = 25
"""Side of the box that the mean relief is taken over, in pixels."""

_LONGEST = 0.06
"""Length of a tick as a share of the frame's longer side, at most."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Marks of one frame.

    Attributes:
        places: (N, 2) float64 x and y of their centres of mass, image pixels.
        low: (N, 2) int first column and row of each.
        high: (N, 2) int last column and row of each.
        contrast: (N,) greatest relief of each, in grey levels.
        relief: (height, width) uint8 how far each pixel rises above what lies beside it.
    """

    places: Floats
    low: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]
    contrast: Floats
    relief: Relief


def _thickest_px(shape: tuple[int, ...]) -> int:
    """Thickness that a mark of a frame (height, width) must stay below, in pixels; odd."""
    return max(7, 2 * round(max(shape[:2]) / 180) + 1)


def ticks_across(grey: Pixels) -> Marks:
    """Gives marks that are thin from above to below: ticks of vertical rulers, and dots.

    Args:
        grey: (height, width).
    """
    import cv2

    thick = _thickest_px(grey.shape)
    relief = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, np.ones((thick, 1), np.uint8))
    longest = max(12, round(_LONGEST * max(grey.shape)))
    return _pieces(np.asarray(relief, np.uint8), (longest, thick - 1))


def dots(grey: Pixels) -> Marks:
    """Gives marks that are thin every way: dots of rulers that run along a sector's edge.

    Args:
        grey: (height, width).
    """
    import cv2

    thick = _thickest_px(grey.shape)
    relief = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, np.ones((thick + 2, thick + 2), np.uint8))
    return _pieces(np.asarray(relief, np.uint8), (thick, thick))


def _pieces(relief: Relief, largest: tuple[int, int]) -> Marks:
    """Gives the connected pieces of a relief that are no larger than (width, height)."""
    import cv2

    around = cv2.blur(relief, (_AROUND, _AROUND)).astype(np.float32)
    stands_out = relief > np.maximum(_FAINTEST, _ABOVE_LOCAL * around)
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(stands_out.view(np.uint8))
    wide, high = boxes[:, cv2.CC_STAT_WIDTH], boxes[:, cv2.CC_STAT_HEIGHT]
    fits = (wide <= largest[0]) & (high <= largest[1])
    fits[0] = False  # the ground
    rows, columns = np.nonzero(fits[labels])
    # One pass over the few pixels of marks gives every mark's sums.
    numbers = (np.cumsum(fits) - 1)[labels[rows, columns]]
    count, weight = int(fits.sum()), relief[rows, columns].astype(np.float64)
    mass = np.maximum(np.bincount(numbers, weight, count), 1.0)
    places = np.stack(
        [np.bincount(numbers, weight * at, count) / mass for at in (columns, rows)], axis=1
    )
    contrast = np.zeros(count)
    np.maximum.at(contrast, numbers, weight)
    low = boxes[fits][:, [cv2.CC_STAT_LEFT, cv2.CC_STAT_TOP]].astype(np.int64)
    extent = boxes[fits][:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    return Marks(places, low, low + extent - 1, contrast, relief)
