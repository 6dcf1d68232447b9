"""The competition's baseline as a network: EfficientNet-B4 under a feature pyramid, a head a task.

It encodes, decodes and answers as `SonichuModel` does, so it is trained and scored by the same
code; but it is there to be compared with: its folder is no model folder, and the app refuses it.

The encoder is that of `transformers`, whose defaults are TensorFlow's and not meant for training
here. Its batch norms would take 0.99 of every batch (torch counts momentum the other way round) and
answer for the last one alone; its dropout draws from torch's global state, which no resumed run
could repeat. Both are set right in `EfficientNetEncoder`.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import safetensors.torch
import torch
from torch import Tensor, nn

from sonichu_gui.errors import ModelError
from sonichu_gui.model.modeling_sonichu import (
    CONFIG_FILE,
    HEADS,
    WEIGHTS_FILE,
    FeaturePyramid,
    SonichuConfig,
    SonichuModel,
)
from sonichu_gui.prediction.folder_files import BASELINE_TYPE, read_config

if TYPE_CHECKING:
    import os

    from transformers import EfficientNetConfig

BACKBONE = "efficientnet"
TAPS = (1, 2, 4, 6)
"""Stages whose output is the last of its stride: 4, 8, 16, 32."""
FPN_CHANNELS = 256
BATCH_NORM_MOMENTUM = 0.01
"""Share of a batch in the running statistics; EfficientNet's 0.99 of the past."""


@dataclass(frozen=True, slots=True)
class BaselineConfig:
    """Sizes of the baseline; the defaults are EfficientNet-B4's.

    Attributes:
        described: what every model says of itself: tasks, head, input and heatmap size.
        width, depth: EfficientNet's coefficients (Tan & Le 2019).
        fpn_channels: of the pyramid.
    """

    described: SonichuConfig
    width: float = 1.4
    depth: float = 1.8
    fpn_channels: int = FPN_CHANNELS

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> BaselineConfig:
        """The configuration in ``raw``, the parsed ``config.json``.

        Raises:
            ValueError: naming the key that is missing or wrong.
        """
        sizes = raw.get("backbone", {})
        if not isinstance(sizes, dict) or sizes.get("type", BACKBONE) != BACKBONE:
            raise ValueError(f"backbone.type must be {BACKBONE!r}")
        given = {name: value for name, value in sizes.items() if name != "type"}
        for name, value in given.items():
            whole = name == "fpn_channels"
            fits = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
            if name not in {"width", "depth", "fpn_channels"} or not fits or value <= 0:
                raise ValueError(f"backbone.{name} cannot be {value!r}")
        channels = given.setdefault("fpn_channels", FPN_CHANNELS)
        others = {
            name: value for name, value in raw.items() if name not in {"backbone", "model_type"}
        }
        # Strides and heatmaps are those of the light backbone, so its checks hold here too.
        described = SonichuConfig.from_dict(
            {**others, "backbone": {"type": "efficientnet_lite", "fpn_channels": channels}}
        )
        return cls(described, **given)

    def to_dict(self, described: SonichuConfig) -> dict[str, Any]:
        """The JSON form, with what ``described`` says now."""
        sizes = {"width": self.width, "depth": self.depth, "fpn_channels": self.fpn_channels}
        return {
            **described.to_dict(),
            "model_type": BASELINE_TYPE,
            "backbone": {"type": BACKBONE, **sizes},
        }


