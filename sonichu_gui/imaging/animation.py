"""When the pictures of an animated WebP are shown (RIFF container of the WebP specification).

The decoder tells a time only once it has decoded up to it; the container has them all in a row.
"""

from __future__ import annotations

import os
from itertools import accumulate
from typing import BinaryIO

_RIFF_HEAD, _CHUNK_HEAD = 12, 8
_FRAME, _DURATION_AT = b"ANMF", 12


def webp_times_ms(stream: BinaryIO) -> tuple[float, ...]:
    """Gives each picture's time since the first; empty where a file holds one, or states none.

    Args:
        stream: The file; its position is moved.
    """
    size = stream.seek(0, os.SEEK_END)
    stream.seek(4)  # what follows the container may be long, and is none of it
    size = min(size, 8 + int.from_bytes(stream.read(4), "little"))
    durations: list[int] = []
    at = _RIFF_HEAD
    while at + _CHUNK_HEAD <= size:
        stream.seek(at)
        head = stream.read(_CHUNK_HEAD + _DURATION_AT + 3)
        if head[:4] == _FRAME:
            durations.append(int.from_bytes(head[_CHUNK_HEAD + _DURATION_AT :], "little"))
        length = int.from_bytes(head[4:8], "little")
        at += _CHUNK_HEAD + length + length % 2
    if len(durations) < 2 or not any(durations[:-1]):
        return ()
    return tuple(float(time) for time in accumulate(durations[:-1], initial=0))
