"""Where the labels of a folder lie: beside its images, or with the user when it is read-only.

Whether a folder can hold a store is found out by making one there. A new store is made under
another name and then given its own, so that a file called `sonichu-labels.sqlite` is always a
whole store: one that is not has been damaged, and is refused instead of being made anew.
"""

from __future__ import annotations

import errno
import hashlib
import os
import sqlite3
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from sonichu_gui import __version__, paths
from sonichu_gui.errors import StoreError
from sonichu_gui.labels.database import create_database, store_error

__all__ = ["SIDECARS", "STORE_NAME", "StorePlace", "existing_store", "new_store"]

STORE_NAME = "sonichu-labels.sqlite"

SIDECARS = ("-wal", "-shm", "-journal")
"""Endings of the files that SQLite keeps beside a store while it is open or after a crash."""


@dataclass(frozen=True, slots=True)
class StorePlace:
    """Where a folder's store is.

    Attributes:
        path: The store's file.
        beside_images: Whether it lies in the images' folder.
        note: What a person should know about the place; empty when it is the usual one.
    """

    path: Path
    beside_images: bool
    note: str = ""


def existing_store(folder: Path) -> StorePlace | None:
    """Gives the place of a folder's store, or None when it has none yet.

    Raises:
        StoreError: Whether there is one cannot be found out.
    """
    beside, elsewhere = folder / STORE_NAME, _elsewhere(folder)
    if _is_there(beside):
        note = (
            f"Older labels of this folder are also in {elsewhere}"
            if os.path.lexists(elsewhere)
            else ""
        )
        return StorePlace(beside, beside_images=True, note=note)
    if _is_there(elsewhere):
        return StorePlace(elsewhere, beside_images=False, note=_note(elsewhere, "was read-only"))
    return None


def new_store(folder: Path) -> StorePlace:
    """Makes a folder's store: beside the images, else in the user's data folder.

    Raises:
        StoreError: The folder is not there, or neither place can take a store.
    """
    if not folder.is_dir():
        raise StoreError(
            f"The folder {folder} is not there.", "It was moved, deleted or disconnected."
        )
    beside = folder / STORE_NAME
    try:
        _make(beside, folder=None)
    except (OSError, SQLAlchemyError, sqlite3.Error) as error:
        if _is_full(error):
            # Room can be made; labels in two places cannot be brought together again.
            raise store_error(beside, error) from error
        why = "is read-only" if isinstance(error, OSError) else "cannot hold a label store"
    else:
        return StorePlace(beside, beside_images=True)
    elsewhere = _elsewhere(folder)
    try:
        elsewhere.parent.mkdir(parents=True, exist_ok=True)
        _make(elsewhere, folder=folder)
    except (OSError, SQLAlchemyError, sqlite3.Error) as error:
        raise store_error(elsewhere, error) from error
    return StorePlace(elsewhere, beside_images=False, note=_note(elsewhere, why))


def _note(path: Path, why: str) -> str:
    return f"Labels are in {path}: the folder of the images {why}"


def _elsewhere(folder: Path) -> Path:
    name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:32]
    return paths.user_data() / "stores" / f"{name}.sqlite"


def _is_there(path: Path) -> bool:
    """Whether something has this name, be it a dangling link."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise store_error(path, error) from error
    return True


def _is_full(error: Exception) -> bool:
    cause = getattr(error, "orig", error)
    name = getattr(cause, "sqlite_errorname", "") or ""
    return name == "SQLITE_FULL" or getattr(cause, "errno", None) in (errno.ENOSPC, errno.EDQUOT)


def _make(path: Path, *, folder: Path | None) -> None:
    """Makes a whole store and gives it its name; an existing one of that name stays."""
    draft = path.with_name(f".{path.name}-{uuid.uuid4().hex[:8]}.tmp")
    meta = {
        "store_id": uuid.uuid4().hex,
        "app_version": __version__,
        "created": datetime.now(UTC).isoformat(),
    }
    if folder is not None:
        meta["images_folder"] = str(folder.resolve())
    # Not tempfile: it would hide the store from everybody else who may use the folder.
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666))
    try:
        _set_aside_leftovers(path, older_than_ns=draft.stat().st_mtime_ns)
        create_database(draft, meta)
        _give_name(draft, path)
    finally:
        for suffix in ("", *SIDECARS):
            Path(f"{draft}{suffix}").unlink(missing_ok=True)


def _set_aside_leftovers(path: Path, *, older_than_ns: int) -> None:
    """Renames the log of a store that was deleted: SQLite would play it into the new one.

    Edits of a killed program may be in it, so it is kept. A younger one belongs to a store that
    another program is just making.
    """
    if _is_there(path):
        return
    for suffix in SIDECARS:
        log = Path(f"{path}{suffix}")
        try:
            if log.stat().st_mtime_ns < older_than_ns:
                log.rename(f"{path}.left-{uuid.uuid4().hex[:8]}{suffix}")
        except FileNotFoundError:
            continue


def _give_name(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # another program was faster; its store is as good as this empty one
    except OSError:
        # File systems without hard links.
        if not _is_there(path):
            draft.rename(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Puts the new name on disk; where a folder cannot be synced the system does it itself."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)
