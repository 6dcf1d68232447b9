"""AdamW with a rate of its own for every depth of the backbone, and its schedule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import nn

from sonichu_gui.training.config import require_between
from sonichu_gui.training.schedules import warm_up_cosine


@dataclass(frozen=True, slots=True)
class OptimiserConfig:
    """Rates and how they change.

    Attributes:
        learning_rate: peak, for heads and neck.
        backbone_learning_rate: peak, for the backbone's last layer.
        layer_decay: what a layer's rate is of the next one's (ViTPose: 0.75).
        weight_decay: of matrices and kernels; norms and biases have none.
        warm_up: fraction of the run in which the rates rise from nothing.
        ema_decay: share of the averaged weights that a step leaves; the average is published.
        drop_path: largest probability of leaving out a branch of a transformer's block.
        freeze_depthwise: leaves depthwise kernels as they start; CPUs are slow at their gradient.
    """

    learning_rate: float = 1e-3
    backbone_learning_rate: float = 5e-4
    layer_decay: float = 1.0
    weight_decay: float = 0.02
    warm_up: float = 0.04
    ema_decay: float = 0.998
    drop_path: float = 0.0
    freeze_depthwise: bool = False

    def __post_init__(self) -> None:
        """Refuses rates by which nothing is learned, or unlearned."""
        require_between(
            self,
            learning_rate=(0, 10),
            backbone_learning_rate=(0, 10),
            layer_decay=(1e-3, 1),
            weight_decay=(0, 10),
            warm_up=(0, 1),
            ema_decay=(0, 1),
            drop_path=(0, 0.95),
        )


def make_optimiser(
    network: nn.Module, backbone: nn.Module, config: OptimiserConfig
) -> torch.optim.AdamW:
    """AdamW over all trained parameters, in groups of one depth and one weight decay."""
    if config.freeze_depthwise:
        for module in backbone.modules():
            if isinstance(module, nn.Conv2d) and module.groups == module.in_channels > 1:
                module.weight.requires_grad = False
    depths = layer_depths(backbone)
    deepest = max(depths.values(), default=0)
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for parameter in network.parameters():
        if not parameter.requires_grad:
            continue
        rate = config.learning_rate
        if id(parameter) in depths:
            below = deepest - depths[id(parameter)]
            rate = config.backbone_learning_rate * config.layer_decay**below
        decay = config.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": parameters, "lr": rate, "peak_lr": rate, "weight_decay": decay}
            for (rate, decay), parameters in groups.items()
        ]
    )


def layer_depths(backbone: nn.Module) -> dict[int, int]:
    """Depth of each parameter of a backbone by its identity: 0 for the stem, i + 1 for block i."""
    blocks = sum(1 for _ in getattr(backbone, "blocks", ()))
    depths: dict[int, int] = {}
    for name, parameter in backbone.named_parameters():
        match name.split("."):
            case ["blocks", number, *_]:
                depths[id(parameter)] = int(number) + 1
            case ["norm", *_]:
                depths[id(parameter)] = blocks
            case _:
                depths[id(parameter)] = 0
    return depths


def set_rates(
    groups: Iterable[dict[str, object]], step: int, steps: int, config: OptimiserConfig
) -> float:
    """Sets every group's rate for a step; the factor that they all share."""
    warm_up_steps = round(config.warm_up * steps)
    factor = warm_up_cosine(
        step, steps=steps, warm_up_steps=warm_up_steps, start=0.01, peak=1.0, final=0.0
    )
    for group in groups:
        group["lr"] = factor * float(group["peak_lr"])  # type: ignore[arg-type]
    return factor
