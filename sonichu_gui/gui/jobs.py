"""The only maker of threads.

Work is a plain function `work(is_cancelled, report) -> result` that knows no Qt. It runs in a lane
(`MODEL`: one thread, so that two engines never fight for the cores; `READING`: a few) and its
result comes home by one queued signal. A later job with the same key supersedes an earlier one:
the earlier is told to stop and its result is dropped.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

log = logging.getLogger(__name__)

IsCancelled = Callable[[], bool]
Report = Callable[[float, str], None]
Work = Callable[[IsCancelled, Report], Any]


class Lane(Enum):
    """Where a job runs."""

    MODEL = "model"
    READING = "reading"
    THUMBNAILS = "thumbnails"
    MODEL_FILES = "model-files"


THREADS = {Lane.MODEL: 1, Lane.READING: 2, Lane.THUMBNAILS: 1, Lane.MODEL_FILES: 1}
"""Small pictures have a thread of their own, so that they never stand before the frame; so has the
fetching and copying of models, which may take minutes."""


@dataclass(eq=False, slots=True)
class Job:
    """One piece of work under way.

    Attributes:
        key: Jobs of one key supersede each other.
        text: What the person reads in the status bar; empty keeps it silent.
        progress: 0 to 1, or -1 while unknown.
        started: `time.monotonic()` at submission.
    """

    number: int
    key: str
    text: str
    done: Callable[[Any], None]
    failed: Callable[[BaseException], None]
    progress: float = -1.0
    started: float = field(default_factory=time.monotonic)
    _cancelled: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Asks the work to stop; its result will be dropped."""
        self._cancelled.set()

    def is_cancelled(self) -> bool:
        """Whether the work was asked to stop."""
        return self._cancelled.is_set()


class JobRunner(QObject):
    """Runs jobs and brings their results to the GUI thread.

    Signals:
        jobs_changed: A job was added, has progressed or has ended; payload: tuple of running Jobs.
    """

    jobs_changed = Signal(object)  # tuple[Job, ...]
    _ended = Signal(object, object, object)  # Job, result, BaseException | None
    _reported = Signal(object, float, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._numbers = count()
        self._jobs: dict[int, Job] = {}
        self._pools = {
            lane: ThreadPoolExecutor(THREADS[lane], thread_name_prefix=f"sonichu-{lane.value}")
            for lane in Lane
        }
        self._closed = False
        self._ended.connect(self._bring_home, Qt.ConnectionType.QueuedConnection)
        self._reported.connect(self._note_progress, Qt.ConnectionType.QueuedConnection)

    @property
    def running(self) -> tuple[Job, ...]:
        """Jobs that have not come home and were not cancelled."""
        return tuple(job for job in self._jobs.values() if not job.is_cancelled())

    def submit(
        self,
        lane: Lane,
        work: Work,
        *,
        key: str,
        done: Callable[[Any], None],
        failed: Callable[[BaseException], None],
        text: str = "",
    ) -> Job:
        """Starts work in a lane and supersedes earlier jobs of the same key.

        Args:
            lane: Where it runs.
            work: The function; called as `work(is_cancelled, report)`.
            key: Identity for superseding.
            done: Called on the GUI thread with the result.
            failed: Called on the GUI thread with the exception.
            text: What the status bar says; empty for silent work.
        """
        self.cancel(key)
        job = Job(next(self._numbers), key, text, done, failed)
        self._jobs[job.number] = job
        if self._closed:
            job.cancel()
            return job
        self._pools[lane].submit(self._run, job, work)
        self._announce()
        return job

    def cancel(self, key: str) -> None:
        """Cancels every job of a key."""
        for job in self._jobs.values():
            if job.key == key:
                job.cancel()
        self._announce()

    def close(self) -> None:
        """Cancels everything and waits for the threads to end; nothing comes home afterwards."""
        self._closed = True
        for job in self._jobs.values():
            job.cancel()
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)
        self._jobs.clear()

    def _run(self, job: Job, work: Work) -> None:
        """Worker side: the one place where any failure is caught, to be told at home."""
        if job.is_cancelled():
            self._send(job, None, None)
            return

        def report(progress: float, text: str = "") -> None:
            if not self._closed:
                self._reported.emit(job, progress, text)

        try:
            result = work(job.is_cancelled, report)
        except BaseException as error:  # noqa: BLE001 - the worker boundary: nothing may be lost
            self._send(job, None, error)
        else:
            self._send(job, result, None)

    def _send(self, job: Job, result: object, error: BaseException | None) -> None:
        if not self._closed:
            self._ended.emit(job, result, error)

    @Slot(object, object, object)
    def _bring_home(self, job: Job, result: object, error: BaseException | None) -> None:
        self._jobs.pop(job.number, None)
        self._announce()
        if job.is_cancelled() or self._closed:
            return
        if error is None:
            job.done(result)
        else:
            log.info("job %s failed", job.key, exc_info=error)
            job.failed(error)

    @Slot(object, float, str)
    def _note_progress(self, job: Job, progress: float, text: str) -> None:
        job.progress = progress
        if text:
            job.text = text
        self._announce()

    def _announce(self) -> None:
        if not self._closed:
            self.jobs_changed.emit(self.running)
