from __future__ import annotations

import numpy as np
import pytest
import torch

from sonichu_gui.model.modeling_sonichu import SonichuPreprocessor
from sonichu_gui.training.data.frames import read_frame
from sonichu_gui.training.data.labels import read_labels
from sonichu_gui.training.ijepa.views import FrameViews, ViewConfig, draw_crop, draw_view


def test_crops_have_the_published_areas_and_aspects():
    rng = np.random.default_rng(0)
    left, top, right, bottom = np.array([draw_crop(ViewConfig(), rng) for _ in range(4000)]).T
    width, height = right - left, bottom - top
    area, aspect = width * height, width / height
    assert 0.3 <= area.min() < 0.305
    assert 0.96 < area.max() <= 1
    assert 3 / 4 <= aspect.min() < 0.76
    assert 1.32 < aspect.max() <= 4 / 3
    assert np.log(aspect).mean() == pytest.approx(0, abs=0.01)  # neither upright nor lying
    assert min(left.min(), top.min()) >= 0
    assert max(right.max(), bottom.max()) <= 1


def test_a_crop_that_never_fits_is_the_whole_frame():
    config = ViewConfig(scale_low=1.0, aspect_low=1.3, aspect_high=1.4)
    assert draw_crop(config, np.random.default_rng(0)) == (0, 0, 1, 1)


def test_a_view_shows_its_crop_and_keeps_grey_values():
    ramp = np.tile(np.arange(200, dtype=np.uint8), (100, 1))
    view = draw_view(ramp, ViewConfig(), size_px=64, rng=np.random.default_rng(3))
    left, _, right, _ = draw_crop(ViewConfig(), np.random.default_rng(3))
    assert view.shape == (64, 64)
    assert view[0, 0] == pytest.approx(200 * left, abs=3)
    assert view[0, -1] == pytest.approx(200 * right, abs=3)
    mirrored = draw_view(ramp, ViewConfig(flip=1.0), size_px=64, rng=np.random.default_rng(3))
    assert np.array_equal(mirrored, view[:, ::-1])


@pytest.fixture
def views(toy_study):
    rows = read_labels(toy_study.labels).rows

    def made(*, seed=1, epoch=0, room=1 << 20, size_px=64):
        frames = FrameViews(
            rows, toy_study.images, ViewConfig(), size_px=size_px, seed=seed, room=room
        )
        frames.set_epoch(epoch)
        return frames

    return made


def test_a_view_is_a_function_of_seed_epoch_and_index_alone(views):
    looked_at = views()
    before = looked_at[2], looked_at[0]
    torch.manual_seed(4)
    assert np.array_equal(looked_at[1], views()[1])
    assert np.array_equal(before[0], views(room=0)[2])
    assert not np.array_equal(looked_at[1], views(epoch=1)[1])
    assert not np.array_equal(looked_at[1], views(seed=2)[1])
    assert looked_at.collate(before).pixel_values.shape == (2, 3, 64, 64)


def test_the_whole_frame_reaches_the_network_as_at_prediction(views, toy_study):
    frames = views(size_px=96)
    ours = frames.collate([frames.whole(0)]).pixel_values
    row = read_labels(toy_study.labels).rows[0]
    expected = SonichuPreprocessor(96)(read_frame(row, toy_study.images))["pixel_values"]
    torch.testing.assert_close(ours, expected)
