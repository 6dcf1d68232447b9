"""One task of a model: what its head was taught, how good it is, and whether it is in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from sonichu_gui.gui.dialogs.marks import Mark, State
from sonichu_gui.gui.dialogs.model_words import (
    accuracy_text,
    data_text,
    doubt_text,
    obstacle,
    points_text,
    tr,
)
from sonichu_gui.gui.dialogs.texts import LinkButton, plain
from sonichu_gui.prediction.head_words import head_sentence

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sonichu_gui.domain.task import Task
    from sonichu_gui.gui.model_choice import Serving
    from sonichu_gui.prediction.zoo import HeadInfo

_INDENT = 20


class HeadRow(QWidget):
    """A head, and the choice of it.

    Args:
        task_id: Its task.
        head: What the model says of it.
        task: The app's task of that name, or None.
        folder: Of the model.
    """

    use_wanted = Signal(str)  # task id
    active_wanted = Signal(str)  # task id: back to the model of all tasks

    def __init__(self, task_id: str, head: HeadInfo, task: Task | None, folder: Path) -> None:
        super().__init__()
        self._task_id = task_id
        self._title = task.title if task else task_id
        self._folder = folder
        self._obstacle = obstacle(head, task)
        self._state = plain("", role="text_soft")
        self._state.setWordWrap(False)
        self._state.setSizePolicy(self.sizePolicy())
        self._in_use_mark = Mark(State.GOOD)
        self.use_button = QPushButton(tr("Use for {}").format(task_id))
        self.use_button.setAccessibleName(tr("Use this model for {}").format(self._title))
        self.use_button.setAutoDefault(False)
        self.use_button.setProperty("kind", "small")
        self.active_button = LinkButton("")
        self._arrange(head, task)
        self.use_button.clicked.connect(lambda: self.use_wanted.emit(task_id))
        self.active_button.clicked.connect(lambda: self.active_wanted.emit(task_id))

    @property
    def text(self) -> str:
        """What it says of the use of this head."""
        return self._state.text()

    def show_serving(self, serving: Serving, names: Mapping[Path, str]) -> None:
        """Shows whether this head is in use.

        Args:
            serving: Which model serves which task.
            names: Of the models, by folder.
        """
        if self._obstacle:
            return
        serves = serving.folder_for(self._task_id)
        here = serves == self._folder
        own = here and self._task_id in serving.by_task
        self._in_use_mark.setVisible(here)
        self._state.setText(tr("in use") if here else "")
        self._state.setVisible(here)
        self.use_button.setVisible(not here)
        self.active_button.setVisible(own and serving.active is not None)
        if serving.active is not None:
            text = tr("Back to {}").format(names.get(serving.active, serving.active.name))
            self.active_button.setText(text)
            self.active_button.setAccessibleName(f"{self._title}: {text}")
        if serves is not None:
            self.use_button.setToolTip(tr("Now: {}").format(names.get(serves, serves.name)))

    def _arrange(self, head: HeadInfo, task: Task | None) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 6)
        column.setSpacing(3)
        first = QHBoxLayout()
        first.setSpacing(10)
        first.addWidget(Mark(_state(head)))
        title = f"{task.title}  {self._task_id}" if task else self._task_id
        words = plain(title, pixels=13, role="text" if head.trained else "text_soft")
        words.setToolTip("\n".join(head.keypoints))
        first.addWidget(words, 1)
        for part in (self.active_button, self._in_use_mark, self._state, self.use_button):
            first.addWidget(part)
        column.addLayout(first)
        if self._obstacle:
            parts = [points_text(len(head.keypoints)), self._obstacle]
            self._state.setText(" · ".join(parts))
            if task is None:
                self._state.setToolTip(tr("Add it again and say which task it is for"))
            for widget in (self.active_button, self._in_use_mark, self.use_button):
                widget.hide()
        if not head.trained:
            return
        lines = [
            f"{points_text(len(head.keypoints))} · {head_sentence(head)}",
            data_text(head),
            accuracy_text(head.accuracy),
            doubt_text(head),
        ]
        for line in filter(None, lines):
            label = plain(line, role="text_soft")
            label.setContentsMargins(_INDENT, 0, 0, 0)
            column.addWidget(label, 0, Qt.AlignmentFlag(0))


def _state(head: HeadInfo) -> State:
    if not head.trained:
        return State.NONE
    return State.DRAFT if head.is_draft else State.GOOD
