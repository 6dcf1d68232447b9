"""PSAX: where the great vessels lie, and where their calipers end.

The outflow tract of the right ventricle comes from the left, runs over the aortic valve and goes on
as the pulmonary artery down its right side. Angles run clockwise around the aortic valve, 0 to the
right of the screen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonichu_gui.training.phantoms.heart import bowed, ordered
from sonichu_gui.training.phantoms.outline import Curve, Outline, Tube, ends_of, smooth, uneven
from sonichu_gui.training.phantoms.shapes import placed

if TYPE_CHECKING:
    from sonichu_gui.training.phantoms.sector import Point


@dataclass(frozen=True, slots=True)
class Outflow:
    """The way from the right ventricle over the pulmonary valve to the fork.

    Attributes:
        tube: Its walls; the left one is the outer.
        valve: Index of the pulmonary valve.
        before_valve: Index of the outflow tract's caliper.
        artery: Index of the pulmonary artery's caliper.
        right_branch: Right pulmonary artery, which runs back behind the aorta.
        left_branch: Left pulmonary artery.
    """

    tube: Tube
    valve: int
    before_valve: int
    artery: int
    right_branch: Tube
    left_branch: Tube


@dataclass(frozen=True, slots=True)
class GreatVessels:
    """What is drawn, on the screen.

    Attributes:
        centre: Middle of the aortic valve.
        radius: Of the aortic root.
        turn: How far the heart is turned clockwise.
        posts: Angles of the three places where neighbouring cusps of the aortic valve meet.
        aorta: The root of the aorta, a clover leaf.
        outflow: Right ventricle and pulmonary artery.
        left_atrium: Behind the aortic valve.
        right_atrium: Beside it.
        between: The septum between the atria.
        systole: 0 when the ventricles are full, 1 when they are empty.
    """

    centre: Point
    radius: float
    turn: float
    posts: tuple[float, float, float]
    aorta: Outline
    outflow: Outflow
    left_atrium: Outline
    right_atrium: Outline
    between: Curve
    systole: float


def calipers(heart: GreatVessels) -> list[Point]:
    """Gives the four points: facing places of the walls that are drawn.

    The outflow tract is measured just before the pulmonary valve, which ASE prefers in this view,
    the artery half way from its valve to its fork.
    """
    outflow = heart.outflow
    return [
        point
        for index in (outflow.before_valve, outflow.artery)
        for point in ordered(outflow.tube.caliper(index))
    ]


def short_axis_vessels(rng: np.random.Generator, centre: Point) -> GreatVessels:
    """Builds great vessels at a random phase of the cycle."""
    # Most frames are taken near the end of filling or of ejection.
    systole = float(rng.beta(0.7, 0.8))
    turn = math.radians(rng.normal(0, 7))
    radius = rng.uniform(13, 18)

    def at(degrees: float, away: float) -> Point:
        return placed(centre, turn + math.radians(degrees), away, 0.0)

    first = turn + math.radians(rng.uniform(-45, -5))
    one, two, three = (first + k * 2 * math.pi / 3 + rng.uniform(-0.12, 0.12) for k in range(3))
    around = np.linspace(0, 2 * math.pi, 120, endpoint=False)
    lobes = radius * (1 - rng.uniform(0.0, 0.06) * np.cos(3 * (around - first)))
    root = np.column_stack([centre[0] + lobes * np.cos(around), centre[1] + lobes * np.sin(around)])

    # The atria lie behind; the septum between them meets the aorta at seven o'clock.
    deep = rng.uniform(30, 42) / 2
    foot = at(rng.uniform(105, 130), radius + 1.5)
    low = placed(foot, turn + math.radians(rng.uniform(95, 120)), 1.8 * deep, 0.0)
    left = _oval(
        rng,
        at(rng.uniform(72, 84), radius + 3 + deep),
        (rng.uniform(20, 28), deep),
        turn + rng.uniform(-0.2, 0.2),
    )
    right = _oval(
        rng,
        at(rng.uniform(142, 158), radius + rng.uniform(16, 21)),
        (rng.uniform(19, 25), rng.uniform(16, 21)),
        turn + rng.uniform(0.3, 1.0),
    )
    return GreatVessels(
        centre=centre,
        radius=radius,
        turn=turn,
        posts=(one, two, three),
        aorta=Outline(root),
        outflow=_outflow(rng, centre, turn, radius, systole),
        left_atrium=left,
        right_atrium=right,
        between=bowed(foot, low, rng.uniform(-2, 2)),
        systole=systole,
    )


def _outflow(
    rng: np.random.Generator, centre: Point, turn: float, radius: float, systole: float
) -> Outflow:
    """Builds ventricle, outflow tract and artery around the aorta, a wall away from it."""
    gap = rng.uniform(2.2, 4.2)
    valve = math.radians(rng.uniform(-58, -28))
    annulus = rng.uniform(17.5, 25) / 2
    trunk = annulus * rng.uniform(0.98, 1.2)
    tract = max(rng.uniform(24, 34) * (1 - 0.12 * systole) / 2, 1.05 * annulus)
    body = rng.uniform(14, 18) * (1 - 0.15 * systole)
    fork = valve + rng.uniform(36, 48) / (radius + gap + trunk)
    # Angle, radius of the lumen, and how far the way keeps from the aorta.
    knots = np.array([
        (math.radians(-198), 0.8 * body, 1.05), (math.radians(-165), body, 1.0),
        (math.radians(-125), 0.5 * (body + tract), 1.0), (math.radians(-90), tract, 1.0),
        (valve - 0.22, 0.45 * tract + 0.55 * annulus, 1.0), (valve, annulus, 1.02),
        (valve + 0.25, 0.3 * annulus + 0.7 * trunk, 1.05), (0.5 * (valve + fork), trunk, 1.1),
        (fork, trunk * rng.uniform(1.0, 1.1), rng.uniform(1.15, 1.4)),
    ])  # fmt: skip
    dense = smooth(knots[:, :2])
    angles, radii = dense[:, 0], dense[:, 1]
    away = (radius + gap + radii) * np.interp(angles, knots[:, 0], knots[:, 2])
    way = np.column_stack([
        centre[0] + away * np.cos(angles + turn), centre[1] + away * np.sin(angles + turn)
    ])  # fmt: skip
    way = uneven(rng, way, 0.6)

    def nearest(angle: float) -> int:
        return int(np.argmin(np.abs(angles - angle)))

    # Either branch keeps to its own side of the trunk.
    heading = math.atan2(*(way[-1] - way[-3])[::-1])
    size = trunk * rng.uniform(0.55, 0.75)
    end = ends_of(way)[1]
    inner = placed(end, heading, -0.4 * trunk, trunk - size)
    outer = placed(end, heading, -0.4 * trunk, size - trunk)
    behind = [
        placed(centre, turn + fork + step, radius + gap + size + rise, 0.0)
        for step, rise in ((0.5, 4.0), (0.9, 3.0), (1.35, 3.0), (1.7, 5.0), (2.0, 8.0))
    ]
    on = heading - rng.uniform(0.0, 0.5)
    onwards = [
        placed(outer, direction, length, 0.0)
        for direction, length in ((heading - 0.1, 12.0), (on, 34.0), (on - 0.3, 75.0))
    ]
    return Outflow(
        Tube.around(way, radii),
        valve=nearest(valve),
        before_valve=nearest(valve - rng.uniform(5, 10) / (radius + gap + annulus)),
        artery=nearest(valve + rng.uniform(0.42, 0.58) * (fork - valve)),
        right_branch=_branch([inner, *behind], size, 0.15 * size),
        left_branch=_branch([outer, *onwards], size, 0.8 * size),
    )


def _branch(way: list[Point], first: float, last: float) -> Tube:
    line = smooth(way)
    return Tube.around(line, np.linspace(first, last, len(line)))


def _oval(rng: np.random.Generator, centre: Point, semi: Point, angle: float) -> Outline:
    turns = np.linspace(0, 2 * math.pi, 90)
    around = [placed(centre, angle, semi[0] * math.cos(t), semi[1] * math.sin(t)) for t in turns]
    return Outline(uneven(rng, np.array(around), 1.0)[:-1])
