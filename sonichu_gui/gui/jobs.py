"""The only maker of threads.

Work is a plain function `work(is_cancelled, report) -> result` that knows no Qt. It runs in a lane
(`MODEL`: one thread, so that two engines never fight for the cores; `READING`: a few) and its
result comes home by one queued signal. A later job with the same key supersedes an earlier one:
the earlier is told to stop and its result is dropped.

In a lane the most urgent job goes first. Work that is a generator makes room for it: while a more
urgent job waits its `is_cancelled` says so, and once it yields it is put aside, to go on from
there afterwards.
"""

from __future__ import annotations

import logging
from enum import Enum
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from sonichu_gui.errors import SonichuError
from sonichu_gui.gui.job import IsCancelled, Job, Report, Steps, Urgency, WaitingJobs, Work
from sonichu_gui.gui.lane_threads import LaneThreads

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

__all__ = [
    "IsCancelled",
    "Job",
    "JobRunner",
    "Lane",
    "Report",
    "Steps",
    "Urgency",
    "Work",
]

log = logging.getLogger(__name__)


class Lane(Enum):
    """Where a job runs."""

    MODEL = "model"
    READING = "reading"
    FOLDERS = "folders"
    THUMBNAILS = "thumbnails"
    LOOKING = "looking"
    MODEL_FILES = "model-files"
    PROGRAM = "program"


THREADS = {
    Lane.MODEL: 1,
    Lane.READING: 2,
    Lane.FOLDERS: 2,
    Lane.THUMBNAILS: 1,
    Lane.LOOKING: 1,
    Lane.MODEL_FILES: 1,
    Lane.PROGRAM: 1,
}
"""Folders are listed apart from the frames that are read, two at once: the look at a drive that is
lost may take minutes to fail. Small pictures have a thread of their own, so that they never stand
before the frame; so has what is looked for in a frame that is shown already, its ruler or its scan
area; so has the fetching and copying of models, which may take minutes, and the waiting for a
program of its own."""


NICE = {Lane.MODEL: 10, Lane.LOOKING: 10}
"""How far a lane's threads, and those that they start, stand back for the window's own: with a
ViT-B at work on two cores, nearly every mouse event is then answered before the next one."""

CLOSING_S = {Lane.FOLDERS: 0.5, Lane.THUMBNAILS: 0.5}
"""How long the end waits for lanes that only look: their drive may never answer. Others write, or
are at work in a library that must not be cut off: they hear that they are cancelled, and end."""

_MADE_ROOM = object()


