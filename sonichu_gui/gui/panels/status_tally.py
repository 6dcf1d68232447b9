"""Where the files of a list stand for the task in hand, and how many stand where."""

from __future__ import annotations

from collections import Counter
from enum import Enum
from typing import TYPE_CHECKING

from sonichu_gui.domain.annotation import Status

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence
    from pathlib import Path


class FrameFilter(Enum):
    """Which files are shown, by their status for the task."""

    ALL = frozenset(Status)
    TO_DO = frozenset({Status.TODO, Status.PROPOSED})
    DONE = frozenset({Status.ACCEPTED, Status.EDITED, Status.EXCLUDED})
    FLAGGED = frozenset({Status.FLAGGED})
    PROPOSED = frozenset({Status.PROPOSED})
    ACCEPTED = frozenset({Status.ACCEPTED})
    EDITED = frozenset({Status.EDITED})
    EXCLUDED = frozenset({Status.EXCLUDED})


SINGLE = {
    FrameFilter.PROPOSED: Status.PROPOSED,
    FrameFilter.ACCEPTED: Status.ACCEPTED,
    FrameFilter.EDITED: Status.EDITED,
    FrameFilter.EXCLUDED: Status.EXCLUDED,
}
"""Filters of one status that others put together."""


class StatusTally:
    """Statuses by file and task; counted once, and kept up with every change.

    Args:
        task_id: The task whose status counts.
    """

    def __init__(self, task_id: str) -> None:
        self._task_id = task_id
        self._statuses: dict[Path, dict[str, Status]] = {}
        self._tally: Counter[Status] | None = None  # of all files; None until counted anew

    def of(self, path: Path) -> Status:
        """Status of a file for the task."""
        return self._statuses.get(path, {}).get(self._task_id, Status.TODO)

    def counts(self, files: Container[Path], number: int) -> dict[FrameFilter, int]:
        """How many of a number of files each filter would show."""
        if self._tally is None:
            found = Counter(
                statuses.get(self._task_id, Status.TODO)
                for path, statuses in self._statuses.items()
                if path in files
            )
            found[Status.TODO] += number - found.total()
            self._tally = found
        tally = self._tally
        return {kind: sum(tally[status] for status in kind.value) for kind in FrameFilter}

    def count_anew(self) -> None:
        """The files are others."""
        self._tally = None

    def add(self, paths: Sequence[Path]) -> None:
        """Counts further files."""
        if self._tally is not None and self._statuses:
            self._tally.update(map(self.of, paths))
        elif self._tally is not None:
            self._tally[Status.TODO] += len(paths)

    def set_task(self, task_id: str) -> None:
        """Counts for another task."""
        self._task_id = task_id
        self._tally = None

    def set_all(self, statuses: Mapping[Path, Mapping[str, Status]]) -> None:
        """Takes the statuses of labelled files: by path, then by task id."""
        self._statuses = {path: dict(found) for path, found in statuses.items()}
        self._tally = None

    def set_one(self, path: Path, task_id: str, status: Status, *, is_listed: bool) -> None:
        """Takes a new status of a file, which counts when it is listed."""
        if self._tally is not None and task_id == self._task_id and is_listed:
            self._tally[self.of(path)] -= 1
            self._tally[status] += 1
        self._statuses.setdefault(path, {})[task_id] = status
