"""Phantoms: what is drawn lies where the keypoints say, and the physics is that of ultrasound."""

from __future__ import annotations

import math
from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonichu_gui.biometry.ellipse import axes_from_points, circumference_ramanujan2
from sonichu_gui.biometry.points import angle_deg
from sonichu_gui.errors import TaskError
from sonichu_gui.tasks import load_tasks
from sonichu_gui.training.phantoms.echo import Machine, envelope
from sonichu_gui.training.phantoms.perineum import leading_tangent, nearest_on
from sonichu_gui.training.phantoms.phantom import ANATOMY, Phantom, draw_phantom
from sonichu_gui.training.phantoms.scene import BONE, FLUID, Scene, Tissue
from sonichu_gui.training.phantoms.screen import MARGIN_PX, RULER_STEP_MM, add_ruler
from sonichu_gui.training.phantoms.sector import Probe, Sector
from sonichu_gui.training.phantoms.shapes import ellipse, local, placed

SEEDS = (1, 2, 3)
TASKS = tuple(ANATOMY)


@cache
def phantom(task_id: str, seed: int) -> Phantom:
    return draw_phantom(task_id, seed=seed, width=640, height=432)


def brightness(drawn: Phantom, points: np.ndarray) -> np.ndarray:
    """Grey values at (N, 2) image points, interpolated."""
    x, y = (np.ascontiguousarray(points[:, [axis]], np.float32) for axis in (0, 1))
    return cv2.remap(drawn.pixels, x, y, cv2.INTER_LINEAR)[:, 0].astype(float)


def along(start: np.ndarray, end: np.ndarray, *, beyond_px: float, count: int = 400) -> np.ndarray:
    """Points of the line from `start` to `end`, extended at either end."""
    length = np.linalg.norm(end - start)
    steps = np.linspace(-beyond_px, length + beyond_px, count)
    return start + steps[:, None] * (end - start) / length


# ---- every task ----------------------------------------------------------------------------


@pytest.mark.parametrize("task_id", TASKS)
def test_there_are_as_many_points_as_the_task_has_keypoints(task_id: str) -> None:
    expected = len(load_tasks()[task_id].keypoints)
    assert phantom(task_id, 1).keypoints.shape == (expected, 2)


@pytest.mark.parametrize("task_id", TASKS)
def test_a_frame_is_grey_bytes_of_the_size_asked_for(task_id: str) -> None:
    pixels = phantom(task_id, 1).pixels
    assert (pixels.shape, pixels.dtype, pixels.flags.writeable) == ((432, 640), np.uint8, False)


@pytest.mark.parametrize("task_id", TASKS)
def test_the_same_seed_gives_the_same_frame(task_id: str) -> None:
    again = draw_phantom(task_id, seed=1, width=640, height=432)
    assert np.array_equal(again.pixels, phantom(task_id, 1).pixels)
    assert np.array_equal(again.keypoints, phantom(task_id, 1).keypoints)


@pytest.mark.parametrize("task_id", TASKS)
def test_another_seed_gives_another_anatomy(task_id: str) -> None:
    assert not np.allclose(phantom(task_id, 1).keypoints, phantom(task_id, 2).keypoints, atol=1)


@pytest.mark.parametrize("task_id", TASKS)
@pytest.mark.parametrize("seed", range(40, 44))
def test_points_lie_on_the_frame_beside_the_ruler(task_id: str, seed: int) -> None:
    keypoints = draw_phantom(task_id, seed=seed, width=400, height=270).keypoints
    assert np.all(keypoints >= 0)
    assert np.all(keypoints <= (400 - MARGIN_PX, 270))


def test_a_task_without_a_phantom_names_those_that_have_one() -> None:
    with pytest.raises(TaskError, match="HC, FA, fetal_femur"):
        draw_phantom("IUGC", seed=1)


# ---- the points lie on the anatomy ---------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_the_skulls_bright_edge_lies_on_the_ellipse_of_the_points(seed: int) -> None:
    drawn = phantom("HC", seed)
    centre = drawn.keypoints.mean(axis=0)
    short, long = drawn.keypoints[0] - centre, drawn.keypoints[2] - centre
    errors_mm = []
    for turn in np.linspace(0, 2 * math.pi, 72, endpoint=False):
        rim = centre + math.cos(turn) * long + math.sin(turn) * short
        outwards = (rim - centre) / np.linalg.norm(rim - centre)
        offsets_mm = np.linspace(-4, 4, 81)
        profile = brightness(drawn, rim + offsets_mm[:, None] / drawn.mm_per_px * outwards)
        peak = int(np.argmax(profile))
        # The outer edge: where brightness has fallen half way from the bone to what lies outside.
        half = (profile[peak] + profile[peak:].min()) / 2
        errors_mm.append(offsets_mm[peak + int(np.argmax(profile[peak:] <= half))])
    assert abs(np.median(errors_mm)) < 0.8
    assert np.mean(np.abs(errors_mm) < 2.0) > 0.7  # at the sides, bone hardly answers


