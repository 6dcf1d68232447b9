from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonichu_gui.biometry.points import angle_deg, distance, to_mm
from sonichu_gui.errors import MeasureError

coordinates = st.floats(-2000, 2000)
points = st.tuples(coordinates, coordinates)
factors = st.floats(0.01, 5.0)
turns = st.floats(-math.pi, math.pi)


def turned(point, turn):
    x, y = point
    return x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)


def moved(point, by):
    return point[0] + by[0], point[1] + by[1]


def apart(*pairs):
    return all(distance(a, b) > 1.0 for a, b in pairs)


def test_three_four_five():
    assert distance((1, 1), (4, 5)) == 5.0


def test_length_on_pixels_that_are_not_square():
    assert distance((100, 100), (400, 500), fx=0.2, fy=0.1) == pytest.approx(math.hypot(60, 40))


def test_sign_of_a_factor_does_not_matter():
    assert distance((0, 0), (3, 4), fx=-0.1, fy=0.1) == pytest.approx(0.5)


def test_right_angle():
    assert angle_deg((0, 0), (5, 0), (0, -7)) == pytest.approx(90.0, abs=1e-12)


def test_straight_angle_keeps_its_precision():
    assert angle_deg((0, 0), (1, 0), (-1, 1e-9)) == pytest.approx(
        180.0 - math.degrees(1e-9), abs=1e-12
    )


def test_angle_is_taken_in_true_shape():
    # A pixel twice as high as wide: 45 degrees on the screen are 63.4 in the body.
    assert angle_deg((0, 0), (10, 0), (10, 10), fx=1, fy=2) == pytest.approx(
        math.degrees(math.atan(2.0))
    )


@pytest.mark.parametrize("legs", [((0, 0), (1, 1)), ((1, 1), (0, 0))])
def test_angle_with_a_leg_without_length_is_refused(legs):
    with pytest.raises(MeasureError, match="coincide"):
        angle_deg((0, 0), *legs)


@given(points, points, factors, factors)
def test_distance_is_that_of_the_points_in_mm(a, b, fx, fy):
    assert distance(a, b, fx=fx, fy=fy) == pytest.approx(
        math.dist(to_mm(a, fx=fx, fy=fy), to_mm(b, fx=fx, fy=fy)), abs=1e-9
    )


@given(points, points, points, turns)
def test_turning_and_moving_keep_lengths(a, b, by, turn):
    there = [moved(turned(p, turn), by) for p in (a, b)]
    assert distance(*there) == pytest.approx(distance(a, b), abs=1e-8)


@given(points, points, points, factors)
def test_mirroring_keeps_angles_on_any_pixel_shape(vertex, a, b, fy):
    if apart((vertex, a), (vertex, b)):
        mirrored = [(-x, y) for x, y in (vertex, a, b)]
        assert angle_deg(*mirrored, fy=fy) == pytest.approx(angle_deg(vertex, a, b, fy=fy))


@given(points, points, points, turns)
def test_turning_keeps_angles(vertex, a, b, turn):
    if apart((vertex, a), (vertex, b)):
        there = [turned(p, turn) for p in (vertex, a, b)]
        assert angle_deg(*there) == pytest.approx(angle_deg(vertex, a, b), abs=1e-6)


@given(points, points, points, factors, factors)
def test_size_of_pixels_does_not_change_angles(vertex, a, b, factor, shape):
    if apart((vertex, a), (vertex, b)):
        small = angle_deg(vertex, a, b, fx=1.0, fy=shape)
        assert angle_deg(vertex, a, b, fx=factor, fy=factor * shape) == pytest.approx(
            small, abs=1e-6
        )
