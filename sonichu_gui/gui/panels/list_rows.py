"""Which rows a list of files has: the files that pass, under the heads that are not folded.

A row is one number, four times a file's position in the study, plus 3; a head's is that of its
first file, plus its level. So the numbers sort as the rows stand, and a row is found by halving.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.gui.list_heads import ListHead

_FILE = 3
"""Above every head's level."""


def file_row(position: int) -> int:
    """The number of a file's row."""
    return 4 * position + _FILE


def head_row(head: ListHead) -> int:
    """The number of a head's row."""
    return 4 * head.first + head.level


def position_of(row: int) -> int:
    """The position of a row's file, or of its head's first file."""
    return row // 4


def is_file(row: int) -> bool:
    """Whether a row is a file's."""
    return row % 4 == _FILE


def place_of(rows: Sequence[int], row: int) -> int | None:
    """Where a row stands among the shown ones, None where it is not shown."""
    place = bisect_left(rows, row)
    return place if place < len(rows) and rows[place] == row else None


class Heads:
    """The heads of a study, and which of them are folded.

    What was folded stays so when files come and go.
    """

    def __init__(self) -> None:
        self.all: tuple[ListHead, ...] = ()
        self._folded: set[str] = set()
        self._by_row: dict[int, ListHead] = {}
        self._starts: list[int] = []

    def set(self, heads: tuple[ListHead, ...]) -> None:
        """Takes other heads."""
        self.all = heads
        self._by_row = {head_row(head): head for head in heads}
        self._starts = [head.first for head in heads]

    def at(self, row: int) -> ListHead:
        """The head of a row."""
        return self._by_row[row]

    def over(self, position: int) -> tuple[ListHead, ...]:
        """The heads over a file, the outer one first."""
        found: list[ListHead] = []
        for place in range(bisect_right(self._starts, position) - 1, -1, -1):
            head = self.all[place]
            if position < head.end:
                found.append(head)
            if head.level == 0:
                break
        return tuple(reversed(found))

    def fold(self, head: ListHead, *, folded: bool) -> None:
        """Hides or shows the files under a head."""
        if folded:
            self._folded.add(head.key)
        else:
            self._folded.discard(head.key)

    def hides(self, position: int) -> bool:
        """Whether a file is folded away."""
        return any(head.key in self._folded for head in self.over(position))

    def unfold_over(self, position: int) -> bool:
        """Shows a file; gives whether it was folded away."""
        folded = self._folded & {head.key for head in self.over(position)}
        self._folded -= folded
        return bool(folded)

    def is_folded(self, head: ListHead) -> bool:
        """Whether the files under a head are hidden."""
        return head.key in self._folded

    def rows(self, passing: Sequence[int]) -> list[int]:
        """Gives the rows to show, in order; a head without a file that passes is left out.

        Args:
            passing: Positions of the files that pass search and filter, in order.
        """
        if not self.all:
            return [file_row(position) for position in passing]
        rows: list[int] = []
        hidden_before = 0  # the end of the folded examination
        for place, head in enumerate(self.all):
            first, end = bisect_left(passing, head.first), bisect_left(passing, head.end)
            if first == end or head.first < hidden_before:
                continue
            rows.append(head_row(head))
            if self.is_folded(head):
                hidden_before = head.end if head.level == 0 else hidden_before
            elif not self._has_series(place):
                rows += [file_row(position) for position in passing[first:end]]
        return rows

    def _has_series(self, place: int) -> bool:
        """Whether the files of a head stand under heads of their own."""
        is_last = place + 1 == len(self.all)
        return self.all[place].level == 0 and not is_last and self.all[place + 1].level == 1


class RowPlaces:
    """Where rows stand above one another.

    Args:
        rows: Their numbers, in order.
        file_height: Of a file's row.
        head_heights: Of a head's row, by its level.
    """

    def __init__(self, rows: Sequence[int], file_height: int, head_heights: Sequence[int]) -> None:
        self._height = file_height
        self._count = len(rows)
        self._tops: list[int] | None = None
        if any(row % 4 != _FILE for row in rows[:1]):  # heads come before the first file, or none
            heights = {0: head_heights[0], 1: head_heights[1], _FILE: file_height}
            self._tops = [0, *accumulate(heights[row % 4] for row in rows)]

    @property
    def height(self) -> int:
        """Of all rows together."""
        return self._tops[-1] if self._tops else self._count * self._height

    def of(self, row: int) -> tuple[int, int]:
        """Top and height of a row."""
        if self._tops is None:
            return row * self._height, self._height
        return self._tops[row], self._tops[row + 1] - self._tops[row]

    def at(self, y: int) -> int | None:
        """The row at a height, None below the last."""
        if not 0 <= y < self.height:
            return None
        return y // self._height if self._tops is None else bisect_right(self._tops, y) - 1


def change_between(before: Sequence[int], after: Sequence[int]) -> tuple[int, int, int]:
    """Gives where two lists of rows differ: (rows alike at the start, then before's, after's).

    `before[start:start + n_before]` has become `after[start:start + n_after]`.
    """
    shorter = min(len(before), len(after))
    start = next((i for i in range(shorter) if before[i] != after[i]), shorter)
    rest = shorter - start
    alike = next((i for i in range(rest) if before[-1 - i] != after[-1 - i]), rest)
    return start, len(before) - start - alike, len(after) - start - alike
