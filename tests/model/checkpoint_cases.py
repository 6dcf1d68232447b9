"""Checkpoints as they are found in the wild, and what their library makes of some frames."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from sonichu_gui.model.modeling_sonichu import (
    DEFAULT_TASKS,
    EfficientNetLiteConfig,
    HeadConfig,
    SonichuConfig,
    SonichuModel,
    TaskConfig,
    ViTConfig,
)
from sonichu_gui.model.weights_file import TensorSpec
from tests.model import foreign
from tests.model.foreign import DEPTH, SIDE, WIDTH, drawn, official_names, official_vitpose

CONFIG = {"num_attention_heads": 4, "layer_norm_eps": 1e-6}
RESOURCES = Path(__file__).resolve().parents[2] / "resources"


@dataclass
class Case:
    """A stored checkpoint and what the library makes of `frames`."""

    path: Path
    features: torch.Tensor
    heatmaps: torch.Tensor | None = None
    task: str | None = None


FRAMES = torch.randn(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(5))


def store(folder: Path, content: Any, name: str = "weights.pth", config: Any = CONFIG) -> Path:
    if name.endswith(".safetensors"):
        tensors = {key: tensor.clone().contiguous() for key, tensor in content.items()}
        safetensors.torch.save_file(tensors, folder / name)
    else:
        torch.save(content, folder / name)
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))
    return folder / name


def features_of(model: torch.nn.Module, frames: torch.Tensor = FRAMES, **how) -> torch.Tensor:
    """The patches' features (B, N, D) as the library gives them."""
    with torch.inference_mode():
        hidden = getattr(model, model.base_model_prefix, model)(frames, **how).last_hidden_state
    return hidden if "IJepa" in type(model).__name__ else hidden[:, 1:]


def pose_features_of(model) -> torch.Tensor:
    with torch.inference_mode():
        return model.backbone(FRAMES).feature_maps[-1]


def own_model(**changes) -> SonichuModel:
    settings = {
        "image_size": SIDE,
        "heatmap_size": SIDE // 4,
        "backbone": ViTConfig(hidden_size=WIDTH, num_hidden_layers=DEPTH, num_attention_heads=4),
        "head": HeadConfig(channels=8),
        "tasks": {"HC": DEFAULT_TASKS["HC"], "FUGC": DEFAULT_TASKS["FUGC"]},
        **changes,
    }
    return drawn(SonichuModel(SonichuConfig(**settings)))


def own_case(model: SonichuModel, path: Path, task: str = "HC") -> Case:
    with torch.inference_mode():
        encoded = model.encode(FRAMES)
        heatmaps = model.heatmaps(encoded, task) if task else None
    return Case(path, encoded.flatten(2).transpose(1, 2), heatmaps, task)


def own_folder(folder):
    model = own_model()
    model.save_pretrained(folder)
    return own_case(model, folder)


def own_file_alone(folder):
    model = own_model()
    return own_case(model, store(folder, model.state_dict(), "own.safetensors"))


def own_with_an_extra_head(folder):
    model = own_model(tasks={"HC": DEFAULT_TASKS["HC"], "IUGC": TaskConfig(("a", "b", "c"))})
    return own_case(model, store(folder, model.state_dict(), "own.safetensors"), "IUGC")


def own_light_model() -> SonichuModel:
    return own_model(
        backbone=EfficientNetLiteConfig(fpn_channels=16), head=HeadConfig("light", channels=8)
    )


def own_light_file_alone(folder):
    model = own_light_model()
    return own_case(model, store(folder, model.state_dict(), config={"image_size": SIDE}))


def own_backbone_alone(folder):
    model = own_model(tasks={})
    return own_case(model, store(folder, model.state_dict(), "own.safetensors"), "")


def ijepa_official(folder):
    model, other = foreign.ijepa(), foreign.ijepa()
    drawn_names = official_names(model.state_dict())
    predictor = {"module.predictor_embed.weight": torch.zeros(3, WIDTH)}
    content = {
        "encoder": {f"module.{k}": -t for k, t in official_names(other.state_dict()).items()},
        "predictor": predictor,
        "opt": {"state": {0: {"exp_avg": torch.zeros(4)}}, "param_groups": [{"lr": 0.1}]},
        "scaler": None,
        "target_encoder": {f"module.{name}": tensor for name, tensor in drawn_names.items()},
        "epoch": 3,
    }
    return Case(store(folder, content), features_of(model))


def timm_with_class_token(folder):
    model = foreign.vit()
    tensors = official_names(model.state_dict())
    tensors = {name: t for name, t in tensors.items() if not name.startswith("pooler")}
    tensors |= {"head.weight": torch.zeros(10, WIDTH), "head.bias": torch.zeros(10)}
    return Case(store(folder, tensors, "timm.safetensors"), features_of(model))


def timm_without_class_token(folder):
    model = foreign.ijepa()
    return Case(store(folder, official_names(model.state_dict())), features_of(model))


