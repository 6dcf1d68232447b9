"""A4C: where the four chambers lie, and where their calipers end.

Positions are (s, t): mm down the long axis from the apex of the left ventricle, and mm towards the
patient's left, which is the right of the screen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonichu_gui.training.phantoms.heart import ordered
from sonichu_gui.training.phantoms.outline import (
    Curve,
    Outline,
    ends_of,
    midway,
    shifted,
    smooth,
    uneven,
)
from sonichu_gui.training.phantoms.shapes import placed

if TYPE_CHECKING:
    from sonichu_gui.training.phantoms.sector import Point


_VENTRICLE, _ATRIUM = (0.04, 0.96), (0.3, 0.85)
"""Shares of the way from the valve on between which chambers are measured across."""


@dataclass(frozen=True, slots=True)
class FourChambers:
    """Outlines of the cavities on the screen, and what hangs on them.

    Attributes:
        lv: Left ventricle.
        rv: Right ventricle.
        la: Left atrium.
        ra: Right atrium.
        wall: Left ventricle with its muscle.
        mitral: Septal and lateral hinge of the mitral valve.
        tricuspid: Septal and lateral hinge of the tricuspid valve.
        turn: Direction of the long axis, from the apex.
        systole: 0 when the ventricles are full, 1 when they are empty.
    """

    lv: Outline
    rv: Outline
    la: Outline
    ra: Outline
    wall: Outline
    mitral: tuple[Point, Point]
    tricuspid: tuple[Point, Point]
    turn: float
    systole: float


@dataclass(frozen=True, slots=True)
class _LeftVentricle:
    """Half widths and walls that its neighbours are fitted to; the apex lies at the origin."""

    length: float
    half: float
    annulus: float
    fullest: float
    power: float
    thick: float

    def reach(self, s: float) -> float:
        """Half of the width of the cavity at `s`: a bullet, narrower again at its valve."""
        share = s / self.length
        if share < self.fullest:
            return self.half * math.sqrt(1 - (1 - share / self.fullest) ** self.power)
        towards = (share - self.fullest) / (1 - self.fullest)
        return self.half - (self.half - self.annulus) * math.pow(towards, 1.6)

    def septum(self, s: float) -> float:
        """The t of the septum's face to the right ventricle."""
        return -self.reach(s) - self.thick * (0.7 if s < 0.25 * self.length else 1.0)


def calipers(heart: FourChambers) -> list[Point]:
    """Gives the sixteen points, each on the outline that is drawn or in the plane of a valve.

    A long axis runs from the middle of the valve to the apex, or to the middle of the roof; the
    other diameter is the widest at right angles to it, in an atrium well behind its valve.
    """
    points: list[Point] = []
    for chamber, hinges, far, within in (
        (heart.lv, heart.mitral, Outline.farthest, _VENTRICLE),
        (heart.rv, heart.tricuspid, Outline.farthest, _VENTRICLE),
        (heart.la, heart.mitral, _roof, _ATRIUM),
        (heart.ra, heart.tricuspid, _roof, _ATRIUM),
    ):
        base = midway(*hinges)
        end = far(chamber, base)
        points += [*ordered((base, end)), *ordered(chamber.widest(base, end, within=within))]
    return points


def _roof(atrium: Outline, base: Point) -> Point:
    """Gives the middle of an atrium's roof, which its corners may lie beyond."""
    x, y = atrium.curve.mean(axis=0).tolist()
    return atrium.chord((x, y), math.atan2(y - base[1], x - base[0]))[1]


