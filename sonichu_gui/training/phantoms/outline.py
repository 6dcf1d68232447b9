"""Drawn curves: outlines of cavities and walls, and where a caliper meets them.

What is painted and what is measured come from the same list of points, so that a keypoint lies on
the very edge that is seen. Lengths are mm on the screen, x right and y down.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from sonichu_gui.training.phantoms.shapes import placed

if TYPE_CHECKING:
    from sonichu_gui.training.phantoms.scene import Scene
    from sonichu_gui.training.phantoms.sector import Field, Point

Curve = npt.NDArray[np.float64]
"""Points of a curve in drawing order, shape (N, 2)."""

STEP_MM = 0.25
"""Cell of the grid that distances are computed on."""
REACH_MM = 24.0
"""How far from a curve its distances are true; farther away they stop growing."""

_SUBPIXEL_BITS = 6
_PER_SPAN = 10


def smooth(points: Sequence[Point] | Curve) -> Curve:
    """Gives a dense smooth curve through the points of an open line (Catmull-Rom)."""
    knots = np.asarray(points, dtype=np.float64)
    padded = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
    t = np.linspace(0, 1, _PER_SPAN, endpoint=False)[:, None]
    parts = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        bend = (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
        parts.append(b + 0.5 * ((c - a) * t + bend))
    return np.vstack([*parts, knots[-1]])


def normals(curve: Curve) -> Curve:
    """Gives unit vectors to the left of the way along a curve, seen on the screen."""
    way = np.asarray(np.gradient(curve, axis=0), np.float64)
    way /= np.maximum(np.hypot(way[:, :1], way[:, 1:]), 1e-9)
    return np.column_stack([way[:, 1], -way[:, 0]])


def shifted(curve: Curve, by_mm: float | npt.NDArray[np.float64]) -> Curve:
    """Gives the curve moved to its left: the other face of a wall of that thickness."""
    return np.asarray(curve + normals(curve) * np.reshape(by_mm, (-1, 1)), np.float64)


def ends_of(curve: Curve) -> tuple[Point, Point]:
    """Gives the first and the last point of a curve."""
    (a, b), (c, d) = curve[0], curve[-1]
    return (float(a), float(b)), (float(c), float(d))


def midway(one: Point, other: Point) -> Point:
    """Gives the middle of two points."""
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2


def uneven(rng: np.random.Generator, curve: Curve, amount_mm: float) -> Curve:
    """Gives the curve with long irregular waves; its ends stay."""
    along = np.linspace(0, 1, len(curve))
    wave = sum(rng.normal(0, 1 / waves) * np.sin(math.pi * waves * along) for waves in range(2, 8))
    return shifted(curve, amount_mm * np.asarray(wave))


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """A closed curve; the last point joins the first.

    Attributes:
        curve: Its points.
    """

    curve: Curve

    def distance(self, scene: Scene) -> Field:
        """Distance of every sample of the scene in mm, negative inside."""
        return _measured(self.curve, scene, closed=True)

    def chords(self, through: Point, angle: float) -> list[tuple[Point, Point]]:
        """Gives the parts of a line that lie inside, in order along `angle`."""
        way = np.array([math.cos(angle), math.sin(angle)])
        rel = self.curve - np.asarray(through)
        along, across = rel @ way, rel @ np.array([-way[1], way[0]])
        next_along, next_across = np.roll(along, -1), np.roll(across, -1)
        # Half-open, so that a line through a corner meets it once.
        hit = (across < 0) != (next_across < 0)
        share = across[hit] / (across[hit] - next_across[hit])
        met = sorted((along[hit] + share * (next_along[hit] - along[hit])).tolist())
        ends = [placed(through, angle, place, 0.0) for place in met]
        return list(zip(ends[::2], ends[1::2], strict=True))

    def chord(self, through: Point, angle: float) -> tuple[Point, Point]:
        """Gives the part of a line that lies inside and around `through`, or nearest to it."""

        def away(ends: tuple[Point, Point]) -> float:
            return math.dist(ends[0], through) + math.dist(ends[1], through) - math.dist(*ends)

        return min(self.chords(through, angle), key=away)

    def farthest(self, point: Point) -> Point:
        """Gives the point of the curve that lies farthest away."""
        away = np.hypot(*(self.curve - np.asarray(point)).T)
        x, y = self.curve[int(np.argmax(away))]
        return float(x), float(y)

    def widest(
        self, start: Point, end: Point, *, within: tuple[float, float] = (0.04, 0.96)
    ) -> tuple[Point, Point]:
        """Gives the longest inner diameter at right angles to an axis.

        Args:
            start: Beginning of the axis.
            end: Its end.
            within: Shares of the axis between which it is looked for.
        """
        angle = math.atan2(end[1] - start[1], end[0] - start[0]) + math.pi / 2
        length = math.dist(start, end)
        found = [
            chord
            for place in np.linspace(*within, 64) * length
            for chord in self.chords(placed(start, angle - math.pi / 2, place, 0.0), angle)
        ]
        return max(found, key=lambda ends: math.dist(*ends))


@dataclass(frozen=True, slots=True, eq=False)
class Tube:
    """A vessel around a centre line.

    Attributes:
        left: Its wall to the left of the way along it.
        right: The other wall; points of one index face one another.
    """

    left: Curve
    right: Curve

    @classmethod
    def around(cls, centre: Curve, radii: npt.NDArray[np.float64]) -> Tube:
        """Gives the tube of these radii, one for each point of the centre line."""
        return cls(shifted(centre, radii), shifted(centre, -radii))

    @property
    def outline(self) -> Outline:
        """Both walls, closed at either end."""
        return Outline(np.vstack([self.left, self.right[::-1]]))

    def caliper(self, index: int) -> tuple[Point, Point]:
        """Gives the facing points of both walls."""
        (a, b), (c, d) = self.left[index], self.right[index]
        return (float(a), float(b)), (float(c), float(d))


def line_distance(curve: Curve, scene: Scene) -> Field:
    """Distance of every sample of the scene to an open curve in mm."""
    return _measured(curve, scene, closed=False)


def _measured(curve: Curve, scene: Scene, *, closed: bool) -> Field:
    """Distances on a grid around the curve, carried to the samples.

    A grid is much faster than geometry for hundreds of points, and smoothing it by a third of a
    millimetre takes away its steps.
    """
    low = np.maximum(curve.min(axis=0) - REACH_MM, (scene.x.min(), scene.y.min()))
    high = np.minimum(curve.max(axis=0) + REACH_MM, (scene.x.max(), scene.y.max()))
    columns, rows = (np.maximum(np.ceil((high - low) / STEP_MM), 8).astype(int) + 1).tolist()
    mask = np.zeros((rows, columns), np.uint8)
    cells = np.rint((curve - low) / STEP_MM * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    if closed:
        cv2.fillPoly(mask, [cells], 1, cv2.LINE_8, _SUBPIXEL_BITS)
    else:
        cv2.polylines(mask, [cells], isClosed=False, color=1, shift=_SUBPIXEL_BITS)
    grid = cv2.distanceTransform(1 - mask, cv2.DIST_L2, cv2.DIST_MASK_5)
    if closed:
        # Filling takes the cells under the curve too, which makes the shape half a cell larger.
        grid = grid - cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_5) + 0.5
    grid = cv2.GaussianBlur(grid, (0, 0), 1.4) * np.float32(STEP_MM)
    return np.asarray(
        cv2.remap(
            grid,
            (scene.x - np.float32(low[0])) / np.float32(STEP_MM),
            (scene.y - np.float32(low[1])) / np.float32(STEP_MM),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        dtype=np.float32,
    )
