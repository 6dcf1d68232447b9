"""Asks the person, then passes the answer on.

With `asking_models.py` the only place where dialogs and controllers meet.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QStandardPaths

from sonichu_gui.gui.dialogs.about import About
from sonichu_gui.gui.dialogs.file_choice import (
    ask_for_folder,
    ask_for_frames,
    ask_for_label_file,
    ask_where_to_write,
)
from sonichu_gui.gui.dialogs.shortcuts_sheet import ShortcutsSheet

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from sonichu_gui.gui.controllers.batch import BatchController
    from sonichu_gui.gui.controllers.labels_io import LabelsController
    from sonichu_gui.gui.controllers.predicting import PredictController
    from sonichu_gui.gui.dialogs.export_dialog import ExportChoice
    from sonichu_gui.gui.document import Document


class Asking(QObject):
    """Questions of the window.

    Args:
        window: Over which dialogs appear.
        document: What they are about.
        labels: Does what was chosen with labels.
        predicting: Knows the model of the task.
        batching: Predicts many frames at once.
    """

    def __init__(
        self,
        window: QWidget,
        document: Document,
        labels: LabelsController,
        predicting: PredictController,
        batching: BatchController,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._document = document
        self._labels = labels
        self._predicting = predicting
        self._batching = batching

    def frames(self) -> list[Path]:
        """Files to open."""
        return ask_for_frames(self._window, self._labels.folder)

    def folder(self) -> list[Path]:
        """A folder to open, as a list of none or one."""
        chosen = ask_for_folder(self._window, self.tr("Open folder"), self._labels.folder)
        return [chosen] if chosen else []

    def import_labels(self) -> None:
        """A label file to read."""
        from sonichu_gui.labels.importers.registry import FORMATS

        kinds = {kind: f"{item.title} ({item.pattern})" for kind, item in FORMATS.items()}
        answer = ask_for_label_file(self._window, kinds, self._labels.folder)
        if answer is not None:
            self._labels.import_labels(answer[1], answer[0])

    def export(self) -> None:
        """What to export, then where to."""
        if self._labels.folder is None:
            self._document.noted.emit(self.tr("Open a frame first"))
            return
        from sonichu_gui.gui.dialogs.export_dialog import ExportDialog

        dialog = ExportDialog(self._document.task, self._window)
        dialog.chosen.connect(self._export_chosen)
        dialog.open()

    def batch(self) -> None:
        """What to predict at once."""
        document = self._document
        if document.source is None and not document.study.paths:
            document.noted.emit(self.tr("Open a frame first"))
            return
        from sonichu_gui.gui.dialogs.batch_dialog import BatchDialog

        dialog = BatchDialog(
            document.task,
            answered=self._batching.tasks_with_a_head(),
            files=len(document.study.paths),
            cine_frames=document.source.frame_count if document.source else 0,
            parent=self._window,
        )
        dialog.chosen.connect(self._batching.start)
        dialog.open()

    def where_to_put_picture(self) -> Path | None:
        """A file for a screenshot; its name says nothing of the patient."""
        name = f"{self._document.task.id.lower()}-frame-{self._document.frame_index + 1}.png"
        places = QStandardPaths.standardLocations(QStandardPaths.StandardLocation.PicturesLocation)
        folder = Path(places[0]) if places and Path(places[0]).is_dir() else Path.home()
        kinds = self.tr("PNG picture (*.png);;JPEG picture (*.jpg *.jpeg)")
        return ask_where_to_write(self._window, self.tr("Save screenshot"), folder / name, kinds)

    def shortcuts(self) -> None:
        """Shows the keys."""
        ShortcutsSheet(self._window).show()

    def about(self) -> None:
        """Shows what this is."""
        info = self._predicting.info
        text = self.tr("No model found.")
        if info is not None:
            heads = ", ".join(task for task, head in info.tasks.items() if head.trained)
            text = self.tr("Model {}, weights {}…, trained heads: {}.").format(
                info.name, info.hash[:12], heads
            )
        About(text, self._window).show()

    def _export_chosen(self, choice: ExportChoice) -> None:
        from sonichu_gui.export.registry import FORMATS

        folder = self._labels.folder
        if folder is None:
            return
        chosen = FORMATS[choice.kind]
        name = folder / chosen.file_name
        pattern = f"{name.suffix[1:].upper()} (*{name.suffix})"
        title = self.tr("Export {}").format(chosen.title)
        out = ask_where_to_write(self._window, title, name, pattern)
        if out is not None:
            self._labels.export_labels(
                choice.kind, out, task_id=choice.task_id, statuses=choice.statuses
            )
