"""IVC: the inferior vena cava along its length, through the liver, to the right atrium."""

from __future__ import annotations

import math

import numpy as np

from sonichu_gui.training.phantoms.body import body_wall, strands
from sonichu_gui.training.phantoms.scene import BLOOD, Scene, Tissue
from sonichu_gui.training.phantoms.sector import Point, Probe, Sector
from sonichu_gui.training.phantoms.shapes import capsule, ellipse, local, placed, polyline, rounded
from sonichu_gui.training.phantoms.style import Style

LIVER = Tissue(-33.0, 0.1, 1.2, 4.0)
BEHIND = Tissue(-36.0, 0.4, 3.0, 6.0)
HEART = Tissue(-34.0, 0.2, 2.0, 3.0)
LUNG = Tissue(-30.0, 3.0, 2.5, 8.0)
FROM_ATRIUM_MM = 25.0
"""Where the vein is measured: well before the junction, where it moves with the heart."""

HEPATIC_AT_MM = 13.0


def vena_cava(
    rng: np.random.Generator, width: int, height: int, *, style: Style = Style.CLEAN
) -> tuple[Scene, list[Point]]:
    """Gives the scene and the upper and lower inner wall of the vein in mm."""
    depth = rng.uniform(*style.span(clean=(125, 160), varied=(105, 215)))
    share = 0.95 if style is Style.CLEAN else rng.uniform(0.88, 1.05)
    mm_per_px = depth / (share * height)
    probe = Probe(
        radius_mm=float(rng.uniform(*style.span(clean=(14, 22), varied=(6, 55)))),
        half_angle=math.radians(rng.uniform(*style.span(clean=(38, 44), varied=(32, 47)))),
        frequency_mhz=float(rng.uniform(*style.span(clean=(2.6, 3.6), varied=(1.9, 5.0)))),
        f_number=float(rng.uniform(*style.span(clean=(3.6, 4.8), varied=(2.4, 4.8)))),
    )
    face = (width * mm_per_px * rng.uniform(0.47, 0.53), height * mm_per_px * 0.025)
    scene = Scene(Sector(probe, face, float(depth), mm_per_px, width, height), rng, LIVER, style)
    to_heart = 1.0 if rng.random() < 0.5 else -1.0
    radius = rng.uniform(*style.span(clean=(9, 24), varied=(4, 32))) / 2
    tilt = to_heart * math.radians(rng.uniform(*style.span(clean=(-14, 8), varied=(-32, 22))))
    site = (
        face[0] - to_heart * rng.uniform(*style.span(clean=(2, 16), varied=(-8, 22))),
        face[1] + rng.uniform(*style.span(clean=(66, 84), varied=(48, 86))),
    )
    _liver(scene, site, tilt, to_heart, radius)
    _heart(scene, site, tilt, to_heart)
    _vein(scene, site, tilt, to_heart, radius)
    body_wall(scene, rng.uniform(*style.span(clean=(13, 20), varied=(8, 26))))
    return scene, [placed(site, tilt, 0.0, -radius), placed(site, tilt, 0.0, radius)]


def _liver(scene: Scene, site: Point, tilt: float, to_heart: float, radius: float) -> None:
    """Paints portal branches with bright walls, dark hepatic veins, and what lies behind."""
    rng = scene.rng
    x, y = scene.warped(2.0, 25.0)
    _, below = local(x, y, site, tilt)
    scene.fill(34.0 - below, BEHIND, edge_mm=6.0)
    strands(scene, 34.0 - below, (30.0, 5.0), -22.0)
    scene.line(below - 34.0, -17.0, thickness_mm=0.8, strength=0.8)
    for _ in range(int(rng.integers(7, 12))):
        start = placed(site, tilt, rng.uniform(-60, 45), -rng.uniform(16, 52))
        turn, length = rng.uniform(-0.9, 0.9), rng.uniform(3, 14)
        size = rng.uniform(0.6, 1.7)
        branch = capsule(x, y, start, placed(start, turn, length, 0.0), (size, 0.6 * size))
        scene.fill(branch, BLOOD, edge_mm=1.0)
        if rng.random() < 0.6:
            scene.line(branch, -21.0, thickness_mm=0.6, oblique=0.3)
    # It must not touch a wide vein before its mouth: the upper wall is measured there.
    joint = placed(site, tilt, to_heart * HEPATIC_AT_MM, -max(3.0, radius - 9.0))
    path = [
        placed(joint, tilt, -to_heart * back, -up)
        for back, up in ((0, 0), (6, 8), (15, 17), (27, 25), (40, 31))
    ]
    hepatic = polyline(x, y, rounded(path, 1), (rng.uniform(3, 4.5), rng.uniform(1.2, 2.0)))
    scene.fill(hepatic, BLOOD, edge_mm=1.2)
    scene.line(hepatic, -26.0, thickness_mm=0.5)


def _heart(scene: Scene, site: Point, tilt: float, to_heart: float) -> None:
    """Paints the diaphragm, the right atrium and the air beyond them."""
    rng = scene.rng
    x, y = scene.warped(3.0, 24.0)
    centre = placed(site, tilt, to_heart * (FROM_ATRIUM_MM + 27), rng.uniform(-8, 2))
    dome = ellipse(x, y, centre, (37.0, 50.0), tilt + to_heart * 0.35)
    scene.fill(dome - 4.0, LUNG, edge_mm=2.0)
    uneven = np.clip(0.7 + 0.5 * scene.noise((16.0, 16.0)), 0.1, 1.1)
    scene.line(dome - 4.0, -9.0, thickness_mm=0.7, oblique=0.15, strength=uneven)
    scene.fill(dome, HEART, edge_mm=2.5)
    atrium = ellipse(x, y, centre, (28.0, rng.uniform(22, 30)), tilt + to_heart * 0.3)
    scene.fill(atrium, BLOOD, edge_mm=2.5)
    scene.line(atrium, -19.0, thickness_mm=0.8, oblique=0.15, strength=uneven)


def _vein(scene: Scene, site: Point, tilt: float, to_heart: float, radius: float) -> None:
    """Paints the vein, open into the atrium.

    It is straight and narrowest where it is measured, so that the two walls are parallel there.
    """
    u, v = local(scene.x, scene.y, site, tilt)
    ahead = u * to_heart
    away = 1 - np.exp(-0.5 * (ahead / 14.0) ** 2)
    sway = 1.6 * scene.noise((26.0, 400.0), angle=tilt) + scene.rng.uniform(-4, 2)
    lumen = (np.abs(v - away * sway) - radius * (1 + 0.2 * away)).astype(np.float32)
    vein = np.maximum(lumen, ahead - FROM_ATRIUM_MM - 9).astype(np.float32)
    scene.fill(vein, BLOOD, edge_mm=0.8)
    uneven = np.clip(0.7 + 0.5 * scene.noise((9.0, 30.0), angle=tilt), 0.1, 1.1)
    # The wall ends at the atrium and leaves the mouth of the hepatic vein open.
    mouth = np.exp(-(((ahead - HEPATIC_AT_MM) / 4.5) ** 4)) * (v < 0)
    strength = uneven * np.clip((FROM_ATRIUM_MM - 2 - ahead) / 4, 0.0, 1.0) * (1 - mouth)
    wall_db = -11.0 if scene.style is Style.CLEAN else scene.rng.uniform(-22, -6)
    scene.line(lumen - 0.8, wall_db, thickness_mm=0.5, oblique=0.15, strength=strength)
