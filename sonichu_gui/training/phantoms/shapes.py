"""Signed distances and random fields: what anatomy is made of.

Every distance is in mm, negative inside. Those of ellipses and curves are first-order: right near
the outline, where echoes arise, and of the right sign everywhere.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from sonichu_gui.training.phantoms.sector import Field, Point

_LATTICE = 96


def local(x: Field, y: Field, centre: Point, angle: float) -> tuple[Field, Field]:
    """Gives coordinates along and across a direction at `angle` (radians, clockwise on screen)."""
    cos, sin = math.cos(angle), math.sin(angle)
    u, v = x - centre[0], y - centre[1]
    return (u * cos + v * sin).astype(np.float32), (v * cos - u * sin).astype(np.float32)


def placed(centre: Point, angle: float, u: float, v: float) -> Point:
    """Gives the point at `u` along and `v` across a direction: the inverse of `local`."""
    cos, sin = math.cos(angle), math.sin(angle)
    return centre[0] + u * cos - v * sin, centre[1] + u * sin + v * cos


def ellipse(x: Field, y: Field, centre: Point, semi: Point, angle: float = 0.0) -> Field:
    """Distance to an ellipse with half axes `semi` along and across `angle`."""
    u, v = local(x, y, centre, angle)
    level = np.hypot(u / semi[0], v / semi[1])
    slope = np.hypot(u / semi[0] ** 2, v / semi[1] ** 2)
    return np.asarray((level - 1) * level / np.maximum(slope, 1e-4), dtype=np.float32)


def capsule(x: Field, y: Field, start: Point, end: Point, radii: Point) -> Field:
    """Distance to a segment thickened by radii that change evenly from `start` to `end`."""
    length = math.hypot(end[0] - start[0], end[1] - start[1])
    angle = math.atan2(end[1] - start[1], end[0] - start[0])
    u, v = local(x, y, start, angle)
    t = np.clip(u / max(length, 1e-6), 0.0, 1.0)
    radius = radii[0] + (radii[1] - radii[0]) * t
    return np.asarray(np.hypot(u - t * length, v) - radius, dtype=np.float32)


def polyline(x: Field, y: Field, points: list[Point], radii: Point) -> Field:
    """Distance to a thickened open line through `points`."""
    steps = len(points) - 1
    nearest = np.full(x.shape, np.inf, dtype=np.float32)
    for index in range(steps):
        ends = [radii[0] + (radii[1] - radii[0]) * i / steps for i in (index, index + 1)]
        part = capsule(x, y, points[index], points[index + 1], (ends[0], ends[1]))
        np.minimum(nearest, part, out=nearest)
    return nearest


def rounded(points: list[Point], times: int = 2) -> list[Point]:
    """Cuts the corners of an open line and keeps its ends (Chaikin 1974)."""
    for _ in range(times):
        inner = [
            (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]))
            for a, b in itertools.pairwise(points)
            for share in (0.25, 0.75)
        ]
        points = [points[0], *inner[1:-1], points[-1]]
    return points


def smooth_noise(rng: np.random.Generator, u: Field, v: Field, scale: Point) -> Field:
    """Random field of zero mean and about unit deviation.

    Args:
        rng: Where the randomness comes from.
        u: First coordinate of every sample in mm.
        v: Second coordinate.
        scale: Distance in mm over which the field changes, along each coordinate.
    """
    lattice = rng.standard_normal((_LATTICE, _LATTICE)).astype(np.float32)
    shift = rng.uniform(0, _LATTICE, 2)
    # Cubic interpolation of a lattice of unit deviation gives about 0.7 between its points.
    return np.asarray(
        cv2.remap(
            lattice,
            (u / scale[0] + shift[0]).astype(np.float32),
            (v / scale[1] + shift[1]).astype(np.float32),
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_WRAP,
        )
        / 0.72,
        dtype=np.float32,
    )


def wavy(rng: np.random.Generator, along: Field, amplitude_mm: float, scale_mm: float) -> Field:
    """A random height of zero mean for every position along a line."""
    return amplitude_mm * smooth_noise(rng, along, np.zeros_like(along), (scale_mm, 1.0))
