"""The statistics of the published sampler (arXiv:2301.08243 and its code), by 1000 draws."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from sonichu_gui.training.config import TrainingError
from sonichu_gui.training.ijepa.masks import MaskConfig, draw_masks, take_patches

DRAWS = 1000


def block_size(patches, grid):
    rows, columns = patches // grid, patches % grid
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert len(patches) == height * width  # a full rectangle
    return int(height), int(width)


@pytest.fixture(scope="module", params=[14, 16])
def drawn(request):
    grid = request.param
    masks = [draw_masks(MaskConfig(), grid=grid, count=1, seed=5, step=s) for s in range(DRAWS)]
    return grid, masks


def test_target_blocks_have_the_published_sizes(drawn):
    grid, masks = drawn
    sizes = np.array([block_size(one.targets[0, 0].numpy(), grid) for one in masks])
    known = {
        14: {(5, 6), (6, 5), (6, 6), (7, 5), (8, 5)},
        16: {(5, 7), (6, 6), (6, 7), (7, 6), (8, 6), (9, 6)},
    }
    assert {tuple(size) for size in sizes.tolist()} == known[grid]
    area, aspect = sizes.prod(axis=1) / grid**2, sizes[:, 0] / sizes[:, 1]
    # 0.15 … 0.2 of the area and 0.75 … 1.5 high, but for the rounding to whole patches.
    assert area.mean() == pytest.approx({14: 0.1703, 16: 0.1726}[grid], abs=0.003)
    assert aspect.mean() == pytest.approx({14: 1.143, 16: 1.133}[grid], abs=0.03)
    assert np.corrcoef(area, aspect)[0, 1] > 0.5  # the larger, the taller


def test_all_target_blocks_of_a_batch_have_one_size_and_different_places():
    masks = draw_masks(MaskConfig(), grid=16, count=32, seed=0, step=0)
    blocks = masks.targets.flatten(0, 1).numpy()
    assert len({block_size(block, 16) for block in blocks}) == 1
    assert len({int(block[0]) for block in blocks}) > 20


def test_what_is_left_of_the_context_is_as_large_as_published(drawn):
    grid, masks = drawn
    kept = np.array([one.context.shape[1] for one in masks])
    assert kept.mean() == pytest.approx({14: 82.2, 16: 110.2}[grid], rel=0.02)
    assert kept.std() == pytest.approx({14: 13.8, 16: 18.4}[grid], rel=0.1)
    assert kept.min() > MaskConfig().min_patches


def test_the_context_is_everything_but_the_targets_and_the_last_row_and_column(drawn):
    grid, masks = drawn
    inside = {row * grid + column for row in range(grid - 1) for column in range(grid - 1)}
    for one in masks[:200]:
        assert set(one.context[0].tolist()) == inside - set(one.targets.flatten().tolist())


def test_targets_lie_everywhere_but_in_the_last_row_and_column(drawn):
    grid, masks = drawn
    counts = np.bincount(torch.cat([m.targets.flatten() for m in masks]), minlength=grid**2)
    counts = counts.reshape(grid, grid)
    assert (counts[:-1, :-1] > 0).all()
    assert not counts[-1].any()
    assert not counts[:, -1].any()


def test_masks_are_cut_to_the_shortest_of_the_batch_and_never_overlap():
    one_by_one = draw_masks(MaskConfig(), grid=16, count=1, seed=7, step=3).context.shape[1]
    masks = draw_masks(MaskConfig(), grid=16, count=24, seed=7, step=3)
    assert masks.context.shape[0] == 24
    assert masks.context.shape[1] <= one_by_one
    for frame in range(24):
        context = masks.context[frame].tolist()
        assert context == sorted(set(context))
        assert not set(context) & set(masks.targets[:, frame].flatten().tolist())


def test_a_context_that_the_targets_leave_too_small_may_overlap_the_last_of_them():
    # 40 blocks of 54 patches leave next to nothing of 225.
    config = dataclasses.replace(MaskConfig(), targets=40, min_patches=34)
    masks = draw_masks(config, grid=16, count=8, seed=0, step=0)
    assert masks.context.shape[1] > 34
    for frame in range(8):
        context = set(masks.context[frame].tolist())
        touched = [bool(context & set(block.tolist())) for block in masks.targets[:, frame]]
        assert touched.index(True) > 0


def test_masks_are_drawn_from_seed_and_step_alone():
    def draw(seed, step):
        torch.manual_seed(step)
        return draw_masks(MaskConfig(), grid=16, count=4, seed=seed, step=step)

    first, again = draw(1, 2), draw(1, 2)
    assert torch.equal(first.context, again.context)
    assert torch.equal(first.targets, again.targets)
    assert not torch.equal(first.targets, draw(1, 3).targets[..., : first.targets.shape[2]])


def test_processes_share_the_masks_of_a_batch_out():
    masks = draw_masks(MaskConfig(), grid=16, count=6, seed=1, step=1)
    parts = [masks.rows(rank, 2) for rank in range(2)]
    assert torch.equal(torch.stack([p.context for p in parts], 1).flatten(0, 1), masks.context)
    assert torch.equal(torch.stack([p.targets for p in parts], 2).flatten(1, 2), masks.targets)


def test_a_grid_too_coarse_for_the_blocks_is_refused():
    MaskConfig().require_fit(14)
    with pytest.raises(TrainingError, match="8 x 8 patches hold 9 patches"):
        MaskConfig().require_fit(8)


def test_taken_patches_are_those_that_were_named():
    tokens = torch.arange(2 * 5 * 3).view(2, 5, 3)
    taken = take_patches(tokens, torch.tensor([[0, 4], [3, 1]]))
    assert torch.equal(taken[1], tokens[1, [3, 1]])
    shared = take_patches(tokens[:1], torch.tensor([[0, 4], [3, 1]]))
    assert torch.equal(shared[1], tokens[0, [3, 1]])