def timm_training_checkpoint(folder):
    model, other = foreign.vit("ViTForImageClassification"), foreign.vit()

    def stored(tensors, sign):
        return {f"module._orig_mod.{n}": sign * t for n, t in official_names(tensors).items()}

    content = {
        "epoch": 1,
        "arch": "vit",
        "state_dict": stored(other.state_dict(), -1),
        "state_dict_ema": stored(model.state_dict(), 1),
        "optimizer": {"state": {0: {"step": torch.zeros(())}}},
    }
    return Case(store(folder, content), features_of(model))


def saved_by_library(model, folder):
    model.save_pretrained(folder)
    return folder


def hugging_face_vit(folder):
    model = foreign.vit()
    return Case(saved_by_library(model, folder), features_of(model))


def hugging_face_vit_of_version_5(folder):
    model = foreign.vit()
    return Case(store(folder, model.state_dict(), "pytorch_model.bin"), features_of(model))


def hugging_face_classifier(folder):
    model = foreign.vit("ViTForImageClassification")
    return Case(saved_by_library(model, folder), features_of(model))


def hugging_face_masked_modelling(folder):
    model = foreign.vit("ViTForMaskedImageModeling")
    return Case(saved_by_library(model, folder), features_of(model))


def hugging_face_masked_autoencoder(folder):
    model = foreign.masked_autoencoder()
    in_order = torch.arange(float((SIDE // 16) ** 2)).expand(len(FRAMES), -1)
    return Case(saved_by_library(model, folder), features_of(model, noise=in_order))


def hugging_face_without_qkv_bias(folder):
    model = foreign.vit(qkv_bias=False)
    return Case(saved_by_library(model, folder), features_of(model))


def hugging_face_in_shards(folder):
    model = foreign.vit()
    model.save_pretrained(folder, max_shard_size="40KB")
    assert len(list(folder.glob("*.safetensors"))) > 1
    return Case(folder, features_of(model))


def hugging_face_ijepa(folder):
    model = foreign.ijepa()
    return Case(saved_by_library(model, folder), features_of(model))


def hugging_face_ijepa_of_version_5(folder):
    model = foreign.ijepa()
    tensors = {f"ijepa.{name}": tensor for name, tensor in model.state_dict().items()}
    return Case(store(folder, tensors, "ijepa.safetensors"), features_of(model))


def pose_case(model, path):
    with torch.inference_mode():
        heatmaps = model(FRAMES).heatmaps
    return Case(path, pose_features_of(model), heatmaps, "HC")


def hugging_face_vitpose(folder):
    model = foreign.vitpose()
    return pose_case(model, saved_by_library(model, folder))


def hugging_face_vitpose_simple(folder):
    model = foreign.vitpose(simple=True)
    return pose_case(model, saved_by_library(model, folder))


def vitpose_official(folder):
    model = foreign.vitpose()
    content = {
        "meta": {"epoch": 210, "mmpose_version": "0.24"},
        "state_dict": official_vitpose(model.state_dict()),
        "optimizer": {"state": {1: {"exp_avg": torch.zeros(2)}}},
    }
    return pose_case(model, store(folder, content))


def vitpose_official_simple(folder):
    model = foreign.vitpose(simple=True)
    content = {"state_dict": official_vitpose(model.state_dict())}
    return pose_case(model, store(folder, content))


ROWS = [
    ("Sonichu", own_folder),
    ("Sonichu", own_file_alone),
    ("Sonichu", own_with_an_extra_head),
    ("Sonichu", own_light_file_alone),
    ("Sonichu", own_backbone_alone),
    ("I-JEPA", ijepa_official),
    ("timm", timm_with_class_token),
    ("I-JEPA", timm_without_class_token),
    ("timm", timm_training_checkpoint),
    ("Hugging Face ViT", hugging_face_vit),
    ("Hugging Face ViT", hugging_face_vit_of_version_5),
    ("Hugging Face ViT", hugging_face_classifier),
    ("Hugging Face ViT", hugging_face_masked_modelling),
    ("Hugging Face ViT", hugging_face_masked_autoencoder),
    ("Hugging Face ViT", hugging_face_without_qkv_bias),
    ("Hugging Face ViT", hugging_face_in_shards),
    ("Hugging Face I-JEPA", hugging_face_ijepa),
    ("Hugging Face I-JEPA", hugging_face_ijepa_of_version_5),
    ("Hugging Face ViTPose", hugging_face_vitpose),
    ("Hugging Face ViTPose", hugging_face_vitpose_simple),
    ("ViTPose", vitpose_official),
    ("ViTPose", vitpose_official_simple),
]


def close(found: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def table_of(tensors: dict[str, torch.Tensor]) -> dict[str, TensorSpec]:
    return {
        name: TensorSpec("F32" if t.is_floating_point() else "I64", tuple(t.shape))
        for name, t in tensors.items()
    }
