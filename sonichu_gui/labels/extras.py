"""Further columns of imported labels, which come out again with them; each value is a row."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import select

from sonichu_gui.labels.schema import EXTRAS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sonichu_gui.domain.frame import FrameRef
    from sonichu_gui.labels.database import Database

__all__ = ["ExtrasTable", "Place"]

Place = tuple[str, int, str]
"""Digest of a file, index of a frame in it, and a task."""


class ExtrasTable:
    """The further columns of a store's labels.

    Args:
        database: Of the store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, frame: FrameRef, task_id: str, extras: Mapping[str, str]) -> None:
        """Adds values of a label by their names; a later one of a name wins."""
        if not extras:
            return
        place = {"digest": frame.digest, "frame_index": frame.index, "task_id": task_id}
        rows = [{**place, "name": name, "value": value} for name, value in extras.items()]
        with self._database.writing() as connection:
            connection.execute(EXTRAS.insert(), rows)

    def by_place(self) -> dict[Place, dict[str, str]]:
        """Gives what holds for every label: name -> value."""
        extras: dict[Place, dict[str, str]] = defaultdict(dict)
        with self._database.reading() as connection:
            found = connection.execute(select(EXTRAS).order_by(EXTRAS.c.id)).all()
        for row in found:
            extras[row.digest, row.frame_index, row.task_id][row.name] = row.value
        return extras
