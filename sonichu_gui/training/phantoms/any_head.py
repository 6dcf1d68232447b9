"""HC as it comes in practice: heads of any age and lie, behind any wall, whole or in shadow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sonichu_gui.training.phantoms.beside import neighbours
from sonichu_gui.training.phantoms.body import body_wall, uterus
from sonichu_gui.training.phantoms.brain import Cut, brain, early_brain, rotation
from sonichu_gui.training.phantoms.scene import Scene, Tissue
from sonichu_gui.training.phantoms.shapes import ellipse, local, placed
from sonichu_gui.training.phantoms.style import Style
from sonichu_gui.training.phantoms.view import Screen, varied_sector

if TYPE_CHECKING:
    from sonichu_gui.training.phantoms.sector import Field, Point

EARLY_MM, LATE_MM = 110.0, 235.0
"""Circumferences at which the brain's picture changes: about 15 and 25 weeks."""


def any_head(rng: np.random.Generator, width: int, height: int) -> tuple[Scene, list[Point]]:
    """Gives the scene and the ends of the axes of the skull's outer ellipse in mm.

    Order: upper and lower end of the short axis, right and left end of the long axis.
    """
    circumference = _circumference(rng)
    cut, screen = _place(rng, circumference, width, height)
    a, b = cut.semi
    reach = (
        math.hypot(a * math.cos(cut.angle), b * math.sin(cut.angle)),
        math.hypot(a * math.sin(cut.angle), b * math.cos(cut.angle)),
    )
    sector = varied_sector(rng, screen, centre=cut.centre, reach=reach)
    ground = Tissue(rng.uniform(-44, -29), 0.4, rng.uniform(0.5, 2.2), rng.uniform(3, 9))
    scene = Scene(sector, rng, ground, Style.VARIED)
    room = cut.centre[1] - reach[1] - sector.face_mm[1]
    _surroundings(scene, cut, room, circumference)
    _skull(scene, cut, circumference)
    if circumference < EARLY_MM:
        early_brain(scene, cut)
    else:
        brain(scene, cut, late=circumference > LATE_MM)
    ends = ((0.0, -b), (0.0, b), (a, 0.0), (-a, 0.0))
    return scene, [placed(cut.centre, cut.angle, u, v) for u, v in ends]


def _circumference(rng: np.random.Generator) -> float:
    """In mm: the three examinations of a pregnancy, with anything between."""
    low, high = ((58, 110), (110, 235), (235, 350))[int(rng.choice(3, p=(0.22, 0.5, 0.28)))]
    return float(rng.uniform(low, high))


def _place(
    rng: np.random.Generator, circumference: float, width: int, height: int
) -> tuple[Cut, Screen]:
    index = rng.normal(0.83 if circumference < EARLY_MM else 0.79, 0.035)
    index = float(np.clip(index, 0.68, 0.93))
    ofd = 2 * circumference / (math.pi * (1 + index))
    a, b, angle = ofd / 2, index * ofd / 2, rotation(rng)
    wide = 2 * math.hypot(a * math.cos(angle), b * math.sin(angle))
    high = 2 * math.hypot(a * math.sin(angle), b * math.cos(angle))
    share = float(np.clip(rng.normal(0.55, 0.13), 0.25, 0.8))
    mm_per_px = max(ofd / (share * width), wide / (0.93 * width), high / (0.9 * height))
    screen = Screen(width, height, mm_per_px)
    across = np.clip(rng.normal(0.495, 0.055) * width * mm_per_px, *_within(wide, width, mm_per_px))
    down = np.clip(rng.normal(0.505, 0.06) * height * mm_per_px, *_within(high, height, mm_per_px))
    front = 1.0 if rng.random() < 0.5 else -1.0
    return Cut((float(across), float(down)), angle, (a, b), front), screen


def _within(extent_mm: float, size: int, mm_per_px: float) -> tuple[float, float]:
    """First and last centre at which something of that extent lies whole on the frame."""
    half = extent_mm / 2 + 2 * mm_per_px
    return half, size * mm_per_px - half


