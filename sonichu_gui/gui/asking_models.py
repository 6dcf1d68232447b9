"""The Models dialog and the controller behind it: what is asked for, done and told.

Without the dialog on the screen, what happens to models is told in the window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from PySide6.QtWidgets import QWidget

    from sonichu_gui.domain.task import Task
    from sonichu_gui.errors import SonichuError
    from sonichu_gui.gui.controllers.models import ModelsController
    from sonichu_gui.gui.controllers.serving import ModelsInUse
    from sonichu_gui.gui.dialogs.add_model_form import AddWish
    from sonichu_gui.gui.dialogs.models_dialog import ModelsDialog
    from sonichu_gui.gui.document import Document
    from sonichu_gui.gui.jobs import Job
    from sonichu_gui.prediction.zoo import ModelInfo, Verdict


class ModelsAsking(QObject):
    """Questions about models.

    Args:
        window: Over which the dialog appears.
        document: Where things are told while there is no dialog.
        models: Does what was chosen.
        in_use: Which model serves which task.
        tasks: All tasks by id.
    """

    def __init__(
        self,
        window: QWidget,
        document: Document,
        models: ModelsController,
        in_use: ModelsInUse,
        tasks: Mapping[str, Task],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._document = document
        self._models = models
        self._in_use = in_use
        self._tasks = tasks
        self._dialog: ModelsDialog | None = None
        models.listed.connect(self._show_list)
        models.work_changed.connect(self._show_work)
        models.done.connect(self._tell_done)
        models.failed.connect(self._tell_failure)
        models.verified.connect(self._tell_verdict)
        models.hashed.connect(self._show_hash)
        in_use.changed.connect(self._show_serving)

    def show(self) -> None:
        """Shows the dialog, or brings it to the front."""
        if self._dialog is None:
            self._dialog = self._make_dialog()
            self._show_serving()
            self._dialog.show_work(self._models.work)
            self._models.list_models()
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()

    def close(self) -> None:
        """Closes the dialog with the window."""
        if self._dialog is not None:
            self._dialog.close()

    def _make_dialog(self) -> ModelsDialog:
        from sonichu_gui.gui.dialogs.models_dialog import ModelsDialog

        dialog, models = ModelsDialog(self._tasks, self._window), self._models
        dialog.add_wanted.connect(self._add)
        dialog.in_place_wanted.connect(models.use_in_place)
        dialog.check_wanted.connect(models.verify)
        dialog.remove_wanted.connect(models.remove)
        dialog.forget_wanted.connect(models.forget)
        dialog.use_wanted.connect(models.use)
        dialog.use_for_task_wanted.connect(models.use_for_task)
        dialog.active_wanted.connect(models.use_active_for)
        dialog.hash_wanted.connect(models.compute_hash)
        dialog.stop_wanted.connect(models.stop)
        dialog.finished.connect(self._forget_dialog)
        return dialog

    def _forget_dialog(self, _result: int) -> None:
        self._dialog = None

    def _add(self, wish: AddWish) -> None:
        self._models.add(wish.origin, name=wish.name, image_size=wish.image_size, task=wish.task)

    def _show_list(self, models: tuple[ModelInfo, ...]) -> None:
        if self._dialog is not None:
            self._dialog.show_models(models, in_place=self._models.in_place)

    def _show_serving(self) -> None:
        if self._dialog is not None:
            self._dialog.show_serving(self._in_use.serving)

    def _show_work(self, job: Job | None) -> None:
        if self._dialog is not None:
            self._dialog.show_work(job)

    def _show_hash(self, folder: Path, digest: str) -> None:
        if self._dialog is not None:
            self._dialog.show_hash(folder, digest)

    def _tell_done(self, text: str, folder: Path | None) -> None:
        if self._dialog is not None:
            self._dialog.show_done(text, folder)
        else:
            self._document.noted.emit(text)

    def _tell_failure(self, error: SonichuError) -> None:
        if self._dialog is not None:
            self._dialog.show_error(error)
        else:
            self._document.failed.emit(error)

    def _tell_verdict(self, folder: Path, verdict: Verdict) -> None:
        if self._dialog is not None:
            self._dialog.show_verdict(folder, verdict)
            return
        wrong = "; ".join(f"{check.name}: {check.text}" for check in verdict.checks if not check.ok)
        self._document.noted.emit(
            self.tr("{} is whole").format(folder.name)
            if verdict.ok
            else self.tr("{} is not whole: {}").format(folder.name, wrong)
        )
