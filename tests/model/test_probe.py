"""The trial of ways to run a model: taken once, remembered, and never in the way."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from sonichu_gui import paths
from sonichu_gui.model.modeling_sonichu import SonichuModel
from sonichu_gui.prediction import loading, openvino_engine, probe, remembered, torch_runtime
from sonichu_gui.prediction.api import PredictionCancelled
from sonichu_gui.prediction.local import LocalPredictor
from sonichu_gui.prediction.trials import Choice
from tests.model.answers import TASKS, coordinates


@pytest.fixture(autouse=True)
def _able_cpu(monkeypatch):
    """A CPU with bfloat16 and a person who waits for every pass, without OpenVINO."""
    monkeypatch.setattr(torch_runtime, "cpu_has_bf16", lambda: True)
    monkeypatch.setattr(probe, "QUICK_S", 0.0)
    monkeypatch.setattr(openvino_engine, "is_installed", lambda: False)


@pytest.fixture
def loads(monkeypatch) -> list[Choice]:
    """Every way the model is brought into memory."""
    seen: list[Choice] = []
    network = loading.Loader.network

    def counted(loader, choice):
        seen.append(choice)
        return network(loader, choice)

    monkeypatch.setattr(loading.Loader, "network", counted)
    return seen


def times(monkeypatch, **seconds):
    """Takes the clock out of the choice."""
    measure = probe._Answers._timed

    def timed(answers, made, pixels):
        features = measure(answers, made, pixels)
        answers.seconds = seconds[made.encoder.choice.precision]
        return features

    monkeypatch.setattr(probe._Answers, "_timed", timed)


def load(folder, **options):
    predictor = LocalPredictor(folder, device="cpu", **options)
    predictor.load()
    return predictor


def test_bf16_is_taken_where_it_is_faster_and_finds_the_same(folder, picture, monkeypatch):
    times(monkeypatch, fp32=0.2, bf16=0.1)
    monkeypatch.setattr("sonichu_gui.prediction.trials.MOST_MEDIAN_PX", 50)
    monkeypatch.setattr("sonichu_gui.prediction.trials.MOST_PX", 1024)
    predictor = load(folder)
    report = predictor.report
    assert (report.device, report.engine, report.precision) == ("cpu", "torch", "bf16")
    assert report.gain == pytest.approx(2)
    assert 0 < report.drift.features < 0.05
    found = predictor.predict(picture, TASKS["HC"], tta=True)
    assert (found.engine, found.precision) == ("torch", "bf16")


def test_bf16_is_left_where_it_is_no_gain(folder, monkeypatch):
    times(monkeypatch, fp32=0.2, bf16=0.19)
    assert load(folder).report.precision == "fp32"


def test_bf16_is_left_where_points_move(folder, monkeypatch):
    times(monkeypatch, fp32=0.2, bf16=0.1)
    monkeypatch.setattr("sonichu_gui.prediction.trials.MOST_PX", 1e-9)
    assert load(folder).report.precision == "fp32"


def test_drift_is_told_in_pixels_of_trained_heads(folder):
    drift = load(folder, engine="torch", precision="bf16").report.drift
    assert 0 < drift.median_px <= drift.max_px < 1024


def test_drift_of_a_model_without_heads_is_told_of_its_features(vit_config, tmp_path):
    untrained = {
        name: dataclasses.replace(task, trained=False) for name, task in vit_config.tasks.items()
    }
    SonichuModel(dataclasses.replace(vit_config, tasks=untrained)).save_pretrained(tmp_path / "m")
    drift = load(tmp_path / "m", precision="bf16").report.drift
    assert 0 < drift.features < 0.05
    assert (drift.median_px, drift.max_px) == (None, None)


def test_only_the_first_load_is_a_trial(folder, loads):
    first = load(folder)
    assert loads[:2] == [Choice("torch", "fp32"), Choice("torch", "bf16")]
    loads.clear()
    again = load(folder)
    assert len(loads) == 1
    assert again.report == first.report


def test_other_weights_are_tried_anew(folder, light, tmp_path, loads):
    load(folder)
    loads.clear()
    light.save_pretrained(tmp_path / "other")
    load(tmp_path / "other")
    assert loads[:2] == [Choice("torch", "fp32"), Choice("torch", "bf16")]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"x": 1}', b"\xff\xfe", b'{"a": NaN'])
def test_damaged_memory_costs_only_a_new_trial(folder, picture, content):
    path = paths.user_cache() / remembered.FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    predictor = load(folder)
    assert predictor.predict(picture, TASKS["HC"], tta=False).keypoints
    assert predictor.report.drift is not None
    json.loads(path.read_bytes())


@pytest.mark.parametrize(
    "value", [None, 3, "fast", [{}], [{"engine": "torch"}], [{"seconds": "x", "drift": None}]]
)
def test_memory_of_something_else_costs_only_a_new_trial(folder, loads, value):
    load(folder)
    path = paths.user_cache() / remembered.FILE
    known = {key: value if " torch-" in key else kept for key, kept in _read(path).items()}
    path.write_text(json.dumps(known))
    loads.clear()
    load(folder)
    assert loads[:2] == [Choice("torch", "fp32"), Choice("torch", "bf16")]


def _read(path):
    return json.loads(path.read_text())


def test_cache_that_cannot_be_written_is_no_obstacle(folder, picture):
    paths.user_cache().parent.mkdir(parents=True, exist_ok=True)
    paths.user_cache().write_text("a file where the folder should be")
    assert load(folder).predict(picture, TASKS["HC"], tta=False).keypoints


def test_a_quick_model_stays_in_the_reference(folder, loads, monkeypatch):
    monkeypatch.setattr(probe, "QUICK_S", 60.0)
    assert load(folder).report.precision == "fp32"
    assert set(loads) == {Choice("torch", "fp32")}


def test_what_is_asked_for_is_taken(folder, picture, monkeypatch):
    times(monkeypatch, fp32=0.1, bf16=0.2)
    coarse = load(folder, engine="torch", precision="bf16")
    assert coarse.report.precision == "bf16"
    exact = load(folder, engine="torch", precision="fp32")
    assert exact.report.precision == "fp32"
    np.testing.assert_allclose(
        coordinates(coarse.predict(picture, TASKS["HC"], tta=True)),
        coordinates(exact.predict(picture, TASKS["HC"], tta=True)),
        atol=8,
    )


def test_a_way_that_does_not_run_here_is_passed_over(folder, monkeypatch):
    network = loading.Loader.network

    def refuse(loader, choice):
        if choice.precision == "bf16":
            raise RuntimeError("no kernel for bfloat16")
        return network(loader, choice)

    monkeypatch.setattr(loading.Loader, "network", refuse)
    assert load(folder).report.precision == "fp32"


def test_trial_that_nobody_waits_for_stops_and_is_not_remembered(folder, picture):
    asked = []

    def is_cancelled():
        asked.append(1)
        return len(asked) > 20

    predictor = LocalPredictor(folder, device="cpu")
    with pytest.raises(PredictionCancelled):
        predictor.predict(picture, TASKS["HC"], tta=False, is_cancelled=is_cancelled)
    assert len(asked) == 21
    assert predictor.report is None
    assert not any(" torch-" in key for key in _read(paths.user_cache() / remembered.FILE))
    assert predictor.predict(picture, TASKS["HC"], tta=False).keypoints
