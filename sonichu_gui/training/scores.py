"""Scores of predicted keypoints against labels: radial errors in pixels, measures in their units.

Pixels are those of the original image; an error at the network's input size is another number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import numpy as np
import numpy.typing as npt

from sonichu_gui.biometry.measure import measure
from sonichu_gui.domain.annotation import Annotation, Keypoint
from sonichu_gui.domain.calibration import Calibration, ScaleSource, given_scale
from sonichu_gui.tasks import task_named

if TYPE_CHECKING:
    from sonichu_gui.domain.measurement import Measurement
    from sonichu_gui.domain.task import Task
    from sonichu_gui.training.data.labels import LabelRow

Points = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What was found on one frame.

    Attributes:
        points: (K, 2), original pixels.
        covariance: (K, 2, 2) in original pixels squared; None where it is not known.
    """

    points: Points
    covariance: Points | None = None


class MeasureScore(TypedDict):
    """Error of one measure over the frames that have it: predicted minus labelled.

    ``uncertainty`` is the mean standard error that the measure itself states, ``within_68`` and
    ``within_95`` how often the label lies within 1 and 1.96 of them; None where none is stated.
    """

    mae: float
    bias: float
    median: float
    p95: float
    max: float
    unit: str
    n: int
    uncertainty: float | None
    within_68: float | None
    within_95: float | None


class TaskScore(TypedDict):
    """Errors of one task; ``unordered``: the two ends of a pair may swap."""

    n: int
    mre_px: float
    mre_unordered_px: float
    median_px: float
    p95_px: float
    median_unordered_px: float
    p95_unordered_px: float
    measures: dict[str, MeasureScore]


class Scores(TypedDict):
    """All tasks; weighted = mean over images, unweighted = mean over tasks."""

    tasks: dict[str, TaskScore]
    weighted_mre_px: float
    unweighted_mre_px: float


def score(rows: Sequence[LabelRow], predicted: Sequence[Found]) -> Scores:
    """Scores of one prediction a row.

    Args:
        rows: the labels, of any tasks.
        predicted: one a row.

    Raises:
        ValueError: when there is nothing to score, or the two do not match.
    """
    if not rows or len(rows) != len(predicted):
        raise ValueError(f"{len(predicted)} predictions for {len(rows)} labels")
    by_task: dict[str, list[int]] = {}
    for index, row in enumerate(rows):
        by_task.setdefault(row.task_id, []).append(index)
    tasks = {
        name: _task_score(
            task_named(name), [rows[i] for i in chosen], [predicted[i] for i in chosen]
        )
        for name, chosen in by_task.items()
    }
    return {
        "tasks": tasks,
        "weighted_mre_px": sum(t["mre_px"] * t["n"] for t in tasks.values()) / len(rows),
        "unweighted_mre_px": sum(t["mre_px"] for t in tasks.values()) / len(tasks),
    }


def radial_error(predicted: Points, true: Points, pairs: Sequence[tuple[int, int]] = ()) -> float:
    """Mean distance over the points; ends of ``pairs`` are matched the better way round."""
    best = predicted.copy()
    for first, second in pairs:
        swapped = predicted[[second, first]]
        target = true[[first, second]]
        straight_error = np.linalg.norm(predicted[[first, second]] - target, axis=1).sum()
        if np.linalg.norm(swapped - target, axis=1).sum() < straight_error:
            best[[first, second]] = swapped
    return float(np.linalg.norm(best - true, axis=1).mean())


def measured(
    task: Task, row: LabelRow, points: Points, covariance: Points | None = None
) -> tuple[Measurement, ...]:
    """All measures of these points at the scale that the label row states."""
    annotation = Annotation(task.id, _keypoints(points, covariance))
    if row.mm_per_px is None:
        return measure(task, annotation, Calibration())
    scale = given_scale(
        dx_mm=row.mm_per_px,
        dy_mm=row.mm_per_px,
        source=ScaleSource.LABEL_FILE,
        reason="the label file's pixel_size_mm",
    )
    return measure(task, annotation, Calibration(override=scale))


