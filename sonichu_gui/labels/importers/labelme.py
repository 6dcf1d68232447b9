"""labelme files: one JSON an image, or a folder of them; each point shape is a keypoint.

A shape's label is the keypoint's name ("OFD 1"), id ("point_3") or raw name ("LV_p1"), whatever its
capitals. labelme draws pixel i from i to i + 1, so its coordinates lie half a pixel further right
and down than ours.
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
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from sonichu_gui.domain.calibration import Point
    from sonichu_gui.domain.task import Task
    from sonichu_gui.labels.importers.entry import ReadRow

__all__ = ["read_labelme"]

_CORNER_TO_CENTRE = 0.5


def read_labelme(file: Path, tasks: Mapping[str, Task], task_id: str | None) -> Iterator[ReadRow]:
    """Reads one labelme file or all of a folder.

    Args:
        file: A JSON file, or a folder of them.
        tasks: Those there are.
        task_id: The task; None takes the only one that has keypoints of these names.

    Raises:
        ImportRejected: It is no such file, or the folder holds none.
    """
    files = sorted(file.glob("*.json")) if file.is_dir() else [file]
    if not files:
        raise ImportRejected(f"{file} holds no labelme files.", "Choose the folder of the JSONs.")
    wanted = [task_of(task_id, tasks)] if task_id else list(tasks.values())
    for number, path in enumerate(files, start=1):
        try:
            yield _entry(number, read_json(path), wanted)
        except ImportRejected as error:
            if not file.is_dir():
                raise
            yield SkippedRow(number, error.message)
        except RowError as error:
            yield SkippedRow(number, f"{path.name}: {error}")


def _entry(number: int, data: Any, tasks: Sequence[Task]) -> LabelEntry:  # noqa: ANN401 - whatever JSON holds
    shapes = data.get("shapes") if isinstance(data, dict) else None
    if not isinstance(shapes, list) or not isinstance(data.get("imagePath"), str):
        raise RowError("it is no labelme file")
    points = _points(shapes)
    task = _only_task(points, tasks)
    slots = [_names(task, index) for index in range(len(task.keypoints))]
    found = [next((xy for label, xy in points.items() if label in names), None) for names in slots]
    width, height = data.get("imageWidth"), data.get("imageHeight")
    return LabelEntry(
        row=number,
        image=data["imagePath"],
        task_id=task.id,
        keypoints=tuple(xy and Keypoint(*xy, origin=Origin.IMPORT) for xy in found),
        size=(width, height) if isinstance(width, int) and isinstance(height, int) else None,
    )


def _points(shapes: Sequence[Any]) -> dict[str, Point]:
    """Gives the point shapes by label, in our coordinates."""
    points: dict[str, Point] = {}
    for shape in shapes:
        if not isinstance(shape, dict) or shape.get("shape_type") != "point":
            continue
        label = str(shape.get("label", "")).strip().casefold()
        ends = shape.get("points")
        x, y = finite_pair(ends[0] if isinstance(ends, list) and ends else None, label)
        if label in points:
            raise RowError(f"two points are called {label!r}")
        points[label] = x - _CORNER_TO_CENTRE, y - _CORNER_TO_CENTRE
    if not points:
        raise RowError("it has no point shapes")
    return points


def _names(task: Task, index: int) -> set[str]:
    spec = task.keypoints[index]
    return {name.casefold() for name in (spec.name, spec.id, spec.alias) if name}


def _only_task(points: Mapping[str, Point], tasks: Sequence[Task]) -> Task:
    fitting = [
        task
        for task in tasks
        if set(points) <= set().union(*(_names(task, i) for i in range(len(task.keypoints))))
    ]
    if len(fitting) == 1:
        return fitting[0]
    labels = ", ".join(points)
    if not fitting:
        raise RowError(f"no task has keypoints called {labels}")
    # Prefer the one that they fill: four numbered points are four of the twenty-two of PLAX too.
    full = [task for task in fitting if len(task.keypoints) == len(points)]
    if len(full) == 1:
        return full[0]
    names = ", ".join(task.id for task in full or fitting)
    raise RowError(f"{labels} may be of {names}: say which task")
