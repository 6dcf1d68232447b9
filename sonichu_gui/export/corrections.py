"""The corrections JSON: what the model said and what a person made of it, for retraining.

`labels.importers.corrections` reads it back, so it states what training needs of the image as well:
the size of a pixel and the subject, where they are known.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from sonichu_gui.domain.annotation import Status
from sonichu_gui.export.label import OF_THE_IMAGE, Rendered
from sonichu_gui.labels.revision import RevisionKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.domain.annotation import Keypoint
    from sonichu_gui.export.label import CalibrationOf, Label
    from sonichu_gui.labels.store import Revision

__all__ = ["render_corrections"]


def render_corrections(labels: Sequence[Label], _calibration_of: CalibrationOf) -> Rendered:
    """Gives the model's points before and the person's after, and how far each was moved."""
    items: list[dict[str, Any]] = []
    skipped: list[str] = []
    for label in labels:
        history = label.store.history(label.revision.frame, label.task.id)
        before = _model_points(label.revision, history)
        if before is None:
            skipped.append(f"{label.title}: it did not start from a model's points")
        else:
            items.append(_item(label, before, history))
    text = json.dumps(items, indent=1, ensure_ascii=False) + "\n"
    return Rendered(text, len(items), tuple(skipped))


def _model_points(held: Revision, history: Sequence[Revision]) -> Revision | None:
    """Finds the points of the model that a label started from, as they were before any hand."""
    if not held.annotation.is_human:
        return None
    for revision in reversed(history):
        annotation = revision.annotation
        untouched = revision.kind is RevisionKind.PREDICTION or annotation.status is Status.PROPOSED
        if revision.id < held.id and untouched and annotation.model == held.annotation.model:
            return revision if annotation.model else None
    return None


def _item(label: Label, before: Revision, history: Sequence[Revision]) -> dict[str, Any]:
    annotation, model = label.annotation, before.annotation.model
    scale = label.square_scale
    pairs = list(zip(before.annotation.keypoints, annotation.keypoints, strict=True))
    names = [spec.name for spec in label.task.keypoints]
    seconds = [
        revision.seconds
        for revision in history
        if revision.kind is RevisionKind.ANNOTATION and revision.seconds is not None
    ]
    return {
        "image_path": label.image,
        "frame": label.revision.frame.index,
        "task_id": label.task.id,
        "width": label.file.width,
        "height": label.file.height,
        "pixel_size_mm": scale.dx_mm if scale else None,
        "pixel_size_source": scale.source.value if scale else None,
        **{name: label.extras[name] for name in OF_THE_IMAGE if name in label.extras},
        "model": {"name": model.name, "hash": model.hash} if model else None,
        "status": annotation.status.value,
        "rater": label.revision.rater,
        "created": label.revision.created.isoformat(timespec="seconds"),
        "seconds": round(sum(seconds), 1),
        "before": [_point(name, p) for name, (p, _) in zip(names, pairs, strict=True)],
        "after": [_point(name, p) for name, (_, p) in zip(names, pairs, strict=True)],
        "moved_px": [math.dist(a.xy, b.xy) if a and b else None for a, b in pairs],
    }


def _point(name: str, point: Keypoint | None) -> dict[str, Any] | None:
    if point is None:
        return None
    return {
        "name": name,
        "x": point.x,
        "y": point.y,
        "state": point.state.value,
        "origin": point.origin.value,
        "confidence": point.confidence,
    }
