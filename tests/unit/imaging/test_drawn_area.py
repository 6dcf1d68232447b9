"""An area in a person's hand: few corners that still hold the echo, and slips refused."""

from __future__ import annotations

import numpy as np
import pytest

from sonichu_gui.imaging.drawn_area import drawn_area, few_corners
from sonichu_gui.imaging.scan_area import AreaShape, find_scan_area, frames_to_look_at
from tests.unit.imaging import pictures


def test_few_corners_stand_for_nearly_the_same_area():
    frame, _ = pictures.fan_frame(
        (300, 400), seed=3, apex=(200.0, 0.0), half=0.6, near=50.0, far=275.0
    )
    area = find_scan_area([frame])
    outlines = few_corners(area)
    assert len(outlines[0]) < len(area.outlines[0]) / 3
    drawn = drawn_area(outlines, area.size).mask()
    assert (drawn ^ area.mask()).sum() < 0.01 * area.mask().sum()


def test_four_upright_corners_are_a_rectangle():
    area = drawn_area((((10, 20), (60, 20), (60, 50), (10, 50)),), (100, 80))
    assert area.shape is AreaShape.RECTANGLE
    assert area.box == (10, 20, 60, 50)
    expected = np.zeros((80, 100), bool)
    expected[20:51, 10:61] = True
    assert (area.mask() == expected).all()


@pytest.mark.parametrize(
    "corners", [((10, 10), (12, 10), (12, 12), (10, 12)), ((10, 10), (90, 70))]
)
def test_a_slip_of_the_mouse_is_no_area(corners):
    with pytest.raises(ValueError, match="next to no pixels"):
        drawn_area((corners,), (100, 80))


def test_first_and_last_frame_and_some_between_are_looked_at():
    assert frames_to_look_at(1) == (0,)
    assert frames_to_look_at(3) == (0, 1, 2)
    assert frames_to_look_at(100) == (0, 33, 66, 99)
