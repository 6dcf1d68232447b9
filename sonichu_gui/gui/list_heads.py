"""Heads over the files of a study: of each examination, and of each series in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sonichu_gui.imaging.series import SeriesTree

OTHERS = "others"


@dataclass(frozen=True, slots=True)
class ListHead:
    """A head over files that follow one another in a study.

    Attributes:
        key: Stays the same when files come and go.
        level: 0 for an examination, 1 for a series of the one before it.
        title: For people; no patient's name.
        detail: What else there is to say of an examination; may be empty.
        first: Position of its first file.
        count: Number of its files.
    """

    key: str
    level: int
    title: str
    detail: str
    first: int
    count: int

    @property
    def end(self) -> int:
        """Position after its last file."""
        return self.first + self.count


def heads_of(tree: SeriesTree | None) -> tuple[ListHead, ...]:
    """Gives the heads over `tree.paths()`, in order; none without a tree.

    Patients are told apart by a number, and only where there are several.
    """
    heads: list[ListHead] = []
    if tree is None:
        return ()
    at = 0
    for patient in tree.patients:
        for study in patient.studies:
            date, _, description = study.label.partition(" · ")
            title = f"{date} · {patient.label}" if len(tree.patients) > 1 else date
            count = sum(len(series.files) for series in study.series)
            key = f"study {patient.label} {study.uid}"
            heads.append(ListHead(key, 0, title, description, at, count))
            for series in study.series:
                key = f"series {patient.label} {study.uid} {series.uid} {series.label}"
                heads.append(ListHead(key, 1, series.label, "", at, len(series.files)))
                at += len(series.files)
    if heads and tree.others:
        title = QCoreApplication.translate("ListHead", "Other files")
        heads.append(ListHead(OTHERS, 0, title, "", at, len(tree.others)))
    return tuple(heads)


def heads_over(heads: Iterable[ListHead], at: int) -> tuple[ListHead, ...]:
    """Gives the heads over a position, the outer one first."""
    return tuple(head for head in heads if head.first <= at < head.end)


def heads_with(
    heads: tuple[ListHead, ...], at: int, over: tuple[ListHead, ...]
) -> tuple[ListHead, ...]:
    """Gives the heads once a file stands at a position.

    Args:
        heads: The heads before; where there are none, none are given.
        at: Position of the file, in or right behind the files of `over`.
        over: The heads over the file; those that are not among `heads` come back for it.
    """
    if not heads:
        return ()
    keys, known = {head.key for head in over}, {head.key for head in heads}
    moved = [
        replace(head, count=head.count + 1)
        if head.key in keys
        else replace(head, first=head.first + 1)
        if head.first >= at
        else head
        for head in heads
    ]
    back = [replace(head, first=at, count=1) for head in over if head.key not in known]
    return tuple(sorted((*moved, *back), key=lambda head: (head.first, head.level)))


def heads_without(heads: tuple[ListHead, ...], at: int) -> tuple[ListHead, ...]:
    """Gives the heads once the file at a position is gone, and those that had it alone."""
    left = (
        replace(head, count=head.count - 1)
        if head.first <= at < head.end
        else replace(head, first=head.first - 1)
        if head.first > at
        else head
        for head in heads
    )
    return tuple(head for head in left if head.count)
