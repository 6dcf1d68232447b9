"""Asks what to export: which format, which task, which labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QDialog, QVBoxLayout, QWidget

from sonichu_gui.domain.annotation import Status
from sonichu_gui.export.registry import FORMATS, STOOD_FOR
from sonichu_gui.gui.dialogs.choices import answer_row, choice_row
from sonichu_gui.gui.dialogs.texts import section_head

if TYPE_CHECKING:
    from sonichu_gui.domain.task import Task


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """What a person chose.

    Attributes:
        kind: A key of `sonichu_gui.export.registry.FORMATS`.
        task_id: Only this task, or None for all.
        statuses: Only labels with one of these, or None for the format's own choice.
    """

    kind: str
    task_id: str | None
    statuses: tuple[Status, ...] | None


class ExportDialog(QDialog):
    """The question before an export.

    Args:
        task: The task in work.
        parent: Window of the dialog.
    """

    chosen = Signal(object)  # ExportChoice

    def __init__(self, task: Task, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Export"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(True)
        self._task = task
        self._formats = QButtonGroup(self)
        self._tasks = QButtonGroup(self)
        self._whose = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(6)
        column.addWidget(section_head(self.tr("Format")))
        for number, item in enumerate(FORMATS.values()):
            column.addLayout(
                choice_row(self._formats, number, self.tr(item.title), self.tr(item.words))
            )
        column.addSpacing(10)
        column.addWidget(section_head(self.tr("Which labels")))
        column.addLayout(choice_row(self._tasks, 0, self.tr("All tasks"), ""))
        column.addLayout(choice_row(self._tasks, 1, task.title, self.tr("only this task")))
        column.addSpacing(6)
        column.addLayout(
            choice_row(
                self._whose, 0, self.tr("Accepted and edited"), self.tr("what a person stands for")
            )
        )
        column.addLayout(
            choice_row(self._whose, 1, self.tr("All points"), self.tr("with the model's proposals"))
        )
        column.addSpacing(14)
        column.addLayout(answer_row(self, self.tr("Choose file and export"), self._choose))
        for group in (self._formats, self._tasks, self._whose):
            group.button(0).setChecked(True)

    def _choose(self) -> None:
        choice = ExportChoice(
            tuple(FORMATS)[self._formats.checkedId()],
            self._task.id if self._tasks.checkedId() == 1 else None,
            None if self._whose.checkedId() == 0 else (*STOOD_FOR, Status.PROPOSED),
        )
        self.accept()
        self.chosen.emit(choice)
