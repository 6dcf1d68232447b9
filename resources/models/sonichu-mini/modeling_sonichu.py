"""The Sonichu network, its configuration, its decoding and its files, in one self-contained module.

Copied beside the weights of every published model, so it imports torch, numpy, opencv and
safetensors and nothing else. Reads top to bottom: configuration, backbones, heads, decoding, model,
preprocessing, model folder.

Coordinates here are *normalised*: u = 0 is the left edge of the frame, u = 1 its right edge, v
likewise downwards. Cell c of a 64-cell heatmap has its centre at (c + 0.5) / 64. ``inference.py``
holds the conversion to image pixels.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.torch
import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = [
    "DEFAULT_TASKS",
    "CheckpointError",
    "EfficientNetLite",
    "EfficientNetLiteConfig",
    "FeaturePyramid",
    "HeadConfig",
    "KeypointOutput",
    "LightHead",
    "SimpleHead",
    "SonichuConfig",
    "SonichuModel",
    "SonichuPreprocessor",
    "TaskConfig",
    "ViTConfig",
    "ViTPoseHead",
    "VisionTransformer",
    "decode_probabilities",
]

MODEL_TYPE = "sonichu"
CONFIG_FILE = "config.json"
PREPROCESSOR_FILE = "preprocessor_config.json"
WEIGHTS_FILE = "model.safetensors"
CARD_FILE = "README.md"
CODE_FILES = ("modeling_sonichu.py", "inference.py")


class CheckpointError(RuntimeError):
    """A model folder that cannot be loaded whole; the message names the file and the reason.

    Attributes:
        missing: tensors the configuration asks for and the file lacks.
        surplus: tensors the file holds and the configuration has no place for.
        mismatched: tensors of another shape or number type, each with both shapes.
    """

    def __init__(
        self,
        message: str,
        *,
        missing: Sequence[str] = (),
        surplus: Sequence[str] = (),
        mismatched: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.missing = tuple(missing)
        self.surplus = tuple(surplus)
        self.mismatched = tuple(mismatched)


# --- configuration -------------------------------------------------------------------------------


def _require(condition: object, message: str) -> None:
    if not condition:
        raise ValueError(message)


def _require_positive(config: object, *names: str, at_most: int = 1 << 20) -> None:
    for name in names:
        value = getattr(config, name)
        _require(
            type(value) is int and 0 < value <= at_most,
            f"{name} must be a whole number from 1 to {at_most}, not {value!r}",
        )


ORDER_DIRECTIONS = {
    "top": (0.0, -1.0),
    "bottom": (0.0, 1.0),
    "left": (-1.0, 0.0),
    "right": (1.0, 0.0),
}
"""Where the first end of a pair lies: the end that is farther along this (x, y) direction."""

DECODERS = ("soft-argmax", "local", "pair")

Pairs = tuple[tuple[int, int], ...]
_Config = TypeVar("_Config")


@dataclass(frozen=True, slots=True)
class TaskConfig:
    """One task: its keypoints in file order and how its heatmaps become points.

    Attributes:
        keypoints: names, in the order of the heatmap channels.
        flip_pairs: channels (0-based) that change places when the frame is mirrored left-right.
        pairs: channels that are the two ends of one axis.
        decode: "soft-argmax" (the centroid of each channel), "local" (the centroid of the 9 x 9
            cells around its peak) or "pair" (the two ends of an axis together).
        order: for each of ``pairs``, comma separated, which end comes first: "top", "bottom",
            "left" or "right". Needed by "pair" only.
        covariance_scale: factor on the covariance of a heatmap's peak, fitted so that measures are
            as far off as they say.
        trained: False for a head that still has its random start; its points mean nothing.
        training_data: what the head was trained on, for the reader of the model card.
        accuracy: measured numbers, for the reader of the model card.
    """

    keypoints: tuple[str, ...]
    flip_pairs: Pairs = ()
    pairs: Pairs = ()
    decode: str = "soft-argmax"
    order: str = ""
    covariance_scale: float = 1.0
    trained: bool = False
    training_data: str = ""
    accuracy: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        points = self.keypoints
        _require(
            bool(points)
            and all(isinstance(name, str) for name in points)
            and len(set(points)) == len(points),
            "keypoints must be a list of different names",
        )
        for field_name, pairs in (("flip_pairs", self.flip_pairs), ("pairs", self.pairs)):
            channels = [channel for pair in pairs for channel in pair]
            _require(
                len(set(channels)) == len(channels) and set(channels) <= set(range(len(points))),
                f"{field_name} must hold numbers from 0 to {len(points) - 1}, each once",
            )
        _require(
            self.decode in DECODERS,
            f"decode must be one of {', '.join(DECODERS)}, not {self.decode!r}",
        )
        scale: object = self.covariance_scale
        number = (
            isinstance(scale, int | float) and not isinstance(scale, bool) and 0 <= scale <= 1e6
        )
        _require(number, f"covariance_scale must be 0 or more, not {scale!r}")
        _require(self.decode != "pair" or bool(self.pairs), "decode 'pair' needs pairs")
        if self.decode == "pair" or self.order:
            words = self.order.split(",")
            _require(
                len(words) == len(self.pairs) and set(words) <= set(ORDER_DIRECTIONS),
                f"order must be one of {', '.join(ORDER_DIRECTIONS)} for each pair, "
                f"comma separated, not {self.order!r}",
            )

    @property
    def mirrored_channels(self) -> list[int]:
        """For each channel, the channel of the mirrored frame that shows the same keypoint."""
        channels = list(range(len(self.keypoints)))
        for a, b in self.flip_pairs:
            channels[a], channels[b] = b, a
        return channels


def _ends(*axes: str) -> tuple[str, ...]:
    return tuple(f"{axis} {end}" for axis in axes for end in (1, 2))


def _adjacent(count: int) -> Pairs:
    return tuple((2 * i, 2 * i + 1) for i in range(count))


_PLAX = ("LV", "RV", "IVS", "LVPW", "VAO", "STJ", "AAO", "AV", "LVOT", "LA", "RVOT")
_A4C = tuple(
    f"{chamber} {axis}" for chamber in ("LV", "RV", "LA", "RA") for axis in ("long", "trans")
)

DEFAULT_TASKS: Mapping[str, TaskConfig] = {
    "AOP": TaskConfig(("PS inferior", "PS superior", "Head near", "Head tangent")),
    "FUGC": TaskConfig(
        _ends("Canal"), flip_pairs=((0, 1),), pairs=((0, 1),), decode="pair", order="left"
    ),
    "FA": TaskConfig(
        _ends("APAD", "TAD"),
        flip_pairs=((2, 3),),
        pairs=_adjacent(2),
        decode="pair",
        order="top,right",
    ),
    "HC": TaskConfig(
        _ends("BPD", "OFD"),
        flip_pairs=((2, 3),),
        pairs=_adjacent(2),
        decode="pair",
        order="top,right",
    ),
    "IVC": TaskConfig(_ends("IVC"), pairs=_adjacent(1), decode="pair", order="top"),
    "PLAX": TaskConfig(
        _ends(*_PLAX), pairs=_adjacent(11), decode="pair", order=",".join(["top"] * 11)
    ),
    "PSAX": TaskConfig(_ends("RVOT", "PA"), pairs=_adjacent(2)),
    "A4C": TaskConfig(_ends(*_A4C), pairs=_adjacent(8), decode="pair", order=",".join(["top"] * 8)),
    "fetal_femur": TaskConfig(
        _ends("FL"), flip_pairs=((0, 1),), pairs=((0, 1),), decode="pair", order="left"
    ),
}
"""The nine tasks in their published order; none trained, which a training run changes."""


@dataclass(frozen=True, slots=True)
class ViTConfig:
    """A plain vision transformer; the defaults are ViT-B/16.

    Attributes:
        patch_size: pixels a side.
        hidden_size: channels of a token.
        num_hidden_layers: blocks.
        num_attention_heads: in each block.
        mlp_ratio: the hidden width of a block's MLP over ``hidden_size``.
        layer_norm_eps: of every norm.
        patch_padding: zeros around the frame before it is cut into patches; ViTPose has 2.
        class_token: whether a token that stands for no patch takes part in attention, as in
            classifiers. Patches of such a network mean something else without it.
    """

    patch_size: int = 16
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    mlp_ratio: float = 4.0
    layer_norm_eps: float = 1e-6
    patch_padding: int = 0
    class_token: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require_positive(self, "patch_size", "hidden_size", "num_attention_heads")
        _require_positive(self, "num_hidden_layers", at_most=200)
        _require(
            self.hidden_size % 4 == 0 and self.hidden_size % self.num_attention_heads == 0,
            "hidden_size must be a multiple of 4 and of num_attention_heads",
        )
        padding = self.patch_padding
        _require(
            # A wider rim would make a patch more in each row.
            type(padding) is int and 0 <= 2 * padding < self.patch_size,
            f"patch_padding must be a whole number below half of patch_size, not {padding!r}",
        )
        for name in ("mlp_ratio", "layer_norm_eps"):
            value = getattr(self, name)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            _require(number and 0 < value <= 100, f"{name} must be above 0, not {value!r}")


@dataclass(frozen=True, slots=True)
class EfficientNetLiteConfig:
    """An EfficientNet-Lite under a feature pyramid of ``fpn_channels``."""

    variant: str = "lite0"
    fpn_channels: int = 64
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require(self.variant == "lite0", f"variant must be 'lite0', not {self.variant!r}")
        _require_positive(self, "fpn_channels")


@dataclass(frozen=True, slots=True)
class HeadConfig:
    """The head of every task.

    "vitpose" (two deconvolutions, x4), "simple" (interpolated x4, one convolution; ``channels`` has
    no part in it) or "light" (no upsampling).
    """

    type: str = "vitpose"
    channels: int = 256
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require(
            self.type in {"vitpose", "simple", "light"},
            f"type must be 'vitpose', 'simple' or 'light', not {self.type!r}",
        )
        _require_positive(self, "channels")


BACKBONES: dict[str, type[ViTConfig | EfficientNetLiteConfig]] = {
    "vit": ViTConfig,
    "efficientnet_lite": EfficientNetLiteConfig,
}


RESERVED_TASKS = frozenset(dir(nn.ModuleDict()))
"""Names that a table of heads has other uses for."""


@dataclass(frozen=True, slots=True)
class SonichuConfig:
    """All that ``config.json`` says: sizes of the network and the tasks; unknown keys are kept.

    The defaults are the 124M network of the model card with the nine untrained tasks.
    """

    name: str = "sonichu"
    version: str = "0"
    license: str = "Apache-2.0"
    image_size: int = 256
    heatmap_size: int = 64
    backbone: ViTConfig | EfficientNetLiteConfig = field(default_factory=ViTConfig)
    head: HeadConfig = field(default_factory=HeadConfig)
    tasks: Mapping[str, TaskConfig] = field(default_factory=lambda: dict(DEFAULT_TASKS))
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require_positive(self, "image_size", "heatmap_size", at_most=4096)
        for task in self.tasks:
            _require(
                task.replace("_", "").replace("-", "").isalnum() and task not in RESERVED_TASKS,
                f"tasks: {task!r} cannot be a task's name (letters, digits, _ and -)",
            )
        if isinstance(self.backbone, ViTConfig):
            step, grid = self.backbone.patch_size, self.image_size // self.backbone.patch_size
        else:
            step, grid = 32, self.image_size // 4
        _require(
            self.image_size % step == 0,
            f"image_size must be a multiple of {step}, not {self.image_size}",
        )
        made = grid * (1 if self.head.type == "light" else 4)
        _require(
            made == self.heatmap_size,
            f"heatmap_size is {self.heatmap_size}, but this backbone and head make {made}",
        )

    @classmethod
    def from_dict(cls, raw: object) -> SonichuConfig:
        """The configuration in ``raw``, the parsed ``config.json``.

        Raises:
            ValueError: naming the key that is missing or wrong.
        """
        known = _known_fields(cls, raw, "config")
        kind = known["extra"].pop("model_type", MODEL_TYPE)
        _require(kind == MODEL_TYPE, f"model_type is {kind!r}, not {MODEL_TYPE!r}")
        if "backbone" in known:
            known["backbone"] = _backbone_from_dict(known["backbone"])
        if "head" in known:
            known["head"] = _build(HeadConfig, known["head"], "head")
        if "tasks" in known:
            known["tasks"] = {
                name: _task_from_dict(task, f"tasks.{name}")
                for name, task in _object(known["tasks"], "tasks").items()
            }
        return cls(**known)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; ``from_dict`` of it is equal to this configuration."""
        kind = next(name for name, made in BACKBONES.items() if isinstance(self.backbone, made))
        return {
            "model_type": MODEL_TYPE,
            **_plain(self),
            "backbone": {"type": kind, **_plain(self.backbone)},
            "head": _plain(self.head),
            "tasks": {name: _plain(task) for name, task in self.tasks.items()},
        }


