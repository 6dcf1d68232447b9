"""Fingerprints from earlier runs, so that a study's frames are decoded once for them.

A file is known by its path, size and time of change. The cache can be made again, so whatever is
wrong with it (damaged, not writable, of an older version) only costs time: it is then begun anew or
done without.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from sonichu_gui import paths

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

__all__ = ["FingerprintCache", "KnownFile"]

_NAME = "fingerprints-1.sqlite"  # the number is that of the hash: another hash, another file
_TABLE = (
    "CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER,"
    " digest TEXT, frame_count INTEGER, frames TEXT)"
)
_ASK = "SELECT digest, frame_count, frames FROM files WHERE path = ? AND size = ? AND mtime_ns = ?"


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What is known of a file.

    Attributes:
        digest: SHA-256 of its bytes.
        frame_count: Frames in it.
        frames: (perceptual hash, width, height) by index, of the frames that were asked for.
    """

    digest: str
    frame_count: int
    frames: Mapping[int, tuple[str, int, int]]


class FingerprintCache:
    """A cache in a file; without one it only forgets.

    Args:
        path: The file; made when it is not there.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    @classmethod
    def of_user(cls) -> FingerprintCache:
        """Gives the cache in the user's folder of what can be made again."""
        return cls(paths.user_cache() / _NAME)

    def __enter__(self) -> Self:
        if self._path is not None:
            self._connection = _opened(self._path)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def get(self, path: Path) -> KnownFile | None:
        """Gives what is known of a file that is still as it was."""
        stamp = _stamp(path)
        if self._connection is None or stamp is None:
            return None
        try:
            row = self._connection.execute(_ASK, (_key(path), *stamp)).fetchone()
            return None if row is None else KnownFile(row[0], row[1], _frames(row[2]))
        except (sqlite3.Error, ValueError, TypeError, AttributeError):
            return None

    def put(self, path: Path, file: KnownFile) -> None:
        """Keeps what is known of a file."""
        stamp = _stamp(path)
        if self._connection is None or stamp is None:
            return
        values = (_key(path), *stamp, file.digest, file.frame_count, json.dumps(dict(file.frames)))
        with suppress(sqlite3.Error):
            self._connection.execute("REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)", values)


def _opened(path: Path) -> sqlite3.Connection | None:
    for _ in range(2):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Each file at once and for itself: another run may be filling the same cache.
            connection = sqlite3.connect(path, timeout=0.2, isolation_level=None)
        except (OSError, sqlite3.Error):
            return None
        try:
            connection.execute("PRAGMA synchronous = OFF")  # nothing here needs to be kept
            connection.execute(_TABLE)
            connection.execute(_ASK, ("", 0, 0))
        except sqlite3.OperationalError:  # locked or read-only: somebody else's good file
            connection.close()
            return None
        except sqlite3.DatabaseError:  # no database: begin anew
            connection.close()
            with suppress(OSError):
                path.unlink()
        else:
            return connection
    return None


def _key(path: Path) -> str:
    return str(path.absolute()).encode("utf-8", "backslashreplace").decode("utf-8")


def _frames(text: str) -> dict[int, tuple[str, int, int]]:
    items = json.loads(text).items()
    return {int(index): (str(bits), int(w), int(h)) for index, (bits, w, h) in items}


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
