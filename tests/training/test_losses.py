from __future__ import annotations

import pytest
import torch

from sonichu_gui.training.losses import LossWeights, cell_centres, ellipse_loss, target_maps

SIZES = torch.tensor([[800.0, 540.0], [640.0, 480.0]])
POINTS = torch.tensor(
    [
        [[401.0, 130.0], [399.0, 410.0], [570.0, 271.0], [230.0, 269.0]],
        [[230.0, 240.0], [410.0, 240.0], [320.5, 60.0], [319.5, 420.0]],
    ]
)
SIDE = 32


@pytest.fixture
def maps():
    generator = torch.Generator().manual_seed(0)
    return (
        torch.randn(2, 4, SIDE, SIDE, generator=generator),
        torch.randn(2, 2, SIDE, SIDE, generator=generator),
    )


def loss(logits, auxiliary, points, progress=1.0):
    return ellipse_loss(
        logits=logits,
        auxiliary=auxiliary,
        points=points,
        sizes=SIZES,
        weights=LossWeights(),
        progress=progress,
    )


@pytest.mark.parametrize("order", [[1, 0, 2, 3], [0, 1, 3, 2], [1, 0, 3, 2]])
def test_swapping_the_true_ends_of_an_axis_changes_no_coordinate_term(maps, order):
    given, swapped = loss(*maps, POINTS), loss(*maps, POINTS[:, order])
    for term in ("mask", "edge", "coordinate", "circumference"):
        torch.testing.assert_close(getattr(given, term), getattr(swapped, term))


@pytest.mark.parametrize("order", [[1, 0, 2, 3], [0, 1, 3, 2]])
def test_swapping_the_maps_of_an_axis_changes_no_coordinate_term(maps, order):
    logits, auxiliary = maps
    given, swapped = loss(logits, auxiliary, POINTS), loss(logits[:, order], auxiliary, POINTS)
    torch.testing.assert_close(given.coordinate, swapped.coordinate)
    torch.testing.assert_close(given.circumference, swapped.circumference)


def test_targets_hardly_change_when_the_long_axis_crosses_the_vertical():
    left, right = POINTS[1:].clone(), POINTS[1:].clone()
    left[0, 2:, 0] = torch.tensor([319.0, 321.0])
    right[0, 2:, 0] = torch.tensor([321.0, 319.0])
    sizes = SIZES[1:]
    here = target_maps(left, sizes, LossWeights(), SIDE)
    there = target_maps(right, sizes, LossWeights(), SIDE)
    assert (here - there).abs().sum(dim=2).max() < 0.2


def test_each_target_has_mass_one():
    maps = target_maps(POINTS, SIZES, LossWeights(), SIDE)
    torch.testing.assert_close(maps.sum(dim=2), torch.ones(2, 4))


def test_maps_that_equal_their_targets_read_the_true_points(maps):
    logits = target_maps(POINTS, SIZES, LossWeights(), SIDE).clamp_min(1e-20).log()
    terms = loss(logits.reshape(2, 4, SIDE, SIDE), maps[1], POINTS)
    assert terms.heatmap < 1e-5
    assert terms.coordinate < 0.02
    assert terms.circumference < 0.01


def test_coordinates_count_only_after_the_ramp_has_begun(maps):
    early = loss(*maps, POINTS, progress=0.0)
    expected = early.heatmap + early.mask + 0.5 * early.edge
    torch.testing.assert_close(early.total, expected)


def test_cell_centres_are_corner_origin_fractions_of_the_frame():
    cells = cell_centres(4, torch.tensor([[8.0, 4.0]]))
    assert cells[0, 0].tolist() == [1.0, 0.5]
    assert cells[0, 1].tolist() == [3.0, 0.5]
    assert cells[0, -1].tolist() == [7.0, 3.5]
