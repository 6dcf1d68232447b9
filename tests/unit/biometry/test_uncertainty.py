from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonichu_gui.biometry.measure import _TABLE
from sonichu_gui.biometry.uncertainty import principal_axes, standard_error

POINTS = {
    "length": [(100.0, 120.0), (260.0, 300.0)],
    "ellipse-circumference": [(200.0, 60.0), (210.0, 400.0), (420.0, 220.0), (10.0, 240.0)],
    "angle": [(230.0, 180.0), (150.0, 120.0), (470.0, 560.0)],
    "ratio-percent": [(200.0, 60.0), (210.0, 400.0), (420.0, 220.0), (10.0, 240.0)],
    "lv-mass": [(100.0, 100), (104.0, 150), (105.0, 150), (120.0, 380), (121.0, 380), (124.0, 430)],
    "relative-wall-thickness": [(100.0, 100.0), (104.0, 150.0), (105.0, 150.0), (120.0, 380.0)],
}
FX, FY = 0.21, 0.17


def spread(count, seed=3):
    """Covariances of about two pixels, tilted each its own way."""
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(count, 2, 2)) * 1.5
    return [root @ root.T + 0.1 * np.eye(2) for root in roots]


def flat(covariances):
    return [(c[0, 0], c[0, 1], c[1, 1]) for c in covariances]


@pytest.mark.parametrize("kind", POINTS)
def test_every_formula_agrees_with_monte_carlo(kind):
    points, compute = POINTS[kind], _TABLE[kind].compute
    covariances = spread(len(points))
    error = standard_error(
        compute, points, flat(covariances), keypoints=range(len(points)), fx=FX, fy=FY
    )
    rng = np.random.default_rng(11)
    draws = np.stack(
        [
            rng.multivariate_normal(p, c, size=20_000)
            for p, c in zip(points, covariances, strict=True)
        ],
        axis=1,
    )
    values = [compute([tuple(p) for p in draw], FX, FY) for draw in draws.tolist()]
    assert error == pytest.approx(np.std(values), rel=0.03)


@given(variance=st.floats(0.01, 25.0), fx=st.floats(0.05, 1.0))
def test_error_of_a_level_length_is_that_of_its_ends(variance, fx):
    error = standard_error(
        _TABLE["length"].compute,
        [(0.0, 0.0), (100.0, 0.0)],
        [(variance, 0.0, 99.0)] * 2,
        keypoints=(0, 1),
        fx=fx,
        fy=1.0,
    )
    assert error == pytest.approx(fx * math.sqrt(2.0 * variance), rel=1e-6)


def test_point_without_covariance_gives_no_error():
    assert (
        standard_error(
            _TABLE["length"].compute,
            [(0.0, 0.0), (9.0, 0.0)],
            [(1.0, 0.0, 1.0), None],
            keypoints=(0, 1),
            fx=1.0,
            fy=1.0,
        )
        is None
    )


def test_coincident_points_have_no_first_order_error():
    assert (
        standard_error(
            _TABLE["length"].compute,
            [(5.0, 5.0)] * 2,
            [(1.0, 0.0, 1.0)] * 2,
            keypoints=(0, 1),
            fx=1.0,
            fy=1.0,
        )
        is None
    )


def test_keypoint_used_twice_moves_as_one():
    # Both pairs share an end: the ratio of (0, 1) over (0, 2) for points on a line.
    points = [(0.0, 0.0), (50.0, 0.0), (0.0, 0.0), (100.0, 0.0)]
    error = standard_error(
        _TABLE["ratio-percent"].compute,
        points,
        [(1.0, 0.0, 1.0)] * 4,
        keypoints=(0, 1, 0, 2),
        fx=1.0,
        fy=1.0,
    )
    # d(100 (b - a) / (c - a)) = -0.5 da + 1.0 db - 0.5 dc
    assert error == pytest.approx(math.sqrt(0.25 + 1.0 + 0.25), rel=1e-6)


@given(
    large=st.floats(0.1, 50.0),
    share=st.floats(0.0, 1.0),
    angle=st.floats(-math.pi / 2, math.pi / 2),
)
def test_principal_axes_are_those_that_a_covariance_was_made_of(large, share, angle):
    small, (cos, sin) = large * share, (math.cos(angle), math.sin(angle))
    turn = np.array([[cos, -sin], [sin, cos]])
    covariance = flat([turn @ np.diag([large**2, small**2]) @ turn.T])[0]
    a, b, found = principal_axes(covariance)
    assert a == pytest.approx(large)
    assert b == pytest.approx(small, abs=1e-6 * large)
    if share < 0.99:  # else it has no direction
        assert abs(math.sin(found - angle)) < 1e-6


def test_principal_axes_in_millimetres_know_that_pixels_need_not_be_square():
    a, b, angle = principal_axes((9.0, 0.0, 16.0), fx=0.5, fy=0.1)
    assert (a, b, angle) == pytest.approx((1.5, 0.4, 0.0))
