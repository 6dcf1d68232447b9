from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sonichu_gui.biometry.ellipse import circumference_ramanujan2
from sonichu_gui.model.modeling_sonichu import DEFAULT_TASKS
from sonichu_gui.training.data.ellipse import (
    ellipse_circumference,
    ellipse_from_ends,
    implicit_distance,
)
from sonichu_gui.training.data.geometry import AffineMap, GeometryRanges, draw_map, warp
from sonichu_gui.training.data.intensity import IntensityRanges, augment_intensity
from sonichu_gui.training.data.label_rules import RULES, follow

SIZE = np.array([800.0, 540.0])
HC = DEFAULT_TASKS["HC"]

ellipses = st.tuples(
    st.floats(200, 600), st.floats(150, 400), st.floats(20, 200), st.floats(0.5, 0.98),
    st.floats(-math.pi, math.pi),
)  # fmt: skip
entries = st.floats(-1.5, 1.5)
matrices = st.tuples(entries, entries, entries, entries).filter(
    lambda m: abs(m[0] * m[3] - m[1] * m[2]) > 0.1
)


def ends(ellipse):
    x, y, long, ratio, angle = ellipse
    axis = np.array([math.cos(angle), math.sin(angle)])
    across = np.array([-math.sin(angle), math.cos(angle)])
    points = (across, -across, axis / ratio, -axis / ratio)
    return np.array([x, y]) + long * ratio * np.stack(points)


def affine(matrix):
    return AffineMap(
        np.array(matrix).reshape(2, 2), np.array([400.0, 270.0]), np.array([410.0, 250.0])
    )


def as_matrix(points):
    centre, matrix = ellipse_from_ends(torch.from_numpy(points)[None])
    return centre[0].numpy(), matrix[0].numpy()


def outline(points, steps=90):
    centre, matrix = as_matrix(points)
    t = np.linspace(0, 2 * math.pi, steps)
    return centre + np.stack((np.cos(t), np.sin(t)), axis=1) @ matrix.T


def follow_head(maps, points):
    return follow(maps, points, HC, rule="ellipse")


@given(ellipses, matrices)
def test_mapped_ends_describe_the_mapped_outline(ellipse, matrix):
    points, maps = ends(ellipse), affine(matrix)
    centre, axes = as_matrix(follow_head(maps, points))
    unit = (maps(outline(points)) - centre) @ np.linalg.inv(axes).T
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1, atol=1e-6)


@given(ellipses, matrices)
def test_the_area_grows_by_the_determinant(ellipse, matrix):
    points, maps = ends(ellipse), affine(matrix)
    before, after = (
        abs(np.linalg.det(as_matrix(p)[1])) for p in (points, follow_head(maps, points))
    )
    assert after == pytest.approx(before * abs(np.linalg.det(maps.matrix)))


@given(ellipses, matrices)
def test_mapped_ends_are_perpendicular_concentric_and_in_the_order_of_the_task(ellipse, matrix):
    first, second, right, left = follow_head(affine(matrix), ends(ellipse))
    assert abs(float((first - second) @ (right - left))) < 1e-6 * 800**2
    np.testing.assert_allclose(first + second, right + left)
    assert first[1] <= second[1]
    assert right[0] >= left[0]
    assert np.linalg.norm(right - left) >= np.linalg.norm(first - second) - 1e-9


@given(ellipses)
def test_the_differentiable_circumference_is_that_of_biometry(ellipse):
    _, _, long, ratio, _ = ellipse
    diameters = torch.tensor([2 * long, 2 * long * ratio], dtype=torch.float64)
    ours = ellipse_circumference(diameters[0], diameters[1])
    assert math.isclose(float(ours), circumference_ramanujan2(2 * long, 2 * long * ratio))


