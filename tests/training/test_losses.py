from __future__ import annotations

import pytest
import torch

from sonichu_gui.model.modeling_sonichu import DEFAULT_TASKS
from sonichu_gui.training.losses import (
    LossWeights,
    cell_centres,
    keypoint_terms,
    target_maps,
    weighted,
)

SIZES = torch.tensor([[800.0, 540.0], [640.0, 480.0]])
POINTS = torch.tensor(
    [
        [[401.0, 130.0], [399.0, 410.0], [570.0, 271.0], [230.0, 269.0]],
        [[230.0, 240.0], [410.0, 240.0], [320.5, 60.0], [319.5, 420.0]],
    ]
)
SIDE = 32
HC, AOP, FEMUR = (DEFAULT_TASKS[name] for name in ("HC", "AOP", "fetal_femur"))


@pytest.fixture
def maps():
    generator = torch.Generator().manual_seed(0)
    return (
        torch.randn(2, 4, SIDE, SIDE, generator=generator),
        torch.randn(2, 2, SIDE, SIDE, generator=generator),
    )


def terms_of(logits, outline, points, task=HC):
    return keypoint_terms(logits, points, SIZES, task=task, weights=LossWeights(), outline=outline)


@pytest.mark.parametrize("order", [[1, 0, 2, 3], [0, 1, 3, 2], [1, 0, 3, 2]])
def test_swapping_the_true_ends_of_an_axis_changes_no_coordinate_term(maps, order):
    given, swapped = terms_of(*maps, POINTS), terms_of(*maps, POINTS[:, order])
    for term in ("outline", "edge", "coordinate", "circumference"):
        torch.testing.assert_close(given[term], swapped[term])


@pytest.mark.parametrize("order", [[1, 0, 2, 3], [0, 1, 3, 2]])
def test_swapping_the_maps_of_an_axis_changes_no_coordinate_term(maps, order):
    logits, outline = maps
    given, swapped = terms_of(logits, outline, POINTS), terms_of(logits[:, order], outline, POINTS)
    torch.testing.assert_close(given["coordinate"], swapped["coordinate"])
    torch.testing.assert_close(given["circumference"], swapped["circumference"])


def test_points_without_an_order_are_each_taught_by_their_own_map(maps):
    logits = maps[0]
    given = terms_of(logits, None, POINTS, AOP)
    swapped = terms_of(logits[:, [1, 0, 2, 3]], None, POINTS, AOP)
    assert (given["coordinate"] - swapped["coordinate"]).abs().max() > 1e-3


def test_a_femur_upright_in_the_frame_is_taught_without_minding_left_and_right():
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(2, 2, SIDE, SIDE, generator=generator)
    upright = torch.tensor([[[400.0, 100.0], [400.0, 400.0]]] * 2)
    given = terms_of(logits, None, upright, FEMUR)
    swapped = terms_of(logits, None, upright[:, [1, 0]], FEMUR)
    for term in ("heatmap", "coordinate"):
        torch.testing.assert_close(given[term], swapped[term])


def test_targets_hardly_change_when_the_long_axis_crosses_the_vertical():
    left, right = POINTS[1:].clone(), POINTS[1:].clone()
    left[0, 2:, 0] = torch.tensor([319.0, 321.0])
    right[0, 2:, 0] = torch.tensor([321.0, 319.0])
    here = target_maps(left, SIZES[1:], LossWeights(), SIDE, HC)
    there = target_maps(right, SIZES[1:], LossWeights(), SIDE, HC)
    assert (here - there)[:, 2:].abs().sum(dim=2).max() < 0.2


def test_each_target_has_mass_one():
    maps = target_maps(POINTS, SIZES, LossWeights(), SIDE, HC)
    torch.testing.assert_close(maps.sum(dim=2), torch.ones(2, 4))


def test_maps_that_equal_their_targets_read_the_true_points(maps):
    logits = target_maps(POINTS, SIZES, LossWeights(), SIDE, HC).clamp_min(1e-20).log()
    terms = terms_of(logits.reshape(2, 4, SIDE, SIDE), maps[1], POINTS)
    assert terms["heatmap"].max() < 1e-5
    assert terms["coordinate"].max() < 0.02
    assert terms["circumference"].max() < 0.01


def test_a_loss_is_one_number_a_frame_and_knows_nothing_of_its_neighbours(maps):
    logits, outline = maps
    both = terms_of(logits, outline, POINTS)
    alone = keypoint_terms(
        logits[1:], POINTS[1:], SIZES[1:], task=HC, weights=LossWeights(), outline=outline[1:]
    )
    for name, value in both.items():
        assert value.shape == (2,)
        torch.testing.assert_close(value[1:], alone[name])


def test_coordinates_count_only_after_the_ramp_has_begun(maps):
    terms = terms_of(*maps, POINTS)
    expected = terms["heatmap"] + terms["outline"] + 0.5 * terms["edge"]
    torch.testing.assert_close(weighted(terms, LossWeights(), 0.0), expected)
    assert (weighted(terms, LossWeights(), 1.0) > expected).all()


def test_cell_centres_are_corner_origin_fractions_of_the_frame():
    cells = cell_centres(4, torch.tensor([[8.0, 4.0]]))
    assert cells[0, 0].tolist() == [1.0, 0.5]
    assert cells[0, 1].tolist() == [3.0, 0.5]
    assert cells[0, -1].tolist() == [7.0, 3.5]
