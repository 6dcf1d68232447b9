"""A training run as one TOML file: every table is a dataclass, every key one of its fields."""

from __future__ import annotations

import dataclasses
import os
import tomllib
import typing
from dataclasses import dataclass, field
from pathlib import Path

from sonichu_gui.errors import SonichuError
from sonichu_gui.training.data.augment import GeometryRanges
from sonichu_gui.training.data.intensity import IntensityRanges
from sonichu_gui.training.losses import LossWeights

_T = typing.TypeVar("_T")

DATA_ROOT_VARIABLE = "SONICHU_DATA"


class TrainingError(SonichuError):
    """A training run that cannot start or go on."""


@dataclass(frozen=True, slots=True)
class DataConfig:
    """Which frames are learned from.

    Attributes:
        labels, images: the label file and the folder its paths start from, relative to the data
            root (environment variable SONICHU_DATA, else ``data`` beside the working directory).
        split: rows of this split only; the others are never opened.
        held_out_frames: about so many frames, whole subjects, kept out to watch the run.
    """

    labels: str
    images: str
    task: str
    split: str
    held_out_frames: int


@dataclass(frozen=True, slots=True)
class OptimiserConfig:
    """AdamW with warm-up and cosine decay."""

    learning_rate: float = 1e-3
    backbone_learning_rate: float = 5e-4
    weight_decay: float = 0.02
    warm_up: float = 0.04
    clip_norm: float = 5.0
    ema_decay: float = 0.995


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Length, place and pace of the run.

    Attributes:
        output: folder for checkpoints and the log, relative to the working directory.
        publish_to: the model folder that the finished run is written to.
        bf16: forward and backward in bfloat16 where the processor has it.
    """

    seed: int
    steps: int
    batch_size: int
    output: str
    threads: int = 2
    bf16: bool = True
    log_every: int = 20
    watch_every: int = 400
    checkpoint_minutes: float = 5.0


@dataclass(frozen=True, slots=True)
class PublishConfig:
    """The model folder at the end, and what its card says.

    Attributes:
        folder: where it is written, relative to the working directory.
        test_split: rows that its figures are measured on, once, when training is over.
        data_name, data_licence, data_source: the training data, for the card and ``config.json``.
    """

    folder: str
    test_split: str
    data_name: str
    data_licence: str
    data_source: str


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One run of training the head of one task on the light backbone."""

    run: RunConfig
    data: DataConfig
    model: dict[str, object]
    publish: PublishConfig
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    loss: LossWeights = field(default_factory=LossWeights)
    geometry: GeometryRanges = field(default_factory=GeometryRanges)
    intensity: IntensityRanges = field(default_factory=IntensityRanges)


def read_config(path: Path) -> TrainConfig:
    """The run that a TOML file describes.

    Raises:
        TrainingError: when the file cannot be read, or a key is unknown, missing or of the wrong
            type; the message names it.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as cause:
        why = cause.strerror if isinstance(cause, OSError) else cause
        raise TrainingError(
            f"{path} cannot be read as a training configuration: {why}.",
            "The examples are in resources/training.",
        ) from cause
    return _table(TrainConfig, document, str(path))


def data_root() -> Path:
    """Folder that a configuration's data paths start from."""
    return Path(os.environ.get(DATA_ROOT_VARIABLE, "data"))


def _table(kind: type[_T], values: dict[str, object], where: str) -> _T:
    hints = typing.get_type_hints(kind)
    fields = {item.name: item for item in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(values) - set(fields))
    missing = [
        name
        for name, item in fields.items()
        if name not in values
        and item.default is dataclasses.MISSING
        and item.default_factory is dataclasses.MISSING
    ]
    if unknown or missing:
        raise TrainingError(
            f"{where}: unknown keys {unknown or 'none'}, missing keys {missing or 'none'}",
            f"The keys are {', '.join(fields)}.",
        )
    return kind(**{name: _value(hints[name], v, f"{where}: {name}") for name, v in values.items()})


def _value(hint: object, value: object, where: str) -> object:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type) and isinstance(value, dict):
        return _table(hint, value, where)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    expected = typing.get_origin(hint) or hint
    if not isinstance(expected, type) or not isinstance(value, expected):
        raise TrainingError(f"{where} is {value!r}", f"It must be of type {expected}.")
    if expected is not bool and isinstance(value, bool):
        raise TrainingError(f"{where} is {value!r}", f"It must be of type {expected}.")
    return value
