"""A scan area that a person drew or corrected: corners in, corners out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sonichu_gui.imaging.scan_area import AreaShape, ScanArea

__all__ = ["Outlines", "area_of", "drawn_area", "few_corners"]

Outlines = tuple[tuple[tuple[float, float], ...], ...]
"""Polygons as corners (x, y) in image pixels."""

_TOLERANCE_PX = 1.0
"""How far the few corners may lie from the outline that they stand for."""

_SMALLEST_PX = 64
"""Fewer pixels than these are a slip of the mouse, not an area."""


def drawn_area(outlines: Outlines, size: tuple[int, int]) -> ScanArea:
    """Gives the area of outlines that a person stands for.

    Args:
        outlines: At least one, of three corners or more, image pixels.
        size: Width and height of the frames.

    Raises:
        ValueError: It holds next to no pixels.
    """
    shape = AreaShape.OUTLINE
    if len(outlines) == 1 and _is_upright_box(outlines[0]):
        shape = AreaShape.RECTANGLE
    polygons = tuple(np.asarray(outline, np.float64) for outline in outlines)
    area = ScanArea(polygons, shape, 1.0, size)
    if min(len(outline) for outline in outlines) < 3 or area.mask().sum() < _SMALLEST_PX:
        raise ValueError("an area of next to no pixels")
    return area


def area_of(outlines: Outlines | None, size: tuple[int, int]) -> ScanArea | None:
    """Gives the area of outlines out of a memory, None where there are none or they are damaged."""
    if outlines is None:
        return None
    try:
        return drawn_area(outlines, size)
    except ValueError:
        return None


def few_corners(area: ScanArea) -> Outlines:
    """Gives an area's outlines with few enough corners to hold (Douglas and Peucker 1973)."""
    import cv2

    found = []
    for outline in area.outlines:
        corners = cv2.approxPolyDP(outline.astype(np.float32), _TOLERANCE_PX, closed=True)[:, 0]
        found.append(tuple((float(x), float(y)) for x, y in corners))
    return tuple(found)


def _is_upright_box(corners: Sequence[tuple[float, float]]) -> bool:
    xs, ys = {x for x, _ in corners}, {y for _, y in corners}
    return len(corners) == 4 and len(xs) == len(ys) == 2
