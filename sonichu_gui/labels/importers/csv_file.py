"""Label files as CSV: one row an image, one `[x, y]` cell a keypoint.

Columns: `image_path` (or `file_path`), `task_id`, optionally `height`, `width`, `num_classes`,
`pixel_size_mm`, and one `*_xy` column a keypoint. These are `point_1_xy` …, or the anatomical names
of the raw cardiac files (`LV_p1_xy` …, for A4C `LV_上下_p1_xy` …), or, in a file of a single task,
any names in the task's order. An empty cell is a point that is not placed. Other columns are kept.
"""

from __future__ import annotations

import csv
import io
import json
import math
from typing import TYPE_CHECKING

from sonichu_gui.domain.annotation import Keypoint, Origin
from sonichu_gui.errors import ImportRejected
from sonichu_gui.labels.importers.entry import (
    LabelEntry,
    RowError,
    SkippedRow,
    finite_pair,
    task_of,
)
from sonichu_gui.labels.importers.old_abdomen import in_order_of_task

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from sonichu_gui.domain.task import Task
    from sonichu_gui.labels.importers.entry import ReadRow

__all__ = ["positive_cell", "read_csv", "read_table"]

_ENCODINGS = ("utf-8-sig", "gb18030")
"""UTF-8, else what the raw A4C file is written in."""

_IMAGE_COLUMNS = ("image_path", "file_path")
_OWN_COLUMNS = {
    *_IMAGE_COLUMNS,
    "task_id",
    "task_name",
    "num_classes",
    "height",
    "width",
    "pixel_size_mm",
    "pixel_size_source",
}
_SUFFIX = "_xy"


def read_csv(file: Path, tasks: Mapping[str, Task], task_id: str | None) -> Iterator[ReadRow]:
    """Reads a label CSV.

    Args:
        file: The file.
        tasks: Those there are.
        task_id: The task of rows that name none.

    Raises:
        ImportRejected: It is no such file.
    """
    header, rows = read_table(file)
    image_column = next((name for name in _IMAGE_COLUMNS if name in header), None)
    point_columns = [name for name in header if name.endswith(_SUFFIX)]
    if image_column is None or not point_columns:
        raise ImportRejected(
            f"{file} is no label file: it has no image_path column or no point columns.",
            "A label file has image_path, task_id and one point_1_xy … column a keypoint.",
        )
    if "task_id" not in header and task_id is None:
        raise ImportRejected(
            f"{file} has no column task_id.", "Add it, or say which task its labels are of."
        )
    entries = _entries(rows, image_column, point_columns, tasks=tasks, task_id=task_id)
    yield from in_order_of_task(file, entries)


def _entries(
    rows: Iterator[tuple[int, dict[str, str] | SkippedRow]],
    image_column: str,
    point_columns: Sequence[str],
    *,
    tasks: Mapping[str, Task],
    task_id: str | None,
) -> Iterator[ReadRow]:
    for number, cells in rows:
        if isinstance(cells, SkippedRow):
            yield cells
            continue
        try:
            task = task_of(cells.get("task_id") or task_id, tasks)
            columns = _columns_of(task, point_columns, cells)
            yield LabelEntry(
                row=number,
                image=cells[image_column].strip(),
                task_id=task.id,
                keypoints=tuple(_point(cells[name], name) for name in columns),
                size=_size(cells),
                mm_per_px=positive_cell(cells, "pixel_size_mm"),
                extras=_extras(cells),
            )
        except RowError as error:
            yield SkippedRow(number, str(error))


def read_table(
    file: Path,
) -> tuple[list[str], Iterator[tuple[int, dict[str, str] | SkippedRow]]]:
    """Gives the header of a CSV file and its rows with the numbers a spreadsheet shows.

    Raises:
        ImportRejected: It cannot be read, is no text or is empty.
    """
    text = _decode(file)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise _no_csv(file, error) from error
    if not any(header):
        raise ImportRejected(f"{file} is empty.", "Choose another file.")
    named = [name for name in header if name]
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice is not None:
        raise ImportRejected(f"{file} has two columns {twice}.", "Rename or remove one.")
    return header, _rows(file, reader, header)


def _rows(
    file: Path, reader: Iterator[list[str]], header: Sequence[str]
) -> Iterator[tuple[int, dict[str, str] | SkippedRow]]:
    number = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _no_csv(file, error) from error
        number += 1
        if not any(cells):
            continue
        if len(cells) != len(header):
            reason = f"it has {len(cells)} cells, the header has {len(header)}"
            yield number, SkippedRow(number, reason)
            continue
        yield number, dict(zip(header, cells, strict=True))


def _decode(file: Path) -> str:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ImportRejected(
            f"{file} cannot be read: {error.strerror or error}.", "Check the path."
        ) from error
    for encoding in _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ImportRejected(f"{file} is not text.", "Save it as CSV in UTF-8.")


def _no_csv(file: Path, error: csv.Error) -> ImportRejected:
    return ImportRejected(f"{file} cannot be read as CSV: {error}.", "Save it as CSV in UTF-8.")


def _columns_of(task: Task, columns: Sequence[str], cells: Mapping[str, str]) -> list[str]:
    """Chooses the task's columns; refuses a row whose number of points is another task's."""
    count = len(task.keypoints)
    stated = cells.get("num_classes", "").strip()
    if stated and stated != str(count):
        raise RowError(f"num_classes is {stated}, {task.id} has {count} points")
    numbered = [f"{spec.id}{_SUFFIX}" for spec in task.keypoints]
    named = [f"{spec.alias}{_SUFFIX}" for spec in task.keypoints if spec.alias]
    chosen = next((names for names in (numbered, named) if set(names) <= set(columns)), [])
    if len(chosen) != count:
        if len(columns) != count:
            raise RowError(f"it has {len(columns)} point columns, {task.id} has {count} points")
        chosen = list(columns)
    surplus = [name for name in columns if name not in chosen and cells[name].strip()]
    if surplus:
        raise RowError(f"{task.id} has {count} points, but {surplus[0]} is given as well")
    if not any(cells[name].strip() for name in chosen):
        raise RowError("no point is given")
    return chosen


def _point(cell: str, name: str) -> Keypoint | None:
    if not cell.strip():
        return None
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        raise RowError(f"{name} is {cell!r}, not [x, y]") from None
    x, y = finite_pair(value, name)
    return Keypoint(x, y, origin=Origin.IMPORT)


def _size(cells: Mapping[str, str]) -> tuple[int, int] | None:
    width, height = positive_cell(cells, "width"), positive_cell(cells, "height")
    if width is None or height is None:
        return None
    if width != int(width) or height != int(height):
        raise RowError(f"the size is {cells['width']} x {cells['height']}, not whole pixels")
    return int(width), int(height)


def positive_cell(cells: Mapping[str, str], name: str) -> float | None:
    """Gives the number of a cell, or None where there is none.

    Raises:
        RowError: It is no positive number.
    """
    text = cells.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise RowError(f"{name} is {text!r}, not a positive number")
    return value


def _extras(cells: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value.strip()
        for name, value in cells.items()
        if name and name not in _OWN_COLUMNS and not name.endswith(_SUFFIX) and value.strip()
    }
