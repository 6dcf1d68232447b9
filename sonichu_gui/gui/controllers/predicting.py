"""Asks the model for points, off the GUI thread, and brings them to where they were asked for.

The model is loaded with the first prediction. A result for a frame or task that is no longer
shown is dropped; a person's points are never replaced (see `Document.receive`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from sonichu_gui.domain.annotation import proposed_annotation
from sonichu_gui.errors import ModelError, SonichuError, UntrainedHead
from sonichu_gui.gui.jobs import IsCancelled, JobRunner, Lane, Report
from sonichu_gui.gui.place import Tool

if TYPE_CHECKING:
    from sonichu_gui.domain.task import Task
    from sonichu_gui.gui.controllers.serving import Engine, ModelsInUse
    from sonichu_gui.gui.document import Document
    from sonichu_gui.prediction.api import Prediction
    from sonichu_gui.prediction.local import LocalPredictor
    from sonichu_gui.prediction.zoo import ModelInfo

KEY = "predict"


class PredictController(QObject):
    """Everything about the model.

    Args:
        document: Where points go.
        jobs: Who runs the model.
        models: Which model serves which task.
        device: "auto", "cpu" or "cuda".
        tta: Whether to predict on the mirror image too.
    """

    devices_found = Signal(object)  # tuple[str, ...], known once torch is there
    state_changed = Signal(str)  # what the status bar says of model, device and precision
    answered = Signal(bool)  # whether the model could do what a person asked of it
    choices_changed = Signal()  # another model, device or number of views from now on
    warned = Signal(str)  # what a person should know of how the model runs; told once

    def __init__(
        self, document: Document, jobs: JobRunner, *, models: ModelsInUse, device: str, tta: bool
    ) -> None:
        super().__init__(document)
        self._document = document
        self._jobs = jobs
        self._device = device
        self._tta = tta
        self._devices_told = False
        self._models = models
        self._asked_early = False
        self._ran: dict[str, Prediction] = {}
        self._warnings: set[str] = set()
        models.chosen.connect(self._drop)
        models.chosen.connect(self._tell_choice)
        models.changed.connect(self._tell_state)
        document.task_changed.connect(self._drop)
        document.task_changed.connect(self._tell_state)
        document.frame_changed.connect(self._drop)

    @property
    def info(self) -> ModelInfo | None:
        """What is known of the task's model; None before it was looked up or when missing."""
        return self._models.info_for(self._document.task.id)

    def use_device(self, device: str) -> None:
        """Runs the model on another device from the next prediction on."""
        self._device = device
        self._start_anew()

    def use_engine(self, engine: str) -> None:
        """Runs the model by another engine from the next prediction on."""
        self._models.use_engine(engine)
        self._start_anew()

    def use_tta(self, on: bool) -> None:
        """Predicts on the mirror image too, or not."""
        self._tta = on
        self.choices_changed.emit()

    @property
    def tta(self) -> bool:
        """Whether the mirror image is predicted too."""
        return self._tta

    def answers(self, task: Task) -> ModelInfo | None:
        """Gives the model that answers for a task, without a word; None when none does."""
        info = self._models.info_for(task.id)
        try:
            if info is not None:
                info.require_head(task)
        except ModelError:
            return None
        return info

    def required_engine(self, task: Task) -> Engine:
        """Gives what runs the model of a task.

        Raises:
            ModelError: There is no model, or it has no trained head for the task.
        """
        info = self._models.info_for(task.id)
        if info is None:
            raise ModelError(self.tr("there is no model."), self.tr("Choose one in Models…"))
        info.require_head(task)
        return self._models.engine(info.folder, self._device)

    def engine_for(self, task: Task) -> Engine | None:
        """Gives what runs the model of a task, to be used now; None when none answers."""
        info = self.answers(task)
        return self._models.engine(info.folder, self._device) if info else None

    def loaded_for(self, task: Task) -> LocalPredictor | None:
        """Gives the model of a task where it answers and is in memory."""
        info = self.answers(task)
        return self._models.loaded(info.folder, self._device) if info else None

    @property
    def is_asked(self) -> bool:
        """Whether a prediction that a person waits for is under way."""
        return any(job.key == KEY for job in self._jobs.running)

    def note(self, prediction: Prediction) -> None:
        """Takes from any prediction how the model runs here; says once what deserves a word."""
        self._ran[prediction.model.name] = prediction
        if prediction.note and prediction.note not in self._warnings:
            self._warnings.add(prediction.note)
            self.warned.emit(prediction.note)
        if not self._devices_told:
            from sonichu_gui.prediction.local import devices

            self._devices_told = True
            self.devices_found.emit(devices())
        self._tell_state()

    def tell_failure(self, error: BaseException) -> None:
        """Says why the model has given nothing."""
        if isinstance(error, UntrainedHead):
            self._offer_hand(error)
        elif isinstance(error, SonichuError):
            self._document.failed.emit(error)
        else:
            self._document.failed.emit(
                ModelError(
                    f"The model failed: {type(error).__name__}: {error}.",
                    "Choose another device or model, or place the points by hand.",
                )
            )

    def predict(self) -> None:
        """Asks for the points of the shown frame and task."""
        document, frame, task = self._document, self._document.frame, self._document.task
        if document.awaits_frame:
            self._asked_early = True  # for the frame that is about to be shown
            return
        if frame is None:
            document.noted.emit(self.tr("Open a frame first"))
            return
        info = self._models.serve(task.id)
        if info is None:
            return
        try:
            info.require_head(task)
        except ModelError as error:
            self._offer_hand(error)
            return
        engine = self._models.engine(info.folder, self._device)
        tta, text = self._tta, self.tr("Predicting {}").format(task.title)

        def work(is_cancelled: IsCancelled, report: Report) -> Prediction:
            predictor = engine.ready(lambda: report(-1.0, self.tr("Loading the model")))
            report(-1.0, text)
            return predictor.predict(frame, task, tta=tta, is_cancelled=is_cancelled)

        self._jobs.submit(
            Lane.MODEL,
            work,
            key=KEY,
            done=lambda prediction: self._receive(prediction, task),
            failed=self._fail,
            text=text,
        )

    def _receive(self, prediction: Prediction, task: Task) -> None:
        annotation = proposed_annotation(task, prediction.keypoints, prediction.model)
        if self._document.receive(prediction, annotation):
            text = self.tr("{} predicted in {:.0f} ms on {}")
            self._document.noted.emit(
                text.format(task.title, prediction.seconds * 1000, prediction.device.upper())
            )
        self.note(prediction)
        self.answered.emit(True)

    def _fail(self, error: BaseException) -> None:
        self.tell_failure(error)
        self.answered.emit(False)

    def _offer_hand(self, error: SonichuError) -> None:
        """No head: say so once and let the person place the points."""
        self._document.failed.emit(error)
        if not self._document.annotation.is_complete:
            self._document.set_tool(Tool.PLACE)

    def _drop(self, _: object = None) -> None:
        """The frame or task changed: what is being computed is no longer wanted."""
        self._jobs.cancel(KEY)
        if self._asked_early and self._document.frame is not None:
            self._asked_early = False
            QTimer.singleShot(0, self, self.predict)

    def _tell_state(self, _: object = None) -> None:
        if not self._models.looked_up:
            return
        info = self.info
        if info is None:
            self.state_changed.emit(self.tr("No model"))
            return
        ran = self._ran.get(info.name)
        self.state_changed.emit(" · ".join((info.name, *(_way(ran) if ran else (self._chosen,)))))

    @property
    def _chosen(self) -> str:
        return self.tr("Auto") if self._device == "auto" else self._device.upper()

    def _start_anew(self) -> None:
        """What is in memory belongs to an earlier choice."""
        self._models.unload()
        self._ran.clear()
        self._jobs.cancel(KEY)
        self._tell_state()
        self.choices_changed.emit()

    def _tell_choice(self, _: object = None) -> None:
        self.choices_changed.emit()


def _way(ran: Prediction) -> tuple[str, str]:
    """Where a model ran and by what, e.g. ("CPU", "bf16") or ("CPU", "OpenVINO fp32")."""
    engine = "OpenVINO " if ran.engine == "openvino" else ""
    return ran.device.upper(), engine + ran.precision
