"""From where a probe looks at the anatomy in varied frames: kind of array, distance, crop."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sonichu_gui.training.phantoms.sector import LinearSector, Point, Probe, Sector, linear_probe

_AT_THE_TOP = 0.35
"""Share of frames that show the probe's face just below their upper edge; others are zoomed."""


@dataclass(frozen=True, slots=True)
class Screen:
    """The frame that anatomy is placed on.

    Attributes:
        width: In pixels.
        height: In pixels.
        mm_per_px: Size of the square pixels.
    """

    width: int
    height: int
    mm_per_px: float

    def at(self, across: float, down: float) -> Point:
        """Gives the place in mm at shares of width and height."""
        return across * self.width * self.mm_per_px, down * self.height * self.mm_per_px


def varied_sector(
    rng: np.random.Generator,
    screen: Screen,
    *,
    centre: Point,
    reach: Point,
    linear: float = 0.05,
) -> Sector:
    """Gives a sector that sees the anatomy, as often cut off at its sides as not.

    Args:
        rng: Chooses all of it.
        screen: The frame.
        centre: Middle of the anatomy in mm.
        reach: How far the anatomy extends from there, level and upright, in mm.
        linear: Share of flat arrays.
    """
    top = centre[1] - reach[1]
    face_x = centre[0] + rng.uniform(-0.3, 0.3) * reach[0]
    if rng.random() < linear:
        return _flat(rng, screen, (face_x, top), centre, reach)
    radius, half_angle = float(rng.uniform(34, 64)), math.radians(rng.uniform(25, 40))
    gap = math.exp(rng.uniform(math.log(7), math.log(45)))
    if rng.random() < _AT_THE_TOP:
        gap = max(top - rng.uniform(0.0, 0.06) * screen.at(0, 1)[1], 5.0)
    needed = rng.uniform(0.95, 1.9) * reach[0] / math.sin(half_angle) - radius - reach[1]
    gap = max(gap, needed)
    depth = _depth(rng, screen, top - gap, centre[1] + reach[1])
    probe = Probe(radius, half_angle, _frequency(rng, depth), float(rng.uniform(2.2, 4.6)))
    where = (face_x, top - gap)
    return Sector(probe, where, depth, screen.mm_per_px, screen.width, screen.height)


def _flat(
    rng: np.random.Generator, screen: Screen, above: Point, centre: Point, reach: Point
) -> Sector:
    face_y = above[1] - rng.uniform(5, 22)
    width_mm = 2 * reach[0] * rng.uniform(0.95, 1.5) + 2 * abs(above[0] - centre[0])
    depth = _depth(rng, screen, face_y, centre[1] + reach[1])
    probe = linear_probe(
        width_mm=float(width_mm),
        frequency_mhz=_frequency(rng, depth) * 1.4,
        f_number=float(rng.uniform(2.2, 4.0)),
    )
    size = (screen.width, screen.height)
    return LinearSector(probe, (above[0], face_y), depth, screen.mm_per_px, *size)


def _depth(rng: np.random.Generator, screen: Screen, face_y: float, bottom: float) -> float:
    """Depth that ends about where the frame does and never cuts the anatomy."""
    to_edge = screen.at(0, 1)[1] * rng.uniform(0.9, 1.15) - face_y
    return float(max(to_edge, bottom - face_y + 2.0))


def _frequency(rng: np.random.Generator, depth_mm: float) -> float:
    """Deep views need low frequencies: sound is weakened by 0.5 dB/(cm MHz) each way."""
    highest = float(np.clip(1000 / depth_mm, 3.4, 10.0))
    return float(rng.uniform(max(2.2, 0.5 * highest), highest))
