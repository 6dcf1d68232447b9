"""What a training leaves: the model folder, whose heads say what they learned from, and scores."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from sonichu_gui.export.out_file import write_whole

if TYPE_CHECKING:
    from sonichu_gui.model.modeling_sonichu import SonichuModel, TaskConfig
    from sonichu_gui.training.data.labels import LabelRow

MODEL_FOLDER = "model"
"""Where in its output folder a run leaves its model."""

HELD_OUT_FILE = "held_out.json"
"""The last held-out scores of a run, written when all is done."""


def save_trained(
    model: SonichuModel,
    folder: Path,
    *,
    learn: Sequence[LabelRow],
    held_out: Mapping[str, float],
    taught: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Writes the model folder; every head says what it was trained on, or that it was not.

    Args:
        model: with its final weights.
        folder: of the model.
        learn: what it was trained on.
        held_out: its scores, which go beside the folder.
        taught: for each task that it learned from teachers too, how.
    """
    tasks = {
        name: _trained_task(task, [row for row in learn if row.task_id == name])
        for name, task in model.config.tasks.items()
    }
    for name, words in taught.items():
        if tasks[name].trained:
            tasks[name] = replace(
                tasks[name], training_data=f"{tasks[name].training_data}; {words}"
            )
    model.config = replace(model.config, tasks=tasks)
    model.save_pretrained(folder)
    write_whole(folder.parent / HELD_OUT_FILE, json.dumps(dict(held_out), indent=2) + "\n")


def _trained_task(task: TaskConfig, rows: Sequence[LabelRow]) -> TaskConfig:
    """The task with the number of frames of each kind that its head has seen, each counted once."""
    if not rows:
        return task
    kinds = Counter(origin for origin, *_ in {(r.origin, r.images, r.image_path) for r in rows})
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return replace(task, trained=True, training_data=told, covariance_scale=1.0, accuracy={})
