"""What is drawn over a frame, as plain values in widget units.

Marks are frozen and know their bounds: the canvas repaints only where a mark has changed, and a
screenshot draws the same marks at another zoom. Colours are "#rrggbb". Nothing here needs a
window.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Point

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class LineMark:
    """A straight line; `caps` ends it with short cross strokes like a calliper."""

    start: Point
    end: Point
    color: str
    width: float = 1.2
    dashed: bool = False
    caps: float = 0.0
    faint: bool = False

    def bounds(self) -> Bounds:
        """Smallest upright rectangle around it, stroke and halo included."""
        pad = self.width + 3.0 + self.caps
        return _around((self.start, self.end), pad)


@dataclass(frozen=True, slots=True)
class RingMark:
    """A keypoint: a hollow ring with a core, so that the target stays visible.

    A ghost, where it is not but might be, is thinner and has no core.
    """

    center: Point
    color: str
    radius: float
    selected: bool = False
    hovered: bool = False
    dashed: bool = False
    crossed: bool = False
    by_model: bool = False
    ghost: bool = False

    def bounds(self) -> Bounds:
        """Smallest upright rectangle around it, halo included."""
        return _around((self.center,), self.radius + 8.0)


@dataclass(frozen=True, slots=True)
class OvalMark:
    """An ellipse as centre plus two conjugate half axes: center + a cos t + b sin t.

    A filled one is a soft tint around a `hole`, the radius of the ring in its middle.
    """

    center: Point
    a: Point
    b: Point
    color: str
    dotted: bool = True
    filled: bool = False
    hole: float = 0.0

    def bounds(self) -> Bounds:
        """Smallest upright rectangle around it."""
        rx = math.hypot(self.a[0], self.b[0]) + 3.0
        ry = math.hypot(self.a[1], self.b[1]) + 3.0
        x, y = self.center
        return x - rx, y - ry, x + rx, y + ry


@dataclass(frozen=True, slots=True)
class ArcMark:
    """The arc of an angle, from `start` over `sweep`, in degrees counter-clockwise as Qt counts."""

    center: Point
    radius: float
    start: float
    sweep: float
    color: str

    def bounds(self) -> Bounds:
        """Smallest upright rectangle around the whole circle."""
        return _around((self.center,), self.radius + 4.0)


@dataclass(frozen=True, slots=True)
class TextMark:
    """Words on a dark plate; `rect` is the plate (x, y, width, height)."""

    rect: Bounds
    text: str
    color: str
    strong: bool = True
    leader: Point | None = None

    def bounds(self) -> Bounds:
        """Smallest upright rectangle around plate and leader line."""
        x, y, width, height = self.rect
        corners = [(x, y), (x + width, y + height)]
        if self.leader is not None:
            corners.append(self.leader)
        return _around(tuple(corners), 2.0)


Mark = LineMark | RingMark | OvalMark | ArcMark | TextMark


def changed_bounds(before: tuple[Mark, ...], after: tuple[Mark, ...]) -> list[Bounds]:
    """Rectangles to repaint when one set of marks replaces another."""
    old, new = set(before), set(after)
    return [mark.bounds() for mark in old ^ new]


def _around(points: tuple[Point, ...], pad: float) -> Bounds:
    xs = [p[0] for p in points]
    ys = [p[1] for p in points]
    return min(xs) - pad, min(ys) - pad, max(xs) + pad, max(ys) + pad