def four_chamber_heart(rng: np.random.Generator, apex: Point) -> FourChambers:
    """Builds a heart at a random phase of its cycle."""
    # Most frames are taken near the end of filling or of ejection.
    systole = float(rng.beta(0.7, 0.8))
    turn = math.pi / 2 + math.radians(rng.normal(-2, 9))

    def put(knots: Sequence[Point]) -> Curve:
        return np.array([placed(apex, turn, s, -t) for s, t in knots])

    half = rng.uniform(41, 55) / 2 * (1 - 0.28 * systole)
    left = _LeftVentricle(
        # A beam that misses the apex shows the ventricle too short.
        length=rng.uniform(74, 96) * (1 - 0.16 * systole) * rng.uniform(0.86, 1.0),
        half=half,
        annulus=min(rng.uniform(27, 35) / 2, 0.9 * half),
        fullest=rng.uniform(0.6, 0.74),
        power=rng.uniform(2.0, 2.5),
        thick=rng.uniform(7, 11) * (1 + 0.35 * systole),
    )
    places = left.length * np.array([0.0, 0.03, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.91, 1.0])
    septal = uneven(rng, smooth(put([(s, -left.reach(s)) for s in places[::-1]])), 0.7)
    lateral = uneven(rng, smooth(put([(s, left.reach(s)) for s in places])), 0.9)
    inner = np.vstack([septal, lateral[1:]])
    # The way runs up the septum and down the free wall: the muscle lies to its left, thin at the
    # apex.
    taper = 1 - 0.45 * np.exp(-(((np.arange(len(inner)) - len(septal)) / 18.0) ** 2))
    rv, corners = _right_ventricle(rng, left, systole)
    septum = -left.annulus + rng.uniform(-1.5, 1.5)
    between = rng.uniform(2.2, 4.0)
    filling = 0.86 + 0.14 * systole
    wide = max(rng.uniform(34, 48) * filling, 2 * left.annulus + 1)
    la = _atrium(
        rng,
        ((left.length, -left.annulus), (left.length, left.annulus)),
        (septum, septum + wide),
        left.length + rng.uniform(37, 52) * filling,
    )
    wide = max(rng.uniform(33, 49) * filling, corners[0][1] - corners[1][1] + 1)
    ra = _atrium(
        rng,
        corners,
        (septum - between, septum - between - wide),
        left.length + rng.uniform(36, 50) * filling,
    )
    return FourChambers(
        lv=Outline(inner),
        rv=Outline(np.vstack([uneven(rng, smooth(put(side)), 0.6) for side in rv])),
        la=Outline(uneven(rng, smooth(put(la)), 1.3)),
        ra=Outline(uneven(rng, smooth(put(ra)), 1.3)),
        wall=Outline(shifted(inner, left.thick * taper)),
        mitral=ends_of(inner),
        tricuspid=ends_of(put(corners)),
        turn=turn,
        systole=systole,
    )


def _right_ventricle(
    rng: np.random.Generator, left: _LeftVentricle, systole: float
) -> tuple[tuple[list[Point], list[Point]], tuple[Point, Point]]:
    """Gives its two sides and the hinges of its valve.

    It lies against the septum, ends before the apex, and its valve sits nearer to the apex.
    """
    base, top = left.length - rng.uniform(3, 8), rng.uniform(0.06, 0.24) * left.length
    broad = rng.uniform(30, 41) * (1 - 0.2 * systole)
    valve = min(rng.uniform(28, 36), 0.95 * broad)
    facing = [(s, left.septum(s)) for s in np.linspace(base, top, 8).tolist()]
    free: list[Point] = []
    for share in (0.08, 0.22, 0.38, 0.54, 0.7, 0.86):
        s = top + share * (base - top)
        size = broad * min(1.0, 1.12 * math.sin(math.pi / 2 * min(share / 0.72, 1.0)) ** 0.75)
        size -= max(0.0, share - 0.7) / 0.3 * (broad - valve)
        free.append((s, -left.reach(s) - left.thick - size))
    corner = (base - rng.uniform(0, 7), facing[0][1] - valve)
    return (facing, [facing[-1], *free, corner]), (facing[0], corner)


_AROUND = (
    (0.25, 0.02), (0.5, 0.0), (0.74, 0.05), (0.9, 0.17), (0.98, 0.34), (1.0, 0.5),
    (0.98, 0.67), (0.9, 0.84), (0.74, 0.96), (0.5, 1.0), (0.25, 0.96),
)  # fmt: skip
"""The wall of an atrium: shares of its length and of its width."""


def _atrium(
    rng: np.random.Generator, hinges: tuple[Point, Point], sides: Point, roof: float
) -> list[Point]:
    """Gives the way around an atrium from the septal to the lateral hinge of its valve.

    Args:
        rng: For the slope of its roof.
        hinges: Where its valve hangs.
        sides: The t of septum and lateral wall.
        roof: The s of its far end.
    """
    slope = rng.uniform(-0.06, 0.06)
    base = hinges[0][0]
    wall = [
        (
            base + (roof - base) * (down + slope * (out - 0.5)),
            sides[0] + (sides[1] - sides[0]) * out,
        )
        for down, out in _AROUND
    ]
    return [hinges[0], *wall, hinges[1]]
