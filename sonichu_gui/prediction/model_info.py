"""What a model folder says of itself: its heads, what they were taught, its identity and licence.

Reads `config.json` and the header of the weights; no tensor and no torch. What it cannot see from
there (a number that is not finite, a tensor that does not fit the network) is found by
`verify_model`, and when the model is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonichu_gui import paths
from sonichu_gui.domain.annotation import ModelId
from sonichu_gui.errors import ModelError, UntrainedHead
from sonichu_gui.model.config_hints import is_own_form
from sonichu_gui.prediction.folder_files import (
    CARD_FILE,
    CONFIG_FILE,
    legal_files,
    needs_conversion,
    read_config,
    refuse_baseline,
    weights_in,
)
from sonichu_gui.prediction.model_source import Source, read_source, sha256_of

if TYPE_CHECKING:
    from sonichu_gui.domain.task import Task
    from sonichu_gui.model.weights_file import TensorSpec

OWN_NAMING = "Sonichu"

UNKNOWN_LICENSE = "unknown"
"""What a configuration says whose author said nothing."""


@dataclass(frozen=True, slots=True)
class HeadInfo:
    """One head of a model.

    Attributes:
        keypoints: The model's own names, in order.
        trained: False for a random start, whose points mean nothing.
        training_data: What it was trained on, or empty.
        accuracy: Measured numbers by name.
        is_calibrated: Whether how sure it says that it is was fitted to its errors; else its
            standard errors are as wide as its heatmaps, which may be far off.
        real_frames: How many frames of patients it learned from; None where nothing says so.
        phantom_frames: And how many drawn ones.
        is_draft: Whether its points are no more than a first guess, as those of a head that has
            seen phantoms alone.
    """

    keypoints: tuple[str, ...]
    trained: bool
    training_data: str
    accuracy: Mapping[str, Any]
    is_calibrated: bool = False
    real_frames: int | None = None
    phantom_frames: int | None = None
    is_draft: bool = False


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
        try:
            found = legal_files(self.folder)
        except ModelError:
            found = []
        text = "\n\n".join(_text_of(path) for path in found)
        return text.strip() or self.license

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
        folder: Of the app's own form, or one of another library with safetensors weights.

    Raises:
        ModelError: Naming the folder or file and what is wrong with it.
    """
    if not folder.is_dir():
        raise ModelError(f"{folder} is not a model folder: it does not exist.", "Check the path.")
    config = read_config(folder)
    refuse_baseline(folder, config)
    weights = weights_in(folder)
    if needs_conversion(weights):
        raise ModelError(
            f"{folder} holds {weights[0].name}, weights that must be converted before use.",
            f"Add it first: sonichu models add {folder}",
        )
    if config is not None and is_own_form(config):
        return _own_info(folder, config, weights[0])
    return _foreign_info(folder, config, weights[0])


def is_embedded(folder: Path) -> bool:
    """Whether the app ships with the folder."""
    return folder.resolve().parent == paths.resources("models").resolve()


def card_license(card: str) -> str:
    """Gives the licence that a model card names in its first lines; empty when it names none."""
    head = re.match(r"---\r?\n(.*?)^---\s*$", card, re.DOTALL | re.MULTILINE)
    found = re.search(r"^license:[ \t]*(\S.*)$", head[1], re.MULTILINE) if head else None
    return found[1].strip().strip("\"'") if found else ""


def unstated_heads(heads: Collection[str]) -> tuple[str, ...]:
    """Gives what a person should know of heads of which nothing says whether they were trained."""
    return ("Nothing says which heads were trained: all count as trained.",) if heads else ()


def _own_info(folder: Path, config: Mapping[str, Any], weights: Path) -> ModelInfo:
    tensors = _tensors(weights)
    try:
        heads = {str(task): _head(row) for task, row in config.get("tasks", {}).items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"{folder / CONFIG_FILE} does not describe its tasks: {error}.",
            "Get the model folder again.",
        ) from error
    source, notes = _provenance(folder)
    stated = str(config.get("license") or "")
    return ModelInfo(
        name=str(config.get("name") or folder.name),
        folder=folder,
        tasks={**heads, **_unnamed_heads(tensors, named=heads)},
        license="" if stated == UNKNOWN_LICENSE else stated,
        size_bytes=weights.stat().st_size,
        version=str(config.get("version") or ""),
        weights=weights,
        naming=OWN_NAMING,
        notes=notes,
        source=source,
        embedded=is_embedded(folder),
    )