@pytest.mark.parametrize("task_id", sorted(DEFAULT_TASKS))
@given(seed=st.integers(0, 10_000), turned=st.booleans())
@settings(max_examples=25)
def test_augmented_points_lie_inside_the_frame_in_the_order_of_their_task(task_id, seed, turned):
    task, rule = DEFAULT_TASKS[task_id], RULES.get(task_id, "")
    rng = np.random.default_rng(seed)
    points = rng.uniform(0.05, 0.95, (len(task.keypoints), 2)) * SIZE
    if rule == "ellipse":
        points = ends((400, 270, 180, 0.8, float(rng.uniform(-3, 3))))
    ranges = GeometryRanges(any_rotation=float(turned), flip_x=0.5, flip_y=0.5)
    maps = draw_map(ranges, points, SIZE, task, rule=rule, rng=rng)
    moved = follow(maps, points, task, rule=rule)
    assert (moved >= -1e-9).all()
    assert (moved <= SIZE + 1e-9).all()
    if task_id in {"FUGC", "fetal_femur"}:
        assert moved[0, 0] <= moved[1, 0]
    elif task.order.startswith("top"):
        assert moved[0, 1] <= moved[1, 1]
    if task_id == "FA":
        steep, flat = np.abs(moved[1] - moved[0]), np.abs(moved[3] - moved[2])
        assert steep[1] - steep[0] >= flat[1] - flat[0]


def test_mirroring_a_frame_without_a_rule_keeps_each_point_on_its_structure():
    task = DEFAULT_TASKS["AOP"]
    points = np.array([[100.0, 100.0], [150.0, 80.0], [300.0, 200.0], [350.0, 250.0]])
    mirror = AffineMap(np.diag([-1.0, 1.0]), np.array([400.0, 0.0]), np.array([400.0, 0.0]))
    moved = follow(mirror, points, task, rule="")
    np.testing.assert_allclose(moved, points * (-1, 1) + (800, 0))


def test_the_outline_is_at_distance_zero_and_the_centre_inside():
    points = ends((400, 270, 120, 0.8, 0.3))
    centre, matrix = ellipse_from_ends(torch.from_numpy(points)[None])
    distance = implicit_distance(torch.from_numpy(outline(points))[None], centre, matrix)
    assert distance.abs().max() < 1e-9
    assert implicit_distance(centre[:, None] + 1, centre, matrix) < 0


@pytest.mark.parametrize("scale", [1, 0.5])
def test_a_bright_dot_lands_where_its_point_is_mapped(scale):
    """At any scale at which the frame is kept."""
    size = SIZE * scale
    image = np.zeros((int(size[1]), int(size[0])), np.uint8)
    image[150:154, 250:254] = 255
    dot = np.array([[252.0, 152.0]])
    maps = affine((0.9, 0.3, -0.2, 1.1))
    grey = warp(image, maps, size, size_px=256).astype(np.float64)
    cells = (np.arange(256) + 0.5) / 256
    found = np.array([(grey.sum(0) * cells).sum(), (grey.sum(1) * cells).sum()]) / grey.sum()
    np.testing.assert_allclose(found, maps(dot)[0] / size, atol=1.5e-3)


def test_intensities_stay_in_range_and_follow_the_seed_alone():
    picture = np.random.default_rng(0).random((64, 64), dtype=np.float32)
    for seed in range(12):  # enough to meet boxes, marks and blur
        first, second = (
            augment_intensity(picture, IntensityRanges(), np.random.default_rng(seed))
            for _ in range(2)
        )
        assert np.array_equal(first, second)
        assert 0 <= first.min() <= first.max() <= 1
        assert not np.array_equal(first, picture)


def test_marks_brighten_and_boxes_darken_a_grey_picture():
    grey = np.full((128, 128), 0.3, np.float32)
    plain = {"log_gamma": 0.0, "log_gain": 0.0, "fine_speckle": 0.0, "coarse_speckle": 0.0}
    still = IntensityRanges(**plain, gain_field=0, depth_gain=0, blur=0, boxes=0, marks=0)
    rng = np.random.default_rng
    np.testing.assert_allclose(augment_intensity(grey, still, rng(1)), grey, atol=1e-5)
    marked = IntensityRanges(**plain, gain_field=0, depth_gain=0, blur=0, boxes=0, marks=1)
    assert augment_intensity(grey, marked, rng(1)).max() > 0.45
    boxed = IntensityRanges(**plain, gain_field=0, depth_gain=0, blur=0, boxes=1, marks=0)
    assert augment_intensity(grey, boxed, rng(1)).min() == 0
