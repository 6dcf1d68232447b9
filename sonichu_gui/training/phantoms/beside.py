"""What touches a fetal head or trunk from outside: wall, placenta, limbs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sonichu_gui.training.phantoms.body import PLACENTA, strands
from sonichu_gui.training.phantoms.scene import BONE, Scene, Tissue
from sonichu_gui.training.phantoms.shapes import ellipse, placed

if TYPE_CHECKING:
    from sonichu_gui.training.phantoms.brain import Cut
    from sonichu_gui.training.phantoms.sector import Point


def neighbours(scene: Scene, cut: Cut) -> None:
    """Paints what lies against a cut that is painted next: a mass in half of them, and limbs."""
    rng, (a, b) = scene.rng, cut.semi
    if rng.random() < 0.5:
        _mass(scene, cut)
    for _ in range(int(rng.choice(4, p=(0.4, 0.3, 0.2, 0.1)))):
        turn, away = rng.uniform(0, 2 * math.pi), rng.uniform(1.15, 1.5)
        across, down = away * a * math.cos(turn), away * b * math.sin(turn)
        fetal_part(scene, placed(cut.centre, cut.angle, across, down), rng.uniform(0.05, 0.16) * b)


def fetal_part(scene: Scene, place: Point, size_mm: float) -> None:
    """Paints a limb, a hand or a vertebra: flesh around a small bright bone with its shadow."""
    rng = scene.rng
    x, y = scene.warped(0.3 * size_mm, 2 * size_mm)
    flesh = ellipse(x, y, place, (3 * size_mm, 2.2 * size_mm), rng.uniform(0, 3))
    scene.fill(flesh, Tissue(rng.uniform(-37, -27), 0.2, 2.0, 2.0), edge_mm=0.8)
    semi = (size_mm, rng.uniform(0.4, 1) * size_mm)
    bone = ellipse(x, y, place, semi, rng.uniform(0, 3))
    scene.fill(bone, BONE, edge_mm=0.5)
    scene.line(bone, rng.uniform(-12, 0), thickness_mm=0.5, oblique=0.3)


def _mass(scene: Scene, cut: Cut) -> None:
    """Paints placenta, uterine wall or trunk that touches the cut from one side."""
    rng, (a, b) = scene.rng, cut.semi
    turn, away = rng.uniform(0, 2 * math.pi), rng.uniform(1.2, 1.8)
    place = placed(cut.centre, cut.angle, away * a * math.cos(turn), away * a * math.sin(turn))
    x, y = scene.warped(0.06 * b, 0.5 * b)
    semi = (rng.uniform(0.5, 1.0) * a, rng.uniform(0.4, 0.8) * b)
    mass = ellipse(x, y, place, semi, rng.uniform(0, 3))
    echo = Tissue(rng.uniform(-36, -23), 0.2, rng.uniform(1, 3), rng.uniform(2, 6), 25.0)
    scene.fill(mass, echo if rng.random() < 0.6 else PLACENTA, edge_mm=1.5)
    strands(scene, mass, (0.4 * a, 1.5), rng.uniform(-26, -18))
    scene.line(mass, rng.uniform(-26, -16), thickness_mm=0.4)
