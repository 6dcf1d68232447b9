from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonichu_gui.domain.frame import Frame, FrameRef
from sonichu_gui.imaging.cache import FrameCache


def frame(index, size=100):
    return Frame(FrameRef("d", index), np.zeros((1, size), np.uint8))


def test_frame_comes_back_as_it_was_put():
    cache, kept = FrameCache(1000), frame(3)
    cache.put(kept)
    assert cache.get(FrameRef("d", 3)) is kept


def test_unknown_frame_is_none():
    assert FrameCache(1000).get(FrameRef("d", 3)) is None


def test_least_recently_used_frame_is_given_up_first():
    cache = FrameCache(200)
    cache.put(frame(0))
    cache.put(frame(1))
    cache.get(FrameRef("d", 0))
    cache.put(frame(2))
    assert [FrameRef("d", index) in cache for index in range(3)] == [True, False, True]


def test_frame_larger_than_the_cache_is_not_kept():
    cache = FrameCache(99)
    cache.put(frame(0))
    assert (len(cache), cache.bytes_held) == (0, 0)


def test_same_frame_again_takes_no_more_room():
    cache = FrameCache(1000)
    cache.put(frame(0))
    cache.put(frame(0))
    assert cache.bytes_held == 100


def test_cleared_cache_is_empty():
    cache = FrameCache(1000)
    cache.put(frame(0))
    cache.clear()
    assert (len(cache), cache.bytes_held) == (0, 0)


def test_negative_size_is_refused():
    with pytest.raises(ValueError, match="-1"):
        FrameCache(-1)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 300)), max_size=60))
def test_cache_never_holds_more_than_it_may_and_counts_right(puts):
    cache = FrameCache(500)
    for index, size in puts:
        cache.put(frame(index, size))
        held = [cache.get(FrameRef("d", other)) for other in range(10)]
        assert cache.bytes_held == sum(f.pixels.nbytes for f in held if f is not None) <= 500


def test_threads_may_share_it():
    cache = FrameCache(1000)

    def work():
        for index in range(500):
            cache.put(frame(index % 20))
            cache.get(FrameRef("d", (index + 7) % 20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.bytes_held == 100 * len(cache) == 1000


def test_pinned_frame_stays_until_another_is_pinned():
    cache = FrameCache(200)
    cache.put(frame(0))
    cache.pin(FrameRef("d", 0))
    for index in (1, 2, 3):
        cache.put(frame(index))
    assert [FrameRef("d", index) in cache for index in range(4)] == [True, False, False, True]
    cache.pin(FrameRef("d", 3))
    cache.put(frame(4))
    assert [FrameRef("d", index) in cache for index in (0, 3, 4)] == [False, True, True]


def test_what_does_not_fit_beside_the_pinned_frame_is_not_kept():
    cache = FrameCache(200)
    cache.put(frame(0, size=150))
    cache.pin(FrameRef("d", 0))
    cache.put(frame(1))
    assert (len(cache), cache.bytes_held) == (1, 150)
