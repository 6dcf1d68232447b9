"""Palettes stored as segments (DICOM PS3.3 C.7.9.2): runs of numbers, ramps, and repeats of both.

They are expanded here because pydicom 3.0 counts the place of a repeat in numbers where the
standard counts bytes, and cannot tell the byte order of a file without a preamble.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RUN, _RAMP, _REPEAT = 0, 1, 2


def expand_segments(codes: Sequence[int], *, bits: int, count: int) -> NDArray[np.uint16]:
    """Gives the entries of a table.

    Args:
        codes: The segments, numbers of `bits`.
        bits: 8 or 16.
        count: Number of entries.

    Raises:
        ValueError: The segments make no sense, or fewer entries.
    """
    entries: list[int] = []
    at = 0
    while at + 1 < len(codes) and len(entries) < count:
        if codes[at] == _REPEAT:
            length = 2 if bits == 16 else 4
            where = codes[at + 2 : at + 2 + length]
            offset = sum(code << place * bits for place, code in enumerate(where))
            place = offset * 8 // bits
            for _ in range(codes[at + 1]):
                place = _append(entries, codes, place, count)
            at += 2 + length
        else:
            at = _append(entries, codes, at, count)
    if len(entries) < count:
        raise ValueError("incomplete palette")
    return np.array(entries[:count], np.uint16)


def _append(entries: list[int], codes: Sequence[int], at: int, count: int) -> int:
    """Appends a run or a ramp and gives where the next segment begins."""
    if at + 2 >= len(codes) or len(entries) > count:
        raise ValueError("a palette's segment beyond its end")
    kind, length = codes[at], codes[at + 1]
    if kind == _RUN:
        entries += codes[at + 2 : at + 2 + length]
        return at + 2 + length
    if kind == _RAMP and entries:
        ramp = np.linspace(entries[-1], codes[at + 2], length + 1)[1:]
        entries += [int(value) for value in np.rint(ramp)]
        return at + 3
    raise ValueError(f"a palette's segment of kind {kind}")
