"""FA: the fetal abdomen at the level of stomach and umbilical vein."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sonichu_gui.training.phantoms.beside import neighbours
from sonichu_gui.training.phantoms.body import DEEP, body_wall, convex, sector_above, uterus
from sonichu_gui.training.phantoms.brain import Cut
from sonichu_gui.training.phantoms.scene import BLOOD, BONE, FLUID, Scene, Tissue
from sonichu_gui.training.phantoms.shapes import capsule, ellipse, local, placed, polyline, rounded
from sonichu_gui.training.phantoms.style import Style
from sonichu_gui.training.phantoms.view import Screen, varied_sector

if TYPE_CHECKING:
    from sonichu_gui.training.phantoms.sector import Field, Point

SKIN = Tissue(-29.0, 0.2, 2.0, 2.0)
WALL = Tissue(-40.0, 0.3, 1.5, 2.0)
LIVER = Tissue(-34.0, 0.1, 1.8, 4.0)


def abdomen(
    rng: np.random.Generator, width: int, height: int, *, style: Style = Style.CLEAN
) -> tuple[Scene, list[Point]]:
    """Gives the scene and the ends of the two skin-to-skin diameters in mm.

    Order: upper and lower end of the upright diameter, right and left end of the level one.
    """
    level = rng.uniform(*style.span(clean=(34, 108), varied=(16, 118)))
    upright = level * rng.uniform(*style.span(clean=(0.88, 1.08), varied=(0.78, 1.16)))
    angle = math.radians(rng.uniform(*style.span(clean=(-18, 18), varied=(-42, 42))))
    share = rng.uniform(*style.span(clean=(0.42, 0.58), varied=(0.26, 0.72)))
    mm_per_px = max(level / (share * width), upright / (0.78 * height))
    centre = (
        width * mm_per_px * rng.uniform(*style.span(clean=(0.46, 0.54), varied=(0.42, 0.58))),
        height * mm_per_px * rng.uniform(*style.span(clean=(0.47, 0.54), varied=(0.46, 0.55))),
    )
    semi = (level / 2, upright / 2)
    if style is Style.VARIED:
        screen = Screen(width, height, mm_per_px)
        sector = varied_sector(rng, screen, centre=centre, reach=semi)
    else:
        size = (width, height)
        top = centre[1] - semi[1]
        sector = sector_above(convex(rng), rng, top_mm=top, mm_per_px=mm_per_px, size=size)
    scene = Scene(sector, rng, DEEP, style)
    near, far = style.span(clean=(0.55, 0.8), varied=(0.3, 0.95))
    wall = float(centre[1] - semi[1] - sector.face_mm[1]) * rng.uniform(near, far)
    body_wall(scene, wall)
    uterus(
        scene,
        centre=(centre[0] + rng.uniform(-0.3, 0.3) * level / 2, centre[1] + rng.uniform(0, 4)),
        semi=(
            semi[0] * rng.uniform(*style.span(clean=(1.2, 1.7), varied=(1.03, 1.7))),
            semi[1] * rng.uniform(*style.span(clean=(1.08, 1.3), varied=(1.0, 1.35))),
        ),
        angle=rng.uniform(-0.3, 0.3),
        wall_mm=wall,
    )
    if style is Style.VARIED:
        neighbours(scene, Cut(centre, angle, semi, 1.0))
    # One diameter runs from the skin over the spine to the front (ISUOG, Salomon et al. 2019,
    # doi 10.1002/uog.20272), so that its direction can be told from what is seen in the trunk. The
    # fetus lies on its side or its back, seldom face down: its shadow would hide the rest.
    towards_spine = angle + math.radians(float(rng.choice((0, 90, 180))) + rng.normal(0, 4))
    outer = ellipse(scene.x, scene.y, centre, semi, angle)
    radius = math.sqrt(semi[0] * semi[1])
    _wall(scene, outer, radius)
    _ribs(scene, outer, centre, towards_spine, radius)
    _organs(scene, centre, towards_spine, radius)
    _spine(scene, centre, towards_spine, radius)
    ends = ((0.0, -semi[1]), (0.0, semi[1]), (semi[0], 0.0), (-semi[0], 0.0))
    return scene, [placed(centre, angle, u, v) for u, v in ends]


def _wall(scene: Scene, outer: Field, radius: float) -> None:
    scene.fill(outer, SKIN, edge_mm=0.5)
    skin_db, uneven = -15.0, 1.0
    if scene.style is Style.VARIED:
        skin_db = scene.rng.uniform(-24, -10)
        uneven = np.clip(0.7 + 0.5 * scene.noise((0.5 * radius, 0.5 * radius)), 0.05, 1.2)
    scene.line(outer + 0.4, skin_db, thickness_mm=0.4, oblique=0.3, strength=uneven)
    scene.fill(outer + 0.045 * radius + 0.3, WALL, edge_mm=1.5)
    inner = outer + 0.12 * radius
    scene.fill(inner, LIVER)
    scene.line(inner, -23.0, thickness_mm=0.4, oblique=0.25)


def _ribs(scene: Scene, outer: Field, centre: Point, spine: float, radius: float) -> None:
    """Paints the cut ribs: short arcs of bone under the skin on either side of the spine."""
    u, v = local(scene.x, scene.y, centre, spine)
    around = np.arctan2(v, u)
    rng = scene.rng
    for side in (-1, 1):
        for _ in range(int(rng.integers(1, 3))):
            middle, half = side * rng.uniform(0.7, 2.0), rng.uniform(0.1, 0.24)
            beyond = (
                np.abs(np.arctan2(np.sin(around - middle), np.cos(around - middle))) - half
            ) * (0.9 * radius)
            layer = np.abs(outer + 0.09 * radius) - 0.012 * radius - 0.2
            rib = np.maximum(layer, beyond.astype(np.float32))
            scene.fill(rib, BONE)
            scene.line(rib, -6.0, thickness_mm=0.45)


def _organs(scene: Scene, centre: Point, spine: float, r: float) -> None:
    """Paints liver vessels, stomach, umbilical vein and great vessels.

    `p` runs towards the spine and `q` to the side of the stomach, both in radii of the trunk.
    """
    rng = scene.rng
    x, y = scene.warped(0.03 * r, 0.35 * r)
    mirrored = 1.0 if rng.random() < 0.5 else -1.0

    def at(p: float, q: float) -> Point:
        return placed(centre, spine, p * r, q * mirrored * r)

    for _ in range(int(rng.integers(5, 9))):
        p, q, turn = rng.uniform(-0.5, 0.35), rng.uniform(-0.6, 0.15), rng.uniform(0, math.pi)
        length = rng.uniform(0.05, 0.16)
        end = at(p + length * math.cos(turn), q + length * math.sin(turn))
        vessel = capsule(x, y, at(p, q), end, (0.018 * r, 0.012 * r))
        scene.fill(vessel, BLOOD, edge_mm=1.0)
        scene.line(vessel, -27.0, thickness_mm=0.4)
    size = rng.uniform(*scene.style.span(clean=(0.75, 1.25), varied=(0.4, 1.5)))
    stomach = ellipse(
        x, y, at(0.1, 0.48), (0.24 * size * r, 0.15 * size * r), spine + rng.uniform(-0.5, 0.5)
    )
    scene.fill(stomach, FLUID, edge_mm=0.8)
    scene.line(stomach, -21.0, thickness_mm=0.4)
    path = [at(-0.5, 0.02), at(-0.3, 0.01), at(-0.14, -0.02), at(-0.05, -0.13), at(-0.04, -0.3)]
    vein = polyline(x, y, rounded(path), (0.045 * r, 0.035 * r))
    scene.fill(vein, BLOOD, edge_mm=0.7)
    scene.line(vein, -19.0, thickness_mm=0.35, oblique=0.2)
    for p, q, size in ((0.47, 0.1, 0.06), (0.4, -0.16, 0.05)):
        great = ellipse(x, y, at(p, q), (size * r, size * r))
        scene.fill(great, BLOOD, edge_mm=0.7)
        scene.line(great, -19.0, thickness_mm=0.35)


def _spine(scene: Scene, centre: Point, spine: float, r: float) -> None:
    """Paints the three ossification centres of a vertebra around the dark canal."""
    x, y = scene.warped(0.01 * r, 0.1 * r)
    around = ellipse(x, y, placed(centre, spine, 0.72 * r, 0.0), (0.24 * r, 0.2 * r), spine)
    scene.fill(around, WALL, edge_mm=3.0)
    centres = (
        (0.6, 0.0, 0.075, 0.1, 0.0),
        (0.8, 0.12, 0.03, 0.085, 0.5),
        (0.8, -0.12, 0.03, 0.085, -0.5),
    )
    for p, q, along, across, turn in centres:
        bone = ellipse(
            x, y, placed(centre, spine, p * r, q * r), (along * r, across * r), spine + turn
        )
        scene.fill(bone, BONE, edge_mm=0.5)
        scene.line(bone, -4.0, thickness_mm=0.5, oblique=0.4)