class EfficientNetEncoder(nn.Module):
    """An EfficientNet without its classifier and the wide layer before it."""

    def __init__(self, config: BaselineConfig) -> None:
        super().__init__()
        from transformers import EfficientNetModel
        from transformers.models.efficientnet.modeling_efficientnet import round_filters

        sizes = encoder_config(config.width, config.depth)
        whole = EfficientNetModel(sizes)
        self.stem = whole.embeddings
        self.blocks: nn.ModuleList = whole.encoder.blocks
        repeats = [math.ceil(config.depth * count) for count in sizes.num_block_repeats]
        self._taps = [sum(repeats[: stage + 1]) - 1 for stage in TAPS]
        self.channels = [round_filters(sizes, sizes.out_channels[stage]) for stage in TAPS]
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = BATCH_NORM_MOMENTUM
            elif isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
                if module.bias is not None:  # those of squeeze and excite
                    nn.init.zeros_(module.bias)

    def forward(self, pixel_values: Tensor) -> list[Tensor]:
        """(B, 3, S, S) -> feature maps of strides 4, 8, 16 and 32."""
        x = self.stem(pixel_values)
        maps = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in self._taps:
                maps.append(x)
        return maps

    def load_published(self, folder: Path) -> None:
        """Takes the weights of a folder as Hugging Face publishes them.

        Raises:
            ModelError: it cannot be read, or is of another size.
        """
        from transformers import EfficientNetModel

        try:
            other = EfficientNetModel.from_pretrained(folder, local_files_only=True)
            self.stem.load_state_dict(other.embeddings.state_dict())
            self.blocks.load_state_dict(other.encoder.blocks.state_dict())
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelError(
                f"{folder} holds no weights for this encoder: {str(error).splitlines()[0]}",
                "Give the folder of an EfficientNet of transformers, of the same width and depth.",
            ) from error


def encoder_config(width: float, depth: float) -> EfficientNetConfig:
    """EfficientNet of a width and depth, as `transformers` describes it."""
    from transformers import EfficientNetConfig
    from transformers.models.efficientnet.modeling_efficientnet import round_filters

    config = EfficientNetConfig(
        width_coefficient=width, depth_coefficient=depth, drop_connect_rate=0.0
    )
    config.hidden_dim = round_filters(config, 1280)
    return config


class BaselineModel(SonichuModel):
    """EfficientNet + FPN + one head a task; everything but the network is `SonichuModel`'s."""

    backbone: EfficientNetEncoder

    def __init__(self, config: BaselineConfig) -> None:
        nn.Module.__init__(self)
        self.sizes = config
        self.config = config.described
        self.backbone = EfficientNetEncoder(config)
        self.neck = FeaturePyramid(self.backbone.channels, config.fpn_channels)
        head = HEADS[self.config.head.type]
        self.heads = nn.ModuleDict(
            {
                name: head(config.fpn_channels, self.config.head.channels, len(task.keypoints))
                for name, task in self.config.tasks.items()
            }
        )

    def save_pretrained(self, folder: str | os.PathLike[str], **_: object) -> None:
        """Writes configuration and weights, each whole or not at all."""
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        tensors = {name: tensor.contiguous() for name, tensor in self.state_dict().items()}
        document = json.dumps(self.sizes.to_dict(self.config), indent=2) + "\n"
        for name, content in (
            (WEIGHTS_FILE, safetensors.torch.save(tensors, {"format": "pt"})),
            (CONFIG_FILE, document.encode()),
        ):
            part = target / f"{name}.new"
            part.write_bytes(content)
            part.replace(target / name)


def load_baseline(folder: Path) -> BaselineModel:
    """The baseline of a folder, ready to predict.

    Raises:
        ModelError: naming the file and what is wrong with it.
    """
    config = read_config(folder)
    if config is None or config.get("model_type") != BASELINE_TYPE:
        raise ModelError(
            f"{folder} holds no baseline.", "Train one: sonichu train baseline --config FILE.toml"
        )
    weights = folder / WEIGHTS_FILE
    try:
        model = BaselineModel(BaselineConfig.from_dict(dict(config)))
        model.load_state_dict(safetensors.torch.load_file(weights), strict=True)
    except (OSError, ValueError, RuntimeError, safetensors.SafetensorError) as error:
        raise ModelError(
            f"{folder} is not a whole baseline: {str(error).splitlines()[0]}", "Train it again."
        ) from error
    return model.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]
