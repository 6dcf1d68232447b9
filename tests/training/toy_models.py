"""Small models of the toy study."""

from __future__ import annotations

import dataclasses

import torch

from sonichu_gui.model.modeling_sonichu import SonichuConfig, SonichuModel


def toy_model(seed, *, trained=("HC",), side=64, fpn=16):
    """A model of the toy study with random weights, sure enough of itself to have an opinion."""
    torch.manual_seed(seed)
    model = SonichuModel(
        SonichuConfig.from_dict(
            {
                "name": f"toy {seed}",
                "image_size": side,
                "heatmap_size": side // 4,
                "backbone": {"type": "efficientnet_lite", "fpn_channels": fpn},
                "head": {"type": "light", "channels": 16},
            }
        )
    ).eval()
    _give_opinions(model)
    tasks = {
        name: dataclasses.replace(task, trained=name in trained)
        for name, task in model.config.tasks.items()
    }
    model.config = dataclasses.replace(model.config, tasks=tasks)
    return model


@torch.no_grad()
def _give_opinions(model):
    """Networks start with flat maps, and batch norm without having seen anything."""
    for layer in model.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0
    side = model.config.image_size
    coarse = torch.nn.functional.interpolate(torch.randn(8, 3, 8, 8), (side, side), mode="bilinear")
    features = model.train().encode(coarse)
    for name, head in model.heads.items():
        *_, last = (layer for layer in head.modules() if isinstance(layer, torch.nn.Conv2d))
        torch.nn.init.normal_(last.weight, std=0.5)
        model.heatmaps(features, name)
    model.eval()