def _object(raw: object, where: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise ValueError(f"{where} must be an object, not {raw!r}")  # noqa: TRY004 - one type a parse
    return raw


def _known_fields(cls: type, raw: object, where: str) -> dict[str, Any]:
    """The entries of ``raw`` that ``cls`` has fields for, and the others under ``extra``."""
    given = _object(raw, where)
    specs = {spec.name: spec for spec in fields(cls) if spec.name != "extra"}
    for name, spec in specs.items():
        required = spec.default is MISSING and spec.default_factory is MISSING
        _require(name in given or not required, f"{where}.{name} is missing")
        for annotation, kind in (("str", str), ("bool", bool)):
            well_typed = spec.type != annotation or isinstance(given.get(name, kind()), kind)
            _require(well_typed, f"{where}.{name} must be a {annotation}, not {given.get(name)!r}")
    known = {name: value for name, value in given.items() if name in specs}
    return {**known, "extra": {name: value for name, value in given.items() if name not in specs}}


def _build(cls: type[_Config], raw: object, where: str) -> _Config:
    known = _known_fields(cls, raw, where)
    try:
        return cls(**known)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _backbone_from_dict(raw: object) -> ViTConfig | EfficientNetLiteConfig:
    sizes = dict(_object(raw, "backbone"))
    kind = sizes.pop("type", None)
    _require(
        isinstance(kind, str) and kind in BACKBONES,
        f"backbone.type must be one of {', '.join(BACKBONES)}, not {kind!r}",
    )
    return _build(BACKBONES[kind], sizes, "backbone")


def _task_from_dict(raw: object, where: str) -> TaskConfig:
    parsed = dict(_object(raw, where))
    if "keypoints" in parsed:
        names = parsed["keypoints"]
        _require(
            isinstance(names, list) and all(isinstance(name, str) for name in names),
            f"{where}.keypoints must be a list of names",
        )
        parsed["keypoints"] = tuple(names)
    for name in ("flip_pairs", "pairs"):
        pairs = parsed.get(name, [])
        well_formed = isinstance(pairs, list) and all(
            isinstance(pair, list) and [type(channel) for channel in pair] == [int, int]
            for pair in pairs
        )
        _require(well_formed, f"{where}.{name} must be a list of pairs of numbers")
        parsed[name] = tuple((a, b) for a, b in pairs)
    _object(parsed.get("accuracy", {}), f"{where}.accuracy")
    return _build(TaskConfig, parsed, where)


def _plain(
    config: SonichuConfig | ViTConfig | EfficientNetLiteConfig | HeadConfig | TaskConfig,
) -> dict[str, Any]:
    """The fields of a configuration as JSON values, its extra keys last."""
    own = {spec.name: getattr(config, spec.name) for spec in fields(config) if spec.name != "extra"}
    return {**{name: _listed(value) for name, value in own.items()}, **config.extra}


def _listed(value: object) -> object:
    return [_listed(item) for item in value] if isinstance(value, tuple) else value


# --- light backbone ------------------------------------------------------------------------------

# kernel, stride of the first block, expansion, output channels, blocks
LITE0_STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
LITE0_STEM_CHANNELS = 32
LITE0_TAPS = (1, 2, 4, 6)
"""Stages whose output is the last of its stride: 4, 8, 16, 32."""


class ConvBNReLU6(nn.Module):
    """Convolution with TensorFlow's "same" padding, batch norm and (unless told not to) ReLU6."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel: int,
        stride: int = 1,
        groups: int = 1,
        activate: bool = True,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels,
            out_channels,
            kernel,
            stride,
            padding=kernel // 2 if stride == 1 else 0,
            groups=groups,
            bias=False,
        )
        self.bn = nn.BatchNorm2d(out_channels, eps=1e-3, momentum=0.01)
        self.activate = activate
        before = (kernel - 2) // 2
        self._same_padding = (before, kernel - 2 - before) * 2

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, h, w) -> (B, out, h / stride, w / stride); h and w even where stride is 2."""
        conv = self.conv
        if conv.stride == (1, 1):
            x = conv(x)
        elif conv.groups > 1 and torch.is_grad_enabled():
            # The same numbers by a detour: oneDNN's backward of strided depthwise convolutions is
            # many times slower than that of dense ones. "Same" padding of an even side puts the
            # kernel's centre on every odd row and column.
            padding = conv.kernel_size[0] // 2
            dense = F.conv2d(x, conv.weight, padding=padding, groups=conv.groups)
            x = dense[..., 1::2, 1::2]
        else:
            x = conv(F.pad(x, self._same_padding))
        x = self.bn(x)
        return F.relu6(x) if self.activate else x


class InvertedResidual(nn.Module):
    """MobileNet block of EfficientNet-Lite: expand, depthwise, project; no squeeze-excite."""

    def __init__(
        self, in_channels: int, out_channels: int, *, kernel: int, stride: int, expansion: int
    ) -> None:
        super().__init__()
        wide = in_channels * expansion
        if expansion > 1:
            self.expand = ConvBNReLU6(in_channels, wide, kernel=1)
        self.depthwise = ConvBNReLU6(wide, wide, kernel=kernel, stride=stride, groups=wide)
        self.project = ConvBNReLU6(wide, out_channels, kernel=1, activate=False)
        self._expands = expansion > 1
        self._adds = stride == 1 and in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, h, w) -> (B, out, h / stride, w / stride)."""
        wide = self.expand(x) if self._expands else x
        out: Tensor = self.project(self.depthwise(wide))
        return x + out if self._adds else out


class EfficientNetLite(nn.Module):
    """EfficientNet-Lite0 without its classifier (Tan & Le 2019, and the "lite" edge variant).

    The 288 entries of its state are, in order, those of the public ImageNet checkpoints.
    """

    channels = tuple(LITE0_STAGES[stage][3] for stage in LITE0_TAPS)

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvBNReLU6(3, LITE0_STEM_CHANNELS, kernel=3, stride=2)
        blocks: list[nn.Module] = []
        self._taps: list[int] = []
        width = LITE0_STEM_CHANNELS
        for index, (kernel, stride, expansion, out, repeats) in enumerate(LITE0_STAGES):
            for repeat in range(repeats):
                step = stride if repeat == 0 else 1
                blocks.append(
                    InvertedResidual(width, out, kernel=kernel, stride=step, expansion=expansion)
                )
                width = out
            if index in LITE0_TAPS:
                self._taps.append(len(blocks) - 1)
        self.blocks = nn.ModuleList(blocks)

    def forward(self, pixel_values: Tensor) -> list[Tensor]:
        """(B, 3, S, S) -> feature maps of strides 4, 8, 16 and 32."""
        x = self.stem(pixel_values)
        maps = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in self._taps:
                maps.append(x)
        return maps


class FeaturePyramid(nn.Module):
    """Adds coarse maps to finer ones, top down, and gives the finest (Lin et al. 2017)."""

    def __init__(self, in_channels: Sequence[int], channels: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(_conv_bn(width, channels, kernel=1) for width in in_channels)
        self.smooth = nn.ModuleList(
            nn.Sequential(_conv_bn(channels, channels, kernel=3), nn.ReLU(inplace=True))
            for _ in in_channels[:-1]
        )

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Maps of strides 4, 8, 16, 32 -> (B, channels, S / 4, S / 4)."""
        x: Tensor = self.lateral[-1](maps[-1])
        for level in range(len(maps) - 2, -1, -1):
            coarse = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = self.smooth[level](self.lateral[level](maps[level]) + coarse)
        return x


