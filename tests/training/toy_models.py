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
    with torch.no_grad():
        for head in model.heads.values():
            for parameter in head.parameters():
                parameter.mul_(3.0)
    tasks = {
        name: dataclasses.replace(task, trained=name in trained)
        for name, task in model.config.tasks.items()
    }
    model.config = dataclasses.replace(model.config, tasks=tasks)
    return model
