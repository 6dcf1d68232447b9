"""Rulers are read to a part of a pixel, and nothing else is taken for one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sonichu_gui.domain.ruler import Axis
from sonichu_gui.imaging.ruler import find_rulers
from tests.unit.imaging import pictures

SHAPE = (400, 560)


def black():
    return np.zeros(SHAPE, np.uint8)


def only(pixels):
    rulers = find_rulers(pixels)
    assert len(rulers) == 1, rulers
    return rulers[0]


# ---- what is read ---------------------------------------------------------------------------


@settings(max_examples=12)
@given(
    period=st.floats(9.0, 60.0),
    first=st.floats(3.0, 20.0),
    length=st.integers(3, 9),
    grey=st.integers(90, 255),
    side=st.sampled_from([-1, 1]),
)
def test_period_and_place_are_read_to_a_part_of_a_pixel(period, first, length, grey, side):
    frame = black()
    x = 30.0 if side > 0 else 530.0
    rows = pictures.vertical_ruler(
        frame, x=x, first=first, period=period, length=length, grey=grey, side=side
    )
    ruler = only(frame)
    assert ruler.axis is Axis.VERTICAL
    assert ruler.period_px == pytest.approx(period, rel=0.005)
    assert abs(ruler.period_px - period) <= 4 * ruler.period_error_px
    assert ruler.ticks == len(rows)
    assert ruler.at(0)[1] == pytest.approx(first, abs=0.5)
    assert ruler.at(ruler.ticks - 1)[1] == pytest.approx(rows[-1], abs=0.6)
    assert ruler.at(0)[0] == pytest.approx(x + side * length / 2, abs=2.0)


@pytest.mark.parametrize("every", [2, 5, 10])
@pytest.mark.parametrize("offset", [0, 1])
def test_longer_ticks_are_told_from_the_others(every, offset):
    frame = black()
    first = 10.0 if offset == 0 else 10.0 - 12.0 * (every - offset)
    pictures.vertical_ruler(frame, first=first % 12.0 + 3, period=12.0, every=None)
    for number in range(offset, 32, every):
        row = first % 12.0 + 3 + 12.0 * number
        if row < SHAPE[0] - 3:
            pictures.line(frame, (20.0, row), (34.0, row), 200)
    ruler = only(frame)
    assert (ruler.major_every, ruler.major_offset) == (every, offset)
    assert ruler.is_major(offset + every)
    assert not ruler.is_major(offset + 1)


def test_brighter_ticks_of_one_length_count_as_longer_ones():
    frame = black()
    pictures.vertical_ruler(frame, period=15.0, every=None, grey=110)
    for row in np.arange(12.0, SHAPE[0] - 3, 75.0):
        pictures.line(frame, (20.0, row), (27.0, row), 240)
    assert only(frame).major_every == 5


def test_ticks_all_alike_have_no_majors():
    frame = black()
    pictures.vertical_ruler(frame, every=None)
    assert only(frame).major_every is None


def test_dots_beside_a_slanted_edge_are_a_ruler():
    frame, _ = pictures.fan_frame(SHAPE, apex=(280.0, -20.0), half=0.7, near=40.0, far=400.0)
    step = np.array([np.sin(0.73), np.cos(0.73)]) * 22.4
    pictures.dotted(frame, (280 + 3 * step[0], -20 + 3 * step[1]), step, 13)
    ruler = only(frame)
    assert ruler.axis is Axis.OBLIQUE
    assert ruler.period_px == pytest.approx(22.4, rel=0.005)
    assert ruler.step == pytest.approx(tuple(step), rel=0.01)


def test_coloured_ticks_are_read_where_their_brightness_is_that_of_the_echo():
    grey = pictures.speckle(SHAPE, level=110.0)
    frame = np.repeat(grey[..., None], 3, axis=2)
    for row in range(20, 390, 26):
        frame[row, 12:19] = (0, 150, 0)
    ruler = only(frame)
    assert ruler.period_px == pytest.approx(26.0, rel=0.005)


def test_ticks_that_a_box_hides_are_counted_and_not_seen():
    frame = black()
    rows = pictures.vertical_ruler(frame, period=20.0)
    frame[100:150, :60] = 0
    ruler = only(frame)
    assert ruler.ticks == len(rows)
    hidden = {number for number, row in enumerate(rows) if 100 <= row < 150}
    assert len(hidden) >= 2
    assert set(range(ruler.ticks)) - set(ruler.numbers) == hidden


def test_both_sides_and_both_axes_are_read():
    frame = black()
    pictures.vertical_ruler(frame, x=20.0, period=21.3)
    pictures.vertical_ruler(frame, x=540.0, period=21.3, side=-1)
    turned = np.zeros(SHAPE[::-1], np.uint8)
    pictures.vertical_ruler(turned, x=390.0, first=60.0, period=33.7, side=-1)
    rulers = find_rulers(np.maximum(frame, turned.T))
    found = sorted((str(ruler.axis), round(ruler.period_px, 1)) for ruler in rulers)
    assert found == [("horizontal", 33.7), ("vertical", 21.3), ("vertical", 21.3)]


def test_of_two_readings_that_nearly_agree_the_clearer_one_stays():
    frame = black()
    pictures.vertical_ruler(frame, x=20.0, period=30.0)
    pictures.vertical_ruler(frame, x=540.0, period=30.5, side=-1, every=None, grey=60, length=3)
    ruler = only(frame)
    assert ruler.period_px == pytest.approx(30.0, rel=0.002)


def test_panels_of_two_depths_keep_both_rulers():
    frame = black()
    pictures.vertical_ruler(frame, x=20.0, period=30.0)
    pictures.vertical_ruler(frame, x=540.0, period=22.0, side=-1)
    assert sorted(round(ruler.period_px) for ruler in find_rulers(frame)) == [22, 30]


def test_a_ruler_survives_speckle_text_jpeg_and_fewer_pixels():
    frame, _ = pictures.fan_frame(SHAPE, apex=(280.0, -60.0), half=0.75, near=80.0, far=430.0)
    rows = pictures.vertical_ruler(frame, x=24.0, period=23.6)
    for number, row in enumerate(rows[::5]):
        text = (str(number), (44, int(row) + 4), cv2.FONT_HERSHEY_PLAIN, 0.9)
        cv2.putText(frame, *text, 200, 1, cv2.LINE_AA)
    pictures.lines_of_text(frame, 470, 30)
    small = cv2.resize(frame, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    stored = pictures.jpeg(cv2.resize(small, SHAPE[::-1], interpolation=cv2.INTER_LINEAR))
    assert only(stored).period_px == pytest.approx(23.6, rel=0.005)


# ---- laws -----------------------------------------------------------------------------------


def test_exchanging_the_axes_or_turning_over_changes_nothing_but_places():
    frame, _ = pictures.fan_frame(SHAPE)
    pictures.vertical_ruler(frame, x=500.0, first=9.0, period=27.25)
    straight, turned = only(frame), only(np.ascontiguousarray(frame.T))
    over = only(np.ascontiguousarray(frame[::-1]))
    assert turned.axis is Axis.HORIZONTAL
    assert turned.origin == pytest.approx(straight.origin[::-1], abs=1e-6)
    assert turned.numbers == straight.numbers
    assert over.period_px == pytest.approx(straight.period_px, abs=0.02)
    end = straight.at(straight.ticks - 1)[1]
    assert over.at(0)[1] == pytest.approx(SHAPE[0] - 1 - end, abs=0.2)


@settings(max_examples=20)
@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=48)))
def test_small_pictures_of_anything_do_no_harm(pixels):
    for ruler in find_rulers(pixels):
        assert ruler.ticks >= 5


def test_a_cancelled_search_finds_nothing():
    frame = black()
    pictures.vertical_ruler(frame)
    assert find_rulers(frame, lambda: True) == ()


# ---- what is no ruler -----------------------------------------------------------------------


def every_second_faint():
    """Every second tick is all that stands out; a reading of twice the distance would be wrong."""
    frame = black()
    frame[:, :60] = 6
    pictures.vertical_ruler(frame, first=12.0, period=40.0, every=None, grey=250)
    for row in np.arange(32.0, 390.0, 40.0):
        pictures.line(frame, (20.0, row), (27.0, row), 110)
    frame[150:, 15:60] = np.maximum(frame[150:, 15:60], pictures.speckle((250, 45), level=60))
    return frame


def joined_callipers():
    frame, _ = pictures.fan_frame(SHAPE, apex=(280.0, -60.0), half=0.75, near=80.0, far=430.0)
    start, end = np.array([150.0, 120.0]), np.array([390.0, 128.0])
    pictures.dotted(frame, start, (end - start) / 30, 31)
    for x, y in (start, end):
        cv2.drawMarker(frame, (round(x), round(y)), 230, cv2.MARKER_CROSS, 13, 1)
    return frame


def stepped_bar():
    frame = black()
    pictures.grey_bar(frame, 10, 30, 14, 320, levels=16)
    return frame


def page_of_text():
    frame = black()
    for left in (8, 150, 300, 450):
        pictures.lines_of_text(frame, left, 20, lines=23)
    return frame


def trace():
    frame = black()
    pictures.ecg(frame, row=360)
    return frame


def four_ticks():
    frame = black()
    pictures.vertical_ruler(frame, period=110.0, every=None)
    return frame


def uneven_ticks():
    frame = black()
    for row in (12, 47, 70, 112, 131, 180, 205, 251, 268, 320, 341, 377):
        pictures.line(frame, (20.0, row), (27.0, row), 200)
    return frame


NO_RULERS = {
    "black": black,
    "white": lambda: np.full(SHAPE, 255, np.uint8),
    "speckle": lambda: pictures.speckle(SHAPE),
    "noise": lambda: np.random.default_rng(1).integers(0, 256, SHAPE).astype(np.uint8),
    "sector": lambda: pictures.fan_frame(SHAPE)[0],
    "sector as JPEG": lambda: pictures.jpeg(pictures.fan_frame(SHAPE)[0], 40),
    "stepped grey bar": stepped_bar,
    "text": page_of_text,
    "ECG": trace,
    "callipers joined by dots": joined_callipers,
    "four ticks": four_ticks,
    "uneven ticks": uneven_ticks,
}


@pytest.mark.parametrize("picture", NO_RULERS.values(), ids=NO_RULERS)
def test_nothing_is_read_where_no_ruler_is(picture):
    assert find_rulers(picture()) == ()


def test_no_reading_skips_every_second_tick():
    for ruler in find_rulers(every_second_faint()):
        assert ruler.period_px == pytest.approx(20.0, rel=0.01)


@pytest.mark.parametrize("seed", range(6))
def test_text_and_speckle_of_any_seed_are_no_ruler(seed):
    rng = np.random.default_rng(seed)
    frame, _ = pictures.fan_frame(SHAPE, seed=seed, turn=rng.uniform(-0.2, 0.2))
    for _ in range(3):
        left, top = int(rng.integers(0, 480)), int(rng.integers(14, 260))
        pictures.lines_of_text(frame, left, top, step=int(rng.integers(12, 22)))
    assert find_rulers(pictures.jpeg(frame, int(rng.integers(50, 95)))) == ()
