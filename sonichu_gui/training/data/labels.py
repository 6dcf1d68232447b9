"""Label files for training and scoring: what the importers read, with every point placed.

The formats are those of `labels.importers.registry`, the label CSV first. Points are pixels of the
original image, (0, 0) = centre of the top-left pixel. A broken row is never dropped in silence: it
is reported with its file and row, and the caller chooses whether that stops the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sonichu_gui.errors import ImportRejected
from sonichu_gui.labels.importers.csv_file import positive_cell
from sonichu_gui.labels.importers.entry import RowError, SkippedRow
from sonichu_gui.labels.importers.registry import FORMATS
from sonichu_gui.tasks import load_tasks
from sonichu_gui.training.data.label_rules import RULES
from sonichu_gui.training.data.subjects import clip_of

if TYPE_CHECKING:
    from sonichu_gui.domain.task import Task
    from sonichu_gui.labels.importers.entry import LabelEntry

ORIGINS = ("label", "correction", "pseudo", "phantom")
"""Placed by a person, a model's points that a person put right, a model's alone, drawn with them.
"""


_MARGIN = 0.1
"""Of the frame's size: an ellipse that is fitted to a cut-off outline ends a little outside."""


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One labelled frame.

    Attributes:
        image_path: as written in the file, relative to the images' folder; ``#index`` at its end
            names a frame of a cine.
        task_id: the task's own spelling, whatever the file's capitals.
        points: (K, 2) float64, pixels of the original image, pixel centres at integers, in the
            task's order; NaN in a row that only takes part for what its teachers say.
        line: the row's number in a spreadsheet, the header being 1.
        size: (width, height) in pixels that the file states, None where it does not.
        mm_per_px: the pixel's size that the file states.
        extra: every further filled column by its name, unparsed.
        images: the folder that image_path starts from, None where the caller knows it.
        weight: what the row counts for in a loss, against other rows.
        origin: how its points came about, one of `ORIGINS`.
    """

    image_path: str
    task_id: str
    points: npt.NDArray[np.float64]
    line: int
    size: tuple[int, int] | None = None
    mm_per_px: float | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    images: Path | None = None
    weight: float = 1.0
    origin: str = "label"

    @property
    def split(self) -> str:
        """The split the row belongs to, empty where the file names none."""
        return self.extra.get("split", "")

    @property
    def subject_id(self) -> str:
        """The subject, or the clip where the file does not tell subjects apart."""
        return self.extra.get("subject_id", "") or clip_of(self.image_path, self.images)

    def number(self, column: str) -> float | None:
        """The value of an extra column, None where it is absent or empty."""
        text = self.extra.get(column, "")
        return float(text) if text else None


@dataclass(frozen=True, slots=True)
class FrameRow:
    """One frame without a label.

    Attributes:
        image_path: relative to the images' folder; ``#index`` at its end names a frame of a cine.
        images: the folder that image_path starts from.
        line: its number in the list that names it, 0 where it was found in a folder.
        subject_id: the subject, or the clip where subjects are not told apart.
        mm_per_px: the pixel's size, None where nothing states it.
        extra: whatever else is known, by name.
    """

    image_path: str
    images: Path
    line: int
    subject_id: str
    mm_per_px: float | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def split(self) -> str:
        """The split the frame belongs to, empty where nothing says so."""
        return self.extra.get("split", "")


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that could not be used, and why.

    Attributes:
        line: the row's number in a spreadsheet, 0 where a whole file is meant.
        reason: in words.
        file: where it stands, None where the caller knows.
    """

    line: int
    reason: str
    file: Path | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line or None) if part is not None)
        return f"{place}: {self.reason}" if place else self.reason


@dataclass(frozen=True, slots=True)
class LabelFile:
    """The usable rows of one file in file order, and the broken ones.

    Attributes:
        path: the file.
        rows: those that can be used.
        broken: those that cannot.
        notes: what was put right on the way.
    """

    path: Path
    rows: tuple[LabelRow, ...]
    broken: tuple[BrokenRow, ...]
    notes: tuple[str, ...] = ()

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


def read_labels(path: Path, *, kind: str = "csv", task_id: str | None = None) -> LabelFile:
    """The label file at ``path``; broken rows are listed, not raised.

    Args:
        path: the file.
        kind: what it is, a key of `labels.importers.registry.FORMATS`.
        task_id: the task of rows where the file itself does not say.

    Raises:
        ImportRejected: when it cannot be opened, is not what it should be, or lacks a column.
    """
    tasks = load_tasks()
    rows: list[LabelRow] = []
    broken: list[BrokenRow] = []
    notes: dict[str, None] = {}
    for entry in FORMATS[kind].read(path, tasks, task_id):
        if isinstance(entry, SkippedRow):
            broken.append(BrokenRow(entry.row, entry.reason, path))
            continue
        try:
            rows.append(_row(entry, tasks[entry.task_id]))
        except RowError as error:
            broken.append(BrokenRow(entry.row, str(error), path))
        if entry.note:
            notes[entry.note] = None
    return LabelFile(path, tuple(rows), tuple(broken), tuple(notes))


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
    if entry.size is not None and (strays := _outside(points, entry.size)):
        raise RowError(f"point {strays[0]} of {task.id} lies far outside the frame")
    if RULES.get(task.id) == "ellipse" and _is_flat(points):
        raise RowError(f"the points of {task.id} span no ellipse")
    return LabelRow(
        entry.image,
        entry.task_id,
        points,
        line=entry.row,
        size=entry.size,
        mm_per_px=entry.mm_per_px,
        extra=entry.extras,
    )


def _outside(points: npt.NDArray[np.float64], size: tuple[int, int]) -> list[int]:
    """Numbers, from 1, of the points (K, 2) that lie farther out than an outline's end may."""
    room = _MARGIN * np.array(size)
    strays = ((points < -room) | (points > size + room)).any(axis=1)
    return [int(index) + 1 for index in np.flatnonzero(strays)]


def _is_flat(points: npt.NDArray[np.float64]) -> bool:
    """Whether one of the two axes (4, 2) has no length, or both run the same way."""
    axes = points[[0, 2]] - points[[1, 3]]
    return bool(abs(np.linalg.det(axes)) < 1.0)
