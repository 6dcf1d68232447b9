"""CSV files of the Multicentre Fetal Biometry data (Di Vece et al. 2025, arXiv 2512.16710).

One row an image: `image_name`, `<caliper>_<end>_<x|y>` in pixels for BPD and OFD, APAD and TAD, or
FL, and `px_to_mm_rate`, which is millimetres per pixel. A row gives a label of each task whose
callipers it holds. Their ends have no fixed order there, so they are put in the task's: upper end
first, right end before left for OFD and TAD, left end first for FL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonichu_gui.domain.annotation import Keypoint, Origin
from sonichu_gui.errors import ImportRejected
from sonichu_gui.labels.importers.csv_file import positive_cell, read_table
from sonichu_gui.labels.importers.entry import LabelEntry, RowError, SkippedRow, finite_pair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from sonichu_gui.domain.calibration import Point
    from sonichu_gui.domain.task import Task
    from sonichu_gui.labels.importers.entry import ReadRow

__all__ = ["read_multicentre"]


def _top_first(point: Point) -> tuple[float, float]:
    return point[1], point[0]


def _right_first(point: Point) -> tuple[float, float]:
    return -point[0], point[1]


def _left_first(point: Point) -> tuple[float, float]:
    return point


_CALLIPERS: dict[str, tuple[tuple[str, Callable[[Point], tuple[float, float]]], ...]] = {
    "HC": (("bpd", _top_first), ("ofd", _right_first)),
    "FA": (("apad", _top_first), ("tad", _right_first)),
    "fetal_femur": (("fl", _left_first),),
}
"""Callipers of each task in the order of its keypoints, and which end of each comes first."""

_KEPT = {"SubjectID": "subject_id", "Split": "split"}


def read_multicentre(
    file: Path, tasks: Mapping[str, Task], task_id: str | None
) -> Iterator[ReadRow]:
    """Reads a Multicentre CSV.

    Args:
        file: The file.
        tasks: Those there are.
        task_id: Only this task, or None for all that the file holds.

    Raises:
        ImportRejected: It is no such file.
    """
    header, rows = read_table(file)
    held = [
        name
        for name, callipers in _CALLIPERS.items()
        if name in tasks
        and task_id in (None, name)
        and {cell for calliper, _ in callipers for cell in _cells_of(calliper)} <= set(header)
    ]
    if "image_name" not in header or not held:
        raise ImportRejected(
            f"{file} is no Multicentre label file: it has no image_name or no callipers.",
            "Such a file has columns like bpd_1_x, bpd_1_y … or fl_1_x.",
        )
    for number, cells in rows:
        if isinstance(cells, SkippedRow):
            yield cells
            continue
        for name in held:
            try:
                yield _entry(number, cells, name)
            except RowError as error:
                yield SkippedRow(number, str(error))


def _entry(number: int, cells: Mapping[str, str], task_id: str) -> LabelEntry:
    points: list[Keypoint] = []
    for calliper, first in _CALLIPERS[task_id]:
        ends = [_end(cells, calliper, which) for which in (1, 2)]
        points += [Keypoint(x, y, origin=Origin.IMPORT) for x, y in sorted(ends, key=first)]
    extras = {ours: cells.get(theirs, "").strip() for theirs, ours in _KEPT.items()}
    return LabelEntry(
        row=number,
        image=cells["image_name"].strip(),
        task_id=task_id,
        keypoints=tuple(points),
        mm_per_px=positive_cell(cells, "px_to_mm_rate"),
        extras={name: value for name, value in extras.items() if value},
    )


def _cells_of(calliper: str) -> tuple[str, ...]:
    return tuple(f"{calliper}_{end}_{axis}" for end in (1, 2) for axis in "xy")


def _end(cells: Mapping[str, str], calliper: str, which: int) -> Point:
    text = [cells[f"{calliper}_{which}_{axis}"].strip() for axis in "xy"]
    what = f"{calliper}_{which}"
    try:
        x, y = finite_pair([float(value) for value in text], what)
    except ValueError:
        raise RowError(f"{what} is {', '.join(text)!r}, not two numbers") from None
    if x < 0 or y < 0:  # their mark for a landmark that is not in the image
        raise RowError(f"{what} is at ({x:g}, {y:g}), outside the image")
    return x, y
