"""How the points of a label follow when its frame is turned, stretched or mirrored.

Labels obey rules that a map breaks: the ends of an ellipse's axes do not stay ends of axes under
shear, the right end of a turned axis may become its left one, and mirroring exchanges left and
right. The rules are those of the model's task configuration, which decoding obeys too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sonichu_gui.model.modeling_sonichu import ORDER_DIRECTIONS

if TYPE_CHECKING:
    from sonichu_gui.model.modeling_sonichu import TaskConfig
    from sonichu_gui.training.data.geometry import AffineMap

Floats = npt.NDArray[np.float64]

RULES = {"HC": "ellipse", "FA": "upright"}
"""What the two pairs of a task are: the short and the long axis of an ellipse, or the more vertical
and the more horizontal diameter. Pairs of other tasks are what their names say."""


def follow(affine: AffineMap, points: Floats, task: TaskConfig, *, rule: str) -> Floats:
    """(K, 2) points of the mapped frame, as its label would give them.

    Args:
        affine: from source to output pixels.
        points: (K, 2) of the source.
        task: its pairs and their order.
        rule: of `RULES`, or empty.
    """
    if rule == "ellipse":
        moved = _axes_of(affine, points)
    else:
        moved = affine(points)
        if affine.mirrors:
            moved = moved[task.mirrored_channels]
        if rule == "upright":
            moved = _upright(moved)
    return in_order(moved, task)


def in_order(points: Floats, task: TaskConfig) -> Floats:
    """The points with the ends of each pair in the task's order; those without a rule stay."""
    if not task.order:
        return points
    ordered = points.copy()
    for (first, second), word in zip(task.pairs, task.order.split(","), strict=True):
        if (points[first] - points[second]) @ ORDER_DIRECTIONS[word] < 0:
            ordered[[first, second]] = points[[second, first]]
    return ordered


def _upright(points: Floats) -> Floats:
    """Two diameters (4, 2) with the more vertical one first."""
    steepness = np.abs(points[[1, 3]] - points[[0, 2]]) @ (-1.0, 1.0)
    return points if steepness[0] >= steepness[1] else points[[2, 3, 0, 1]]


def _axes_of(affine: AffineMap, points: Floats) -> Floats:
    """The ends (4, 2) of short and long axis of the mapped ellipse.

    Its outline is ``centre + M (cos t, sin t)``, so it is M that is mapped, and the new axes are
    read off its singular value decomposition.
    """
    matrix = np.column_stack([points[2] - points[3], points[0] - points[1]]) / 2
    left, lengths, _ = np.linalg.svd(affine.matrix @ matrix)
    long_axis, short_axis = (left * lengths).T
    centre = affine(points.mean(axis=0))
    return np.stack(
        [centre + short_axis, centre - short_axis, centre + long_axis, centre - long_axis]
    )
