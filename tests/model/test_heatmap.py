from __future__ import annotations

import numpy as np
import pytest
import safetensors.torch
import torch

from sonichu_gui.domain.frame import Frame, FrameRef
from sonichu_gui.errors import ModelError, UntrainedHead
from sonichu_gui.prediction.answers import heatmap_of
from sonichu_gui.prediction.local import LocalPredictor
from tests.model.answers import TASKS


@pytest.mark.parametrize("tta", [False, True])
@pytest.mark.parametrize("keypoint", [0, 3, None])
def test_covers_the_whole_frame_and_reaches_one(predictor, picture, tta, keypoint):
    found = predictor.heatmap(picture, TASKS["HC"], tta=tta, keypoint=keypoint)
    assert (found.shape, found.dtype) == ((540, 800), np.float32)
    assert found.min() >= 0
    assert found.max() == 1


def test_comes_from_the_features_of_the_prediction(predictor, picture, encodings):
    predictor.predict(picture, TASKS["HC"], tta=True)
    predictor.heatmap(picture, TASKS["HC"], tta=True)
    predictor.heatmap(picture, TASKS["PLAX"], tta=False, keypoint=21)
    assert encodings == [2]


def test_peak_is_where_the_cell_is():
    probabilities = torch.zeros(2, 64, 64)
    probabilities[0, 10, 40] = 0.5
    probabilities[1, 50, 5] = 1.0
    frame = Frame(FrameRef("a" * 64), np.zeros((320, 640), np.uint8))

    def peak(keypoint):
        y, x = np.unravel_index(heatmap_of(probabilities, frame, keypoint).argmax(), (320, 640))
        return x, y

    # Cell c of 64 covers the pixels from c * size / 64 to (c + 1) * size / 64.
    for keypoint, (column, row) in ((0, (40, 10)), (1, (5, 50)), (None, (5, 50))):
        x, y = peak(keypoint)
        assert column * 10 <= x < (column + 1) * 10
        assert row * 5 <= y < (row + 1) * 5


def test_highest_of_all_shows_every_keypoint():
    probabilities = torch.zeros(2, 64, 64)
    probabilities[0, 10, 40] = 0.5
    probabilities[1, 50, 5] = 1.0
    frame = Frame(FrameRef("a" * 64), np.zeros((64, 64), np.uint8))
    found = heatmap_of(probabilities, frame, None)
    assert (found[10, 40], found[50, 5], found.sum()) == (0.5, 1.0, 1.5)


def test_untrained_head_has_no_heatmap(predictor, picture):
    with pytest.raises(UntrainedHead):
        predictor.heatmap(picture, TASKS["FA"], tta=False)


def test_weights_that_are_not_numbers_give_no_heatmap(folder, picture):
    path = folder / "model.safetensors"
    tensors = safetensors.torch.load_file(path)
    tensors["heads.HC.final_layer.weight"].fill_(torch.nan)
    path.write_bytes(safetensors.torch.save(tensors))
    with pytest.raises(ModelError, match="without coordinates"):
        LocalPredictor(folder).heatmap(picture, TASKS["HC"], tta=False)
