"""Predicting the next frames: which of them, and how many are kept."""

from __future__ import annotations

import pytest
from PIL import Image

from sonichu_gui.domain.annotation import ModelId, Status, empty_annotation
from sonichu_gui.domain.frame import FrameRef
from sonichu_gui.errors import ModelError
from sonichu_gui.imaging.sources import digest_of, open_source
from sonichu_gui.labels.store import LabelStore
from sonichu_gui.prediction.ahead import KEPT, ReadyPredictions, Wanted, predict_next
from sonichu_gui.prediction.api import Prediction
from sonichu_gui.tasks import load_tasks
from tests.unit.prediction.models import MODEL, KnownPredictor

HC = load_tasks()["HC"]


@pytest.fixture
def paths(tmp_path):
    for number in range(6):
        Image.new("L", (64, 48), 40 + number).save(tmp_path / f"{number}.png")
    return [tmp_path / f"{number}.png" for number in range(6)]


def read(path, index):
    return open_source(path).frame(index)


def predicted(paths, *, at_most, ready=(), predictor=None):
    wanted = Wanted([(path, 0) for path in paths], HC, False, at_most, ready)
    steps = predict_next(wanted, lambda: predictor or KnownPredictor(), read=read)
    digests = {digest_of(path): path.name for path in paths if path.exists()}
    return [digests[prediction.frame.digest] for prediction in steps]


def test_the_first_frames_that_need_it_are_predicted(paths):
    store = LabelStore.open_for(paths[0].parent)
    labelled = empty_annotation(HC).with_status(Status.EXCLUDED)
    store.append(FrameRef(digest_of(paths[1]), 0), labelled, rater="r1")
    store.close()
    paths[2].write_bytes(b"no picture")
    assert predicted(paths, at_most=3) == ["0.png", "3.png", "4.png"]


def test_what_is_ready_counts_and_is_not_predicted_again(paths):
    ready = frozenset({FrameRef(digest_of(paths[0]), 0)})
    assert predicted(paths, at_most=2, ready=ready) == ["1.png"]


def test_nothing_is_stored_and_no_store_made(paths):
    assert len(predicted(paths, at_most=6)) == 6
    assert not list(paths[0].parent.glob("*.sqlite"))


def test_a_model_that_fails_says_so(paths):
    with pytest.raises(ModelError):
        predicted(paths, at_most=2, predictor=KnownPredictor(fails_from=1))


def prediction(number, *, tta=False, model=MODEL):
    return Prediction(FrameRef("d" * 64, number), "HC", (), model, 0.1, tta, "cpu")


def test_a_ready_prediction_is_given_once_and_only_for_what_it_answers():
    ready = ReadyPredictions()
    ready.put(prediction(1))
    frame = FrameRef("d" * 64, 1)
    assert ready.take(frame, "HC", MODEL, tta=True) is None
    assert ready.take(frame, "FA", MODEL, tta=False) is None
    assert ready.take(frame, "HC", ModelId("known", "ff" * 32), tta=False) is None
    assert ready.take(frame, "HC", MODEL, tta=False) == prediction(1)
    assert ready.take(frame, "HC", MODEL, tta=False) is None


def test_no_more_are_kept_than_a_person_can_use():
    ready = ReadyPredictions()
    for number in range(1000):
        ready.put(prediction(number))
    assert len(ready) == KEPT
    kept = ready.frames("HC", MODEL, tta=False)
    assert kept == {FrameRef("d" * 64, number) for number in range(1000 - KEPT, 1000)}
