"""A training run as a TOML file: every table is a dataclass, every key one of its fields.

What several runs share is written once: a file that begins with ``extends = "light.toml"``, or a
list of such names, is laid over those files, which are looked for beside it.
"""

from __future__ import annotations

import dataclasses
import json
import os
import tomllib
import types
import typing
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any, TypeGuard

from sonichu_gui.errors import SonichuError

if typing.TYPE_CHECKING:
    from collections.abc import Mapping

_T = typing.TypeVar("_T")

DATA_ROOT_VARIABLE = "SONICHU_DATA"


LARGEST_SEED = 2**32 - 1
"""Seeds are multiplied and added to; so large ones still make seeds."""

_WORDS: Mapping[object, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    tuple: "a list",
    dict: "a table",
}


class TrainingError(SonichuError):
    """A training run that cannot start or go on."""


def require_between(config: object, **ranges: tuple[float, float]) -> None:
    """Nothing, if each of these numbers of a configuration lies between its bounds or on one.

    Raises:
        TrainingError: naming the first that does not, or is none.
    """
    for name, (least, most) in ranges.items():
        value = getattr(config, name)
        if not least <= value <= most:  # what is no number is in no range either
            above = "" if most == inf else f" and at most {most:g}"
            raise TrainingError(f"{name} is {value:g}.", f"It is at least {least:g}{above}.")


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Length, place and pace of a run.

    Attributes:
        seed: everything random follows from it and the step.
        batch_size: frames of one step, over all processes together.
        output: folder for checkpoints, logs and the result, relative to the working directory.
        steps: length of the run; or else
        epochs: passes over the samples.
        threads: of the processor, for each process; 0 leaves that to torch.
        workers: further processes that prepare frames, for each process.
        bf16: forward and backward in bfloat16.
        device: "auto", "cpu" or "cuda".
        clip_norm: gradients longer than this are shortened to it.
        log_every, watch_every: steps between lines of the log, and between held-out scores.
        checkpoint_minutes: time between checkpoints.
    """

    seed: int
    batch_size: int
    output: str
    steps: int = 0
    epochs: int = 0
    threads: int = 0
    workers: int = 0
    bf16: bool = True
    device: str = "auto"
    clip_norm: float = 5.0
    log_every: int = 20
    watch_every: int = 400
    checkpoint_minutes: float = 5.0

    def __post_init__(self) -> None:
        if (self.steps > 0) == (self.epochs > 0):
            raise TrainingError(
                f"steps is {self.steps} and epochs is {self.epochs}.",
                "Give the length of the run in one of them.",
            )
        require_between(
            self,
            seed=(0, LARGEST_SEED),
            batch_size=(1, inf),
            steps=(0, inf),
            epochs=(0, inf),
            threads=(0, inf),
            workers=(0, inf),
            clip_norm=(1e-9, inf),
            log_every=(1, inf),
            watch_every=(1, inf),
            checkpoint_minutes=(0, inf),
        )

    def step_count(self, samples: int) -> int:
        """Steps of the whole run on so many samples."""
        return self.steps or self.epochs * (samples // self.batch_size)


PACE = ("output", "threads", "workers", "device", "log_every", "watch_every", "checkpoint_minutes")
"""Fields of `RunConfig` that shape no weight and may change between the parts of a run."""


def run_identity(config: object) -> str:
    """The settings that shape the weights, as text; places, pace and what is published left out.

    Args:
        config: a dataclass with a field ``run``.
    """
    document = dataclasses.asdict(config)  # type: ignore[call-overload]
    document.pop("publish", None)
    for name in PACE:
        document["run"].pop(name)
    return json.dumps(document, sort_keys=True)


def read_config(path: Path, kind: type[_T]) -> _T:
    """The run that a TOML file describes.

    Args:
        path: the file.
        kind: a dataclass, whose fields may be dataclasses and tuples of them in turn.

    Raises:
        TrainingError: when the file cannot be read, or a key is unknown, missing or of the wrong
            type; the message names it.
    """
    document = read_document(path)
    return _table(kind, document, str(path))


def read_document(path: Path, *, within: tuple[Path, ...] = ()) -> dict[str, Any]:
    """The tables of a TOML file, laid over those of the files that it extends.

    Tables are joined key by key, and lists of tables (``[[data]]``) are continued; every other
    value takes the place of the former one.

    Args:
        path: the file.
        within: the files that led to it.

    Raises:
        TrainingError: a file cannot be read, or extends itself.
    """
    if path.resolve() in within:
        raise TrainingError(f"{path} extends itself.", "Take one `extends` out of the circle.")
    try:
        own = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as cause:
        why = cause.strerror if isinstance(cause, OSError) else cause
        raise TrainingError(
            f"{path} cannot be read as a training configuration: {why}.",
            f"{within[-1]} extends it." if within else "The examples are in resources/training.",
        ) from cause
    names = own.pop("extends", [])
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TrainingError(
            f"{path}: extends is {names!r}.", "Give the name of a file, or several."
        )
    document: dict[str, Any] = {}
    for name in names:
        below = read_document(path.parent / name, within=(*within, path.resolve()))
        document = _laid_over(below, document)
    return _laid_over(own, document)


def data_root() -> Path:
    """Folder that a configuration's data paths start from."""
    return Path(os.environ.get(DATA_ROOT_VARIABLE, "data"))


def _laid_over(upper: Mapping[str, Any], lower: Mapping[str, Any]) -> dict[str, Any]:
    joined = dict(lower)
    for key, value in upper.items():
        below = joined.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            joined[key] = _laid_over(value, below)
        elif _is_list_of_tables(value) and _is_list_of_tables(below):
            joined[key] = [*below, *value]
        else:
            joined[key] = value
    return joined


def _is_list_of_tables(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


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
    made = {name: _value(hints[name], v, f"{where}: {name}") for name, v in values.items()}
    try:
        return kind(**made)
    except TrainingError as error:
        raise TrainingError(f"{where}: {error.message}", error.hint) from error


def _value(hint: object, value: object, where: str) -> object:
    if isinstance(hint, types.UnionType):  # "X | None": a key that is given is an X
        hint = next(kind for kind in typing.get_args(hint) if kind is not type(None))
    if dataclasses.is_dataclass(hint) and isinstance(hint, type) and isinstance(value, dict):
        return _table(hint, value, where)
    if typing.get_origin(hint) is tuple and isinstance(value, list):
        kind = typing.get_args(hint)[0]
        return tuple(_value(kind, one, f"{where}[{index}]") for index, one in enumerate(value))
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    expected = typing.get_origin(hint) or hint
    is_fitting = isinstance(expected, type) and isinstance(value, expected)
    if not is_fitting or (expected is not bool and isinstance(value, bool)):
        raise TrainingError(
            f"{where} is {value!r}.", f"It must be {_WORDS.get(expected, 'a table')}."
        )
    return value
