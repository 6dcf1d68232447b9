"""The prediction file: what a model said last about each frame, whatever a person made of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sonichu_gui.export.label import Rendered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.export.label import CalibrationOf, Label

__all__ = ["render_predictions"]


def render_predictions(labels: Sequence[Label], _calibration_of: CalibrationOf) -> Rendered:
    """Gives the newest prediction of each label's frame and task, in pixels and as fractions."""
    items: list[dict[str, Any]] = []
    skipped: list[str] = []
    for label in labels:
        prediction = label.store.latest_prediction(label.revision.frame, label.task.id)
        points = (
            prediction.annotation.points(range(len(label.task.keypoints))) if prediction else None
        )
        if points is None:
            skipped.append(f"{label.title}: no model has looked at it")
            continue
        items.append(
            {
                "image_path": label.image,
                "task_id": label.task.id,
                "predicted_points_normalized": [
                    value
                    for x, y in points
                    for value in (x / label.file.width, y / label.file.height)
                ],
                "predicted_points_pixels": [value for point in points for value in point],
            }
        )
    return Rendered(
        json.dumps(items, indent=1, ensure_ascii=False) + "\n", len(items), tuple(skipped)
    )
