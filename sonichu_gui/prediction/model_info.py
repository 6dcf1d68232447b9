"""What a model folder says of itself: its heads, what they were taught, its identity and licence.

Reads `config.json` and the header of the weights; no tensor and no torch. What it cannot see from
there (a number that is not finite, a tensor that does not fit the network) is found by
`verify_model`, and when the model is loaded.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonichu_gui import paths
from sonichu_gui.domain.annotation import ModelId
from sonichu_gui.errors import ModelError, UntrainedHead
from sonichu_gui.prediction.model_source import Source, read_source

if TYPE_CHECKING:
    from sonichu_gui.domain.task import Task

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
CARD_FILE = "README.md"

OWN_NAMING = "Sonichu"

LICENSE_NAMES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "LICENCE.txt", "COPYING")

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
        name: From its configuration, else its folder's.
        folder: Where it is.
        tasks: Its heads by task id; none for a feature extractor.
        license: SPDX name, or empty.
        size_bytes: Of the weights.
        problem: Why it cannot be used; empty when nothing is known against it.
        version: As its configuration has it, or empty.
        weights: The file of its tensors.
        naming: How its tensors are named; "Sonichu" for the app's own names.
        notes: What a person should know of how it was recognised or converted.
        source: Where it came from; None for a folder that nobody added.
        embedded: Whether the app ships with it.
    """

    name: str
    folder: Path
    tasks: Mapping[str, HeadInfo]
    license: str = ""
    size_bytes: int = 0
    problem: str = ""
    version: str = ""
    weights: Path = field(default_factory=Path)
    naming: str = OWN_NAMING
    notes: tuple[str, ...] = ()
    source: Source | None = None
    embedded: bool = False

    @property
    def hash(self) -> str:
        """SHA-256 of the weights, lower-case hex; read once for as long as the file is the same.

        Raises:
            ModelError: The weights cannot be read.
        """
        try:
            stat = self.weights.stat()
            return _sha256(self.weights, stat.st_size, stat.st_mtime_ns)
        except OSError as error:
            raise _unreadable(self.weights, error) from error

    @property
    def id(self) -> ModelId:
        """Name and hash: what stands in every prediction.

        Raises:
            ModelError: The weights cannot be read.
        """
        return ModelId(self.name, self.hash)

    @property
    def license_text(self) -> str:
        """The text of its licence file, else the licence's SPDX name; empty when it has neither."""
        texts = (_text_of(self.folder / name) for name in LICENSE_NAMES)
        return next((text for text in texts if text), self.license)

    @property
    def card_text(self) -> str:
        """Its model card, Markdown; empty when it has none."""
        return _text_of(self.folder / CARD_FILE)

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
    config_path, weights = folder / CONFIG_FILE, folder / WEIGHTS_FILE
    config = _read_config(config_path)
    shapes = _read_shapes(weights)
    try:
        heads = {str(task): _head(row) for task, row in config.get("tasks", {}).items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"{config_path} does not describe its tasks: {error}.", "Get the model folder again."
        ) from error
    source, notes = _provenance(folder)
    return ModelInfo(
        name=str(config.get("name") or folder.name),
        folder=folder,
        tasks={**_unnamed_heads(shapes), **heads},
        license=str(config.get("license") or ""),
        size_bytes=weights.stat().st_size,
        version=str(config.get("version") or ""),
        weights=weights,
        notes=notes,
        source=source,
        embedded=is_embedded(folder),
    )


def is_embedded(folder: Path) -> bool:
    """Whether the app ships with the folder."""
    return folder.resolve().parent == paths.resources("models").resolve()


def _provenance(folder: Path) -> tuple[Source | None, tuple[str, ...]]:
    # A model whose record is damaged still works; that it is damaged is what the person reads.
    try:
        source = read_source(folder)
    except ModelError as error:
        return None, (error.message,)
    return source, () if source is None else source.notes


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


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
