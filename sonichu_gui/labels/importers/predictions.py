"""Prediction files: a list of `image_path`, `task_id` and points, in pixels or as fractions.

They are what some model said, so they become predictions, never labels: a person's points stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sonichu_gui.domain.annotation import Keypoint, Origin
from sonichu_gui.errors import ImportRejected
from sonichu_gui.labels.importers.entry import (
    LabelEntry,
    RowError,
    SkippedRow,
    finite_pair,
    read_json,
    task_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sonichu_gui.domain.calibration import Point
    from sonichu_gui.domain.task import Task
    from sonichu_gui.labels.importers.entry import ReadRow

__all__ = ["read_predictions"]


def read_predictions(
    file: Path, tasks: Mapping[str, Task], task_id: str | None
) -> Iterator[ReadRow]:
    """Reads a `regression_predictions.json`.

    Args:
        file: The file.
        tasks: Those there are.
        task_id: The task of items that name none.

    Raises:
        ImportRejected: It is no such file.
    """
    items = read_json(file)
    if not isinstance(items, list):
        raise ImportRejected(
            f"{file} is no prediction file: it holds no list.",
            'Such a file is a list of {"image_path", "task_id", "predicted_points_pixels"}.',
        )
    for number, item in enumerate(items, start=1):
        try:
            yield _entry(number, item, tasks, task_id)
        except RowError as error:
            yield SkippedRow(number, str(error))


def _entry(number: int, item: Any, tasks: Mapping[str, Task], task_id: str | None) -> LabelEntry:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(item, dict) or not isinstance(item.get("image_path"), str):
        raise RowError("it names no image_path")
    task = task_of(item.get("task_id", task_id), tasks)
    pixels = _points(item, "predicted_points_pixels", task)
    fractions = _points(item, "predicted_points_normalized", task)
    if pixels is None and fractions is None:
        raise RowError("it has neither predicted_points_pixels nor predicted_points_normalized")
    keypoints = tuple(Keypoint(x, y, origin=Origin.MODEL) for x, y in pixels or ())
    return LabelEntry(number, item["image_path"], task.id, keypoints, fractions)


def _points(item: Mapping[str, Any], key: str, task: Task) -> tuple[Point, ...] | None:
    flat = item.get(key)
    if flat is None:
        return None
    count = len(task.keypoints)
    if not isinstance(flat, list) or len(flat) != 2 * count:
        found = len(flat) if isinstance(flat, list) else repr(flat)
        raise RowError(f"{key} has {found} numbers, {task.id} has {count} points")
    return tuple(finite_pair(flat[i : i + 2], key) for i in range(0, 2 * count, 2))
