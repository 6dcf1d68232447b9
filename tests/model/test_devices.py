"""CPU and GPU. Where there is no GPU one is pretended: its number types and its memory are real."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sonichu_gui.errors import ModelError
from sonichu_gui.model.modeling_sonichu import SonichuModel
from sonichu_gui.prediction.local import OUT_OF_GPU_MEMORY, LocalPredictor, devices
from tests.model.answers import TASKS, coordinates

no_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")


class PretendedGpu:
    """Keeps what is moved to "cuda" on the CPU, and counts it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full_at = ""
        self.error: RuntimeError = torch.OutOfMemoryError("CUDA out of memory.\nTried 20 MiB.")
        self.pinned: list[torch.Tensor] = []
        self.copies: list[bool] = []
        self._patch(monkeypatch, torch.nn.Module, "load")
        self._patch(monkeypatch, torch.Tensor, "encode")
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(
            torch.Tensor, "pin_memory", lambda tensor: self.pinned.append(tensor) or tensor
        )
        locate = SonichuModel.locate

        def located(network, features, task, *, tta):
            self.refuse("head")
            return locate(network, features, task, tta=tta)

        monkeypatch.setattr(SonichuModel, "locate", located)

    def _patch(self, monkeypatch, kind, stage):
        move = kind.to

        def to(thing, *args, **kwargs):
            if args and args[0] == "cuda":
                self.refuse(stage)
                self.copies.append(kwargs.get("non_blocking", False))
                return thing
            return move(thing, *args, **kwargs)

        monkeypatch.setattr(kind, "to", to)

    def refuse(self, stage: str) -> None:
        if stage == self.full_at:
            self.full_at = ""
            raise self.error


@pytest.fixture
def gpu(monkeypatch) -> PretendedGpu:
    return PretendedGpu(monkeypatch)


def test_cpu_is_always_there():
    assert devices()[0] == "cpu"


@no_cuda
def test_cuda_that_is_not_there_is_told(folder):
    with pytest.raises(ModelError, match="no CUDA device"):
        LocalPredictor(folder, device="cuda").load()


@no_cuda
def test_auto_falls_to_the_cpu(folder):
    predictor = LocalPredictor(folder)
    assert predictor.device == "auto"
    predictor.load()
    assert predictor.device == "cpu"


@no_cuda
def test_gpu_runs_in_half_precision_by_a_pinned_copy(folder, picture, gpu):
    predictor = LocalPredictor(folder)
    found = predictor.predict(picture, TASKS["HC"], tta=True)
    assert (found.device, found.engine, found.precision) == ("cuda", "torch", "fp16")
    assert [tensor.shape for tensor in gpu.pinned] == [(2, 3, 256, 256)]
    assert True in gpu.copies
    network = predictor._loaded.network
    assert network.backbone.blocks[0].mlp.fc1.weight.dtype == torch.float16
    assert network.heads["HC"].final_layer.weight.dtype == torch.float32
    # Features wait on the CPU, whose memory is larger.
    assert predictor._kept.size_bytes > 0
    assert found.note == ""


@no_cuda
def test_half_precision_finds_the_same_points(folder_of_each, picture, gpu):
    half = LocalPredictor(folder_of_each, device="cuda")
    whole = LocalPredictor(folder_of_each, device="cuda", precision="fp32")
    np.testing.assert_allclose(
        coordinates(half.predict(picture, TASKS["HC"], tta=True)),
        coordinates(whole.predict(picture, TASKS["HC"], tta=True)),
        atol=2,
    )
    assert whole.report.precision == "fp32"


@no_cuda
@pytest.mark.parametrize(
    "words",
    [
        "CUDA error: out of memory",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    ],
)
def test_a_gpu_that_tells_its_want_of_memory_in_words_is_understood(folder, picture, gpu, words):
    gpu.full_at, gpu.error = "head", RuntimeError(words)
    predictor = LocalPredictor(folder, device="cuda")
    found = predictor.predict(picture, TASKS["HC"], tta=False)
    assert (found.device, found.note) == ("cpu", OUT_OF_GPU_MEMORY)


@no_cuda
@pytest.mark.parametrize("stage", ["load", "encode", "head"])
def test_gpu_without_memory_leads_to_the_cpu_for_good(folder, picture, gpu, stage, encodings):
    on_cpu = LocalPredictor(folder, device="cpu", engine="torch", precision="fp32")
    expected = on_cpu.predict(picture, TASKS["HC"], tta=False)
    gpu.full_at = stage
    predictor = LocalPredictor(folder, device="cuda", engine="torch", precision="fp32")
    found = predictor.predict(picture, TASKS["HC"], tta=False)
    assert (found.device, predictor.device, found.note) == ("cpu", "cpu", OUT_OF_GPU_MEMORY)
    np.testing.assert_array_equal(coordinates(found), coordinates(expected))
    before = len(gpu.copies)
    again = predictor.predict(picture, TASKS["PLAX"], tta=False)
    assert (again.device, len(gpu.copies)) == ("cpu", before)


@no_cuda
def test_heatmap_of_a_full_gpu_comes_from_the_cpu(folder, picture, gpu):
    gpu.full_at = "encode"
    predictor = LocalPredictor(folder, device="cuda", engine="torch", precision="fp32")
    assert predictor.heatmap(picture, TASKS["HC"], tta=False).shape == (540, 800)
    assert predictor.device == "cpu"


@no_cuda
def test_other_failures_of_a_gpu_are_told(folder, picture, gpu, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError("device lost\nCompile with TORCH_USE_CUDA_DSA")

    monkeypatch.setattr(SonichuModel, "locate", fail)
    with pytest.raises(ModelError, match=r"frame 1 for HC: device lost\."):
        LocalPredictor(folder, device="cuda").predict(picture, TASKS["HC"], tta=False)


@no_cuda
def test_openvino_is_told_to_run_on_the_cpu(folder, gpu):
    with pytest.raises(ModelError, match="OpenVINO runs on the CPU only"):
        LocalPredictor(folder, device="cuda", engine="openvino").load()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("tta", [False, True])
def test_cuda_agrees_with_the_cpu(folder, picture, tta):
    on_cpu = LocalPredictor(folder, device="cpu").predict(picture, TASKS["HC"], tta=tta)
    on_cuda = LocalPredictor(folder, device="cuda").predict(picture, TASKS["HC"], tta=tta)
    assert on_cuda.device == "cuda"
    np.testing.assert_allclose(coordinates(on_cuda), coordinates(on_cpu), atol=2)