def _surroundings(scene: Scene, cut: Cut, room: float, circumference: float) -> None:
    """Paints wall, uterus and neighbours; in late pregnancy little fluid is left."""
    rng, (a, b) = scene.rng, cut.semi
    wall = room * rng.uniform(0.3, 0.95)
    if wall > 4:
        body_wall(scene, wall)
    spare = float(np.clip((260 - circumference) / 200, 0.05, 0.8))
    if rng.random() < 0.85:
        middle = placed(
            cut.centre,
            cut.angle,
            rng.uniform(-0.5, 0.5) * spare * a,
            rng.uniform(0, 0.3) * spare * b,
        )
        semi = (a * (1.04 + spare * rng.uniform(0, 1.1)), b * (1.04 + spare * rng.uniform(0, 0.8)))
        lean = cut.angle + rng.uniform(-0.4, 0.4)
        placenta = bool(rng.random() < 0.55)
        uterus(scene, centre=middle, semi=semi, angle=lean, wall_mm=wall, placenta=placenta)
    neighbours(scene, cut)


def _skull(scene: Scene, cut: Cut, circumference: float) -> None:
    """Paints scalp and vault; bone fades where the beam runs along it, and sutures let through."""
    rng, b = scene.rng, cut.semi[1]
    thickness = rng.uniform(0.75, 1.5) * (0.45 + circumference / 130)
    outer = vault(scene, cut, egg=rng.uniform(-0.07, 0.07))
    scalp = Tissue(rng.uniform(-40, -28), 0.2, 1.0, 1.5)
    scene.fill(outer - rng.uniform(0.3, 1.0) * (0.6 + circumference / 120), scalp, edge_mm=1.0)
    # Older bone weakens more, and is seen by what it reflects rather than what it scatters.
    age = float(np.clip((circumference - 60) / 250, 0, 1))
    scene.fill(outer, Tissue(rng.uniform(-34, -22) - 6 * age, rng.uniform(4, 20) + 14 * age))
    brain_loss = rng.uniform(0, 0.4 + 0.6 * age)
    substance = Tissue(rng.uniform(-49, -40), brain_loss, 1.6, 0.12 * b, rng.uniform(8, 30))
    scene.fill(outer + thickness, substance)
    scene.line(
        outer + 0.5 * thickness,
        rng.uniform(-8, 7),
        thickness_mm=thickness / rng.uniform(3, 4.5),
        oblique=float(np.exp(rng.uniform(math.log(0.01), math.log(0.2)))),
        strength=_unevenness(scene, cut, age),
    )


def vault(scene: Scene, cut: Cut, *, egg: float) -> Field:
    """Distance to the outer skull: an ellipse, fuller at one end and a little uneven.

    It goes through the ends of both axes of the ellipse, which are the keypoints.
    """
    u, v = local(scene.x, scene.y, cut.centre, cut.angle)
    share = np.clip(u / cut.semi[0], -1.0, 1.0)
    fuller = 1 + np.float32(egg) * share * (1 - share * share) * 2.6
    around = np.arctan2(v / cut.semi[1], u / cut.semi[0])
    lumps = np.zeros_like(around)
    for waves in (3, 5, 8):
        lumps += (
            0.008 * scene.rng.standard_normal() * np.cos(waves * around + scene.rng.uniform(0, 6.3))
        )
    rounder = 1 + lumps * np.sin(2 * around) ** 2
    flat = ((u / rounder).astype(np.float32), (v / fuller / rounder).astype(np.float32))
    return ellipse(*flat, (0.0, 0.0), cut.semi)


def _unevenness(scene: Scene, cut: Cut, age: float) -> Field:
    """Factor on the vault's echo around the head: plates, sutures, and a side out of contact."""
    rng = scene.rng
    u, v = local(scene.x, scene.y, cut.centre, cut.angle)
    around = np.arctan2(v / cut.semi[1], u / cut.semi[0])
    strength = np.full(around.shape, 0.85, dtype=np.float32)
    for waves in (1, 2, 3, 5, 9, 17):
        strength += 0.15 * rng.standard_normal() * np.cos(waves * around + rng.uniform(0, 6.3))
    for _ in range(int(rng.integers(0, 6))):
        place, gap = rng.uniform(-math.pi, math.pi), rng.uniform(0.02, 0.16)
        depth = rng.uniform(0.4, 1.0)
        strength *= 1 - depth * np.exp(-0.5 * (np.sin((around - place) / 2) * 2 / gap) ** 2)
    # The sides of the head lie along the beams; their bone is often not seen at all.
    level = np.sin(around + cut.angle) ** 2
    strength *= 1 - rng.uniform(0.0, 0.6 + 0.4 * age) * np.clip(1 - 2.5 * level, 0.0, 1.0)
    rough = scene.noise((0.1 * cut.semi[1] + 1.0, 0.1 * cut.semi[1] + 1.0))
    strength *= 1 + rng.uniform(0.05, 0.4) * rough
    return np.clip(strength, 0.03, 1.3).astype(np.float32)
