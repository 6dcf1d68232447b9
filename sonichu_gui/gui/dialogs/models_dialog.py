"""The Models dialog: what models there are, what each of them is, and which serves which task.

It stands beside the work and stops nothing. It asks and shows; what was asked for comes back
through its `show_…` methods, in whatever order things happen on the disk and on the network.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QMessageBox,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from sonichu_gui.gui.dialogs.add_model_form import AddModelForm, AddWish
from sonichu_gui.gui.dialogs.model_adding import ModelAdding
from sonichu_gui.gui.dialogs.model_details import ModelDetails
from sonichu_gui.gui.dialogs.model_list import ModelList
from sonichu_gui.gui.dialogs.model_words import removal_text
from sonichu_gui.gui.dialogs.room import size_on_screen
from sonichu_gui.gui.dialogs.strip import Strip
from sonichu_gui.gui.dialogs.text_page import TextPage
from sonichu_gui.gui.dialogs.work_foot import WorkFoot
from sonichu_gui.gui.model_choice import Serving

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sonichu_gui.domain.task import Task
    from sonichu_gui.errors import SonichuError
    from sonichu_gui.gui.jobs import Job
    from sonichu_gui.prediction.zoo import ModelInfo, Verdict


class ModelsDialog(QDialog):
    """Left the models, right the one that is looked at, below what is going on.

    Args:
        tasks: The app's tasks by id, in their order.
        parent: Window of the dialog.
    """

    add_wanted = Signal(object)  # AddWish
    in_place_wanted = Signal(object)  # Path of a folder to be used where it is
    check_wanted = Signal(object)  # ModelInfo
    remove_wanted = Signal(object)  # ModelInfo to be deleted
    forget_wanted = Signal(object)  # Path of a folder in place to be taken off the list
    use_wanted = Signal(object)  # Path, for all tasks
    use_for_task_wanted = Signal(str, object)  # task id, Path
    active_wanted = Signal(str)  # task id: back to the model of all tasks
    hash_wanted = Signal(object)  # ModelInfo
    stop_wanted = Signal()

    def __init__(self, tasks: Mapping[str, Task], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Models"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAcceptDrops(True)
        self.setMinimumSize(660, 420)
        self.resize(size_on_screen(960, 660, parent))
        self._tasks = tasks
        self._serving = Serving()
        self._in_place: Collection[Path] = ()
        self._names: dict[Path, str] = {}
        self._wish: AddWish | None = None
        self._look_at: Path | None = None
        self._busy = False
        self.strip = Strip()
        self.models = ModelList()
        self.details = ModelDetails(tasks)
        self.adding = ModelAdding()
        self.foot = WorkFoot()
        self._arrange()
        self._connect()
        self.details.show_nothing(self.tr("Looking for models…"))
        self.models.setFocus()

    # ---- what it is told -------------------------------------------------------------------

    def show_models(self, models: Sequence[ModelInfo], *, in_place: Collection[Path]) -> None:
        """Shows what models there are.

        Args:
            models: All of them, also those that cannot be used.
            in_place: Folders of those that are used where they are.
        """
        self._in_place = in_place
        self._names = {info.folder: info.name for info in models}
        was_in_details = any(part.hasFocus() for part in self.details.findChildren(QWidget))
        self.models.show_models(models)
        if was_in_details:
            self.models.setFocus()  # the button that had it is of a page that is gone
        if self._look_at is not None and self.models.look_at(self._look_at):
            self._look_at = None

    def show_serving(self, serving: Serving) -> None:
        """Shows which model serves which task."""
        self._serving = serving
        self.models.show_serving(serving)
        self.details.show_serving(serving, self._names)

    def show_work(self, job: Job | None) -> None:
        """Shows how far the long work is, or that there is none."""
        self._busy = job is not None
        self.foot.show_job(job)
        self.adding.show_busy(busy=self._busy)
        self.details.show_busy(busy=self._busy)

    def show_done(self, text: str, folder: Path | None) -> None:
        """Tells what was done; goes to the model that it was done to with the next list."""
        self._wish = None
        self._look_at = folder
        self.strip.say(text)

    def show_error(self, error: SonichuError) -> None:
        """Tells what went wrong; what a person had entered for it can be tried again."""
        again = self.tr("Try again…") if self._wish is not None else ""
        self.strip.say(error.message, error.hint, wrong=True, button=again)

    def show_hash(self, folder: Path, digest: str) -> None:
        """Shows the digest of a model's weights."""
        if self.details.info is not None and self.details.info.folder == folder:
            self.details.show_hash(digest)

    def show_verdict(self, folder: Path, verdict: Verdict) -> None:
        """Shows what a check of a model found."""
        if self.models.look_at(folder):
            self.details.show_verdict(verdict)

    # ---- what it asks ----------------------------------------------------------------------

    def _ask_to_add(self, wish: AddWish) -> None:
        form = AddModelForm(wish, self._tasks, self)
        form.chosen.connect(self._add)
        form.open()

    def _add(self, wish: AddWish) -> None:
        self.strip.put_away()
        self._wish = wish
        self.add_wanted.emit(wish)

    def _add_path(self, path: Path) -> None:
        self._ask_to_add(AddWish(path))

    def _add_of_hub(self, name: str) -> None:
        self._add(AddWish(name))

    def _use_in_place(self, folder: Path) -> None:
        self._wish = None
        self.strip.put_away()
        self.in_place_wanted.emit(folder)

    def _try_again(self) -> None:
        if self._wish is not None:
            self._ask_to_add(self._wish)

    def _ask_to_remove(self, info: ModelInfo) -> None:
        if info.folder in self._in_place:
            self.forget_wanted.emit(info.folder)
            return
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setText(self.tr("Remove {}?").format(info.name))
        box.setInformativeText(removal_text(info, self._serving))
        remove = box.addButton(self.tr("Remove"), QMessageBox.ButtonRole.DestructiveRole)
        cancel = box.addButton(self.tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(cancel)
        box.setEscapeButton(cancel)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        remove.clicked.connect(lambda: self.remove_wanted.emit(info))
        box.open()

    def _show_page(self, title: str, text: str, markdown: bool) -> None:
        TextPage(title, text, markdown=markdown, parent=self).show()

    def _show_details(self, info: ModelInfo | None) -> None:
        if info is None:
            self.details.show_nothing(self.tr("No model is installed. Add one at the left."))
            return
        self.details.show_model(info, in_place=info.folder in self._in_place)
        self.details.show_serving(self._serving, self._names)
        self.details.show_busy(busy=self._busy)
        if not info.problem:
            self.hash_wanted.emit(info)

    # ---- building --------------------------------------------------------------------------

    def _arrange(self) -> None:
        left = QFrame()
        left.setObjectName("models_left")
        below = QVBoxLayout(left)
        below.setContentsMargins(12, 12, 12, 14)
        below.setSpacing(8)
        below.addWidget(self.models, 1)
        below.addWidget(self.adding)
        rooms = QSplitter(Qt.Orientation.Horizontal)
        rooms.addWidget(left)
        rooms.addWidget(self.details)
        rooms.setStretchFactor(1, 1)
        rooms.setSizes([296, 664])
        rooms.setHandleWidth(1)
        rooms.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        column.addWidget(rooms, 1)
        column.addWidget(self.foot)
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)  # Enter in a field does what stands beside the field

    def _connect(self) -> None:
        self.models.shown.connect(self._show_details)
        self.adding.path_chosen.connect(self._add_path)
        self.adding.in_place_chosen.connect(self._use_in_place)
        self.adding.hub_name_entered.connect(self._add_of_hub)
        self.foot.stop_wanted.connect(self.stop_wanted)
        self.foot.close_wanted.connect(self.reject)
        self.strip.button_pressed.connect(self._try_again)
        details = self.details
        details.use_wanted.connect(self.use_wanted)
        details.use_for_task_wanted.connect(self.use_for_task_wanted)
        details.active_wanted.connect(self.active_wanted)
        details.check_wanted.connect(self.check_wanted)
        details.remove_wanted.connect(self._ask_to_remove)
        details.reading_wanted.connect(self._show_page)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Takes a folder or a file from the desktop."""
        if not self._busy and len(event.mimeData().urls()) == 1:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Asks how to add what was dropped."""
        url = event.mimeData().urls()[0]
        if url.isLocalFile():
            event.acceptProposedAction()
            self._ask_to_add(AddWish(Path(url.toLocalFile())))
