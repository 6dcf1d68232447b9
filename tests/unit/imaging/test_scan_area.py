"""The scan area holds the echo, and what is written beside it is outside."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sonichu_gui.domain.calibration import Calibration, Region
from sonichu_gui.imaging.scan_area import AreaShape, ScanArea, find_scan_area, hide_outside
from tests.unit.imaging import pictures

SHAPE = (300, 400)


def overlap(one, other):
    return (one & other).sum() / (one | other).sum()


def region(x0, y0, x1, y1, *, index=0, doubtful=False):
    return Region(index, x0, y0, x1, y1, 0.3, 0.3, "2D tissue", usable=True, doubtful=doubtful)


def furniture(frame):
    """Banner, settings, bar, ruler and ECG around a picture; gives where they are drawn."""
    drawn = frame.copy()
    drawn[:24] = 70
    cv2.putText(drawn, "DOE^JANE 1970", (90, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 230, 1)
    pictures.lines_of_text(drawn, 4, 44, lines=4)
    pictures.lines_of_text(drawn, 330, 44, lines=3)
    pictures.grey_bar(drawn, 6, 120, 9, 90)
    pictures.vertical_ruler(drawn, x=392.0, first=30.0, side=-1, length=4)
    pictures.ecg(drawn, row=294, height=8)
    return drawn, (drawn != frame)


@settings(max_examples=12)
@given(
    half=st.floats(0.35, 0.75),
    apex_x=st.floats(150.0, 250.0),
    near=st.floats(30.0, 80.0),
    seed=st.integers(0, 1000),
)
def test_a_fan_is_found_whatever_stands_around_it(half, apex_x, near, seed):
    fan = {"apex": (apex_x, 0.0), "half": half, "near": near, "far": 275.0}
    frame, mask = pictures.fan_frame(SHAPE, seed=seed, **fan)
    drawn, over = furniture(frame)
    # Where the sector reaches under them, the picture and not the furniture is on top.
    drawn[mask] = frame[mask]
    area = find_scan_area([drawn])
    assert area.shape is AreaShape.FAN
    inside = area.mask()
    assert overlap(inside, mask) > 0.9
    assert (mask & ~inside & (frame > 12)).sum() < 0.015 * mask.sum()
    beside = over & ~cv2.dilate(mask.astype(np.uint8), np.ones((9, 9))).astype(bool)
    assert (inside & beside).sum() < 0.05 * beside.sum()


def test_a_flat_array_gives_a_box():
    frame = np.zeros(SHAPE, np.uint8)
    frame[40:280, 60:340] = pictures.speckle((240, 280))
    drawn, _ = furniture(frame)
    area = find_scan_area([drawn])
    assert area.shape is AreaShape.RECTANGLE
    assert area.box == pytest.approx((60, 40, 339, 279), abs=2)


def test_a_frame_that_is_echo_all_over_is_all_area():
    area = find_scan_area([pictures.speckle(SHAPE)])
    assert area.mask().mean() > 0.97


def test_a_sector_cut_off_by_the_frame_is_whole():
    frame, mask = pictures.fan_frame(SHAPE, apex=(200.0, -120.0), half=0.8, near=110.0, far=400.0)
    area = find_scan_area([frame])
    assert (mask & ~area.mask()).sum() < 0.002 * mask.sum()


def test_echo_beyond_a_shadow_is_part_of_it():
    frame, mask = pictures.fan_frame(SHAPE)
    frame[150:200] = 0
    frame[150:, 180:230] = 0
    lit = frame > 12
    area = find_scan_area([frame])
    assert (lit & ~area.mask()).sum() < 0.002 * lit.sum()
    assert overlap(area.mask(), mask) > 0.9


def test_in_a_cine_a_picture_that_never_changes_is_not_echo():
    frames = [pictures.fan_frame(SHAPE, seed=seed, half=0.35)[0] for seed in range(4)]
    mask = pictures.fan_mask(SHAPE, half=0.35)
    logo = pictures.speckle((120, 60), seed=9)
    for frame in frames:
        frame[170:290, 5:65] = logo
    moving, still = find_scan_area(frames), find_scan_area(frames[:1])
    assert overlap(moving.mask(), mask) > 0.93
    assert not moving.mask()[170:290, 5:65].any()
    assert moving.mask().sum() <= still.mask().sum()


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros(SHAPE, np.uint8),
        np.full(SHAPE, 200, np.uint8),
        furniture(np.zeros(SHAPE, np.uint8))[0],
        np.zeros((1, 1), np.uint8),
    ],
    ids=["black", "white", "furniture alone", "one pixel"],
)
def test_no_echo_is_said_to_be_none(pixels):
    assert find_scan_area([pixels]) is None


# ---- what the file says ---------------------------------------------------------------------


def test_a_region_bounds_the_area_and_does_not_widen_it():
    frame, mask = pictures.fan_frame(SHAPE)
    drawn, _ = furniture(frame)
    area = find_scan_area([drawn], Calibration((region(20, 24, 380, 250),)))
    inside = area.mask()
    assert not inside[252:].any()
    assert not inside[:23].any()
    assert overlap(inside[26:248], mask[26:248]) > 0.93


def test_two_panels_are_two_outlines():
    frame = np.zeros(SHAPE, np.uint8)
    for left in (10, 210):
        frame[40:240, left : left + 180] = pictures.speckle((200, 180), seed=left)
    regions = (region(0, 30, 199, 260), region(200, 30, 399, 260, index=1))
    area = find_scan_area([frame], Calibration(regions))
    assert len(area.outlines) == 2
    assert not area.mask()[:, 195:205].any()


def test_a_region_without_echo_is_taken_as_it_is_and_says_so():
    area = find_scan_area([np.zeros(SHAPE, np.uint8)], Calibration((region(50, 30, 349, 259),)))
    assert (area.shape, area.score) == (AreaShape.REGION, 0.0)
    assert area.box == (50, 30, 349, 259)


@pytest.mark.parametrize(
    "doubted",
    [region(84, 31, 595, 414, doubtful=True), region(400, 0, 400, 299), region(0, 300, 9, 300)],
    ids=["larger than the frame", "right of it", "below it"],
)
def test_a_region_that_cannot_be_right_is_not_believed(doubted):
    frame, mask = pictures.fan_frame(SHAPE)
    area = find_scan_area([frame], Calibration((doubted,)))
    assert overlap(area.mask(), mask) > 0.93


# ---- hiding ---------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", [False, True])
def test_hiding_blackens_what_is_outside_and_nothing_else(colour):
    frame, _ = pictures.fan_frame(SHAPE)
    drawn, _ = furniture(frame)
    pixels = np.repeat(drawn[..., None], 3, axis=2) if colour else drawn
    pixels.setflags(write=False)
    area = find_scan_area([pixels])
    hidden = hide_outside(pixels, area)
    inside = area.mask()
    assert np.array_equal(hidden[inside], pixels[inside])
    assert not hidden[~inside].any()
    assert np.array_equal(hide_outside(hidden, area), hidden)
    assert pixels[5, 5].any()


def test_an_area_of_other_frames_is_refused():
    area = ScanArea((np.array([(0, 0), (9, 0), (9, 9)], float),), AreaShape.OUTLINE, 1.0, (20, 10))
    with pytest.raises(ValueError, match=r"\(20, 10\)"):
        hide_outside(np.zeros((20, 10), np.uint8), area)


def test_pixels_on_the_outline_are_inside():
    corners = np.array([(3, 2), (12, 2), (12, 7), (3, 7)], float)
    mask = ScanArea((corners,), AreaShape.RECTANGLE, 1.0, (20, 10)).mask()
    expected = np.zeros((10, 20), bool)
    expected[2:8, 3:13] = True
    assert np.array_equal(mask, expected)


@settings(max_examples=20)
@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=64)))
def test_pictures_of_anything_do_no_harm(pixels):
    area = find_scan_area([pixels])
    if area is not None:
        assert hide_outside(pixels, area).shape == pixels.shape
