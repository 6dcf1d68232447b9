from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonichu_gui.biometry.ellipse import circumference_ramanujan2
from sonichu_gui.errors import MeasureError
from sonichu_gui.training.data.outlines import fit_ellipse, fit_outline

SHAPE = (300, 400)
TURNS = np.linspace(0, 2 * np.pi, 4000, endpoint=False)

ellipses = st.tuples(
    st.floats(185, 215), st.floats(140, 160),  # centre
    st.floats(50, 120), st.floats(0.6, 0.97),  # half long axis, ratio of the axes
    st.floats(0, np.pi),
)  # fmt: skip


def edge(ellipse, turns=TURNS):
    """Points of an ellipse, (N, 2)."""
    x, y, long, ratio, angle = ellipse
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    offsets = np.cos(turns)[:, None] * long * along + np.sin(turns)[:, None] * long * ratio * across
    return np.array([x, y]) + offsets


def line(ellipse, *, width=1, turns=TURNS):
    drawn = np.zeros(SHAPE, np.uint8)
    points = np.round(edge(ellipse, turns=turns) * 16).astype(np.int32)
    cv2.polylines(drawn, [points], len(turns) == len(TURNS), 255, width, cv2.LINE_8, 4)
    return drawn > 0


def filled(ellipse):
    """Every pixel whose centre lies inside."""
    x, y, long, ratio, angle = ellipse
    down, along = np.mgrid[: SHAPE[0], : SHAPE[1]]
    u = (along - x) * np.cos(angle) + (down - y) * np.sin(angle)
    v = (down - y) * np.cos(angle) - (along - x) * np.sin(angle)
    return (u / long) ** 2 + (v / (long * ratio)) ** 2 <= 1


def circumference(ellipse):
    return circumference_ramanujan2(2 * ellipse[2], 2 * ellipse[2] * ellipse[3])


def fitted_circumference(found):
    return circumference_ramanujan2(
        2 * float(np.linalg.norm(found.long)), 2 * float(np.linalg.norm(found.short))
    )


@given(ellipses, st.sampled_from((1, 2, 3)))
def test_a_drawn_line_gives_the_ellipse_back(ellipse, width):
    found = fit_outline(line(ellipse, width=width))
    assert np.linalg.norm(found.centre - ellipse[:2]) < 0.2
    assert fitted_circumference(found) == pytest.approx(circumference(ellipse), rel=3e-3)


@given(ellipses)
def test_a_filled_shape_is_fitted_at_its_edge_not_at_its_last_pixels(ellipse):
    found = fit_outline(filled(ellipse))
    assert np.linalg.norm(found.centre - ellipse[:2]) < 0.2
    assert fitted_circumference(found) == pytest.approx(circumference(ellipse), rel=2e-3)


@given(ellipses, st.floats(0, 2 * np.pi))
def test_a_gap_of_a_third_does_no_harm(ellipse, start):
    found = fit_outline(line(ellipse, turns=start + np.linspace(0, 4 * np.pi / 3, 3000)))
    assert fitted_circumference(found) == pytest.approx(circumference(ellipse), rel=6e-3)


@given(ellipses)
def test_exact_points_give_the_ends_in_the_order_of_the_task(ellipse):
    x, y, long, ratio, _ = ellipse
    found = fit_ellipse(edge(ellipse))
    ends = found.ends
    middle = np.array([x, y])
    np.testing.assert_allclose(ends[0] + ends[1], 2 * middle, atol=1e-6)
    np.testing.assert_allclose(ends[2] + ends[3], 2 * middle, atol=1e-6)
    assert np.linalg.norm(ends[0] - ends[1]) == pytest.approx(2 * long * ratio, rel=1e-6)
    assert np.linalg.norm(ends[2] - ends[3]) == pytest.approx(2 * long, rel=1e-6)
    assert abs((ends[0] - ends[1]) @ (ends[2] - ends[3])) < 1e-3
    assert ends[0, 1] <= ends[1, 1] + 1e-9  # upper first
    assert ends[2, 0] >= ends[3, 0] - 1e-9  # right first


@given(ellipses, st.floats(0.5, 3), st.floats(-50, 50), st.floats(-50, 50))
def test_scaling_and_moving_the_points_scales_and_moves_the_ellipse(ellipse, scale, dx, dy):
    points = edge(ellipse, turns=TURNS[::40])
    before, after = fit_ellipse(points), fit_ellipse(points * scale + [dx, dy])
    np.testing.assert_allclose(after.centre, before.centre * scale + [dx, dy], atol=1e-6)
    assert fitted_circumference(after) == pytest.approx(scale * fitted_circumference(before))


def test_a_few_specks_do_not_move_it():
    ellipse = (200.0, 150.0, 100.0, 0.8, 0.4)
    drawn = line(ellipse)
    drawn[5:8, 5:8] = True
    drawn[290, 380:390] = True
    found = fit_outline(drawn)
    assert fitted_circumference(found) == pytest.approx(circumference(ellipse), rel=2e-3)


def rectangle():
    drawn = np.zeros(SHAPE, bool)
    drawn[50:250, 80] = drawn[50:250, 320] = True
    drawn[50, 80:320] = drawn[250, 80:320] = True
    return drawn


def stroke():
    drawn = np.zeros(SHAPE, bool)
    drawn[100, 50:350] = True
    return drawn


@pytest.mark.parametrize(
    ("drawn", "reason"),
    [
        (np.zeros(SHAPE, bool), "too few"),
        (stroke(), "no ellipse|straight"),
        (rectangle(), "no ellipse"),
        (line((200, 150, 100, 0.8, 0), turns=np.linspace(0, 2, 900)), "of the way round"),
    ],
    ids=["nothing", "a stroke", "a rectangle", "a third of the way"],
)
def test_what_is_no_ellipse_is_refused_with_the_reason(drawn, reason):
    with pytest.raises(MeasureError, match=reason):
        fit_outline(drawn)
