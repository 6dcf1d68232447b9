"""What the three views of the adult heart share: probe, tissues, walls, valves, haze and shadow."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from sonichu_gui.training.phantoms.body import strands
from sonichu_gui.training.phantoms.outline import Curve, line_distance, smooth
from sonichu_gui.training.phantoms.scene import Scene, Tissue
from sonichu_gui.training.phantoms.sector import Point, Probe, Sector
from sonichu_gui.training.phantoms.shapes import capsule, ellipse

if TYPE_CHECKING:
    from sonichu_gui.training.phantoms.sector import Field

_Heart = TypeVar("_Heart")
_Range = tuple[float, float]

CAVITY = Tissue(-66.0, -0.9)
"""Blood of a harmonic image: darker than elsewhere, what shows in it is mostly haze."""
FIBROUS = Tissue(-29.0, 0.2, 4.5, 2.2)
VALVE = Tissue(-29.0, 0.2)
"""Leaflets and the rings that they hang on."""
CHEST = Tissue(-36.0, 0.3, 3.0, 4.0)
BEHIND = Tissue(-29.0, 1.0, 5.0, 4.0)
LUNG = Tissue(-44.0, 1.2, 4.0, 6.0)

_ATTEMPTS = 400


def phased(rng: np.random.Generator) -> Probe:
    """A phased array for the adult heart, whose face shows as a short arc or nearly a point."""
    return Probe(
        radius_mm=float(rng.uniform(3, 15)),
        half_angle=math.radians(rng.uniform(36, 45)),
        frequency_mhz=float(rng.uniform(2.6, 4.6)),
        f_number=float(rng.uniform(2.6, 5.2)),
    )


def cardiac_sector(rng: np.random.Generator, *, depth_mm: float, width: int, height: int) -> Sector:
    """Gives a whole sector, apex on top, that fills most of the frame's height."""
    mm_per_px = depth_mm / (rng.uniform(0.84, 0.96) * height)
    face = (
        width * mm_per_px * rng.uniform(0.46, 0.51),
        height * mm_per_px * rng.uniform(0.015, 0.03),
    )
    return Sector(phased(rng), face, depth_mm, mm_per_px, width, height)


def laid(
    rng: np.random.Generator,
    size: tuple[int, int],
    *,
    depth_mm: _Range,
    across_mm: _Range,
    below_mm: _Range,
    heart_at: Callable[[np.random.Generator, Point], _Heart],
    is_shown: Callable[[Sector, _Heart], bool],
) -> tuple[Sector, _Heart]:
    """Draws hearts and sectors until one shows all that is measured.

    Args:
        rng: What decides.
        size: Width and height of the frame in pixels.
        depth_mm: Range of the sector's depth.
        across_mm: Where the heart may lie, to the right of the middle of the probe's face.
        below_mm: The same, below it.
        heart_at: Makes a heart from the place where it lies.
        is_shown: Whether a sector shows enough of it.
    """
    width, height = size
    for _ in range(_ATTEMPTS):
        depth = float(rng.uniform(*depth_mm))
        sector = cardiac_sector(rng, depth_mm=depth, width=width, height=height)
        x, y = sector.face_mm
        heart = heart_at(rng, (x + rng.uniform(*across_mm), y + rng.uniform(*below_mm)))
        if is_shown(sector, heart):
            return sector, heart
    raise RuntimeError("no heart fits the sector")


def in_view(sector: Sector, point: Point) -> bool:
    """Whether a point lies well inside the sector, where a caliper can be put."""
    x, y = point[0] - sector.apex_mm[0], point[1] - sector.apex_mm[1]
    depth = math.hypot(x, y) - sector.probe.radius_mm
    within = abs(math.atan2(x, y)) < 0.96 * sector.probe.half_angle
    return within and 6 < depth < 0.97 * sector.depth_mm


def ordered(ends: tuple[Point, Point]) -> list[Point]:
    """Gives the ends of a caliper, the upper one first."""
    return sorted(ends, key=lambda point: (point[1], point[0]))


