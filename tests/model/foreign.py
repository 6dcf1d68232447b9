"""Small networks of real libraries with drawn weights, and their tensors under other names."""

from __future__ import annotations

import re

import pytest
import torch
from torch import Tensor, nn

transformers = pytest.importorskip("transformers")

WIDTH = 32
DEPTH = 2
SIDE = 64
_SIZES = {
    "hidden_size": WIDTH,
    "num_hidden_layers": DEPTH,
    "num_attention_heads": 4,
    "intermediate_size": 3 * WIDTH,
}


def drawn(model: nn.Module) -> nn.Module:
    """With every parameter and statistic drawn: zeros and ones would hide a swap."""
    torch.manual_seed(0)
    for parameter in model.parameters():
        nn.init.normal_(parameter, mean=0.1, std=0.2)
    for name, buffer in model.named_buffers():
        if name.endswith("running_mean"):
            nn.init.normal_(buffer)
        if name.endswith("running_var"):
            nn.init.uniform_(buffer, 0.5, 2)
    return model.eval()


def vit(kind: str = "ViTModel", **settings) -> nn.Module:
    config = transformers.ViTConfig(
        **{**_SIZES, "image_size": SIDE, "patch_size": 16, "layer_norm_eps": 1e-6, **settings}
    )
    return drawn(getattr(transformers, kind)(config))


def ijepa(**settings) -> nn.Module:
    config = transformers.IJepaConfig(
        **{**_SIZES, "image_size": SIDE, "patch_size": 16, "layer_norm_eps": 1e-6, **settings}
    )
    return drawn(transformers.IJepaModel(config))


def masked_autoencoder() -> nn.Module:
    config = transformers.ViTMAEConfig(
        **_SIZES,
        image_size=SIDE,
        patch_size=16,
        layer_norm_eps=1e-6,
        decoder_hidden_size=16,
        decoder_num_hidden_layers=1,
        decoder_num_attention_heads=2,
        decoder_intermediate_size=16,
        mask_ratio=0.0,
    )
    return drawn(transformers.ViTMAEForPreTraining(config))


def vitpose(*, simple: bool = False, image_size: tuple[int, int] = (SIDE, SIDE)) -> nn.Module:
    backbone = transformers.VitPoseBackboneConfig(
        hidden_size=WIDTH,
        num_hidden_layers=DEPTH,
        num_attention_heads=4,
        mlp_ratio=3,
        image_size=list(image_size),
        patch_size=[16, 16],
        layer_norm_eps=1e-6,
        out_indices=[DEPTH],
    )
    config = transformers.VitPoseConfig(
        backbone_config=backbone, use_simple_decoder=simple, num_labels=4
    )
    return drawn(transformers.VitPoseForPoseEstimation(config))


_OFFICIAL = (
    (r"^(vit|ijepa|backbone)\.", ""),
    (r"embeddings\.patch_embeddings\.projection", "patch_embed.proj"),
    (r"embeddings\.position_embeddings", "pos_embed"),
    (r"embeddings\.cls_token", "cls_token"),
    (r"^(encoder\.layer|layers)\.", "blocks."),
    (r"layernorm_before", "norm1"),
    (r"layernorm_after", "norm2"),
    (r"attention\.(output\.dense|o_proj)", "attn.proj"),
    (r"^layernorm\.", "norm."),
)
_QUERY = re.compile(r"(blocks\.\d+\.)attention\.(?:attention\.query|q_proj)\.(\w+)")


def official_names(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a transformer of `transformers` as timm, I-JEPA and ViTPose name them."""
    renamed = {}
    for old, tensor in state.items():
        name = old
        for pattern, new in _OFFICIAL:
            name = re.sub(pattern, new, name)
        renamed[name] = tensor
    for name in list(renamed):
        found = _QUERY.fullmatch(name)
        if found:
            block, kind = found.groups()
            parts = (
                ("attention.key", "attention.value") if "query" in name else ("k_proj", "v_proj")
            )
            others = [renamed.pop(f"{block}attention.{part}.{kind}") for part in parts]
            renamed[f"{block}attn.qkv.{kind}"] = torch.cat([renamed.pop(name), *others])
    return renamed


_POSE_HEAD = {
    "deconv1": "deconv_layers.0",
    "batchnorm1": "deconv_layers.1",
    "deconv2": "deconv_layers.3",
    "batchnorm2": "deconv_layers.4",
    "conv": "final_layer",
}


def official_vitpose(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a VitPose of `transformers` as the official ViTPose code names them."""
    renamed = {}
    body = {name: t for name, t in state.items() if name.startswith("backbone.")}
    for name, tensor in official_names(body).items():
        renamed["backbone." + re.sub(r"^norm\.", "last_norm.", name)] = tensor
    for name, tensor in state.items():
        match name.split("."):
            case ["head", part, kind]:
                renamed[f"keypoint_head.{_POSE_HEAD[part]}.{kind}"] = tensor
    return renamed
