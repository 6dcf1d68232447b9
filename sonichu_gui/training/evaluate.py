"""Model folders against a label file, by the preprocessor, network and decoding that the app uses.

sonichu evaluate --labels hc18/HC.csv --images hc18 --split test
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from sonichu_gui import paths
from sonichu_gui.errors import FrameError, LabelError, ModelError, UntrainedHead
from sonichu_gui.model.inference import covariance_to_pixels, to_pixels
from sonichu_gui.model.modeling_sonichu import SonichuModel, SonichuPreprocessor
from sonichu_gui.prediction.opening import opened
from sonichu_gui.tasks import task_named
from sonichu_gui.training.data.frames import read_frame
from sonichu_gui.training.data.labels import BrokenRow, LabelFile, LabelRow, read_labels
from sonichu_gui.training.ensemble import median_points
from sonichu_gui.training.scores import Found, score

Report = Callable[[str], None]
_BATCH = 8


def run_evaluate(
    *,
    labels: Path,
    images: Path,
    models: Sequence[Path],
    ensemble: str | None,
    split: str | None,
    tta: bool = True,
    decode: str | None = None,
    report: Report = lambda _line: None,
) -> dict[str, Any]:
    """The JSON document of ``sonichu evaluate``: errors of the models' points, task by task.

    Args:
        labels: the label file. Rows without every point of their task are told under
            ``broken_rows``, those whose frame cannot be used under ``skipped``, and tasks without
            a trained head under ``untrained``; none of them is scored.
        images: folder that the file's ``image_path`` starts from.
        models: model folders; none means the embedded one.
        ensemble: "median" for the coordinate-wise median of several models.
        split: rows of this split only.
        tta: average the mirrored view.
        decode: how heatmaps become points, in place of what each model's configuration says.
        report: gets a line for progress and for every oddity.

    Raises:
        SonichuError: for files that cannot be read and labels that no model can answer.
    """
    if ensemble not in (None, "median"):
        raise ModelError(f"There is no ensemble {ensemble!r}.", "The only one is median.")
    folders = list(models) or [paths.resources("models", "sonichu-mini")]
    if len(folders) > 1 and ensemble is None:
        raise ModelError(
            f"{len(folders)} models were given but not how to join them.",
            "Add --ensemble median, or evaluate them one by one.",
        )
    label_file = _read(labels, images)
    for broken in label_file.broken:
        report(f"{labels}, line {broken.line} left out: {broken.reason}")
    loaded = [load_model(folder) for folder in folders]
    rows, untrained = _answerable(label_file.select(split=split), [model for model, _ in loaded])
    for model, _ in loaded:
        _decode_by(model, decode, {row.task_id for row in rows})
    for task, count in untrained.items():
        report(f"{count} rows of {task} left out: no trained head")
    outcomes = [
        predict_rows(model, rows, images, preprocessor=preprocessor, tta=tta, report=report)
        for model, preprocessor in loaded
    ]
    rows, predictions, skipped = _scorable(rows, outcomes)
    if not rows:
        raise FrameError(
            f"None of the {len(skipped)} frames of {labels} can be used; line {skipped[0].line}: "
            f"{skipped[0].reason}",
            "The paths in the file must start from the folder of images that is given.",
        )
    for row in skipped:
        report(f"{labels}, line {row.line} left out: {row.reason}")
    return {
        **score(rows, _joined(rows, predictions)),
        "split": split,
        "skipped": [{"row": row.line, "reason": row.reason} for row in skipped],
        "untrained": untrained,
        "broken_rows": [{"line": row.line, "reason": row.reason} for row in label_file.broken],
        "models": [str(folder) for folder in folders],
        "decode": decode,
        "tta": tta,
    }


def _read(labels: Path, images: Path) -> LabelFile:
    label_file = read_labels(labels)
    if not label_file.rows:
        label_file.require_whole()
    if not images.is_dir():
        raise FrameError(f"There is no folder {images}.", "Name the folder of the images.")
    return label_file


def load_model(folder: Path) -> tuple[SonichuModel, SonichuPreprocessor]:
    """Network and preprocessor of a model folder, the app's own or anybody's.

    Raises:
        ModelError: naming the file and what is wrong with it.
    """
    if not folder.exists():
        raise ModelError(
            f"There is no model {folder}.",
            "Train it first, or correct the path: it starts from the working directory.",
        )
    loaded = opened(folder)
    return loaded.model, loaded.preprocessor


def _decode_by(model: SonichuModel, decode: str | None, asked: Collection[str]) -> None:
    """Makes the heads of the tasks ``asked`` answer by another decoder; None leaves each its own.

    Raises:
        ModelError: a head cannot.
    """
    if decode is None:
        return
    tasks, refusals = dict(model.config.tasks), []
    for name in sorted(asked):
        try:
            tasks[name] = replace(tasks[name], decode=decode)
        except ValueError as cause:
            refusals.append(f"{name}: {cause}")
    if refusals:
        raise ModelError(
            f"{model.config.name} cannot decode by {decode!r}: {'; '.join(refusals)}.",
            "Choose another decoder, or labels of other tasks.",
        )
    model.config = replace(model.config, tasks=tasks)


def predict_rows(
    model: SonichuModel,
    rows: Sequence[LabelRow],
    images: Path,
    *,
    preprocessor: SonichuPreprocessor | None = None,
    tta: bool = True,
    report: Report = lambda _line: None,
) -> list[Found | FrameError]:
    """What is found on the frame of every row, whatever the head's training.

    Returns:
        Points in original pixels, or why the row's frame cannot be used.
    """
    prepare = preprocessor or SonichuPreprocessor(model.config.image_size)
    found: dict[int, Found | FrameError] = {}
    by_task: dict[str, list[int]] = {}
    for index, row in enumerate(rows):
        by_task.setdefault(row.task_id, []).append(index)
    for task, indices in by_task.items():
        for start in range(0, len(indices), _BATCH):
            frames = {}
            for index in indices[start : start + _BATCH]:
                try:
                    frames[index] = prepare(read_frame(rows[index], images))
                except FrameError as error:
                    found[index] = error
            if frames:
                pixel_values = torch.cat([frame["pixel_values"] for frame in frames.values()])
                output = model.detect(pixel_values, task, tta=tta)
                for number, (index, frame) in enumerate(frames.items()):
                    size = frame["orig_w"], frame["orig_h"]
                    found[index] = Found(
                        to_pixels(output.xy[number].numpy(), *size),
                        covariance_to_pixels(output.covariance[number].numpy(), *size),
                    )
            report(f"{len(found)} of {len(rows)} frames")
    return [found[index] for index in range(len(rows))]


def _scorable(
    rows: Sequence[LabelRow], outcomes: Sequence[Sequence[Found | FrameError]]
) -> tuple[list[LabelRow], list[list[Found]], list[BrokenRow]]:
    """Rows that every model gave points for, each model's points for them, and the other rows."""
    kept: list[LabelRow] = []
    predictions: list[list[Found]] = [[] for _ in outcomes]
    skipped: list[BrokenRow] = []
    for row, answers in zip(rows, zip(*outcomes, strict=True), strict=True):
        points = [answer for answer in answers if not isinstance(answer, FrameError)]
        if len(points) < len(answers):
            failure = next(answer for answer in answers if isinstance(answer, FrameError))
            skipped.append(BrokenRow(row.line, str(failure)))
            continue
        kept.append(row)
        for own, answer in zip(predictions, points, strict=True):
            own.append(answer)
    return kept, predictions, skipped