def myocardium(rng: np.random.Generator) -> Tissue:
    """Heart muscle as this person and this machine show it."""
    echo_db, texture_db, texture_mm = (
        float(rng.uniform(*ends)) for ends in ((-35, -25), (3.0, 6.5), (1.4, 2.2))
    )
    return Tissue(echo_db, 0.25, texture_db, texture_mm)


def muscle(scene: Scene, distance: Field, tissue: Tissue, facing: Field) -> None:
    """Paints muscle, whose fibres send little back where the beam runs along its wall.

    Args:
        scene: Where to.
        distance: Negative in the muscle.
        tissue: What it is.
        facing: Distance to the face that its fibres run along.
    """
    scene.fill(distance + 0.5 * scene.noise((3.0, 2.0)), tissue, edge_mm=1.6)
    along, patchy = 1 - scene.incidence(facing), scene.rng.uniform(2.5, 7.5)
    weak = scene.rng.uniform(0, 6) * along**2 + patchy * scene.noise((14.0, 11.0))
    inside = np.clip(0.5 - distance, 0.0, 1.0)
    scene.echo_db -= (inside * weak).astype(np.float32)
    strands(scene, distance, (6.0, 0.9), float(scene.rng.uniform(-21, -15)))


def cavity(scene: Scene, distance: Field, *, rough_mm: float = 0.0) -> None:
    """Paints blood behind an endocardium that is bright where the beam meets it squarely.

    Args:
        scene: Where to.
        distance: Negative in the cavity.
        rough_mm: Height of the trabeculae that stand into it.
    """
    scene.fill(distance, CAVITY, edge_mm=1.6)
    if rough_mm:
        trabeculae(scene, distance, rough_mm)
    patchy = np.clip(0.5 + 0.6 * scene.noise((7.0, 6.0)), 0.0, 1.4)
    level = float(scene.rng.uniform(-23, -15))
    scene.line(distance - 0.4, level, thickness_mm=0.45, oblique=0.12, strength=patchy)


def trabeculae(scene: Scene, distance: Field, height_mm: float) -> None:
    """Adds grains beside a wall, inside of the edge that a person measures to."""
    grains = scene.noise((3.2, 1.8)) - 0.8
    near = np.exp(-np.square(distance / height_mm)) * (distance < 0)
    scene.echo_db += (near * np.clip(24 * grains, 0, 24)).astype(np.float32)


def surface(scene: Scene, distance: Field, echo_db: float, *, thickness_mm: float = 0.6) -> None:
    """Paints a bright fibrous surface, uneven along its way: pericardium, wall of a vessel."""
    patchy = np.clip(0.7 + 0.5 * scene.noise((10.0, 7.0)), 0.1, 1.4)
    scene.line(distance, echo_db, thickness_mm=thickness_mm, oblique=0.12, strength=patchy)


def leaflet(scene: Scene, path: Curve, thickness_mm: float, echo_db: float = -14.0) -> None:
    """Paints a leaflet of a valve, or any thin band, along a curve."""
    band = line_distance(path, scene) - np.float32(thickness_mm / 2)
    scene.fill(band, VALVE, edge_mm=0.8)
    patchy = np.clip(0.6 + 0.6 * scene.noise((4.0, 3.0)), 0.0, 1.5)
    scene.line(band + 0.2, echo_db, thickness_mm=0.35, oblique=0.25, strength=patchy)


def ring(scene: Scene, hinges: Iterable[Point], radius_mm: float) -> None:
    """Paints the ring that leaflets hang on, where the picture cuts it."""
    for hinge in hinges:
        scene.fill(ellipse(scene.x, scene.y, hinge, (radius_mm, radius_mm)), VALVE, edge_mm=1.2)


def mouth(scene: Scene, ends: tuple[Point, Point], radius_mm: float = 2.3) -> None:
    """Lets blood run between two cavities whose outlines meet at a valve; no wall lies there."""
    one, other = (
        (a[0] + 0.1 * (b[0] - a[0]), a[1] + 0.1 * (b[1] - a[1])) for a, b in (ends, ends[::-1])
    )
    gap = capsule(scene.x, scene.y, one, other, (radius_mm, radius_mm))
    scene.fill(gap, CAVITY, edge_mm=1.0)


