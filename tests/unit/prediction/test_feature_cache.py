from __future__ import annotations

import numpy as np
import pytest

from sonichu_gui.domain.frame import FrameRef
from sonichu_gui.prediction.feature_cache import FeatureCache, View

FRAMES = [FrameRef(digest * 64) for digest in "abcdef"]


def features(size: int = 100):
    """Anything that knows its size stands for a tensor."""
    return np.zeros(size, np.uint8)


@pytest.fixture
def cache() -> FeatureCache:
    return FeatureCache(max_bytes=300)


def test_the_one_unused_for_longest_leaves(cache):
    for frame in FRAMES[:3]:
        cache.put(frame, View.FRAME, features())
    cache.get(FRAMES[0], View.FRAME)
    cache.put(FRAMES[3], View.FRAME, features())
    kept = [frame for frame in FRAMES if cache.get(frame, View.FRAME) is not None]
    assert kept == [FRAMES[0], FRAMES[2], FRAMES[3]]
    assert cache.size_bytes == 300


def test_views_and_frames_of_a_cine_are_told_apart(cache):
    first = FrameRef("a" * 64, 1)
    cache.put(first, View.FRAME, features())
    assert cache.get(first, View.MIRRORED) is None
    assert cache.get(FrameRef("a" * 64, 2), View.FRAME) is None


def test_the_same_again_takes_its_own_place(cache):
    for _ in range(5):
        cache.put(FRAMES[0], View.FRAME, features())
    assert cache.size_bytes == 100


def test_what_is_larger_than_everything_is_not_kept(cache):
    cache.put(FRAMES[0], View.FRAME, features())
    cache.put(FRAMES[1], View.FRAME, features(301))
    assert cache.get(FRAMES[1], View.FRAME) is None
    assert cache.get(FRAMES[0], View.FRAME) is not None


def test_clearing_forgets_all(cache):
    cache.put(FRAMES[0], View.FRAME, features())
    cache.clear()
    assert (cache.get(FRAMES[0], View.FRAME), cache.size_bytes) == (None, 0)
