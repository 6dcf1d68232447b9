"""What a fine-tune did: a sentence, and errors before and after as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from sonichu_gui.gui import theme
from sonichu_gui.gui.dialogs.texts import plain, section_head

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sonichu_gui.domain.task import Task
    from sonichu_gui.gui.tuning import Errors, TuningResult


class TuningOutcome(QWidget):
    """The result of one fine-tune.

    Args:
        result: What it made.
        tasks: The app's tasks by id.
    """

    use_wanted = Signal(object)  # TuningResult
    left = Signal()

    def __init__(self, result: TuningResult, tasks: Mapping[str, Task]) -> None:
        super().__init__()
        self.result = result
        self._tasks = tasks
        self.use_button = QPushButton(self.tr("Use this model"))
        self.close_button = QPushButton(self.tr("Close"))
        first = self.use_button if result.is_better else self.close_button
        first.setProperty("accent", True)
        first.setDefault(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 18)
        column.setSpacing(6)
        column.addWidget(plain(self._verdict(), pixels=13, weight=600))
        column.addWidget(plain(self._what_it_means(), role="text_soft"))
        column.addSpacing(12)
        column.addLayout(self._table())
        if result.notes:
            column.addSpacing(10)
            column.addWidget(plain("\n".join(result.notes[:3]), role="text_soft"))
        column.addStretch(1)
        column.addSpacing(10)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addStretch(1)
        foot.addWidget(self.close_button)
        foot.addWidget(self.use_button)
        column.addLayout(foot)
        self.use_button.clicked.connect(lambda: self.use_wanted.emit(result))
        self.close_button.clicked.connect(self.left)

    def show_in_use(self) -> None:
        """Says that the model is in use now."""
        self.use_button.setText(self.tr("In use"))
        self.use_button.setEnabled(False)
        self.close_button.setFocus()

    def _verdict(self) -> str:
        if not self.result.held_out:
            return self.tr("{} is installed; nothing was held out to measure it on").format(
                self.result.name
            )
        if self.result.is_better:
            return self.tr("{} is better on your held-out frames").format(self.result.name)
        return self.tr("{} is no better on your held-out frames").format(self.result.name)

    def _what_it_means(self) -> str:
        if self.result.is_better or not self.result.held_out:
            return self.tr(
                "It is installed beside the old one. So few frames tell a direction, no more."
            )
        return self.tr(
            "It is installed, but the old one may be the better choice. More corrected frames help"
            " most, of more patients."
        )

    def _table(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(0, 1)
        heads = ("", self.tr("Frames"), self.tr("Error"), self.tr("Before"), self.tr("After"))
        for place, text in enumerate(heads):
            grid.addWidget(_cell(text, right=place in (1, 3, 4), soft=True), 0, place)
        row = 1
        for title, errors in (
            (self.tr("Your held-out frames"), self.result.held_out),
            (self.tr("Phantoms, to see what it cost"), self.result.rest),
        ):
            if errors:
                grid.addWidget(section_head(title), row, 0, 1, len(heads))
                grid.setRowMinimumHeight(row, 26)
                row = self._add_rows(grid, row + 1, errors)
        return grid

    def _add_rows(self, grid: QGridLayout, row: int, errors: Sequence[Errors]) -> int:
        for one in errors:
            task = self._tasks.get(one.task_id)
            lines = [(self.tr("points"), self.tr("px"), one.pixels)]
            if one.values is not None:
                lines.append((one.measure, one.unit, one.values))
            for number, (name, unit, (before, after)) in enumerate(lines):
                cells = (
                    (task.title if task else one.task_id) if number == 0 else "",
                    str(one.frames) if number == 0 else "",
                    f"{name}, {unit}",
                    f"{before:.2f}",
                    f"{after:.2f}",
                )
                for place, text in enumerate(cells):
                    label = _cell(text, right=place in (1, 3, 4), soft=place in (1, 2, 3))
                    grid.addWidget(label, row, place)
                row += 1
        return row


def _cell(text: str, *, right: bool, soft: bool) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setFont(theme.font(11.5))
    if soft:
        label.setObjectName("soft")
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    return label
