"""A frame is encoded once: other tasks, fewer views and heatmaps come from its kept features."""

from __future__ import annotations

import numpy as np

from sonichu_gui.domain.frame import Frame, FrameRef
from sonichu_gui.prediction.local import LocalPredictor
from tests.model.answers import TASKS, coordinates


def reference(folder) -> LocalPredictor:
    return LocalPredictor(folder, device="cpu", engine="torch", precision="fp32")


def test_second_task_of_a_frame_needs_no_second_encoding(predictor, picture, encodings):
    for task in ("HC", "PLAX", "HC"):
        predictor.predict(picture, TASKS[task], tta=True)
    assert encodings == [2]


def test_another_frame_is_encoded_anew(predictor, picture, encodings):
    for ref in (picture.ref, FrameRef("b" * 64), FrameRef("b" * 64, 1)):
        predictor.predict(Frame(ref, picture.pixels), TASKS["HC"], tta=False)
    assert len(encodings) == 3


def test_coming_back_to_a_frame_costs_no_encoding(predictor, picture, encodings):
    other = Frame(FrameRef("b" * 64), picture.pixels)
    for shown in (picture, other, picture, other):
        predictor.predict(shown, TASKS["HC"], tta=True)
    assert encodings == [2, 2]


def test_features_with_the_mirror_answer_without_it(predictor, folder, picture, encodings):
    predictor.predict(picture, TASKS["HC"], tta=True)
    found = predictor.predict(picture, TASKS["HC"], tta=False)
    assert encodings == [2]
    alone = reference(folder).predict(picture, TASKS["HC"], tta=False)
    np.testing.assert_allclose(coordinates(found), coordinates(alone), atol=1e-3)
    assert all(point.disagreement is None for point in found.keypoints)


def test_features_without_the_mirror_lack_only_the_mirror(predictor, folder, picture, encodings):
    predictor.predict(picture, TASKS["HC"], tta=False)
    found = predictor.predict(picture, TASKS["HC"], tta=True)
    assert encodings == [1, 1]
    together = reference(folder).predict(picture, TASKS["HC"], tta=True)
    np.testing.assert_allclose(coordinates(found), coordinates(together), atol=1e-3)


def test_kept_features_give_the_same_points(folder, picture):
    shared, alone = reference(folder), reference(folder)
    shared.predict(picture, TASKS["HC"], tta=True)
    np.testing.assert_array_equal(
        coordinates(shared.predict(picture, TASKS["PLAX"], tta=True)),
        coordinates(alone.predict(picture, TASKS["PLAX"], tta=True)),
    )


def test_kept_features_are_bounded(predictor, picture, encodings):
    predictor._kept._max_bytes = 2 * 32 * 16 * 16 * 4  # two views of the small network
    for digest in "abc":
        predictor.predict(Frame(FrameRef(digest * 64), picture.pixels), TASKS["HC"], tta=False)
    assert predictor._kept.size_bytes == 2 * 32 * 16 * 16 * 4
    predictor.predict(Frame(FrameRef("c" * 64), picture.pixels), TASKS["HC"], tta=False)
    assert len(encodings) == 3
    predictor.predict(Frame(FrameRef("a" * 64), picture.pixels), TASKS["HC"], tta=False)
    assert len(encodings) == 4
