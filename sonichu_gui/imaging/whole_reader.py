"""A window on a file that never gives less than it was asked for.

Decoders take half a frame for a frame and paint the rest grey. Here a read past the end raises.
"""

from __future__ import annotations

import os
from typing import BinaryIO

from sonichu_gui.imaging.source_file import CutShortError

_TAG_AND_LENGTH = 8


class WholeReader:
    """Reads the bytes from `start` to `end` of a stream, positioned at `start` to begin with."""

    def __init__(self, stream: BinaryIO, *, start: int, end: int) -> None:
        self._stream = stream
        self._end = end
        stream.seek(start)

    def read(self, size: int = -1) -> bytes:
        """Reads bytes, all of them or none.

        At the very end it gives b"": some writers leave out the delimiter that should be there.

        Raises:
            CutShortError: The file or the value ends in the midst of them.
        """
        left = max(self._end - self._stream.tell(), 0)
        wanted = left if size < 0 else size
        data = self._stream.read(min(wanted, left))
        if len(data) < wanted and (data or wanted > _TAG_AND_LENGTH):
            raise CutShortError
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves as a file does."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """The position as a file gives it."""
        return self._stream.tell()
