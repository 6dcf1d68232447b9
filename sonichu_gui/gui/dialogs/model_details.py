"""All that is known of one model: its tasks, files, origin, licence and card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from sonichu_gui.gui.dialogs.model_heads import HeadRow
from sonichu_gui.gui.dialogs.model_words import origin_rows, size_text, tr
from sonichu_gui.gui.dialogs.page_parts import (
    check_line,
    page_of_sections,
    problem_card,
    titled_rows,
    word_and_link,
)
from sonichu_gui.gui.dialogs.texts import LinkButton, ValueLine, plain, section_head

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sonichu_gui.domain.task import Task
    from sonichu_gui.gui.model_choice import Serving
    from sonichu_gui.prediction.zoo import ModelInfo, Verdict


class ModelDetails(QScrollArea):
    """The page beside the list.

    Args:
        tasks: The app's tasks by id, in their order.
    """

    use_wanted = Signal(object)  # Path, for all tasks
    use_for_task_wanted = Signal(str, object)  # task id, Path
    active_wanted = Signal(str)  # task id: back to the model of all tasks
    check_wanted = Signal(object)  # ModelInfo
    remove_wanted = Signal(object)  # ModelInfo: deleted, or taken off the list when in place
    reading_wanted = Signal(str, str, bool)  # title, text, whether it is Markdown

    def __init__(self, tasks: Mapping[str, Task], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.info: ModelInfo | None = None
        self.show_nothing("")

    def show_nothing(self, text: str) -> None:
        """Shows a word in place of a model."""
        self.info = None
        page, column = page_of_sections()
        column.addWidget(plain(text, role="text_soft"))
        column.addStretch(1)
        self._heads: list[HeadRow] = []
        self.setWidget(page)

    def show_model(self, info: ModelInfo, *, in_place: bool) -> None:
        """Shows a model from the top.

        Args:
            info: The model.
            in_place: Whether it lies where a person keeps it, outside the app's models.
        """
        self.info = info
        self._heads = []
        page, column = page_of_sections()
        column.addLayout(self._head(info, in_place=in_place))
        self._checks = QVBoxLayout()
        self._checks.setSpacing(6)
        column.addLayout(self._checks)
        if info.problem:
            column.addWidget(problem_card(info.problem))
        else:
            column.addLayout(self._task_section(info))
        column.addLayout(self._file_section(info))
        column.addLayout(self._origin_section(info, in_place=in_place))
        column.addLayout(self._paper_section(info))
        column.addStretch(1)
        self.setWidget(page)
        self.verticalScrollBar().setValue(0)

    def show_serving(self, serving: Serving, names: Mapping[Path, str]) -> None:
        """Shows which tasks this model serves."""
        if self.info is None:
            return
        whole = serving.active == self.info.folder and not serving.by_task
        self.use_button.setEnabled(not whole and not self.info.problem)
        self.use_button.setText(tr("In use for all tasks") if whole else tr("Use for all tasks"))
        for head in self._heads:
            head.show_serving(serving, names)

    def show_busy(self, *, busy: bool) -> None:
        """Holds back what has to wait for the work under way."""
        if self.info is not None:
            self.check_button.setEnabled(not busy)
            self.remove_button.setEnabled(not busy and not self.info.embedded)

    def show_hash(self, digest: str) -> None:
        """Shows the digest of the weights, computed meanwhile."""
        self.hash_line.show_value(digest or tr("cannot be computed"))

    def show_verdict(self, verdict: Verdict) -> None:
        """Shows what a check found."""
        while (item := self._checks.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        title = tr("Checked: whole") if verdict.ok else tr("Checked: not whole")
        self._checks.addWidget(section_head(title))
        for check in verdict.checks:
            self._checks.addWidget(check_line(check.name, check.text, ok=check.ok))
        self.verticalScrollBar().setValue(0)

    # ---- sections --------------------------------------------------------------------------

    def _head(self, info: ModelInfo, *, in_place: bool) -> QVBoxLayout:
        self.use_button = QPushButton(tr("Use for all tasks"))
        self.check_button = QPushButton(tr("Check"))
        self.check_button.setToolTip(tr("Reads the whole model and compares it with its record"))
        self.remove_button = QPushButton(tr("Take off the list") if in_place else tr("Remove…"))
        if info.embedded:
            self.remove_button.setEnabled(False)
            self.remove_button.setToolTip(tr("It comes with the app and stays"))
        self.use_button.clicked.connect(lambda: self.use_wanted.emit(info.folder))
        self.check_button.clicked.connect(lambda: self.check_wanted.emit(info))
        self.remove_button.clicked.connect(lambda: self.remove_wanted.emit(info))
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.use_button, self.check_button, self.remove_button):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(10)
        version = (
            tr("{}, version {}").format(info.name, info.version) if info.version else info.name
        )
        column.addWidget(plain(version, pixels=15, weight=600))
        column.addLayout(buttons)
        return column

    def _task_section(self, info: ModelInfo) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(section_head(tr("Tasks")))
        if not info.tasks:
            text = tr("None: a feature extractor without heads. It cannot place points.")
            column.addSpacing(6)
            column.addWidget(plain(text, role="text_soft"))
        for task_id in _in_order(info, self._tasks):
            row = HeadRow(task_id, info.tasks[task_id], self._tasks.get(task_id), info.folder)
            row.use_wanted.connect(self._use_for_task)
            row.active_wanted.connect(self.active_wanted)
            self._heads.append(row)
            column.addWidget(row)
        return column

    def _file_section(self, info: ModelInfo) -> QVBoxLayout:
        self.hash_line = ValueLine(tr("SHA-256 of the weights"), tr("computing…"))
        rows: list[tuple[str, QWidget]] = [
            (tr("Folder"), ValueLine(tr("Folder"), str(info.folder)))
        ]
        if not info.problem:
            rows += [
                (tr("Size"), plain(size_text(info.size_bytes))),
                (tr("SHA-256"), self.hash_line),
                (tr("Tensor names"), plain(info.naming)),
            ]
        return titled_rows(tr("Files"), rows)

    def _origin_section(self, info: ModelInfo, *, in_place: bool) -> QVBoxLayout:
        rows: list[tuple[str, QWidget]] = [
            (label, ValueLine(label, value) if exact else plain(value))
            for label, value, exact in origin_rows(info, in_place=in_place)
        ]
        return titled_rows(tr("Where it came from"), rows)

    def _paper_section(self, info: ModelInfo) -> QVBoxLayout:
        """Licence and card: a word here, the whole text on a page of its own."""
        licence, card = info.license_text, info.card_text
        is_text = licence != info.license
        self.licence_button = LinkButton(tr("Read the licence"))
        self.card_button = LinkButton(tr("Read the model card"))
        for button, there in ((self.licence_button, is_text), (self.card_button, bool(card))):
            if not there:  # shown by the page alone: without one it would be a window of its own
                button.hide()
        title = tr("Licence of {}").format(info.name)
        self.licence_button.clicked.connect(lambda: self.reading_wanted.emit(title, licence, False))
        card_title = tr("Model card of {}").format(info.name)
        self.card_button.clicked.connect(lambda: self.reading_wanted.emit(card_title, card, True))
        stated = info.license or ("" if is_text else tr("none stated"))
        rows = [
            (tr("Licence"), word_and_link(stated, self.licence_button)),
            (tr("Model card"), word_and_link("" if card else tr("none"), self.card_button)),
        ]
        return titled_rows(tr("Licence and card"), rows)

    def _use_for_task(self, task_id: str) -> None:
        if self.info is not None:
            self.use_for_task_wanted.emit(task_id, self.info.folder)


def _in_order(info: ModelInfo, tasks: Mapping[str, Task]) -> list[str]:
    """Trained heads, drafts, the others; each in the order of the app's tasks."""
    known = [task for task in tasks if task in info.tasks]
    others = [task for task in info.tasks if task not in tasks]
    heads = info.tasks
    return sorted(
        (*known, *others), key=lambda task: (not heads[task].trained, heads[task].is_draft)
    )
