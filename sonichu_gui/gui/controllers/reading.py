"""Frames from files, through what is already open and decoded; knows no Qt, any thread may ask."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.domain.frame import Frame, FrameRef
from sonichu_gui.imaging.cache import FrameCache
from sonichu_gui.imaging.sources import open_source

if TYPE_CHECKING:
    from sonichu_gui.imaging.sources import FrameSource

CACHE_BYTES = 256 * 1024 * 1024
OPEN_SOURCES = 12

Shown = tuple[Path, "FrameSource", Frame]
"""A frame with the file it is from."""


class FrameReader:
    """Keeps a few files open and as many frames as fit a number of bytes.

    A file that leaves is only forgotten, not closed: another thread may be reading from it, and
    it ends with its last reader.
    """

    def __init__(self) -> None:
        self._cache = FrameCache(CACHE_BYTES)
        self._lock = threading.Lock()
        self._sources: OrderedDict[Path, FrameSource] = OrderedDict()

    def read(self, path: Path, index: int) -> Shown:
        """Opens and decodes; slow.

        Raises:
            FrameError: The file cannot be opened or the frame not decoded.
        """
        source = self._source(path)
        frame = self._cache.get(FrameRef(source.digest, index))
        if frame is None:
            frame = source.frame(index)
            self._cache.put(frame)
        return path, source, frame

    def ready(self, path: Path, index: int) -> Shown | None:
        """Gives a frame that is already decoded, or None; at once."""
        with self._lock:
            source = self._sources.get(path)
        frame = self._cache.get(FrameRef(source.digest, index)) if source else None
        return (path, source, frame) if source and frame else None

    def forget(self, path: Path) -> None:
        """Forgets a file that has changed or gone, so that it is read as it is now."""
        with self._lock:
            self._sources.pop(path, None)

    def close(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._sources.clear()
        self._cache.clear()

    def _source(self, path: Path) -> FrameSource:
        with self._lock:
            source = self._sources.get(path)
            if source is not None:
                self._sources.move_to_end(path)
                return source
        source = open_source(path)
        with self._lock:
            self._sources[path] = source
            while len(self._sources) > OPEN_SOURCES:
                self._sources.popitem(last=False)
        return source
