"""Circumference of an ellipse from its two diameters, and whether two axes make an ellipse.

Head and abdominal circumference are ellipses over two pairs of calliper points. The app reports
Ramanujan's second approximation, which differs from the exact value by less than 5e-15 at the axis
ratio of a head (0.8); the other conventions are here because published numbers use them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonichu_gui.biometry.points import distance
from sonichu_gui.errors import MeasureError

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Point

PERPENDICULAR_WITHIN_DEG = 10.0
"""Axes that deviate more from a right angle deserve a warning."""

CONCENTRIC_WITHIN = 0.05
"""Midpoints farther apart than this fraction of the long axis deserve a warning."""


@dataclass(frozen=True, slots=True)
class Axes:
    """Two diameters drawn by hand, and how far they are from the axes of one ellipse.

    Attributes:
        first: Length of the first pair, in units of the factors.
        second: Length of the second pair.
        skew_deg: Deviation of the angle between the pairs from 90 degrees, 0 to 90.
        offset: Distance of the two midpoints over the longer diameter.
    """

    first: float
    second: float
    skew_deg: float
    offset: float

    @property
    def warning(self) -> str:
        """What is wrong with the axes, in words for the user; empty when nothing is."""
        found = []
        if self.skew_deg > PERPENDICULAR_WITHIN_DEG:
            found.append(f"the axes are {self.skew_deg:.0f}° off a right angle")
        if self.offset > CONCENTRIC_WITHIN:
            found.append(f"the axes' midpoints lie {self.offset:.0%} of the long axis apart")
        return "; ".join(found)


def axes_from_points(points: Sequence[Point], *, fx: float = 1.0, fy: float = 1.0) -> Axes:
    """Gives the two diameters that four calliper points span.

    Args:
        points: Two ends of the first axis, two ends of the second, in image pixels.
        fx: Size of a pixel in x.
        fy: Size of a pixel in y.
    """
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = points
    first = distance(points[0], points[1], fx=fx, fy=fy)
    second = distance(points[2], points[3], fx=fx, fy=fy)
    ux, uy, vx, vy = (bx - ax) * fx, (by - ay) * fy, (dx - cx) * fx, (dy - cy) * fy
    skew = 0.0
    if first > 0.0 and second > 0.0:
        skew = math.degrees(math.atan2(abs(ux * vx + uy * vy), abs(ux * vy - uy * vx)))
    apart = math.hypot((ax + bx - cx - dx) * fx / 2.0, (ay + by - cy - dy) * fy / 2.0)
    longest = max(first, second)
    return Axes(first, second, skew, apart / longest if longest > 0.0 else 0.0)


def circumference_ramanujan2(d1: float, d2: float) -> float:
    """Gives the circumference by Ramanujan's second approximation (1914), in the diameters' unit.

    pi (a + b) (1 + 3h / (10 + sqrt(4 - 3h))) with h = ((a - b) / (a + b))^2.
    """
    a, b = _semi_axes(d1, d2)
    if a + b == 0.0:
        return 0.0
    h = ((a - b) / (a + b)) ** 2
    return math.pi * (a + b) * (1.0 + 3.0 * h / (10.0 + math.sqrt(4.0 - 3.0 * h)))


def circumference_ramanujan1(d1: float, d2: float) -> float:
    """Gives the circumference by Ramanujan's first approximation (1914).

    pi (3 (a + b) - sqrt((3a + b) (a + 3b))); 3e-9 off at an axis ratio of 0.8.
    """
    a, b = _semi_axes(d1, d2)
    return math.pi * (3.0 * (a + b) - math.sqrt((3.0 * a + b) * (a + 3.0 * b)))


def circumference_rms(d1: float, d2: float) -> float:
    """Gives pi sqrt((d1^2 + d2^2) / 2), Euler's approximation; 0.29 % too long at 0.8."""
    a, b = _semi_axes(d1, d2)
    return math.pi * math.sqrt(2.0 * (a * a + b * b))


def circumference_mean_diameter(d1: float, d2: float) -> float:
    """Gives pi (d1 + d2) / 2; 0.29 % too short at an axis ratio of 0.8.

    The definition of HC and AC in INTERGROWTH-21st and the ISBI 2012 challenge
    (ibme.ox.ac.uk, Rueda et al. 2014, IEEE Trans Med Imaging 33:797).
    """
    a, b = _semi_axes(d1, d2)
    return math.pi * (a + b)


def circumference_exact(d1: float, d2: float) -> float:
    """Gives the circumference 4 a E(1 - b^2 / a^2) to the precision of float64.

    E by the arithmetic-geometric mean (Abramowitz & Stegun 17.6).
    """
    a, b = sorted(_semi_axes(d1, d2), reverse=True)
    if b == 0.0:
        return 4.0 * a
    remainder = a * a - (a * a - b * b) / 2.0
    weight = 1.0
    while a - b > 1e-15 * a:
        half_gap = (a - b) / 2.0
        a, b = (a + b) / 2.0, math.sqrt(a * b)
        remainder -= weight * half_gap * half_gap
        weight *= 2.0
    return 2.0 * math.pi * remainder / a


def _semi_axes(d1: float, d2: float) -> tuple[float, float]:
    if not (d1 >= 0.0 and d2 >= 0.0):
        raise MeasureError(f"an ellipse has no diameters of {d1} and {d2}")
    return d1 / 2.0, d2 / 2.0
