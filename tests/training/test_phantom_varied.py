"""Varied phantoms: any machine and lie, and the points still exactly on what is drawn."""

from __future__ import annotations

import math
from functools import cache

import cv2
import numpy as np
import pytest

from sonichu_gui.biometry.ellipse import axes_from_points, circumference_ramanujan2
from sonichu_gui.tasks import load_tasks
from sonichu_gui.training.phantoms.phantom import (
    ANATOMY,
    MIRRORED,
    VARIED,
    draw_phantom,
    frame_size,
)
from sonichu_gui.training.phantoms.scene import FLUID, Scene, Tissue
from sonichu_gui.training.phantoms.sector import LinearSector, Probe, Sector
from sonichu_gui.training.phantoms.style import Style
from sonichu_gui.training.phantoms.variation import recast, varied_machine
from sonichu_gui.training.phantoms.view import Screen, varied_sector

SIZE = (360, 260)
SEEDS = range(20, 26)


@cache
def scene_of(task_id: str, seed: int) -> tuple[Scene, np.ndarray]:
    """Painted anatomy before any machine, and its points in mm."""
    scene, points = VARIED[task_id](np.random.default_rng(seed), *SIZE)
    return scene, np.array(points)


def shown(scene: Scene, field: np.ndarray, points_mm: np.ndarray) -> np.ndarray:
    """Values of a field at (N, 2) places on the screen; NaN beside the sector."""
    sector = scene.sector
    depth, angle = sector.beams_at(*np.float32(points_mm).T[:, None, :])
    row = depth / sector.sample_mm
    column = (angle - sector.angles[0, 0]) / sector.beam_step
    values = cv2.remap(
        field.astype(np.float32),
        column.astype(np.float32),
        row.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=math.nan,
    )
    return values[0].astype(float)


def inwards(point: np.ndarray, middle: np.ndarray, steps_mm: np.ndarray) -> np.ndarray:
    """Places at `steps_mm` from a point towards a middle; negative ones lie outside."""
    return point + steps_mm[:, None] * (middle - point) / np.linalg.norm(middle - point)


# ---- every task ----------------------------------------------------------------------------


@pytest.mark.parametrize("task_id", ANATOMY)
def test_a_seed_gives_one_varied_frame_and_another_than_the_clean_one(task_id: str) -> None:
    once, again, clean = (
        draw_phantom(task_id, seed=3, width=240, height=180, style=style)
        for style in (Style.VARIED, Style.VARIED, Style.CLEAN)
    )
    assert np.array_equal(once.pixels, again.pixels)
    assert np.array_equal(once.keypoints, again.keypoints)
    assert once.pixels.shape == (180, 240)
    assert not np.array_equal(once.pixels, clean.pixels)


@pytest.mark.parametrize("task_id", ANATOMY)
def test_points_of_varied_frames_lie_on_the_frame(task_id: str) -> None:
    for seed in range(60, 66):
        phantom = draw_phantom(task_id, seed=seed, width=150, height=150, style=Style.VARIED)
        assert phantom.keypoints.shape == (len(load_tasks()[task_id].keypoints), 2)
        assert np.all(phantom.keypoints >= 0)
        assert np.all(phantom.keypoints <= 149)


def test_frames_come_in_many_sizes_and_shapes() -> None:
    sizes = {frame_size("HC", seed, Style.VARIED) for seed in range(40)}
    shapes = {round(width / height, 1) for width, height in sizes}
    assert len(sizes) > 10
    assert len(shapes) > 3
    assert frame_size("HC", 7, Style.VARIED) == frame_size("HC", 7, Style.VARIED)
    assert frame_size("HC", 7, Style.CLEAN) == (800, 540)


