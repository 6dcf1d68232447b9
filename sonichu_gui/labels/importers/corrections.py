"""Corrections JSON, as `export.corrections` writes it: the points that a person made of a model's.

Only the points after the correction are read. A point marked absent is one that is not placed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sonichu_gui.domain.annotation import Keypoint, Origin, PointState
from sonichu_gui.errors import ImportRejected
from sonichu_gui.labels.importers.entry import (
    LabelEntry,
    RowError,
    SkippedRow,
    finite_pair,
    positive_number,
    read_json,
    task_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sonichu_gui.domain.task import Task
    from sonichu_gui.labels.importers.entry import ReadRow

__all__ = ["read_corrections"]

_KEPT = ("subject_id", "split", "rater")


def read_corrections(
    file: Path, tasks: Mapping[str, Task], task_id: str | None
) -> Iterator[ReadRow]:
    """Reads a corrections file; every item names its own task.

    Args:
        file: The file.
        tasks: Those there are.
        task_id: Only this task, or None for all.

    Raises:
        ImportRejected: It is no such file.
    """
    items = read_json(file)
    if not isinstance(items, list) or not all(
        isinstance(item, dict) and "after" in item for item in items
    ):
        raise ImportRejected(
            f"{file} is no corrections file: it is not a list of points before and after.",
            "Export it anew, or choose another format.",
        )
    for number, item in enumerate(items, start=1):
        try:
            entry = _entry(number, item, tasks)
        except RowError as error:
            yield SkippedRow(number, str(error))
            continue
        if task_id in (None, entry.task_id):
            yield entry


def _entry(number: int, item: Mapping[str, Any], tasks: Mapping[str, Task]) -> LabelEntry:
    task = task_of(item.get("task_id"), tasks)
    image, after = item.get("image_path"), item["after"]
    if not isinstance(image, str):
        raise RowError("it names no image")
    count = len(task.keypoints)
    if not isinstance(after, list) or len(after) != count:
        found = len(after) if isinstance(after, list) else "no"
        raise RowError(f"it has {found} points, {task.id} has {count}")
    points = tuple(
        _point(point, spec.name) for point, spec in zip(after, task.keypoints, strict=True)
    )
    if all(point is None for point in points):
        raise RowError("no point is given")
    return LabelEntry(
        row=number,
        image=image,
        task_id=task.id,
        keypoints=points,
        size=_size(item),
        mm_per_px=positive_number(item.get("pixel_size_mm"), "pixel_size_mm"),
        extras={name: item[name] for name in _KEPT if isinstance(item.get(name), str)},
    )


def _point(point: object, name: str) -> Keypoint | None:
    if point is None:
        return None
    if not isinstance(point, dict):
        raise RowError(f"{name} is {point!r}, not a point")
    x, y = finite_pair([point.get("x"), point.get("y")], name)
    try:
        state = PointState(point.get("state", PointState.VISIBLE))
    except ValueError:
        raise RowError(f"the state of {name} is {point['state']!r}") from None
    return None if state is PointState.ABSENT else Keypoint(x, y, state, Origin.IMPORT)


def _size(item: Mapping[str, Any]) -> tuple[int, int] | None:
    width, height = item.get("width"), item.get("height")
    return (width, height) if isinstance(width, int) and isinstance(height, int) else None