def _foreign_info(folder: Path, config: Mapping[str, Any] | None, weights: Path) -> ModelInfo:
    from sonichu_gui.model.namings import UnplacedTensors, recognise

    try:
        layout = recognise(_tensors(weights), config)
    except UnplacedTensors as error:
        raise ModelError(
            f"{weights} cannot be used: {error}.".replace("..", "."),
            "It may be a file of another network, or incomplete.",
        ) from error
    source, notes = _provenance(folder)
    return ModelInfo(
        name=folder.name,
        folder=folder,
        tasks={
            task: HeadInfo(_numbered(count), trained=True, training_data="", accuracy={})
            for task, count in layout.heads.items()
        },
        license=card_license(_text_of(folder / CARD_FILE)),
        size_bytes=weights.stat().st_size,
        weights=weights,
        naming=layout.naming,
        notes=(*layout.notes, *unstated_heads(layout.heads), *notes),
        source=source,
        embedded=is_embedded(folder),
    )


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


def _head(row: Mapping[str, Any]) -> HeadInfo:
    keypoints = row["keypoints"]
    accuracy = row.get("accuracy") or {}
    if not isinstance(keypoints, list) or not isinstance(accuracy, dict):
        raise TypeError("keypoints must be a list and accuracy an object")
    real, phantoms = _counts(row.get("frames"))
    return HeadInfo(
        keypoints=tuple(str(name) for name in keypoints),
        # Anything but a plain `true` counts as untrained: random points must never be shown.
        trained=row.get("trained") is True,
        training_data=str(row.get("training_data") or ""),
        accuracy=accuracy,
        # A fit that gives exactly 1, which is what stands there without one, is not to be expected.
        is_calibrated=row.get("covariance_scale", 1.0) != 1.0,
        real_frames=real,
        phantom_frames=phantoms,
        is_draft=row.get("draft") is True or real == 0,
    )


def _counts(frames: object) -> tuple[int | None, int | None]:
    """Real frames and phantoms; None for what is no number: it is told to a person, no more."""
    if not isinstance(frames, dict):
        return None, None
    counts = [frames.get(name) for name in ("real", "phantoms")]
    real, phantoms = (one if type(one) is int and one >= 0 else None for one in counts)
    return real, phantoms


def _tensors(path: Path) -> dict[str, TensorSpec]:
    """Reads the tensor table of a safetensors file, which is whole."""
    from sonichu_gui.model.weights_file import WeightsFileError, read_table

    try:
        return read_table(path)
    except OSError as error:
        raise _unreadable(path, error) from error
    except WeightsFileError as error:
        raise ModelError(f"{error}.".replace("..", "."), "Get the file again.") from error


def _unnamed_heads(
    tensors: Mapping[str, TensorSpec], *, named: Mapping[str, HeadInfo]
) -> dict[str, HeadInfo]:
    """Gives the heads of the weights that the configuration does not name.

    Published weights may hold a head more than their configuration says.
    """
    heads = {}
    for name, tensor in tensors.items():
        parts = name.split(".")
        is_head = len(parts) == 4 and parts[0] == "heads" and parts[2:] == ["final_layer", "weight"]
        if is_head and tensor.shape and parts[1] not in named:
            names = _numbered(tensor.shape[0])
            heads[parts[1]] = HeadInfo(names, trained=True, training_data="", accuracy={})
    return heads


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"point_{number}" for number in range(1, count + 1))


@lru_cache(maxsize=64)
def _sha256(path: Path, _size: int, _mtime_ns: int) -> str:
    return sha256_of(path)


def _unreadable(path: Path, error: OSError) -> ModelError:
    return ModelError(
        f"{path} cannot be read: {error.strerror or error}.",
        "A model folder holds config.json, preprocessor_config.json and model.safetensors.",
    )
