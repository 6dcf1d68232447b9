"""What lies between the probe and the anatomy: body wall, uterus, placenta, amniotic fluid."""

from __future__ import annotations

import math

import numpy as np

from sonichu_gui.training.phantoms.scene import FAT, FLUID, MUSCLE, Scene, Tissue
from sonichu_gui.training.phantoms.sector import Field, Point, Probe, Sector
from sonichu_gui.training.phantoms.shapes import ellipse, wavy
from sonichu_gui.training.phantoms.style import Style

SKIN = Tissue(-27.0, 0.6, 1.5, 1.0)
DEEP = Tissue(-37.0, 0.5, 3.5, 6.0)
MYOMETRIUM = Tissue(-32.0, 0.2, 2.2, 4.0)
PLACENTA = Tissue(-25.0, 0.0, 1.6, 4.0)

_STRAND_DB = -14.0


def convex(rng: np.random.Generator) -> Probe:
    """An abdominal curved array."""
    return Probe(
        radius_mm=float(rng.uniform(42, 58)),
        half_angle=math.radians(rng.uniform(31, 38)),
        frequency_mhz=float(rng.uniform(3.6, 5.2)),
        f_number=float(rng.uniform(3.8, 5.4)),
    )


def sector_above(
    probe: Probe,
    rng: np.random.Generator,
    *,
    top_mm: float,
    mm_per_px: float,
    size: tuple[int, int],
) -> Sector:
    """Gives a sector whose face lies above the frame's depth `top_mm`, as a zoomed view has it.

    Args:
        probe: The array.
        rng: For the small shift that no two examinations share.
        top_mm: Screen y of the uppermost anatomy in mm.
        mm_per_px: Size of a pixel.
        size: Width and height of the frame in pixels.
    """
    width, height = size
    face_y = min(top_mm - rng.uniform(12, 22), rng.uniform(0.01, 0.05) * height * mm_per_px)
    face_x = (width / 2 + rng.uniform(-0.04, 0.04) * width) * mm_per_px
    depth = height * mm_per_px * rng.uniform(0.97, 1.06) - face_y
    return Sector(probe, (face_x, face_y), float(depth), mm_per_px, width, height)


def body_wall(scene: Scene, thickness_mm: float) -> None:
    """Paints skin, fat with its septa, and muscle between fasciae, parallel to the probe."""
    rng, depth = scene.rng, scene.depth
    skin = rng.uniform(1.4, 2.4)
    fat = skin + (thickness_mm - skin) * rng.uniform(0.35, 0.65)
    fat_floor = depth - fat - wavy(rng, scene.arc, 0.6, 25.0)
    floor = depth - thickness_mm - wavy(rng, scene.arc, 1.0, 30.0)
    scene.fill(floor, MUSCLE)
    strands(scene, np.maximum(floor, -fat_floor), (9.0, 0.8), _STRAND_DB - 6)
    scene.fill(fat_floor, FAT)
    strands(scene, fat_floor, (14.0, 2.2), _STRAND_DB)
    for surface, echo_db in ((fat_floor, -12.0), (floor, -14.0)):
        broken = np.clip(0.6 + 0.5 * scene.noise((12.0, 40.0)), 0.0, 1.0)
        scene.line(surface, echo_db, thickness_mm=0.35, strength=broken)
    scene.fill(depth - skin, SKIN)
    for echo in range(3):
        scene.line(depth - skin * (0.5 + 0.6 * echo), -8.0 - 6 * echo, thickness_mm=0.3)


def strands(
    scene: Scene, distance: Field, scale: Point, echo_db: float, *, angle: float | None = None
) -> None:
    """Adds fibrous septa inside a place: thin bright lines along the ridges of a random field."""
    field = scene.noise(scale, angle=angle)
    ridge = np.exp(-0.5 * (field / 0.12) ** 2) * np.clip(scene.noise((8.0, 6.0)), 0.0, 1.0)
    inside = np.clip(-distance / 0.5, 0.0, 1.0)
    np.maximum(scene.mirror, 10 ** (echo_db / 20) * ridge * inside, out=scene.mirror)


def uterus(
    scene: Scene, *, centre: Point, semi: Point, angle: float, wall_mm: float, placenta: bool = True
) -> Field:
    """Paints the gravid uterus and gives the distance to its cavity, filled with fluid.

    Args:
        scene: Where to.
        centre: Centre of the cavity in mm.
        semi: Half axes of the cavity in mm.
        angle: Direction of the first half axis.
        wall_mm: Depth at which the body wall ends; the uterus begins behind it.
        placenta: Whether one lies at the wall in view.
    """
    rng = scene.rng
    cavity = ellipse(scene.x, scene.y, centre, semi, angle)
    ripple = 0.035 if scene.style is Style.CLEAN else rng.uniform(0.0, 0.03)
    for share, waves in ((0.12, 0.9), (ripple, 0.3)):
        cavity += share * semi[1] * scene.noise((waves * semi[0], waves * semi[1]), angle=0.3)
    behind = wall_mm - scene.depth
    inside: Field = np.maximum(cavity, behind + 3.0)
    wall = rng.uniform(5.0, 9.0)
    scene.fill(np.maximum(cavity - wall, behind), MYOMETRIUM)
    strands(scene, np.maximum(cavity - wall, behind), (16.0, 1.6), -22.0)
    faint_db, seen = 0.0, 1.0
    if scene.style is Style.VARIED:
        faint_db = rng.uniform(-16, 1)
        seen = np.clip(0.4 + 0.7 * scene.noise((14.0, 14.0)), 0.0, 1.1)
    scene.line(cavity - wall, -20.0 + faint_db, thickness_mm=0.5, strength=0.8 * seen)
    if placenta:
        side = rng.uniform(0, 2 * math.pi)
        thick = rng.uniform(14, 26)
        lobe = (
            centre[0] + 0.9 * semi[0] * math.cos(side),
            centre[1] + 0.9 * semi[1] * math.sin(side),
        )
        disc = ellipse(scene.x, scene.y, lobe, (1.1 * semi[0], 1.1 * semi[1]), angle)
        scene.fill(
            np.maximum(np.maximum(cavity - thick, disc), behind + 2.0), PLACENTA, edge_mm=3.0
        )
    scene.fill(inside, FLUID, edge_mm=1.0)
    scene.line(inside, -16.0 + faint_db, thickness_mm=0.4, strength=0.7 * seen)
    return inside