def _conv_bn(in_channels: int, out_channels: int, *, kernel: int) -> nn.Sequential:
    conv = nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(out_channels))


# --- heads ---------------------------------------------------------------------------------------


class LightHead(nn.Module):
    """3x3 convolution and one heatmap a keypoint, on features of heatmap size."""

    def __init__(self, in_channels: int, channels: int, keypoints: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, channels, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(channels)
        self.final_layer = nn.Conv2d(channels, keypoints, 1)
        _start_flat(self.final_layer)

    def forward(self, features: Tensor) -> Tensor:
        """(B, in, h, w) -> logits (B, K, h, w)."""
        x = F.relu(self.bn(self.conv(features)))
        logits: Tensor = self.final_layer(x)
        return logits


class ViTPoseHead(nn.Module):
    """ViTPose's classic decoder (Xu et al. 2022): two deconvolutions, then a heatmap a keypoint."""

    def __init__(self, in_channels: int, channels: int, keypoints: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for width in (in_channels, channels):
            deconv = nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1, bias=False)
            _draw_small(deconv.weight)
            layers += [deconv, nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]
        self.deconv_layers = nn.Sequential(*layers)
        self.final_layer = nn.Conv2d(channels, keypoints, 1)
        _start_flat(self.final_layer)

    def forward(self, features: Tensor) -> Tensor:
        """(B, in, h, w) -> logits (B, K, 4 h, 4 w)."""
        logits: Tensor = self.final_layer(self.deconv_layers(features))
        return logits


class SimpleHead(nn.Module):
    """ViTPose's simple decoder (Xu et al. 2022): features interpolated x4, then one convolution."""

    def __init__(self, in_channels: int, channels: int, keypoints: int) -> None:
        super().__init__()
        del channels  # this decoder has no inner layer
        self.final_layer = nn.Conv2d(in_channels, keypoints, 3, padding=1)
        _start_flat(self.final_layer)

    def forward(self, features: Tensor) -> Tensor:
        """(B, in, h, w) -> logits (B, K, 4 h, 4 w)."""
        x = F.interpolate(F.relu(features), scale_factor=4.0, mode="bilinear", align_corners=False)
        logits: Tensor = self.final_layer(x)
        return logits


HEADS = {"vitpose": ViTPoseHead, "simple": SimpleHead, "light": LightHead}


def _start_flat(layer: nn.Conv2d) -> None:
    _draw_small(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def _draw_small(weight: Tensor) -> None:
    # Weights on the meta device are only described; asking torch to draw them there makes it
    # import a symbolic algebra system, two seconds on the way to the first prediction.
    if not weight.is_meta:
        nn.init.normal_(weight, std=0.001)


# --- decoding ------------------------------------------------------------------------------------

LOWER_PEAK = 0.25
"""How high, against the highest, another peak of a heatmap must be to count as an alternative."""

MOST_LOWER_PEAKS = 3


@dataclass(frozen=True, slots=True)
class KeypointOutput:
    """Points of one task in normalised coordinates.

    Attributes:
        xy: (B, K, 2) in [0, 1].
        confidence: (B, K) in [0, 1]: the share of the heatmap within 1/16 of the frame of its peak.
        covariance: (B, K, 2, 2) of that peak, in normalised units squared, x and y.
        alternatives: (B, K, 3, 3), for each of up to three lower peaks its x, y and confidence,
            most confident first; NaN where there are fewer.
        views: (2, B, K, 2) what the frame and its mirror image said by themselves; None for one.
    """

    xy: Tensor
    confidence: Tensor
    covariance: Tensor
    alternatives: Tensor
    views: Tensor | None = None


def decode_probabilities(probabilities: Tensor, task: TaskConfig) -> KeypointOutput:
    """The points of heatmaps (B, K, H, W), each of which sums to 1; always computed in float32."""
    with torch.autocast(probabilities.device.type, enabled=False):
        weights, cells, size = _weights_and_cells(probabilities, task)
        reach = _reach(probabilities)
        peak = cells[weights.argmax(-1)]
        confidence, covariance = _peak_statistics(weights, cells, peak, reach=reach)
        lower_peaks = _lower_peaks(weights, cells, peak, probabilities.shape[-2:], reach=reach)
        return KeypointOutput(
            xy=_points(weights, cells, peak, task, reach=reach) / size,
            confidence=confidence,
            covariance=task.covariance_scale * covariance / (size[:, None] * size),
            alternatives=lower_peaks / torch.cat([size, size.new_ones(1)]),
        )


def _decode_points(probabilities: Tensor, task: TaskConfig) -> Tensor:
    """The ``xy`` of ``decode_probabilities`` alone."""
    with torch.autocast(probabilities.device.type, enabled=False):
        weights, cells, size = _weights_and_cells(probabilities, task)
        peak = cells[weights.argmax(-1)]
        return _points(weights, cells, peak, task, reach=_reach(probabilities)) / size


def _weights_and_cells(probabilities: Tensor, task: TaskConfig) -> tuple[Tensor, Tensor, Tensor]:
    """Maps (B, K, N) as the task deals them to its points, cell centres (N, 2), size (2,)."""
    height, width = probabilities.shape[-2:]
    weights = probabilities.float().flatten(2)
    cells = _cell_centres(height, width, weights.device)
    if task.decode == "pair":
        weights = _cut_pairs(weights, cells, task, reach=_reach(probabilities))
    return weights, cells, cells.new_tensor([width, height])


def _reach(probabilities: Tensor) -> int:
    """How many cells around its centre belong to a peak: 1/16 of the frame."""
    return max(probabilities.shape[-2] // 16, 1)


def _points(
    weights: Tensor, cells: Tensor, peak: Tensor, task: TaskConfig, *, reach: int
) -> Tensor:
    """(B, K, N) -> (B, K, 2) in cells, by the task's rule."""
    around = _within(cells, peak, reach) if task.decode == "local" else True
    return _centroid(weights * around, cells)


def _cell_centres(height: int, width: int, device: torch.device) -> Tensor:
    """(H * W, 2): x and y of every cell's centre in cells from the top-left corner, row by row."""
    y = torch.arange(height, device=device, dtype=torch.float32) + 0.5
    x = torch.arange(width, device=device, dtype=torch.float32) + 0.5
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    return torch.stack([columns, rows], dim=-1).flatten(0, 1)


def _centroid(weights: Tensor, cells: Tensor) -> Tensor:
    """(…, N) and (N, 2) -> (…, 2): the soft-argmax."""
    return (weights @ cells) / weights.sum(-1, keepdim=True).clamp_min(1e-20)


def _cut_pairs(weights: Tensor, cells: Tensor, task: TaskConfig, *, reach: int) -> Tensor:
    """``weights`` (B, K, N) with the two maps of each pair re-dealt: one end of the axis to each.

    A network cannot tell the ends of a nearly vertical axis by "left" and "right", so both of its
    maps then show both ends. Their sum does not depend on the order: it is cut between the two ends
    (2-means by the bisector), and the task's rule says which half comes first. The cut starts from
    the two highest places that lie apart or, if that leaves more mass about both ends, from the
    peaks of the two maps: ends that are near each other have no second place apart.
    """
    pairs = torch.tensor(task.pairs, device=weights.device)
    # The floor keeps the mean of a half defined where every probability in it underflowed.
    both = (weights[:, pairs[:, 0]] + weights[:, pairs[:, 1]] + 1e-12).double()
    cells = cells.double()  # else rounding says on which side of the cut a cell in its middle lies
    first = cells[both.argmax(-1)]
    far = ~_within(cells, first, 2 * reach)
    second = cells[both.where(far, -1.0).argmax(-1)]
    own_first, own_second = cells[weights[:, pairs].argmax(-1)].unbind(2)
    same = (own_first == own_second).all(-1, keepdim=True)
    first = torch.stack([first, own_first])
    second = torch.stack([second, second.where(same, own_second)])
    for _ in range(4):
        in_first = _nearer(first, second, cells)
        first, second = _centroid(both * in_first, cells), _centroid(both * ~in_first, cells)
    near = [
        (both * half * _within(cells, end, reach)).sum(-1)
        for half, end in ((in_first, first), (~in_first, second))
    ]
    apart, peaks = torch.minimum(*near)
    by_peaks = (peaks > 1.05 * apart)[..., None]  # clearly: in a flat map every cut is as good
    in_first = in_first[1].where(by_peaks, in_first[0])
    along = (first - second)[1].where(by_peaks, (first - second)[0])
    direction = cells.new_tensor([ORDER_DIRECTIONS[word] for word in task.order.split(",")])
    in_first = in_first ^ ((along * direction).sum(-1) < 0)[..., None]
    cut = weights.clone()
    cut[:, pairs[:, 0]] = (both * in_first).float()
    cut[:, pairs[:, 1]] = (both * ~in_first).float()
    return cut


def _nearer(first: Tensor, second: Tensor, cells: Tensor) -> Tensor:
    """(…, 2) twice and (N, 2) -> (…, N): the cells on ``first``'s side of the bisector."""
    middle = (first + second) / 2
    return (first - second) @ cells.T >= ((first - second) * middle).sum(-1, keepdim=True)


def _within(cells: Tensor, centre: Tensor, reach: int) -> Tensor:
    """(N, 2) and (…, 2) -> (…, N): the square of cells around each centre."""
    return (cells - centre[..., None, :]).abs().amax(-1) <= reach


def _lower_peaks(
    weights: Tensor, cells: Tensor, peak: Tensor, shape: Sequence[int], *, reach: int
) -> Tensor:
    """Other places of each map (B, K, N): (B, K, 3, 3) x, y in cells and mass, NaN for none.

    The three highest, sorted by their mass. A place is a cell that no other within ``reach``
    exceeds, at least a quarter as high as the peak and so far from it that their squares of cells
    do not touch.
    """
    maps = weights.view(*weights.shape[:-1], *shape)
    crest = _highest_near(maps, reach).flatten(2)
    highest = weights.amax(-1, keepdim=True)
    is_place = (weights == crest) & (weights >= LOWER_PEAK * highest)
    is_place &= ~_within(cells, peak, 2 * reach)
    height, index = weights.where(is_place, 0.0).topk(min(MOST_LOWER_PEAKS, weights.shape[-1]))
    around = _within(cells, cells[index], reach)
    local = weights[..., None, :] * around
    found = torch.cat([_centroid(local, cells), local.sum(-1, keepdim=True)], dim=-1)
    found = found.where((height > 0)[..., None], torch.nan)
    # What a person reads is the mass: the places of most mass first.
    order = found[..., 2].nan_to_num(nan=-1.0).argsort(-1, descending=True)
    found = found.gather(-2, order[..., None].expand_as(found))
    return F.pad(found, (0, 0, 0, MOST_LOWER_PEAKS - found.shape[-2]), value=torch.nan)


def _highest_near(maps: Tensor, reach: int) -> Tensor:
    """(…, H, W) -> (…, H, W): the highest within ``reach`` rows and columns of each cell.

    A max pooling, by maxima of ever wider windows: a tenth of the time that torch's takes.
    """
    width = 2 * reach + 1
    for axis in (-1, -2):
        margin = (reach, reach) if axis == -1 else (0, 0, reach, reach)
        maps = F.pad(maps, margin, value=-torch.inf)
        window = 1
        while window < width:
            step = min(window, width - window)
            count = maps.shape[axis] - step
            maps = torch.maximum(maps.narrow(axis, 0, count), maps.narrow(axis, step, count))
            window += step
    return maps


def _peak_statistics(
    weights: Tensor, cells: Tensor, peak: Tensor, *, reach: int
) -> tuple[Tensor, Tensor]:
    """Mass (B, K) and covariance (B, K, 2, 2) in cells, within ``reach`` cells of each peak."""
    offset = cells - peak[..., None, :]
    local = weights * _within(cells, peak, reach)
    mass = local.sum(-1)
    share = local / mass[..., None].clamp_min(1e-20)
    mean = (share[..., None] * offset).sum(-2)
    offset = offset - mean[..., None, :]
    covariance = (share[..., None] * offset).mT @ offset
    # A point is never known better than the cell it fell into: add the variance of a unit square.
    covariance = covariance + torch.eye(2, device=cells.device) / 12
    return mass.clamp(max=1.0), covariance


# --- vision transformer --------------------------------------------------------------------------


class Attention(nn.Module):
    """Multi-head self-attention with one projection for queries, keys and values."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.heads = config.num_attention_heads
        self.qkv = nn.Linear(config.hidden_size, 3 * config.hidden_size)
        self.proj = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        batch, tokens, width = x.shape
        qkv = self.qkv(x).view(batch, tokens, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        x = F.scaled_dot_product_attention(q, k, v)
        out: Tensor = self.proj(x.transpose(1, 2).reshape(batch, tokens, width))
        return out


class MLP(nn.Module):
    """Two linear layers around an exact GELU."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        wide = int(config.hidden_size * config.mlp_ratio)
        self.fc1 = nn.Linear(config.hidden_size, wide)
        self.fc2 = nn.Linear(wide, config.hidden_size)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        out: Tensor = self.fc2(F.gelu(self.fc1(x)))
        return out


class Block(nn.Module):
    """Pre-norm transformer block."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.attn = Attention(config)
        self.norm2 = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.mlp = MLP(config)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        x = x + self.attn(self.norm1(x))
        out: Tensor = x + self.mlp(self.norm2(x))
        return out


class PatchEmbedding(nn.Module):
    """One token a patch, row by row."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        size = config.patch_size
        self.proj = nn.Conv2d(3, config.hidden_size, size, size, config.patch_padding)

    def forward(self, pixel_values: Tensor) -> Tensor:
        """(B, 3, S, S) -> (B, N, D)."""
        tokens: Tensor = self.proj(pixel_values).flatten(2).transpose(1, 2)
        return tokens


class VisionTransformer(nn.Module):
    """I-JEPA's encoder (Assran et al. 2023): fixed sin-cos positions, final norm, no class token.

    State names are those of the official code: ``patch_embed.proj``, ``pos_embed``,
    ``blocks.i.{norm1,attn.qkv,attn.proj,norm2,mlp.fc1,mlp.fc2}``, ``norm``. A configuration may ask
    for a class token (``cls_token``, first in ``pos_embed``): other people's encoders have one.
    """

    def __init__(self, config: ViTConfig, image_size: int) -> None:
        super().__init__()
        self.grid = image_size // config.patch_size
        self.patch_embed = PatchEmbedding(config)
        positions = fixed_positions(self.grid, config.hidden_size)
        self.cls_token: nn.Parameter | None = None
        if config.class_token:
            self.cls_token = nn.Parameter(torch.zeros(1, 1, config.hidden_size))
            positions = F.pad(positions, (0, 0, 1, 0))
        self.pos_embed = nn.Parameter(positions, requires_grad=False)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.num_hidden_layers))
        self.norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        if not self.norm.weight.is_meta:
            self._start()

    def _start(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Conv2d):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        # I-JEPA's depth scaling keeps the residual stream of deep encoders from growing at start.
        for depth, block in enumerate(self.blocks, start=1):
            if isinstance(block, Block):
                for linear in (block.attn.proj, block.mlp.fc2):
                    with torch.no_grad():
                        linear.weight.div_((2.0 * depth) ** 0.5)

    def forward(self, pixel_values: Tensor) -> Tensor:
        """(B, 3, S, S) -> tokens (B, grid * grid, D), row by row."""
        x = self.patch_embed(pixel_values)
        if self.cls_token is not None:
            x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], dim=1)
        x = x + self.pos_embed
        for block in self.blocks:
            x = block(x)
        tokens: Tensor = self.norm(x)
        return tokens if self.cls_token is None else tokens[:, 1:]


