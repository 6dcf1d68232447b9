"""Reads the tensors of a checkpoint file or folder, and runs nothing that stands in it.

safetensors files are checked by their header and mapped; the shards of a large one are read
through their index. Pickles are read by torch's restricted reader, which makes tensors and plain
containers and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

import safetensors
import torch
from torch import Tensor

from .modeling_sonichu import CONFIG_FILE, CheckpointError
from .pickled_weights import PICKLE_SUFFIXES, read_pickle
from .weights_file import TensorSpec, WeightsFileError, read_table
from .weights_names import is_single, weights_among

__all__ = ["Holding", "find_weights", "read_holding"]

_INDEX_END = ".index.json"

_DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
"""The words of the safetensors format, which plans are made in."""


@dataclass(frozen=True)
class Holding:
    """A checkpoint whose table is known and whose tensors can be had.

    Attributes:
        path: the file that messages name.
        folder: where it lies, with the files beside it.
        config: the JSON of ``config.json`` beside it, whatever it is; None without.
        table: all its tensors.
    """

    path: Path
    folder: Path
    config: object
    table: Mapping[str, TensorSpec]
    _files: Mapping[str, Path] = field(default_factory=dict)
    _loaded: Mapping[str, Tensor] = field(default_factory=dict)

    def tensors(self, names: Iterable[str]) -> dict[str, Tensor]:
        """The tensors of these names, mapped from the files where that is possible."""
        if self._loaded:
            return {name: self._loaded[name] for name in names}
        by_file: dict[Path, list[str]] = {}
        for name in names:
            by_file.setdefault(self._files[name], []).append(name)
        tensors = {}
        for path, wanted in by_file.items():
            try:
                with safetensors.safe_open(path, "pt") as file:
                    tensors.update({name: file.get_tensor(name) for name in wanted})
            except (OSError, safetensors.SafetensorError) as error:
                raise CheckpointError(
                    f"{path}: not a readable safetensors file: {error}"
                ) from error
        return tensors


def read_holding(path: Path) -> Holding:
    """The table of the checkpoint at ``path``, a file of weights or a folder that has one.

    Raises:
        CheckpointError: naming the file and what is wrong with it.
    """
    weights = find_weights(path) if path.is_dir() else path
    folder = weights.parent
    config = _read_config(folder)
    if weights.name.endswith(_INDEX_END):
        files = _shards(weights)
        return Holding(weights, folder, config, *_tables(files))
    if weights.suffix == ".safetensors":
        return Holding(weights, folder, config, *_tables({weights: None}))
    if weights.suffix in PICKLE_SUFFIXES:
        tensors = read_pickle(weights)
        table = {
            name: TensorSpec(_DTYPES.get(t.dtype, str(t.dtype)), tuple(t.shape))
            for name, t in tensors.items()
        }
        return Holding(weights, folder, config, table, _loaded=tensors)
    known = ", ".join((".safetensors", *PICKLE_SUFFIXES))
    raise CheckpointError(f"{weights}: not a file of weights by its name ({known})")


def find_weights(folder: Path) -> Path:
    """The weights of a model folder: the file, or the index of its shards.

    Raises:
        CheckpointError: where there are none, or several and no telling which.
    """
    try:
        found = weights_among(path.name for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise CheckpointError(f"{folder}: {error.strerror or error}") from error
    if not found:
        raise CheckpointError(f"{folder}: there is no file of weights in it")
    if not is_single(found):
        names = ", ".join(found)
        raise CheckpointError(f"{folder} holds several files of weights, name one: {names}")
    return folder / found[0]


def _read_config(folder: Path) -> object:
    # Somebody else's file gives hints; one that cannot be read gives none.
    try:
        return json.loads((folder / CONFIG_FILE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None


def _shards(index: Path) -> dict[Path, set[str] | None]:
    """The files of an index, each with the tensors that it should hold."""
    try:
        table = json.loads(index.read_bytes())["weight_map"].items()
        shards: dict[Path, set[str] | None] = {}
        for name, file in table:
            if not _is_plain_name(file):
                raise CheckpointError(f"{index}: {file!r} is not a file of its folder")
            names = shards.setdefault(index.with_name(file), set())
            if names is not None:
                names.add(name)
    except OSError as error:
        raise CheckpointError(f"{index}: {error.strerror or error}") from error
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{index}: not an index of shards: {error}") from error
    return shards


def _is_plain_name(file: object) -> bool:
    """Whether it names a file of the very folder, on any system."""
    if not isinstance(file, str) or not file.endswith(".safetensors"):
        return False
    return PurePosixPath(file).name == PureWindowsPath(file).name == file


def _tables(
    files: Mapping[Path, set[str] | None],
) -> tuple[dict[str, TensorSpec], dict[str, Path]]:
    """The tensors of all files, and the file of each."""
    table: dict[str, TensorSpec] = {}
    places: dict[str, Path] = {}
    for path, expected in files.items():
        try:
            found = read_table(path)
        except OSError as error:
            raise CheckpointError(f"{path}: {error.strerror or error}") from error
        except WeightsFileError as error:
            raise CheckpointError(str(error)) from error
        if expected is not None and expected != set(found):
            raise CheckpointError(
                f"{path}: does not hold the tensors that its index says",
                missing=sorted(expected - set(found)),
                surplus=sorted(set(found) - expected),
            )
        table |= found
        places |= dict.fromkeys(found, path)
    return table, places
