"""COCO keypoints: a category a task, visibility 2 visible, 1 occluded or uncertain, 0 not there.

COCO's coordinates are pixel indices, so (0, 0) is the centre of the top-left pixel, as it is here.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sonichu_gui import __version__
from sonichu_gui.domain.annotation import PointState
from sonichu_gui.export.label import Rendered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.domain.annotation import Keypoint
    from sonichu_gui.domain.task import Task
    from sonichu_gui.export.label import CalibrationOf, Label

__all__ = ["render_coco"]

_VISIBILITY = {
    PointState.VISIBLE: 2,
    PointState.OCCLUDED: 1,
    PointState.UNCERTAIN: 1,
    PointState.ABSENT: 0,
}


def render_coco(labels: Sequence[Label], _calibration_of: CalibrationOf) -> Rendered:
    """Gives labels as a COCO keypoint file."""
    tasks = {label.task.id: label.task for label in labels}
    category_ids = {task_id: number for number, task_id in enumerate(tasks, start=1)}
    images: dict[str, dict[str, Any]] = {}
    for label in labels:
        images.setdefault(label.image, _image(label, len(images) + 1))
    data = {
        "info": {"description": "Keypoints on ultrasound frames", "version": __version__},
        "licenses": [],
        "images": list(images.values()),
        "annotations": [
            _annotation(label, number, images[label.image]["id"], category_ids[label.task.id])
            for number, label in enumerate(labels, start=1)
        ],
        "categories": [_category(task, category_ids[task.id]) for task in tasks.values()],
    }
    return Rendered(json.dumps(data, indent=1, ensure_ascii=False) + "\n", len(labels))


def _image(label: Label, number: int) -> dict[str, Any]:
    return {
        "id": number,
        "file_name": label.image,
        "width": label.file.width,
        "height": label.file.height,
        "frame_index": label.revision.frame.index,
    }


def _category(task: Task, number: int) -> dict[str, Any]:
    pairs: dict[int, list[int]] = defaultdict(list)
    for place, spec in enumerate(task.keypoints, start=1):
        pairs[spec.pair].append(place)
    return {
        "id": number,
        "name": task.id,
        "supercategory": task.group,
        "keypoints": [spec.name for spec in task.keypoints],
        "skeleton": [ends for ends in pairs.values() if len(ends) == 2],
    }


def _annotation(label: Label, number: int, image_id: int, category_id: int) -> dict[str, Any]:
    annotation = label.annotation
    flat: list[float] = []
    for point in annotation.keypoints:
        flat += _triple(point)
    seen = [point.xy for point in annotation.keypoints if point and point.measurable]
    xs, ys = [x for x, _ in seen] or [0.0], [y for _, y in seen] or [0.0]
    box = [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)]
    return {
        "id": number,
        "image_id": image_id,
        "category_id": category_id,
        "keypoints": flat,
        "num_keypoints": len(seen),
        "bbox": box,
        "area": _area(width=box[2], height=box[3]),
        "iscrowd": 0,
        "status": annotation.status.value,
        "rater": label.revision.rater,
        "states": [point.state.value if point else None for point in annotation.keypoints],
    }


def _area(*, width: float, height: float) -> float:
    """Gives the area by which COCO's score divides squared distances, in square pixels.

    Two points lie on a line: the area of their box goes to zero with its slope, and any other point
    would score nothing. Below a quarter of the box's squared diagonal it therefore does not go.
    """
    return max(width * height, (width * width + height * height) / 4)


def _triple(point: Keypoint | None) -> list[float]:
    visibility = _VISIBILITY[point.state] if point else 0
    return [point.x, point.y, visibility] if point and visibility else [0, 0, 0]
