from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonichu_gui.imaging.cine_clock import DEFAULT_FRAME_MS, CineClock, Repeat


def clock(count=10, frame_ms=40.0, *, at=0, repeat=Repeat.LOOP, frames=None):
    made = CineClock(frames or range(count), frame_ms)
    made.start(1000.0, at)
    if repeat is not Repeat.LOOP:
        made.set_repeat(1000.0, repeat)
    return made


def played(made, *, every_ms, times, since=1000.0):
    """What a window shows that asks at even times."""
    due = (made.due(since + every_ms * k) for k in range(1, times + 1))
    return [index for index in due if index is not None]


def test_each_frame_is_due_once_its_time_has_come():
    made = clock()
    assert [made.due(1000.0 + ms) for ms in (0, 39, 40, 79, 80)] == [None, None, 1, None, 2]


def test_the_first_follows_the_last():
    assert played(clock(3), every_ms=40, times=7) == [1, 2, 0, 1, 2, 0, 1]


def test_sweeping_goes_to_and_fro_and_shows_the_ends_once():
    made = clock(4, repeat=Repeat.SWEEP)
    assert played(made, every_ms=40, times=8) == [1, 2, 3, 2, 1, 0, 1, 2]


@pytest.mark.parametrize("repeat", [Repeat.LOOP, Repeat.SWEEP])
def test_a_range_is_played_alone(repeat):
    made = clock(frames=range(4, 7), at=5, repeat=repeat)
    assert set(played(made, every_ms=40, times=20)) == {4, 5, 6}


def test_a_slow_window_leaves_frames_out_and_does_not_fall_behind():
    made = clock(100)
    assert played(made, every_ms=100, times=4) == [2, 5, 7, 10]
    assert made.dropped == 6


def test_a_fast_window_drops_nothing():
    made = clock(100)
    assert played(made, every_ms=8, times=100) == [*range(1, 21)]
    assert made.dropped == 0


@pytest.mark.parametrize(("speed", "after_ms"), [(0.1, 400), (0.5, 80), (1, 40), (4, 10)])
def test_speed_changes_when_the_next_frame_is_due(speed, after_ms):
    made = clock()
    made.set_speed(1000.0, speed)
    assert made.interval_ms == pytest.approx(after_ms)
    assert (made.due(1000.0 + after_ms * 0.99), made.due(1000.0 + after_ms * 1.01)) == (None, 1)


@pytest.mark.parametrize(("asked", "kept"), [(0.0, 0.1), (-3, 0.1), (99, 4), (float("nan"), 0.1)])
def test_speed_is_kept_in_bounds(asked, kept):
    made = clock()
    made.set_speed(1000.0, asked)
    assert made.interval_ms == pytest.approx(40 / kept)


def test_another_speed_makes_no_jump():
    made = clock(100)
    assert made.due(1400.0) == 10
    made.set_speed(1400.0, 0.1)
    assert made.due(1401.0) is None
    assert made.due(1801.0) == 11


def test_a_range_chosen_while_playing_begins_at_once_where_the_frame_shown_is_outside():
    made = clock(100)
    made.due(1400.0)
    made.set_frames(1400.0, range(50, 60))
    assert made.due(1401.0) == 50
    assert made.due(1441.0) == 51


def test_a_range_chosen_around_the_frame_shown_goes_on_from_it():
    made = clock(100)
    made.due(1400.0)
    made.set_frames(1400.0, range(8, 12))
    assert [made.due(1400.0 + 41 * k) for k in (0, 1, 2)] == [None, 11, 8]


@pytest.mark.parametrize("frame_ms", [None, 0.0, -5.0, 5e-324, 1e308, float("nan"), float("inf")])
def test_a_cine_without_a_time_plays_nevertheless(frame_ms):
    assert CineClock(range(3), frame_ms).interval_ms == DEFAULT_FRAME_MS


@pytest.mark.parametrize("frames", [range(0), range(0, 9, 2)])
def test_nothing_to_play_is_refused(frames):
    with pytest.raises(ValueError, match="no frames"):
        CineClock(frames, 40.0)


def test_a_cine_goes_on_after_the_machine_has_slept():
    made = clock(7)
    night_ms = 8 * 3600 * 1000.0
    assert made.due(1000.0 + night_ms) == night_ms / 40 % 7 == 1
    assert played(made, every_ms=40, times=2, since=1000.0 + night_ms) == [2, 3]


@pytest.mark.parametrize("repeat", [Repeat.LOOP, Repeat.SWEEP])
def test_a_single_frame_plays_and_nothing_follows_it_but_itself(repeat):
    made = clock(1, repeat=repeat)
    assert set(played(made, every_ms=10, times=20)) == {0}
    assert made.following(5) == (0,)


def test_frames_that_follow_are_known_for_reading_ahead():
    assert clock(5, at=3).following(4) == (4, 0, 1, 2)
    assert clock(5, at=3, repeat=Repeat.SWEEP).following(6) == (4, 3, 2, 1, 0)


