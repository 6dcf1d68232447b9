"""The fan of a curved or phased probe around echo: two straight edges, arcs about their apex."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from sonichu_gui.imaging.echo_pixels import Mask

Floats = npt.NDArray[np.float64]

_EDGE_ANGLES = np.radians(np.arange(8.0, 72.0, 0.25))
"""How far from the vertical an edge may lean."""

_NEAR_EDGE_PX = 2.0
_SHORTEST_EDGE = 0.12
"""Length of a straight edge, as a share of the frame's height."""

_HOLDS = 0.985
"""Share of the echo that a fan must hold."""

_BINS = 48
_MARGIN_PX = 1.0
"""Rounding and smoothing hide that much of the outermost echo."""


@dataclass(frozen=True, slots=True)
class Fan:
    """A fan in image pixels.

    Attributes:
        apex: (x, y) where the edges meet, often above the frame.
        left: Angle of the left edge from straight down in radians, negative.
        right: Angle of the right edge, positive.
        near: Distance of the probe's face from the apex.
        far: Distance of the deepest echo from the apex.
        holds: Share of the echo inside.
    """

    apex: tuple[float, float]
    left: float
    right: float
    near: float
    far: float
    holds: float

    def polygon(self) -> Floats:
        """Gives its outline (N, 2), clockwise from the left end of the face."""
        turns = np.linspace(self.left, self.right, _BINS)
        near, far = (
            np.stack([np.sin(turns), np.cos(turns)], axis=1) * radius
            for radius in (self.near, self.far)
        )
        return np.asarray(np.concatenate([near, far[::-1]]) + np.array(self.apex), np.float64)


def fit_fan(echo: Mask) -> Fan | None:
    """Gives the fan around echo, or None where it has no two slanted edges or bulges out of them.

    Args:
        echo: (height, width).
    """
    import cv2

    rows, columns = np.nonzero(echo)
    points = np.stack([columns, rows], axis=1)
    hull = cv2.convexHull(points.astype(np.int32))[:, 0].astype(np.float64)
    outline = _dense(hull)
    edges = [_edge(outline, side) for side in (-1.0, 1.0)]
    if any(length < _SHORTEST_EDGE * echo.shape[0] for _, _, length in edges):
        return None
    (left, left_reach, _), (right, right_reach, _) = edges
    apex = _meeting(left, left_reach, right, right_reach)
    gap = points - apex
    radius, turn = np.hypot(*gap.T), np.arctan2(gap[:, 0], gap[:, 1])
    slack = _MARGIN_PX / np.maximum(radius, 1.0)
    inside = (turn >= -left - slack) & (turn <= right + slack)
    holds = float(np.mean(inside))
    if holds < _HOLDS:
        return None
    near, far = _reach(radius[inside], turn[inside], -left, right)
    return Fan((float(apex[0]), float(apex[1])), -left, right, near, far, holds)


def _dense(polygon: Floats) -> Floats:
    """Points (N, 2) on a closed polygon about a pixel apart."""
    ends = np.roll(polygon, -1, axis=0)
    counts = np.maximum(np.ceil(np.hypot(*(ends - polygon).T)), 1).astype(int)
    return np.concatenate(
        [
            start + (end - start) * np.linspace(0, 1, count, endpoint=False)[:, None]
            for start, end, count in zip(polygon, ends, counts, strict=True)
        ]
    )


def _edge(outline: Floats, side: float) -> tuple[float, float, float]:
    """Gives lean, reach and length of the longest straight stretch on a side of a hull.

    Reach is how far the outline goes along the edge's outward normal.
    """
    normals = np.stack([side * np.cos(_EDGE_ANGLES), -np.sin(_EDGE_ANGLES)], axis=1)
    out = outline @ normals.T
    reach = out.max(axis=0)
    length = (out > reach - _NEAR_EDGE_PX).sum(axis=0)
    best = int(np.argmax(length))
    return float(_EDGE_ANGLES[best]), float(reach[best]), float(length[best])


def _meeting(left: float, left_reach: float, right: float, right_reach: float) -> Floats:
    """Gives where the two edge lines cross."""
    normals = np.array([[-math.cos(left), -math.sin(left)], [math.cos(right), -math.sin(right)]])
    return np.linalg.solve(normals, np.array([left_reach, right_reach]))


def _reach(radius: Floats, turn: Floats, left: float, right: float) -> tuple[float, float]:
    """Gives the distances from the apex between which nearly all beams have their echo."""
    beam = np.clip((turn - left) / (right - left) * _BINS, 0, _BINS - 1).astype(int)
    nearest, farthest = np.full(_BINS, np.inf), np.full(_BINS, -np.inf)
    np.minimum.at(nearest, beam, radius)
    np.maximum.at(farthest, beam, radius)
    seen = np.isfinite(nearest)
    near, far = np.percentile(nearest[seen], 3), np.percentile(farthest[seen], 99)
    return max(float(near) - _MARGIN_PX, 0.0), float(far) + _MARGIN_PX
