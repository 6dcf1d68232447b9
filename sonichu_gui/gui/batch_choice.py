"""What a person chose to predict at once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Frames(Enum):
    """Which frames."""

    THIS_CINE = "cine"
    FIRST_OF_FILES = "first"
    ALL_OF_FILES = "all"


@dataclass(frozen=True, slots=True)
class BatchChoice:
    """A batch as asked for.

    Attributes:
        frames: Which frames.
        all_tasks: Every task with a trained head, or only the one in work.
    """

    frames: Frames
    all_tasks: bool
