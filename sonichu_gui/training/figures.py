"""Figures of one model over labelled rows, with how far they might be off for so few subjects.

Frames of one subject are no independent evidence, so intervals come from drawing whole subjects
again (percentile bootstrap). They tell how much a figure owes to who happened to be measured; two
models on the same subjects differ by less than their intervals suggest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sonichu_gui.tasks import task_named
from sonichu_gui.training.data.frames import read_frame
from sonichu_gui.training.scores import Found, Points, measure_errors, radial_error

if TYPE_CHECKING:
    from sonichu_gui.training.data.labels import LabelRow

HEAD = "HC"
"""The task, and its measure, whose error in millimetres the card tells."""


@dataclass(frozen=True, slots=True)
class Chance:
    """How the subjects are drawn again."""

    seed: int = 42
    draws: int = 2000


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over frames.

    Attributes:
        value: the mean.
        low, high: its 95 % interval over subjects; None for fewer than two subjects.
    """

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class TaskFigures:
    """Radial errors of one task; "unordered": the two ends of a pair may swap.

    Attributes:
        n: frames.
        mre_px, mre_unordered_px: in pixels of the original frames.
        mre_percent_width: unordered, in hundredths of the frame's width.
    """

    n: int
    mre_px: Mean
    mre_unordered_px: Mean
    mre_percent_width: Mean


@dataclass(frozen=True, slots=True)
class HeadFigures:
    """Absolute error of the head circumference in millimetres."""

    n: int
    mean: Mean
    median: float
    p95: float
    max: float


@dataclass(frozen=True, slots=True)
class Figures:
    """All that a row of the card's table says.

    Attributes:
        n: frames of all tasks.
        weighted_mre_px, weighted_mre_unordered_px: mean over the frames of all tasks.
        unweighted_mre_px, unweighted_mre_unordered_px: mean over the tasks.
        tasks: by their ids.
        head: None where no frame has a head and a scale.
    """

    n: int
    weighted_mre_px: Mean
    weighted_mre_unordered_px: Mean
    unweighted_mre_px: float
    unweighted_mre_unordered_px: float
    tasks: dict[str, TaskFigures]
    head: HeadFigures | None


def figures_of(rows: Sequence[LabelRow], points: Sequence[Points], chance: Chance) -> Figures:
    """The figures of these points.

    Args:
        rows: the labels, of any tasks; at least one.
        points: (K, 2) found on each row's frame.
        chance: for the intervals.
    """
    errors = [_row_errors(row, own) for row, own in zip(rows, points, strict=True)]
    named = sorted({row.task_id for row in rows})
    subjects = [row.subject_id for row in rows]

    def mean(values: Sequence[float], chosen: Sequence[int]) -> Mean:
        return mean_of(
            [values[index] for index in chosen], [subjects[index] for index in chosen], chance
        )

    ordered = [one.ordered_px for one in errors]
    unordered = [one.unordered_px for one in errors]
    percent = [one.percent_width for one in errors]
    tasks = {}
    for name in named:
        chosen = [index for index, row in enumerate(rows) if row.task_id == name]
        tasks[name] = TaskFigures(
            len(chosen), mean(ordered, chosen), mean(unordered, chosen), mean(percent, chosen)
        )
    everywhere = range(len(rows))
    return Figures(
        len(rows),
        mean(ordered, everywhere),
        mean(unordered, everywhere),
        float(np.mean([one.mre_px.value for one in tasks.values()])),
        float(np.mean([one.mre_unordered_px.value for one in tasks.values()])),
        tasks,
        _head([one.head_mm for one in errors], subjects, chance),
    )


def mean_of(values: Sequence[float], subjects: Sequence[str], chance: Chance) -> Mean:
    """The mean of the values, and its interval when the subjects are drawn again.

    Args:
        values: one a frame.
        subjects: whose frame it is.
        chance: how they are drawn.
    """
    names, own = np.unique(np.asarray(subjects), return_inverse=True)
    value = float(np.mean(values))
    if len(names) < 2:
        return Mean(value)
    sums = np.bincount(own, weights=np.asarray(values, np.float64))
    counts = np.bincount(own).astype(np.float64)
    drawn = np.random.default_rng(chance.seed).multinomial(
        len(names), np.full(len(names), 1 / len(names)), size=chance.draws
    )
    low, high = np.percentile(drawn @ sums / (drawn @ counts), [2.5, 97.5])
    return Mean(value, float(low), float(high))


def percent_of_width(row: LabelRow, points: Points) -> float:
    """The mean radial error of a frame, ends of pairs unordered, in hundredths of its width."""
    pairs = task_named(row.task_id).unordered_pairs
    width = row.size[0] if row.size else read_frame(row).shape[1]
    return 100 * radial_error(points, row.points, pairs) / width


@dataclass(frozen=True, slots=True)
class _RowErrors:
    ordered_px: float
    unordered_px: float
    percent_width: float
    head_mm: float | None


def _row_errors(row: LabelRow, points: Points) -> _RowErrors:
    task = task_named(row.task_id)
    return _RowErrors(
        radial_error(points, row.points),
        radial_error(points, row.points, task.unordered_pairs),
        percent_of_width(row, points),
        _head_error(row, points),
    )


def _head_error(row: LabelRow, points: Points) -> float | None:
    if row.task_id != HEAD:
        return None
    found = measure_errors(task_named(HEAD), [row], [Found(points)]).get((HEAD, "mm"))
    return abs(found[0].error) if found else None


def _head(
    errors: Sequence[float | None], subjects: Sequence[str], chance: Chance
) -> HeadFigures | None:
    known = [
        (error, subject)
        for error, subject in zip(errors, subjects, strict=True)
        if error is not None
    ]
    if not known:
        return None
    values: npt.NDArray[np.float64] = np.array([error for error, _ in known])
    return HeadFigures(
        len(values),
        mean_of(values.tolist(), [subject for _, subject in known], chance),
        float(np.median(values)),
        float(np.percentile(values, 95)),
        float(values.max()),
    )
