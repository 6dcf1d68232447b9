"""The task picker: one button that says the task, one menu with all of them by group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QColor,
    QFontMetrics,
    QPaintEvent,
)
from PySide6.QtWidgets import QStylePainter, QWidget

from sonichu_gui.gui import theme
from sonichu_gui.gui.panels.controls import CONTROL_HEIGHT, PanelButton, elided, paint_empty_button
from sonichu_gui.gui.panels.task_menu import TaskMenu, paint_dot
from sonichu_gui.gui.theme import word_font

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sonichu_gui.domain.task import Task
    from sonichu_gui.gui.document import Document

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class TaskPicker(PanelButton):
    """Shows the task and lets a person choose another.

    Args:
        document: Whose task is shown.
        tasks: All tasks, in the order of the menu.
    """

    task_chosen = Signal(object)  # Task

    def __init__(
        self, document: Document, tasks: Sequence[Task], parent: QWidget | None = None
    ) -> None:
        super().__init__("plain", parent=parent)
        self._tasks = tuple(tasks)
        self._task = document.task
        self._rows: dict[str, QAction] = {}
        self._notes: dict[str, str] = {}
        self.task_menu = TaskMenu(self)
        self._choices = QActionGroup(self)
        self._fill_menu()
        self.setMenu(self.task_menu)
        self._choices.triggered.connect(self._choose)
        document.task_changed.connect(self._show_task)
        self._show_task(document.task)

    def set_head_notes(self, notes: Mapping[str, str]) -> None:
        """Says beside each task what the model knows of it, e.g. "no trained head"."""
        self._notes = dict(notes)
        for task in self._tasks:
            self._rows[task.id].setText(self._row_text(task))
        self._show_task(self._task)

    def sizeHint(self) -> QSize:
        """The picture's width, where there is room."""
        return QSize(250, CONTROL_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Room for the dot, a few letters of the title and the arrow."""
        return QSize(140, CONTROL_HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draws dot, title, id and arrow."""
        palette = theme.current()
        painter = QStylePainter(self)
        paint_empty_button(self, painter)
        inside = self.rect().adjusted(12, 0, -10, 0)
        chevron = QRect(inside.right() - 15, inside.center().y() - 8, 16, 16)
        theme.icon("chevron-down").paint(painter, chevron)
        inside.setRight(chevron.left() - 6)

        paint_dot(painter, QPointF(inside.left() + 5, inside.center().y() + 0.5), self._color())
        inside.setLeft(inside.left() + 18)

        small, large = word_font(11.5), word_font(13)
        id_width = QFontMetrics(small).horizontalAdvance(self._task.id)
        title_width = QFontMetrics(large).horizontalAdvance(self._task.title)
        if title_width + id_width + 12 <= inside.width():
            painter.setFont(small)
            painter.setPen(QColor(palette.text_faint))
            painter.drawText(inside, _RIGHT, self._task.id)
        painter.setFont(large)
        painter.setPen(QColor(palette.text))
        title = elided(self._task.title, metrics=QFontMetrics(large), rect=inside)
        painter.drawText(inside, _LEFT, title)

    def _fill_menu(self) -> None:
        group = ""
        for number, task in enumerate(self._tasks):
            if task.group != group:
                group = task.group
                self.task_menu.add_head(group)
            row = self.task_menu.add_row(self._row_text(task), theme.pair_color(number))
            row.setData(task.id)
            row.setToolTip(task.help)
            self._choices.addAction(row)
            self._rows[task.id] = row

    def _row_text(self, task: Task) -> str:
        note = self._notes.get(task.id, "")
        return "\t".join((task.title.replace("&", "&&"), note or task.id))

    def _choose(self, row: QAction) -> None:
        chosen = next(task for task in self._tasks if task.id == row.data())
        self._show_task(self._task)  # the check mark follows the document, not the click
        if chosen.id != self._task.id:
            self.task_chosen.emit(chosen)

    def _show_task(self, task: Task) -> None:
        self._task = task
        if task.id in self._rows:
            self._rows[task.id].setChecked(True)
        note = self._notes.get(task.id, "")
        self.setAccessibleName(self.tr("Task: {}").format(task.title))
        self.setToolTip("\n".join(part for part in (task.help, note) if part))
        self.update()

    def _color(self) -> QColor:
        ids = [task.id for task in self._tasks]
        return theme.pair_color(ids.index(self._task.id) if self._task.id in ids else 0)
