"""Labels follow a file into another folder.

Labels lie in the store of their image's folder. When a file has been moved, what is known of it is
added to the store of the folder it is in now: revisions with their raters and times, scales,
columns of imported files. The store it comes from keeps its rows, since stores only grow, and
notes that the file has left, so that nothing is exported twice. A copy, whose original is still
where it was, begins without labels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from sonichu_gui.errors import StoreError
from sonichu_gui.labels import whereabouts
from sonichu_gui.labels.location import existing_store
from sonichu_gui.labels.schema import CALIBRATIONS, EXTRAS, REVISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Table

    from sonichu_gui.labels.database import Database
    from sonichu_gui.labels.store import LabelStore

__all__ = ["FileRecords", "add_records", "bring_along", "read_records"]

_Row = dict[str, Any]
_SUBJECT = "frame_index", "task_id", "kind"
"""A prediction made where the file is now says nothing against what a person placed before."""


@dataclass(frozen=True, slots=True)
class FileRecords:
    """All rows of a store about one file, oldest first, as the tables' columns name them."""

    digest: str
    revisions: Sequence[Mapping[str, Any]]
    calibrations: Sequence[Mapping[str, Any]]
    extras: Sequence[Mapping[str, Any]]

    def __bool__(self) -> bool:
        """Whether anything is known."""
        return bool(self.revisions or self.calibrations or self.extras)


def bring_along(
    digest: str,
    path: Path,
    store_here: Callable[[], LabelStore],
    digest_of: Callable[[Path], str],
) -> int:
    """Brings the labels of a file from the folder it was moved from.

    Costs little where there is nothing to bring; call it when a file is opened, before its labels
    are asked for. The store of the file's own folder is not opened for it. A call that was cut off
    half-way is made good by the next one.

    Args:
        digest: Of the file.
        path: Where it is now.
        store_here: Gives the store of its folder, made if need be; called only when labels are
            brought, so that looking at a file without any writes nothing.
        digest_of: Gives the digest of a file, as of one that was touched where `path` was copied
            from; a `SonichuError` where it cannot be read.

    Returns:
        How many revisions came.

    Raises:
        StoreError: A store that is there cannot be read or written; what others hold has come.
    """
    home = existing_store(path.parent)
    brought, failures = 0, list[StoreError]()
    for place in whereabouts.stores_of(digest):
        if home is not None and place == home.path.absolute():
            continue
        try:
            brought += _brought_from(place, digest, path, store_here, digest_of)
        except StoreError as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return brought


def _brought_from(
    place: Path,
    digest: str,
    path: Path,
    store_here: Callable[[], LabelStore],
    digest_of: Callable[[Path], str],
) -> int:
    from sonichu_gui.labels.store import LabelStore

    there = LabelStore.open_file(place)
    try:
        records = there.records_of(digest)
        if not records or there.is_home_of(path) or there.still_has(digest, digest_of):
            return 0
        here = store_here()
        brought = here.take_over(records)
        for file in there.files():
            if file.digest == digest:
                here.remember_file(
                    digest=digest,
                    path=path,
                    width=file.width,
                    height=file.height,
                    frame_count=file.frame_count,
                    format=file.format,
                )
        if not there.is_copy_of(here):
            there.note_moved(digest)
        return brought
    finally:
        there.close()


def read_records(database: Database, digest: str) -> FileRecords:
    """Gives all that a store knows of a file."""
    with database.reading() as connection:

        def rows(table: Table) -> list[_Row]:
            query = select(table).where(table.c.digest == digest).order_by(table.c.id)
            return [dict(row) for row in connection.execute(query).mappings()]

        return FileRecords(digest, rows(REVISIONS), rows(CALIBRATIONS), rows(EXTRAS))


def add_records(database: Database, records: FileRecords) -> int:
    """Adds what is newer than what a store knows; gives the number of revisions added.

    The newest row says what holds, so an older one may not come after a newer one.
    """
    with database.writing() as connection:
        numbers: dict[int, int] = {}
        for row in _newer(connection, REVISIONS, records.revisions, _SUBJECT):
            values = _without_id(row) | {"parent_id": numbers.get(row["parent_id"])}
            statement = REVISIONS.insert().returning(REVISIONS.c.id)
            numbers[row["id"]] = connection.execute(statement, values).scalar_one()
        for row in _newer(connection, CALIBRATIONS, records.calibrations, ("subject", "key")):
            connection.execute(CALIBRATIONS.insert(), _without_id(row))
        known = select(EXTRAS.c.id).where(EXTRAS.c.digest == records.digest).limit(1)
        if records.extras and connection.execute(known).first() is None:
            connection.execute(EXTRAS.insert(), [_without_id(row) for row in records.extras])
    return len(numbers)


def _newer(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    subject: tuple[str, ...],
) -> list[Mapping[str, Any]]:
    """Gives the rows that are newer than all that a table holds of the same subject."""
    if not rows:
        return []
    columns = [table.c[name] for name in subject]
    query = select(*columns, func.max(table.c.created)).where(table.c.digest == rows[0]["digest"])
    newest = {tuple(row[:-1]): row[-1] for row in connection.execute(query.group_by(*columns))}
    return [row for row in rows if row["created"] > newest.get(tuple(row[n] for n in subject), "")]


def _without_id(row: Mapping[str, Any]) -> _Row:
    return {name: value for name, value in row.items() if name != "id"}
