"""Distances and angles between points of a frame whose pixels need not be square.

Points are image pixels (see `domain.frame`); the factors `fx` and `fy` are the size of a pixel in x
and y, in millimetres or, where only its shape is known, in pixel widths (`Scale.factors`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sonichu_gui.errors import MeasureError

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Point


def to_mm(point: Point, *, fx: float, fy: float) -> Point:
    """Gives an image point in units of the factors, from the same origin.

    Args:
        point: (x, y) in image pixels.
        fx: Size of a pixel in x.
        fy: Size of a pixel in y.
    """
    return point[0] * fx, point[1] * fy


def distance(a: Point, b: Point, *, fx: float = 1.0, fy: float = 1.0) -> float:
    """Gives the length of the straight line between two points, in units of the factors.

    Args:
        a: (x, y) in image pixels.
        b: (x, y) in image pixels.
        fx: Size of a pixel in x; its sign does not matter (DICOM deltas may be negative).
        fy: Size of a pixel in y; as `fx`.
    """
    return math.hypot((b[0] - a[0]) * fx, (b[1] - a[1]) * fy)


def angle_deg(vertex: Point, a: Point, b: Point, *, fx: float = 1.0, fy: float = 1.0) -> float:
    """Gives the angle between the lines from the vertex to a and to b, 0 to 180 degrees.

    The angle of progression is this angle at the inferior end of the pubic symphysis, between its
    superior end and the tangent point on the head (ISUOG 2018, Ultrasound Obstet Gynecol 52:128).
    An angle beyond 180 folds back, as in the labels of the intrapartum challenges.

    Args:
        vertex: (x, y) in image pixels.
        a: End of one leg.
        b: End of the other leg.
        fx: Size of a pixel in x: on pixels that are not square the angle depends on the shape.
        fy: Size of a pixel in y.

    Raises:
        MeasureError: A leg has no length, so it has no direction.
    """
    ux, uy = (a[0] - vertex[0]) * fx, (a[1] - vertex[1]) * fy
    vx, vy = (b[0] - vertex[0]) * fx, (b[1] - vertex[1]) * fy
    if ux == uy == 0.0 or vx == vy == 0.0:
        raise MeasureError("two points of the angle coincide", "Move them apart.")
    # atan2 keeps full precision near 0 and 180 degrees, where acos of the dot product loses half.
    return math.degrees(math.atan2(abs(ux * vy - uy * vx), ux * vx + uy * vy))
