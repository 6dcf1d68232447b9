"""Reads the tensors of a .pth, .pt or .bin file without running what a pickle may ask for.

Such a file may be made to break its reader: every number in it is checked before it is used.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

from .modeling_sonichu import CheckpointError

__all__ = ["PICKLE_SUFFIXES", "read_pickle"]

PICKLE_SUFFIXES = (".pth", ".pt", ".bin", ".tar")
""".tar" because I-JEPA and others publish `.pth.tar`, which is no archive but the same pickle."""

_MOST_ENTRIES = 1_000_000
_DEEPEST = 16
_GLOBAL = re.compile(r"GLOBAL (\S+)")
_CONVERT = "Convert it to safetensors where you trust it."


def read_pickle(path: Path) -> dict[str, Tensor]:
    """All tensors of the file by name, nested tables joined by dots.

    Raises:
        CheckpointError: naming the file and what is wrong with it.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(23)
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror or error}") from error
    if start == b"version https://git-lfs":
        raise CheckpointError(f"{path}: a Git LFS pointer, not the file it stands for")
    zipped = start.startswith(b"PK")
    if zipped:
        _require_honest_zip(path, size)
    content = _load(path, mapped=zipped)
    if not isinstance(content, Mapping):
        kind = type(content).__name__
        raise CheckpointError(f"{path}: it holds a {kind}, not a table of tensors")
    try:
        tensors = dict(_flat(content, "", [], [0]))
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}") from error
    if not tensors:
        raise CheckpointError(f"{path}: it holds no tensors")
    for name, tensor in tensors.items():
        _require_plain(path, name, tensor, size)
    return tensors


def _load(path: Path, *, mapped: bool) -> object:
    try:
        with warnings.catch_warnings():
            # Of an unusual pickle torch only says that it may not be able to read it.
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except Exception as error:
        asked = _GLOBAL.search(str(error))
        if asked:
            raise CheckpointError(
                f"{path}: refused, since reading it would run code: it asks for {asked[1]}. "
                f"{_CONVERT}"
            ) from error
        # torch's own advice is to read the file without the restriction: not passed on.
        reason = str(error).partition("\n")[0][:200]
        if " " not in reason:  # the name of a key, or nothing
            reason = "it is damaged, or of another kind"
        if "weights_only" in str(error):
            reason = "it holds more than tensors and plain tables. " + _CONVERT
        raise CheckpointError(f"{path}: not a whole file of PyTorch weights: {reason}") from error


def _require_honest_zip(path: Path, size: int) -> None:
    """Refuses an archive whose entries unpack to more than the file: torch stores, never packs."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
        raise CheckpointError(f"{path}: cut off or damaged: {error}") from error
    if unpacked > size:
        raise CheckpointError(f"{path}: refused: {size} bytes that claim to unpack to {unpacked}")


def _flat(
    content: object, name: str, within: list[int], count: list[int]
) -> Iterator[tuple[str, Tensor]]:
    count[0] += 1
    if count[0] > _MOST_ENTRIES or len(within) > _DEEPEST or id(content) in within:
        raise ValueError("its tables are nested without end")
    if isinstance(content, Tensor):
        yield name, content
    elif isinstance(content, Mapping | list | tuple):
        pairs = content.items() if isinstance(content, Mapping) else enumerate(content)
        for key, value in pairs:
            inner = f"{name}.{key}" if name else str(key)
            yield from _flat(value, inner, [*within, id(content)], count)


def _require_plain(path: Path, name: str, tensor: Tensor, size: int) -> None:
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.device.type != "cpu":
        kind = "quantised" if tensor.is_quantized else f"{tensor.layout} on {tensor.device}"
        raise CheckpointError(f"{path}: {name} is not a plain tensor of numbers but {kind}")
    # A view may claim any shape over a few numbers; copied, it would fill the memory.
    claimed = tensor.numel() * tensor.element_size()
    if claimed > min(size, tensor.untyped_storage().nbytes()):
        raise CheckpointError(f"{path}: {name} claims {claimed} bytes that the file does not hold")
