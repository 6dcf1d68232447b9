"""The median of several models: what order, outliers and swapped ends do to it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sonichu_gui.training.ensemble import median_batch, median_points, paired_like

PAIRS = ((0, 1), (2, 3))
TRUE = np.array([[100.0, 20], [100, 220], [240, 120], [0, 120]])  # ends lie 200 and 240 apart
SEEDS = st.integers(0, 10_000)


def answers_of(count, seed, *, swap=False):
    """Answers of models that are off by up to 20 px, and name the ends as they like."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        points = TRUE + rng.uniform(-20, 20, TRUE.shape)
        for pair in PAIRS:
            if swap and rng.uniform() < 0.5:
                points[list(pair)] = points[list(pair[::-1])]
        made.append(points)
    return made


def test_the_median_is_taken_coordinate_by_coordinate():
    models = [np.array([[0.0, 9.0]]), np.array([[1.0, 1.0]]), np.array([[5.0, 2.0]])]
    np.testing.assert_array_equal(median_points(models, ()), [[1.0, 2.0]])


def test_an_even_number_of_models_meets_between_the_two_in_the_middle():
    models = [np.array([[x, -x]]) for x in (0.0, 1.0, 3.0, 50.0)]
    np.testing.assert_array_equal(median_points(models, ()), [[2.0, -2.0]])


def test_pairs_are_laid_the_same_way_round_before_the_median():
    turned = paired_like(TRUE[[1, 0, 3, 2]] + 0.1, TRUE, PAIRS)
    np.testing.assert_allclose(turned, TRUE + 0.1)


@given(seed=SEEDS, order=st.permutations(range(5)))
def test_the_order_of_the_models_changes_no_more_than_which_end_is_named_first(seed, order):
    answers = answers_of(5, seed, swap=True)
    one = median_points(answers, PAIRS)
    other = median_points([answers[index] for index in order], PAIRS)
    np.testing.assert_array_equal(paired_like(other, one, PAIRS), one)


@given(seed=SEEDS, far=st.floats(-1e6, 1e6), place=st.integers(0, 4))
def test_one_model_that_is_lost_moves_the_median_no_farther_than_the_others_reach(seed, far, place):
    answers = answers_of(5, seed)
    others = np.stack([answer for index, answer in enumerate(answers) if index != place])
    answers[place] = answers[place] + far
    median = median_points(answers, ())
    assert (others.min(axis=0) <= median).all()
    assert (median <= others.max(axis=0)).all()


@given(seed=SEEDS, swapped=st.integers(1, 4))
def test_a_model_that_names_the_ends_the_other_way_round_agrees_all_the_same(seed, swapped):
    answers = answers_of(5, seed)
    before = median_points(answers, PAIRS)
    answers[swapped] = answers[swapped][[1, 0, 3, 2]]
    np.testing.assert_array_equal(median_points(answers, PAIRS), before)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_a_batch_has_the_median_that_each_of_its_frames_has(count):
    frames = [answers_of(count, seed, swap=True) for seed in range(7)]
    batches = [torch.tensor(np.stack(answers)) for answers in zip(*frames, strict=True)]
    together = median_batch(batches, PAIRS).numpy()
    alone = np.stack([median_points(answers, PAIRS) for answers in frames])
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-9)
