"""One SQLite file, kept open and opened again after a failure.

WAL with synchronous=FULL: what was committed survives the death of the process and of the power.
A failed statement drops the connection; the next one opens the same file anew, so that a retry
works once the disk has room again or the network folder is back. A file that has vanished is never
made again in silence, and another store in its place is not written to.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from sqlalchemy import create_engine, event, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from sonichu_gui.errors import StoreError
from sonichu_gui.labels.schema import APPLICATION_ID, META, SCHEMA_VERSION, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sqlalchemy import Connection, Engine

__all__ = ["Database", "create_database", "damaged_row", "store_error"]

BUSY_SECONDS = 1.0
"""How long to wait for another program's write, which takes milliseconds."""

_REASONS = (
    ("SQLITE_FULL", "the disk is full", "Free some space and try again."),
    ("SQLITE_BUSY", "another program is writing to it", "Try again in a moment."),
    ("SQLITE_LOCKED", "another program is writing to it", "Try again in a moment."),
    ("SQLITE_READONLY", "it may not be written", "Give yourself the right to write to it."),
    ("SQLITE_PERM", "it may not be written", "Give yourself the right to write to it."),
    ("SQLITE_CANTOPEN", "it cannot be opened", "Check that you may read and write its folder."),
    ("SQLITE_NOTADB", "it is damaged", "Restore it from a backup; it was not changed."),
    ("SQLITE_CORRUPT", "it is damaged", "Restore it from a backup; it was not changed."),
    ("SQLITE_IOERR", "the disk does not answer", "Check the disk or the network and try again."),
)


class Database:
    """An open label store file.

    Any thread may use it; statements run one after another.

    Args:
        path: An existing store.

    Raises:
        StoreError: It cannot be read and written, is damaged, newer, or not a label store.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._begin = "BEGIN"
        self._connection: Connection | None = None
        self._writing = False
        self._inode: tuple[int, int] = (0, 0)
        self._engine = _engine(path)
        event.listen(self._engine, "begin", self._on_begin)
        self.store_id = ""
        with self._lock:
            self._open()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Gives a connection that sees one state of the store.

        Raises:
            StoreError: The statement failed.
        """
        with self._lock:
            if self._writing and self._connection is not None:
                yield self._connection
                return
            with self._transaction("BEGIN") as connection:
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Gives a connection whose statements are all on disk, or none, when the block ends.

        Blocks inside one another are one transaction.

        Raises:
            StoreError: Nothing was written; trying again is safe.
        """
        with self._lock:
            if self._writing and self._connection is not None:
                yield self._connection
                return
            self._writing = True
            try:
                with self._transaction("BEGIN IMMEDIATE") as connection:
                    yield connection
                self._check_place()
            finally:
                self._writing = False

    def close(self) -> None:
        """Closes the file; the next statement would open it again."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                try:
                    connection.close()
                except SQLAlchemyError:
                    # What matters was committed; a vanished disk may fail even to close.
                    connection.invalidate()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        connection = self._connection or self._open()
        self._begin = begin
        try:
            with connection.begin():
                yield connection
        except (SQLAlchemyError, sqlite3.Error) as error:
            self.close()
            raise store_error(self.path, error) from error

    def _on_begin(self, connection: Connection) -> None:
        connection.exec_driver_sql(self._begin)

    def _open(self) -> Connection:
        _check_header(self.path)
        try:
            self._connection = connection = self._engine.connect()
            self._begin = "BEGIN IMMEDIATE"  # its log must be writable too
            with connection.begin():
                problem = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
                version = connection.exec_driver_sql("PRAGMA user_version").scalar()
                store_id = connection.execute(
                    select(META.c.value).where(META.c.key == "store_id")
                ).scalar()
            status = self.path.stat()
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            self.close()
            raise store_error(self.path, error) from error
        if problem != "ok" or store_id is None:
            self._refuse(_damaged(self.path, str(problem)))
        if int(version or 0) > SCHEMA_VERSION:
            self._refuse(_too_new(self.path, int(version or 0)))
        if self.store_id and store_id != self.store_id:
            self._refuse(_replaced(self.path))
        self.store_id = str(store_id)
        self._inode = status.st_dev, status.st_ino
        return connection

    def _refuse(self, error: StoreError) -> NoReturn:
        self.close()
        raise error

    def _check_place(self) -> None:
        """Notices a store that was deleted, or moved with its folder, while open.

        The system lets an open file be written to after its name is gone: without this look the
        last labels would go into a file that nobody finds again.
        """
        try:
            status = self.path.stat()
        except OSError as error:
            self.close()
            raise store_error(self.path, error) from error
        if (status.st_dev, status.st_ino) != self._inode:
            self._refuse(_replaced(self.path))


