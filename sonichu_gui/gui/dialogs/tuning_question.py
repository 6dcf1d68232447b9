"""What a person is asked before a fine-tune: of which tasks, how long, under which name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from sonichu_gui.gui.dialogs.choices import choice_row
from sonichu_gui.gui.dialogs.texts import plain, section_head
from sonichu_gui.gui.tuning import LENGTHS, TaskFrames, TuningChoice, TuningPlan, time_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sonichu_gui.domain.task import Task

NOTES_SHOWN = 3


class TuningQuestion(QWidget):
    """A plan, and what a person may change of it.

    Args:
        plan: What there is to learn from.
        tasks: The app's tasks by id.
        last: What was chosen the last time, for the same folder or another.
    """

    chosen = Signal(object)  # TuningChoice
    left = Signal()

    def __init__(
        self, plan: TuningPlan, tasks: Mapping[str, Task], last: TuningChoice | None = None
    ) -> None:
        super().__init__()
        self._plan = plan
        self._tasks = QButtonGroup(self)
        self._lengths = QButtonGroup(self)
        self._choices = _choices(plan)
        self.name = QLineEdit(plan.name)
        self.name.setAccessibleName(self.tr("Name of the new model"))
        self.start_button = QPushButton(self.tr("Fine-tune"))
        self.start_button.setProperty("accent", True)
        self.start_button.setDefault(True)
        self.cancel_button = QPushButton(self.tr("Cancel"))
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 18)
        column.setSpacing(6)
        self._ask_tasks(column, tasks)
        column.addSpacing(10)
        self._ask_length(column)
        column.addSpacing(10)
        column.addWidget(section_head(self.tr("New model")))
        column.addWidget(self.name)
        column.addSpacing(2)
        column.addWidget(plain(self._promise(), role="text_soft"))
        self._tell_notes(column)
        column.addStretch(1)
        column.addSpacing(8)
        column.addLayout(self._foot())
        if last is not None and last.store == plan.store:
            self._choose_again(last)
        self.name.textChanged.connect(self._allow)
        self.start_button.clicked.connect(self._choose)
        self.cancel_button.clicked.connect(self.left)

    def _ask_tasks(self, column: QVBoxLayout, tasks: Mapping[str, Task]) -> None:
        column.addWidget(section_head(self.tr("Corrected frames")))
        for number, chosen in enumerate(self._choices):
            if len(chosen) > 1:
                title, words = self.tr("All of them"), ", ".join(chosen)
            else:
                (task_id,) = chosen
                title = tasks[task_id].title if task_id in tasks else task_id
                words = self._frames_text(self._plan.tasks[task_id])
            column.addLayout(choice_row(self._tasks, number, title, words))
        self._tasks.button(0).setChecked(True)

    def _frames_text(self, frames: TaskFrames) -> str:
        if not frames.held_out:
            return self.tr("{} to learn from, none held out").format(frames.learn)
        text = self.tr("{} to learn from, {} held out, of {} patients or clips")
        return text.format(frames.learn, frames.held_out, frames.groups)

    def _ask_length(self, column: QVBoxLayout) -> None:
        column.addWidget(section_head(self.tr("How long")))
        names = self.tr("Short"), self.tr("As advised"), self.tr("Long")
        for number, (steps, name) in enumerate(zip(LENGTHS, names, strict=True)):
            time = time_words(steps * self._plan.seconds_a_step)
            words = self.tr("{} steps, about {}").format(steps, time)
            column.addLayout(choice_row(self._lengths, number, name, words))
        self._lengths.button(1).setChecked(True)

    def _choose_again(self, last: TuningChoice) -> None:
        """A fine-tune that ended early goes on only where tasks and length are the same."""
        if last.tasks in self._choices:
            self._tasks.button(self._choices.index(last.tasks)).setChecked(True)
        if last.steps in LENGTHS:
            self._lengths.button(LENGTHS.index(last.steps)).setChecked(True)

    def _promise(self) -> str:
        return self.tr(
            "It starts from {}, which stays as it is. Whole patients and clips are held out; errors"
            " on them, and on phantoms of every task, are told before and after."
        ).format(self._plan.model_name)

    def _tell_notes(self, column: QVBoxLayout) -> None:
        notes = list(self._plan.notes)
        shown = notes[:NOTES_SHOWN]
        if len(notes) > NOTES_SHOWN:
            shown.append(self.tr("… and {} more").format(len(notes) - NOTES_SHOWN))
        if shown:
            column.addSpacing(6)
            column.addWidget(section_head(self.tr("Left out, or worth knowing")))
            column.addWidget(plain("\n".join(shown), role="text_soft"))

    def _foot(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        row.addWidget(self.cancel_button)
        row.addWidget(self.start_button)
        return row

    def _allow(self, name: str) -> None:
        self.start_button.setEnabled(bool(name.strip()))

    def _choose(self) -> None:
        plan = self._plan
        self.chosen.emit(
            TuningChoice(
                plan.store,
                plan.model,
                self._choices[self._tasks.checkedId()],
                self.name.text().strip(),
                LENGTHS[self._lengths.checkedId()],
            )
        )


def _choices(plan: TuningPlan) -> list[tuple[str, ...]]:
    """Tasks that can be chosen together: all of them, then each by itself."""
    every = tuple(plan.tasks)
    return [every, *((task,) for task in every)] if len(every) > 1 else [every]
