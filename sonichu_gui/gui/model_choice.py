"""Which model a person wants for which task, as a value; how it is written in the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A choice of models; None stands for the model that comes with the app.

    Attributes:
        active: Folder of the model of every task that has none of its own.
        by_task: Folders of models for single tasks, by task id.
    """

    active: Path | None = None
    by_task: Mapping[str, Path | None] = field(default_factory=dict)

    @classmethod
    def parsed(cls, active: str, rows: Sequence[str]) -> ModelChoice:
        """Reads the settings `model` and `task_models`."""
        pairs = (row.partition("=") for row in rows)
        return cls(_path(active), {task: _path(folder) for task, _, folder in pairs})

    @property
    def active_text(self) -> str:
        """The setting `model`."""
        return _text(self.active)

    @property
    def rows(self) -> list[str]:
        """The setting `task_models`."""
        return [f"{task}={_text(folder)}" for task, folder in sorted(self.by_task.items())]

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder that is named, each once."""
        named = (self.active, *self.by_task.values())
        return tuple(dict.fromkeys(folder for folder in named if folder is not None))

    def folder_for(self, task_id: str) -> Path | None:
        """Gives the folder of a task's model."""
        return self.by_task.get(task_id, self.active)

    def for_all(self, folder: Path | None) -> ModelChoice:
        """Gives the choice of one model for every task."""
        return ModelChoice(folder)

    def for_task(self, task_id: str, folder: Path | None) -> ModelChoice:
        """Gives the choice with another model for one task; the active one needs no row."""
        others = {task: other for task, other in self.by_task.items() if task != task_id}
        return replace(
            self, by_task=others if folder == self.active else {**others, task_id: folder}
        )

    def without(self, folder: Path) -> ModelChoice:
        """Gives the choice after a model is gone: its tasks go back to the active one."""
        active = None if self.active == folder else self.active
        kept = {task: other for task, other in self.by_task.items() if other != folder}
        return ModelChoice(active, {task: other for task, other in kept.items() if other != active})


@dataclass(frozen=True, slots=True)
class Serving:
    """Which model serves which task now; what is missing was left out.

    Attributes:
        active: Folder of the model of every task that has none of its own; None without any model.
        by_task: Folders of the tasks that have a model of their own, by task id.
    """

    active: Path | None = None
    by_task: Mapping[str, Path] = field(default_factory=dict)

    def folder_for(self, task_id: str) -> Path | None:
        """Gives the folder of a task's model."""
        return self.by_task.get(task_id, self.active)

    def own_tasks(self, folder: Path) -> list[str]:
        """Gives the tasks that a model serves by a choice of their own."""
        return [task for task, other in self.by_task.items() if other == folder]


def _path(text: str) -> Path | None:
    return Path(text) if text else None


def _text(folder: Path | None) -> str:
    return "" if folder is None else str(folder)
