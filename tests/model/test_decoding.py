"""Heatmaps to points: known peaks come back, ends of axes are told apart and put in order."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sonichu_gui.model.modeling_sonichu import DEFAULT_TASKS, TaskConfig, decode_probabilities

TENTH_OF_A_CELL = 0.1 / 64
inside = st.floats(0.15, 0.85)


def blob(x: float, y: float, *, sigma: tuple[float, float] = (1.5, 1.5)) -> torch.Tensor:
    """A 64 x 64 map that sums to 1 around (x, y), fractions of the frame; sigma in cells."""
    cells = (torch.arange(64) + 0.5) / 64
    across = torch.exp(-0.5 * ((cells - x) * 64 / sigma[0]) ** 2)
    down = torch.exp(-0.5 * ((cells - y) * 64 / sigma[1]) ** 2)
    heatmap = down[:, None] * across
    return heatmap / heatmap.sum()


def maps(*channels: torch.Tensor) -> torch.Tensor:
    return torch.stack(channels)[None]


ONE = TaskConfig(("point",))
AXIS = TaskConfig(("a", "b"), pairs=((0, 1),), decode="pair", order="right")


@given(inside, inside)
def test_soft_argmax_finds_a_gaussian_within_a_tenth_of_a_cell(x, y):
    found = decode_probabilities(maps(blob(x, y)), ONE).xy[0, 0]
    assert found.tolist() == pytest.approx([x, y], abs=TENTH_OF_A_CELL)


def test_the_centre_of_a_cell_is_half_a_cell_from_its_edge():
    heatmap = torch.zeros(1, 1, 64, 64)
    heatmap[0, 0, 40, 3] = 1
    found = decode_probabilities(heatmap, ONE).xy[0, 0]
    assert found.tolist() == pytest.approx([3.5 / 64, 40.5 / 64])


@given(inside, inside, inside, inside, st.floats(0, 1))
def test_pair_finds_both_ends_however_the_channels_share_them(x1, y1, x2, y2, share):
    if (x1 - x2) ** 2 + (y1 - y2) ** 2 < (16 / 64) ** 2:
        return
    a, b = blob(x1, y1), blob(x2, y2)
    mixed = maps(share * a + (1 - share) * b, share * b + (1 - share) * a)
    found = decode_probabilities(mixed, AXIS).xy[0].tolist()
    for end in ([x1, y1], [x2, y2]):
        assert min(abs(p[0] - end[0]) + abs(p[1] - end[1]) for p in found) < TENTH_OF_A_CELL


@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("right", (0.8, 0.4)),
        ("left", (0.2, 0.6)),
        ("top", (0.8, 0.4)),
        ("bottom", (0.2, 0.6)),
    ],
)
def test_pair_puts_the_ends_in_the_order_of_the_task(order, first):
    task = dataclasses.replace(AXIS, order=order)
    for channels in (blob(0.2, 0.6), blob(0.8, 0.4)), (blob(0.8, 0.4), blob(0.2, 0.6)):
        found = decode_probabilities(maps(*channels), task).xy[0, 0]
        assert found.tolist() == pytest.approx(first, abs=TENTH_OF_A_CELL)


def test_the_ends_of_a_vertical_axis_do_not_meet_in_the_middle():
    both = (blob(0.5, 0.2) + blob(0.501, 0.8)) / 2
    found = decode_probabilities(maps(both, both), AXIS).xy[0]
    heights = sorted(found[:, 1].tolist())
    assert heights == pytest.approx([0.2, 0.8], abs=TENTH_OF_A_CELL)


def test_hc_comes_back_as_upper_lower_right_left():
    upper, lower, right, left = (0.45, 0.3), (0.55, 0.7), (0.8, 0.45), (0.2, 0.55)
    confused = maps(blob(*lower), blob(*upper), blob(*left), blob(*right))
    found = decode_probabilities(confused, DEFAULT_TASKS["HC"]).xy[0]
    expected = torch.tensor([upper, lower, right, left])
    torch.testing.assert_close(found, expected, atol=TENTH_OF_A_CELL, rtol=0)


def test_a_batch_is_decoded_frame_by_frame():
    generator = torch.Generator().manual_seed(0)
    logits = 4 * torch.randn(5, 4, 64, 64, generator=generator)
    heatmaps = logits.flatten(2).softmax(-1).view_as(logits)
    together = decode_probabilities(heatmaps, DEFAULT_TASKS["HC"])
    for i in range(5):
        alone = decode_probabilities(heatmaps[i : i + 1], DEFAULT_TASKS["HC"])
        torch.testing.assert_close(alone.xy[0], together.xy[i])
        torch.testing.assert_close(alone.covariance[0], together.covariance[i])


def test_covariance_is_that_of_the_peak_in_normalised_units():
    heatmap = maps(blob(0.4, 0.6, sigma=(1.5, 1.0)))
    covariance = decode_probabilities(heatmap, ONE).covariance[0, 0] * 64**2
    assert covariance.flatten().tolist() == pytest.approx([2.25, 0, 0, 1.0], abs=0.1)


def test_covariance_ignores_a_second_peak_far_away():
    heatmap = maps(0.7 * blob(0.3, 0.3) + 0.3 * blob(0.8, 0.8))
    covariance = decode_probabilities(heatmap, ONE).covariance[0, 0] * 64**2
    assert covariance.flatten().tolist() == pytest.approx([2.25, 0, 0, 2.25], abs=0.1)


def test_each_end_of_a_pair_has_its_own_covariance():
    ends = maps(blob(0.8, 0.5, sigma=(2.0, 1.0)), blob(0.2, 0.5, sigma=(1.0, 2.0)))
    covariance = decode_probabilities(ends, AXIS).covariance[0] * 64**2
    variances = covariance.diagonal(dim1=-2, dim2=-1)
    assert variances.tolist() == [
        pytest.approx([3.6, 1], abs=0.3),
        pytest.approx([1, 3.6], abs=0.3),
    ]


def test_confidence_is_high_for_one_peak_and_low_for_none():
    flat = torch.full((1, 1, 64, 64), 1 / 64**2)
    assert decode_probabilities(maps(blob(0.4, 0.6)), ONE).confidence.item() > 0.98
    assert decode_probabilities(flat, ONE).confidence.item() < 0.03


def test_confidence_falls_by_the_mass_of_a_second_peak():
    heatmap = maps(0.7 * blob(0.3, 0.3) + 0.3 * blob(0.8, 0.8))
    assert decode_probabilities(heatmap, ONE).confidence.item() == pytest.approx(0.7, abs=0.01)


def test_a_pair_whose_second_end_vanished_still_gives_numbers():
    spike = torch.zeros(64, 64)
    spike[10, 10] = 1
    output = decode_probabilities(maps(spike, spike), AXIS)
    assert output.xy.isfinite().all()
    assert output.confidence.min() < 0.01


# --- the local centroid, other candidates, and what two views say ---

LOCAL = TaskConfig(("point",), decode="local")


@given(inside, inside)
def test_local_finds_a_gaussian_within_a_tenth_of_a_cell(x, y):
    found = decode_probabilities(maps(blob(x, y, sigma=(1.2, 1.2))), LOCAL).xy[0, 0]
    assert found.tolist() == pytest.approx([x, y], abs=1.5 * TENTH_OF_A_CELL)


def test_local_stays_at_the_peak_where_the_soft_argmax_is_drawn_away():
    heatmap = maps(0.7 * blob(0.3, 0.3) + 0.3 * blob(0.8, 0.8))
    assert decode_probabilities(heatmap, LOCAL).xy[0, 0].tolist() == pytest.approx(
        [0.3, 0.3], abs=TENTH_OF_A_CELL
    )
    assert decode_probabilities(heatmap, ONE).xy[0, 0].tolist() == pytest.approx(
        [0.45, 0.45], abs=TENTH_OF_A_CELL
    )


def test_a_lower_peak_is_an_alternative_with_its_place_and_mass():
    heatmap = maps(0.7 * blob(0.3, 0.3) + 0.3 * blob(0.8, 0.6))
    first, *others = decode_probabilities(heatmap, ONE).alternatives[0, 0]
    assert first.tolist() == pytest.approx([0.8, 0.6, 0.3], abs=0.005)
    assert all(other.isnan().all() for other in others)


def test_alternatives_are_sorted_and_no_more_than_three():
    shares = (0.3, 0.15, 0.25, 0.2, 0.1)
    places = ((0.2, 0.2), (0.8, 0.2), (0.2, 0.8), (0.8, 0.8), (0.5, 0.5))
    heatmap = maps(sum(share * blob(*at) for share, at in zip(shares, places, strict=True)))
    found = decode_probabilities(heatmap, LOCAL).alternatives[0, 0]
    assert found[:, 2].tolist() == pytest.approx([0.25, 0.2, 0.15], abs=0.01)
    assert found[:, 0].tolist() == pytest.approx([0.2, 0.8, 0.8], abs=0.005)


def test_one_peak_has_no_alternative_and_neither_has_a_faint_second_one():
    for heatmap in (blob(0.4, 0.6), 0.9 * blob(0.3, 0.3) + 0.1 * blob(0.8, 0.8)):
        assert decode_probabilities(maps(heatmap), ONE).alternatives.isnan().all()


def test_calibration_scales_the_covariance():
    task = dataclasses.replace(ONE, covariance_scale=2.0)
    heatmap = maps(blob(0.4, 0.6, sigma=(1.5, 1.0)))
    plain = decode_probabilities(heatmap, ONE).covariance[0, 0] * 64**2
    fitted = decode_probabilities(heatmap, task).covariance[0, 0] * 64**2
    torch.testing.assert_close(fitted, 2 * plain)


def test_a_broad_place_goes_before_a_higher_but_narrow_one():
    narrow, broad = 0.15 * blob(0.8, 0.2, sigma=(0.7, 0.7)), 0.3 * blob(0.2, 0.8, sigma=(1.5, 1.5))
    assert narrow.max() > broad.max()
    heatmap = maps(0.55 * blob(0.5, 0.5, sigma=(1.1, 1.1)) + narrow + broad)
    found = decode_probabilities(heatmap, LOCAL).alternatives[0, 0]
    assert found[:2, 2].tolist() == pytest.approx([0.3, 0.15], abs=0.01)
    assert found[2].isnan().all()
