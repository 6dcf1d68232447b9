"""AOP: the pubic symphysis and the fetal head from the perineum, in labour."""

from __future__ import annotations

import math

import numpy as np

from sonichu_gui.training.phantoms.body import strands
from sonichu_gui.training.phantoms.scene import FLUID, Scene, Tissue
from sonichu_gui.training.phantoms.sector import Point, Probe, Sector
from sonichu_gui.training.phantoms.shapes import capsule, ellipse, placed
from sonichu_gui.training.phantoms.style import Style

SOFT = Tissue(-36.0, 0.3, 2.6, 5.0)
LABIA = Tissue(-31.0, 0.4, 2.0, 2.0)
CARTILAGE = Tissue(-31.0, 2.5, 1.5, 2.0)
SCALP = Tissue(-31.0, 0.2, 1.2, 2.0)
SKULL = Tissue(-22.0, 34.0)
BRAIN = Tissue(-44.0, 0.3, 1.6, 4.0)
CANAL = Tissue(-30.0, 0.3, 1.5, 2.0)

_ATTEMPTS = 1000


def perineum(
    rng: np.random.Generator, width: int, height: int, *, style: Style = Style.CLEAN
) -> tuple[Scene, list[Point]]:
    """Gives the scene and its keypoints in mm.

    Order: inferior and superior end of the symphysis, the point of the head nearest to the
    inferior end, and the point where the tangent from there touches the leading side of the head.
    """
    depth = rng.uniform(*style.span(clean=(105, 130), varied=(98, 165)))
    share = 0.95 if style is Style.CLEAN else rng.uniform(0.9, 1.12)
    mm_per_px = depth / (share * height)
    across = rng.uniform(*style.span(clean=(0.44, 0.54), varied=(0.43, 0.57)))
    face = (width * mm_per_px * across, height * mm_per_px * 0.025)
    probe = Probe(
        radius_mm=float(rng.uniform(*style.span(clean=(42, 56), varied=(38, 62)))),
        half_angle=math.radians(rng.uniform(*style.span(clean=(33, 39), varied=(32, 44)))),
        frequency_mhz=float(rng.uniform(*style.span(clean=(3.4, 4.6), varied=(2.6, 6.0)))),
        f_number=float(rng.uniform(*style.span(clean=(4.0, 5.4), varied=(2.6, 5.4)))),
    )
    sector = Sector(probe, face, float(depth), mm_per_px, width, height)
    symphysis, head = _lie(rng, sector, style)
    scene = Scene(sector, rng, SOFT, style)
    _soft_tissue(scene)
    _symphysis(scene, *symphysis)
    _head(scene, *head)
    centre, semi, angle = symphysis
    inferior, superior = placed(centre, angle, semi[0], 0.0), placed(centre, angle, -semi[0], 0.0)
    return scene, [
        inferior,
        superior,
        nearest_on(inferior, *head),
        leading_tangent(inferior, *head),
    ]


Oval = tuple[Point, Point, float]
"""Centre, half axes and direction of an ellipse, in mm and radians."""


def nearest_on(point: Point, centre: Point, semi: Point, angle: float) -> Point:
    """Gives the point of an ellipse that is nearest to a point outside it."""

    def gap(turn: float) -> float:
        u, v = semi[0] * math.cos(turn), semi[1] * math.sin(turn)
        return math.dist(point, placed(centre, angle, u, v))

    step = math.pi / 180
    best = min((step * i for i in range(360)), key=gap)
    # Halving the step round the best of 360 directions ends at the limit of float64.
    while step > 1e-9:
        step /= 2
        best = min((best - step, best, best + step), key=gap)
    return placed(centre, angle, semi[0] * math.cos(best), semi[1] * math.sin(best))


def leading_tangent(point: Point, centre: Point, semi: Point, angle: float) -> Point:
    """Gives the point where the right-hand tangent from an outside point touches an ellipse.

    Seen from the symphysis at the upper left, the leading side of the head is the right one.
    """
    u, v = placed((0.0, 0.0), -angle, point[0] - centre[0], point[1] - centre[1])
    # Scaling the axes makes the ellipse a unit circle and keeps tangents tangent.
    distance, turn = math.hypot(u / semi[0], v / semi[1]), math.atan2(v / semi[1], u / semi[0])
    # With y down, the sum is the side to the right of somebody who looks at the head.
    touch = turn + math.acos(1 / distance)
    return placed(centre, angle, semi[0] * math.cos(touch), semi[1] * math.sin(touch))


