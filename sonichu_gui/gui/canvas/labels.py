"""Where words go: plates that keep off the points, off one another and off the anatomy.

A plate tries places around its anchor, outward from the middle of all points first, and takes the
one that covers least. While a point is dragged the chosen side stays, so that words do not jump
and a drag costs little.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sonichu_gui.domain.calibration import Point
    from sonichu_gui.gui.canvas.marks import Bounds

PLATE_HEIGHT = 18.0
PLATE_PAD = 7.0
_TURNS = (0.0, 0.5, -0.5, 1.0, -1.0, 1.6, -1.6, 2.3, -2.3, math.pi)
_REACHES = (1.0, 2.2, 4.5)


@dataclass(frozen=True, slots=True)
class Wish:
    """Words that want a place.

    Attributes:
        key: Identity over time, e.g. ("point", 3).
        text: The words.
        anchor: What they belong to, in widget units.
        away_from: They prefer the side that faces away from here.
        gap: Least distance between anchor and plate.
    """

    key: tuple[str, int]
    text: str
    anchor: Point
    away_from: Point
    gap: float


class LabelLayout:
    """Places plates and remembers the side each took.

    Args:
        text_width: Width of a text in widget units, in the plates' font.
    """

    def __init__(self, text_width: Callable[[str], float]) -> None:
        self._text_width = text_width
        self._sides: dict[tuple[str, int], tuple[float, float]] = {}

    def forget(self) -> None:
        """Lets every plate look for a new side."""
        self._sides.clear()

    def place(
        self, wishes: Sequence[Wish], *, obstacles: Sequence[Point], area: Bounds
    ) -> list[Bounds]:
        """Gives a plate (x, y, width, height) a wish.

        Args:
            wishes: In order of importance; new ones keep off all that have a side already.
            obstacles: Keypoints that plates should not cover.
            area: The visible widget (x0, y0, x1, y1).
        """
        sizes = [(self._text_width(wish.text) + 2 * PLATE_PAD, PLATE_HEIGHT) for wish in wishes]
        plates = [
            _plate(wish, size, *self._sides[wish.key]) if wish.key in self._sides else None
            for wish, size in zip(wishes, sizes, strict=True)
        ]
        for number, (wish, size) in enumerate(zip(wishes, sizes, strict=True)):
            if plates[number] is None:
                taken = [plate for plate in plates if plate is not None]
                side = _best_side(wish, size, taken, obstacles, area)
                self._sides[wish.key] = side
                plates[number] = _plate(wish, size, *side)
        return [plate for plate in plates if plate is not None]


def _best_side(
    wish: Wish,
    size: tuple[float, float],
    taken: Sequence[Bounds],
    obstacles: Sequence[Point],
    area: Bounds,
) -> tuple[float, float]:
    outward = math.atan2(wish.anchor[1] - wish.away_from[1], wish.anchor[0] - wish.away_from[0])
    best, best_cost = (outward, 1.0), math.inf
    for rank, turn in enumerate(_TURNS):
        for reach in _REACHES:
            plate = _plate(wish, size, outward + turn, reach)
            cost = rank * 0.15 + reach * 0.3 + _cover(plate, taken, obstacles, area)
            if cost < best_cost:
                best, best_cost = (outward + turn, reach), cost
    return best


def _plate(wish: Wish, size: tuple[float, float], angle: float, reach: float) -> Bounds:
    """The plate whose edge lies `gap * reach` from the anchor in a direction."""
    dx, dy = math.cos(angle), math.sin(angle)
    half_w, half_h = size[0] / 2, size[1] / 2
    to_edge = min(half_w / abs(dx) if dx else math.inf, half_h / abs(dy) if dy else math.inf)
    distance = wish.gap * reach + to_edge
    return (
        wish.anchor[0] + dx * distance - half_w,
        wish.anchor[1] + dy * distance - half_h,
        size[0],
        size[1],
    )


def _cover(
    plate: Bounds, taken: Sequence[Bounds], obstacles: Sequence[Point], area: Bounds
) -> float:
    """How much a plate covers that it should not: plates 10, points 6, outside 20."""
    x, y, width, height = plate
    cost = 0.0
    for tx, ty, tw, th in taken:
        if x < tx + tw and tx < x + width and y < ty + th and ty < y + height:
            cost += 10.0
    for px, py in obstacles:
        if x - 6 <= px <= x + width + 6 and y - 6 <= py <= y + height + 6:
            cost += 6.0
    if x < area[0] or y < area[1] or x + width > area[2] or y + height > area[3]:
        cost += 20.0
    return cost
