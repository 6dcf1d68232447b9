"""Training the head of one task together with the light backbone: a step, and the loop around it.

python: train_from_config(Path("resources/training/hc_mini.toml"), resume=True)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sonichu_gui.model.modeling_sonichu import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    EfficientNetLite,
    SonichuConfig,
    SonichuModel,
)
from sonichu_gui.training.backbone_weights import load_imagenet_weights
from sonichu_gui.training.config import TrainConfig, TrainingError
from sonichu_gui.training.data.augment import (
    draw_matrices,
    map_ends,
    maps_keeping_ends_inside,
    warp,
)
from sonichu_gui.training.data.frames import (
    LabelledFrames,
    batch_indices,
)
from sonichu_gui.training.data.intensity import augment_intensity
from sonichu_gui.training.losses import LossTerms, ellipse_loss


@dataclass(frozen=True, slots=True)
class Batch:
    """Augmented frames with their truth.

    Attributes:
        pixel_values: (B, 3, S, S) as the network takes them.
        points: (B, 4, 2) ends of axes, corner-origin pixels of frames of size ``sizes``.
        sizes: (B, 2) width and height.
    """

    pixel_values: Tensor
    points: Tensor
    sizes: Tensor


class Learner(nn.Module):
    """The model, and beside it what training alone needs: maps of the head's inside and edge."""

    def __init__(self, model: SonichuModel, *, task: str, feature_channels: int) -> None:
        super().__init__()
        self.model = model
        self.auxiliary = nn.Conv2d(feature_channels, 2, 1)
        self._task = task

    def forward(self, pixel_values: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, S, S) -> heatmap logits (B, K, h, w) and auxiliary logits (B, 2, h, w)."""
        features = self.model.encode(pixel_values)
        return self.model.heatmaps(features, self._task), self.auxiliary(features)


@dataclass(frozen=True, slots=True)
class Training:
    """Everything a step changes."""

    learner: Learner
    optimiser: torch.optim.Optimizer
    average: dict[str, Tensor]


def new_training(config: TrainConfig, *, imagenet: bool = True) -> Training:
    """A fresh start: ImageNet backbone, random pyramid and heads, drawn from the run's seed."""
    torch.manual_seed(config.run.seed)
    model = SonichuModel(SonichuConfig.from_dict(config.model))
    backbone = next(m for m in model.modules() if isinstance(m, EfficientNetLite))
    if imagenet:
        load_imagenet_weights(backbone)
    side = model.config.image_size
    with torch.no_grad():
        channels = model.eval().encode(torch.zeros(1, 3, side, side)).shape[1]
    learner = Learner(model, task=config.data.task, feature_channels=channels)
    for parameter in _depthwise_weights(backbone):
        parameter.requires_grad = False
    learner.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(_parameter_groups(learner, backbone, config))
    average = {name: value.detach().clone() for name, value in learner.state_dict().items()}
    return Training(learner, optimiser, average)


def training_step(training: Training, batch: Batch, config: TrainConfig, step: int) -> LossTerms:
    """One descent on one batch, learning rate and averaging as due at ``step``.

    Raises:
        TrainingError: when the loss is not a number; nothing has been changed then.
    """
    progress = step / config.run.steps
    for group in training.optimiser.param_groups:
        group["lr"] = group["peak_lr"] * learning_rate_factor(progress, config.optimiser.warm_up)
    training.learner.train()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=config.run.bf16):
        logits, auxiliary = training.learner(batch.pixel_values)
    terms = ellipse_loss(
        logits=logits,
        auxiliary=auxiliary,
        points=batch.points,
        sizes=batch.sizes,
        weights=config.loss,
        progress=progress,
    )
    if not torch.isfinite(terms.total):
        raise TrainingError(
            f"The loss of step {step} is {terms.total.item()}.",
            "Look at the saved batch; a lower learning rate often helps.",
        )
    training.optimiser.zero_grad(set_to_none=True)
    terms.total.backward()  # type: ignore[no-untyped-call]
    trained = [p for p in training.learner.parameters() if p.requires_grad]
    nn.utils.clip_grad_norm_(trained, config.optimiser.clip_norm)
    training.optimiser.step()
    update_average(training, decay=min(config.optimiser.ema_decay, (1 + step) / (10 + step)))
    return terms