@pytest.mark.parametrize("task_id", ["HC", "FA"])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_axes_are_those_of_one_ellipse_in_the_order_of_the_task(
    task_id: str, seed: int
) -> None:
    upper, lower, right, left = phantom(task_id, seed).keypoints
    assert (upper[1] < lower[1], right[0] > left[0]) == (True, True)
    assert np.allclose(upper + lower, right + left, atol=1e-6)
    assert (upper - lower) @ (right - left) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_heads_have_the_size_of_heads(seed: int) -> None:
    drawn = draw_phantom("HC", seed=seed, width=200, height=135)
    points = [tuple(point) for point in drawn.keypoints]
    axes = axes_from_points(points, fx=drawn.mm_per_px, fy=drawn.mm_per_px)
    assert 110 < circumference_ramanujan2(axes.first, axes.second) < 370


@pytest.mark.parametrize("seed", SEEDS)
def test_the_femur_is_bright_between_its_points_and_ends_there(seed: int) -> None:
    drawn = phantom("fetal_femur", seed)
    left, right = drawn.keypoints
    line = along(left, right, beyond_px=6 / drawn.mm_per_px)
    across = (right - left)[::-1] * (1, -1) / np.linalg.norm(right - left)
    # The shaft is bent a little, so the brightest place on either side of the line counts.
    shifts = np.linspace(-2.5, 2.5, 11)[:, None] / drawn.mm_per_px
    profile = np.max([brightness(drawn, line + shift * across) for shift in shifts], axis=0)
    bright = np.flatnonzero(profile > 150)
    inner = (line[:, 0] > left[0]) & (line[:, 0] < right[0])
    assert left[0] < right[0]
    assert np.mean(profile[inner] > 150) > 0.9
    for end, found in ((left, line[bright[0]]), (right, line[bright[-1]])):
        assert np.linalg.norm(end - found) * drawn.mm_per_px < 2.0


@pytest.mark.parametrize("seed", SEEDS)
def test_the_femur_throws_a_shadow(seed: int) -> None:
    drawn = phantom("fetal_femur", seed)
    middle = drawn.keypoints.mean(axis=0)
    behind = middle + np.array([0, 9]) / drawn.mm_per_px
    before = middle - np.array([0, 5]) / drawn.mm_per_px
    window = np.stack(np.meshgrid(np.arange(-6, 7), np.arange(-4, 5)), -1).reshape(-1, 2)
    assert (
        brightness(drawn, behind + window).mean() < 0.6 * brightness(drawn, before + window).mean()
    )


@pytest.mark.parametrize("seed", range(12))
def test_angles_of_progression_are_those_of_labour(seed: int) -> None:
    drawn = draw_phantom("AOP", seed=seed, width=200, height=135)
    inferior, superior, _, tangent = (tuple(point) for point in drawn.keypoints)
    assert 89 < angle_deg(inferior, superior, tangent) < 153


@pytest.mark.parametrize("seed", SEEDS)
def test_the_symphysis_lies_above_the_head(seed: int) -> None:
    inferior, superior, near, _ = phantom("AOP", seed).keypoints
    assert superior[0] < inferior[0]
    assert inferior[1] < near[1]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_canal_runs_from_left_to_right_with_the_length_of_a_cervix(seed: int) -> None:
    drawn = phantom("FUGC", seed)
    inner, outer = drawn.keypoints
    assert inner[0] < outer[0]
    assert 22 <= np.linalg.norm(outer - inner) * drawn.mm_per_px <= 43


@pytest.mark.parametrize("seed", SEEDS)
def test_fluid_begins_at_the_inner_end_of_the_canal(seed: int) -> None:
    drawn = phantom("FUGC", seed)
    inner, outer = drawn.keypoints
    back = inner + (inner - outer) / np.linalg.norm(inner - outer) * 2.0 / drawn.mm_per_px
    window = np.stack(np.meshgrid(np.arange(-2, 3), np.arange(-4, 5)), -1).reshape(-1, 2)
    assert brightness(drawn, back + window).mean() < 25


