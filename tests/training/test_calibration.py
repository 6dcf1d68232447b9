"""How sure a head may be is fitted to its errors, and stated intervals then hold."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from sonichu_gui import cli, paths
from sonichu_gui.errors import LabelError, ModelError
from sonichu_gui.model.modeling_sonichu import SonichuConfig, SonichuModel
from sonichu_gui.prediction.zoo import add_model, verify_model
from sonichu_gui.training.calibration import calibrate_model, fit_scale
from sonichu_gui.training.evaluate import run_evaluate

rng = np.random.default_rng(5)


@pytest.mark.parametrize("factor", [0.05, 1.0, 30.0])
def test_errors_that_follow_their_variances_give_the_factor_back(factor):
    variances = rng.uniform(0.5, 8.0, 20_000)
    errors = rng.normal(0, np.sqrt(factor * variances))
    assert fit_scale(errors, variances, np.zeros_like(variances)) == pytest.approx(factor, rel=0.06)


def test_what_the_views_explain_is_not_explained_twice():
    of_peaks, of_views = rng.uniform(1, 4, 20_000), rng.uniform(0, 6, 20_000)
    errors = rng.normal(0, np.sqrt(0.5 * of_peaks + of_views))
    assert fit_scale(errors, of_peaks, of_views) == pytest.approx(0.5, rel=0.1)


def test_one_gross_failure_hardly_widens_the_intervals():
    variances = np.ones(500)
    errors = rng.normal(0, 1, 500)
    failed = np.concatenate([errors[:-1], [60.0]])
    alone = fit_scale(errors, variances, np.zeros(500))
    assert fit_scale(failed, variances, np.zeros(500)) == pytest.approx(alone, rel=0.25)


@pytest.fixture
def own_folder(tmp_path):
    config = SonichuConfig.from_dict(
        {
            "image_size": 64,
            "heatmap_size": 16,
            "backbone": {"type": "efficientnet_lite", "fpn_channels": 16},
            "head": {"type": "light", "channels": 16},
        }
    )
    tasks = dict(config.tasks)
    tasks["HC"] = dataclasses.replace(tasks["HC"], trained=True)
    SonichuModel(dataclasses.replace(config, tasks=tasks)).save_pretrained(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def many_rows(toy_study):
    """The toy study's labels, each frame often enough for a fit."""
    header, *rows = toy_study.labels.read_text(encoding="utf-8").splitlines()
    labels = toy_study.root / "many.csv"
    labels.write_text("\n".join([header, *(rows * 4)]) + "\n", encoding="utf-8")
    return labels


def test_the_factor_is_written_and_makes_the_intervals_hold(
    own_folder, many_rows, toy_study, capsys
):
    before = json.loads((own_folder / "config.json").read_text())
    code = cli.main(
        [
            "train", "calibrate", "--model", str(own_folder), "--labels", str(many_rows),
            "--images", str(toy_study.images),
        ]
    )  # fmt: skip
    assert code == 0
    assert "covariance_scale" in capsys.readouterr().out
    after = json.loads((own_folder / "config.json").read_text())
    scale = after["tasks"]["HC"].pop("covariance_scale")
    assert before["tasks"]["HC"].pop("covariance_scale") == 1.0
    assert after == before
    assert scale != 1.0
    score = run_evaluate(
        labels=many_rows, images=toy_study.images, models=[own_folder], ensemble=None, split=None
    )["tasks"]["HC"]["measures"]["HC"]
    assert 0.4 <= score["within_68"] <= 0.95
    assert score["within_95"] >= score["within_68"]


def test_an_installed_model_is_whole_after_it_was_calibrated(own_folder, many_rows, toy_study):
    installed = add_model(own_folder)
    calibrate_model(installed.folder, labels=many_rows, images=toy_study.images, split=None)
    assert verify_model(installed).ok


def test_a_head_that_the_configuration_does_not_name_is_calibrated(
    own_folder, many_rows, toy_study
):
    path = own_folder / "config.json"
    config = json.loads(path.read_text())
    del config["tasks"]["HC"]
    path.write_text(json.dumps(config))
    (fitted,) = calibrate_model(own_folder, labels=many_rows, images=toy_study.images, split=None)
    task = SonichuModel.from_pretrained(own_folder).config.tasks["HC"]
    assert (task.covariance_scale, task.trained) == (fitted.scale, True)


def test_a_folder_of_another_library_is_to_be_added_first(own_folder, many_rows, toy_study):
    (own_folder / "config.json").write_text('{"model_type": "theirs"}')
    with pytest.raises(ModelError) as caught:
        calibrate_model(own_folder, labels=many_rows, images=toy_study.images, split=None)
    assert f"sonichu models add {own_folder}" in caught.value.hint


def test_too_few_frames_are_refused_and_nothing_is_written(own_folder, toy_study):
    before = (own_folder / "config.json").read_bytes()
    with pytest.raises(LabelError, match="too few"):
        calibrate_model(own_folder, labels=toy_study.labels, images=toy_study.images, split="test")
    assert (own_folder / "config.json").read_bytes() == before


def test_labels_of_other_tasks_are_refused(own_folder, toy_study):
    labels = toy_study.root / "femur.csv"
    labels.write_text(
        toy_study.labels.read_text(encoding="utf-8").replace(",HC,", ",FA,"), encoding="utf-8"
    )
    with pytest.raises(LabelError, match="trained for"):
        calibrate_model(own_folder, labels=labels, images=toy_study.images, split=None)


def test_the_embedded_head_is_calibrated():
    task = SonichuModel.from_pretrained(paths.resources("models", "sonichu-mini")).config.tasks[
        "HC"
    ]
    assert 0 < task.covariance_scale < 1
    assert {"within_68", "within_95"} <= set(task.accuracy)