def _lie(rng: np.random.Generator, sector: Sector, style: Style) -> tuple[Oval, Oval]:
    """Finds a symphysis and a head as they lie in labour, with all four points in view.

    The angle of progression is drawn first, evenly, and the head is put against that tangent.
    """
    face = sector.face_mm
    for _ in range(_ATTEMPTS):
        aop = rng.uniform(*style.span(clean=(90, 152), varied=(70, 165)))
        tilt = math.radians(rng.uniform(*style.span(clean=(6, 38), varied=(-8, 55))))
        centre = (face[0] - rng.uniform(16, 34), face[1] + rng.uniform(24, 38))
        symphysis = (
            centre,
            (
                float(rng.uniform(*style.span(clean=(15, 20), varied=(12, 23)))),
                float(rng.uniform(*style.span(clean=(5.5, 7.5), varied=(4.5, 8.5)))),
            ),
            tilt,
        )
        inferior = placed(centre, tilt, symphysis[1][0], 0.0)
        ray = math.pi + tilt - math.radians(aop)
        touch = placed(inferior, ray, rng.uniform(28, 70), 0.0)
        semi = (
            float(rng.uniform(*style.span(clean=(46, 54), varied=(44, 60)))),
            float(rng.uniform(*style.span(clean=(36, 43), varied=(33, 46)))),
        )
        turn = math.radians(rng.uniform(*style.span(clean=(-60, 30), varied=(-80, 60))))
        # An ellipse has its outward normal n at (a^2 n_u, b^2 n_v) / |(a n_u, b n_v)|.
        n_u, n_v = math.cos(ray - math.pi / 2 - turn), math.sin(ray - math.pi / 2 - turn)
        scale = math.hypot(semi[0] * n_u, semi[1] * n_v)
        head = (
            placed(touch, turn, -(semi[0] ** 2) * n_u / scale, -(semi[1] ** 2) * n_v / scale),
            semi,
            turn,
        )
        near = nearest_on(inferior, *head)
        superior = placed(centre, tilt, -symphysis[1][0], 0.0)
        seen = all(_in_view(sector, point) for point in (inferior, superior, near, touch))
        underside = placed(centre, tilt, 0.0, symphysis[1][1])
        room = min(_gap(point, head) for point in (superior, underside))
        if seen and room > 6 and 7 <= math.dist(inferior, near) <= 36:
            return symphysis, head
    raise RuntimeError("no lie of symphysis and head fits the sector")


def _gap(point: Point, oval: Oval) -> float:
    """Distance of a point to an ellipse, negative inside."""
    x, y = (np.full((1, 1), value, np.float32) for value in point)
    return float(ellipse(x, y, *oval)[0, 0])


def _in_view(sector: Sector, point: Point) -> bool:
    x, y = point[0] - sector.apex_mm[0], point[1] - sector.apex_mm[1]
    depth = math.hypot(x, y) - sector.probe.radius_mm
    return 3 < depth < 0.96 * sector.depth_mm and abs(math.atan2(x, y)) < (
        0.94 * sector.probe.half_angle
    )


def _soft_tissue(scene: Scene) -> None:
    rng = scene.rng
    strands(scene, scene.depth - 200, (18.0, 3.0), -21.0)
    scene.fill(scene.depth - rng.uniform(9, 14) - scene.noise((14.0, 40.0)), LABIA, edge_mm=3.0)
    for echo in range(3):
        scene.line(scene.depth - 1.2 - 1.5 * echo, -8.0 - 5 * echo, thickness_mm=0.35)
    # Vagina and rectum leave the probe on the right and run down behind the head.
    face = scene.sector.face_mm
    start = (face[0] + rng.uniform(8, 14), face[1] + 6)
    x, y = scene.warped(1.5, 14.0)
    canal = capsule(x, y, start, (start[0] + rng.uniform(14, 24), start[1] + 60), (2.0, 5.0))
    scene.fill(canal, CANAL, edge_mm=2.0)
    scene.line(canal, -21.0, thickness_mm=0.5, oblique=0.3)


def _symphysis(scene: Scene, centre: Point, semi: Point, angle: float) -> None:
    oval = ellipse(scene.x, scene.y, centre, semi, angle)
    scene.lighten(oval - 2.5, 4.0, edge_mm=2.0)
    disc = CARTILAGE
    if scene.style is Style.VARIED:
        disc = Tissue(scene.rng.uniform(-43, -26), scene.rng.uniform(1, 5), 1.8, 2.0)
    scene.fill(oval, disc, edge_mm=0.8)
    patchy = np.clip(0.7 + 0.4 * scene.noise((6.0, 6.0)), 0.15, 1.1)
    capsule_db = -8.0 if scene.style is Style.CLEAN else scene.rng.uniform(-20, -5)
    scene.line(oval + 0.4, capsule_db, thickness_mm=0.5, oblique=0.4, strength=patchy)
    # Urethra and bladder neck lie behind it, a thin film of urine in labour.
    film = placed(centre, angle, 0.2 * semi[0], semi[1] + scene.rng.uniform(5, 8))
    bladder = ellipse(
        scene.x, scene.y, film, (0.7 * semi[0], scene.rng.uniform(1.2, 3.2)), angle + 0.3
    )
    scene.fill(bladder, FLUID, edge_mm=1.2)
    scene.line(bladder, -19.0, thickness_mm=0.4)


def _head(scene: Scene, centre: Point, semi: Point, angle: float) -> None:
    outer = ellipse(scene.x, scene.y, centre, semi, angle)
    scene.fill(outer - 3.0 - 0.8 * scene.noise((12.0, 12.0)), SCALP, edge_mm=1.5)
    scene.fill(outer, SKULL, edge_mm=0.5)
    scene.fill(outer + 2.2, BRAIN)
    uneven = np.clip(0.85 + 0.25 * scene.noise((14.0, 14.0), angle=angle), 0.3, 1.1)
    bone_db, rough = 6.0, 0.12
    if scene.style is Style.VARIED:
        bone_db, rough = scene.rng.uniform(-8, 7), scene.rng.uniform(0.02, 0.2)
    scene.line(outer + 0.9, bone_db, thickness_mm=0.5, oblique=rough, strength=uneven)
    x, y = scene.warped(0.8, 22.0)
    broken = np.clip(0.4 + 0.7 * scene.noise((7.0, 40.0), angle=angle), 0.0, 1.1)
    ends = (placed(centre, angle, -0.8 * semi[0], 0.0), placed(centre, angle, 0.7 * semi[0], 0.0))
    midline = capsule(x, y, *ends, (0.0, 0.0))
    scene.line(midline, -19.0, thickness_mm=0.5, oblique=0.4, strength=broken)
