from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonichu_gui.imaging.cine_times import DEFAULT_FRAME_MS, CineTimes

UNEVEN = (0.0, 10.0, 50.0, 60.0)


def test_even_frames_begin_at_multiples_of_the_mean():
    times = CineTimes(100, 33.3)
    assert times.is_stated
    assert (times.begin_ms(3), times.stay_ms(3)) == pytest.approx((99.9, 33.3))


def test_uneven_frames_begin_and_stay_as_stated():
    times = CineTimes(4, 20.0, UNEVEN)
    assert [times.begin_ms(k) for k in range(4)] == [*UNEVEN]
    assert [times.stay_ms(k) for k in range(4)] == [10, 40, 10, 20]


@pytest.mark.parametrize(
    ("typed_ms", "index"), [(-5, 0), (0, 0), (5, 0), (6, 1), (29, 1), (31, 2), (60, 3), (9e9, 3)]
)
def test_the_nearest_of_uneven_frames_is_found(typed_ms, index):
    assert CineTimes(4, 20.0, UNEVEN).nearest(typed_ms) == index


@given(st.integers(1, 300), st.floats(1, 500), st.data())
def test_a_frame_is_found_by_its_own_time(count, frame_ms, data):
    times = CineTimes(count, frame_ms)
    index = data.draw(st.integers(0, count - 1))
    assert times.nearest(times.begin_ms(index)) == index


@pytest.mark.parametrize("frame_ms", [None, 0.0, -1.0, float("nan"), 1e308])
def test_a_cine_without_times_says_so_and_plays_nevertheless(frame_ms):
    times = CineTimes(3, frame_ms)
    assert (times.is_stated, times.stay_ms(0)) == (False, DEFAULT_FRAME_MS)


@pytest.mark.parametrize("stated", [(0, 10, 5, 60), (0, 0, 0, 0), (0, 10), (0, 1, 2, float("inf"))])
def test_times_that_make_no_sense_are_not_used(stated):
    assert CineTimes(4, 20.0, stated).stay_ms(0) == 20