def fixed_positions(grid: int, width: int) -> Tensor:
    """(1, grid * grid, width): the first half encodes the column, the second the row.

    Each half is [sin, cos] of p / 10000^(i / (width / 4)), i = 0 … width / 4 - 1.
    """
    quarter = width // 4
    angles = np.arange(grid)[:, None] / 10000.0 ** (np.arange(quarter) / quarter)
    line = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    columns = np.broadcast_to(line, (grid, grid, 2 * quarter))
    rows = np.broadcast_to(line[:, None], (grid, grid, 2 * quarter))
    table = np.concatenate([columns, rows], axis=-1).reshape(1, grid * grid, width)
    return torch.from_numpy(table.astype(np.float32))


# --- model ---------------------------------------------------------------------------------------


class SonichuModel(nn.Module):
    """Backbone and one head a task: a frame to keypoints.

    ``encode`` is nearly all of the work; its features serve the head of every task.
    """

    def __init__(self, config: SonichuConfig) -> None:
        super().__init__()
        self.config = config
        if isinstance(config.backbone, ViTConfig):
            self.backbone: nn.Module = VisionTransformer(config.backbone, config.image_size)
            self.neck: nn.Module = _TokensToMap()
            width = config.backbone.hidden_size
        else:
            self.backbone = EfficientNetLite()
            width = config.backbone.fpn_channels
            self.neck = FeaturePyramid(EfficientNetLite.channels, width)
        head = HEADS[config.head.type]
        self.heads = nn.ModuleDict(
            {
                name: head(width, config.head.channels, len(task.keypoints))
                for name, task in config.tasks.items()
            }
        )

    @property
    def task_names(self) -> tuple[str, ...]:
        """Every task there is a head for, trained or not, in the configuration's order."""
        return tuple(self.config.tasks)

    @property
    def num_parameters(self) -> int:
        """All parameters, the fixed position table included."""
        return sum(parameter.numel() for parameter in self.parameters())

    def encode(self, pixel_values: Tensor) -> Tensor:
        """(B, 3, S, S) -> features (B, C, h, w) for the heads.

        Raises:
            ValueError: for any other shape.
        """
        size = self.config.image_size
        if pixel_values.dim() != 4 or pixel_values.shape[1:] != (3, size, size):
            raise ValueError(
                f"pixel_values must be (B, 3, {size}, {size}), not {tuple(pixel_values.shape)}"
            )
        features: Tensor = self.neck(self.backbone(pixel_values))
        return features

    def heatmaps(self, features: Tensor, task: str) -> Tensor:
        """Features of ``encode`` -> logits (B, K, heatmap_size, heatmap_size)."""
        self._task(task)
        logits: Tensor = self.heads[task](features)
        return logits

    def decode(self, logits: Tensor, task: str) -> KeypointOutput:
        """Logits (B, K, H, W) of ``heatmaps`` -> points, by the task's rule."""
        return decode_probabilities(_softmax(logits), self._task(task))

    def encode_views(self, pixel_values: Tensor, *, tta: bool) -> Tensor:
        """Features for ``locate``; with ``tta`` the mirrored frames follow as a second half."""
        if tta:
            pixel_values = torch.cat([pixel_values, pixel_values.flip(-1)])
        return self.encode(pixel_values)

    def view_probabilities(self, features: Tensor, task: str, *, tta: bool) -> Tensor:
        """(V, B, K, H, W): the heatmaps of the frame and, with ``tta``, of its mirror image.

        Each sums to 1, and the second is turned back: its channels show the same keypoints.
        """
        probabilities = _softmax(self.heatmaps(features, task))
        if not tta:
            return probabilities[None]
        straight, mirrored = probabilities.chunk(2)
        channels = self._task(task).mirrored_channels
        return torch.stack([straight, mirrored[:, channels].flip(-1)])

    def locate(self, features: Tensor, task: str, *, tta: bool) -> KeypointOutput:
        """Points from the features of ``encode_views`` made with the same ``tta``.

        The heatmaps of both views are averaged, not their points: a mirrored view that disagrees
        then widens the map instead of pulling the point into the void between two answers. Half
        the way between the answers of the two views is added to the covariance: a model that is
        sure of two different places is not sure.
        """
        settings = self._task(task)
        maps = self.view_probabilities(features, task, tta=tta)
        output = decode_probabilities(maps.mean(0), settings)
        if not tta:
            return output
        alone = _decode_points(maps.flatten(0, 1), settings)
        alone = alone.view(*maps.shape[:2], *alone.shape[1:])
        both = _same_way_round(alone, settings.pairs)
        apart = (both[0] - both[1])[..., None] / 2
        return replace(output, views=both, covariance=output.covariance + apart @ apart.mT)

    @torch.inference_mode()
    def detect(
        self,
        pixel_values: Tensor,
        task: str,
        tta: bool = False,  # noqa: FBT001, FBT002 - as in predict
    ) -> KeypointOutput:
        """Preprocessed frames (B, 3, S, S) -> points, confidence and covariance.

        Raises:
            ValueError: for an unknown task or another input shape.
            RuntimeError: in training mode, where batch norm would answer for the batch at hand.
        """
        if self.training:
            raise RuntimeError("call model.eval() before detecting keypoints")
        return self.locate(self.encode_views(pixel_values, tta=tta), task, tta=tta)

    def predict(
        self,
        pixel_values: Tensor,
        task: str,
        tta: bool = False,  # noqa: FBT001, FBT002 - the published signature
    ) -> Tensor:
        """Preprocessed frames (B, 3, S, S) -> (B, K, 2) in [0, 1]; warns of an untrained head."""
        points = self.detect(pixel_values, task, tta).xy
        if not self._task(task).trained:
            warnings.warn(
                f"this model has no trained head for {task}: its points mean nothing",
                stacklevel=2,
            )
        return points

    def _task(self, name: str) -> TaskConfig:
        try:
            return self.config.tasks[name]
        except KeyError:
            known = ", ".join(self.task_names)
            raise ValueError(f"unknown task {name!r}; this model knows {known}") from None

    @classmethod
    def from_pretrained(cls, folder: str | os.PathLike[str]) -> SonichuModel:
        """The model of a folder, in float32 and evaluation mode.

        Every tensor must be there with its shape. Heads of tasks that the configuration does not
        name are kept as extra tasks with numbered keypoints.

        Raises:
            CheckpointError: naming the file and what is wrong with it.
        """
        config = _read_config(Path(folder) / CONFIG_FILE)
        path = Path(folder) / WEIGHTS_FILE
        tensors = _read_tensors(path)
        try:
            config = _with_surplus_heads(config, tensors)
        except ValueError as error:
            raise CheckpointError(f"{path}: {error}") from error
        return cls.from_tensors(config, tensors, path)

    @classmethod
    def from_tensors(
        cls, config: SonichuConfig, tensors: Mapping[str, Tensor], path: Path
    ) -> SonichuModel:
        """The model of ``config`` made of ``tensors``, in float32 and evaluation mode.

        Args:
            config: its sizes and tasks.
            tensors: its whole state by name; taken over, not copied, where they are float32.
            path: the file that they come from, for the message.

        Raises:
            CheckpointError: listing what is missing, surplus or misshaped.
        """
        # Tensors are only described here, then replaced by those mapped from the file: no second
        # copy in memory and no random start that nobody uses.
        with torch.device("meta"):
            model = cls(config)
        _require_same_tensors(path, model.state_dict(), tensors)
        model.load_state_dict(tensors, assign=True)
        model = model.float().eval()
        if isinstance(config.backbone, EfficientNetLiteConfig):
            # The layout that oneDNN convolves fastest on a CPU: half the time of a frame.
            model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return model

    def save_pretrained(
        self,
        folder: str | os.PathLike[str],
        *,
        readme: str | None = None,
        preprocessor: SonichuPreprocessor | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Writes a whole model folder: configuration, weights, the code and the model card.

        Args:
            folder: made where it is missing; files of the same names are replaced.
            readme: the text of the model card; made from the configuration when None.
            preprocessor: the one that the weights were trained with; ImageNet's when None.
            dtype: how matrices and kernels are stored; vectors (norms, biases) stay float32.

        Raises:
            ValueError: for weights that are not finite, or not in that number type.
        """
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        tensors = {
            name: (tensor.to(dtype) if tensor.dim() > 1 else tensor).contiguous()
            for name, tensor in self.state_dict().items()
        }
        broken = [name for name, tensor in tensors.items() if not tensor.isfinite().all()]
        _require(not broken, f"not finite as {dtype}: {_some(broken)}")
        card = readme if readme is not None else _model_card(self)
        preprocessor = preprocessor or SonichuPreprocessor(self.config.image_size)
        _require(
            preprocessor.image_size == self.config.image_size,
            f"the preprocessor makes squares of {preprocessor.image_size}, "
            f"the network takes {self.config.image_size}",
        )
        with _replacing(target / WEIGHTS_FILE) as part:
            # Not save_file: it makes a file that only its owner can read.
            part.write_bytes(safetensors.torch.save(tensors, {"format": "pt"}))
        for name, content in (
            (CONFIG_FILE, _json_bytes(self.config.to_dict())),
            (PREPROCESSOR_FILE, _json_bytes(preprocessor.to_dict())),
            (CARD_FILE, card.encode()),
            *((name, Path(__file__).with_name(name).read_bytes()) for name in CODE_FILES),
        ):
            with _replacing(target / name) as part:
                part.write_bytes(content)


def _same_way_round(views: Tensor, pairs: Pairs) -> Tensor:
    """``views`` (2, B, K, 2) with the ends of each pair of the second laid like those of the first.

    Ends of an axis are told apart by a rule that may tip over between two nearly equal answers;
    such a swap is no disagreement about where they are.
    """
    first, second = views[0], views[1].clone()
    for pair in map(list, pairs):
        here, there = second[:, pair], second[:, pair[::-1]]
        straight = (here - first[:, pair]).square().sum((-1, -2))
        swapped = (there - first[:, pair]).square().sum((-1, -2))
        second[:, pair] = here.where((straight <= swapped)[:, None, None], there)
    return torch.stack([first, second])


class _TokensToMap(nn.Module):
    def forward(self, tokens: Tensor) -> Tensor:
        """(B, N, D), row by row -> (B, D, sqrt N, sqrt N)."""
        batch, count, width = tokens.shape
        grid = int(count**0.5)
        return tokens.transpose(1, 2).reshape(batch, width, grid, grid)


def _softmax(logits: Tensor) -> Tensor:
    """Each channel (B, K, H, W) to probabilities over its cells, in float32."""
    with torch.autocast(logits.device.type, enabled=False):
        return logits.float().flatten(2).softmax(-1).view(logits.shape)


# --- preprocessing -------------------------------------------------------------------------------

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class SonichuPreprocessor:
    """A frame to the network's input: the whole frame resized to a square, ImageNet-normalised."""

    def __init__(
        self,
        image_size: int = 256,
        image_mean: Sequence[float] = IMAGENET_MEAN,
        image_std: Sequence[float] = IMAGENET_STD,
    ) -> None:
        self.image_size = image_size
        self.image_mean = tuple(image_mean)
        self.image_std = tuple(image_std)

    def __call__(self, image: npt.NDArray[np.uint8]) -> dict[str, Any]:
        """Height x width (grey) or height x width x 1 or 3 (RGB), uint8, to the network's input.

        Returns:
            ``pixel_values`` (1, 3, S, S) float32, and ``orig_w``, ``orig_h`` in pixels.

        Raises:
            ValueError: for another shape or number type.
        """
        shape = image.shape
        _require(
            image.dtype == np.uint8 and len(shape) in {2, 3} and 0 not in shape,
            f"expected a uint8 image, not {image.dtype} of shape {shape}",
        )
        _require(
            len(shape) == 2 or shape[2] in {1, 3},
            f"expected 1 (grey) or 3 (RGB) channels, not {shape[-1]}",
        )
        square = resize_frame(image, self.image_size)
        rgb = np.broadcast_to(square.reshape(*square.shape[:2], -1), (*square.shape[:2], 3))
        scale = np.float32(255) * np.asarray(self.image_std, np.float32)
        values = (rgb - np.float32(255) * np.asarray(self.image_mean, np.float32)) / scale
        tensor = torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1)))[None]
        return {"pixel_values": tensor, "orig_w": shape[1], "orig_h": shape[0]}

    @classmethod
    def from_pretrained(cls, folder: str | os.PathLike[str]) -> SonichuPreprocessor:
        """The preprocessor of a model folder.

        Raises:
            CheckpointError: when its file is missing or holds something else.
        """
        path = Path(folder) / PREPROCESSOR_FILE
        raw = _read_json(path)
        try:
            given = _object(raw, "the file")
            size = given["image_size"]
            mean, std = (
                np.asarray(given[name], np.float64) for name in ("image_mean", "image_std")
            )
            _require(type(size) is int and 0 < size <= 4096, f"image_size is {size!r}")
            _require(
                mean.shape == std.shape == (3,) and bool((std > 0).all()),
                "image_mean and image_std must be three numbers, std above 0",
            )
        except KeyError as error:
            raise CheckpointError(f"{path}: {error} is missing") from error
        except (TypeError, ValueError) as error:
            raise CheckpointError(f"{path}: {error}") from error
        return cls(size, mean.tolist(), std.tolist())

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "processor_type": type(self).__name__,
            "image_size": self.image_size,
            "image_mean": list(self.image_mean),
            "image_std": list(self.image_std),
            "resize": "whole frame, area where it shrinks, bilinear where it grows",
        }


