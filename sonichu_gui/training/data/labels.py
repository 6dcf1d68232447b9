"""Label files for training and scoring: what the importer reads, with every point placed.

The format is the one of `labels.importers.csv_file`, read by it. Points are pixels of the original
image, (0, 0) = centre of the top-left pixel. A broken row is never dropped in silence: it is
reported with its file and row, and the caller chooses whether that stops the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sonichu_gui.errors import ImportRejected
from sonichu_gui.labels.frame_name import split_frame_name
from sonichu_gui.labels.importers.csv_file import positive_cell, read_csv
from sonichu_gui.labels.importers.entry import RowError, SkippedRow
from sonichu_gui.tasks import load_tasks

if TYPE_CHECKING:
    from sonichu_gui.domain.task import Task
    from sonichu_gui.labels.importers.entry import LabelEntry


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One labelled frame.

    Attributes:
        image_path: as written in the file, relative to the images' folder; ``#index`` at its end
            names a frame of a cine.
        task_id: the task's own spelling, whatever the file's capitals.
        points: (K, 2) float64, pixels of the original image, pixel centres at integers, in the
            task's order.
        line: the row's number in a spreadsheet, the header being 1.
        size: (width, height) in pixels that the file states, None where it does not.
        mm_per_px: the pixel's size that the file states.
        extra: every further filled column by its name, unparsed.
    """

    image_path: str
    task_id: str
    points: npt.NDArray[np.float64]
    line: int
    size: tuple[int, int] | None = None
    mm_per_px: float | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def split(self) -> str:
        """The split the row belongs to, empty where the file names none."""
        return self.extra.get("split", "")

    @property
    def subject_id(self) -> str:
        """The subject, or the image's file where the file does not tell subjects apart."""
        return self.extra.get("subject_id", "") or split_frame_name(self.image_path)[0]

    def number(self, column: str) -> float | None:
        """The value of an extra column, None where it is absent or empty."""
        text = self.extra.get(column, "")
        return float(text) if text else None


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that could not be used, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class LabelFile:
    """The usable rows of one file in file order, and the broken ones."""

    path: Path
    rows: tuple[LabelRow, ...]
    broken: tuple[BrokenRow, ...]

    def require_whole(self) -> LabelFile:
        """This file, if every row could be used.

        Raises:
            ImportRejected: naming the file and the first broken lines.
        """
        if self.broken:
            first = "; ".join(f"line {row.line}: {row.reason}" for row in self.broken[:5])
            raise ImportRejected(
                f"{self.path}: {len(self.broken)} unusable rows ({first})",
                "Correct or remove these rows.",
            )
        return self

    def select(self, *, split: str | None = None, task_id: str | None = None) -> list[LabelRow]:
        """Rows of one split and task; None takes all.

        Raises:
            ImportRejected: when nothing is left, naming the splits and tasks there are.
        """
        chosen = [
            row
            for row in self.rows
            if (split is None or row.split == split) and (task_id is None or row.task_id == task_id)
        ]
        if not chosen:
            splits = ", ".join(sorted({row.split for row in self.rows})) or "none"
            tasks = ", ".join(sorted({row.task_id for row in self.rows})) or "none"
            raise ImportRejected(
                f"{self.path}: no rows with split {split or 'any'} and task {task_id or 'any'}",
                f"The file has the splits {splits} and the tasks {tasks}.",
            )
        return chosen


def read_labels(path: Path) -> LabelFile:
    """The label file at ``path``; broken rows are listed, not raised.

    Raises:
        ImportRejected: when it cannot be opened, is no CSV, or lacks a needed column.
    """
    tasks = load_tasks()
    rows: list[LabelRow] = []
    broken: list[BrokenRow] = []
    for entry in read_csv(path, tasks, None):
        if isinstance(entry, SkippedRow):
            broken.append(BrokenRow(entry.row, entry.reason))
            continue
        try:
            rows.append(_row(entry, tasks[entry.task_id]))
        except RowError as error:
            broken.append(BrokenRow(entry.row, str(error)))
    return LabelFile(path, tuple(rows), tuple(broken))


def _row(entry: LabelEntry, task: Task) -> LabelRow:
    """The entry with every point and number that a score needs; RowError tells what it lacks."""
    if not entry.image:
        raise RowError("it names no image")
    slots = zip(task.keypoints, entry.keypoints, strict=True)
    if absent := [spec.id for spec, point in slots if point is None]:
        raise RowError(f"{', '.join(absent)} of {task.id} is not placed")
    for measure in task.measures:  # a published value is what the measure is scored against
        positive_cell(entry.extras, f"{measure.name.lower()}_mm")
    points = np.array([point.xy for point in entry.keypoints if point], dtype=np.float64)
    points.setflags(write=False)
    return LabelRow(
        entry.image,
        entry.task_id,
        points,
        line=entry.row,
        size=entry.size,
        mm_per_px=entry.mm_per_px,
        extra=entry.extras,
    )
