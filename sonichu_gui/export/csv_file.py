"""The label CSV: one row a label, `[x, y]` in pixels of the original image.

It reads back equal. A point marked absent is an empty cell, and so is an unplaced one of a label
that was accepted all the same; an edited label with an unplaced point is unfinished and stays out.
`pixel_size_mm` is a scale that somebody set or a label file stated, where pixels are square,
and `pixel_size_source` says which.
Columns of an imported file come out again, but beside points that have been moved since only those
that speak of the image: a published measure would no longer belong to them.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from sonichu_gui.domain.annotation import Status
from sonichu_gui.export.label import OF_THE_IMAGE, Rendered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.domain.annotation import Keypoint
    from sonichu_gui.export.label import CalibrationOf, Label

__all__ = ["render_csv"]


def render_csv(labels: Sequence[Label], _calibration_of: CalibrationOf) -> Rendered:
    """Gives labels as CSV."""
    skipped = [f"{label.title}: {why}" for label in labels if (why := _unfinished(label))]
    rows = [_row(label) for label in labels if not _unfinished(label)]
    count = max((len(label.task.keypoints) for label in labels), default=0)
    first = ["image_path", "task_name", "task_id", "num_classes", "height", "width"]
    names = dict.fromkeys(first + [f"point_{n}_xy" for n in range(1, count + 1)])
    for name in ("pixel_size_mm", "pixel_size_source", *OF_THE_IMAGE):
        if any(name in row for row in rows):
            names[name] = None
    for row in rows:
        names |= dict.fromkeys(row)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(names), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return Rendered(text.getvalue(), len(rows), tuple(skipped))


def _unfinished(label: Label) -> str:
    """Says why a label is not ready for training; empty when it is."""
    annotation = label.annotation
    if not any(point and point.measurable for point in annotation.keypoints):
        return "all its points are absent"
    missing = annotation.next_unplaced
    if missing is None or annotation.status is Status.ACCEPTED:
        return ""
    return f"{label.task.keypoints[missing].name} is not placed"


def _row(label: Label) -> dict[str, str]:
    annotation, file = label.annotation, label.file
    row = {
        "image_path": label.image,
        "task_name": "Regression",
        "task_id": label.task.id,
        "num_classes": str(len(label.task.keypoints)),
        "height": str(file.height),
        "width": str(file.width),
    }
    for number, point in enumerate(annotation.keypoints, start=1):
        row[f"point_{number}_xy"] = _cell(point)
    scale = label.square_scale
    if scale is not None:
        row |= {"pixel_size_mm": repr(scale.dx_mm), "pixel_size_source": scale.source.value}
    return row | {name: value for name, value in label.extras.items() if name not in row}


def _cell(point: Keypoint | None) -> str:
    # repr, through json, is the shortest text that reads back as the same float.
    return json.dumps([point.x, point.y]) if point and point.measurable else ""
