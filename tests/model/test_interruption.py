"""One engine at a time, and none that nobody waits for."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from sonichu_gui.domain.frame import Frame, FrameRef
from sonichu_gui.model.modeling_sonichu import SonichuModel
from sonichu_gui.prediction.api import PredictionCancelled
from sonichu_gui.prediction.local import LocalPredictor
from tests.model.answers import TASKS, coordinates


class Asked:
    """Is cancelled from a certain question on."""

    def __init__(self, last: int) -> None:
        self.times, self._last = 0, last

    def __call__(self) -> bool:
        self.times += 1
        return self.times > self._last


def test_threads_take_turns_and_agree(predictor, picture):
    pictures = [Frame(FrameRef(str(i) * 64), np.roll(picture.pixels, 40 * i)) for i in range(3)]
    expected = [coordinates(predictor.predict(p, TASKS["HC"], tta=False)) for p in pictures]
    found: dict[int, np.ndarray] = {}

    def work(i):
        found[i] = coordinates(predictor.predict(pictures[i % 3], TASKS["HC"], tta=False))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 9
    for i, points in found.items():
        np.testing.assert_allclose(points, expected[i % 3], atol=1e-3)


@pytest.mark.parametrize("engine", ["torch", "openvino"])
def test_two_models_never_run_at_once(folder, picture, monkeypatch, engine):
    if engine == "openvino":
        pytest.importorskip("openvino")
    models = [
        LocalPredictor(folder, device="cpu", engine=engine, precision="fp32") for _ in range(2)
    ]
    for model in models:
        model.load()
    inside: list[int] = []
    most = []
    for model in models:
        encode = model._loaded.encoder.encode

        def watched(pixels, is_cancelled, encode=encode):
            inside.append(1)
            most.append(len(inside))
            try:
                return encode(pixels, is_cancelled)
            finally:
                inside.pop()

        monkeypatch.setattr(model._loaded.encoder, "encode", watched)
    frames = [Frame(FrameRef(digest * 64), picture.pixels) for digest in "abcd"]
    threads = [
        threading.Thread(target=model.predict, args=(frame, TASKS["HC"]), kwargs={"tta": False})
        for model in models
        for frame in frames
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 8


def test_is_asked_between_the_blocks_of_the_encoder(folder_of_each, picture, encodings):
    predictor = LocalPredictor(folder_of_each, device="cpu", engine="torch", precision="fp32")
    predictor.load()
    blocks = len(predictor._loaded.network.backbone.blocks)
    whole = Asked(1000)
    predictor.predict(picture, TASKS["HC"], tta=False, is_cancelled=whole)
    assert whole.times >= blocks + 2  # and before the turn, and before the head


@pytest.mark.parametrize("questions", [0, 1, 2, 3])
def test_stops_at_the_next_question_and_leaves_nothing_behind(
    predictor, folder, picture, monkeypatch, questions
):
    predictor.load()
    located = []
    locate = SonichuModel.locate
    monkeypatch.setattr(
        SonichuModel, "locate", lambda *a, **k: located.append(1) or locate(*a, **k)
    )
    asked = Asked(questions)
    with pytest.raises(PredictionCancelled):
        predictor.predict(picture, TASKS["HC"], tta=True, is_cancelled=asked)
    assert asked.times == questions + 1
    assert located == []
    # The next one is whole, whatever the former had begun.
    again = predictor.predict(picture, TASKS["HC"], tta=True)
    fresh = LocalPredictor(folder, device="cpu", engine="torch", precision="fp32")
    np.testing.assert_array_equal(
        coordinates(again), coordinates(fresh.predict(picture, TASKS["HC"], tta=True))
    )


def test_a_cancelled_pass_keeps_no_features(predictor, picture):
    with pytest.raises(PredictionCancelled):
        predictor.predict(picture, TASKS["HC"], tta=True, is_cancelled=Asked(2))
    assert predictor._kept.size_bytes == 0


def test_the_one_that_waits_runs_when_the_other_is_cancelled(predictor, picture, monkeypatch):
    predictor.load()
    begun, unwanted = threading.Event(), threading.Event()
    ended = []

    def background():
        def is_cancelled():
            begun.set()
            return unwanted.wait(timeout=0.001)

        try:
            while True:  # predict-ahead has always another frame
                other = Frame(FrameRef("f" * 64, len(ended)), picture.pixels)
                predictor._kept.clear()
                predictor.predict(other, TASKS["HC"], tta=False, is_cancelled=is_cancelled)
        except PredictionCancelled:
            ended.append("cancelled")

    thread = threading.Thread(target=background)
    thread.start()
    assert begun.wait(timeout=10)
    unwanted.set()
    assert predictor.predict(picture, TASKS["HC"], tta=False).keypoints
    thread.join(timeout=10)
    assert ended == ["cancelled"]


def test_one_that_waits_may_leave_the_queue(predictor, picture):
    from sonichu_gui.prediction.turns import engine_turn

    with engine_turn(), pytest.raises(PredictionCancelled):
        predictor.predict(picture, TASKS["HC"], tta=False, is_cancelled=Asked(1))
    assert predictor.predict(picture, TASKS["HC"], tta=False).keypoints


def test_loading_happens_once(predictor, picture, monkeypatch):
    predictor.load()
    monkeypatch.setattr(SonichuModel, "from_pretrained", None)
    predictor.load()
    assert predictor.predict(picture, TASKS["HC"], tta=False).keypoints
