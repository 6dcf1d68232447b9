"""A ruler in the picture against what the file states."""

from __future__ import annotations

import numpy as np
import pytest

from sonichu_gui.domain.calibration import Calibration, Region, Scale, ScaleSource, Trust
from sonichu_gui.domain.ruler import Axis, Ruler
from sonichu_gui.imaging.ruler_check import ruler_verdicts

POINTS = [(60.0, 60.0), (80.0, 80.0)]


def ruler(period=40.0, x=300.0, ticks=12):
    """Ticks that are most likely a centimetre apart."""
    numbers = tuple(range(ticks))
    places = np.array([(x, 20.0 + number * period) for number in numbers])
    return Ruler(Axis.VERTICAL, (x, 20.0), (0.0, period), numbers, places, 0.02, 5, 0, 100.0, 0.9)


def region(index, x0, x1, mm):
    return Region(index, x0, 0, x1, 499, mm, mm, "2D tissue", usable=True)


def spacing(mm, source=ScaleSource.PIXEL_SPACING):
    return Scale(source, mm, mm, Trust.TRUSTED, "", key=source.value)


@pytest.mark.parametrize(
    ("mm", "agrees"), [(0.25, True), (0.2549, True), (0.2451, True), (0.256, False), (0.5, False)]
)
def test_two_percent_are_the_limit(mm, agrees):
    verdict = ruler_verdicts(Calibration(spacing=spacing(mm)), [ruler()])["pixel-spacing"]
    assert verdict.agrees is agrees


def test_a_scale_that_the_ruler_contradicts_stands_marked_with_the_reason():
    stated = Calibration(regions=(region(0, 0, 400, 0.27),))
    scale = stated.with_verdicts(ruler_verdicts(stated, [ruler()])).scale_for(POINTS)
    assert scale.in_mm
    assert "0.25 mm / px (10 mm a tick), 7.41 % less than the file" in scale.contradicted_by
    assert (scale.tag, scale.short_tag) == ("region 1 ≠ ruler", "R1 ≠")


def test_a_scale_that_agrees_says_so_quietly():
    stated = Calibration(regions=(region(0, 0, 400, 0.251),))
    scale = stated.with_verdicts(ruler_verdicts(stated, [ruler()])).scale_for(POINTS)
    assert (scale.backed_by, scale.contradicted_by) == ("agrees with the ruler, 0.4 % apart", "")


def test_a_persons_word_for_the_file_takes_the_mark_away():
    stated = Calibration(regions=(region(0, 0, 400, 0.27),))
    judged = stated.with_verdicts(ruler_verdicts(stated, [ruler()]))
    kept = judged.with_confirmation("ruler:region:0", "ada").scale_for(POINTS)
    assert (kept.contradicted_by, kept.confirmed_by) == ("", "ada")
    assert "kept against the ruler by ada" in kept.reason


def test_panels_of_two_depths_are_judged_by_their_own_rulers():
    two = Calibration(regions=(region(0, 0, 199, 0.25), region(1, 200, 400, 0.5)))
    verdicts = ruler_verdicts(two, [ruler(40.0, x=190.0), ruler(20.0, x=390.0, ticks=20)])
    assert {key: verdict.agrees for key, verdict in verdicts.items()} == {
        "region:0": True,
        "region:1": True,
    }


def test_a_ruler_beside_panels_of_two_depths_says_nothing():
    two = Calibration(regions=(region(0, 0, 199, 0.25), region(1, 200, 400, 0.5)))
    assert ruler_verdicts(two, [ruler(x=450.0)]) == {}


def test_a_ruler_outside_the_one_region_is_still_the_pictures():
    one = Calibration(regions=(region(0, 0, 199, 0.25),))
    assert ruler_verdicts(one, [ruler(x=450.0)])["region:0"].agrees


def test_without_a_ruler_or_a_stated_scale_nothing_is_said():
    assert ruler_verdicts(Calibration(spacing=spacing(0.2)), []) == {}
    assert ruler_verdicts(Calibration(), [ruler()]) == {}


def test_a_persons_own_scale_is_not_judged():
    stated = Calibration(spacing=spacing(0.5))
    judged = stated.with_verdicts(ruler_verdicts(stated, [ruler()]))
    own = judged.with_override(spacing(0.3, ScaleSource.MANUAL))
    assert own.scale_for(POINTS).contradicted_by == ""