def _joined(rows: Sequence[LabelRow], predictions: Sequence[Sequence[Found]]) -> list[Found]:
    """One prediction a row: the only model's, or the median with pairs laid the same way round.

    A median has no covariance: how sure it may be is not fitted.
    """
    if len(predictions) == 1:
        return list(predictions[0])
    return [
        Found(
            median_points(
                [answer.points for answer in answers], task_named(row.task_id).unordered_pairs
            )
        )
        for row, *answers in zip(rows, *predictions, strict=True)
    ]


def _answerable(
    rows: Sequence[LabelRow], models: Sequence[SonichuModel]
) -> tuple[list[LabelRow], dict[str, int]]:
    """Rows whose task every model has a trained head for, and how many of each task were not."""
    kept, untrained = [], dict[str, int]()
    for row in rows:
        settings = [model.config.tasks.get(row.task_id) for model in models]
        if not all(task is not None and task.trained for task in settings):
            untrained[row.task_id] = untrained.get(row.task_id, 0) + 1
        elif any(task and len(task.keypoints) != len(row.points) for task in settings):
            raise LabelError(
                f"Line {row.line} gives {len(row.points)} points for {row.task_id}, the model has "
                "another number.",
                "Correct the row.",
            )
        else:
            kept.append(row)
    if not kept:
        raise UntrainedHead(
            f"No trained head for {', '.join(untrained)}.", "Choose a model that has one."
        )
    return kept, untrained
