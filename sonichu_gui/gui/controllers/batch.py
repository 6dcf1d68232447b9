"""Predicts many frames in the background; each is in the label store as soon as it is done.

It steps aside whenever a person asks the model for something, and goes on afterwards. Stopped, or
cut off by a closed window, it goes on where it was the next time it is asked for.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sonichu_gui.errors import SonichuError, UntrainedHead
from sonichu_gui.gui.batch_choice import BatchChoice, Frames
from sonichu_gui.gui.jobs import IsCancelled, Job, JobRunner, Lane, Report, Urgency
from sonichu_gui.gui.place import Place
from sonichu_gui.prediction.batch import BatchPlan, Done, FrameOutcome, predict_frames
from sonichu_gui.prediction.tally import Tally
from sonichu_gui.tasks import load_tasks

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from sonichu_gui.domain.task import Task
    from sonichu_gui.gui.controllers.predicting import PredictController
    from sonichu_gui.gui.controllers.serving import Engine
    from sonichu_gui.gui.document import Document

KEY = "batch"
REASONS_SHOWN = 2

log = logging.getLogger(__name__)


class BatchController(QObject):
    """Predicts all that was asked for.

    Args:
        document: Whose study.
        jobs: Who runs the model.
        predicting: Knows which model answers, and how.
    """

    told = Signal(str, str)  # what came of it, what to do next
    troubled = Signal(str, str)  # the same, where something went wrong

    def __init__(self, document: Document, jobs: JobRunner, predicting: PredictController) -> None:
        super().__init__(document)
        self._document = document
        self._jobs = jobs
        self._predicting = predicting
        self._job: Job | None = None
        self._tally: Tally | None = None
        jobs.jobs_changed.connect(self._follow)

    def tasks_with_a_head(self) -> list[Task]:
        """Gives the tasks for which a model answers."""
        return [task for task in load_tasks().values() if self._predicting.answers(task)]

    def start(self, choice: BatchChoice) -> None:
        """Predicts; a batch under way makes room, what it has done stays."""
        tasks = self.tasks_with_a_head() if choice.all_tasks else [self._document.task]
        engines = {task.id: self._predicting.engine_for(task) for task in tasks}
        found = {task_id: engine for task_id, engine in engines.items() if engine is not None}
        paths = self._paths(choice.frames)
        if not tasks or len(found) < len(tasks):
            self._document.failed.emit(
                UntrainedHead("The model has no trained head for this.", "Choose another model.")
            )
            return
        if not paths:
            self._document.noted.emit(self.tr("Open a frame first"))
            return
        frame = 0 if choice.frames is Frames.FIRST_OF_FILES else None
        plan = BatchPlan(paths, tasks, frame, self._predicting.tta, self._document.rater)
        self._run(plan, found)

    def _paths(self, frames: Frames) -> Sequence[Path]:
        if frames is Frames.THIS_CINE:
            return [self._document.path] if self._document.path else []
        return self._document.study.paths

    def _run(self, plan: BatchPlan, engines: Mapping[str, Engine]) -> None:
        tally = Tally(plan)

        def work(
            is_interrupted: IsCancelled, report: Report
        ) -> Generator[FrameOutcome | None, None, Tally]:
            from sonichu_gui.imaging.sources import open_source

            def loading() -> None:
                report(-1.0, self.tr("Loading the model"))

            for outcome in predict_frames(
                plan,
                lambda task: engines[task.id].ready(loading),
                open_source=open_source,
                is_interrupted=is_interrupted,
            ):
                if outcome is not None:
                    tally.add(outcome)
                    report(tally.progress, self.tr("Predicting {}").format(tally.text))
                yield outcome
            return tally

        self._job = None  # one under way makes room without a word
        self._tally = tally
        self._job = self._jobs.submit_steps(
            Lane.MODEL,
            work,
            key=KEY,
            stepped=self._show,
            done=self._tell,
            failed=self._fail,
            urgency=Urgency.BATCH,
            text=self.tr("Predicting"),
        )

    # ---- what comes of it ------------------------------------------------------------------

    def _show(self, outcome: FrameOutcome) -> None:
        """A frame is done: the list shows it, and the canvas when it is the one in view."""
        if self._job is not None and self._tally is not None and self._tally.frames <= 1:
            self._job.started = time.monotonic()  # how long loading took says nothing of the rest
        if outcome.reason:
            self._log_failure(outcome)
        for prediction in outcome.predictions:
            self._predicting.note(prediction)
            place = Place(outcome.path, prediction.frame, prediction.task_id)
            self._document.proposed.emit(place)
            if place == self._document.place:
                self._document.take_stored()

    def _log_failure(self, outcome: FrameOutcome) -> None:
        """Notes a failure by the file's place in the list: its name may be a patient's."""
        path, paths = outcome.path, self._document.study.paths
        place = paths.index(path) + 1 if path in paths else 0
        reason = outcome.reason
        for name in (str(path), str(path.parent), path.name):
            reason = reason.replace(name, "…")
        log.warning("file %d of the list, frame %d: %s", place, outcome.index + 1, reason)

    def _tell(self, tally: Tally) -> None:
        self._job = None
        text = self.tr("{} predicted").format(tally.count(Done.PREDICTED))
        labelled, known = tally.count(Done.LABELLED), tally.count(Done.KNOWN)
        if labelled:
            text += self.tr(" · {} labelled by a person, left alone").format(labelled)
        if known:
            text += self.tr(" · {} predicted before by this model").format(known)
        if not tally.failures:
            self.told.emit(text, "")
            return
        text += self.tr(" · {} failed").format(len(tally.failures))
        reasons = [failure.reason for failure in tally.failures[:REASONS_SHOWN]]
        if len(tally.failures) > REASONS_SHOWN:
            reasons.append(self.tr("The log tells all of them by their place in the list."))
        self.troubled.emit(text, " ".join(reasons))

    def _fail(self, error: BaseException) -> None:
        self._job = None
        if not isinstance(error, SonichuError):
            self._predicting.tell_failure(error)
            return
        hint = self.tr("What was predicted is kept; Predict all goes on from there.")
        self._document.failed.emit(type(error)(error.message, f"{error.hint} {hint}".strip()))

    def _follow(self, running: tuple[Job, ...]) -> None:
        """Stopped in the status bar, our job is no longer among those that run."""
        if self._job is None or self._tally is None or self._job in running:
            return
        if self._job.is_cancelled():
            self._job = None
            text = self.tr("Stopped after {}").format(self._tally.place)
            self.told.emit(text, self.tr("Predict all goes on from there."))
