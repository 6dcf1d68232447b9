from __future__ import annotations

import hashlib
import json
import shutil

import numpy as np
import pytest
import safetensors.torch
import torch

from sonichu_gui import paths
from sonichu_gui.biometry.measure import measure
from sonichu_gui.domain.annotation import Origin, proposed_annotation
from sonichu_gui.domain.calibration import Calibration
from sonichu_gui.domain.frame import Frame, FrameRef
from sonichu_gui.errors import ModelError, UntrainedHead
from sonichu_gui.model.inference import to_pixels
from sonichu_gui.model.modeling_sonichu import SonichuModel, SonichuPreprocessor
from sonichu_gui.prediction.local import LocalPredictor
from tests.model.answers import TASKS, coordinates


@pytest.mark.parametrize("tta", [False, True])
def test_points_are_the_networks_in_image_pixels(folder_of_each, picture, tta):
    folder = folder_of_each
    found = LocalPredictor(folder, device="cpu").predict(picture, TASKS["HC"], tta=tta)
    inputs = SonichuPreprocessor.from_pretrained(folder)(picture.pixels)
    network = SonichuModel.from_pretrained(folder)
    expected = network.detect(inputs["pixel_values"], "HC", tta=tta)
    np.testing.assert_allclose(
        coordinates(found), to_pixels(expected.xy[0].numpy(), 800, 540), atol=1e-3
    )
    first, covariance = found.keypoints[0], expected.covariance[0, 0].numpy()
    assert first.confidence == pytest.approx(float(expected.confidence[0, 0]), abs=1e-5)
    assert first.covariance == pytest.approx(
        (
            covariance[0, 0] * 800 * 800,
            covariance[0, 1] * 800 * 540,
            covariance[1, 1] * 540 * 540,
        ),
        rel=1e-3,
    )


def test_prediction_says_who_made_it_and_where(predictor, folder, picture):
    found = predictor.predict(picture, TASKS["HC"], tta=True)
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert (found.frame, found.task_id, found.tta, found.device) == (
        picture.ref,
        "HC",
        True,
        "cpu",
    )
    assert (found.model.name, found.model.hash) == ("sonichu", digest)
    assert found.seconds > 0
    assert {point.origin for point in found.keypoints} == {Origin.MODEL}


def test_colour_and_grey_of_the_same_picture_agree(predictor, picture):
    colour = Frame(FrameRef("b" * 64), picture.rgb())
    np.testing.assert_allclose(
        coordinates(predictor.predict(colour, TASKS["HC"], tta=False)),
        coordinates(predictor.predict(picture, TASKS["HC"], tta=False)),
    )


def test_predicted_points_are_measured_with_an_uncertainty(predictor, picture):
    found = predictor.predict(picture, TASKS["HC"], tta=False)
    annotation = proposed_annotation(TASKS["HC"], found.keypoints, found.model)
    assert all(m.uncertainty for m in measure(TASKS["HC"], annotation, Calibration()))


# --- what a person can act on ---


@pytest.mark.parametrize("task", ["FA", "IVC"])
def test_untrained_head_gives_no_points(predictor, picture, task):
    with pytest.raises(UntrainedHead) as caught:
        predictor.predict(picture, TASKS[task], tta=False)
    assert f"no trained head for {TASKS[task].title}" in caught.value.message
    assert caught.value.hint == "Place the points by hand."


def test_head_of_another_size_is_refused(folder, picture):
    config = json.loads((folder / "config.json").read_text())
    config["tasks"]["IVC"] = {**config["tasks"]["HC"], "trained": True}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="IVC finds 4 points, the task has 2"):
        LocalPredictor(folder).predict(picture, TASKS["IVC"], tta=False)


def test_folder_that_is_no_model_is_refused_at_once(tmp_path):
    with pytest.raises(ModelError, match="does not exist"):
        LocalPredictor(tmp_path / "nowhere")


def test_weights_in_memory_keep_their_name_when_the_folder_is_gone(folder, picture):
    predictor = LocalPredictor(folder)
    predictor.load()
    shutil.rmtree(folder)
    found = predictor.predict(picture, TASKS["HC"], tta=False)
    assert predictor.model == found.model
    assert found.model.hash


def test_missing_tensor_is_named(folder):
    path = folder / "model.safetensors"
    tensors = safetensors.torch.load_file(path)
    del tensors["heads.HC.final_layer.bias"]
    path.write_bytes(safetensors.torch.save(tensors))
    predictor = LocalPredictor(folder)
    with pytest.raises(ModelError) as caught:
        predictor.load()
    assert str(path) in caught.value.message
    assert "1 missing tensors: heads.HC.final_layer.bias" in caught.value.message


def test_missing_preprocessor_is_named(folder):
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(ModelError, match=r"preprocessor_config\.json"):
        LocalPredictor(folder).load()


def test_weights_that_are_not_numbers_give_no_points(folder, picture):
    path = folder / "model.safetensors"
    tensors = safetensors.torch.load_file(path)
    tensors["heads.HC.final_layer.weight"].fill_(torch.nan)
    path.write_bytes(safetensors.torch.save(tensors))
    with pytest.raises(ModelError, match="without coordinates"):
        LocalPredictor(folder).predict(picture, TASKS["HC"], tta=False)


def test_code_beside_weights_is_never_run(folder, picture):
    for name in ("modeling_sonichu.py", "inference.py"):
        (folder / name).write_text("raise SystemExit('ran')")
    assert LocalPredictor(folder).predict(picture, TASKS["HC"], tta=False).keypoints


def test_unknown_device_is_a_mistake(folder):
    with pytest.raises(ValueError, match="tpu"):
        LocalPredictor(folder, device="tpu")


def test_failure_of_the_network_names_model_and_frame(predictor, picture, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError("device lost\nCompile with TORCH_USE_CUDA_DSA")

    monkeypatch.setattr(SonichuModel, "locate", fail)
    with pytest.raises(ModelError) as caught:
        predictor.predict(picture, TASKS["HC"], tta=False)
    assert caught.value.message == "sonichu failed on frame 1 for HC: device lost."


def test_embedded_model_predicts_a_head(picture):
    folder = paths.resources("models", "sonichu-mini")
    if not folder.is_dir():
        pytest.skip(f"{folder} has not been trained yet")
    found = LocalPredictor(folder, device="cpu").predict(picture, TASKS["HC"], tta=True)
    assert all(-0.5 <= x <= 799.5 and -0.5 <= y <= 539.5 for x, y in coordinates(found))
