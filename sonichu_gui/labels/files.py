"""Which file a digest was last seen as, so that a listed frame is known without reading it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from sonichu_gui.errors import SonichuError
from sonichu_gui.labels.codec import storable
from sonichu_gui.labels.revision import StoredFile
from sonichu_gui.labels.schema import FILES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sonichu_gui.labels.database import Database

__all__ = ["FileTable"]

_MOVED_AWAY = -1
"""The size that says of a row: the file with this digest has left this path for another folder."""


class FileTable:
    """The files of a store.

    Args:
        database: Of the store.
        folder: The images' folder.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    def remember(self, path: Path, file: Mapping[str, Any]) -> None:
        """Notes that a file was seen; writes only what is new, and nothing for a file that is gone.

        Args:
            path: Where it lies.
            file: The columns of `FILES` that tell what it holds.
        """
        stamp = _stamp(path)
        if stamp is None:
            return
        relative = self._relative(path)
        values = {**file, "path": relative, "size": stamp[0], "mtime_ns": stamp[1]}
        newest = self._newest(relative)
        if newest is not None and all(newest[name] == value for name, value in values.items()):
            return
        with self._database.writing() as connection:
            connection.execute(FILES.insert(), values)

    def known(self, path: Path) -> StoredFile | None:
        """Gives a file as last seen, if size and time of change say that it is still the same."""
        stamp = _stamp(path)
        row = self._newest(self._relative(path)) if stamp else None
        if row is None or (row["size"], row["mtime_ns"]) != stamp:
            return None
        return _stored_file(row)

    def digests_by_path(self) -> dict[Path, str]:
        """Gives the digest of every file that is still as it was last seen, in one query.

        A file that has changed since is left out: it must not be listed as labelled.
        """
        with self._database.reading() as connection:
            found = connection.execute(select(FILES).order_by(FILES.c.id)).all()
        newest = {self._folder / row.path: row for row in found}
        return {
            path: row.digest
            for path, row in newest.items()
            if _stamp(path) == (row.size, row.mtime_ns)
        }

    def by_digest(self) -> dict[str, StoredFile]:
        """Gives where each digest was last seen; not where another file has taken its place."""
        return {
            row["digest"]: _stored_file(row)
            for row in self._newest_of_each()
            if row["size"] != _MOVED_AWAY
        }

    def moved(self) -> frozenset[str]:
        """Gives the digests of files that have left for another folder, see `note_moved`."""
        newest = self._newest_of_each()
        here = {row["digest"] for row in newest if row["size"] != _MOVED_AWAY}
        return frozenset(row["digest"] for row in newest) - here

    def still_has(self, digest: str, digest_of: Callable[[Path], str]) -> bool:
        """Whether a file lies where it was seen, or a copy of it does.

        Args:
            digest: Of the file.
            digest_of: Reads a file whose size or time of change is another; raises a
                `SonichuError` where it cannot.
        """
        for row in self._seen_as(digest):
            place = self._folder / row["path"]
            stamp = _stamp(place)
            if stamp is None:
                continue
            if stamp == (row["size"], row["mtime_ns"]):
                return True
            with suppress(SonichuError):
                if digest_of(place) == digest:
                    return True
        return False

    def note_moved(self, digest: str) -> None:
        """Notes that a file has left: its labels are kept by the store of another folder now."""
        values = [
            {name: value for name, value in row.items() if name != "id"} | {"size": _MOVED_AWAY}
            for row in self._seen_as(digest)
        ]
        if values:
            with self._database.writing() as connection:
                connection.execute(FILES.insert(), values)

    def _seen_as(self, digest: str) -> list[dict[str, Any]]:
        """The rows that say where a file lies, those from where it has left not among them."""
        return [
            row
            for row in self._newest_of_each()
            if row["digest"] == digest and row["size"] != _MOVED_AWAY
        ]

    def _newest_of_each(self) -> list[dict[str, Any]]:
        """The newest row of every path, oldest first."""
        with self._database.reading() as connection:
            found = connection.execute(select(FILES).order_by(FILES.c.id)).mappings().all()
        by_path = {row["path"]: dict(row) for row in found}
        return sorted(by_path.values(), key=lambda row: int(row["id"]))

    def _newest(self, relative: str) -> dict[str, Any] | None:
        query = select(FILES).where(FILES.c.path == relative).order_by(FILES.c.id.desc()).limit(1)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else dict(row)

    def _relative(self, path: Path) -> str:
        try:
            relative = os.path.relpath(path.absolute(), self._folder)
        except ValueError:  # another drive
            relative = str(path.absolute())
        return storable(Path(relative).as_posix())


def _stamp(path: Path) -> tuple[int, int] | None:
    """Size and time of change of a file, or None when it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _stored_file(row: Mapping[str, Any]) -> StoredFile:
    return StoredFile(
        row["digest"],
        row["path"],
        row["width"],
        row["height"],
        row["frame_count"],
        row["format"],
    )