def test_mirrored_frames_keep_their_points_in_the_order_of_the_task(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(MIRRORED, "FUGC", 0.0)
    straight = draw_phantom("FUGC", seed=5, width=200, height=150, style=Style.VARIED)
    monkeypatch.setitem(MIRRORED, "FUGC", 1.0)
    mirrored = draw_phantom("FUGC", seed=5, width=200, height=150, style=Style.VARIED)
    assert mirrored.keypoints[0, 0] < mirrored.keypoints[1, 0]
    expected = np.array((199, 0)) + straight.keypoints[::-1] * (-1, 1)
    assert np.allclose(mirrored.keypoints, expected)


# ---- the points lie on the anatomy ---------------------------------------------------------


@pytest.mark.parametrize("task_id", ["HC", "FA"])
def test_the_outline_rises_at_the_ends_of_the_axes(task_id: str) -> None:
    rises = []
    for seed in SEEDS:
        scene, points = scene_of(task_id, seed)
        for point in points:
            middle = points.mean(axis=0)
            before = shown(scene, scene.mirror, inwards(point, middle, np.linspace(-1.2, -0.5, 15)))
            behind = shown(scene, scene.mirror, inwards(point, middle, np.linspace(0.0, 1.2, 25)))
            if not np.isnan(np.concatenate((before, behind))).any():
                rises.append(behind.max() > 3 * before.max())
    assert len(rises) >= 16
    # A limb or the uterine wall may touch the outline from outside.
    assert np.mean(rises) > 0.85


@pytest.mark.parametrize("seed", SEEDS)
def test_the_ends_of_a_heads_axes_lie_on_its_bone(seed: int) -> None:
    scene, points = scene_of("HC", seed)
    middle = points.mean(axis=0)
    for point in points:
        outside, inside = shown(
            scene, scene.loss_db_cm, inwards(point, middle, np.array((-0.7, 0.3)))
        )
        if not math.isnan(outside + inside):
            assert inside > outside + 1.5


@pytest.mark.parametrize("seed", SEEDS)
def test_points_of_the_head_in_labour_lie_on_its_bone(seed: int) -> None:
    scene, points = scene_of("AOP", seed)
    sides = []
    for point in points[2:]:
        # Along the symphysis's ray the tangent only grazes: look across it, every way round.
        turns = np.linspace(0, 2 * math.pi, 24, endpoint=False)
        ring = point + 1.2 * np.stack([np.cos(turns), np.sin(turns)], axis=1)
        loss = shown(scene, scene.loss_db_cm, ring)
        sides.append(np.mean(loss[~np.isnan(loss)] > 15))
    assert all(0.15 < share < 0.75 for share in sides)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_vein_is_dark_between_its_points_and_not_beyond(seed: int) -> None:
    scene, (upper, lower) = scene_of("IVC", seed)
    across = (lower - upper) / np.linalg.norm(lower - upper)
    within = shown(scene, scene.echo_db, np.array([upper + 0.7 * across, lower - 0.7 * across]))
    beyond = shown(scene, scene.echo_db, np.array([upper - 0.9 * across, lower + 0.9 * across]))
    assert within.max() < -50
    assert beyond.min() > within.max() + 6


@pytest.mark.parametrize("seed", SEEDS)
def test_the_cervix_ends_where_fluid_begins(seed: int) -> None:
    scene, (inner, outer) = scene_of("FUGC", seed)
    fluid, tissue = shown(scene, scene.echo_db, inwards(inner, outer, np.array((-1.2, 2.5))))
    if not math.isnan(fluid):
        assert fluid < -65 < tissue


@pytest.mark.parametrize("seed", SEEDS)
def test_the_femurs_bone_ends_at_its_points(seed: int) -> None:
    scene, (left, right) = scene_of("fetal_femur", seed)
    for point, other in ((left, right), (right, left)):
        # The shaft may be bent: look at a short stretch on either side of the end.
        outside, inside = shown(
            scene, scene.loss_db_cm, inwards(point, other, np.array((-0.7, 0.7)))
        )
        if not math.isnan(outside + inside):
            assert inside > 40 > outside


def test_heads_are_of_every_age_and_lie() -> None:
    sizes, turns = [], []
    for seed in range(40):
        _, points = VARIED["HC"](np.random.default_rng(seed), 60, 44)
        axes = axes_from_points([tuple(point) for point in points], fx=1.0, fy=1.0)
        sizes.append(circumference_ramanujan2(axes.first, axes.second))
        right, left = points[2], points[3]
        turns.append(math.degrees(math.atan2(right[1] - left[1], right[0] - left[0])))
    assert (min(sizes) > 55, min(sizes) < 90, max(sizes) > 290, max(sizes) < 355) == (True,) * 4
    assert np.mean(np.abs(turns) < 15) > 0.3
    assert max(np.abs(turns)) > 40


# ---- machine, contrast, view ---------------------------------------------------------------


def small_sector() -> Sector:
    probe = Probe(radius_mm=50.0, half_angle=0.5, frequency_mhz=4.0, f_number=4.0)
    return Sector(probe, (50.0, 2.0), 100.0, 0.5, 200, 200)


def test_machines_differ_in_every_setting() -> None:
    machines = [varied_machine(np.random.default_rng(seed), small_sector()) for seed in range(30)]
    for name in machines[0].__dataclass_fields__:
        assert len({getattr(machine, name) for machine in machines}) > 3, name
    assert all(machine.noise_rise_db_cm >= 0 for machine in machines)


def test_another_contrast_keeps_one_tissue_one_and_fluid_black() -> None:
    scene = Scene(small_sector(), np.random.default_rng(0), Tissue(-35.0))
    scene.fill(scene.depth - 30.0, FLUID)
    scene.fill(20.0 - scene.depth, Tissue(-25.0))
    before = scene.echo_db.copy()
    recast(scene, np.random.default_rng(1))
    for level in (-80.0, -25.0):
        assert np.ptp(scene.echo_db[before == level]) == 0
    assert np.all(scene.echo_db[before == FLUID.echo_db] == FLUID.echo_db)
    assert np.any(scene.echo_db != before)


@pytest.mark.parametrize("seed", range(8))
def test_a_view_reaches_below_the_anatomy_from_above_it(seed: int) -> None:
    sector = varied_sector(
        np.random.default_rng(seed), Screen(400, 300, 0.4), centre=(80.0, 60.0), reach=(45.0, 35.0)
    )
    assert sector.face_mm[1] <= 60 - 35 - 5 + 1e-6
    assert sector.face_mm[1] + sector.depth_mm > 60 + 35


def test_a_share_of_the_views_is_from_flat_arrays() -> None:
    kinds = [
        isinstance(
            varied_sector(
                np.random.default_rng(seed),
                Screen(400, 300, 0.4),
                centre=(80.0, 60.0),
                reach=(45.0, 35.0),
                linear=0.3,
            ),
            LinearSector,
        )
        for seed in range(80)
    ]
    assert 0.15 < np.mean(kinds) < 0.45
