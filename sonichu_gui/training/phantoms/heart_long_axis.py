"""PLAX: the heart along its length, from beside the breastbone."""

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
    ring,
    surface,
)
from sonichu_gui.training.phantoms.heart_long_axis_shape import (
    LongAxis,
    calipers,
    long_axis_heart,
)
from sonichu_gui.training.phantoms.outline import ends_of
from sonichu_gui.training.phantoms.scene import Scene
from sonichu_gui.training.phantoms.shapes import capsule, ellipse, placed

if TYPE_CHECKING:
    from sonichu_gui.training.phantoms.sector import Field, Point, Sector


def long_axis(rng: np.random.Generator, width: int, height: int) -> tuple[Scene, list[Point]]:
    """Gives the scene and the ends of the eleven calipers in mm, the upper end of each first."""
    sector, heart = lie(rng, width, height)
    points = calipers(heart)
    scene = Scene(sector, rng, LUNG)
    _paint(scene, heart)
    chest(scene, rng.uniform(6, 13))
    lungs(scene, points)
    haze(scene)
    return scene, points


def lie(rng: np.random.Generator, width: int, height: int) -> tuple[Sector, LongAxis]:
    """Finds a heart and a sector that shows all of its calipers."""

    def is_shown(sector: Sector, heart: LongAxis) -> bool:
        shallow = heart.rv.curve[:, 1].min() - sector.face_mm[1]
        return 13 < shallow < 34 and all(in_view(sector, point) for point in calipers(heart))

    return laid(
        rng,
        (width, height),
        depth_mm=(115, 178),
        across_mm=(-12, 22),
        below_mm=(48, 74),
        heart_at=long_axis_heart,
        is_shown=is_shown,
    )


def _paint(scene: Scene, heart: LongAxis) -> None:
    rng = scene.rng
    lv, rv, la = (outline.distance(scene) for outline in (heart.left.cavity, heart.rv, heart.la))
    wall = heart.left.wall.distance(scene)
    aorta = heart.root.tube.outline.distance(scene)
    tissue = myocardium(rng)
    around: Field = np.minimum(np.minimum(wall, la), np.minimum(aorta, rv))
    scene.fill(around - 9.0 - 3 * scene.noise((16.0, 10.0)), BEHIND, edge_mm=8.0)
    muscle(scene, np.minimum(rv - rng.uniform(3, 5), wall), tissue, np.minimum(wall, rv))
    thin: Field = np.minimum(la, aorta)
    scene.fill(thin - rng.uniform(2.0, 3.4), FIBROUS, edge_mm=1.2)
    # The pericardium behind the heart is the brightest line of the view.
    deep: Field = np.where(scene.y > heart.pose.origin[1], np.minimum(wall, la - 2.5), 99.0)
    surface(scene, deep, rng.uniform(-10, -3), thickness_mm=0.8)
    surface(scene, rv - 4.0, rng.uniform(-20, -13))
    if rng.random() < 0.75:
        _descending_aorta(scene, heart)
    cavity(scene, rv, rough_mm=rng.uniform(2.5, 5.0))
    cavity(scene, lv, rough_mm=rng.uniform(1.0, 2.5))
    cavity(scene, la)
    scene.fill(aorta, CAVITY, edge_mm=1.4)
    surface(scene, aorta - 0.8, rng.uniform(-17, -9))
    for ends in (heart.left.mitral, heart.root.tube.caliper(0)):
        mouth(scene, ends)
    _valves(scene, heart)
    _inside(scene, heart)
    for outline, chance in ((heart.left.wall, 0.5), (heart.rv, 0.5)):
        if rng.random() < chance:
            spot = outline.curve[int(rng.integers(len(outline.curve))) :]
            lost = ellipse(
                scene.x, scene.y, ends_of(spot)[0], (rng.uniform(8, 18), 7.0), heart.pose.turn
            )
            fade(scene, lost + 3 * scene.noise((9.0, 9.0)), rng.uniform(5, 14), edge_mm=8.0)


def _valves(scene: Scene, heart: LongAxis) -> None:
    rng = scene.rng
    thickness = rng.uniform(1.0, 1.9)
    for path in heart.leaflets:
        leaflet(scene, path, thickness, rng.uniform(-18, -11))
    thickness = rng.uniform(0.6, 1.1)
    for path in heart.cusps:
        leaflet(scene, path, thickness, rng.uniform(-21, -13))
    ring(scene, (*heart.left.mitral, *heart.root.tube.caliper(0)), rng.uniform(1.5, 2.4))


def _inside(scene: Scene, heart: LongAxis) -> None:
    """Paints a papillary muscle with its chordae."""
    rng = scene.rng
    if rng.random() < 0.35:
        return
    foot = placed(heart.level, heart.pose.turn, -rng.uniform(14, 30), 0.0)
    edge = heart.left.cavity.chord(foot, heart.pose.turn + math.pi / 2)[1]
    tip = placed(edge, heart.pose.turn, rng.uniform(6, 14), -rng.uniform(6, 11))
    body = capsule(scene.x, scene.y, edge, tip, (rng.uniform(3, 5), rng.uniform(1.5, 3)))
    scene.fill(body + 0.7 * scene.noise((4.0, 4.0)), myocardium(rng), edge_mm=2.0)
    for path in heart.leaflets[: int(rng.integers(0, 3))]:
        leaflet(scene, bowed(tip, ends_of(path)[1], rng.uniform(-1, 1)), 0.3, -24.0)


def _descending_aorta(scene: Scene, heart: LongAxis) -> None:
    """Paints the descending aorta behind the left atrium, cut across, and the coronary sinus."""
    rng = scene.rng
    rear = heart.left.mitral[1]
    radius = rng.uniform(9, 13)
    low = heart.la.curve[:, 1].max()
    centre = (rear[0] + rng.uniform(-14, 10), max(low, rear[1] + 12) + radius + rng.uniform(1, 4))
    vessel = ellipse(scene.x, scene.y, centre, (radius * rng.uniform(1.0, 1.3), radius), 0.2)
    scene.fill(vessel - 1.5, FIBROUS, edge_mm=1.5)
    scene.fill(vessel, CAVITY, edge_mm=1.4)
    surface(scene, vessel, rng.uniform(-18, -10))
    if rng.random() < 0.5:
        size = rng.uniform(2, 4)
        sinus = ellipse(scene.x, scene.y, (rear[0] - 3, rear[1] + size + 3), (size, 0.8 * size))
        scene.fill(sinus, CAVITY, edge_mm=1.2)
