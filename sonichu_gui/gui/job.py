"""A job: one piece of work, who waits for it, and its place among those that wait."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

IsCancelled = Callable[[], bool]
Report = Callable[[float, str], None]
Work = Callable[[IsCancelled, Report], Any]
Steps = Callable[[IsCancelled, Report], Generator[Any, None, Any]]
"""Work that yields between its steps."""


class Urgency(IntEnum):
    """Which job of a lane goes first: the one with the smaller number, then the older one."""

    ASKED = 0
    """A person waits for it."""
    SHOWN = 1
    """It explains what is shown, e.g. a heatmap."""
    BATCH = 2
    AHEAD = 3
    """Nobody has asked for it yet."""


@dataclass(eq=False, slots=True)
class Job:
    """One piece of work under way.

    Attributes:
        key: Jobs of one key supersede each other.
        text: What the person reads in the status bar; empty keeps it silent.
        urgency: Which job of a lane goes first.
        steps: Work in steps that has begun.
        stepped: Called on the GUI thread with each thing that work in steps yields.
        progress: 0 to 1, or -1 while unknown.
        started: `time.monotonic()` at submission.
    """

    number: int
    key: str
    text: str
    work: Work
    done: Callable[[Any], None]
    failed: Callable[[BaseException], None]
    stepped: Callable[[Any], None] | None = None
    urgency: Urgency = Urgency.ASKED
    progress: float = -1.0
    started: float = field(default_factory=time.monotonic)
    steps: Generator[Any, None, Any] | None = None
    _cancelled: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Asks the work to stop; its result will be dropped."""
        self._cancelled.set()

    def is_cancelled(self) -> bool:
        """Whether the work was asked to stop."""
        return self._cancelled.is_set()

    def goes_before(self, other: Job) -> bool:
        """Whether it is the more urgent one."""
        return self.urgency < other.urgency

    def __lt__(self, other: Job) -> bool:
        """Orders the jobs that wait for a thread."""
        return (self.urgency, self.number) < (other.urgency, other.number)


class WaitingJobs:
    """The jobs of a lane that wait for a thread; any thread may ask."""

    def __init__(self) -> None:
        self._jobs: list[Job] = []
        self._lock = threading.Lock()

    def put(self, job: Job) -> None:
        """Adds a job."""
        with self._lock:
            heapq.heappush(self._jobs, job)

    def take(self) -> Job:
        """Gives the most urgent one."""
        with self._lock:
            return heapq.heappop(self._jobs)

    def is_more_urgent_than(self, job: Job) -> bool:
        """Whether a job waits that should run instead."""
        with self._lock:
            return any(
                waiting.goes_before(job) and not waiting.is_cancelled() for waiting in self._jobs
            )

    def empty(self) -> list[Job]:
        """Takes all of them out."""
        with self._lock:
            jobs, self._jobs = self._jobs, []
            return jobs