def _keypoints(points: Points, covariance: Points | None) -> tuple[Keypoint, ...]:
    if covariance is None:
        return tuple(Keypoint(x, y) for x, y in points.tolist())
    return tuple(
        Keypoint(x, y, covariance=(xx, xy, yy))
        for (x, y), ((xx, xy), (_, yy)) in zip(points.tolist(), covariance.tolist(), strict=True)
    )


def _task_score(task: Task, rows: Sequence[LabelRow], predicted: Sequence[Found]) -> TaskScore:
    ordered = [radial_error(p.points, row.points) for row, p in zip(rows, predicted, strict=True)]
    unordered = [
        radial_error(p.points, row.points, task.unordered_pairs)
        for row, p in zip(rows, predicted, strict=True)
    ]
    return {
        "n": len(rows),
        "mre_px": float(np.mean(ordered)),
        "mre_unordered_px": float(np.mean(unordered)),
        "median_px": float(np.median(ordered)),
        "p95_px": float(np.percentile(ordered, 95)),
        "median_unordered_px": float(np.median(unordered)),
        "p95_unordered_px": float(np.percentile(unordered, 95)),
        "measures": _measure_scores(task, rows, predicted),
    }


@dataclass(frozen=True, slots=True)
class MeasureError:
    """How far off one measure of one frame is, and how far it says that it may be.

    Attributes:
        error: Measured minus labelled, in the measure's unit.
        uncertainty: The stated standard error, or None.
    """

    error: float
    uncertainty: float | None


def measure_errors(
    task: Task, rows: Sequence[LabelRow], predicted: Sequence[Found]
) -> dict[tuple[str, str], list[MeasureError]]:
    """Errors of every measure, by its name and unit: a frame without a scale counts in pixels."""
    errors: dict[tuple[str, str], list[MeasureError]] = {}
    for row, found in zip(rows, predicted, strict=True):
        truths = measured(task, row, row.points)
        guesses = measured(task, row, found.points, found.covariance)
        for guess, truth in zip(guesses, truths, strict=True):
            reference = _reference(row, truth)
            if guess.value is not None and reference is not None:
                errors.setdefault((guess.name, guess.unit), []).append(
                    MeasureError(guess.value - reference, guess.uncertainty)
                )
    return errors


def _measure_scores(
    task: Task, rows: Sequence[LabelRow], predicted: Sequence[Found]
) -> dict[str, MeasureScore]:
    errors = measure_errors(task, rows, predicted)
    names = [name for name, _ in errors]
    return {
        name if names.count(name) == 1 else f"{name} [{unit}]": _measure_score(values, unit)
        for (name, unit), values in errors.items()
    }


def _reference(row: LabelRow, truth: Measurement) -> float | None:
    """The file's own figure (column ``hc_mm`` for HC), else what its points measure."""
    published = row.number(f"{truth.name.lower()}_{truth.unit}")
    return truth.value if published is None else published


def _measure_score(errors: Sequence[MeasureError], unit: str) -> MeasureScore:
    signed = np.array([one.error for one in errors])
    absolute = np.abs(signed)
    stated = [one.uncertainty for one in errors if one.uncertainty is not None]
    told = len(stated) == len(errors)
    return {
        "mae": float(absolute.mean()),
        "bias": float(signed.mean()),
        "median": float(np.median(absolute)),
        "p95": float(np.percentile(absolute, 95)),
        "max": float(absolute.max()),
        "unit": unit,
        "n": len(errors),
        "uncertainty": float(np.mean(stated)) if told else None,
        "within_68": float((absolute <= np.array(stated)).mean()) if told else None,
        "within_95": float((absolute <= 1.96 * np.array(stated)).mean()) if told else None,
    }
