from __future__ import annotations

from sonichu_gui.imaging.cine_rate import PlayedRate, Rate


def play(rate, *, every_ms, dropped_each, frames, since=0.0):
    for number in range(1, frames + 1):
        rate.note_shown(since + number * every_ms, number * dropped_each)


def test_a_window_that_keeps_up_tells_nothing():
    rate = PlayedRate()
    rate.start(0.0)
    play(rate, every_ms=33, dropped_each=0, frames=100)
    assert rate.lag is None


def test_a_window_that_leaves_frames_out_tells_how_many_it_shows():
    rate = PlayedRate()
    rate.start(0.0)
    play(rate, every_ms=100, dropped_each=2, frames=10)
    assert rate.lag == Rate(shown=10, due=30)


def test_a_slow_cine_does_not_count_as_a_slow_window():
    rate = PlayedRate()
    rate.start(0.0)
    play(rate, every_ms=2000, dropped_each=0, frames=6)
    assert rate.lag is None


def test_a_hitch_is_forgotten_once_all_frames_are_shown_again():
    rate = PlayedRate()
    rate.start(0.0)
    play(rate, every_ms=100, dropped_each=1, frames=10)
    assert rate.lag is not None
    told = [rate.note_shown(1000.0 + 50 * k, 10) for k in range(1, 25)]
    assert (rate.lag, told.count(True)) == (None, 1)