def create_database(path: Path, meta: Mapping[str, str]) -> None:
    """Makes the tables of a new store in an empty file.

    Args:
        path: An empty file that nobody else knows of yet.
        meta: Facts about the store; `store_id` must be among them.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: The file system refused.
    """
    engine = _engine(path)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
            connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
            TABLES.create_all(connection)
            connection.execute(META.insert(), [{"key": k, "value": v} for k, v in meta.items()])
            connection.commit()
    finally:
        engine.dispose()


def store_error(path: Path, error: BaseException) -> StoreError:
    """Gives the failure of a store in words, with what to do."""
    cause = getattr(error, "orig", None) or error
    name = getattr(cause, "sqlite_errorname", "") or ""
    for code, why, hint in _REASONS:
        if name.startswith(code):
            return StoreError(f"The label store {path} cannot be used: {why}.", hint)
    if isinstance(cause, FileNotFoundError):
        return StoreError(
            f"The label store {path} is gone.",
            "Its folder was moved, deleted or disconnected: put it back and try again.",
        )
    why = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)
    return StoreError(
        f"The label store {path} cannot be used: {why}.",
        "Check that you may read and write it and its folder.",
    )


def damaged_row(path: Path, what: str, number: int, error: Exception) -> StoreError:
    """Gives the failure of a row that this program cannot have written."""
    return StoreError(
        f"The label store {path} is damaged: {what} {number} cannot be read: {error}.",
        "Restore it from a backup; it was not changed.",
    )


def _engine(path: Path) -> Engine:
    # mode=rw: a file that has vanished must be an error, not a new empty database.
    uri = f"{path.absolute().as_uri()}?mode=rw"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri,
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=NullPool)


def _check_header(path: Path) -> None:
    """Looks at the file's first bytes before SQLite may touch it (sqlite.org/fileformat2)."""
    try:
        # For update, though nothing is written: SQLite would open a protected file read-only and
        # complain at the first label instead of now.
        with path.open("r+b") as file:
            header = file.read(100)
    except OSError as error:
        raise store_error(path, error) from error
    application_id = int.from_bytes(header[68:72], "big")
    if not header.startswith(b"SQLite format 3\0") or application_id != APPLICATION_ID:
        raise StoreError(
            f"{path} is not a label store, or it is damaged.",
            "It was not changed. Restore it from a backup, or move it away to start anew.",
        )
    version = int.from_bytes(header[60:64], "big")
    if version > SCHEMA_VERSION:
        raise _too_new(path, version)


def _damaged(path: Path, problem: str) -> StoreError:
    return StoreError(
        f"The label store {path} is damaged: {problem}.",
        "It was not changed. Restore it from a backup, or move it away to start anew.",
    )


def _too_new(path: Path, version: int) -> StoreError:
    return StoreError(
        f"The label store {path} was made by a newer Sonichu (format {version}, this one knows "
        f"up to {SCHEMA_VERSION}).",
        "Update Sonichu to open it; it was not changed.",
    )


def _replaced(path: Path) -> StoreError:
    return StoreError(
        f"The label store {path} was replaced by another one while it was open.",
        "Open the folder again to work with the new one.",
    )
