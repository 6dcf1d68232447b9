from __future__ import annotations

import pytest

from sonichu_gui.domain.annotation import Alternative, Keypoint, Origin
from sonichu_gui.domain.calibration import Scale, ScaleSource, Trust, no_scale
from sonichu_gui.gui.panels.words import (
    candidates_text,
    confidence_role,
    scale_short,
    scale_text,
    spread_text,
)


@pytest.mark.parametrize(
    ("dx", "dy", "text"),
    [
        (0.1158, 0.1158, "0.1158 mm / px"),
        (0.2, 0.2, "0.20 mm / px"),
        (0.2, 0.2009, "0.20 mm / px"),
        (0.2, 0.25, "0.20 × 0.25 mm / px"),
        (None, None, "Pixels only"),
    ],
)
def test_a_scale_is_written_with_the_figures_it_deserves(dx, dy, text):
    assert scale_text(Scale(ScaleSource.REGION, dx, dy, Trust.TRUSTED)) == text


def test_the_badge_never_shows_a_size_that_is_not_trusted():
    assert scale_short(Scale(ScaleSource.NOMINAL, 0.2, 0.2, Trust.DOUBTFUL)) == "scale doubtful"


@pytest.mark.parametrize(
    ("confidence", "role"),
    [(1.0, "green"), (0.6, "green"), (0.59, "amber"), (0.3, "amber"), (0.29, "red")],
)
def test_confidence_bands(confidence, role):
    assert confidence_role(confidence) == role


DOUBTFUL = Keypoint(
    10.0,
    20.0,
    origin=Origin.MODEL,
    confidence=0.7,
    covariance=(400.0, 0.0, 25.0),
    disagreement=3.0,
    alternatives=(Alternative(1.0, 2.0, 0.24), Alternative(3.0, 4.0, 0.11)),
)


@pytest.mark.parametrize(
    ("scale", "text"),
    [
        (
            Scale(ScaleSource.REGION, 0.1, 0.1, Trust.TRUSTED, region_index=0),
            (
                "standard deviation 2.0 mm along its ellipse, 0.50 mm across; "
                "frame and mirror image each 0.30 mm from their mean; millimetres by region 1"
            ),
        ),
        (
            no_scale("nobody says"),
            (
                "standard deviation 20.0 px along its ellipse, 5.0 px across; "
                "frame and mirror image each 3.0 px from their mean"
            ),
        ),
        (
            Scale(ScaleSource.REGION, 0.1, 0.8, Trust.TRUSTED),
            (
                "standard deviation 4.0 mm along its ellipse, 2.0 mm across; "
                "frame and mirror image each 3.0 px from their mean; millimetres by region"
            ),
        ),
    ],
    ids=["millimetres", "pixels", "pixels that are not square"],
)
def test_a_points_spread_is_told_in_the_unit_of_its_place(scale, text):
    assert spread_text(DOUBTFUL, scale) == text


def test_nothing_is_told_of_a_point_that_a_person_placed():
    assert spread_text(Keypoint(1.0, 2.0), no_scale("")) == ""
    assert candidates_text(Keypoint(1.0, 2.0)) == ""


def test_other_candidates_are_told_by_their_shares():
    assert candidates_text(DOUBTFUL) == "2 other candidates: 24 %, 11 %"
