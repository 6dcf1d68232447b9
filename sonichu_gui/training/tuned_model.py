"""The model that a fine-tune makes: what changed on which frames, and the folder that tells it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import safetensors
import torch

from sonichu_gui.errors import FrameError
from sonichu_gui.training.evaluate import predict_rows
from sonichu_gui.training.scores import score

if TYPE_CHECKING:
    from sonichu_gui.model.modeling_sonichu import SonichuModel, SonichuPreprocessor, TaskConfig
    from sonichu_gui.training.data.labels import LabelRow
    from sonichu_gui.training.scores import TaskScore
    from sonichu_gui.training.tuning import Tuning
    from sonichu_gui.training.tuning_rows import TuningRows


_LEAST_PX = 1e-3
"""Errors below it are none, and have no ratio."""


def scored(
    model: SonichuModel, preprocessor: SonichuPreprocessor, rows: Sequence[LabelRow]
) -> Mapping[str, TaskScore]:
    """Scores by task, with TTA, as the app predicts; frames that cannot be read are left out."""
    outcomes = predict_rows(model, rows, Path(), preprocessor=preprocessor)
    read = [
        (r, one) for r, one in zip(rows, outcomes, strict=True) if not isinstance(one, FrameError)
    ]
    if not read:
        return {}
    return score([row for row, _ in read], [one for _, one in read])["tasks"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same frames before and after."""

    before: Mapping[str, TaskScore]
    after: Mapping[str, TaskScore]

    @property
    def is_better(self) -> bool:
        """Whether the mean radial error fell: as a ratio, so that no task's large frames outweigh.

        Each task counts by its number of frames.
        """
        ratios = [
            one["n"]
            * math.log(
                max(self.after[task]["mre_unordered_px"], _LEAST_PX)
                / max(one["mre_unordered_px"], _LEAST_PX)
            )
            for task, one in self.before.items()
        ]
        return sum(ratios) < 0

    def document(self) -> dict[str, Any]:
        """By task: number of frames, MRE (ends of pairs unordered) and errors of the measures."""
        return {
            task: {
                "n": old["n"],
                "mre_px": {
                    "before": old["mre_unordered_px"],
                    "after": self.after[task]["mre_unordered_px"],
                },
                "measures": {
                    name: {
                        "unit": measure["unit"],
                        "before": measure["mae"],
                        "after": self.after[task]["measures"][name]["mae"],
                    }
                    for name, measure in old["measures"].items()
                    if name in self.after[task]["measures"]
                },
            }
            for task, old in self.before.items()
        }


def save_tuned(
    model: SonichuModel,
    folder: Path,
    *,
    preprocessor: SonichuPreprocessor,
    asked: Tuning,
    rows: TuningRows,
    compared: Mapping[str, Comparison],
) -> None:
    """Writes the model folder; weights are stored in the number type of those it came from."""
    counts = rows.counts()
    tasks = {
        name: _tuned_task(task, counts[name], compared["held_out"].after.get(name))
        if name in counts
        else task
        for name, task in model.config.tasks.items()
    }
    model.config = replace(model.config, name=asked.name, tasks=tasks)
    model.save_pretrained(
        folder,
        readme=_card(asked, rows, compared),
        preprocessor=preprocessor,
        dtype=_stored_as(asked.model.weights),
    )


def _tuned_task(
    task: TaskConfig, counts: Mapping[str, int], held_out: TaskScore | None
) -> TaskConfig:
    """What its head learned in addition; how good it is now was measured on held-out frames alone.

    How sure it may be stays as it was fitted: heatmaps keep their width in so short a training.
    """
    learned = f"then {counts['learn']} frames corrected by a person"
    told = f"{task.training_data}; {learned}" if task.training_data else learned
    task = replace(task, extra=_with_frames(task.extra, counts["learn"]))
    if held_out is None:
        return replace(task, training_data=told)
    accuracy: dict[str, Any] = {"mre_px_unordered": round(held_out["mre_unordered_px"], 2)}
    for measure in list(held_out["measures"].values())[:1]:
        if measure["unit"] == "mm":
            accuracy = {"mae_mm": round(measure["mae"], 3), **accuracy}
    accuracy["n_test"] = held_out["n"]
    return replace(task, training_data=told, accuracy=accuracy)


