"""HC: the fetal head in the transthalamic plane."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sonichu_gui.training.phantoms.body import DEEP, body_wall, convex, sector_above, uterus
from sonichu_gui.training.phantoms.scene import Scene, Tissue
from sonichu_gui.training.phantoms.shapes import capsule, ellipse, local, placed, polyline

if TYPE_CHECKING:
    from sonichu_gui.training.phantoms.sector import Field, Point

SCALP = Tissue(-30.0, 0.2, 1.0, 1.5)
SKULL = Tissue(-23.0, 22.0)
BRAIN = Tissue(-41.0, 0.0, 1.6, 3.0)
THALAMUS = Tissue(-47.0, 0.0, 1.0, 3.0)
CSF = Tissue(-62.0)
CHOROID = Tissue(-25.0, 0.2, 2.0, 1.5)


def head(rng: np.random.Generator, width: int, height: int) -> tuple[Scene, list[Point]]:
    """Gives the scene and the ends of the axes of the skull's outer ellipse in mm.

    Order: upper and lower end of the short axis, right and left end of the long axis.
    """
    bpd = rng.uniform(34, 96)
    ofd = bpd / rng.uniform(0.74, 0.86)
    angle = math.radians(float(np.clip(rng.normal(0, 14), -38, 38)))
    mm_per_px = max(ofd / (rng.uniform(0.46, 0.68) * width), bpd / (0.8 * height))
    centre = (
        width * mm_per_px * rng.uniform(0.46, 0.54),
        height * mm_per_px * rng.uniform(0.47, 0.53),
    )
    semi = (ofd / 2, bpd / 2)
    rise = math.hypot(semi[0] * math.sin(angle), semi[1] * math.cos(angle))
    sector = sector_above(
        convex(rng), rng, top_mm=centre[1] - rise, mm_per_px=mm_per_px, size=(width, height)
    )
    scene = Scene(sector, rng, DEEP)
    wall = float(centre[1] - rise - sector.face_mm[1]) * rng.uniform(0.55, 0.8)
    body_wall(scene, wall)
    uterus(
        scene,
        centre=placed(centre, angle, rng.uniform(-0.3, 0.3) * semi[0], rng.uniform(0, 3)),
        semi=(semi[0] * rng.uniform(1.15, 1.6), semi[1] * rng.uniform(1.08, 1.35)),
        angle=angle + rng.uniform(-0.3, 0.3),
        wall_mm=wall,
    )
    skull = ellipse(scene.x, scene.y, centre, semi, angle)
    _skull(scene, skull, centre, angle, thickness_mm=0.9 + bpd / 80)
    front = 1.0 if rng.random() < 0.5 else -1.0
    _brain(scene, centre, angle, semi, front)
    ends = ((0.0, -semi[1]), (0.0, semi[1]), (semi[0], 0.0), (-semi[0], 0.0))
    return scene, [placed(centre, angle, u, v) for u, v in ends]


def _skull(scene: Scene, outer: Field, centre: Point, angle: float, thickness_mm: float) -> None:
    rng = scene.rng
    scene.fill(outer - rng.uniform(1.4, 2.6), SCALP, edge_mm=1.0)
    scene.fill(outer, SKULL)
    scene.fill(outer + thickness_mm, BRAIN)
    u, v = local(scene.x, scene.y, centre, angle)
    around = np.arctan2(v, u)
    # Bone varies along the vault, and sutures between its plates let sound through.
    strength = np.full(around.shape, 0.85, dtype=np.float32)
    for waves in (2, 3, 5, 9):
        strength += 0.17 * rng.standard_normal() * np.cos(waves * around + rng.uniform(0, 6.3))
    for _ in range(int(rng.integers(2, 5))):
        place, gap = rng.uniform(-math.pi, math.pi), rng.uniform(0.025, 0.06)
        strength *= 1 - 0.85 * np.exp(-0.5 * (np.sin((around - place) / 2) * 2 / gap) ** 2)
    scene.line(
        outer + 0.5 * thickness_mm,
        7.0,
        thickness_mm=thickness_mm / 4,
        oblique=0.07,
        strength=np.clip(strength, 0.08, 1.15),
    )


def _brain(scene: Scene, centre: Point, angle: float, semi: Point, front: float) -> None:
    """Paints what the transthalamic plane shows; `front` is the sign of u at the forehead."""
    a, b = semi
    x, y = scene.warped(0.025 * b, 0.3 * b)

    def at(u: float, v: float) -> Point:
        return placed(centre, angle, front * u * a, v * b)

    _, v = local(x, y, centre, angle)
    inside = ellipse(scene.x, scene.y, centre, (0.93 * a, 0.92 * b), angle)
    # The near half drowns in echoes that run to and fro between skull and probe.
    scene.lighten(np.maximum(inside, v), 4.0, edge_mm=0.5 * b)
    _gyri(scene, inside, angle, b)
    for side in (-1, 1):
        thalamus = ellipse(x, y, at(-0.06, 0.15 * side), (0.2 * a, 0.14 * b), angle + 0.2 * side)
        scene.fill(thalamus, THALAMUS, edge_mm=2.0)
        insula = polyline(
            x, y, [at(0.22, 0.52 * side), at(0.0, 0.47 * side), at(-0.2, 0.55 * side)], (0.0, 0.0)
        )
        scene.line(insula, -17.0, thickness_mm=0.45, oblique=0.3, strength=0.8)
    far = ellipse(x, y, at(-0.5, 0.42), (0.24 * a, 0.1 * b), angle + 0.25 * front)
    scene.fill(far, CSF, edge_mm=2.0)
    plexus = ellipse(x, y, at(-0.5, 0.45), (0.13 * a, 0.09 * b), angle + 0.3 * front)
    scene.fill(plexus + 0.6 * scene.noise((2.0, 2.0)), CHOROID, edge_mm=0.8)
    for side in (-1, 1):
        ventricle = capsule(x, y, at(0.5, 0.24 * side), at(0.28, 0.2 * side), (0.0, 0.0))
        scene.line(ventricle, -15.0, thickness_mm=0.4, oblique=0.3)
    # The falx shows in front of and behind cavum and thalami, never through them.
    for start, end, echo_db in ((0.95, 0.55, -12.0), (0.2, -0.2, -19.0), (-0.3, -0.93, -13.0)):
        falx = capsule(x, y, at(start, 0.0), at(end, 0.0), (0.0, 0.0))
        broken = np.clip(0.7 + 0.5 * scene.noise((5.0, 30.0), angle=angle), 0.1, 1.1)
        scene.line(falx, echo_db, thickness_mm=0.4, oblique=0.35, strength=broken)
    cavum = capsule(x, y, at(0.5, 0.0), at(0.3, 0.0), (0.035 * a, 0.035 * a))
    scene.fill(cavum, CSF, edge_mm=0.5)
    scene.line(cavum, -10.0, thickness_mm=0.35, oblique=0.25)


def _gyri(scene: Scene, inside: Field, angle: float, b: float) -> None:
    """Adds short curved lines where folds of the cortex meet the beam."""
    field = scene.noise((0.34 * b, 0.13 * b), angle=angle + scene.rng.uniform(-0.2, 0.2))
    ridge = np.exp(-0.5 * (field / 0.1) ** 2)
    patch = np.clip(scene.noise((0.2 * b, 0.2 * b), angle=angle) - 0.5, 0.0, 1.0)
    rim = np.clip(1 + inside / (0.7 * b), 0.1, 1.0) * (inside < -1.0)
    np.maximum(scene.mirror, 10 ** (-20 / 20) * ridge * patch * rim, out=scene.mirror)
