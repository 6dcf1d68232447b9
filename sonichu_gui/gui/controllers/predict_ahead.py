"""Lets the model work before it is asked, so that a person who comes to a frame finds its points.

While the person looks and edits, the next frames without a label are predicted. What is ready is
taken up when its frame is shown; a frame for which nothing is ready is predicted once the person
stays. The model is never loaded for this alone: it begins with the first prediction that a person
asks for, or when the person switches it on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from sonichu_gui.domain.annotation import proposed_annotation
from sonichu_gui.gui.controllers import predicting as asked
from sonichu_gui.gui.jobs import IsCancelled, JobRunner, Lane, Report, Urgency
from sonichu_gui.prediction.ahead import ReadyPredictions, Wanted, predict_next

if TYPE_CHECKING:
    from collections.abc import Generator

    from sonichu_gui.domain.annotation import ModelId
    from sonichu_gui.gui.controllers.cine import CineController
    from sonichu_gui.gui.controllers.predicting import PredictController
    from sonichu_gui.gui.controllers.serving import Engine
    from sonichu_gui.gui.controllers.study import StudyController
    from sonichu_gui.gui.document import Document
    from sonichu_gui.prediction.api import Prediction

KEY = "predict ahead"
STAY_MS = 150
"""Who goes through the frames faster is looking for one, and waits for none on the way."""


class AheadController(QObject):
    """Predicts what was not asked for yet.

    Args:
        document: Where points go.
        jobs: Who runs the model.
        study: Knows which frames come next.
        predicting: Knows which model answers, and how.
        cine: Nothing is predicted ahead while it plays.
        on: Whether the person wants it.
        frames: How many frames ahead.
    """

    def __init__(
        self,
        document: Document,
        jobs: JobRunner,
        *,
        study: StudyController,
        predicting: PredictController,
        cine: CineController,
        on: bool,
        frames: int,
    ) -> None:
        super().__init__(document)
        self._document = document
        self._jobs = jobs
        self._study = study
        self._predicting = predicting
        self._cine = cine
        self._on = on
        self._frames = frames
        self._awake = False
        self._ready = ReadyPredictions()
        self._stay = QTimer(self, singleShot=True, interval=STAY_MS)
        self._stay.timeout.connect(self._work)
        document.frame_changed.connect(self._arrive)
        document.task_changed.connect(self._begin_anew)
        predicting.choices_changed.connect(self._begin_anew)
        predicting.answered.connect(self._note_answer)
        cine.playing_changed.connect(self._note_playing)

    def set_on(self, on: bool) -> None:
        """Predicts by itself from now on, or only when asked."""
        self._on = self._awake = on
        self._begin_anew()

    # ---- when ------------------------------------------------------------------------------

    def _arrive(self, _: object = None) -> None:
        """Another frame is shown: what is ready is taken up, the rest waits until they stay."""
        if not self._is_wanted():
            self._rest()
            return
        self._take_ready()
        self._stay.start()

    def _begin_anew(self, _: object = None) -> None:
        """What is under way is no longer wanted."""
        self._jobs.cancel(KEY)
        self._arrive()

    def _note_answer(self, well: bool) -> None:
        """A model that fails is left alone until it is asked again."""
        self._awake = well
        self._arrive()

    def _note_playing(self, playing: bool) -> None:
        if playing:
            self._rest()
        else:
            self._arrive()

    def _rest(self) -> None:
        self._stay.stop()
        self._jobs.cancel(KEY)

    def _is_wanted(self) -> bool:
        is_shown = self._document.frame is not None and not self._document.awaits_frame
        return self._on and self._awake and is_shown and not self._cine.is_playing

    # ---- what ------------------------------------------------------------------------------

    def _work(self) -> None:
        """The person stays: first the frame shown, then the next ones."""
        path, frame, task = self._document.path, self._document.frame, self._document.task
        engine = self._predicting.engine_for(task)
        if not self._is_wanted() or engine is None or path is None or frame is None:
            return
        tta = self._predicting.tta
        if not self._predicting.is_asked and not self._document.annotation.is_human:
            text = self.tr("Predicting {}").format(task.title)
            here = Wanted([(path, frame.ref.index)], task, tta, 1)
            self._submit(engine, here, asked.KEY, text)
        if self._frames > 0:
            model = self._model_in_memory()
            ready = self._ready.frames(task.id, model, tta=tta) if model else frozenset()
            ahead = Wanted(self._study.frames_ahead(), task, tta, self._frames, ready)
            self._submit(engine, ahead, KEY)

    def _submit(self, engine: Engine, wanted: Wanted, key: str, text: str = "") -> None:
        def work(
            is_cancelled: IsCancelled, report: Report
        ) -> Generator[Prediction | None, None, None]:
            return predict_next(
                wanted,
                lambda: engine.ready(lambda: None),
                read=self._study.read_frame,
                is_interrupted=is_cancelled,
            )

        self._jobs.submit_steps(
            Lane.MODEL,
            work,
            key=key,
            stepped=self._keep,
            done=lambda _: None,
            failed=self._fail,
            urgency=Urgency.AHEAD if key == KEY else Urgency.ASKED,
            text=text,
        )

    def _keep(self, prediction: Prediction) -> None:
        self._predicting.note(prediction)
        self._ready.put(prediction)
        if self._is_wanted():
            self._take_ready()

    def _take_ready(self) -> None:
        """Puts the points that are ready for the frame shown where nobody has placed any."""
        frame, task = self._document.frame, self._document.task
        model = self._model_in_memory()
        if frame is None or model is None:
            return
        prediction = self._ready.take(frame.ref, task.id, model, tta=self._predicting.tta)
        if prediction is not None:
            annotation = proposed_annotation(task, prediction.keypoints, prediction.model)
            self._document.take_up(prediction, annotation)

    def _model_in_memory(self) -> ModelId | None:
        """Which model answers; nobody knows before it is loaded, which reads all its weights."""
        predictor = self._predicting.loaded_for(self._document.task)
        return predictor.model if predictor else None

    def _fail(self, error: BaseException) -> None:
        self._awake = False
        self._rest()
        self._predicting.tell_failure(error)
