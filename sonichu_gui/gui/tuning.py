"""A fine-tune as the window knows it: what there is to learn from, what was asked for, what came.

The training is a program of its own, so these are read from the documents that it prints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LENGTHS = (100, 200, 400)
"""Steps that a person can choose between."""


def time_words(seconds: float) -> str:
    """A time as a person says it: "40 s", "7 min", "2.1 h"."""
    if seconds < 100:
        return f"{max(seconds, 1):.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"


@dataclass(frozen=True, slots=True)
class TaskFrames:
    """Labelled frames of one task: learned from, held out, and of how many patients or clips."""

    learn: int
    held_out: int
    groups: int


@dataclass(frozen=True, slots=True)
class TuningPlan:
    """What a fine-tune would learn from.

    Attributes:
        store: Folder of the frames.
        model: Folder of the model that it starts from, and what it is called.
        name: Free for the new model.
        tasks: Frames by task id.
        seconds_a_step: On this machine, now.
        notes: What was left out, and what makes the figures worth less.
    """

    store: Path
    model: Path
    model_name: str
    name: str
    tasks: Mapping[str, TaskFrames]
    seconds_a_step: float
    notes: tuple[str, ...] = ()

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> TuningPlan:
        """Reads what `sonichu train finetune --plan --json` prints."""
        return cls(
            Path(document["store"]),
            Path(document["model"]["folder"]),
            document["model"]["name"],
            document["name"],
            {task: TaskFrames(**counts) for task, counts in document["tasks"].items()},
            document["seconds"] / document["steps"],
            (*document["left_out"], *document["warnings"]),
        )


@dataclass(frozen=True, slots=True)
class TuningChoice:
    """A fine-tune as asked for."""

    store: Path
    model: Path
    tasks: tuple[str, ...]
    name: str
    steps: int

    @property
    def arguments(self) -> list[str]:
        """Of the command."""
        tasks = [word for task in self.tasks for word in ("--task", task)]
        return [
            *("--store", str(self.store), "--model", str(self.model), *tasks),
            *("--name", self.name, "--steps", str(self.steps)),
        ]


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors on some frames of a task, before and after.

    Attributes:
        task_id: The task.
        frames: How many there are.
        pixels: Mean radial error, before and after.
        measure: The task's first measure, or empty.
        unit: Its unit.
        values: Its mean error, before and after; None without a measure.
    """

    task_id: str
    frames: int
    pixels: tuple[float, float]
    measure: str = ""
    unit: str = ""
    values: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class TuningResult:
    """What a fine-tune made.

    Attributes:
        name: Of the new model.
        folder: Where it is.
        tasks: What it learned.
        held_out: Errors on the person's frames that it did not learn from.
        rest: Errors on phantoms.
        is_better: Whether it is on the held-out frames.
        notes: What was left out, and what makes the figures worth less.
    """

    name: str
    folder: Path
    tasks: tuple[str, ...]
    held_out: tuple[Errors, ...]
    rest: tuple[Errors, ...]
    is_better: bool
    notes: tuple[str, ...] = ()

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> TuningResult:
        """Reads what `sonichu train finetune --json` prints."""
        return cls(
            document["model"]["name"],
            Path(document["model"]["folder"]),
            tuple(document["tasks"]),
            _errors(document["held_out"]),
            _errors(document["rest"]),
            document["improved"],
            (*document["left_out"], *document["warnings"]),
        )


def _errors(section: Mapping[str, Any]) -> tuple[Errors, ...]:
    return tuple(_of_task(task, told) for task, told in section.items())


def _of_task(task_id: str, told: Mapping[str, Any]) -> Errors:
    pixels = told["mre_px"]["before"], told["mre_px"]["after"]
    measure = next(iter(told["measures"].items()), None)
    if measure is None:
        return Errors(task_id, told["n"], pixels)
    name, one = measure
    return Errors(task_id, told["n"], pixels, name, one["unit"], (one["before"], one["after"]))