def _with_frames(extra: Mapping[str, Any], learned: int) -> dict[str, Any]:
    """How many frames the head has seen, where that is told; a draft stays a draft."""
    frames = extra.get("frames")
    if not isinstance(frames, dict) or type(frames.get("real")) is not int:
        return dict(extra)
    return {**extra, "frames": {**frames, "real": frames["real"] + learned}}


def _stored_as(weights: Path) -> torch.dtype:
    with safetensors.safe_open(weights, framework="pt") as tensors:
        kernels = [name for name in tensors.keys() if tensors.get_slice(name).get_shape()[1:]]  # noqa: SIM118
        stored = tensors.get_tensor(kernels[0]).dtype if kernels else torch.float32
    return stored if isinstance(stored, torch.dtype) else torch.float32


_WHERE = {
    "held_out": "the person's own frames that were held out",
    "rest": "phantoms, to see what it cost elsewhere",
    "check": "label files that were named to check it",
}


def _card(asked: Tuning, rows: TuningRows, compared: Mapping[str, Comparison]) -> str:
    """The card of the model it came from, below what is new."""
    counts = rows.counts()
    learned = ", ".join(f"{n['learn']} of {task}" for task, n in counts.items())
    parts = (
        "The heads of these tasks, and gently what all heads share."
        if asked.parts == "all"
        else "Only the heads of these tasks; everything else is as it was."
    )
    lines = [
        f"# {asked.name}",
        "",
        "**Not for clinical use.** Not clinically validated; no diagnosis, no treatment decision.",
        "",
        (
            f"Fine-tuned from {asked.model.name} {asked.model.version} (weights SHA-256 "
            f"`{asked.model.hash}`) on frames that a person accepted or corrected: {learned}."
        ),
        f"{parts} {asked.steps} steps of 8 augmented frames.",
        "",
        f"Divided {rows.described}.",
        "",
        "| frames | task | n | MRE px before | after | measure | error before | after |",
        "|---|---|---|---|---|---|---|---|",
        *(
            _row(_WHERE[name], task, told)
            for name, one in compared.items()
            for task, told in one.document().items()
        ),
        "",
        (
            "MRE: mean distance over the points in pixels of the original frame, ends of a pair"
            " unordered, with TTA. So few frames tell a direction, not a figure to rely on."
        ),
        *(f"\n- {line}" for line in rows.warnings),
    ]
    old = asked.model.card_text
    front, text = _front_matter(old)
    kept = (
        ["", "---", "", f"What follows is the card of {asked.model.name}.", "", text]
        if text
        else []
    )
    return "\n".join([*front, *lines, *kept]) + "\n"


def _row(where: str, task: str, told: Mapping[str, Any]) -> str:
    pixels = told["mre_px"]
    cells = [where, task, str(told["n"]), f"{pixels['before']:.2f}", f"{pixels['after']:.2f}"]
    measure = next(iter(told["measures"].items()), None)
    if measure is None:
        cells += ["", "", ""]
    else:
        name, one = measure
        cells += [f"{name}, {one['unit']}", f"{one['before']:.2f}", f"{one['after']:.2f}"]
    return f"| {' | '.join(cells)} |"


def _front_matter(card: str) -> tuple[list[str], str]:
    """The lines between the dashes at a card's head, where it has them, and what follows."""
    if not card.startswith("---\n"):
        return [], card
    head, dashes, text = card[4:].partition("\n---")
    return (["---", *head.splitlines(), "---", ""], text.strip()) if dashes else ([], card)
