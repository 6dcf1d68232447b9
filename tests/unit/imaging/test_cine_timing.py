from __future__ import annotations

import numpy as np
import pytest

from sonichu_gui.imaging.sources import open_source


@pytest.fixture
def cine(write_dicom):
    """A cine of four frames with the given elements."""

    def make(**elements):
        frames = np.zeros((4, 4, 4), np.uint8)
        return open_source(write_dicom(frames, frames=4, **elements))

    return make


def test_frame_time_is_taken(cine):
    assert cine(FrameTime=40).frame_time_ms == 40


def test_vector_is_averaged_over_the_steps_between_frames(cine):
    assert cine(FrameTimeVector=[0, 30, 30, 60]).frame_time_ms == 40


def test_vector_gives_each_frame_its_own_time(cine):
    source = cine(FrameTimeVector=[0, 30, 30, 60])
    assert [source.frame(index).time_ms for index in range(4)] == [0, 30, 60, 120]


def test_equal_steps_give_multiples_of_the_frame_time(cine):
    source = cine(FrameTime=40)
    assert [source.frame(index).time_ms for index in range(4)] == [0, 40, 80, 120]


def test_cine_rate_stands_in(cine):
    assert cine(CineRate=25).frame_time_ms == 40


def test_recommended_rate_is_the_last_resort(cine):
    assert cine(RecommendedDisplayFrameRate=50).frame_time_ms == 20


def test_frame_time_of_nothing_is_passed_over(cine):
    assert cine(FrameTime=0, CineRate=25).frame_time_ms == 40


def test_cine_without_any_time_has_none(cine):
    source = cine()
    assert (source.frame_time_ms, source.frame(1).time_ms) == (None, None)


def test_still_has_no_frame_time(write_dicom):
    path = write_dicom(np.zeros((4, 4), np.uint8), FrameTime=40)
    assert open_source(path).frame_time_ms is None
