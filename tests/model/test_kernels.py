"""Packed and cast layers give what the plain network gives."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest
import torch

from sonichu_gui.model import kernels
from sonichu_gui.model.kernels import can_pack, speed_up

if TYPE_CHECKING:
    from sonichu_gui.model.modeling_sonichu import SonichuModel

CPU = torch.device("cpu")
needs_packing = pytest.mark.skipif(
    not can_pack(CPU, torch.float32), reason="this torch has no oneDNN"
)


@pytest.fixture
def frames() -> torch.Tensor:
    torch.manual_seed(5)
    return torch.randn(2, 3, 256, 256)


def sped_up(model: SonichuModel, dtype: torch.dtype) -> SonichuModel:
    fast = copy.deepcopy(model)
    speed_up(fast, dtype)
    return fast


@torch.inference_mode()
def answers(model: SonichuModel, frames: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    features = model.encode(frames)
    return features, model.heatmaps(features, "HC")


@needs_packing
@pytest.mark.parametrize("count", [1, 2])
def test_packed_layers_give_the_same_numbers(model, frames, count):
    features, maps = answers(model, frames[:count])
    fast_features, fast_maps = answers(sped_up(model, torch.float32), frames[:count])
    torch.testing.assert_close(fast_features, features, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(fast_maps, maps, atol=1e-4, rtol=1e-4)


@needs_packing
def test_a_head_laid_out_for_one_frame_takes_two(vit, frames):
    fast = sped_up(vit, torch.float32)
    with torch.inference_mode():
        features = vit.encode(frames)
        one = fast.heatmaps(features[:1], "HC")
        both = fast.heatmaps(features, "HC")
        torch.testing.assert_close(both, vit.heatmaps(features, "HC"), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(both[:1], one)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_coarser_number_types_stay_close_and_decide_in_float32(model, frames, dtype):
    features, maps = answers(model, frames)
    coarse = sped_up(model, dtype)
    coarse_features, coarse_maps = answers(coarse, frames)
    assert (coarse_features.float() - features).norm() < 0.02 * features.norm()
    assert coarse_maps.dtype == torch.float32
    assert (coarse_maps - maps).norm() < 0.05 * maps.norm()
    assert coarse.heads["HC"].final_layer.weight.dtype == torch.float32


def test_residual_stream_and_norms_of_a_transformer_stay_float32(vit, frames):
    coarse = sped_up(vit, torch.bfloat16)
    assert coarse.backbone.blocks[0].norm1.weight.dtype == torch.float32
    assert answers(coarse, frames)[0].dtype == torch.float32


def test_without_the_operations_the_plain_layers_run(vit, frames, monkeypatch):
    monkeypatch.setattr(kernels, "can_pack", lambda *_: False)
    plain = sped_up(vit, torch.float32)
    assert [type(part) for part in plain.modules()] == [type(part) for part in vit.modules()]
    assert torch.equal(answers(plain, frames)[1], answers(vit, frames)[1])


def test_packing_is_not_for_a_gpu():
    assert not can_pack(torch.device("cuda"), torch.float32)


@needs_packing
def test_packing_draws_no_random_numbers():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    kernels._packs.cache_clear()
    assert can_pack(CPU, torch.float32)
    assert torch.equal(torch.rand(3), expected)


@needs_packing
def test_kernels_that_give_other_numbers_are_not_used(monkeypatch):
    kernels._packs.cache_clear()
    monkeypatch.setattr(kernels.PackedLinear, "forward", lambda _, x: torch.zeros(len(x), 16))
    try:
        assert not can_pack(CPU, torch.float32)
    finally:
        kernels._packs.cache_clear()
