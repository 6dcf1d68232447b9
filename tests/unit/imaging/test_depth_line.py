"""Where the depth of a picture begins and ends."""

from __future__ import annotations

import numpy as np
import pytest

from sonichu_gui.domain.calibration import depth_scale
from sonichu_gui.imaging.depth_line import find_depth_line
from tests.unit.imaging import pictures


def test_depth_of_a_fan_begins_at_the_middle_of_the_face_and_ends_at_its_lowest_point():
    frame, _ = pictures.fan_frame((420, 560), apex=(280.0, -40.0), near=70.0, far=440.0, half=0.6)
    (x0, top), (x1, bottom) = find_depth_line([frame])
    assert x0 == x1 == pytest.approx(280.0, abs=6.0)
    # The ends of the face are higher: at -40 + 70 cos 0.6 = 17.8.
    assert top == pytest.approx(-40.0 + 70.0, abs=4.0)
    assert bottom == pytest.approx(-40.0 + 440.0, abs=3.0)


def test_depth_of_a_linear_probes_picture_is_its_height():
    frame = np.zeros((300, 400), np.uint8)
    frame[20:281, 60:340] = pictures.speckle((261, 280))
    (_, top), (_, bottom) = find_depth_line([frame])
    assert (top, bottom) == (pytest.approx(20.0, abs=2.0), pytest.approx(280.0, abs=2.0))


def test_a_picture_without_echo_has_no_depth():
    assert find_depth_line([np.zeros((300, 400), np.uint8)]) is None


def test_only_how_far_down_counts():
    slanted = depth_scale(top=(100, 20), bottom=(180, 220), depth_mm=100, author="ada")
    assert (slanted.dx_mm, slanted.dy_mm) == (0.5, 0.5)
    tall = depth_scale(top=(0, 0), bottom=(0, 100), depth_mm=100, author="ada", pixel_aspect=2.0)
    assert (tall.dx_mm, tall.dy_mm) == (0.5, 1.0)
    assert tall.reason == "depth of 100 mm given by ada"


@pytest.mark.parametrize("depth_mm", [0.0, -1.0, float("nan"), float("inf")])
def test_no_depth_sets_no_scale(depth_mm):
    with pytest.raises(ValueError, match="sets no scale"):
        depth_scale(top=(0, 0), bottom=(0, 100), depth_mm=depth_mm, author="")


def test_ends_at_one_height_set_no_scale():
    with pytest.raises(ValueError, match="5 px"):
        depth_scale(top=(0, 50), bottom=(300, 52), depth_mm=100, author="")
