"""Which scale holds for which points."""

from __future__ import annotations

import pytest

from sonichu_gui.domain.calibration import (
    Calibration,
    Region,
    Scale,
    ScaleSource,
    Trust,
    given_scale,
    manual_scale,
)


def region(index: int, x0: int, x1: int, mm: float = 0.2, **more: object) -> Region:
    return Region(index, x0, 0, x1, 99, mm, mm, "2D tissue", usable=True, **more)


TWO = Calibration(regions=(region(0, 0, 99), region(1, 100, 199)))
OWN = manual_scale(start=(0.0, 0.0), end=(50.0, 0.0), length_mm=10.0, author="rater-1")
ACROSS = [(50.0, 50.0), (150.0, 50.0)]


def test_points_inside_one_region_have_its_scale():
    scale = TWO.scale_for([(10.0, 10.0), (90.0, 90.0)])
    assert (scale.dx_mm, scale.trust, scale.region_index) == (0.2, Trust.TRUSTED, 0)


def test_points_across_two_regions_of_one_scale_wait_for_a_persons_word():
    scale = TWO.scale_for(ACROSS)
    assert scale.trust is Trust.DOUBTFUL
    assert TWO.with_confirmation(scale.key, "rater-1").scale_for(ACROSS).in_mm


def test_points_across_regions_of_different_scales_have_none():
    other = Calibration(regions=(region(0, 0, 99), region(1, 100, 199, mm=0.3)))
    assert other.scale_for(ACROSS).dx_mm is None


def test_a_point_outside_every_region_has_no_millimetres():
    assert not TWO.scale_for([(10.0, 10.0), (10.0, 150.0)]).in_mm


def test_an_own_scale_does_not_make_two_panels_one_plane():
    own = TWO.with_override(OWN)
    assert own.scale_for(ACROSS).trust is Trust.DOUBTFUL
    assert own.scale_for([(10.0, 10.0), (90.0, 10.0)]).in_mm


def test_confirming_a_doubtful_region_does_not_confirm_its_overlap_with_another():
    odd = region(0, 0, 99, mm=0.1, doubtful=True)
    both = Calibration(regions=(odd, region(1, 0, 199, mm=0.3)))
    confirmed = both.with_confirmation(odd.scale().key, "rater-1")
    assert not confirmed.scale_for([(10.0, 10.0), (50.0, 50.0)]).in_mm


def test_overlapping_regions_of_one_scale_agree():
    both = Calibration(regions=(region(0, 0, 99), region(1, 0, 199)))
    assert both.scale_for([(10.0, 10.0)]).in_mm


@pytest.mark.parametrize("length", [0.0, -1.0, float("nan"), float("inf")])
def test_a_drawn_line_of_no_length_sets_no_scale(length):
    with pytest.raises(ValueError, match="sets no scale"):
        manual_scale(start=(0, 0), end=(50, 0), length_mm=length, author="rater-1")


def test_a_drawn_line_respects_the_shape_of_the_pixels():
    scale = manual_scale(
        start=(0.0, 0.0), end=(0.0, 50.0), length_mm=10.0, author="rater-1", pixel_aspect=2.0
    )
    assert (scale.dx_mm, scale.dy_mm) == (pytest.approx(0.1), pytest.approx(0.2))


def test_a_doubtful_scale_measures_in_pixels_of_true_shape():
    scale = Scale(ScaleSource.REGION, 0.2, 0.3, Trust.DOUBTFUL)
    assert scale.factors == (1.0, pytest.approx(1.5))


def test_a_stated_size_that_is_no_size_is_refused():
    with pytest.raises(ValueError, match="not a size"):
        given_scale(dx_mm=0.0, dy_mm=0.1, source=ScaleSource.GIVEN, reason="")
