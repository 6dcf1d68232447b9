"""Asks what to predict at once: which frames, which tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QDialog, QVBoxLayout, QWidget

from sonichu_gui.gui.batch_choice import BatchChoice, Frames
from sonichu_gui.gui.dialogs.choices import answer_row, choice_row, soft
from sonichu_gui.gui.dialogs.texts import section_head

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.domain.task import Task

TASKS_NAMED = 4


class BatchDialog(QDialog):
    """The question before a batch.

    Args:
        task: The task in work.
        answered: The tasks for which a model answers.
        files: Files of the study.
        cine_frames: Frames of the open cine; 0 or 1 when it is none.
        parent: Window of the dialog.
    """

    chosen = Signal(object)  # BatchChoice

    def __init__(
        self,
        task: Task,
        *,
        answered: Sequence[Task],
        files: int,
        cine_frames: int,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Predict all"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(True)
        self._frames = QButtonGroup(self)
        self._tasks = QButtonGroup(self)
        self._kinds: list[Frames] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(24, 20, 24, 20)
        self._column.setSpacing(6)
        self._ask_frames(files, cine_frames)
        self._column.addSpacing(10)
        self._ask_tasks(task, answered)
        self._column.addSpacing(12)
        self._column.addWidget(soft(self._promise()))
        self._column.addSpacing(14)
        self._column.addLayout(answer_row(self, self.tr("Predict all"), self._choose))

    def _ask_frames(self, files: int, cine_frames: int) -> None:
        self._column.addWidget(section_head(self.tr("Frames")))
        if cine_frames > 1:
            self._offer_frames(
                Frames.THIS_CINE, self.tr("This cine"), self.tr("{} frames").format(cine_frames)
            )
        if files:
            count = self.tr("{} files").format(files) if files > 1 else self.tr("1 file")
            first = self.tr("first frame of each, {}").format(count)
            self._offer_frames(Frames.FIRST_OF_FILES, self.tr("All files"), first)
            every = self.tr("every frame of each, whole cines")
            self._offer_frames(Frames.ALL_OF_FILES, self.tr("All frames"), every)
        self._frames.button(0).setChecked(True)

    def _offer_frames(self, kind: Frames, text: str, words: str) -> None:
        self._column.addLayout(choice_row(self._frames, len(self._kinds), text, words))
        self._kinds.append(kind)

    def _ask_tasks(self, task: Task, answered: Sequence[Task]) -> None:
        self._column.addWidget(section_head(self.tr("Tasks")))
        has_head = task in answered
        words = self.tr("this task") if has_head else self.tr("no trained head")
        self._column.addLayout(choice_row(self._tasks, 0, task.title, words))
        self._tasks.button(0).setEnabled(has_head)
        named = ", ".join(other.id for other in answered[:TASKS_NAMED])
        if len(answered) > TASKS_NAMED:
            named += self.tr(" and {} more").format(len(answered) - TASKS_NAMED)
        self._column.addLayout(choice_row(self._tasks, 1, self.tr("All trained heads"), named))
        self._tasks.button(0 if has_head else 1).setChecked(True)

    def _promise(self) -> str:
        return self.tr(
            "Left out: frames that a person has labelled, and those that this\n"
            "model has predicted before. Stop it any time; it goes on from there."
        )

    def _choose(self) -> None:
        choice = BatchChoice(self._kinds[self._frames.checkedId()], self._tasks.checkedId() == 1)
        self.accept()
        self.chosen.emit(choice)