@pytest.mark.parametrize("seed", SEEDS)
def test_the_veins_walls_rise_at_the_points(seed: int) -> None:
    drawn = phantom("IVC", seed)
    upper, lower = drawn.keypoints
    line = along(upper, lower, beyond_px=3 / drawn.mm_per_px)
    sideways = (lower - upper)[::-1] * (1, -1) / np.linalg.norm(lower - upper)
    shifts = np.linspace(-4, 4, 17)[:, None] / drawn.mm_per_px
    profile = np.mean([brightness(drawn, line + shift * sideways) for shift in shifts], axis=0)
    bright = profile > (profile.max() + profile.min()) / 2
    middle = len(line) // 2
    above, below = np.flatnonzero(bright[:middle])[-1], middle + np.argmax(bright[middle:])
    assert upper[1] < lower[1]
    for wall, found in ((upper, line[above]), (lower, line[below])):
        assert np.linalg.norm(wall - found) * drawn.mm_per_px < 1.2


# ---- geometry ------------------------------------------------------------------------------

ovals = st.tuples(
    st.tuples(st.floats(-50, 50), st.floats(-50, 50)),
    st.tuples(st.floats(5, 60), st.floats(5, 60)),
    st.floats(-3.2, 3.2),
)


@given(ovals, st.floats(0, 6.3), st.floats(1.05, 5))
def test_no_point_of_an_ellipse_is_nearer_than_the_nearest(oval, turn, away) -> None:
    centre, semi, angle = oval
    outside = placed(
        centre, angle, away * semi[0] * math.cos(turn), away * semi[1] * math.sin(turn)
    )
    found = math.dist(outside, nearest_on(outside, *oval))
    rim = (
        placed(centre, angle, semi[0] * math.cos(t), semi[1] * math.sin(t))
        for t in np.linspace(0, 2 * math.pi, 500)
    )
    assert found <= min(math.dist(outside, point) for point in rim) + 1e-6


@given(ovals, st.floats(0, 6.3), st.floats(1.05, 5))
def test_the_whole_ellipse_lies_on_one_side_of_its_leading_tangent(oval, turn, away) -> None:
    centre, semi, angle = oval
    outside = placed(
        centre, angle, away * semi[0] * math.cos(turn), away * semi[1] * math.sin(turn)
    )
    touch = leading_tangent(outside, *oval)
    along_x, along_y = touch[0] - outside[0], touch[1] - outside[1]
    for t in np.linspace(0, 2 * math.pi, 100):
        x, y = placed(centre, angle, semi[0] * math.cos(t), semi[1] * math.sin(t))
        assert along_x * (y - outside[1]) - along_y * (x - outside[0]) > -1e-6 * 1e3


@given(
    st.tuples(st.floats(-50, 50), st.floats(-50, 50)),
    st.floats(-3.2, 3.2),
    st.tuples(st.floats(-40, 40), st.floats(-40, 40)),
)
def test_placing_undoes_local_coordinates(centre, angle, point) -> None:
    x, y = (np.full((1, 1), value, np.float64) for value in point)
    u, v = local(x, y, centre, angle)
    assert placed(centre, angle, float(u[0, 0]), float(v[0, 0])) == pytest.approx(point, abs=1e-4)


@given(st.floats(0, 6.3), st.floats(-1.0, 1.0))
def test_the_distance_to_a_circle_is_exact_near_its_rim(turn, gap) -> None:
    radius = 20 + gap
    x, y = (np.full((1, 1), radius * f(turn), np.float32) for f in (math.cos, math.sin))
    distance = ellipse(x, y, (0.0, 0.0), (20.0, 20.0))
    assert float(distance[0, 0]) == pytest.approx(gap, abs=0.06)


# ---- physics -------------------------------------------------------------------------------

MACHINE = Machine(focus_mm=50.0, noise_db=-120.0, looks=1)


def uniform_scene(seed: int = 0) -> Scene:
    probe = Probe(radius_mm=50.0, half_angle=0.5, frequency_mhz=4.0, f_number=4.0)
    sector = Sector(probe, (100.0, 2.0), 100.0, 0.25, 800, 400)
    return Scene(sector, np.random.default_rng(seed), Tissue(-30.0))


def test_speckle_is_rayleigh_distributed() -> None:
    echoes = envelope(uniform_scene(), MACHINE)[100:-20, 60:-60]
    # Contact with the skin changes along the array, never along a beam.
    echoes = echoes / np.sqrt(np.mean(echoes**2, axis=0))
    assert echoes.mean() / echoes.std() == pytest.approx(1.913, rel=0.05)


