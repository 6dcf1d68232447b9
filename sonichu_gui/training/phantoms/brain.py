"""What a level cut through a fetal head shows inside the skull, from 10 weeks to term."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonichu_gui.training.phantoms.scene import Scene, Tissue
from sonichu_gui.training.phantoms.shapes import capsule, ellipse, placed, polyline, rounded

if TYPE_CHECKING:
    from sonichu_gui.training.phantoms.sector import Field, Point

CSF = Tissue(-66.0, -0.3, density_mm2=4.0)


@dataclass(frozen=True, slots=True)
class Cut:
    """Where the cut lies on the screen.

    Attributes:
        centre: Middle of the skull's ellipse in mm.
        angle: Direction of the midline in radians.
        semi: Half axes of the skull along and across the midline in mm.
        front: Sign of the forehead's direction along the midline.
    """

    centre: Point
    angle: float
    semi: Point
    front: float

    def at(self, u: float, v: float) -> Point:
        """Gives the place at shares of the half axes; `v` is positive away from the probe."""
        along, across = self.front * u * self.semi[0], v * self.semi[1]
        return placed(self.centre, self.angle, along, across)


def early_brain(scene: Scene, cut: Cut) -> None:
    """Paints hemispheres that are mostly plexus in fluid: the butterfly of 10 to 15 weeks."""
    rng, (a, b) = scene.rng, cut.semi
    x, y = scene.warped(0.05 * b, 0.45 * b)
    inside = ellipse(scene.x, scene.y, cut.centre, (0.9 * a, 0.88 * b), cut.angle)
    mantle = Tissue(rng.uniform(-42, -33), 0.1, 2.0, 0.15 * b, rng.uniform(12, 30))
    scene.fill(inside, mantle, edge_mm=0.06 * b)
    wide = rng.uniform(0.24, 0.34)
    for side in (-1, 1):
        lean = cut.angle + 0.12 * side * cut.front
        middle = rng.uniform(-0.2, 0.0)
        room = ellipse(x, y, cut.at(middle + 0.1, 0.45 * side), (0.68 * a, wide * 1.25 * b), lean)
        scene.fill(room, CSF, edge_mm=0.08 * b)
        place = cut.at(middle - rng.uniform(0.0, 0.15), 0.45 * side)
        plexus = ellipse(x, y, place, (rng.uniform(0.4, 0.62) * a, wide * b), lean)
        ragged = plexus + 0.05 * b * scene.noise((0.15 * b, 0.15 * b))
        echo = Tissue(rng.uniform(-33, -25), 0.2, 2.5, 0.12 * b)
        scene.fill(ragged, echo, edge_mm=0.05 * b)
    _falx(scene, cut, ((0.95, -0.95, rng.uniform(-22, -13)),))
    _flecks(scene, inside, 0.15 * b, rng.uniform(2, 8))


def brain(scene: Scene, cut: Cut, *, late: bool) -> None:
    """Paints the transthalamic plane of 15 weeks and more; `late` ones hold little fluid."""
    rng, (a, b) = scene.rng, cut.semi
    inside = ellipse(scene.x, scene.y, cut.centre, (0.93 * a, 0.92 * b), cut.angle)
    _shade(scene, inside, cut, late=late)
    x, y = scene.warped(0.04 * b, 0.4 * b)
    if rng.random() < 0.85:
        _core(scene, cut, x, y, late=late)
    for side in (-1, 1):
        if side > 0 or rng.random() < 0.3:
            _ventricle(scene, cut, x, y, side, late=late)
        if rng.random() < 0.7:
            _sylvian(scene, cut, x, y, side)
        if rng.random() < 0.6:
            horn = [cut.at(0.52, 0.26 * side), cut.at(0.4, 0.2 * side), cut.at(0.25, 0.2 * side)]
            echo_db = rng.uniform(-22, -11)
            scene.line(polyline(x, y, horn, (0.0, 0.0)), echo_db, thickness_mm=0.35, oblique=0.25)
    parts = ((0.93, 0.55, -13.0), (0.2, -0.2, -20.0), (-0.3, -0.93, -13.0))
    drop = rng.uniform(-4, 4) - 3 * late
    _falx(scene, cut, tuple((start, end, level + drop) for start, end, level in parts))
    if rng.random() < 0.75:
        _cavum(scene, cut, x, y)
    for scale in (0.14, 0.05):
        _flecks(scene, inside, scale * b, rng.uniform(3, 12))


def _shade(scene: Scene, inside: Field, cut: Cut, *, late: bool) -> None:
    """Hazes the near half, in which echoes run between skull and probe, and fills the middle."""
    rng, b = scene.rng, cut.semi[1]
    near = scene.depth - _depth_of(scene, cut.centre)
    scene.lighten(np.maximum(inside, near), rng.uniform(0, 9), edge_mm=rng.uniform(0.3, 0.9) * b)
    scene.lighten(inside, rng.uniform(-4, 3), edge_mm=0.3 * b)
    patch = scene.noise((0.5 * b, 0.4 * b))
    weight = np.clip(0.5 - inside / (0.2 * b), 0, 1)
    scene.echo_db += weight * rng.uniform(0.5, 2.5 + late) * patch


def _depth_of(scene: Scene, place: Point) -> float:
    x, y = (np.full((1, 1), value, np.float32) for value in place)
    return float(scene.sector.beams_at(x, y)[0][0, 0])


def _core(scene: Scene, cut: Cut, x: Field, y: Field, *, late: bool) -> None:
    """Paints thalami and what lies around them: grainier and often brighter than the rest."""
    rng, (a, b) = scene.rng, cut.semi
    if rng.random() < 0.6:
        around = ellipse(x, y, cut.at(-0.05, 0.0), (0.45 * a, 0.5 * b), cut.angle)
        scene.lighten(around, rng.uniform(1, 7 + 4 * late), edge_mm=0.35 * b)
        thinner = (1 - rng.uniform(0.3, 1.0)) * np.clip(0.5 - around / (0.5 * b), 0, 1)
        scene.density_mm2 *= (1 - thinner).astype(np.float32)
    thalamus = Tissue(rng.uniform(-52, -44), 0.0, 1.0, 3.0, 15.0)
    for side in (-1, 1):
        place, lean = cut.at(-0.06, 0.16 * side), cut.angle + 0.25 * side
        oval = ellipse(x, y, place, (0.2 * a, 0.14 * b), lean)
        scene.fill(oval, thalamus, edge_mm=0.1 * b)


def _ventricle(scene: Scene, cut: Cut, x: Field, y: Field, side: int, *, late: bool) -> None:
    """Paints the hind part of a lateral ventricle with the plexus that hangs in it."""
    rng, (a, b) = scene.rng, cut.semi
    lean = cut.angle + rng.uniform(0.0, 0.35) * cut.front * side
    wide = rng.uniform(0.08, 0.13) if late else rng.uniform(0.1, 0.2)
    middle = rng.uniform(-0.5, -0.35)
    room = ellipse(x, y, cut.at(middle, 0.45 * side), (rng.uniform(0.25, 0.4) * a, wide * b), lean)
    scene.fill(room, CSF, edge_mm=0.06 * b)
    broken = np.clip(0.4 + 0.7 * scene.noise((0.2 * b, 0.2 * b)), 0.0, 1.1)
    scene.line(room, rng.uniform(-32, -15), thickness_mm=0.35, oblique=0.05, strength=broken)
    place = cut.at(middle + rng.uniform(-0.08, 0.12), 0.47 * side)
    plexus = ellipse(
        x, y, place, (rng.uniform(0.12, 0.24) * a, rng.uniform(0.7, 1) * wide * b), lean
    )
    ragged = plexus + 0.04 * b * scene.noise((0.12 * b, 0.1 * b))
    echo = Tissue(rng.uniform(-32, -22), 0.2, 2.5, 1.5)
    scene.fill(ragged, echo, edge_mm=0.04 * b)


def _sylvian(scene: Scene, cut: Cut, x: Field, y: Field, side: int) -> None:
    rng = scene.rng
    v = rng.uniform(0.45, 0.65) * side
    path = [cut.at(0.3, v + 0.08 * side), cut.at(0.05, v - 0.02 * side), cut.at(-0.2, v)]
    fold = polyline(x, y, rounded(path, 1), (0.0, 0.0))
    broken = np.clip(0.5 + 0.6 * scene.noise((4.0, 4.0)), 0.0, 1.1)
    scene.line(fold, rng.uniform(-24, -15), thickness_mm=0.45, oblique=0.3, strength=broken)


def _falx(scene: Scene, cut: Cut, parts: tuple[tuple[float, float, float], ...]) -> None:
    """Draws the midline in parts (from, to, echo): never through cavum and thalami."""
    x, y = scene.warped(0.02 * cut.semi[1], 0.5 * cut.semi[1])
    for start, end, echo_db in parts:
        line = capsule(x, y, cut.at(start, 0.0), cut.at(end, 0.0), (0.0, 0.0))
        broken = np.clip(0.5 + 0.6 * scene.noise((5.0, 30.0), angle=cut.angle), 0.0, 1.1)
        scene.line(line, echo_db, thickness_mm=0.35, oblique=0.3, strength=broken)


def _cavum(scene: Scene, cut: Cut, x: Field, y: Field) -> None:
    """Draws the box between the frontal horns: two bright lines with fluid between them."""
    rng, b = scene.rng, cut.semi[1]
    broken = np.clip(0.6 + 0.6 * scene.noise((0.15 * b, 0.15 * b)), 0.0, 1.1)
    half = rng.uniform(0.03, 0.075) * b
    box = capsule(x, y, cut.at(rng.uniform(0.45, 0.58), 0.0), cut.at(0.3, 0.0), (half, half))
    scene.fill(box, CSF, edge_mm=0.5)
    scene.line(box, rng.uniform(-20, -9), thickness_mm=0.35, oblique=0.15, strength=broken)


def _flecks(scene: Scene, inside: Field, scale_mm: float, change_db: float) -> None:
    """Brightens short streaks where folds and vessels meet the beam squarely."""
    size = max(scale_mm, 0.6)
    field = scene.noise((1.8 * size, 0.55 * size))
    patch = np.clip(0.6 + 0.6 * scene.noise((5 * size, 4 * size)), 0.0, 1.2)
    within = np.clip(-inside / (0.5 * size), 0.0, 1.0)
    # Never in fluid: the streaks are tissue.
    tissue = np.clip((scene.echo_db + 60) / 8, 0.0, 1.0)
    streak = np.clip(field - scene.rng.uniform(0.3, 1.2), 0.0, 1.6)
    scene.echo_db += (change_db * within * tissue * patch * streak).astype(np.float32)


def rotation(rng: np.random.Generator) -> float:
    """Angle of the midline in radians: mostly level, as examiners turn it, yet any at times."""
    kind = rng.random()
    degrees = rng.normal(0, 7) if kind < 0.5 else rng.normal(0, 26)
    if kind > 0.85:
        degrees = rng.uniform(-85, 85)
    return math.radians(float(np.clip(degrees, -85, 85)))
