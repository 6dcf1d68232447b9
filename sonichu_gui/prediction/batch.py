"""Predicts many frames, one after another, each kept in the label store as soon as it is done.

What is in the store is never done again: a run that was stopped, killed or cut off by the power
goes on where it was. Frames that a person has labelled are left alone. A file that cannot be read
is told of and passed over; a store that cannot be written ends the run, since what follows would
be lost.

The work is a generator. It may be left between any two of its steps and be taken up again, which
lets whoever drives it run something more urgent meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from sonichu_gui.domain.annotation import proposed_annotation
from sonichu_gui.domain.frame import FrameRef
from sonichu_gui.errors import FrameError, ModelError, SonichuError
from sonichu_gui.labels.revision import RevisionKind
from sonichu_gui.prediction.api import PredictionCancelled, never_cancelled

if TYPE_CHECKING:
    from pathlib import Path

    from sonichu_gui.domain.annotation import Annotation, ModelId
    from sonichu_gui.domain.task import Task
    from sonichu_gui.imaging.sources import FrameSource
    from sonichu_gui.labels.few_stores import FewStores
    from sonichu_gui.labels.revision import Standing, StoredFile
    from sonichu_gui.prediction.api import Prediction, Predictor

_Answer = TypeVar("_Answer")

__all__ = ["BatchPlan", "Done", "FrameOutcome", "predict_frames", "reason_to_skip", "unhurried"]

FAILURES_RUNNING = 5
"""Frames on which the model may fail one after another before nothing more is to be hoped for."""


class Done(Enum):
    """What came of one task on one frame."""

    PREDICTED = "predicted"
    LABELLED = "labelled"  # a person has a say in it
    KNOWN = "known"  # this very model has said the same before
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """What is to be predicted.

    Attributes:
        paths: The files, in order.
        tasks: The tasks.
        frame: Index of the frame of each file, or None for every frame.
        tta: Whether to average in the mirrored frame.
        rater: Pseudonym of who lets the model predict, kept with every prediction.
    """

    paths: Sequence[Path]
    tasks: Sequence[Task]
    frame: int | None
    tta: bool
    rater: str


@dataclass(frozen=True, slots=True)
class FrameOutcome:
    """What came of one frame, or of a file that could not be opened.

    Attributes:
        path: The file.
        index: Of the frame in it.
        file_number: Place of the file among all, from 1.
        frames: How many frames of this file are in the plan.
        tasks: What came of each task, by its id.
        reason: Why it failed; empty when it did not.
        predictions: What the model said, as it was kept.
    """

    path: Path
    index: int
    file_number: int
    frames: int
    tasks: dict[str, Done]
    reason: str = ""
    predictions: tuple[Prediction, ...] = ()

    @property
    def was_work(self) -> bool:
        """Whether the model has run for it, which takes its time; leaving out takes none."""
        return Done.PREDICTED in self.tasks.values()


def reason_to_skip(standing: Standing, *, model: ModelId, tta: bool) -> Done | None:
    """Tells why a task of a frame is not to be predicted again, or None.

    Whether the mirrored frame was averaged in shows by the disagreement that only two views have.
    """
    if standing.is_human:
        return Done.LABELLED
    said = standing.prediction.annotation if standing.prediction else None
    if said is None or said.model is None or said.model.hash != model.hash:
        return None
    return Done.KNOWN if _has_two_views(said) is tta else None


def unhurried(
    ask: Callable[[], _Answer], is_interrupted: Callable[[], bool]
) -> Generator[None, None, _Answer]:
    """Asks the model when there is leave to: steps aside while there is none, and begins anew.

    Args:
        ask: Raises `PredictionCancelled` once `is_interrupted` says so.
        is_interrupted: Whether something more urgent waits, or nobody wants it any more.
    """
    while True:
        if not is_interrupted():
            try:
                return ask()
            except PredictionCancelled:
                pass
        yield


def predict_frames(
    plan: BatchPlan,
    predictor_for: Callable[[Task], Predictor],
    *,
    open_source: Callable[[Path], FrameSource],
    is_interrupted: Callable[[], bool] = never_cancelled,
) -> Generator[FrameOutcome | None, None, None]:
    """Predicts the frames of a plan and keeps what the model says in the label stores.

    Args:
        plan: Which frames and tasks.
        predictor_for: Gives the model that serves a task, loaded; slow the first time.
        open_source: Opens a file.
        is_interrupted: Whether to stop at once; the frame in work begins anew when driven on.

    Yields:
        What came of each frame, in order; None where it stepped aside.

    Raises:
        ModelError: A model cannot be loaded, or fails again and again.
        StoreError: A label store is refused, full, locked or gone. What was told of is kept.
    """
    from sonichu_gui.labels.few_stores import FewStores

    predictors = {task.id: predictor_for(task) for task in plan.tasks}
    with closing(FewStores()) as stores:
        models = {task: predictor.model for task, predictor in predictors.items()}
        run = _Run(plan, predictors, models, stores, is_interrupted)
        for number, path in enumerate(plan.paths, start=1):
            store = stores.existing(path.parent)
            file = _File(path, number, store.known_file(path) if store else None, open_source)
            try:
                yield from run.file(file)
            finally:
                file.close()


@dataclass(slots=True)
class _File:
    """A file in work: what a store remembers of it needs no opening."""

    path: Path
    number: int
    known: StoredFile | None
    open_source: Callable[[Path], FrameSource]
    _opened: FrameSource | None = None

    @property
    def source(self) -> FrameSource:
        """The open file.

        Raises:
            FrameError: It cannot be opened.
        """
        if self._opened is None:
            self._opened = self.open_source(self.path)
        return self._opened

    @property
    def digest(self) -> str:
        return self.known.digest if self.known else self.source.digest

    @property
    def frame_count(self) -> int:
        return self.known.frame_count if self.known else self.source.frame_count

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()


@dataclass(slots=True)
class _Run:
    """A plan being carried out."""

    plan: BatchPlan
    predictors: dict[str, Predictor]
    models: dict[str, ModelId]
    stores: FewStores
    is_interrupted: Callable[[], bool]
    _failed_running: int = field(default=0)

    def file(self, file: _File) -> Generator[FrameOutcome | None, None, None]:
        """Goes through the frames of a file."""
        only = self.plan.frame
        try:
            count = file.frame_count
        except FrameError as error:
            failed = dict.fromkeys((task.id for task in self.plan.tasks), Done.FAILED)
            yield FrameOutcome(file.path, only or 0, file.number, 1, failed, str(error))
            return
        indices = range(count) if only is None else range(only, only + 1)
        for index in indices:
            yield (yield from self._frame(file, index, of=len(indices)))

    def _frame(self, file: _File, index: int, *, of: int) -> Generator[None, None, FrameOutcome]:
        """Predicts what is to be predicted of a frame, and gives what came of it."""
        done = self._skipped(file, index)
        wanted = [task for task in self.plan.tasks if task.id not in done]
        found: tuple[Prediction, ...] = ()
        came_to, reason = Done.PREDICTED, ""
        try:
            if wanted:
                found = yield from self._predictions(file, index, wanted)
        except (FrameError, ModelError) as error:
            self._note_failure(error)
            came_to, reason = Done.FAILED, str(error)
        if found:
            self._failed_running = 0
            self._keep(file, wanted, found)
        tasks = done | dict.fromkeys((task.id for task in wanted), came_to)
        return FrameOutcome(file.path, index, file.number, of, tasks, reason, found)

    def _skipped(self, file: _File, index: int) -> dict[str, Done]:
        store = self.stores.existing(file.path.parent)
        if store is None:
            return {}
        ref = FrameRef(file.digest, index)
        reasons = {
            task.id: reason_to_skip(
                store.standing(ref, task.id),
                model=self.models[task.id],
                tta=self.plan.tta,
            )
            for task in self.plan.tasks
        }
        return {task_id: reason for task_id, reason in reasons.items() if reason is not None}

    def _predictions(
        self, file: _File, index: int, tasks: Sequence[Task]
    ) -> Generator[None, None, tuple[Prediction, ...]]:
        frame = file.source.frame(index)
        found = []
        for task in tasks:
            predict = partial(
                self.predictors[task.id].predict,
                frame,
                task,
                tta=self.plan.tta,
                is_cancelled=self.is_interrupted,
            )
            found.append((yield from unhurried(predict, self.is_interrupted)))
        return tuple(found)

    def _keep(self, file: _File, tasks: Sequence[Task], found: Sequence[Prediction]) -> None:
        """Writes the predictions of a frame, all or none of them."""
        store, source = self.stores.made(file.path.parent), file.source
        with store.batch():
            store.remember_file(
                digest=source.digest,
                path=file.path,
                width=source.width,
                height=source.height,
                frame_count=source.frame_count,
                format=source.format,
            )
            for task, prediction in zip(tasks, found, strict=True):
                annotation = proposed_annotation(task, prediction.keypoints, prediction.model)
                store.append(
                    prediction.frame,
                    annotation,
                    rater=self.plan.rater,
                    kind=RevisionKind.PREDICTION,
                )

    def _note_failure(self, error: SonichuError) -> None:
        """Ends the run when it is the model that fails, and not now and then.

        Raises:
            ModelError: The given one.
        """
        if isinstance(error, ModelError):
            self._failed_running += 1
            if self._failed_running >= FAILURES_RUNNING:
                raise error


def _has_two_views(annotation: Annotation) -> bool:
    return any(point and point.disagreement is not None for point in annotation.keypoints)