def test_averaged_looks_make_speckle_smoother_by_the_root_of_their_number() -> None:
    contrast = []
    for looks in (1, 4):
        machine = Machine(focus_mm=50.0, noise_db=-120.0, looks=looks)
        power = envelope(uniform_scene(), machine)[100:-20, 60:-60] ** 2
        power = power / power.mean(axis=0)
        contrast.append(power.std())
    assert contrast[0] / contrast[1] == pytest.approx(2.0, rel=0.1)


@pytest.mark.parametrize(("tissue", "ratio"), [(FLUID, 1.3), (BONE, 0.5)], ids=["fluid", "bone"])
def test_echoes_are_brighter_behind_fluid_and_darker_behind_bone(
    tissue: Tissue, ratio: float
) -> None:
    scene = uniform_scene()
    plain = envelope(uniform_scene(), MACHINE)
    scene.fill(ellipse(scene.x, scene.y, (100.0, 45.0), (12.0, 8.0)), tissue)
    middle = scene.x.shape[1] // 2
    behind = np.s_[int(0.6 * len(scene.x)) : int(0.8 * len(scene.x)), middle - 15 : middle + 15]
    change = envelope(scene, MACHINE)[behind].mean() / plain[behind].mean()
    assert change > ratio if ratio > 1 else change < ratio


def test_the_beam_is_narrowest_at_the_focus() -> None:
    scene = uniform_scene()
    scene.echo_db[:] = -200.0
    rows = [int(depth / 100 * len(scene.x)) for depth in (15, 50, 90)]
    middle = scene.x.shape[1] // 2
    for row in rows:
        scene.mirror[row - 3 : row + 4, middle] = 1.0
    echoes = envelope(scene, MACHINE)
    widths = []
    for row in rows:
        line = echoes[row]
        beams = np.count_nonzero(line > line.max() / 2)
        widths.append(beams * scene.sector.beam_step * scene.sector.radii[row, 0])
    assert widths[1] < widths[0]
    assert widths[1] < widths[2]


def test_a_flat_surface_is_brighter_when_hit_squarely() -> None:
    scene = uniform_scene()
    distance = scene.depth - 40.0
    scene.line(distance, 0.0)
    squarely = scene.mirror.max()
    scene.mirror[:] = 0
    scene.line((scene.x - 100.0).astype(np.float32), 0.0)
    assert scene.mirror.max() < 0.5 * squarely


# ---- screen --------------------------------------------------------------------------------


def test_samples_come_to_the_pixels_they_lie_on() -> None:
    sector = uniform_scene().sector
    frame = sector.to_screen(np.broadcast_to(sector.depths, sector.x.shape).astype(np.float32))
    for x, y in ((400, 100), (400, 390), (300, 250)):
        dx, dy = x * 0.25 - 100.0, y * 0.25 - 2.0 + 50.0
        assert frame[y, x] == pytest.approx(math.hypot(dx, dy) - 50.0, abs=0.05)


def test_nothing_is_shown_beside_the_sector() -> None:
    sector = uniform_scene().sector
    frame = sector.to_screen(np.ones_like(sector.x))
    assert frame[:, :100].max() == 0
    assert frame[3, 400] == 0


def test_ruler_ticks_stand_ten_millimetres_apart() -> None:
    sector = uniform_scene().sector
    frame = np.zeros((400, 800), np.uint8)
    add_ruler(frame, sector, MACHINE)
    column = frame[:, 790].astype(float)
    rows = np.flatnonzero(column)
    ticks = [
        np.average(group, weights=column[group])
        for group in np.split(rows, np.flatnonzero(np.diff(rows) > 2) + 1)
    ]
    assert np.diff(ticks) == pytest.approx(RULER_STEP_MM / sector.mm_per_px, abs=0.1)
    assert ticks[0] == pytest.approx(sector.face_mm[1] / sector.mm_per_px, abs=0.1)


def test_every_fifth_tick_is_longer() -> None:
    sector = uniform_scene().sector
    frame = np.zeros((400, 800), np.uint8)
    add_ruler(frame, sector, MACHINE)
    tick = RULER_STEP_MM / sector.mm_per_px
    lengths = [np.count_nonzero(frame[round(8 + n * tick), 775:] > 60) for n in range(6)]
    assert lengths[0] > lengths[1] + 4
    assert lengths[5] > lengths[4] + 4
