"""Which label stores know a file's digest, so that a file that was moved finds its labels again.

Labels lie beside their images, in one store a folder; a digest alone does not tell in which. This
list in the user's data folder does. It holds digests and places of stores, no labels: losing it
loses none, and where it cannot be read or written the labels are kept nevertheless. So it need not
survive the power: it waits for no disk, and one that is damaged is made anew. Names of folders may
tell of patients, so nobody else may read it.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

from sonichu_gui import paths

__all__ = ["forget", "is_noted", "note", "stores_of"]

log = logging.getLogger(__name__)

_Answer = TypeVar("_Answer")
_NAME = "whereabouts.sqlite"
_DAMAGED = {"SQLITE_NOTADB", "SQLITE_CORRUPT"}
_PREPARED = """
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS whereabouts (
    digest TEXT NOT NULL, store BLOB NOT NULL, PRIMARY KEY (digest, store)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS whereabouts_by_store ON whereabouts (store);
"""


def note(store: Path, digests: Iterable[str]) -> bool:
    """Notes that a store holds labels of some files; gives whether that could be written."""
    rows = [(digest, os.fsencode(store)) for digest in digests]

    def write(connection: sqlite3.Connection) -> bool:
        with connection:
            connection.executemany("INSERT OR IGNORE INTO whereabouts VALUES (?, ?)", rows)
        return True

    return _asked(write, otherwise=False)


def forget(store: Path) -> None:
    """Takes a store off the list that will not be there any more."""
    key = (os.fsencode(store),)

    def write(connection: sqlite3.Connection) -> None:
        with connection:
            connection.execute("DELETE FROM whereabouts WHERE store = ?", key)

    _asked(write, otherwise=None)


def is_noted(store: Path) -> bool:
    """Whether files of a store have been noted before; True where there is no noting."""
    query = "SELECT 1 FROM whereabouts WHERE store = ? LIMIT 1"
    key = (os.fsencode(store),)
    return _asked(lambda list_: list_.execute(query, key).fetchone() is not None, otherwise=True)


def stores_of(digest: str) -> tuple[Path, ...]:
    """Gives the stores that have held labels of a file and are still there."""
    query = "SELECT store FROM whereabouts WHERE digest = ?"
    nothing: list[tuple[bytes]] = []
    found = _asked(lambda list_: list_.execute(query, (digest,)).fetchall(), nothing)
    stores = (Path(os.fsdecode(store)) for (store,) in found)
    return tuple(store for store in stores if store.is_file())


def _asked(ask: Callable[[sqlite3.Connection], _Answer], otherwise: _Answer) -> _Answer:
    """Asks the list, made when there is none; what fails is noted in the log and not needed."""
    place = paths.user_data() / _NAME
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            place.touch(mode=0o600)
        with closing(sqlite3.connect(place, timeout=1.0)) as connection:
            connection.executescript(_PREPARED)
            return ask(connection)
    except (sqlite3.Error, OSError) as error:
        log.info("the list of label stores cannot be used: %s", error)
        if getattr(error, "sqlite_errorname", "") in _DAMAGED:
            with suppress(OSError):
                place.unlink()
        return otherwise
