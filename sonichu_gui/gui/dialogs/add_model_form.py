"""Asks how to add a model: under which name, and what its weights cannot tell by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from sonichu_gui.gui.dialogs.texts import Choice, plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sonichu_gui.domain.task import Task

_LARGEST = 4096


@dataclass(frozen=True, slots=True)
class AddWish:
    """A model to be added.

    Attributes:
        origin: A model folder or a file of weights, or a name on the hub.
        name: What to call it; None takes its own name.
        image_size: Pixels a side that it was made for; None leaves it to the file.
        task: Task of its only, nameless head; None leaves it to the file.
    """

    origin: Path | str
    name: str | None = None
    image_size: int | None = None
    task: str | None = None

    @property
    def title(self) -> str:
        """What is added, in short."""
        return self.origin if isinstance(self.origin, str) else self.origin.name


class AddModelForm(QDialog):
    """The question between choosing a file and adding it; everything may be left as it is.

    Args:
        wish: What is known so far, as after an attempt that failed.
        tasks: The app's tasks by id.
        parent: Window of the dialog.
    """

    chosen = Signal(object)  # AddWish

    def __init__(self, wish: AddWish, tasks: Mapping[str, Task], parent: QWidget) -> None:
        super().__init__(parent)
        self._wish = wish
        self.setWindowTitle(self.tr("Add a model"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setMinimumWidth(460)
        self.name = QLineEdit(wish.name or "")
        self.name.setPlaceholderText(self.tr("as it calls itself"))
        self.task = Choice()
        self.task.addItem(self.tr("as the file names its heads"), None)
        for task in tasks.values():
            self.task.addItem(f"{task.title}  {task.id}", task.id)
        self.task.setCurrentIndex(max(0, self.task.findData(wish.task)))
        self.image_size = QLineEdit(str(wish.image_size) if wish.image_size else "")
        self.image_size.setValidator(QIntValidator(1, _LARGEST, self))
        self.image_size.setPlaceholderText(self.tr("as the file says"))
        self._arrange()

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 18)
        column.setSpacing(14)
        column.addWidget(plain(self._wish.title, pixels=13, weight=600))
        column.addWidget(
            plain(
                self.tr(
                    "It is copied into the app's models, its tensors under the app's own names. "
                    "Code beside the weights is neither run nor copied."
                ),
                role="text_soft",
            )
        )
        form = QFormLayout()
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for text, field in (
            (self.tr("&Name"), self.name),
            (self.tr("&Task of a head without a name"), self.task),
            (self.tr("&Image size, px"), self.image_size),
        ):
            form.addRow(text, field)
        column.addLayout(form)
        column.addSpacing(6)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        cancel = QPushButton(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        self.add_button = QPushButton(self.tr("Add"))
        self.add_button.setDefault(True)
        self.add_button.clicked.connect(self._choose)
        row.addWidget(cancel)
        row.addWidget(self.add_button)
        column.addLayout(row)

    def _choose(self) -> None:
        wish = AddWish(
            self._wish.origin,
            self.name.text().strip() or None,
            int(self.image_size.text() or 0) or None,
            self.task.currentData(),
        )
        self.accept()
        self.chosen.emit(wish)
