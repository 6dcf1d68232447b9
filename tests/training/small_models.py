"""Small models with random weights, as folders that training leaves."""

from __future__ import annotations

import dataclasses

import torch

from sonichu_gui.model.modeling_sonichu import SonichuConfig, SonichuModel


def save_small_model(folder, *, seed=0, trained=None):
    """A model folder of 64 px input.

    Args:
        folder: where it goes.
        seed: of its weights.
        trained: what each trained head learned from, by task; a head for HC when None.
    """
    told = {"HC": "6 label"} if trained is None else trained
    torch.manual_seed(seed)
    model = SonichuModel(
        SonichuConfig.from_dict(
            {
                "name": f"small {seed}",
                "image_size": 64,
                "heatmap_size": 16,
                "backbone": {"type": "efficientnet_lite", "fpn_channels": 16},
                "head": {"type": "light", "channels": 16},
            }
        )
    )
    for head in model.heads.values():  # heads begin flat: all would see the middle of the frame
        *_, last = (layer for layer in head.modules() if isinstance(layer, torch.nn.Conv2d))
        torch.nn.init.normal_(last.weight, std=2.0)
    tasks = {
        name: dataclasses.replace(task, trained=name in told, training_data=told.get(name, ""))
        for name, task in model.config.tasks.items()
    }
    model.config = dataclasses.replace(model.config, tasks=tasks)
    model.eval().save_pretrained(folder)
    return folder
