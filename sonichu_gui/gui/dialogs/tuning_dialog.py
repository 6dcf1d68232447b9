"""The fine-tune dialog: what there is to learn from, how far it is, and what it did.

It stands beside the work and stops nothing: closed, the fine-tune goes on, and the status bar tells
how far it is. It asks and shows; the answers come back through its `show_…` methods.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from sonichu_gui.gui.dialogs.room import size_on_screen
from sonichu_gui.gui.dialogs.texts import plain
from sonichu_gui.gui.dialogs.tuning_outcome import TuningOutcome
from sonichu_gui.gui.dialogs.tuning_question import TuningQuestion
from sonichu_gui.gui.tuning import time_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sonichu_gui.domain.task import Task
    from sonichu_gui.errors import SonichuError
    from sonichu_gui.gui.jobs import Job
    from sonichu_gui.gui.tuning import TuningChoice, TuningPlan, TuningResult


WIDTH, LEAST_HEIGHT = 560, 180
TELLING_SHARE, TELLING_S = 0.04, 2.0
"""Before so much is done the time left is a guess."""


class TuningDialog(QDialog):
    """One page at a time.

    Args:
        tasks: The app's tasks by id.
        parent: Window of the dialog.
    """

    chosen = Signal(object)  # TuningChoice
    use_wanted = Signal(object)  # TuningResult
    again_wanted = Signal()
    going_on_wanted = Signal()
    stop_wanted = Signal()

    def __init__(self, tasks: Mapping[str, Task], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Fine-tune on corrected frames"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._tasks = tasks
        self._over = parent
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.page: QWidget | None = None
        self.setMinimumWidth(480)
        self.show_looking()

    def show_looking(self) -> None:
        """Says that the labels are being read."""
        page = _WorkPage(self.tr("Reading the labels…"), button=self.tr("Cancel"))
        page.button.clicked.connect(self.reject)
        self._show(page)

    def show_plan(self, plan: TuningPlan, last: TuningChoice | None = None) -> None:
        """Asks; what was chosen the last time is chosen again, as far as the plan has it."""
        question = TuningQuestion(plan, self._tasks, last)
        question.chosen.connect(self.chosen)
        question.left.connect(self.reject)
        self._show(question)
        question.start_button.setFocus()

    def show_work(self, job: Job | None) -> None:
        """Shows how far the fine-tune is."""
        if job is None:
            return
        if not isinstance(self.page, _RunningPage):
            page = _RunningPage()
            page.button.clicked.connect(self.stop_wanted)
            page.hide_button.clicked.connect(self.reject)
            self._show(page)
        if isinstance(self.page, _RunningPage):
            self.page.show_job(job)

    def show_result(self, result: TuningResult) -> None:
        """Shows what it did."""
        outcome = TuningOutcome(result, self._tasks)
        outcome.use_wanted.connect(self.use_wanted)
        outcome.left.connect(self.reject)
        self._show(outcome)

    def show_in_use(self) -> None:
        """Says that the new model is in use now."""
        if isinstance(self.page, TuningOutcome):
            self.page.show_in_use()

    def show_stopped(self, message: str, hint: str) -> None:
        """Says that it was stopped."""
        page = _EndPage(message, hint, again=self.tr("Go on"))
        page.again_button.clicked.connect(self.going_on_wanted)
        page.close_button.clicked.connect(self.reject)
        self._show(page)

    def show_error(self, error: SonichuError) -> None:
        """Says what went wrong."""
        page = _EndPage(error.message, error.hint, again=self.tr("Try again"))
        page.again_button.clicked.connect(self.again_wanted)
        page.close_button.clicked.connect(self.reject)
        self._show(page)

    def _show(self, page: QWidget) -> None:
        """Puts a page in place of the last; one that is too tall for the screen scrolls."""
        while (item := self._column.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self.page = page
        room = QScrollArea()
        room.setFrameShape(QScrollArea.Shape.NoFrame)
        room.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        room.setWidgetResizable(True)
        room.setWidget(page)
        self._column.addWidget(room)
        layout = page.layout()
        height = layout.totalHeightForWidth(WIDTH) if layout is not None else 0
        self.resize(size_on_screen(WIDTH, max(height, LEAST_HEIGHT), self._over))


class _WorkPage(QWidget):
    """Something goes on."""

    def __init__(self, text: str, *, button: str) -> None:
        super().__init__()
        self.text = plain(text, pixels=13, weight=600)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(4)
        self.bar.setRange(0, 0)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.note = plain("", role="text_soft")
        self.button = QPushButton(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 22, 24, 18)
        column.setSpacing(12)
        column.addWidget(self.text)
        column.addWidget(self.bar)
        column.addWidget(self.note)
        column.addStretch(1)
        self.foot = QHBoxLayout()
        self.foot.setSpacing(8)
        self.foot.addStretch(1)
        self.foot.addWidget(self.button)
        column.addLayout(self.foot)


class _RunningPage(_WorkPage):
    """The fine-tune goes on."""

    def __init__(self) -> None:
        super().__init__("", button="")
        self.button.setText(self.tr("Stop"))
        self.note.setText(
            self.tr(
                "The window stays usable; predictions take longer meanwhile. Stopped, it goes on"
                " from there when it is started again with the same labels, length and name."
            )
        )
        self.hide_button = QPushButton(self.tr("Go on in the background"))
        self.foot.addWidget(self.hide_button)

    def show_job(self, job: Job) -> None:
        """Shows how far it is, and the time left once that can be told."""
        text, done, took = job.text, job.progress, time.monotonic() - job.started
        if done >= TELLING_SHARE and took >= TELLING_S:
            text = self.tr("{} · {} left").format(text, time_words(took * (1 - done) / done))
        self.text.setText(text)
        self.bar.setRange(0, 0 if done < 0 else 1000)
        self.bar.setValue(round(max(0.0, done) * 1000))


class _EndPage(QWidget):
    """It ended without a result."""

    def __init__(self, message: str, hint: str, *, again: str) -> None:
        super().__init__()
        self.message = plain(message, pixels=13, weight=600)
        self.hint = plain(hint, role="text_soft")
        self.again_button = QPushButton(again)
        self.close_button = QPushButton(self.tr("Close"))
        self.close_button.setProperty("accent", True)
        self.close_button.setDefault(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 22, 24, 18)
        column.setSpacing(8)
        column.addWidget(self.message)
        column.addWidget(self.hint)
        column.addStretch(1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addStretch(1)
        foot.addWidget(self.again_button)
        foot.addWidget(self.close_button)
        column.addLayout(foot)
