"""How far a batch is, how fast it goes, and what came of it."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from sonichu_gui.prediction.batch import BatchPlan, Done, FrameOutcome

__all__ = ["Failure", "Tally"]

RECENT = 24
"""Frames over which the rate is taken, so that it follows what the machine does now."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A frame or file that could not be predicted.

    Attributes:
        path: The file.
        index: Of the frame.
        reason: What was wrong, and what to do.
    """

    path: Path
    index: int
    reason: str


class Tally:
    """Counts the outcomes of a batch.

    Args:
        plan: What was to be done.

    Attributes:
        failures: What could not be predicted, in order.
        frames: Frames that are done, left out or failed.
    """

    def __init__(self, plan: BatchPlan) -> None:
        self._files = len(plan.paths)
        self._total = None if plan.frame is None else self._files
        self._tasks: Counter[Done] = Counter()
        self._file_number = 0
        self._share_done = self._share_left_out = 0.0
        self._moments: deque[float] = deque([time.monotonic()], maxlen=RECENT)
        self.failures: list[Failure] = []
        self.frames = 0

    def add(self, outcome: FrameOutcome) -> None:
        """Takes what came of one frame."""
        if self._files == 1:
            self._total = outcome.frames
        self._file_number = outcome.file_number
        self.frames += 1
        self._tasks.update(outcome.tasks.values())
        share = 1 / self._files / outcome.frames
        self._share_done += share
        if outcome.was_work:
            self._moments.append(time.monotonic())
        else:
            self._share_left_out += share
            if len(self._moments) == 1:
                self._moments[0] = time.monotonic()
        if outcome.reason:
            self.failures.append(Failure(outcome.path, outcome.index, outcome.reason))

    def count(self, done: Done) -> int:
        """How many tasks of frames came to this."""
        return self._tasks[done]

    @property
    def progress(self) -> float:
        """0 to 1, of what the model has to do: what is left out takes no time."""
        work = 1.0 - self._share_left_out
        return min((self._share_done - self._share_left_out) / work, 1.0) if work > 1e-9 else 1.0

    @property
    def rate(self) -> float | None:
        """Frames a second of late; None before it can be told."""
        took = self._moments[-1] - self._moments[0]
        return (len(self._moments) - 1) / took if took > 0 else None

    @property
    def place(self) -> str:
        """How far it is, e.g. "12 of 400 frames", or "412 frames, file 7 of 60"."""
        if self._total is not None:
            return f"{self.frames} of {self._total} frames"
        return f"{self.frames} frames, file {self._file_number} of {self._files}"

    @property
    def text(self) -> str:
        """How far and how fast, e.g. "12 of 400 frames, 8.3/s"."""
        return self.place if self.rate is None else f"{self.place}, {self.rate:.1f}/s"