def learning_rate_factor(progress: float, warm_up: float) -> float:
    """Linear rise over the first ``warm_up`` of training, then half a cosine down to zero."""
    if progress < warm_up:
        return (progress + 1e-3) / (warm_up + 1e-3)
    return 0.5 * (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up)))


@torch.no_grad()
def update_average(training: Training, *, decay: float) -> None:
    """Move the averaged weights a little towards the current ones."""
    for name, value in training.learner.state_dict().items():
        kept = training.average[name]
        if kept.is_floating_point():
            kept.lerp_(value, 1 - decay)
        else:
            kept.copy_(value)


def make_batch(frames: LabelledFrames, config: TrainConfig, step: int, *, size_px: int) -> Batch:
    """The augmented frames of one step; a function of data, configuration and step alone."""
    run = config.run
    generator = torch.Generator().manual_seed(run.seed * 1_000_003 + step)
    chosen = batch_indices(step=step, batch_size=run.batch_size, length=len(frames), seed=run.seed)
    points, sizes = frames.points[chosen], frames.sizes[chosen]
    shift = 2 * torch.rand((len(chosen), 2), generator=generator, dtype=torch.float64) - 1
    maps = maps_keeping_ends_inside(
        linear=draw_matrices(config.geometry, len(chosen), generator),
        shift=shift * config.geometry.shift * sizes,
        points=points,
        sizes=sizes,
        margin=config.geometry.margin,
    )
    grey = warp(frames.images[chosen], maps, sizes, size_px=size_px)
    grey = augment_intensity(grey, config.intensity, generator)
    return Batch(network_input(grey), map_ends(maps, points), sizes)


def network_input(grey: Tensor) -> Tensor:
    """(B, 1, S, S) in [0, 1] -> (B, 3, S, S), normalised as at prediction."""
    mean = torch.tensor(IMAGENET_MEAN)[None, :, None, None]
    std = torch.tensor(IMAGENET_STD)[None, :, None, None]
    return ((grey - mean) / std).contiguous(memory_format=torch.channels_last)


def averaged_model(training: Training) -> SonichuModel:
    """A copy of the model with the averaged weights, ready to predict."""
    model = SonichuModel(training.learner.model.config)
    prefix = "model."
    weights = {n[len(prefix) :]: v for n, v in training.average.items() if n.startswith(prefix)}
    model.load_state_dict(weights, strict=True)
    return model.eval()


def _parameter_groups(
    learner: Learner, backbone: nn.Module, config: TrainConfig
) -> list[dict[str, object]]:
    """Backbone and rest, each with and without weight decay (none on norms and biases)."""
    within = {id(parameter) for parameter in backbone.parameters()}
    settings = config.optimiser
    groups = []
    for inside, rate in ((True, settings.backbone_learning_rate), (False, settings.learning_rate)):
        for decays in (True, False):
            chosen = [
                parameter
                for parameter in learner.parameters()
                if parameter.requires_grad
                and (id(parameter) in within) == inside
                and (parameter.ndim > 1) == decays
            ]
            decay = settings.weight_decay if decays else 0.0
            groups.append({"params": chosen, "lr": rate, "peak_lr": rate, "weight_decay": decay})
    return groups


def _depthwise_weights(backbone: nn.Module) -> list[Tensor]:
    """Weights whose gradient CPUs compute slowly and which gain little: left as ImageNet's."""
    return [
        module.weight
        for module in backbone.modules()
        if isinstance(module, nn.Conv2d) and module.groups == module.in_channels > 1
    ]
