"""The challenge's old `FA_train.csv`, whose points 3 and 4 are the wrong way round.

Point 3 of FA is the right end of the horizontal diameter; in that file it is the left one. A newer
file put that right, and is often kept under the old one's name. So name and content decide: the
file is called so, and point 3 lies left of point 4 in most of its rows. Then every row is turned:
the file is wrong as a whole, while a single row may have its axis near the vertical.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.labels.importers.entry import LabelEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sonichu_gui.labels.importers.entry import ReadRow

__all__ = ["in_order_of_task"]

_NAME = "fa_train"
_NOTE = "points 3 and 4 of FA were exchanged: this is the old FA_train.csv, which has them swapped"


def in_order_of_task(file: Path, rows: Iterable[ReadRow]) -> Iterable[ReadRow]:
    """Gives the rows with the points of every FA label in the task's order."""
    if file.stem.casefold() != _NAME:
        return rows
    rows = list(rows)
    leftward = [row for row in rows if isinstance(row, LabelEntry) and _is_leftward(row)]
    labels = [row for row in rows if isinstance(row, LabelEntry) and row.task_id == "FA"]
    if 2 * len(leftward) <= len(labels):
        return rows
    return [
        _turned(row) if isinstance(row, LabelEntry) and row.task_id == "FA" else row for row in rows
    ]


def _is_leftward(entry: LabelEntry) -> bool:
    if entry.task_id != "FA":
        return False
    third, fourth = entry.keypoints[2], entry.keypoints[3]
    return third is not None and fourth is not None and third.x < fourth.x


def _turned(entry: LabelEntry) -> LabelEntry:
    first, second, third, fourth = entry.keypoints
    return replace(entry, keypoints=(first, second, fourth, third), note=_NOTE)
