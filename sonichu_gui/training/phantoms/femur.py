"""fetal_femur: the thigh along its bone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sonichu_gui.training.phantoms.beside import fetal_part
from sonichu_gui.training.phantoms.body import (
    DEEP,
    body_wall,
    convex,
    sector_above,
    strands,
    uterus,
)
from sonichu_gui.training.phantoms.scene import FAT, Scene, Tissue
from sonichu_gui.training.phantoms.shapes import capsule, ellipse, placed, polyline
from sonichu_gui.training.phantoms.style import Style
from sonichu_gui.training.phantoms.view import Screen, varied_sector

if TYPE_CHECKING:
    from sonichu_gui.training.phantoms.sector import Field, Point

SHAFT = Tissue(-14.0, 150.0)
CARTILAGE = Tissue(-46.0, 0.0, 1.0, 2.0)
THIGH = Tissue(-37.0, 0.1, 1.8, 3.0)
SKIN = Tissue(-28.0, 0.2, 1.0, 1.5)
_PARTS = 8


def femur(
    rng: np.random.Generator, width: int, height: int, *, style: Style = Style.CLEAN
) -> tuple[Scene, list[Point]]:
    """Gives the scene and the left and right end of the ossified shaft in mm."""
    length = rng.uniform(*style.span(clean=(18, 74), varied=(9, 80)))
    share = rng.uniform(*style.span(clean=(0.32, 0.5), varied=(0.2, 0.72)))
    mm_per_px = max(
        length / (share * width), style.span(clean=(48, 48), varied=(24, 24))[0] / width
    )
    centre = (
        width * mm_per_px * rng.uniform(*style.span(clean=(0.46, 0.54), varied=(0.42, 0.58))),
        height * mm_per_px * rng.uniform(*style.span(clean=(0.42, 0.52), varied=(0.38, 0.6))),
    )
    angle = math.radians(rng.uniform(*style.span(clean=(-28, 28), varied=(-48, 48))))
    if style is Style.VARIED:
        # A steep bone must fit the frame too.
        steep = length * abs(math.sin(angle)) / (0.66 * height)
        centre = (centre[0] * max(1, steep / mm_per_px), centre[1] * max(1, steep / mm_per_px))
        mm_per_px = max(mm_per_px, steep)
    reach = 0.5 * length * abs(math.sin(angle)) + 0.2 * length
    if style is Style.VARIED:
        across = 0.5 * length * math.cos(angle) + 0.1 * length
        screen = Screen(width, height, mm_per_px)
        sector = varied_sector(rng, screen, centre=centre, reach=(across, reach), linear=0.12)
    else:
        size, top = (width, height), centre[1] - reach
        sector = sector_above(convex(rng), rng, top_mm=top, mm_per_px=mm_per_px, size=size)
    scene = Scene(sector, rng, DEEP, style)
    near, far = style.span(clean=(0.6, 0.85), varied=(0.3, 0.95))
    wall = float(centre[1] - reach - sector.face_mm[1]) * rng.uniform(near, far)
    body_wall(scene, wall)
    uterus(
        scene,
        centre=placed(centre, angle, 0.0, 0.1 * length),
        semi=(0.8 * length, 0.5 * length),
        angle=angle + rng.uniform(-0.25, 0.25),
        wall_mm=wall,
    )
    if style is Style.VARIED:
        fetal_part(scene, placed(centre, angle, 0.0, rng.uniform(0.5, 1.0) * length), 0.08 * length)
    hip = 1.0 if rng.random() < 0.5 else -1.0
    _thigh(scene, centre, angle, length, hip)
    return scene, list(_bone(scene, centre, angle, length, hip))


def _thigh(scene: Scene, centre: Point, angle: float, length: float, hip: float) -> None:
    """Paints skin, fat and muscle around the bone, the trunk at the hip and the leg at the knee."""
    x, y = scene.warped(0.02 * length, 0.3 * length)
    pelvis = placed(centre, angle, hip * 0.95 * length, 0.05 * length)
    limb = capsule(
        x,
        y,
        placed(centre, angle, hip * 0.55 * length, 0.02 * length),
        placed(centre, angle, -hip * 0.62 * length, 0.03 * length),
        (0.3 * length, 0.17 * length),
    )
    trunk = ellipse(x, y, pelvis, (0.5 * length, 0.42 * length), angle + 0.3 * hip)
    leg = capsule(
        x,
        y,
        placed(centre, angle, -hip * 0.62 * length, 0.03 * length),
        placed(centre, angle, -hip * 0.85 * length, 0.55 * length),
        (0.15 * length, 0.11 * length),
    )
    body: Field = np.minimum(np.minimum(limb, trunk), leg)
    scene.fill(body, SKIN)
    scene.line(body + 0.3, -17.0, thickness_mm=0.4, oblique=0.25)
    scene.fill(body + 0.02 * length + 0.6, FAT, edge_mm=1.0)
    scene.fill(body + 0.05 * length + 0.6, THIGH, edge_mm=1.5)
    strands(scene, body + 0.06 * length, (0.3 * length, 0.045 * length), -24.0, angle=angle)


def _bone(
    scene: Scene, centre: Point, angle: float, length: float, hip: float
) -> tuple[Point, Point]:
    """Paints shaft and cartilage and gives the left and right end of the shaft."""
    rng = scene.rng
    radius = 0.017 * length + 0.5
    surface_db, rough, uneven = 6.0, 0.35, 1.0
    if scene.style is Style.VARIED:
        radius *= rng.uniform(0.6, 1.4)
        surface_db, rough = rng.uniform(-4, 8), rng.uniform(0.2, 0.55)
        uneven = np.clip(0.8 + 0.35 * scene.noise((0.2 * length, 0.2 * length)), 0.2, 1.2)
    half = length / 2 - radius
    sag = rng.uniform(*scene.style.span(clean=(-0.02, 0.035), varied=(-0.035, 0.06))) * length
    path = [
        placed(centre, angle, u * half, sag * u * u) for u in np.linspace(-1.0, 1.0, _PARTS + 1)
    ]
    # The ends lie a radius beyond the last joints, in the direction in which the shaft runs there.
    left, right = _beyond(path[0], path[1], radius), _beyond(path[-1], path[-2], radius)
    for (x, y), away, size in ((left, -1.0, 0.075), (right, 1.0, 0.075)):
        place = placed((x, y), angle, away * 0.05 * length, 0.0)
        wide = size * length * (1.15 if away == hip else 1.0)
        knob = ellipse(scene.x, scene.y, place, (0.8 * wide, wide), angle)
        scene.fill(knob, CARTILAGE, edge_mm=0.8)
        scene.line(knob, -22.0, thickness_mm=0.4)
    shaft = polyline(scene.x, scene.y, path, (radius, radius))
    scene.fill(shaft, SHAFT, edge_mm=0.4)
    scene.line(
        shaft + 0.3 * radius,
        surface_db,
        thickness_mm=0.35 * radius,
        oblique=rough,
        strength=uneven,
    )
    return left, right


def _beyond(end: Point, before: Point, distance: float) -> Point:
    angle = math.atan2(end[1] - before[1], end[0] - before[0])
    return end[0] + distance * math.cos(angle), end[1] + distance * math.sin(angle)
