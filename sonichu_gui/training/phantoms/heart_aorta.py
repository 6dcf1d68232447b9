"""PLAX: the root of the aorta with its valve, and how the heart lies on the screen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonichu_gui.training.phantoms.heart import bowed
from sonichu_gui.training.phantoms.outline import Curve, Tube, ends_of, smooth
from sonichu_gui.training.phantoms.shapes import placed

if TYPE_CHECKING:
    from sonichu_gui.training.phantoms.sector import Point

PER_MM = 2
"""Points of the aorta's walls a millimetre."""


@dataclass(frozen=True, slots=True)
class Pose:
    """How the heart lies on the screen.

    Attributes:
        origin: Middle of the aortic annulus.
        turn: Direction of the left ventricle's long axis, towards the base.
        lean: How far the aorta turns away from it; negative, towards the chest.
    """

    origin: Point
    turn: float
    lean: float

    @property
    def aorta(self) -> float:
        """Direction of the aorta."""
        return self.turn + self.lean

    def put(self, knots: Sequence[Point]) -> Curve:
        """Gives the places on the screen of (u, v)."""
        return np.array([placed(self.origin, self.turn, *knot) for knot in knots])

    def put_aorta(self, knots: Sequence[Point]) -> Curve:
        """Gives the places on the screen of (a, b)."""
        return np.array([placed(self.origin, self.aorta, *knot) for knot in knots])


@dataclass(frozen=True, slots=True)
class Root:
    """The aorta from its annulus on.

    Attributes:
        tube: Its walls.
        ring_mm: Radius of the annulus.
        sinus_mm: Radius of the sinuses.
        sinus: Index in the walls where these are widest.
        junction: Index of the sinotubular junction.
        ascending: Index of where the ascending aorta is measured.
    """

    tube: Tube
    ring_mm: float
    sinus_mm: float
    sinus: int
    junction: int
    ascending: int


def aortic_root(rng: np.random.Generator, pose: Pose) -> Root:
    """Builds annulus, sinuses, sinotubular junction and ascending part, beyond the picture."""
    ring = rng.uniform(20, 25) / 2
    sinus = ring * rng.uniform(1.32, 1.5)
    junction = sinus * rng.uniform(0.83, 0.92)
    ascending = junction * rng.uniform(1.03, 1.2)
    high = rng.uniform(17, 24)
    measured = high + rng.uniform(11, 19)
    knots = smooth([
        (0.0, ring), (0.18 * high, 0.5 * (ring + sinus)), (0.45 * high, sinus),
        (0.8 * high, 0.4 * sinus + 0.6 * junction), (high, junction),
        (0.5 * (high + measured), 0.5 * (junction + ascending) - 0.2), (measured, ascending),
        (measured + 20, ascending * rng.uniform(0.97, 1.03)), (measured + 70, ascending),
    ])  # fmt: skip
    along = np.arange(0, measured + 70, 1 / PER_MM)
    radii = np.interp(along, knots[:, 0], knots[:, 1])
    bend = rng.uniform(0.0, 0.0028)
    tube = Tube.around(pose.put_aorta([(a, -bend * a * a) for a in along]), radii)
    narrow = np.where((along > 0.5 * high) & (along < measured), radii, np.inf)
    return Root(
        tube,
        ring,
        sinus,
        sinus=round(0.45 * high * PER_MM),
        junction=int(np.argmin(narrow)),
        ascending=round(measured * PER_MM),
    )


def aortic_cusps(
    rng: np.random.Generator, pose: Pose, root: Root, systole: float
) -> tuple[Curve, Curve]:
    """Gives the cusps of the aortic valve, whose tips part while the ventricle empties."""
    share = float(np.clip(math.sin(math.pi * min(systole * 1.1, 1.0)) * 1.5, 0, 1))
    if rng.random() < 0.3:
        share = 0.0
    gap = 1.0 + share * (2 * root.ring_mm * rng.uniform(0.72, 0.88) - 1.0)
    tip = rng.uniform(8, 10) + 4.5 * share
    belly = (1 - share) * (0.5 * (root.sinus_mm - root.ring_mm) - 2.5) + rng.uniform(0, 1)
    upper, lower = (
        bowed(*ends_of(pose.put_aorta([(0.0, side * root.ring_mm), (tip, side * gap / 2)])), bow)
        for side, bow in ((-1, -belly), (1, belly))
    )
    return upper, lower
