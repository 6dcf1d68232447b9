"""A4C: the four chambers from the apex of the heart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sonichu_gui.training.phantoms.heart import (
    BEHIND,
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
from sonichu_gui.training.phantoms.heart_four_chamber_shape import (
    FourChambers,
    calipers,
    four_chamber_heart,
)
from sonichu_gui.training.phantoms.outline import Outline, ends_of, midway
from sonichu_gui.training.phantoms.scene import Scene
from sonichu_gui.training.phantoms.shapes import capsule, ellipse, placed

if TYPE_CHECKING:
    from sonichu_gui.training.phantoms.sector import Field, Point, Sector


def four_chamber(rng: np.random.Generator, width: int, height: int) -> tuple[Scene, list[Point]]:
    """Gives the scene and the ends of the long and the widest diameter of each chamber in mm.

    Order: LV, RV, LA, RA; each long axis, then transverse; the upper end first.
    """
    sector, heart = lie(rng, width, height)
    points = calipers(heart)
    scene = Scene(sector, rng, LUNG)
    _muscle_and_blood(scene, heart)
    _inside_ventricles(scene, heart)
    _valves(scene, heart)
    _drop_outs(scene, heart)
    chest(scene, rng.uniform(6, 14))
    lungs(scene, points)
    haze(scene)
    return scene, points


def lie(rng: np.random.Generator, width: int, height: int) -> tuple[Sector, FourChambers]:
    """Finds a heart and a sector that shows all of its calipers, the atria well above its end."""

    def is_shown(sector: Sector, heart: FourChambers) -> bool:
        bottom = max(chamber.curve[:, 1].max() for chamber in (heart.la, heart.ra))
        share = (bottom - sector.face_mm[1]) / sector.depth_mm
        return 0.8 < share < 0.96 and all(in_view(sector, point) for point in calipers(heart))

    return laid(
        rng,
        (width, height),
        depth_mm=(110, 182),
        across_mm=(-12, 22),
        below_mm=(14, 36),
        heart_at=four_chamber_heart,
        is_shown=is_shown,
    )


def _muscle_and_blood(scene: Scene, heart: FourChambers) -> None:
    rng = scene.rng
    lv, rv, la, ra, wall = (
        outline.distance(scene) for outline in (heart.lv, heart.rv, heart.la, heart.ra, heart.wall)
    )
    atria: Field = np.minimum(la, ra)
    right = rv - rng.uniform(3.0, 5.5)
    # Fat, veins and pericardium behind the atria answer strongly through so much blood.
    back = rng.uniform(7, 15) + 2.5 * scene.noise((14.0, 14.0))
    scene.fill(atria - back, BEHIND, edge_mm=6.0)
    muscle(scene, np.minimum(right, wall), myocardium(rng), np.minimum(wall, rv))
    scene.fill(atria - rng.uniform(2.0, 3.2), FIBROUS, edge_mm=1.2)
    outer: Field = np.minimum(np.minimum(wall, right), atria - 3.0)
    surface(scene, outer, rng.uniform(-18, -11))
    cavity(scene, rv, rough_mm=rng.uniform(3.5, 6.0))
    cavity(scene, lv, rough_mm=rng.uniform(2.0, 4.0))
    cavity(scene, atria)
    for ends in (heart.mitral, heart.tricuspid):
        mouth(scene, ends)


def _inside_ventricles(scene: Scene, heart: FourChambers) -> None:
    """Paints papillary muscles and the moderator band."""
    rng = scene.rng
    for _ in range(int(rng.integers(0, 3))):
        foot, axis = _on_axis(heart.lv, heart.mitral, rng.uniform(0.38, 0.58))
        edge = heart.lv.chord(foot, axis + math.pi / 2)[0 if rng.random() < 0.75 else 1]
        inward = math.atan2(foot[1] - edge[1], foot[0] - edge[0])
        tip = placed(placed(edge, inward, rng.uniform(5, 8), 0.0), axis, rng.uniform(6, 14), 0.0)
        body = capsule(scene.x, scene.y, edge, tip, (rng.uniform(2.5, 4), rng.uniform(1.5, 2.5)))
        scene.fill(body + 0.6 * scene.noise((4.0, 4.0)), myocardium(rng), edge_mm=2.0)
    if rng.random() < 0.6:
        foot, axis = _on_axis(heart.rv, heart.tricuspid, rng.uniform(0.24, 0.4))
        band = bowed(*heart.rv.chord(foot, axis + 1.1), rng.uniform(-3, 3))
        leaflet(scene, band, rng.uniform(1.5, 2.8), -26.0)


def _on_axis(ventricle: Outline, hinges: tuple[Point, Point], share: float) -> tuple[Point, float]:
    """Gives a point of the long axis, counted from the apex, and the way to the valve."""
    apex, base = ventricle.farthest(midway(*hinges)), midway(*hinges)
    axis = math.atan2(base[1] - apex[1], base[0] - apex[0])
    return placed(apex, axis, share * math.dist(apex, base), 0.0), axis


def _valves(scene: Scene, heart: FourChambers) -> None:
    """Paints the leaflets: towards the apex while the ventricles fill, else across the mouth."""
    rng = scene.rng
    up = heart.turn + math.pi
    opening = float(np.clip(1.2 - 2.2 * heart.systole + rng.normal(0, 0.25), 0, 1))
    for (septal, lateral), lengths in (
        (heart.mitral, (rng.uniform(20, 26), rng.uniform(12, 16))),
        (heart.tricuspid, (rng.uniform(13, 18), rng.uniform(18, 24))),
    ):
        across = math.atan2(lateral[1] - septal[1], lateral[0] - septal[0])
        place = lengths[0] / sum(lengths) * math.dist(septal, lateral)
        meet = placed(placed(septal, across, place, 0.0), up, rng.uniform(2.5, 6), 0.0)
        thickness = rng.uniform(0.9, 1.7)
        for hinge, long, inward in (
            (septal, lengths[0], across),
            (lateral, lengths[1], across + math.pi),
        ):
            turn = math.remainder(up - inward, 2 * math.pi)
            ajar = placed(hinge, inward + turn * rng.uniform(0.62, 0.85), long, 0.0)
            tip = (
                meet[0] + opening * (ajar[0] - meet[0]),
                meet[1] + opening * (ajar[1] - meet[1]),
            )
            leaflet(scene, bowed(hinge, tip, rng.uniform(-1.5, 1.5)), thickness)
        ring(scene, (septal, lateral), rng.uniform(2.0, 3.2))


def _drop_outs(scene: Scene, heart: FourChambers) -> None:
    """Weakens walls that the beam runs along: the thin oval fossa, the free walls."""
    rng = scene.rng
    fossa = placed(heart.mitral[0], heart.turn, rng.uniform(17, 24), rng.uniform(0, 2))
    lost = ellipse(scene.x, scene.y, fossa, (rng.uniform(6, 12), 4.0), heart.turn)
    fade(scene, lost, rng.uniform(4, 22), edge_mm=4.0)
    # Between 0 and 1 the way leads up the septum, over the apex and down the free wall; that of
    # the right ventricle ends in its free wall too.
    for chamber, places, chance in (
        (heart.lv, (0.55, 0.92), 0.5),
        (heart.lv, (0.42, 0.6), 0.5),
        (heart.lv, (0.05, 0.9), 0.4),
        (heart.rv, (0.55, 0.92), 0.7),
        (heart.rv, (0.4, 0.7), 0.5),
    ):
        if rng.random() < chance:
            start = int(rng.uniform(*places) * len(chamber.curve))
            spot, size = ends_of(chamber.curve[start:])[0], (rng.uniform(9, 22), rng.uniform(7, 13))
            lost = ellipse(scene.x, scene.y, spot, size, heart.turn)
            fade(scene, lost + 4 * scene.noise((7.0, 7.0)), rng.uniform(6, 16), edge_mm=9.0)
