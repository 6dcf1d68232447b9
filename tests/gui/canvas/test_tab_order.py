"""Where Tab goes: every keypoint, and after each its other candidates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonichu_gui.domain.annotation import Alternative
from sonichu_gui.gui.canvas.picking import nearest_candidate, next_stop
from sonichu_gui.gui.canvas.transform import ViewTransform


def walk(counts, step):
    """All stops from one end to the other."""
    stop, stops = (None, None), []
    while True:
        stop = next_stop(*stop, counts=counts, step=step)
        if stop[0] is None:
            return stops
        stops.append(stop)


def test_tab_visits_every_point_and_then_its_candidates():
    assert walk([2, 0, 1], 1) == [(0, None), (0, 0), (0, 1), (1, None), (2, None), (2, 0)]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=8))
def test_shift_tab_goes_the_same_way_back(counts):
    assert walk(counts, -1) == walk(counts, 1)[::-1]


@pytest.mark.parametrize(
    ("pointer", "found"), [((30.0, 21.0), 1), ((11.0, 9.0), 0), ((90, 9), None)]
)
def test_the_nearest_candidate_within_reach_is_meant(pointer, found):
    candidates = (Alternative(10.0, 10.0, 0.3), Alternative(25.0, 20.0, 0.2))
    view = ViewTransform()
    assert nearest_candidate(candidates, pointer=pointer, view=view, reach=12.0) == found
