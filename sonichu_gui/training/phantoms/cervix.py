"""FUGC: the cervix from the vagina."""

from __future__ import annotations

import math

import numpy as np

from sonichu_gui.training.phantoms.body import strands
from sonichu_gui.training.phantoms.scene import FLUID, Scene, Tissue
from sonichu_gui.training.phantoms.sector import Field, Point, Probe, Sector
from sonichu_gui.training.phantoms.shapes import capsule, ellipse, placed, polyline
from sonichu_gui.training.phantoms.style import Style

PELVIS = Tissue(-39.0, 0.5, 3.0, 5.0)
STROMA = Tissue(-31.0, 0.4, 2.0, 2.5)
GLANDS = Tissue(-41.0, 0.2, 2.0, 1.5)
MUCUS = Tissue(-50.0, 0.0, 1.5, 1.0)
VAGINA = Tissue(-30.0, 0.4, 1.5, 1.5)
SKULL = Tissue(-22.0, 30.0)
BRAIN = Tissue(-44.0, 0.2, 1.5, 3.0)
GAS = Tissue(-30.0, 55.0, 3.0, 2.0)
_PARTS = 10


def cervix(
    rng: np.random.Generator, width: int, height: int, *, style: Style = Style.CLEAN
) -> tuple[Scene, list[Point]]:
    """Gives the scene and the left (internal) and right (external) end of the canal in mm."""
    depth = rng.uniform(*style.span(clean=(56, 68), varied=(50, 95)))
    mm_per_px = depth / (0.94 * height)
    probe = Probe(
        radius_mm=float(rng.uniform(*style.span(clean=(10, 12.5), varied=(8, 15)))),
        half_angle=math.radians(rng.uniform(*style.span(clean=(58, 68), varied=(48, 74)))),
        frequency_mhz=float(rng.uniform(*style.span(clean=(5.5, 7.0), varied=(4.2, 8.5)))),
        f_number=float(rng.uniform(*style.span(clean=(3.2, 4.2), varied=(2.2, 4.4)))),
    )
    across = rng.uniform(*style.span(clean=(0.49, 0.55), varied=(0.44, 0.58)))
    face = (width * mm_per_px * across, height * mm_per_px * 0.03)
    scene = Scene(Sector(probe, face, float(depth), mm_per_px, width, height), rng, PELVIS, style)
    length = rng.uniform(*style.span(clean=(22, 43), varied=(12, 48)))
    tilt = math.radians(rng.uniform(*style.span(clean=(-16, 12), varied=(-32, 28))))
    middle = (
        face[0] + rng.uniform(*style.span(clean=(-4, 4), varied=(-7, 7))),
        face[1] + rng.uniform(*style.span(clean=(21, 28), varied=(18, 34))),
    )
    inner = placed(middle, tilt, -length / 2, 0.0)
    outer = placed(middle, tilt, length / 2, 0.0)
    lips = _surroundings(scene, middle, tilt, length)
    _canal(scene, middle, tilt, length, lips)
    _uterus(scene, inner, tilt, length)
    return scene, [inner, outer]


def _surroundings(scene: Scene, middle: Point, tilt: float, length: float) -> Field:
    """Paints vagina, bladder and bowel, and gives the distance to the lips of the cervix.

    The lips end where the canal does: that is the external os.
    """
    rng = scene.rng
    x, y = scene.warped(0.8, 9.0)
    strands(scene, scene.depth - 200, (9.0, 1.5), -23.0)
    scene.fill(
        scene.depth - rng.uniform(5, 7) - 0.8 * scene.noise((8.0, 30.0)), VAGINA, edge_mm=1.5
    )
    for echo in range(4):
        scene.line(scene.depth - 0.8 - 1.1 * echo, -9.0 - 4 * echo, thickness_mm=0.22)
    tip = min(rng.uniform(10.5, 12.5), 0.45 * length)
    lips = capsule(
        x,
        y,
        placed(middle, tilt, -0.55 * length, 0.5),
        placed(middle, tilt, 0.5 * length - tip + 0.6, 0.0),
        (rng.uniform(14, 17), tip),
    )
    scene.fill(lips, STROMA, edge_mm=1.5)
    strands(scene, lips, (8.0, 1.2), -25.0, angle=tilt)
    scene.line(lips, -23.0, thickness_mm=0.5, oblique=0.25, strength=0.9)
    place = placed(middle, tilt, -0.95 * length - 4, -rng.uniform(10, 13))
    bladder = ellipse(x, y, place, (rng.uniform(9, 14), rng.uniform(3, 5.5)), tilt + 0.35)
    scene.fill(bladder, FLUID, edge_mm=0.6)
    scene.line(bladder, -13.0, thickness_mm=0.35)
    # Gas in the rectum: a bright front and nothing but haze behind.
    gas = placed(middle, tilt, rng.uniform(0.55, 0.8) * length, rng.uniform(17, 22))
    bowel = ellipse(x, y, gas, (rng.uniform(6, 10), 2.2), tilt + rng.uniform(-0.3, 0.5))
    scene.fill(bowel, GAS, edge_mm=1.0)
    scene.line(bowel, -8.0, thickness_mm=0.6, oblique=0.05)
    return lips


