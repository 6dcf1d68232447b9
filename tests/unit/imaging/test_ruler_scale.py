"""What a ruler is worth, and whether a file says the same."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonichu_gui.domain.calibration import (
    NO_SCALE,
    Calibration,
    Scale,
    ScaleSource,
    Trust,
)
from sonichu_gui.domain.ruler import Axis, Ruler
from sonichu_gui.errors import CalibrationError
from sonichu_gui.imaging.ruler_scale import likely_distances, percent_off, ruler_scale


def ruler(*, period=40.0, ticks=12, every=None, slant=0.0):
    step = (period * math.sin(slant), period * math.cos(slant))
    numbers = tuple(range(ticks))
    places = np.array(numbers)[:, None] * np.array(step)
    return Ruler(
        Axis.OBLIQUE if slant else Axis.VERTICAL,
        (0.0, 0.0), step, numbers, places, 0.02, every, 0, 100.0, 0.9,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("every", "ticks", "period", "likeliest"),
    [
        (5, 12, 38.1, 10.0),  # an abdominal probe: long ticks at five centimetres
        (5, 41, 12.0, 1.0),  # a linear probe: four centimetres in millimetres
        (2, 6, 81.0, 5.0),  # half centimetres between whole ones
        (10, 36, 14.0, 1.0),
        (None, 16, 30.2, 10.0),
        (None, 19, 9.8, 10.0),
    ],
)
def test_the_likeliest_distance_is_what_scanners_draw(every, ticks, period, likeliest):
    distances = likely_distances(ruler(every=every, ticks=ticks, period=period))
    assert distances[0].mm == likeliest
    assert distances[0].span_mm == likeliest * (ticks - 1)
    assert sum(d.plausibility for d in distances) == pytest.approx(1.0)
    assert [d.plausibility for d in distances] == sorted(
        (d.plausibility for d in distances), reverse=True
    )


@given(
    ticks=st.integers(5, 200),
    every=st.sampled_from([None, 2, 4, 5, 10]),
    period=st.floats(5.0, 200.0),
)
def test_no_distance_is_offered_that_no_ultrasound_has(ticks, every, period):
    for distance in likely_distances(ruler(ticks=ticks, every=every, period=period)):
        assert 12.0 <= distance.span_mm <= 320.0
        assert 0.005 <= distance.mm / period <= 2.0


@given(
    period=st.floats(8.0, 120.0),
    slant=st.floats(-1.2, 1.2),
    mm=st.sampled_from([1.0, 5.0, 10.0, 20.0]),
    aspect=st.floats(0.5, 2.0),
)
def test_a_rulers_scale_gives_its_own_ticks_their_distance(period, slant, mm, aspect):
    drawn = ruler(period=period, slant=slant)
    if mm / period > 0.9:
        return
    scale = ruler_scale(drawn, distance_mm=mm, author="ada", pixel_aspect=aspect)
    assert scale.in_mm
    assert scale.aspect == pytest.approx(aspect)
    dx, dy = scale.factors
    assert math.hypot(drawn.step[0] * dx, drawn.step[1] * dy) == pytest.approx(mm)
    assert percent_off(drawn, distance_mm=mm, stated=scale) == pytest.approx(0.0, abs=1e-9)


def test_the_scale_says_where_it_comes_from_and_wins_as_a_persons_own():
    scale = ruler_scale(ruler(period=40.0), distance_mm=10.0, author="ada")
    assert (scale.source, scale.trust) == (ScaleSource.RULER, Trust.TRUSTED)
    assert (scale.dx_mm, scale.dy_mm) == (0.25, 0.25)
    assert "ada" in scale.reason
    assert "10 mm" in scale.reason
    assert Calibration().with_override(scale).scale_for([(1, 2), (3, 4)]).in_mm


@pytest.mark.parametrize("mm", [0.0, -10.0, math.nan, math.inf, 1e6, 1e-4])
def test_a_distance_that_no_pixel_allows_is_refused(mm):
    with pytest.raises(CalibrationError, match="Ticks") as refused:
        ruler_scale(ruler(), distance_mm=mm, author="ada")
    assert refused.value.hint


def test_a_file_that_was_scaled_without_its_tags_is_off_by_all_of_it():
    halved = Scale(ScaleSource.REGION, 0.5105, 0.5105, Trust.DOUBTFUL)
    off = percent_off(ruler(period=9.79), distance_mm=10.0, stated=halved)
    assert off == pytest.approx(100.0, abs=1.0)


def test_the_sign_tells_which_is_larger():
    stated = Scale(ScaleSource.REGION, 0.26, 0.26, Trust.TRUSTED)
    assert percent_off(ruler(period=40.0), distance_mm=10.0, stated=stated) == pytest.approx(
        -3.846, abs=1e-3
    )


def test_no_comparison_without_a_scale():
    assert percent_off(ruler(), distance_mm=10.0, stated=NO_SCALE) is None
