"""Frames kept in memory, the least recently used given up first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sonichu_gui.domain.frame import Frame, FrameRef


class FrameCache:
    """Decoded frames up to a number of bytes; safe to use from several threads.

    Args:
        max_bytes: Bytes of pixels kept at most; a larger frame is not kept at all.

    Raises:
        ValueError: `max_bytes` is negative.
    """

    def __init__(self, max_bytes: int) -> None:
        if max_bytes < 0:
            raise ValueError(f"a cache of {max_bytes} bytes")
        self.max_bytes = max_bytes
        self._frames: OrderedDict[FrameRef, Frame] = OrderedDict()
        self._bytes_held = 0
        self._pinned: FrameRef | None = None
        self._lock = threading.Lock()

    @property
    def bytes_held(self) -> int:
        """Bytes of pixels now in the cache."""
        with self._lock:
            return self._bytes_held

    def __len__(self) -> int:
        with self._lock:
            return len(self._frames)

    def __contains__(self, ref: FrameRef) -> bool:
        with self._lock:
            return ref in self._frames

    def get(self, ref: FrameRef) -> Frame | None:
        """Gives a frame and makes it the last to be given up; None when it is not held."""
        with self._lock:
            frame = self._frames.get(ref)
            if frame is not None:
                self._frames.move_to_end(ref)
            return frame

    def put(self, frame: Frame) -> None:
        """Keeps a frame, in place of an older one of the same identity."""
        with self._lock:
            self._discard(frame.ref)
            if frame.pixels.nbytes > self.max_bytes:
                return
            self._frames[frame.ref] = frame
            self._bytes_held += frame.pixels.nbytes
            while self._bytes_held > self.max_bytes:
                self._discard(next(ref for ref in self._frames if ref != self._pinned))

    def pin(self, ref: FrameRef | None) -> None:
        """Keeps one frame, the one on screen, whatever else is put; the one before may go."""
        with self._lock:
            self._pinned = ref

    def clear(self) -> None:
        """Gives up every frame."""
        with self._lock:
            self._frames.clear()
            self._bytes_held = 0

    def _discard(self, ref: FrameRef) -> None:
        frame = self._frames.pop(ref, None)
        if frame is not None:
            self._bytes_held -= frame.pixels.nbytes
