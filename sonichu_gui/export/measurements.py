"""The measurements CSV: every number with its unit, its scale and who stands for its points.

Numbers are computed from the points when they are written, by the scale that holds then; none is
stored. A number that cannot be given is an empty cell with the reason beside it. `scale_ruler` is
what the ruler in the picture says of a file's scale, and empty where no ruler was found.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from sonichu_gui.biometry.measure import measure
from sonichu_gui.export.label import Rendered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.domain.measurement import Measurement
    from sonichu_gui.export.label import CalibrationOf, Label

__all__ = ["render_measurements"]

_COLUMNS = (
    "image_path",
    "frame",
    "task_id",
    "name",
    "title",
    "value",
    "unit",
    "uncertainty",
    "scale_source",
    "mm_per_px_x",
    "mm_per_px_y",
    "scale_reason",
    "scale_trusted",
    "scale_region",
    "scale_confirmed_by",
    "scale_ruler",
    "formula",
    "convention",
    "reason",
    "status",
    "rater",
    "created",
    "model",
    "model_hash",
    "points",
)


def render_measurements(labels: Sequence[Label], calibration_of: CalibrationOf) -> Rendered:
    """Gives every measure of every label, a row each."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for label in labels:
        calibration = calibration_of(label)
        for found in measure(label.task, label.annotation, calibration):
            writer.writerow(_row(label, found))
    return Rendered(text.getvalue(), len(labels))


def _row(label: Label, found: Measurement) -> tuple[object, ...]:
    annotation, revision, scale = label.annotation, label.revision, found.scale
    model = annotation.model
    points = {
        label.task.keypoints[index].name: point.xy
        if (point := annotation.keypoints[index])
        else None
        for index in found.points
    }
    return (
        label.image,
        revision.frame.index,
        label.task.id,
        found.name,
        found.title,
        found.value,
        found.unit if found.value is not None else "",
        found.uncertainty,
        scale.source.value,
        scale.dx_mm,
        scale.dy_mm,
        scale.reason,
        "yes" if scale.in_mm else "no",
        "" if scale.region_index is None else scale.region_index + 1,
        scale.confirmed_by,
        scale.contradicted_by or scale.backed_by,
        found.formula,
        found.convention,
        found.reason,
        annotation.status.value,
        revision.rater,
        revision.created.isoformat(timespec="seconds"),
        model.name if model else "",
        model.hash if model else "",
        json.dumps(points, ensure_ascii=False),
    )
