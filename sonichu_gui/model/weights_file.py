"""The table of tensors at the head of a safetensors file, read without believing it.

A file from somewhere else may lie about anything: how long its header is, where its tensors lie,
how large they are. Only the header is read, and never more of it than the file holds; no tensor and
no torch. The format: 8 bytes of length (little-endian), that many bytes of JSON, the data.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["TensorSpec", "WeightsFileError", "read_table"]

LONGEST_HEADER = 100_000_000
"""Bytes; the format's own limit."""

_BITS_OF_DTYPE = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0"), 8),
    **dict.fromkeys(("F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    "F4": 4,
}
_LARGEST = 1 << 63
_GIT_LFS = b"version https://git-lfs"


class WeightsFileError(ValueError):
    """A safetensors file whose header cannot be true; the message names file and reason."""


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """What a file says of one tensor: its number type in the format's words, and its shape."""

    dtype: str
    shape: tuple[int, ...]


def read_table(path: Path) -> dict[str, TensorSpec]:
    """The tensors of a safetensors file by name, in the order of its header.

    Raises:
        WeightsFileError: for a header that is too long, is not JSON, or does not describe exactly
            the bytes that follow it.
        OSError: where the file cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(len(_GIT_LFS))
        if start == _GIT_LFS:
            raise WeightsFileError(f"{path}: a Git LFS pointer, not the file it stands for")
        length = int.from_bytes(start[:8], "little")
        if size < 8 or length > size - 8:
            raise WeightsFileError(
                f"{path}: not a safetensors file, or cut off: it says that its header has {length} "
                f"bytes, and has {size} in all"
            )
        if length > LONGEST_HEADER:
            raise WeightsFileError(f"{path}: its header of {length} bytes is longer than allowed")
        file.seek(8)
        text = file.read(length)
    try:
        return _table(_parse(text), size - 8 - length)
    except (ValueError, RecursionError) as error:
        raise WeightsFileError(f"{path}: not a whole safetensors file: {error}") from error


def _parse(text: bytes) -> Mapping[str, Any]:
    # Leading white space is against the format; it would let a file be two formats at once.
    if not text.startswith(b"{"):
        raise ValueError("its header is not a JSON object")
    header = json.loads(text.decode("utf-8"), object_pairs_hook=_without_repeats)
    if not isinstance(header, dict):
        raise ValueError("its header is not a JSON object")  # noqa: TRY004 - one type a parse
    return header


def _without_repeats(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for name, value in pairs:
        if name in table:
            raise ValueError(f"{name[:120]!r} stands twice in its header")
        table[name] = value
    return table


def _table(header: Mapping[str, Any], data_size: int) -> dict[str, TensorSpec]:
    table: dict[str, TensorSpec] = {}
    places: list[tuple[int, int, str]] = []
    for name, row in header.items():
        if name == "__metadata__":
            if not isinstance(row, dict) or not all(isinstance(v, str) for v in row.values()):
                raise ValueError("its __metadata__ is not a table of texts")
            continue
        table[name], begin, end = _row(name, row)
        places.append((begin, end, name))
    reached = 0
    for begin, end, name in sorted(places):
        if begin != reached:
            kind = "overlaps" if begin < reached else "leaves a gap after"
            raise ValueError(f"the data of {name[:120]!r} {kind} the tensor before it")
        reached = end
    if reached != data_size:
        raise ValueError(f"its tensors take {reached} bytes, and {data_size} follow its header")
    return table


def _row(full_name: str, row: object) -> tuple[TensorSpec, int, int]:
    name = full_name[:120]  # for the message: a name may be as long as the header
    if not isinstance(row, dict) or set(row) != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"{name!r} is not described by dtype, shape and data_offsets alone")
    dtype, shape, offsets = row["dtype"], row["shape"], row["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _BITS_OF_DTYPE:
        raise ValueError(f"{name!r} has the unknown number type {dtype!r}")
    if not (_whole_numbers(shape) and _whole_numbers(offsets) and len(offsets) == 2):
        raise ValueError(f"the shape or place of {name!r} is not made of whole numbers")
    begin, end = offsets
    bits = math.prod(shape) * _BITS_OF_DTYPE[dtype]
    if begin > end or bits != 8 * (end - begin):
        raise ValueError(
            f"{name!r} ({dtype}{shape}) cannot lie from byte {begin} to byte {end} of the data"
        )
    return TensorSpec(dtype, tuple(shape)), begin, end


def _whole_numbers(value: object) -> bool:
    # The count is bounded too: the product of very many factors is a computation without end.
    return (
        isinstance(value, list)
        and len(value) <= 64
        and all(type(item) is int and 0 <= item < _LARGEST for item in value)
    )
