from __future__ import annotations

import hashlib
import json
import threading

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
from sonichu_gui.prediction import local
from sonichu_gui.prediction.local import LocalPredictor, devices
from sonichu_gui.tasks import load_tasks

TASKS = load_tasks()


@pytest.fixture
def picture(frame) -> Frame:
    return Frame(FrameRef("a" * 64), frame)


@pytest.fixture
def predictor(folder) -> LocalPredictor:
    return LocalPredictor(folder, device="cpu")


def coordinates(prediction):
    return np.array([point.xy for point in prediction.keypoints])


@pytest.fixture
def encodings(monkeypatch) -> list[int]:
    """Counts the passes through the backbone."""
    seen: list[int] = []
    encode = SonichuModel.encode

    def counted(self, pixel_values):
        seen.append(len(pixel_values))
        return encode(self, pixel_values)

    monkeypatch.setattr(SonichuModel, "encode", counted)
    return seen


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


# --- one encoding a frame ---


def test_second_task_of_a_frame_needs_no_second_encoding(predictor, picture, encodings):
    for task in ("HC", "PLAX", "HC"):
        predictor.predict(picture, TASKS[task], tta=True)
    assert encodings == [2]


def test_another_frame_is_encoded_anew(predictor, picture, encodings):
    for ref in (picture.ref, FrameRef("b" * 64), FrameRef("b" * 64, 1)):
        predictor.predict(Frame(ref, picture.pixels), TASKS["HC"], tta=False)
    assert len(encodings) == 3


def test_features_without_the_mirror_do_not_answer_for_it(predictor, picture, encodings):
    predictor.predict(picture, TASKS["HC"], tta=False)
    predictor.predict(picture, TASKS["HC"], tta=True)
    assert encodings == [1, 2]


def test_kept_features_give_the_same_points(folder, picture):
    shared, alone = LocalPredictor(folder, device="cpu"), LocalPredictor(folder, device="cpu")
    shared.predict(picture, TASKS["HC"], tta=True)
    np.testing.assert_array_equal(
        coordinates(shared.predict(picture, TASKS["PLAX"], tta=True)),
        coordinates(alone.predict(picture, TASKS["PLAX"], tta=True)),
    )


# --- threads ---


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


def test_loading_happens_once(predictor, picture, monkeypatch):
    predictor.load()
    monkeypatch.setattr(SonichuModel, "from_pretrained", None)
    predictor.load()
    assert predictor.predict(picture, TASKS["HC"], tta=False).keypoints


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


# --- devices ---


def test_cpu_is_always_there():
    assert devices()[0] == "cpu"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_that_is_not_there_is_told(folder):
    with pytest.raises(ModelError, match="no CUDA device"):
        LocalPredictor(folder, device="cuda").load()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_auto_falls_to_the_cpu(folder):
    predictor = LocalPredictor(folder)
    assert predictor.device == "auto"
    predictor.load()
    assert predictor.device == "cpu"


def test_gpu_without_memory_leads_to_the_cpu(predictor, picture, monkeypatch):
    expected = predictor.predict(picture, TASKS["HC"], tta=False)
    # A GPU is not at hand everywhere: the loaded model only believes to be on one.
    predictor._loaded = local._Loaded(
        predictor._loaded.id, predictor._loaded.network, predictor._loaded.prepare, "cuda"
    )
    predictor._encoded = None
    monkeypatch.setattr(torch.Tensor, "to", _refuse_cuda(torch.Tensor.to))
    found = predictor.predict(picture, TASKS["HC"], tta=False)
    assert (found.device, predictor.device) == ("cpu", "cpu")
    np.testing.assert_array_equal(coordinates(found), coordinates(expected))


def _refuse_cuda(move):
    def to(self, *args, **kwargs):
        if args and args[0] == "cuda":
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return move(self, *args, **kwargs)

    return to


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("tta", [False, True])
def test_cuda_agrees_with_the_cpu(folder, picture, tta):
    on_cpu = LocalPredictor(folder, device="cpu").predict(picture, TASKS["HC"], tta=tta)
    on_cuda = LocalPredictor(folder, device="cuda").predict(picture, TASKS["HC"], tta=tta)
    assert on_cuda.device == "cuda"
    np.testing.assert_allclose(coordinates(on_cuda), coordinates(on_cpu), atol=0.5)


def test_embedded_model_predicts_a_head(picture):
    folder = paths.resources("models", "sonichu-mini")
    if not folder.is_dir():
        pytest.skip(f"{folder} has not been trained yet")
    found = LocalPredictor(folder, device="cpu").predict(picture, TASKS["HC"], tta=True)
    assert all(-0.5 <= x <= 799.5 and -0.5 <= y <= 539.5 for x, y in coordinates(found))
