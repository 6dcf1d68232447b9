"""What a network knows before it is trained here: nothing, ImageNet, or another model's weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.errors import SonichuError
from sonichu_gui.model.modeling_sonichu import EfficientNetLite, SonichuModel
from sonichu_gui.training.backbone_weights import load_imagenet_weights
from sonichu_gui.training.config import TrainingError
from sonichu_gui.training.evaluate import load_model

if TYPE_CHECKING:
    from torch import nn

Report = Callable[[float, str], None]


def start_weights(model: SonichuModel, start: str, *, report: Report) -> None:
    """Fills a freshly made model.

    Args:
        model: changed in place.
        start: "random", "imagenet" (the light backbone only), or a model folder: its backbone and
            neck must fit, and its heads are taken where task and shape are the same.
        report: is told what was taken.

    Raises:
        TrainingError: the start does not fit the model.
    """
    if start == "random":
        return
    if start == "imagenet":
        if not isinstance(model.backbone, EfficientNetLite):
            raise TrainingError(
                "ImageNet weights are at hand for the backbone efficientnet_lite only.",
                'Choose start = "random", or the folder of a pretrained model.',
            )
        load_imagenet_weights(model.backbone)
        return
    try:
        other, _ = load_model(Path(start))
    except SonichuError as error:
        raise TrainingError(
            f"start = {start!r}: {error.message}",
            f'Choose "random", "imagenet" or a model folder. {error.hint}'.strip(),
        ) from error
    for part in ("backbone", "neck"):
        _take(getattr(model, part), getattr(other, part), f"{start}: {part}")
    taken = [
        name
        for name, head in model.heads.items()
        if name in other.heads and _same_shape(head, other.heads[name])
    ]
    for name in taken:
        _take(model.heads[name], other.heads[name], f"{start}: head {name}")
    report(-1, f"start from {start}: backbone, heads {', '.join(taken) or 'none'}")


def _same_shape(one: nn.Module, other: nn.Module) -> bool:
    shapes = [{n: v.shape for n, v in m.state_dict().items()} for m in (one, other)]
    return shapes[0] == shapes[1]


def _take(part: nn.Module, other: nn.Module, where: str) -> None:
    if not _same_shape(part, other):
        raise TrainingError(
            f"{where} has other sizes than the model to be trained.",
            "Give the table [model] the sizes of the model that it starts from.",
        )
    part.load_state_dict(other.state_dict(), strict=True)