def resize_frame(image: npt.NDArray[np.uint8], size: int) -> npt.NDArray[np.uint8]:
    """The whole frame as a ``size`` x ``size`` square; both axes keep their corner-origin fraction.

    Area averaging where an axis shrinks (bilinear alone would alias speckle), bilinear where it
    grows.
    """
    height, width = image.shape[:2]
    image = np.ascontiguousarray(image)
    shrunk = cv2.resize(image, (min(width, size), min(height, size)), interpolation=cv2.INTER_AREA)
    square = cv2.resize(shrunk, (size, size), interpolation=cv2.INTER_LINEAR)
    return np.asarray(square, np.uint8)


# --- model folder --------------------------------------------------------------------------------


def _read_json(path: Path) -> object:
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: not JSON: {error}") from error


def _read_config(path: Path) -> SonichuConfig:
    try:
        return SonichuConfig.from_dict(_read_json(path))
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}") from error


def _read_tensors(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such file")
    try:
        return safetensors.torch.load_file(path)
    except (OSError, safetensors.SafetensorError) as error:
        raise CheckpointError(f"{path}: not a readable safetensors file: {error}") from error


def _with_surplus_heads(config: SonichuConfig, tensors: Mapping[str, Tensor]) -> SonichuConfig:
    """``config`` with a task more for every head in the file that it does not name."""
    tasks = dict(config.tasks)
    for key, tensor in tensors.items():
        match key.split("."):
            case ["heads", name, "final_layer", "weight"] if tensor.dim() == 4:
                points = tuple(f"point_{i + 1}" for i in range(tensor.shape[0]))
                tasks.setdefault(name, TaskConfig(points, trained=True))
    return replace(config, tasks=tasks)


def _require_same_tensors(
    path: Path, expected: Mapping[str, Tensor], found: Mapping[str, Tensor]
) -> None:
    missing = [name for name in expected if name not in found]
    surplus = [name for name in found if name not in expected]
    mismatched = [
        f"{name}: {_kind(found[name])}, expected {_kind(tensor)}"
        for name, tensor in expected.items()
        if name in found
        and (
            found[name].shape != tensor.shape
            or found[name].is_floating_point() != tensor.is_floating_point()
        )
    ]
    lines = [
        f"{len(names)} {what} tensors: {_some(names)}"
        for what, names in (
            ("missing", missing),
            ("surplus", surplus),
            ("misshaped", mismatched),
        )
        if names
    ]
    if lines:
        raise CheckpointError(
            f"{path} does not fit {CONFIG_FILE}: " + "; ".join(lines),
            missing=missing,
            surplus=surplus,
            mismatched=mismatched,
        )


def _kind(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')}{list(tensor.shape)}"


def _some(names: Sequence[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _json_bytes(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    # Written beside and renamed: the running model may be mapped from the very file it replaces,
    # and a crash half-way must leave the former file whole.
    part = path.with_name(path.name + ".part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _model_card(model: SonichuModel) -> str:
    config = model.config
    example = next((name for name, task in config.tasks.items() if task.trained), "TASK")
    rows = "\n".join(
        f"| {name} | {len(task.keypoints)} | {task.decode} | {'yes' if task.trained else 'no'} "
        f"| {task.training_data or '-'} | {_numbers(task.accuracy)} |"
        for name, task in config.tasks.items()
    )
    return f"""---
license: {config.license.lower() or "unknown"}
library_name: pytorch
pipeline_tag: keypoint-detection
tags: [medical-imaging, ultrasound, keypoint-detection]
---

# {config.name} {config.version}

Keypoints for ultrasound biometry. **Not for clinical use.** {model.num_parameters:,} parameters.

| task | keypoints | decoding | trained | training data | accuracy |
|---|---|---|---|---|---|
{rows}

A head that is not trained gives points without meaning; `inference.py` refuses to draw them.

## Use

```python
from modeling_sonichu import SonichuModel, SonichuPreprocessor

model = SonichuModel.from_pretrained(".")
prep = SonichuPreprocessor.from_pretrained(".")
inputs = prep(img_rgb)  # uint8, height x width x 3
kps_norm = model.predict(inputs["pixel_values"], task="{example}", tta=True)
```

`kps_norm` is (1, keypoints, 2): fractions of the frame's width and height, 0 at the left or upper
edge and 1 at the other. Times width and height they are pixels counted from the image's corner;
`inference.py` prints pixels counted from the centre of the first pixel, half a pixel less.

```bash
python inference.py my_ultrasound.png {example}
```
"""


def _numbers(accuracy: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in accuracy.items()) or "-"
