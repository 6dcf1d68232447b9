from __future__ import annotations

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sonichu_gui.biometry.ellipse import circumference_ramanujan2
from sonichu_gui.training.data.augment import (
    AffineMaps,
    GeometryRanges,
    draw_matrices,
    map_ends,
    maps_keeping_ends_inside,
    warp,
)
from sonichu_gui.training.data.ellipse import (
    ellipse_circumference,
    ellipse_from_ends,
    ends_from_ellipse,
    implicit_distance,
)
from sonichu_gui.training.data.intensity import IntensityRanges, augment_intensity

SIZE = torch.tensor([[800.0, 540.0]], dtype=torch.float64)

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
    axis = torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64)
    across = torch.tensor([-math.sin(angle), math.cos(angle)], dtype=torch.float64)
    centre = torch.tensor([x, y], dtype=torch.float64)
    points = (across, -across, axis / ratio, -axis / ratio)
    return torch.stack([centre + long * ratio * point for point in points])[None]


def affine(matrix):
    return AffineMaps(
        matrix=torch.tensor(matrix, dtype=torch.float64).reshape(1, 2, 2),
        source=torch.tensor([[400.0, 270.0]], dtype=torch.float64),
        target=torch.tensor([[410.0, 250.0]], dtype=torch.float64),
    )


def outline(points, steps=90):
    centre, matrix = ellipse_from_ends(points)
    t = torch.linspace(0, 2 * math.pi, steps, dtype=torch.float64)
    return centre[:, None] + torch.stack((t.cos(), t.sin()), dim=1) @ matrix.transpose(1, 2)


def apply(maps, points):
    return (points - maps.source[:, None]) @ maps.matrix.transpose(1, 2) + maps.target[:, None]


@given(ellipses, matrices)
def test_mapped_ends_describe_the_mapped_outline(ellipse, matrix):
    points, maps = ends(ellipse), affine(matrix)
    centre, axes = ellipse_from_ends(map_ends(maps, points))
    unit = (apply(maps, outline(points)) - centre[:, None]) @ torch.linalg.inv(axes).mT
    torch.testing.assert_close(unit.norm(dim=2), torch.ones(1, 90, dtype=torch.float64))


@given(ellipses, matrices)
def test_the_area_grows_by_the_determinant(ellipse, matrix):
    points, maps = ends(ellipse), affine(matrix)
    before = ellipse_from_ends(points)[1].det().abs()
    after = ellipse_from_ends(map_ends(maps, points))[1].det().abs()
    torch.testing.assert_close(after, before * maps.matrix.det().abs())


@given(ellipses, matrices)
def test_mapped_ends_are_perpendicular_concentric_and_in_the_order_of_the_task(ellipse, matrix):
    first, second, right, left = map_ends(affine(matrix), ends(ellipse))[0]
    assert abs(float((first - second) @ (right - left))) < 1e-6 * 800**2
    torch.testing.assert_close(first + second, right + left)
    assert first[1] <= second[1]
    assert right[0] >= left[0]
    assert (right - left).norm() >= (first - second).norm()


@given(ellipses)
def test_ends_survive_a_round_trip_through_the_matrix(ellipse):
    points = ends_from_ellipse(*ellipse_from_ends(ends(ellipse)))
    torch.testing.assert_close(ends_from_ellipse(*ellipse_from_ends(points)), points)


@given(ellipses)
def test_the_differentiable_circumference_is_that_of_biometry(ellipse):
    _, _, long, ratio, _ = ellipse
    diameters = torch.tensor([2 * long, 2 * long * ratio], dtype=torch.float64)
    ours = ellipse_circumference(diameters[0], diameters[1])
    assert math.isclose(float(ours), circumference_ramanujan2(2 * long, 2 * long * ratio))


@given(ellipses, st.integers(0, 10_000))
@settings(max_examples=50)
def test_augmented_ends_lie_inside_the_frame(ellipse, seed):
    points = ends(ellipse)
    generator = torch.Generator().manual_seed(seed)
    maps = maps_keeping_ends_inside(
        linear=draw_matrices(GeometryRanges(), 1, generator),
        shift=torch.tensor([[80.0, -54.0]], dtype=torch.float64),
        points=points,
        sizes=SIZE,
        margin=0.004,
    )
    moved = map_ends(maps, points)
    assert (moved >= 0).all()
    assert (moved <= SIZE).all()


def test_the_outline_is_at_distance_zero_and_the_centre_inside():
    points = ends((400, 270, 120, 0.8, 0.3))
    centre, matrix = ellipse_from_ends(points)
    assert implicit_distance(outline(points), centre, matrix).abs().max() < 1e-9
    assert implicit_distance(centre[:, None] + 1, centre, matrix) < 0


def test_a_bright_dot_lands_where_its_point_is_mapped():
    image = torch.zeros(1, 540, 800, dtype=torch.uint8)
    image[0, 300:304, 500:504] = 255
    dot = torch.tensor([[[502.0, 302.0]]], dtype=torch.float64)
    maps = affine((0.9, 0.3, -0.2, 1.1))
    grey = warp(image, maps, SIZE, size_px=256)[0, 0].double()
    cells = (torch.arange(256, dtype=torch.float64) + 0.5) / 256
    found = torch.stack(((grey.sum(0) * cells).sum(), (grey.sum(1) * cells).sum())) / grey.sum()
    torch.testing.assert_close(found, (apply(maps, dot)[0, 0] / SIZE[0]), atol=1e-3, rtol=0)


def test_intensities_stay_in_range_and_follow_the_seed_alone():
    images = torch.rand(4, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    first, second = (
        augment_intensity(images, IntensityRanges(), torch.Generator().manual_seed(3))
        for _ in range(2)
    )
    assert torch.equal(first, second)
    assert 0 <= float(first.min()) <= float(first.max()) <= 1