class JobRunner(QObject):
    """Runs jobs and brings their results to the GUI thread.

    Signals:
        jobs_changed: A job was added, has progressed or has ended; payload: tuple of running Jobs.
    """

    jobs_changed = Signal(object)  # tuple[Job, ...]
    _ended = Signal(object, object, object)  # Job, result, BaseException | None
    _stepped = Signal(object, object)  # Job, what was yielded
    _reported = Signal(object, float, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._numbers = count()
        self._jobs: dict[int, Job] = {}
        self._threads = {
            lane: LaneThreads(
                f"sonichu-{lane.value}",
                THREADS[lane],
                take_turn=partial(self._take_turn, lane),
                nice=NICE.get(lane, 0),
            )
            for lane in Lane
        }
        self._waiting = {lane: WaitingJobs() for lane in Lane}
        self._closed = False
        self._stepped.connect(self._take_step, Qt.ConnectionType.QueuedConnection)
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
        urgency: Urgency = Urgency.ASKED,
    ) -> Job:
        """Starts work in a lane and supersedes earlier jobs of the same key.

        Args:
            lane: Where it runs.
            work: The function; called as `work(is_cancelled, report)`.
            key: Identity for superseding.
            done: Called on the GUI thread with the result.
            failed: Called on the GUI thread with the exception.
            text: What the status bar says; empty for silent work.
            urgency: Which job of the lane goes first.
        """
        job = Job(next(self._numbers), key, text, work, done, failed, urgency=urgency)
        return self._start(lane, job)

    def submit_steps(
        self,
        lane: Lane,
        work: Steps,
        *,
        key: str,
        stepped: Callable[[Any], None],
        done: Callable[[Any], None],
        failed: Callable[[BaseException], None],
        urgency: Urgency,
        text: str = "",
    ) -> Job:
        """Starts work that makes room for more urgent jobs of its lane.

        Args:
            lane: Where it runs.
            work: A generator function; called as `work(is_cancelled, report)`. `is_cancelled` also
                says yes while a more urgent job waits: it then yields, at once, and is driven on
                afterwards.
            key: Identity for superseding.
            stepped: Called on the GUI thread with each thing yielded but None, also by work that
                was stopped meanwhile: a step is a result of its own.
            done: Called on the GUI thread with what the generator returns.
            failed: Called on the GUI thread with the exception.
            urgency: Which job of the lane goes first.
            text: What the status bar says; empty for silent work.
        """
        number = next(self._numbers)
        return self._start(lane, Job(number, key, text, work, done, failed, stepped, urgency))

    def follow(
        self,
        future: Future[Any],
        *,
        key: str,
        done: Callable[[Any], None],
        failed: Callable[[BaseException], None],
        text: str = "",
    ) -> Job:
        """Brings home what threads of another package come to, as if it were a job.

        Args:
            future: What is to come. One that was taken back comes to nothing.
            key: Identity for superseding; cancelling drops the result alone, and whoever gave the
                future ends its work.
            done: Called on the GUI thread with the result.
            failed: Called on the GUI thread with the exception.
            text: What the status bar says; empty for silent work.
        """
        job = Job(next(self._numbers), key, text, _done_elsewhere, done, failed)
        if self._enter(job):
            future.add_done_callback(partial(self._send_answer, job))
            self._announce()
        return job

    def _start(self, lane: Lane, job: Job) -> Job:
        if self._enter(job):
            self._queue(lane, job)
            self._announce()
        return job

    def _enter(self, job: Job) -> bool:
        """Lists a job in place of the earlier ones of its key; False once closed."""
        self.cancel(job.key)
        self._jobs[job.number] = job
        if self._closed:
            job.cancel()
        return not self._closed

    def cancel(self, key: str) -> None:
        """Cancels every job of a key."""
        for job in self._jobs.values():
            if job.key == key:
                job.cancel()
        self._announce()

    def close(self) -> None:
        """Cancels everything and waits for the threads to end; nothing comes home afterwards.

        A drive that does not answer is not waited for.
        """
        self._closed = True
        for job in self._jobs.values():
            job.cancel()
        for threads in self._threads.values():
            threads.stop()
        for lane, threads in self._threads.items():
            threads.join(CLOSING_S.get(lane))
        for waiting in self._waiting.values():
            for job in waiting.empty():
                if job.steps is not None:
                    job.steps.close()
        self._jobs.clear()

    # ---- on a worker thread ----------------------------------------------------------------

    def _queue(self, lane: Lane, job: Job) -> None:
        """Lets a job wait; every one that waits has a turn of a thread ordered for it."""
        self._waiting[lane].put(job)
        if not self._threads[lane].order():  # closing: what waits is dropped
            job.cancel()

    def _take_turn(self, lane: Lane) -> None:
        """The one place where any failure is caught, to be told at home."""
        job = self._waiting[lane].take()
        try:
            result = self._run(lane, job)
        except BaseException as error:  # noqa: BLE001 - the worker boundary: nothing may be lost
            self._send(job, None, error)
            return
        if result is _MADE_ROOM:
            self._queue(lane, job)
        else:
            self._send(job, result, None)

    def _run(self, lane: Lane, job: Job) -> object:
        """Runs a job, or drives it on; gives its result, or `_MADE_ROOM`."""
        waiting, report = self._waiting[lane], partial(self._report, job)
        if job.stepped is None:
            return None if job.is_cancelled() else job.work(job.is_cancelled, report)

        def is_interrupted() -> bool:
            return job.is_cancelled() or waiting.is_more_urgent_than(job)

        if job.steps is None:
            job.steps = job.work(is_interrupted, report)
        while not is_interrupted():
            try:
                step = next(job.steps)
            except StopIteration as end:
                return end.value
            if step is not None and not self._closed:
                self._stepped.emit(job, step)
        if not job.is_cancelled():
            return _MADE_ROOM
        job.steps.close()
        return None

    def _report(self, job: Job, progress: float, text: str = "") -> None:
        if not self._closed:
            self._reported.emit(job, progress, text)

    def _send(self, job: Job, result: object, error: BaseException | None) -> None:
        if not self._closed:
            self._ended.emit(job, result, error)

    def _send_answer(self, job: Job, future: Future[Any]) -> None:
        """Called on whichever thread has answered a future, or taken it back."""
        if future.cancelled():
            job.cancel()
            self._send(job, None, None)
        elif (error := future.exception()) is not None:
            self._send(job, None, error)
        else:
            self._send(job, future.result(), None)

    # ---- back on the GUI thread --------------------------------------------------------------

    @Slot(object, object)
    def _take_step(self, job: Job, step: object) -> None:
        if job.stepped is not None and not self._closed:
            job.stepped(step)

    @Slot(object, object, object)
    def _bring_home(self, job: Job, result: object, error: BaseException | None) -> None:
        self._jobs.pop(job.number, None)
        self._announce()
        if job.is_cancelled() or self._closed:
            return
        if error is None:
            job.done(result)
        else:
            _log_failure(job, error)
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


def _log_failure(job: Job, error: BaseException) -> None:
    """Notes a failure; of an expected one its kind alone: the person has read which file it was."""
    kind = job.key.partition(" ")[0]  # what follows may be a path, and names a patient perhaps
    if isinstance(error, SonichuError):
        log.info("job %s failed: %s", kind, type(error).__name__)
    else:
        log.info("job %s failed", kind, exc_info=error)


def _done_elsewhere(_is_cancelled: IsCancelled, _report: Report) -> None:
    """What the runner itself has to do for a future: nothing."""
