"""The fine-tune dialog and the controller behind it: what is asked for, done and told.

Without the dialog on the screen, what becomes of a fine-tune is told in the window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtWidgets import QWidget

    from sonichu_gui.domain.task import Task
    from sonichu_gui.errors import SonichuError
    from sonichu_gui.gui.controllers.labels_io import LabelsController
    from sonichu_gui.gui.controllers.tuning import TuningController
    from sonichu_gui.gui.dialogs.tuning_dialog import TuningDialog
    from sonichu_gui.gui.document import Document
    from sonichu_gui.gui.jobs import Job
    from sonichu_gui.gui.tuning import TuningChoice, TuningPlan, TuningResult


class TuningAsking(QObject):
    """Questions about a fine-tune.

    Args:
        window: Over which the dialog appears.
        document: Where things are told while there is no dialog.
        labels: Knows the folder whose labels are learned from.
        tuning: Does what was chosen.
        tasks: All tasks by id.
    """

    told = Signal(str, str)  # what came of it, what to do next

    def __init__(
        self,
        window: QWidget,
        document: Document,
        labels: LabelsController,
        tuning: TuningController,
        tasks: Mapping[str, Task],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._document = document
        self._labels = labels
        self._tuning = tuning
        self._tasks = tasks
        self._dialog: TuningDialog | None = None
        self._result: TuningResult | None = None
        self._choice: TuningChoice | None = None
        tuning.planned.connect(self._ask)
        tuning.work_changed.connect(self._show_work)
        tuning.finished.connect(self._tell_result)
        tuning.stopped.connect(self._tell_stopped)
        tuning.failed.connect(self._tell_failure)

    def show(self) -> None:
        """Shows the dialog: the question, the fine-tune under way, or what the last one did."""
        missing = self._tuning.missing()
        if missing is not None:
            self._document.failed.emit(missing)
            return
        if self._dialog is None:
            if self._labels.folder is None and self._tuning.work is None:
                self._document.noted.emit(self.tr("Open a frame first"))
                return
            self._dialog = self._make_dialog()
            if self._tuning.work is not None:
                self._dialog.show_work(self._tuning.work)
            elif self._result is not None:
                self._dialog.show_result(self._result)
                self._result = None  # told once; the next time it asks
            else:
                self._look()
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()

    def may_close(self) -> bool:
        """Asks whether a fine-tune under way may be stopped with the window."""
        if self._tuning.work is None:
            return True
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setText(self.tr("A fine-tune is under way."))
        box.setInformativeText(
            self.tr("It stops with the window, and goes on from there when it is started again.")
        )
        stop = box.addButton(self.tr("Stop it and close"), QMessageBox.ButtonRole.DestructiveRole)
        stay = box.addButton(self.tr("Stay"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        box.exec()
        return box.clickedButton() is stop

    def close(self) -> None:
        """Closes the dialog with the window."""
        if self._dialog is not None:
            self._dialog.close()

    def _make_dialog(self) -> TuningDialog:
        from sonichu_gui.gui.dialogs.tuning_dialog import TuningDialog

        dialog = TuningDialog(self._tasks, self._window)
        dialog.chosen.connect(self._start)
        dialog.stop_wanted.connect(self._tuning.stop)
        dialog.again_wanted.connect(self._look)
        dialog.going_on_wanted.connect(self._go_on)
        dialog.use_wanted.connect(self._use)
        dialog.finished.connect(self._forget_dialog)
        return dialog

    def _look(self) -> None:
        folder = self._labels.folder
        if self._dialog is not None and folder is not None:
            self._dialog.show_looking()
            self._tuning.plan(folder)

    def _start(self, choice: TuningChoice) -> None:
        self._choice = choice
        self._tuning.start(choice)

    def _go_on(self) -> None:
        """Starts what was stopped as it was asked for: with another choice it would begin anew."""
        if self._choice is not None:
            self._tuning.start(self._choice)

    def _forget_dialog(self, _result: int) -> None:
        self._dialog = None
        self._tuning.forget_plan()

    def _ask(self, plan: TuningPlan) -> None:
        if self._dialog is not None:
            self._dialog.show_plan(plan, self._choice)

    def _show_work(self, job: Job | None) -> None:
        if self._dialog is not None:
            self._dialog.show_work(job)

    def _use(self, result: TuningResult) -> None:
        if self._tuning.use(result) and self._dialog is not None:
            self._dialog.show_in_use()

    def _tell_result(self, result: TuningResult) -> None:
        if self._dialog is not None:
            self._dialog.show_result(result)
            return
        self._result = result
        words = self.tr("better") if result.is_better else self.tr("no better")
        self.told.emit(
            self.tr("{} is made: {} on held-out frames").format(result.name, words),
            self.tr("Fine-tune on corrected frames… shows the figures."),
        )

    def _tell_stopped(self) -> None:
        text = self.tr("Fine-tune stopped")
        hint = self.tr("What is done is kept: started again, it goes on from there.")
        if self._dialog is not None:
            self._dialog.show_stopped(text, hint)
        else:
            self.told.emit(text, hint)

    def _tell_failure(self, error: SonichuError) -> None:
        if self._dialog is not None:
            self._dialog.show_error(error)
        else:
            self._document.failed.emit(error)
