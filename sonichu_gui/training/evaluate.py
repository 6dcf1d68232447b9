"""Model folders against a label file, by the preprocessor, network and decoding that the app uses.

sonichu evaluate --labels hc18/HC.csv --images hc18 --split test
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from sonichu_gui import paths
from sonichu_gui.errors import LabelError, ModelError, UntrainedHead
from sonichu_gui.model.inference import to_pixels
from sonichu_gui.model.modeling_sonichu import CheckpointError, SonichuModel, SonichuPreprocessor
from sonichu_gui.tasks import task_named
from sonichu_gui.training.data.frames import read_pixels
from sonichu_gui.training.data.labels import LabelFile, LabelRow, read_labels
from sonichu_gui.training.scores import Points, coordinate_median, paired_like, score

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
    report: Report = lambda _line: None,
) -> dict[str, Any]:
    """The JSON document of ``sonichu evaluate``: errors of the models' points, task by task.

    Args:
        labels: the label file; rows of tasks without a trained head are left out and told under
            ``skipped``.
        images: folder that the file's ``image_path`` starts from.
        models: model folders; none means the embedded one.
        ensemble: "median" for the coordinate-wise median of several models.
        split: rows of this split only.
        tta: average the mirrored view.
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
    label_file = read_labels(labels)
    _tell_broken(label_file, report)
    loaded = [load_model(folder) for folder in folders]
    rows, skipped = _answerable(label_file.select(split=split), [model for model, _ in loaded])
    for task, count in skipped.items():
        report(f"{count} rows of {task} left out: no trained head")
    predictions = [
        predict_rows(model, rows, images, preprocessor=preprocessor, tta=tta, report=report)
        for model, preprocessor in loaded
    ]
    joined = _joined(rows, predictions)
    return {
        **score(rows, joined),
        "split": split,
        "skipped": skipped,
        "broken_rows": [{"line": row.line, "reason": row.reason} for row in label_file.broken],
        "models": [str(folder) for folder in folders],
        "tta": tta,
    }


def load_model(folder: Path) -> tuple[SonichuModel, SonichuPreprocessor]:
    """Network and preprocessor of a model folder.

    Raises:
        ModelError: naming the file and what is wrong with it.
    """
    try:
        return SonichuModel.from_pretrained(folder), SonichuPreprocessor.from_pretrained(folder)
    except CheckpointError as cause:
        raise ModelError(str(cause), "Choose a whole model folder.") from cause


def predict_rows(
    model: SonichuModel,
    rows: Sequence[LabelRow],
    images: Path,
    *,
    preprocessor: SonichuPreprocessor | None = None,
    tta: bool = True,
    report: Report = lambda _line: None,
) -> list[Points]:
    """Points (K, 2) for every row, original pixels, whatever the head's training."""
    prepare = preprocessor or SonichuPreprocessor(model.config.image_size)
    found: dict[int, Points] = {}
    by_task: dict[str, list[int]] = {}
    for index, row in enumerate(rows):
        by_task.setdefault(row.task_id, []).append(index)
    for task, indices in by_task.items():
        for start in range(0, len(indices), _BATCH):
            chosen = indices[start : start + _BATCH]
            frames = [prepare(read_pixels(images / rows[i].image_path)) for i in chosen]
            pixel_values = torch.cat([frame["pixel_values"] for frame in frames])
            normalised = model.detect(pixel_values, task, tta=tta).xy.double().numpy()
            for index, frame, xy in zip(chosen, frames, normalised, strict=True):
                found[index] = to_pixels(xy, frame["orig_w"], frame["orig_h"])
            report(f"{len(found)} of {len(rows)} frames")
    return [found[index] for index in range(len(rows))]


def _joined(rows: Sequence[LabelRow], predictions: Sequence[Sequence[Points]]) -> list[Points]:
    """One prediction a row: the only model's, or the median with pairs laid the same way round."""
    if len(predictions) == 1:
        return list(predictions[0])
    first = predictions[0]
    aligned = [
        [
            paired_like(points, reference, task_named(row.task_id).unordered_pairs)
            for row, points, reference in zip(rows, own, first, strict=True)
        ]
        for own in predictions
    ]
    return coordinate_median(aligned)


def _answerable(
    rows: Sequence[LabelRow], models: Sequence[SonichuModel]
) -> tuple[list[LabelRow], dict[str, int]]:
    """Rows whose task every model has a trained head for, and how many of each task were not."""
    kept, skipped = [], dict[str, int]()
    for row in rows:
        settings = [model.config.tasks.get(row.task_id) for model in models]
        if not all(task is not None and task.trained for task in settings):
            skipped[row.task_id] = skipped.get(row.task_id, 0) + 1
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
            f"No trained head for {', '.join(skipped)}.", "Choose a model that has one."
        )
    return kept, skipped


def _tell_broken(labels: LabelFile, report: Report) -> None:
    for row in labels.broken:
        report(f"{labels.path}, line {row.line} left out: {row.reason}")
