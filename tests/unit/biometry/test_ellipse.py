from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonichu_gui.biometry.ellipse import (
    axes_from_points,
    circumference_exact,
    circumference_mean_diameter,
    circumference_ramanujan1,
    circumference_ramanujan2,
    circumference_rms,
)
from sonichu_gui.errors import MeasureError

ALL = [
    circumference_exact,
    circumference_ramanujan2,
    circumference_ramanujan1,
    circumference_rms,
    circumference_mean_diameter,
]
diameters = st.floats(1.0, 500.0)


def arc_length(d1, d2, steps=2000):
    """The outside witness: the ellipse walked by quadrature, exact for periodic functions."""
    a, b = d1 / 2, d2 / 2
    angles = (2 * math.pi * i / steps for i in range(steps))
    return math.fsum(math.hypot(a * math.sin(t), b * math.cos(t)) for t in angles) * (
        2 * math.pi / steps
    )


@pytest.mark.parametrize("formula", ALL)
def test_circle_has_its_circumference(formula):
    assert formula(80.0, 80.0) == pytest.approx(80.0 * math.pi, rel=1e-14)


@pytest.mark.parametrize("formula", ALL)
@given(d1=diameters, d2=diameters)
def test_order_of_the_axes_does_not_matter(formula, d1, d2):
    assert formula(d1, d2) == pytest.approx(formula(d2, d1), rel=1e-13)


@pytest.mark.parametrize("formula", ALL)
@given(d1=diameters, d2=diameters, factor=st.floats(0.1, 10.0))
def test_circumference_grows_with_the_ellipse(formula, d1, d2, factor):
    assert formula(d1 * factor, d2 * factor) == pytest.approx(factor * formula(d1, d2), rel=1e-12)


@given(long=diameters, ratio=st.floats(0.1, 1.0))
def test_exact_agrees_with_walking_the_ellipse(long, ratio):
    assert circumference_exact(long, long * ratio) == pytest.approx(
        arc_length(long, long * ratio), rel=1e-12
    )


@given(long=diameters, ratio=st.floats(0.5, 1.0))
def test_reported_formula_is_exact_for_any_head(long, ratio):
    assert circumference_ramanujan2(long, long * ratio) == pytest.approx(
        circumference_exact(long, long * ratio), rel=1e-9
    )


@pytest.mark.parametrize(
    ("formula", "error"), [(circumference_rms, 0.0029), (circumference_mean_diameter, -0.0029)]
)
def test_conventions_differ_from_exact_as_published(formula, error):
    exact = circumference_exact(100.0, 80.0)
    assert formula(100.0, 80.0) / exact - 1.0 == pytest.approx(error, abs=3e-4)


def test_flat_ellipse_is_walked_twice():
    assert circumference_exact(100.0, 0.0) == 200.0


@pytest.mark.parametrize("formula", ALL)
def test_no_diameters_give_no_circumference(formula):
    assert formula(0.0, 0.0) == 0.0


@pytest.mark.parametrize("formula", ALL)
@pytest.mark.parametrize("wrong", [-1.0, math.nan])
def test_wrong_diameter_is_refused(formula, wrong):
    with pytest.raises(MeasureError, match="diameters"):
        formula(100.0, wrong)


def test_axes_of_an_upright_cross():
    axes = axes_from_points([(0, -40), (0, 40), (60, 0), (-60, 0)])
    assert (axes.first, axes.second, axes.skew_deg, axes.offset) == (80.0, 120.0, 0.0, 0.0)
    assert axes.warning == ""


@given(skew=st.floats(0.0, 89.0), turn=st.floats(0.0, math.pi))
def test_skew_is_the_angle_missing_from_90(skew, turn):
    second = turn + math.pi / 2 + math.radians(skew)
    points = [
        (sign * 50 * math.cos(t), sign * 50 * math.sin(t))
        for t in (turn, second)
        for sign in (1, -1)
    ]
    assert axes_from_points(points).skew_deg == pytest.approx(skew, abs=1e-6)


def test_skew_is_taken_in_true_shape():
    # A right angle in the body, drawn on pixels twice as high as wide.
    points = [(-10, -5), (10, 5), (-10, 5), (10, -5)]
    assert axes_from_points(points).skew_deg == pytest.approx(90 - math.degrees(2 * math.atan(0.5)))
    assert axes_from_points(points, fx=1.0, fy=2.0).skew_deg == pytest.approx(0.0, abs=1e-9)


def test_crooked_axes_earn_a_warning():
    tilt = math.radians(11)
    points = [
        (0, -40),
        (0, 40),
        (60 * math.cos(tilt), 60 * math.sin(tilt)),
        (-60 * math.cos(tilt), -60 * math.sin(tilt)),
    ]
    assert axes_from_points(points).warning == "the axes are 11° off a right angle"


def test_shifted_axes_earn_a_warning():
    points = [(7.2, -40), (7.2, 40), (60, 0), (-60, 0)]
    assert axes_from_points(points).warning == ("the axes' midpoints lie 6% of the long axis apart")


@given(offset=st.floats(-200, 200), long=st.floats(1.0, 200.0))
def test_offset_is_relative_to_the_long_axis(offset, long):
    points = [(offset, -long / 4), (offset, long / 4), (long / 2, 0), (-long / 2, 0)]
    assert axes_from_points(points).offset == pytest.approx(abs(offset) / long, abs=1e-12)


def test_points_on_one_place_are_no_axes():
    axes = axes_from_points([(5, 5)] * 4)
    assert (axes.first, axes.skew_deg, axes.offset, axes.warning) == (0.0, 0.0, 0.0, "")
