"""PLAX: where the parts of the heart lie, and where its calipers meet them.

Positions of the ventricles are (u, v): mm along the long axis towards the base, which is the right
of the screen, and mm away from the chest, from the middle of the aortic annulus. Those of the aorta
are (a, b) from the same place, along the aorta and across it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonichu_gui.training.phantoms.heart import bowed, ordered
from sonichu_gui.training.phantoms.heart_aorta import (
    PER_MM,
    Pose,
    Root,
    aortic_cusps,
    aortic_root,
)
from sonichu_gui.training.phantoms.outline import (
    Curve,
    Outline,
    ends_of,
    shifted,
    smooth,
    uneven,
)
from sonichu_gui.training.phantoms.shapes import placed

if TYPE_CHECKING:
    from sonichu_gui.training.phantoms.sector import Point

_CUT = 0.78
"""Share of the septum, from the aorta on, that the right ventricle lies before."""


@dataclass(frozen=True, slots=True)
class LeftVentricle:
    """The left ventricle with its outflow tract.

    Attributes:
        cavity: Up to the valves.
        wall: With septum and posterior wall.
        septum: The septum's face to the right ventricle, from the aorta to the apex.
        mitral: Anterior and posterior hinge of the mitral valve.
        middle_v: v of the axis.
        curtain_mm: How far before the annulus the mitral valve begins.
    """

    cavity: Outline
    wall: Outline
    septum: Curve
    mitral: tuple[Point, Point]
    middle_v: float
    curtain_mm: float


@dataclass(frozen=True, slots=True)
class LongAxis:
    """What is drawn, on the screen.

    Attributes:
        pose: How the heart lies.
        root: The aorta.
        left: The left ventricle.
        rv: Right ventricle with its outflow tract.
        la: Left atrium.
        cusps: Right and non-coronary cusp of the aortic valve, hinge to tip.
        leaflets: Anterior and posterior leaflet of the mitral valve, hinge to tip.
        level: A point of the cavity just below the leaflets, where the ventricles are measured.
        outflow: A point of the outflow tract, where it is measured.
    """

    pose: Pose
    root: Root
    left: LeftVentricle
    rv: Outline
    la: Outline
    cusps: tuple[Curve, Curve]
    leaflets: tuple[Curve, Curve]
    level: Point
    outflow: Point


def calipers(heart: LongAxis) -> list[Point]:
    """Gives the twenty-two points, each where a caliper meets the outline that is drawn.

    Right ventricle, septum, left ventricle and posterior wall are measured on one line, square to
    the long axis (ASE 2015). The gap between closed cusps is the millimetre that they take up.
    """
    pose, tube = heart.pose, heart.root.tube
    down, across = pose.turn + math.pi / 2, pose.aorta + math.pi / 2
    lv = heart.left.cavity.chord(heart.level, down)
    wall = heart.left.wall.chord(heart.level, down)
    rv = heart.rv.chord(placed(wall[0], down, -6.0, 0.0), down)
    behind = placed(tube.caliper(heart.root.sinus)[1], across, 12.0, 0.0)
    # The outflow tract of the right ventricle ends at the junction of septum and aorta.
    square = (down + across) / 2
    pairs = (
        lv,
        rv,
        (rv[1], lv[0]),
        (lv[1], wall[1]),
        tube.caliper(0),
        tube.caliper(heart.root.junction),
        tube.caliper(heart.root.ascending),
        (ends_of(heart.cusps[0])[1], ends_of(heart.cusps[1])[1]),
        heart.left.cavity.chord(heart.outflow, across),
        heart.la.chord(behind, across),
        heart.rv.chord(placed(tube.caliper(0)[0], square, -12.0, 0.0), square),
    )
    return [point for ends in pairs for point in ordered(ends)]


def long_axis_heart(rng: np.random.Generator, origin: Point) -> LongAxis:
    """Builds a heart at a random phase of its cycle."""
    # Most frames are taken near the end of filling or of ejection.
    systole = float(rng.beta(0.7, 0.8))
    pose = Pose(origin, math.radians(rng.normal(-2, 8)), -math.radians(rng.uniform(6, 28)))
    root = aortic_root(rng, pose)
    left = _left_ventricle(rng, pose, root, systole)
    leaflets = _mitral(rng, left.mitral, pose.turn, systole)
    axis = (math.cos(pose.turn), math.sin(pose.turn))
    tips = np.array([ends_of(path)[1] for path in leaflets])
    level = min(
        float(((tips - origin) @ axis).min()) - rng.uniform(2, 5),
        float((np.array(left.mitral[0]) - origin) @ axis) - rng.uniform(17, 24),
    )
    return LongAxis(
        pose=pose,
        root=root,
        left=left,
        rv=_right_ventricle(rng, pose, root, left, systole),
        la=_left_atrium(rng, pose, root, left, systole),
        cusps=aortic_cusps(rng, pose, root, systole),
        leaflets=leaflets,
        level=placed(origin, pose.turn, level, left.middle_v),
        outflow=placed(origin, pose.aorta, -rng.uniform(0.45, 0.8) * left.curtain_mm, 0.0),
    )


def _left_ventricle(
    rng: np.random.Generator, pose: Pose, root: Root, systole: float
) -> LeftVentricle:
    """Builds it once around: septum, apex, posterior wall, mitral valve, curtain."""
    inner = rng.uniform(39, 56) * (1 - 0.34 * systole)
    septum_mm = rng.uniform(7, 12) * (1 + 0.3 * systole)
    back_mm = rng.uniform(7, 11.5) * (1 + 0.4 * systole)
    apex = rng.uniform(84, 106) * (1 - 0.12 * systole)
    above = placed((0.0, 0.0), pose.lean, 0.0, -root.ring_mm)
    below = placed((0.0, 0.0), pose.lean, 0.0, root.ring_mm)
    curtain, down = rng.uniform(6, 9), rng.uniform(0.2, 0.75)
    front = (below[0] - curtain * math.cos(down), below[1] + curtain * math.sin(down))
    top = above[1] + rng.uniform(-2, 3)
    floor = top + inner
    # The mitral annulus keeps its size while the cavity empties.
    rear = (
        front[0] + rng.uniform(4, 14),
        max(floor - rng.uniform(-1, 3), front[1] + rng.uniform(19, 24)),
    )
    bulge = rng.uniform(-0.5, 2.5)
    septal = pose.put([
        above, (-9.0, 0.6 * top + 0.4 * above[1] + bulge), (-24.0, top),
        (-40.0, top + 0.01 * inner), (-0.72 * apex, top + 0.08 * inner),
        (-0.9 * apex, top + 0.25 * inner), (-apex, top + 0.52 * inner),
    ])  # fmt: skip
    posterior = pose.put([
        (-apex, top + 0.52 * inner), (-0.9 * apex, top + 0.78 * inner),
        (-0.72 * apex, top + 0.95 * inner), (-40.0, floor - 0.01 * inner), (-24.0, floor),
        (-9.0, 0.7 * floor + 0.3 * rear[1]), rear,
    ])  # fmt: skip
    septal, posterior = uneven(rng, smooth(septal), 0.7), uneven(rng, smooth(posterior), 0.9)
    hinges = pose.put([front, below])
    # The way runs to the left along the septum and back: the wall lies to its right. It thins
    # towards either valve.
    thin = 1 - 0.35 * np.linspace(1, 0, len(septal)) ** 4
    septum = shifted(septal, -septum_mm * thin)
    thin = 1 - 0.5 * np.linspace(0, 1, len(posterior)) ** 8
    outer = shifted(posterior, -back_mm * thin)
    return LeftVentricle(
        Outline(np.vstack([septal, posterior[1:], hinges])),
        Outline(np.vstack([septum, outer[1:], hinges])),
        septum,
        mitral=(ends_of(hinges)[0], ends_of(posterior)[1]),
        middle_v=top + 0.5 * inner,
        curtain_mm=curtain * math.cos(down + pose.lean),
    )


def _right_ventricle(
    rng: np.random.Generator, pose: Pose, root: Root, left: LeftVentricle, systole: float
) -> Outline:
    """Builds what lies before septum and aorta; it is shallower in systole."""
    body = rng.uniform(17, 28) * (1 - 0.2 * systole)
    tract = max(rng.uniform(19, 31) * (1 - 0.15 * systole), 0.9 * body)
    fore = shifted(root.tube.left[4 : int(0.85 * root.ascending)], rng.uniform(2.0, 3.5))
    hinge = int(_CUT * len(left.septum)) - 4
    under = np.vstack([left.septum[hinge + 4 : 4 : -1], fore])
    last = len(under) - 1
    stations = [0, hinge // 4, 6 * hinge // 10, hinge - 1, (hinge + last) // 2, last]
    deep = np.array([4.0, 0.7 * body, body, tract, 0.95 * tract, 0.66 * tract])
    forwards = pose.turn + pose.lean / 2 - math.pi / 2
    before = under[stations] + deep[:, None] * (math.cos(forwards), math.sin(forwards))
    return Outline(np.vstack([under, uneven(rng, smooth(before)[::-1], 0.9)]))


def _left_atrium(
    rng: np.random.Generator, pose: Pose, root: Root, left: LeftVentricle, systole: float
) -> Outline:
    """Builds what lies behind aorta and mitral valve; it fills in systole."""
    deep = rng.uniform(27, 43) * (0.85 + 0.15 * systole)
    at, end = root.sinus / PER_MM, root.junction / PER_MM + 15
    aorta = root.tube.right[2 : root.junction + 9 * PER_MM]
    roof = shifted(aorta, -rng.uniform(2.2, 3.6))
    front, rear = (np.array(hinge) for hinge in left.mitral)
    along = (math.cos(pose.aorta), math.sin(pose.aorta))
    rear_a = float((rear - pose.origin) @ along)
    high, low = root.sinus_mm, root.sinus_mm + 3.0 + deep
    rounding = pose.put_aorta([
        (end, high + 0.32 * deep), (end, high + 0.62 * deep), (end - 9, low - 0.07 * deep),
        (at, low), (0.5 * (at + rear_a) - 1, low - 0.04 * deep),
    ])  # fmt: skip
    around = smooth(np.vstack([roof[:: max(len(roof) // 5, 1)], rounding, rear]))
    return Outline(np.vstack([front + 0.15 * (rear - front), uneven(rng, around, 0.8)]))


def _mitral(
    rng: np.random.Generator, mitral: tuple[Point, Point], turn: float, systole: float
) -> tuple[Curve, Curve]:
    """Gives the leaflets: into the ventricle while it fills, else meeting across the mouth."""
    front, rear = mitral
    opening = float(np.clip(1.2 - 2.2 * systole + rng.normal(0, 0.25), 0, 1))
    between = (front[0] + 0.6 * (rear[0] - front[0]), front[1] + 0.6 * (rear[1] - front[1]))
    meet = placed(between, turn, -rng.uniform(6, 11), 0.0)
    wide = (
        placed(front, turn + math.pi + rng.uniform(-0.35, 0.25), rng.uniform(20, 26), 0.0),
        placed(rear, turn + math.pi + rng.uniform(0.05, 0.4), rng.uniform(10, 14), 0.0),
    )
    tips = [
        (meet[0] + opening * (tip[0] - meet[0]), meet[1] + opening * (tip[1] - meet[1]))
        for tip in wide
    ]
    bow = rng.uniform(-1, 3.5)
    return bowed(front, tips[0], bow), bowed(rear, tips[1], -0.5 * bow)
