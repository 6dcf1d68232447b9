"""The tasks there are: those that come with the app, then those that the person wrote.

Both are TOML files read by `domain.task.parse_task`. A wrong file among the app's own is an
incomplete installation and stops everything; a wrong file of the person's own must not keep the
others from working, so it becomes a problem that is told beside the tasks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sonichu_gui import paths
from sonichu_gui.domain.task import Task, parse_task
from sonichu_gui.errors import TaskError

__all__ = ["load_tasks", "task_named", "task_problems"]


@dataclass(frozen=True, slots=True)
class _Catalogue:
    """The tasks by id in file order, and what kept files of the person from becoming one."""

    tasks: dict[str, Task]
    problems: tuple[TaskError, ...]


def load_tasks(extra_dir: Path | None = None) -> dict[str, Task]:
    """Gives every usable task by its id: the app's in file-name order, then the person's.

    Files are read once a process; a new task file appears after a restart.

    Args:
        extra_dir: Where the person's task files lie; None means `paths.user_tasks()`.

    Raises:
        TaskError: A task that comes with the app is missing or wrong.
    """
    return dict(_catalogue(extra_dir or paths.user_tasks()).tasks)


def task_problems(extra_dir: Path | None = None) -> tuple[TaskError, ...]:
    """Gives what is wrong with task files of the person's own, one error a file.

    Args:
        extra_dir: As for `load_tasks`.
    """
    return _catalogue(extra_dir or paths.user_tasks()).problems


def task_named(task_id: str) -> Task:
    """Gives the task of an id.

    Raises:
        TaskError: No task has this id; names those that do, and task files that are wrong.
    """
    catalogue = _catalogue(paths.user_tasks())
    if task_id in catalogue.tasks:
        return catalogue.tasks[task_id]
    hint = f"The tasks are {', '.join(catalogue.tasks)}."
    if catalogue.problems:
        hint += " Not usable: " + " ".join(problem.message for problem in catalogue.problems)
    raise TaskError(f"There is no task {task_id!r}.", hint)


@cache
def _catalogue(own: Path) -> _Catalogue:
    folder = paths.resources("tasks")
    tasks: dict[str, Task] = {}
    for path in _files(folder):
        _add(tasks, path)
    if not tasks:
        raise TaskError(f"There is no task in {folder}.", "Install Sonichu again.")
    problems: list[TaskError] = []
    try:
        own_files = _files(own)
    except OSError as error:
        own_files = []
        problems.append(
            TaskError(
                f"The tasks of your own in {own} cannot be read: {error.strerror or error}.",
                "Give yourself the right to read that folder.",
            )
        )
    for path in own_files:
        try:
            _add(tasks, path)
        except TaskError as problem:
            problems.append(problem)
    return _Catalogue(tasks, tuple(problems))


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.toml"), key=lambda path: path.name)


def _add(tasks: dict[str, Task], path: Path) -> None:
    """Adds the task of one file.

    Labels name their task by its id alone: were a file to redefine one, points placed before
    would silently be measured by other rules.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TaskError(
            f"{path} cannot be read: {error}.", "Save it as UTF-8 text that you may read."
        ) from error
    task = parse_task(text, source=str(path))
    if task.id in tasks:
        raise TaskError(
            f"{path} defines the task {task.id!r}, which exists already.", "Give it another id."
        )
    tasks[task.id] = task