def _uterus(scene: Scene, inner: Point, tilt: float, length: float) -> None:
    """Paints fluid and fetal head beyond the internal os, whose tip is `inner`."""
    rng = scene.rng
    radius = rng.uniform(30, 38)
    turn = math.pi + tilt + rng.uniform(0.12, 0.4)
    away = (inner[0] + radius * math.cos(turn), inner[1] + radius * math.sin(turn))
    sac = ellipse(scene.x, scene.y, away, (radius, radius))
    scene.fill(sac, FLUID, edge_mm=0.6)
    scene.line(sac, -17.0, thickness_mm=0.4, oblique=0.2)
    gap = rng.uniform(3.0, 8.0)
    bone_db = 3.0
    if scene.style is Style.VARIED:
        _funnel(scene, inner, tilt)
        if rng.random() < 0.25:
            return
        gap, bone_db = rng.uniform(1.0, 16.0), rng.uniform(-10, 4)
    head = ellipse(scene.x, scene.y, away, (radius - gap, radius - gap - 1.5), turn)
    scene.fill(head, SKULL, edge_mm=0.5)
    scene.fill(head + 1.4, BRAIN)
    uneven = np.clip(0.8 + 0.3 * scene.noise((0.3 * length, 8.0)), 0.2, 1.1)
    scene.line(head + 0.6, bone_db, thickness_mm=0.35, oblique=0.1, strength=uneven)


def _funnel(scene: Scene, inner: Point, tilt: float) -> None:
    """Opens the internal os a little towards the fluid: a short wedge that ends at `inner`."""
    wide = scene.rng.uniform(0.0, 3.5)
    away = placed(inner, tilt, -scene.rng.uniform(3.0, 7.0), 0.0)
    scene.fill(capsule(scene.x, scene.y, inner, away, (0.0, wide)), FLUID, edge_mm=0.5)


def _canal(scene: Scene, middle: Point, tilt: float, length: float, lips: Field) -> None:
    """Paints the canal with its glands; its ends are the two ora."""
    rng = scene.rng
    sag = rng.uniform(*scene.style.span(clean=(-1.8, 1.8), varied=(-4.0, 4.0)))
    glands, mucus, line_db = GLANDS, MUCUS, -17.0
    if scene.style is Style.VARIED:
        # The zone of glands is darker than the stroma in most, and brighter or unseen in others.
        glands = Tissue(rng.uniform(-46, -29), 0.2, 2.0, 1.5)
        mucus = Tissue(rng.uniform(-58, -34), 0.0, 1.5, 1.0)
        line_db = rng.uniform(-32, -13)
    path = [
        placed(middle, tilt, u * length / 2, sag * (1 - u * u))
        for u in np.linspace(-1.0, 1.0, _PARTS + 1)
    ]
    centre = polyline(scene.x, scene.y, path, (0.0, 0.0))
    zone = centre - rng.uniform(2.2, 3.2) - 0.5 * scene.noise((3.0, 3.0), angle=tilt)
    scene.fill(np.maximum(zone, lips + 1.0), glands, edge_mm=1.5)
    for _ in range(int(rng.integers(0, 3))):
        place = placed(middle, tilt, rng.uniform(-0.3, 0.4) * length, rng.choice((-1, 1)) * 3.4)
        cyst = ellipse(scene.x, scene.y, place, (rng.uniform(0.8, 1.8), rng.uniform(0.7, 1.3)))
        scene.fill(cyst, FLUID, edge_mm=0.4)
    scene.fill(centre - 0.7, mucus, edge_mm=0.5)
    broken = np.clip(0.75 + 0.6 * scene.noise((3.5, 20.0), angle=tilt), 0.1, 1.4)
    scene.line(centre, line_db, thickness_mm=0.24, oblique=0.4, strength=broken)
