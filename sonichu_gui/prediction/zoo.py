"""The installed models: which folders there are, what their heads were taught, and their identity.

Reads a folder's `config.json` and the header of its weights; no tensor and no torch. What it cannot
see from there (a tensor that does not fit the network) is found when the model is loaded.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonichu_gui import paths
from sonichu_gui.domain.annotation import ModelId
from sonichu_gui.errors import ModelError, UntrainedHead

if TYPE_CHECKING:
    from sonichu_gui.domain.task import Task

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"

_LONGEST_HEADER = 100_000_000
"""Bytes; the format's own limit, so that a wrong file cannot ask for all memory."""


@dataclass(frozen=True, slots=True)
class HeadInfo:
    """One head of a model.

    Attributes:
        keypoints: The model's own names, in order.
        trained: False for a random start, whose points mean nothing.
        training_data: What it was trained on, or empty.
        accuracy: Measured numbers by name.
    """

    keypoints: tuple[str, ...]
    trained: bool
    training_data: str
    accuracy: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a model folder says of itself.

    Attributes:
        name: From its configuration.
        folder: Where it is.
        tasks: Its heads by task id.
        license: SPDX name, or empty.
        size_bytes: Of the weights.
        problem: Why it cannot be used; empty when nothing is known against it.
    """

    name: str
    folder: Path
    tasks: Mapping[str, HeadInfo]
    license: str = ""
    size_bytes: int = 0
    problem: str = ""

    @property
    def hash(self) -> str:
        """SHA-256 of the weights, lower-case hex; read once for as long as the file is the same.

        Raises:
            ModelError: The weights cannot be read.
        """
        path = self.folder / WEIGHTS_FILE
        try:
            stat = path.stat()
            return _sha256(path, stat.st_size, stat.st_mtime_ns)
        except OSError as error:
            raise _unreadable(path, error) from error

    @property
    def id(self) -> ModelId:
        """Name and hash: what stands in every prediction.

        Raises:
            ModelError: The weights cannot be read.
        """
        return ModelId(self.name, self.hash)

    def has_trained_head(self, task_id: str) -> bool:
        """Whether its points for the task mean anything."""
        head = self.tasks.get(task_id)
        return head is not None and head.trained

    def require_head(self, task: Task) -> None:
        """Makes sure that the model can answer for a task.

        Raises:
            UntrainedHead: It has no trained head for the task.
            ModelError: Its head finds another number of points than the task has.
        """
        if not self.has_trained_head(task.id):
            raise UntrainedHead(
                f"This model has no trained head for {task.title} ({task.id}).",
                "Place the points by hand.",
            )
        count = len(self.tasks[task.id].keypoints)
        if count != len(task.keypoints):
            raise ModelError(
                f"The head of {self.name} for {task.id} finds {count} points,"
                f" the task has {len(task.keypoints)}.",
                "Choose a model that was trained for this task.",
            )


def read_model_info(folder: Path) -> ModelInfo:
    """Reads what a model folder says of itself.

    Args:
        folder: Holds `config.json` and `model.safetensors`.

    Raises:
        ModelError: Naming the folder or file and what is wrong with it.
    """
    if not folder.is_dir():
        raise ModelError(f"{folder} is not a model folder: it does not exist.", "Check the path.")
    config_path = folder / CONFIG_FILE
    config = _read_config(config_path)
    shapes = _read_shapes(folder / WEIGHTS_FILE)
    try:
        heads = {str(task): _head(row) for task, row in config.get("tasks", {}).items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"{config_path} does not describe its tasks: {error}.", "Get the model folder again."
        ) from error
    return ModelInfo(
        name=str(config.get("name") or folder.name),
        folder=folder,
        tasks={**_unnamed_heads(shapes), **heads},
        license=str(config.get("license") or ""),
        size_bytes=(folder / WEIGHTS_FILE).stat().st_size,
    )


def installed_models(extra: Sequence[Path] = ()) -> tuple[ModelInfo, ...]:
    """Gives the models that the app finds: those it ships with, then the person's own.

    A folder that cannot be used is listed too, with its problem.

    Args:
        extra: More model folders, listed last.
    """
    folders = [*_folders_in(paths.resources("models")), *_folders_in(paths.user_models()), *extra]
    return tuple(_info_or_problem(folder) for folder in folders)


def find_model(wanted: str | Path) -> ModelInfo:
    """Gives the model of a folder, or the installed model of a name.

    Raises:
        ModelError: There is no such folder and no such name, or the model cannot be used.
    """
    if Path(wanted).is_dir():
        return read_model_info(Path(wanted))
    models = installed_models()
    for info in models:
        if info.name == str(wanted):
            return _usable(info)
    names = ", ".join(info.name for info in models) or "none"
    raise ModelError(
        f"There is no model folder and no installed model {str(wanted)!r}.",
        f"Installed models: {names}.",
    )


def default_model() -> ModelInfo:
    """Gives the first usable model: the one that the app ships with.

    Raises:
        ModelError: There is none; says what is wrong with those that were found.
    """
    models = installed_models()
    for info in models:
        if not info.problem:
            return info
    problems = " ".join(info.problem for info in models)
    raise ModelError(
        f"There is no usable model. {problems}".strip(),
        f"Put a model folder into {paths.user_models()}, or name one with --model.",
    )


def _usable(info: ModelInfo) -> ModelInfo:
    if info.problem:
        raise ModelError(info.problem, "Get the model folder again.")
    return info


def _folders_in(parent: Path) -> Iterator[Path]:
    """Gives the folders below that look like models; an unreadable parent holds none."""
    try:
        found = sorted(parent.iterdir(), key=lambda path: path.name)
    except OSError:
        return
    for path in found:
        # Half-made and hidden folders are not models; one that lacks a file is a broken model.
        if (path / CONFIG_FILE).exists() or (path / WEIGHTS_FILE).exists():
            yield path


def _info_or_problem(folder: Path) -> ModelInfo:
    try:
        return read_model_info(folder)
    except ModelError as error:
        return ModelInfo(folder.name, folder, {}, problem=error.message)


def _read_config(path: Path) -> Mapping[str, Any]:
    try:
        config = json.loads(path.read_bytes(), parse_constant=_refuse_constant)
    except OSError as error:
        raise _unreadable(path, error) from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is not JSON: {error}.", "Get the model folder again.") from error
    if not isinstance(config, dict):
        raise ModelError(
            f"{path} is not a model configuration but a JSON {type(config).__name__}.",
            "Get the model folder again.",
        )
    return config


def _refuse_constant(word: str) -> None:
    # Python's reader takes NaN and Infinity, which no other program would read back from us.
    raise ValueError(f"{word} is no JSON number")


def _head(row: Mapping[str, Any]) -> HeadInfo:
    keypoints = row["keypoints"]
    accuracy = row.get("accuracy") or {}
    if not isinstance(keypoints, list) or not isinstance(accuracy, dict):
        raise TypeError("keypoints must be a list and accuracy an object")
    return HeadInfo(
        keypoints=tuple(str(name) for name in keypoints),
        # Anything but a plain `true` counts as untrained: random points must never be shown.
        trained=row.get("trained") is True,
        training_data=str(row.get("training_data") or ""),
        accuracy=accuracy,
    )


def _read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Reads the tensor table of a safetensors file and checks that the data behind it is whole."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            text = file.read(min(length, _LONGEST_HEADER))
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        table = json.loads(text)
        rows = {name: row for name, row in table.items() if name != "__metadata__"}
        shapes = {name: tuple(map(int, row["shape"])) for name, row in rows.items()}
        expected = 8 + length + max(int(row["data_offsets"][1]) for row in rows.values())
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{path} is not a safetensors file.", "Get the model folder again."
        ) from error
    if expected != size:
        raise ModelError(
            f"{path} is cut off or damaged: {size} bytes instead of {expected}.",
            "Get the file again.",
        )
    return shapes


def _unnamed_heads(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, HeadInfo]:
    """Gives the heads of the weights; those that the configuration names replace them.

    Published weights may hold a head more than their configuration says.
    """
    heads = {}
    for name, shape in shapes.items():
        parts = name.split(".")
        is_head = len(parts) == 4 and parts[0] == "heads" and parts[2:] == ["final_layer", "weight"]
        if is_head and shape:
            names = tuple(f"point_{number}" for number in range(1, shape[0] + 1))
            heads[parts[1]] = HeadInfo(names, trained=True, training_data="", accuracy={})
    return heads


@lru_cache(maxsize=64)
def _sha256(path: Path, _size: int, _mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unreadable(path: Path, error: OSError) -> ModelError:
    return ModelError(
        f"{path} cannot be read: {error.strerror or error}.",
        "A model folder holds config.json, preprocessor_config.json and model.safetensors.",
    )