def bowed(start: Point, end: Point, bow_mm: float) -> Curve:
    """Gives a curve between two points that bulges to the left of its way."""
    length = math.dist(start, end)
    left = ((end[1] - start[1]) / length, -(end[0] - start[0]) / length)
    knots = [
        (
            start[0] + t * (end[0] - start[0]) + 4 * t * (1 - t) * bow_mm * left[0],
            start[1] + t * (end[1] - start[1]) + 4 * t * (1 - t) * bow_mm * left[1],
        )
        for t in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    return smooth(knots)


def fade(scene: Scene, distance: Field, loss_db: float, *, edge_mm: float) -> None:
    """Weakens everything painted so far where `distance` is negative: a drop-out."""
    weight = np.clip(0.5 - distance / edge_mm, 0.0, 1.0)
    scene.echo_db -= (loss_db * weight).astype(np.float32)
    scene.mirror *= (10 ** (-loss_db / 20 * weight)).astype(np.float32)


def chest(scene: Scene, thickness_mm: float) -> None:
    """Paints the chest wall between two ribs: thin layers along the probe's face."""
    rng, depth = scene.rng, scene.depth
    floor = depth - thickness_mm - 1.2 * scene.noise((22.0, 300.0))
    scene.fill(floor, CHEST, edge_mm=5.0)
    strands(scene, floor, (9.0, 1.1), -17.0)
    patchy = np.clip(0.6 + 0.5 * scene.noise((5.0, 2.0)), 0.0, 1.3)
    for echo in range(int(rng.integers(1, 4))):
        scene.line(depth - 0.8 - 1.5 * echo, -11.0 - 5 * echo, thickness_mm=0.35, strength=patchy)


def lungs(scene: Scene, points: list[Point]) -> None:
    """Darkens what lies behind air and ribs.

    Air covers the sides, up to the edge of what is measured; a rib takes part of the sound from a
    narrow wedge anywhere.
    """
    rng = scene.rng
    apex, half = scene.sector.apex_mm, scene.sector.probe.half_angle
    shares = [math.atan2(x - apex[0], y - apex[1]) / half for x, y in points]
    begin = np.clip((scene.depth - rng.uniform(12, 40)) / 20, 0.0, 1.0)
    place = scene.sector.angles / half - 0.05 * scene.noise((500.0, 25.0))
    for side, edge in ((-1, -min(shares)), (1, max(shares))):
        free = rng.uniform(edge + 0.04, max(1.1, edge + 0.05))
        beyond = np.clip((side * place - free) / 0.16, 0.0, 1.0)
        scene.loss_db_cm += (7.0 * begin * beyond).astype(np.float32)
    if rng.random() < 0.35:
        wedge = np.exp(-np.square((place - rng.uniform(-0.8, 0.8)) / rng.uniform(0.06, 0.14)))
        first_cm = np.exp(-np.square((scene.depth - 12) / 10))
        scene.loss_db_cm += (rng.uniform(1.5, 5) * wedge * first_cm).astype(np.float32)


def haze(scene: Scene) -> None:
    """Adds the clutter of a chest: echoes to and fro between skin and ribs, and side lobes.

    It lies over tissue and blood alike, densest near the probe.
    """
    rng = scene.rng
    # A poor window keeps its haze down to the valves; a good one loses it behind the chest wall.
    poor = rng.random() < 0.45
    clear = rng.uniform(40, 100) if poor else rng.uniform(0, 20)
    level = rng.uniform(-53, -43) if poor else rng.uniform(-47, -38)
    near = level - np.maximum(scene.depth - clear, 0) * rng.uniform(0.1, 0.4)
    far = rng.uniform(-72, -54) - 0.04 * scene.depth
    patchy = 4.0 * scene.noise((45.0, 30.0)) + 2.0 * scene.noise((12.0, 5.0))
    arcs = 5.0 * np.exp(-scene.depth / 35) * scene.noise((40.0, 2.6))
    power = 10 ** ((near + patchy + arcs) / 10) + 10 ** ((far + patchy) / 10)
    total = 10 ** (scene.echo_db / 10) + power
    scene.echo_db = np.asarray(10 * np.log10(total), dtype=np.float32)
