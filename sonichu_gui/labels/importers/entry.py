"""What every reader makes of a label file: entries, and rows it could not read, with the reason."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from sonichu_gui.errors import ImportRejected

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sonichu_gui.domain.annotation import Keypoint
    from sonichu_gui.domain.calibration import Point
    from sonichu_gui.domain.task import Task

__all__ = [
    "TASK_SPELLINGS",
    "LabelEntry",
    "RowError",
    "SkippedRow",
    "finite_pair",
    "positive_number",
    "read_json",
    "task_of",
]

TASK_SPELLINGS = {"psak": "psax"}
"""Other spellings of a task's id in the challenge's raw files and folders, without capitals."""


class RowError(ValueError):
    """A row that cannot be imported; its text is the reason for the user."""


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row that was not imported, and why.

    Attributes:
        row: As the person finds it: the line number of a spreadsheet with the header as line 1,
            or the position in a list, from 1.
        reason: In words.
    """

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class LabelEntry:
    """One label as a file states it.

    Attributes:
        row: As for `SkippedRow`.
        image: What the file calls the frame.
        task_id: The task.
        keypoints: One slot a keypoint of the task in image pixels; empty when only `fractions` are
            stated.
        fractions: (x / width, y / height) of every keypoint, where stated.
        size: (width, height) of the image in pixels as the file states it.
        mm_per_px: Size of a pixel as the file states it.
        extras: Further columns worth keeping.
        note: What the reader put right, in words; empty where nothing was wrong.
    """

    row: int
    image: str
    task_id: str
    keypoints: tuple[Keypoint | None, ...]
    fractions: tuple[Point, ...] | None = None
    size: tuple[int, int] | None = None
    mm_per_px: float | None = None
    extras: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


ReadRow: TypeAlias = LabelEntry | SkippedRow


def task_of(text: object, tasks: Mapping[str, Task]) -> Task:
    """Gives the task that a file names, whatever its capitals.

    Raises:
        RowError: There is none.
    """
    if isinstance(text, str):
        by_name = {task.id.casefold(): task for task in tasks.values()}
        wanted = text.strip().casefold()
        found = by_name.get(wanted) or by_name.get(TASK_SPELLINGS.get(wanted, ""))
        if found is not None:
            return found
    raise RowError(f"unknown task {text!r}")


def finite_pair(value: object, what: str) -> Point:
    """Gives (x, y) of a two-number list.

    Raises:
        RowError: It is something else.
    """
    if isinstance(value, list | tuple) and len(value) == 2 and all(map(_is_finite, value)):
        return float(value[0]), float(value[1])
    raise RowError(f"{what} is {value!r}, not two numbers")


def positive_number(value: object, what: str) -> float | None:
    """Gives a JSON number above 0, or None for null or nothing.

    Raises:
        RowError: It is something else.
    """
    if value is None:
        return None
    if not isinstance(value, int | float) or not _is_finite(value) or value <= 0:
        raise RowError(f"{what} is {value!r}, not a positive number")
    return float(value)


def read_json(file: Path) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Gives the contents of a JSON file.

    Raises:
        ImportRejected: It cannot be read or is no JSON.
    """
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ImportRejected(
            f"{file} cannot be read as JSON: {error}.", "Choose another file or format."
        ) from error


def _is_finite(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer of hundreds of digits
        return False
