"""The heatmap: what the model sees, of the selected keypoint or of all, while it is switched on.

It follows the frame, the task and the selection. It is asked for when they have been still for a
moment, so that a cine can play and frames can be stepped through at their own speed.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from sonichu_gui.errors import SonichuError
from sonichu_gui.gui.jobs import IsCancelled, JobRunner, Lane, Report, Urgency
from sonichu_gui.prediction.batch import unhurried

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy as np
    import numpy.typing as npt

    from sonichu_gui.gui.controllers.predicting import PredictController
    from sonichu_gui.gui.document import Document

KEY = "heatmap"
STILL_MS = 50


class HeatmapController(QObject):
    """Asks the model for heatmaps, off the GUI thread; the latest question wins.

    Args:
        document: What is shown and selected.
        jobs: Who runs the model.
        predicting: Who knows which model.
    """

    changed = Signal(object)  # NDArray (h, w) float32, 0 to 1 | None: what lies over the frame

    def __init__(self, document: Document, jobs: JobRunner, predicting: PredictController) -> None:
        super().__init__(document)
        self._document = document
        self._jobs = jobs
        self._predicting = predicting
        self._is_on = False
        self._heat: npt.NDArray[np.float32] | None = None
        self._still = QTimer(self, singleShot=True, interval=STILL_MS)
        self._still.timeout.connect(self._ask)
        document.frame_changed.connect(self.start_over)
        document.task_changed.connect(self.start_over)
        document.selection_changed.connect(self.renew)

    @property
    def shown(self) -> npt.NDArray[np.float32] | None:
        """What lies over the frame, or None."""
        return self._heat

    def show(self, on: bool) -> None:
        """Switches it on or off."""
        self._is_on = on
        self.start_over()

    def start_over(self, _: object = None) -> None:
        """What is shown is no longer true: it goes at once, and comes again when it is known."""
        self._jobs.cancel(KEY)
        self._put(None)
        self.renew()

    def renew(self, _: object = None) -> None:
        """Asks anew; what is shown stays until the answer is there."""
        if self._is_on:
            self._still.start()
        else:
            self._still.stop()

    def _ask(self) -> None:
        frame, task, keypoint = (
            self._document.frame,
            self._document.task,
            self._document.selected,
        )
        if frame is None:
            return
        try:
            engine = self._predicting.required_engine(task)
        except SonichuError as error:
            self._say_none(error)
            return
        tta = self._predicting.tta

        def work(
            is_cancelled: IsCancelled, report: Report
        ) -> Generator[None, None, npt.NDArray[np.float32]]:
            predictor = engine.ready(lambda: report(-1.0, self.tr("Loading the model")))
            ask = partial(
                predictor.heatmap,
                frame,
                task,
                tta=tta,
                keypoint=keypoint,
                is_cancelled=is_cancelled,
            )
            return (yield from unhurried(ask, is_cancelled))

        self._jobs.submit_steps(
            Lane.MODEL,
            work,
            key=KEY,
            stepped=lambda _: None,
            done=self._put,
            failed=self._say_none,
            text=self.tr("Heatmap of {}").format(task.title),
            urgency=Urgency.SHOWN,
        )

    def _say_none(self, error: BaseException) -> None:
        """A quiet word: nobody asked for points, so nothing is in a person's way."""
        if not isinstance(error, SonichuError):
            raise error
        self._put(None)
        self._document.noted.emit(self.tr("No heatmap: {}").format(error.message))

    def _put(self, heat: npt.NDArray[np.float32] | None) -> None:
        if heat is not None or self._heat is not None:
            self._heat = heat
            self.changed.emit(heat)
