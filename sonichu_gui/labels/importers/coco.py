"""COCO keypoint files. A category is a task: its name is the task's id or title.

COCO's coordinates are pixel indices, so (0, 0) is the centre of the top-left pixel, as it is here.
Visibility 0 is a point that is not placed, 1 an occluded one, 2 a visible one.
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
    read_json,
    task_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from sonichu_gui.domain.task import Task
    from sonichu_gui.labels.importers.entry import ReadRow

__all__ = ["read_coco"]

_STATES = {1: PointState.OCCLUDED, 2: PointState.VISIBLE}


def read_coco(file: Path, tasks: Mapping[str, Task], task_id: str | None) -> Iterator[ReadRow]:
    """Reads a COCO keypoint file.

    Args:
        file: The file.
        tasks: Those there are.
        task_id: The task of all its categories, whatever their names; None goes by the names.

    Raises:
        ImportRejected: It is no such file.
    """
    data = read_json(file)
    try:
        images = {image["id"]: image for image in data["images"]}
        categories = {category["id"]: category for category in data["categories"]}
        annotations = list(data["annotations"])
    except (KeyError, TypeError) as error:
        raise ImportRejected(
            f"{file} is no COCO file: images, categories or annotations are missing or broken.",
            "Choose another file or format.",
        ) from error
    for number, annotation in enumerate(annotations, start=1):
        try:
            image = _linked(annotation, "image_id", images)
            category = _linked(annotation, "category_id", categories)
            task = _task(category, tasks, task_id)
            yield LabelEntry(
                row=number,
                image=_text(image, "file_name"),
                task_id=task.id,
                keypoints=_keypoints(annotation, task, _order(category, task)),
                size=_size(image),
            )
        except RowError as error:
            yield SkippedRow(number, str(error))


def _linked(annotation: Any, key: str, targets: Mapping[Any, Any]) -> Mapping[str, Any]:  # noqa: ANN401 - whatever JSON holds
    value = annotation.get(key) if isinstance(annotation, dict) else None
    target = targets.get(value) if isinstance(value, int | str) else None
    if not isinstance(target, dict):
        raise RowError(f"its {key} {value!r} is not in the file")
    return target


def _task(category: Mapping[str, Any], tasks: Mapping[str, Task], task_id: str | None) -> Task:
    name = task_id or category.get("name")
    by_title = next((task for task in tasks.values() if task.title == name), None)
    return by_title or task_of(name, tasks)


def _order(category: Mapping[str, Any], task: Task) -> Sequence[int]:
    """Gives for each keypoint of the task its position in the file, by name where it has names."""
    names = category.get("keypoints")
    if isinstance(names, list):
        for ours in ([k.name for k in task.keypoints], [k.id for k in task.keypoints]):
            if len(names) == len(ours) and set(names) == set(ours):
                return [names.index(name) for name in ours]
    return range(len(task.keypoints))


def _keypoints(
    annotation: Mapping[str, Any], task: Task, order: Sequence[int]
) -> tuple[Keypoint | None, ...]:
    flat, count = annotation.get("keypoints"), len(task.keypoints)
    if not isinstance(flat, list) or len(flat) != 3 * count:
        found = len(flat) if isinstance(flat, list) else "no"
        raise RowError(f"it has {found} keypoint numbers, {task.id} needs {3 * count}")
    points = [_keypoint(flat[3 * i : 3 * i + 3], task.keypoints[i].name) for i in range(count)]
    if all(point is None for point in points):
        raise RowError("no point is given")
    return tuple(points[i] for i in order)


def _keypoint(triple: Sequence[Any], name: str) -> Keypoint | None:
    x, y, visibility = triple
    if visibility == 0:
        return None
    state = _STATES.get(visibility) if isinstance(visibility, int) else None
    if state is None:
        raise RowError(f"the visibility of {name} is {visibility!r}, not 0, 1 or 2")
    x, y = finite_pair([x, y], name)
    return Keypoint(x, y, state, Origin.IMPORT)


def _text(image: Mapping[str, Any], key: str) -> str:
    value = image.get(key)
    if not isinstance(value, str):
        raise RowError(f"its image has no {key}")
    return value


def _size(image: Mapping[str, Any]) -> tuple[int, int] | None:
    width, height = image.get("width"), image.get("height")
    return (width, height) if isinstance(width, int) and isinstance(height, int) else None
