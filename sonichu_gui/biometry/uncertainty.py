"""How far a measure may be off because its points are: first-order propagation.

Standard error = sqrt(J C J^T) with J the derivatives of the measure by the point coordinates and C
the points' covariances, taken as independent of one another (JCGM 100:2008, 5.1.2). It says how
sure the model is of its points; it knows nothing of the scale's error or of a wrong plane.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from sonichu_gui.domain.calibration import Point

Formula = Callable[[Sequence[Point], float, float], float]
"""(points in image pixels, fx, fy) -> the measure, in the unit of the factors."""

Covariance = tuple[float, float, float]
"""(xx, xy, yy) in square pixels."""

_STEP_PX = 1e-3
"""Half width of the central difference: its two errors, h^2 and 1e-16 / h, both vanish here."""


def standard_error(
    formula: Formula,
    points: Sequence[Point],
    covariances: Sequence[Covariance | None],
    *,
    keypoints: Sequence[int],
    fx: float,
    fy: float,
) -> float | None:
    """Gives the standard error of a measure in the measure's own unit.

    Args:
        formula: The measure; differentiated numerically, so any smooth one will do.
        points: (x, y) in image pixels, in the formula's order.
        covariances: Of the same points.
        keypoints: Which keypoint each point is; one that the formula uses twice moves as one.
        fx: Passed to the formula.
        fy: Passed to the formula.

    Returns:
        None where a point has no covariance (a person placed it: its error is not known), or where
        the measure is flat (coincident points), so that first order says nothing.
    """
    if None in covariances:
        return None
    variance = 0.0
    for keypoint in set(keypoints):
        slots = [slot for slot, owner in enumerate(keypoints) if owner == keypoint]
        covariance = covariances[slots[0]]
        if covariance is not None:
            jx, jy = _gradient(formula, points, slots, fx, fy)
            xx, xy, yy = covariance
            variance += jx * jx * xx + 2.0 * jx * jy * xy + jy * jy * yy
    return math.sqrt(variance) if 0.0 < variance < math.inf else None


def principal_axes(
    covariance: Covariance, *, fx: float = 1.0, fy: float = 1.0
) -> tuple[float, float, float]:
    """Gives a point's standard deviations along and across its most uncertain direction.

    Args:
        covariance: Of the point.
        fx: Unit of the answer a pixel in x, e.g. millimetres.
        fy: The same in y.

    Returns:
        The larger, the smaller, and the angle of the larger from x towards y in radians.
    """
    xx, xy, yy = covariance
    xx, xy, yy = xx * fx * fx, xy * fx * fy, yy * fy * fy
    mean, delta = (xx + yy) / 2.0, math.hypot((xx - yy) / 2.0, xy)
    # A rounding error below zero is no variance.
    large, small = math.sqrt(max(mean + delta, 0.0)), math.sqrt(max(mean - delta, 0.0))
    return large, small, 0.5 * math.atan2(2.0 * xy, xx - yy)


def _gradient(
    formula: Formula, points: Sequence[Point], slots: Sequence[int], fx: float, fy: float
) -> Point:
    """Derivatives of the measure by the x and y of the keypoint that fills the slots."""
    x, y = points[slots[0]]
    moved = list(points)

    def value_at(at: Point) -> float:
        for slot in slots:
            moved[slot] = at
        return formula(moved, fx, fy)

    jx = (value_at((x + _STEP_PX, y)) - value_at((x - _STEP_PX, y))) / (2.0 * _STEP_PX)
    jy = (value_at((x, y + _STEP_PX)) - value_at((x, y - _STEP_PX))) / (2.0 * _STEP_PX)
    return jx, jy
