"""Makes a head as sure as it is right: one factor on the covariance of its points.

A heatmap is as wide as the targets it was taught, not as the errors that it makes. What a person
reads is the measure's standard error, so the factor is fitted there: to the errors of the task's
first measure on labelled frames, by the interval score (Gneiting & Raftery, J Am Stat Assoc 2007,
eq. 43) of its 68 % and 95 % intervals. That score is proper: intervals that are wider or narrower
than the errors deserve cannot win. And one gross failure does not widen them all.

    sonichu train calibrate --model FOLDER --labels HC.csv --images DIR --split train
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sonichu_gui.errors import FrameError, LabelError, ModelError
from sonichu_gui.model.config_hints import is_own_form
from sonichu_gui.model.modeling_sonichu import CONFIG_FILE, SonichuModel, SonichuPreprocessor
from sonichu_gui.prediction.folder_files import read_config
from sonichu_gui.prediction.model_source import read_source, sha256_of, write_source
from sonichu_gui.tasks import task_named
from sonichu_gui.training.data.labels import LabelRow, read_labels
from sonichu_gui.training.evaluate import load_model, predict_rows
from sonichu_gui.training.scores import Found, measure_errors

Report = Callable[[str], None]
Floats = npt.NDArray[np.float64]

FEWEST_FRAMES = 30
"""Fewer errors than this say little about how often 95 % is."""

INTERVALS = ((1 - 0.6827, 1.0), (0.05, 1.96))
"""Share of errors outside, and half width in standard errors."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What was fitted.

    Attributes:
        task: the head.
        scale: its new ``covariance_scale``.
        measure: the measure whose errors it was fitted to.
        n: number of frames.
        within_68: how often those lie within one standard error with that scale.
        within_95: and within 1.96.
    """

    task: str
    scale: float
    measure: str
    n: int
    within_68: float
    within_95: float


def calibrate_model(
    folder: Path,
    *,
    labels: Path,
    images: Path,
    split: str | None,
    report: Report = lambda _line: None,
) -> list[Calibrated]:
    """Fits the covariance of every trained head that the labels know, and writes ``config.json``.

    The record of an installed model follows, so that a later check finds it whole.

    Args:
        folder: an own model folder.
        labels: the label file; its errors are those of frames that the fit is made on.
        images: folder that the file's ``image_path`` starts from.
        split: rows of this split only.
        report: gets progress.

    Raises:
        SonichuError: for files that cannot be read and labels that no head can answer.
    """
    if not is_own_form(read_config(folder)):
        raise ModelError(
            f"{folder} is of another library: its configuration has no place for what is fitted.",
            f"Add it first (sonichu models add {folder}), and calibrate the model that is made.",
        )
    model, preprocessor = load_model(folder)
    rows = read_labels(labels).select(split=split)
    tasks = [
        name
        for name, task in model.config.tasks.items()
        if task.trained and any(row.task_id == name for row in rows)
    ]
    if not tasks:
        raise LabelError(
            f"{labels} has no row of a task that {model.config.name} was trained for.",
            "Name labels of a trained head, and their split.",
        )
    fitted = [
        calibrate_head(
            model, preprocessor, [row for row in rows if row.task_id == name], images, report=report
        )
        for name in tasks
    ]
    described = model.config.to_dict()["tasks"]
    _write_tasks(
        folder,
        {one.task: {**described[one.task], "covariance_scale": one.scale} for one in fitted},
    )
    return fitted


def fit_scale(errors: Floats, of_peaks: Floats, of_views: Floats) -> float:
    """The factor on the variances ``of_peaks`` that gives the best intervals.

    Args:
        errors: (N,) measured minus true.
        of_peaks: (N,) variance of the measure from the heatmaps' peaks, at factor 1.
        of_views: (N,) variance from what the two views disagree about; stays as it is.
    """
    factors = np.geomspace(1e-4, 1e4, 1601)
    variances = factors[:, None] * of_peaks + of_views
    scores = sum(
        2 * (z * sigma + np.maximum(np.abs(errors) - z * sigma, 0) / outside).mean(axis=1)
        for outside, z in INTERVALS
        for sigma in (np.sqrt(variances),)
    )
    return float(factors[np.argmin(scores)])


def calibrate_head(
    model: SonichuModel,
    preprocessor: SonichuPreprocessor,
    rows: Sequence[LabelRow],
    images: Path,
    *,
    report: Report,
) -> Calibrated:
    """How sure the head of one task may be, fitted to its errors on these rows.

    Args:
        model: its ``covariance_scale`` for the task is changed meanwhile and left as it is then.
        preprocessor: the model's.
        rows: of one task; at least one.
        images: where their paths start, for rows that do not say it themselves.
        report: gets progress.

    Raises:
        LabelError: fewer frames can be used than a fit needs.
    """
    task = task_named(rows[0].task_id)
    report(f"{task.id}: {len(rows)} frames")
    whole, views = (
        _found(_with_scale(model, task.id, scale), preprocessor, rows, images, report=report)
        for scale in (1.0, 0.0)
    )
    kept = [row for row, one in zip(rows, whole, strict=True) if one is not None]
    name = task.primary_measure.name
    errors, total = _errors_of(name, kept, [one for one in whole if one is not None])
    _, of_views = _errors_of(name, kept, [one for one in views if one is not None])
    if len(errors) < FEWEST_FRAMES:
        raise LabelError(
            f"{len(errors)} frames of {task.id} are too few to fit how sure its head may be.",
            f"Give {FEWEST_FRAMES} or more.",
        )
    scale = fit_scale(errors, np.maximum(total - of_views, 0), of_views)
    sigma = np.sqrt(scale * np.maximum(total - of_views, 0) + of_views)
    return Calibrated(
        task.id,
        float(f"{scale:.4g}"),
        name,
        len(errors),
        float((np.abs(errors) <= sigma).mean()),
        float((np.abs(errors) <= 1.96 * sigma).mean()),
    )


def _with_scale(model: SonichuModel, task: str, scale: float) -> SonichuModel:
    tasks = dict(model.config.tasks)
    tasks[task] = replace(tasks[task], covariance_scale=scale)
    model.config = replace(model.config, tasks=tasks)
    return model


def _found(
    model: SonichuModel,
    preprocessor: SonichuPreprocessor,
    rows: Sequence[LabelRow],
    images: Path,
    *,
    report: Report,
) -> list[Found | None]:
    """What the model finds, None where a frame cannot be used; that is told."""
    outcomes = predict_rows(model, rows, images, preprocessor=preprocessor, report=report)
    for row, outcome in zip(rows, outcomes, strict=True):
        if isinstance(outcome, FrameError):
            report(f"line {row.line} left out: {outcome}")
    return [None if isinstance(outcome, FrameError) else outcome for outcome in outcomes]


def _errors_of(
    measure: str, rows: Sequence[LabelRow], found: Sequence[Found]
) -> tuple[Floats, Floats]:
    """Errors of a measure and the variances it states, in its unit; unscaled rows in pixels."""
    if not rows:
        return np.empty(0), np.empty(0)
    by_unit = measure_errors(task_named(rows[0].task_id), rows, found)
    errors = [one for (name, _), rows_of in by_unit.items() if name == measure for one in rows_of]
    return (
        np.array([one.error for one in errors]),
        np.array([(one.uncertainty or 0.0) ** 2 for one in errors]),
    )


def _write_tasks(folder: Path, fitted: dict[str, dict[str, Any]]) -> None:
    """Writes tasks into a configuration, whole or not at all; the rest stays as it was.

    One may be new there: a head that the weights hold and the configuration did not name.
    """
    path = folder / CONFIG_FILE
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        config["tasks"] = {**config.get("tasks", {}), **fitted}
        part = path.with_name(path.name + ".part")
        part.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        part.replace(path)
        source = read_source(folder)
        if source is not None:
            files = {**source.files, CONFIG_FILE: sha256_of(path)}
            write_source(folder, replace(source, files=files))
    except OSError as error:
        raise ModelError(
            f"{path} cannot be written: {error.strerror or error}.",
            "Calibrate a copy of the folder that you may write to.",
        ) from error
