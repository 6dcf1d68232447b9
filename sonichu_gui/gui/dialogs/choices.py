"""The parts of a short question: its choices, each with a word beside it, and its two buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QRadioButton

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QButtonGroup


def soft(words: str) -> QLabel:
    """Words that may be missed."""
    note = QLabel(words)
    note.setObjectName("soft")
    return note


def choice_row(group: QButtonGroup, number: int, text: str, words: str) -> QHBoxLayout:
    """One of several choices.

    Args:
        group: Of the choices that exclude one another.
        number: Its id in the group.
        text: What is chosen.
        words: What that means.
    """
    row = QHBoxLayout()
    row.setSpacing(12)
    button = QRadioButton(text)
    button.setMinimumWidth(180)
    button.setAccessibleDescription(words)
    group.addButton(button, number)
    row.addWidget(button)
    row.addWidget(soft(words), 1)
    return row


def answer_row(dialog: QDialog, verb: str, answer: Callable[[], object]) -> QHBoxLayout:
    """Cancel, and the verb that does it.

    Args:
        dialog: Closed by Cancel.
        verb: On the default button.
        answer: Called when that is pressed.
    """
    row = QHBoxLayout()
    row.setSpacing(8)
    row.addStretch(1)
    cancel = QPushButton(QCoreApplication.translate("choices", "Cancel"))
    cancel.clicked.connect(dialog.reject)
    do = QPushButton(verb)
    do.setProperty("accent", True)
    do.setDefault(True)
    do.clicked.connect(answer)
    for button in (cancel, do):
        button.setFixedHeight(32)
        row.addWidget(button)
    return row