def test_frames_that_no_screen_would_show_are_not_read_ahead():
    made = clock(100, frame_ms=10)
    made.set_speed(1000.0, 4)
    assert made.following(3) == (7, 14, 21)


@given(
    first=st.integers(0, 5),
    count=st.integers(1, 9),
    repeat=st.sampled_from([Repeat.LOOP, Repeat.SWEEP]),
    speed=st.floats(0.1, 4),
    waits=st.lists(st.floats(0, 500), max_size=30),
)
def test_whenever_it_is_asked_shown_and_dropped_frames_are_all_that_passed(
    first, count, repeat, speed, waits
):
    made = clock(frames=range(first, first + count), at=first, repeat=repeat)
    made.set_speed(1000.0, speed)
    now, shown = 1000.0, 0
    for wait in waits:
        now += wait
        index = made.due(now)
        if index is not None:
            shown += 1
            assert first <= index < first + count
    passed = (now - 1000.0) * speed / 40
    # The very last frame may be due or not by rounding alone.
    assert shown + made.dropped == pytest.approx(int(passed + 1e-9), abs=1e-9) or (
        abs(passed - round(passed)) < 1e-6
    )


@given(st.integers(2, 9), st.sampled_from(Repeat), st.integers(0, 30))
def test_what_is_said_to_follow_is_what_comes(count, repeat, steps):
    made = clock(count, repeat=repeat)
    played(made, every_ms=40.0, times=steps)
    said = made.following(count - 1)
    came = played(made, every_ms=40.0, times=count - 1, since=1000.0 + 40.0 * steps)
    assert said == tuple(dict.fromkeys(came))


UNEVEN = (0.0, 10.0, 50.0, 60.0)
"""Four frames; the last one stays for the mean of 20 ms."""


def uneven(repeat=Repeat.LOOP, at=0):
    made = CineClock(range(4), 20.0, UNEVEN)
    made.set_repeat(1000.0, repeat)
    made.start(1000.0, at)
    return made


def changes(made, *, until_ms):
    """When which frame comes, for a window that asks every millisecond."""
    due = ((ms, made.due(1000.0 + ms)) for ms in range(1, until_ms + 1))
    return {ms: index for ms, index in due if index is not None}


def test_frames_are_seen_for_as_long_as_each_was_taken():
    assert changes(uneven(), until_ms=130) == {
        10: 1, 50: 2, 60: 3, 80: 0, 90: 1, 130: 2
    }  # fmt: skip


def test_sweeping_back_takes_the_same_times():
    assert changes(uneven(Repeat.SWEEP), until_ms=130) == {
        10: 1, 50: 2, 60: 3, 70: 2, 110: 1, 120: 0, 130: 1
    }  # fmt: skip


def test_speed_stretches_uneven_times_alike():
    made = uneven()
    made.set_speed(1000.0, 0.5)
    assert changes(made, until_ms=125) == {20: 1, 100: 2, 120: 3}


def test_a_range_of_uneven_frames_ends_with_the_time_of_its_own_last_frame():
    made = CineClock(range(2), 20.0, UNEVEN)
    made.start(1000.0, 0)
    assert changes(made, until_ms=70) == {10: 1, 50: 0, 60: 1}


def test_played_once_the_last_frame_stays():
    made = uneven(Repeat.ONCE)
    assert not made.is_over
    assert changes(made, until_ms=500) == {10: 1, 50: 2, 60: 3}
    assert (made.is_over, made.dropped, made.following(5)) == (True, 0, ())


def test_a_slow_window_ends_a_cine_that_is_played_once_with_its_last_frame():
    made = uneven(Repeat.ONCE)
    assert made.due(9000.0) == 3
    assert made.dropped == 2


@pytest.mark.parametrize(("at_ms", "left_ms"), [(0, 40), (15, 25), (40, 0), (70, 0)])
def test_it_says_how_long_the_frame_given_last_is_still_to_be_seen(at_ms, left_ms):
    assert clock().wait_ms(1000.0 + at_ms) == pytest.approx(left_ms)


def test_a_window_is_woken_no_oftener_than_a_screen_shows_frames():
    made = clock(100, frame_ms=10)
    made.set_speed(1000.0, 4)
    (coming,) = made.following(1)
    assert made.wait_ms(1000.0) == pytest.approx(17.5)
    assert made.due(1017.6) == coming == 7


@given(
    gaps=st.lists(st.floats(0.5, 300), min_size=1, max_size=12),
    speed=st.floats(0.1, 4),
    repeat=st.sampled_from(Repeat),
)
def test_who_waits_as_long_as_told_meets_every_frame_it_reads_ahead(gaps, speed, repeat):
    times = [0.0]
    for gap in gaps:
        times.append(times[-1] + gap)
    made = CineClock(range(len(times)), times[-1] / len(gaps), times)
    made.set_speed(0.0, speed)
    made.set_repeat(0.0, repeat)
    made.start(0.0, 0)
    now = 0.0
    for _ in range(30):
        if made.is_over:
            break
        coming = made.following(1)
        now += made.wait_ms(now) + 1e-6
        assert made.due(now) == coming[0]
