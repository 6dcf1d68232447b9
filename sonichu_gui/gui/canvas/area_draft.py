"""A scan area in the hand: where it is taken hold of, and what a drag makes of it.

Pure: outlines are corners in image pixels, and every change gives new ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Point
    from sonichu_gui.imaging.drawn_area import Outlines


@dataclass(frozen=True, slots=True)
class Grip:
    """What is held of an outline.

    Attributes:
        outline: Which one.
        corners: The corners that move: one, or the two ends of an edge.
    """

    outline: int
    corners: tuple[int, ...]


def grip_at(outlines: Outlines, at: Point, *, reach: float) -> Grip | None:
    """Gives what a press takes hold of: the nearest corner, else the nearest edge, else nothing.

    Args:
        outlines: Corners in image pixels.
        at: The pointer, image pixels.
        reach: How far off it may be, image pixels.
    """
    corners: list[tuple[float, Grip]] = []
    edges: list[tuple[float, Grip]] = []
    for number, outline in enumerate(outlines):
        for index, corner in enumerate(outline):
            following = (index + 1) % len(outline)
            corners.append((math.dist(corner, at), Grip(number, (index,))))
            away = _distance_to_edge(at, corner, outline[following])
            edges.append((away, Grip(number, (index, following))))
    for found in (corners, edges):
        near = [(away, grip) for away, grip in found if away <= reach]
        if near:
            return min(near, key=lambda one: one[0])[1]
    return None


def dragged(outlines: Outlines, grip: Grip, by: Point, *, size: tuple[int, int]) -> Outlines:
    """Gives outlines with the held corners moved, as far as the frame goes.

    Args:
        outlines: As they were when the drag began.
        grip: What is held.
        by: How far the pointer went, image pixels.
        size: Width and height of the frame.
    """
    held = list(outlines[grip.outline])
    for index in grip.corners:
        held[index] = _on_frame((held[index][0] + by[0], held[index][1] + by[1]), size)
    return (*outlines[: grip.outline], tuple(held), *outlines[grip.outline + 1 :])


def rectangle(start: Point, end: Point, *, size: tuple[int, int]) -> Outlines:
    """Gives the upright rectangle between two points, as far as the frame goes."""
    (x0, y0), (x1, y1) = _on_frame(start, size), _on_frame(end, size)
    (left, right), (top, bottom) = sorted((x0, x1)), sorted((y0, y1))
    return (((left, top), (right, top), (right, bottom), (left, bottom)),)


def _on_frame(point: Point, size: tuple[int, int]) -> Point:
    x, y = point
    return min(max(x, 0.0), size[0] - 1.0), min(max(y, 0.0), size[1] - 1.0)


def _distance_to_edge(at: Point, start: Point, end: Point) -> float:
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    along = 0.0
    if length:
        along = ((at[0] - start[0]) * dx + (at[1] - start[1]) * dy) / length
    along = min(max(along, 0.0), 1.0)
    return math.dist(at, (start[0] + along * dx, start[1] + along * dy))
