"""PSAX: the great vessels, cut across the aortic valve, from beside the breastbone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sonichu_gui.training.phantoms.heart import (
    BEHIND,
    CAVITY,
    FIBROUS,
    LUNG,
    bowed,
    cavity,
    chest,
    fade,
    haze,
    in_view,
    laid,
    leaflet,
    lungs,
    mouth,
    muscle,
    myocardium,
    surface,
    trabeculae,
)
from sonichu_gui.training.phantoms.heart_short_axis_shape import (
    GreatVessels,
    calipers,
    short_axis_vessels,
)
from sonichu_gui.training.phantoms.outline import ends_of, midway, smooth
from sonichu_gui.training.phantoms.scene import Scene
from sonichu_gui.training.phantoms.shapes import ellipse, placed

if TYPE_CHECKING:
    from sonichu_gui.training.phantoms.sector import Field, Point, Sector


def short_axis(rng: np.random.Generator, width: int, height: int) -> tuple[Scene, list[Point]]:
    """Gives the scene and the ends of outflow tract and pulmonary artery in mm, upper end first."""
    sector, heart = lie(rng, width, height)
    points = calipers(heart)
    scene = Scene(sector, rng, LUNG)
    _paint(scene, heart)
    _aortic_valve(scene, heart)
    _other_valves(scene, heart)
    _drop_out(scene, heart)
    chest(scene, rng.uniform(6, 13))
    lungs(scene, points)
    haze(scene)
    return scene, points


def lie(rng: np.random.Generator, width: int, height: int) -> tuple[Sector, GreatVessels]:
    """Finds great vessels and a sector that shows both calipers and the fork."""

    def is_shown(sector: Sector, heart: GreatVessels) -> bool:
        shallow = heart.outflow.tube.left[:, 1].min() - sector.face_mm[1]
        fork = heart.outflow.tube.caliper(-1)[1]
        return 14 < shallow < 34 and all(in_view(sector, p) for p in (*calipers(heart), fork))

    return laid(
        rng,
        (width, height),
        depth_mm=(105, 160),
        across_mm=(-16, 10),
        below_mm=(52, 74),
        heart_at=short_axis_vessels,
        is_shown=is_shown,
    )


def _paint(scene: Scene, heart: GreatVessels) -> None:
    rng = scene.rng
    tract = heart.outflow.tube.outline.distance(scene)
    branches = heart.outflow.left_branch.outline.distance(scene)
    aorta = heart.aorta.distance(scene)
    atria: Field = np.minimum(heart.left_atrium.distance(scene), heart.right_atrium.distance(scene))
    # The cut lies at the atria, or a little higher, where the right branch shows before them.
    high = rng.random() < 0.4
    if high:
        branches = np.minimum(branches, heart.outflow.right_branch.outline.distance(scene))
    edge: Field = np.minimum(np.minimum(tract, aorta), atria)
    scene.fill(edge - 10.0 - 3 * scene.noise((16.0, 10.0)), BEHIND, edge_mm=8.0)
    edge = np.minimum(edge, branches)
    scene.fill(edge - rng.uniform(2.5, 4.0), FIBROUS, edge_mm=1.6)
    surface(scene, atria - 2.5, rng.uniform(-14, -7), thickness_mm=0.8)
    cavity(scene, atria)
    if not high:
        leaflet(scene, heart.between, rng.uniform(1.0, 2.4), -20.0)
    past = _past_valve(scene, heart)
    thick = rng.uniform(3, 5)
    muscle(scene, np.maximum(tract - thick, past), myocardium(rng), tract)
    vessels = _blended(tract, branches)
    scene.fill(vessels - 2.0, FIBROUS, edge_mm=1.4)
    cavity(scene, vessels)
    ventricle: Field = np.where(past < -8.0, tract, 99.0)
    trabeculae(scene, ventricle, rng.uniform(2.0, 5.0))
    surface(scene, vessels - 0.6, rng.uniform(-18, -11))
    mouth(scene, heart.outflow.tube.caliper(0), 4.0)
    scene.fill(aorta - rng.uniform(1.8, 3.0), FIBROUS, edge_mm=1.0)
    scene.fill(aorta, CAVITY, edge_mm=1.2)
    surface(scene, aorta - 0.8, rng.uniform(-17, -9))


def _blended(one: Field, other: Field) -> Field:
    """Distance to two vessels with their fork rounded; elsewhere the smaller of the two."""
    width = np.float32(2.5)
    gap = np.abs(one - other) / width
    return np.asarray(np.minimum(one, other) - width * np.log1p(np.exp(-gap)), np.float32)


def _past_valve(scene: Scene, heart: GreatVessels) -> Field:
    """Distance to the line from the aorta through the pulmonary valve, negative before it."""
    x, y = midway(*heart.outflow.tube.caliper(heart.outflow.valve))
    angle = math.atan2(y - heart.centre[1], x - heart.centre[0])
    around = np.arctan2(scene.y - heart.centre[1], scene.x - heart.centre[0]) - angle
    around = (around + math.pi) % (2 * math.pi) - math.pi
    return np.asarray(around * (heart.radius + 12), dtype=np.float32)


def _aortic_valve(scene: Scene, heart: GreatVessels) -> None:
    """Paints three cusps: a star while they are closed, a triangle or a ring when they open."""
    rng = scene.rng
    opening = float(np.clip(math.sin(math.pi * heart.systole) * 1.6 - 0.3, 0, 0.97))
    thickness = rng.uniform(0.6, 1.2)
    inner = opening * heart.radius
    one, two, three = heart.posts
    for start, end in ((one, two), (two, three), (three, one + 2 * math.pi)):
        path = [
            placed(heart.centre, angle, away, 0.0)
            for angle, away in (
                (start, heart.radius),
                (start + 0.22 * opening, 0.5 * heart.radius + 0.38 * inner),
                (0.5 * (start + end), max(0.88 * inner, 0.4)),
                (end - 0.22 * opening, 0.5 * heart.radius + 0.38 * inner),
                (end, heart.radius),
            )
        ]
        leaflet(scene, smooth(path), thickness, rng.uniform(-19, -12))


def _other_valves(scene: Scene, heart: GreatVessels) -> None:
    """Paints the pulmonary valve, open in systole, and the tricuspid valve, open in diastole."""
    rng = scene.rng
    opening = float(np.clip(math.sin(math.pi * heart.systole) * 1.6 - 0.3, 0, 1))
    outer, inner = heart.outflow.tube.caliper(heart.outflow.valve)
    across = math.atan2(inner[1] - outer[1], inner[0] - outer[0])
    for hinge, side in ((outer, 1), (inner, -1)):
        deep = (0.5 - 0.42 * opening) * math.dist(outer, inner)
        tip = placed(placed(hinge, across, side * deep, 0.0), across, 0.0, -rng.uniform(5, 9))
        path = bowed(hinge, tip, -side * rng.uniform(0, 2))
        leaflet(scene, path, rng.uniform(0.5, 1.0), -20.0)
    far, near = heart.outflow.tube.caliper(0)
    for hinge, other in ((near, far), (far, near)):
        way = math.atan2(other[1] - hinge[1], other[0] - hinge[0])
        tip = placed(hinge, way, (0.17 + 0.3 * opening) * math.dist(near, far), 0.0)
        lift = rng.uniform(2, 5) + 9 * (1 - opening)
        tip = placed(tip, heart.turn - math.pi / 2, lift, 0.0)
        leaflet(scene, bowed(hinge, tip, rng.uniform(-1.5, 1.5)), rng.uniform(0.7, 1.4), -18.0)


def _drop_out(scene: Scene, heart: GreatVessels) -> None:
    """Weakens a part of the outer wall, as poor contact or lung does."""
    rng = scene.rng
    if rng.random() < 0.6:
        wall = heart.outflow.tube.left
        spot = ends_of(wall[int(rng.uniform(0.1, 0.95) * len(wall)) :])[0]
        lost = ellipse(scene.x, scene.y, spot, (rng.uniform(7, 14), 6.0))
        fade(scene, lost + 3 * scene.noise((9.0, 9.0)), rng.uniform(4, 12), edge_mm=8.0)
