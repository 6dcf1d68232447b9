"""Reading label files: one CSV row an image, one ``[x, y]`` cell a keypoint.

Points are pixels of the original image, (0, 0) = centre of the top-left pixel. A broken row is
never dropped in silence: it is reported with its file and line, and the caller chooses whether
that stops the work.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sonichu_gui.errors import ImportRejected

_KNOWN_COLUMNS = frozenset(
    {"image_path", "file_path", "task_name", "task_id", "num_classes", "height", "width"}
)


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One labelled image.

    Attributes:
        image_path: as written in the file, relative to the images' folder.
        points: (K, 2) float64, pixels of the original image, pixel centres at integers.
        extra: every further column by its name, unparsed.
        line: line of the row's first character in the file, counted from 1.
    """

    image_path: str
    task_id: str
    points: npt.NDArray[np.float64]
    width: int
    height: int
    extra: Mapping[str, str]
    line: int

    @property
    def split(self) -> str:
        """The split the row belongs to, empty where the file names none."""
        return self.extra.get("split", "")

    @property
    def subject_id(self) -> str:
        """The subject, or the image itself where the file does not tell subjects apart."""
        return self.extra.get("subject_id", "") or self.image_path

    def number(self, column: str) -> float | None:
        """The finite value of an extra column, None where it is absent or empty."""
        text = self.extra.get(column, "").strip()
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
        ImportRejected: when it cannot be opened, is not UTF-8, or lacks a needed column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            header = reader.fieldnames or []
            image_column, point_columns = _columns(path, header)
            rows: list[LabelRow] = []
            broken: list[BrokenRow] = []
            line = reader.line_num + 1
            for record in reader:
                try:
                    rows.append(_row(record, image_column, point_columns, line))
                except ValueError as reason:
                    broken.append(BrokenRow(line, str(reason)))
                line = reader.line_num + 1
    except (OSError, UnicodeDecodeError, csv.Error) as cause:
        raise ImportRejected(
            f"{path} cannot be read as a label file: {cause}",
            "Check the path; the file must be a UTF-8 CSV.",
        ) from cause
    return LabelFile(path, tuple(rows), tuple(broken))


def _columns(path: Path, header: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    image_column = next((name for name in ("image_path", "file_path") if name in header), None)
    points = tuple(name for name in header if name.endswith("_xy"))
    missing = [name for name in ("task_id", "height", "width") if name not in header]
    if image_column is None:
        missing.insert(0, "image_path")
    if not points:
        missing.append("point_1_xy …")
    if missing or image_column is None:
        raise ImportRejected(
            f"{path}: the columns {', '.join(missing)} are missing",
            "A label file has image_path, task_id, height, width and one *_xy column a keypoint.",
        )
    return image_column, points


def _row(
    record: Mapping[str | None, str | None],
    image_column: str,
    point_columns: Sequence[str],
    line: int,
) -> LabelRow:
    """One parsed record; ValueError tells what is wrong with it."""
    if None in record or any(value is None for value in record.values()):
        raise ValueError("it has another number of cells than the header")
    cells = {str(name): str(value) for name, value in record.items()}
    image_path, task_id = cells[image_column].strip(), cells["task_id"].strip()
    if not image_path or not task_id:
        raise ValueError("image_path or task_id is empty")
    width, height = _size(cells, "width"), _size(cells, "height")
    filled = [name for name in point_columns if cells[name].strip()]
    points = np.array([_point(cells[name], name) for name in filled], dtype=np.float64)
    expected = cells.get("num_classes", "").strip()
    if expected and expected != str(len(filled)):
        raise ValueError(f"num_classes is {expected} but {len(filled)} points are given")
    if not filled:
        raise ValueError("no point is given")
    points.setflags(write=False)
    extra = {
        name: value
        for name, value in cells.items()
        if name not in _KNOWN_COLUMNS and name not in point_columns
    }
    for name in ("pixel_size_mm", "hc_mm"):
        _check_positive(extra.get(name, ""), name)
    return LabelRow(image_path, task_id, points, width, height, extra, line)


def _size(cells: Mapping[str, str], name: str) -> int:
    text = cells[name].strip()
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"{name} is {text!r}, not a number of pixels")
    return int(text)


def _point(cell: str, name: str) -> tuple[float, float]:
    try:
        value = json.loads(cell)
    except json.JSONDecodeError:
        raise ValueError(f"{name} is {cell!r}, not [x, y]") from None
    if (
        not isinstance(value, list)
        or len(value) != 2
        or not all(isinstance(v, int | float) and not isinstance(v, bool) for v in value)
        or not all(math.isfinite(v) for v in value)
    ):
        raise ValueError(f"{name} is {cell!r}, not [x, y]")
    return float(value[0]), float(value[1])


def _check_positive(text: str, name: str) -> None:
    if not text.strip():
        return
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name} is {text!r}, not a number") from None
    if not math.isfinite(value) or value <= 0:
        raise ValueError(f"{name} is {text!r}, not a positive number")
