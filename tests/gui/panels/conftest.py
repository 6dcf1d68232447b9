"""A document with a frame in hand, and the actions of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QObject

from sonichu_gui.gui import theme
from sonichu_gui.gui.actions import make_actions
from sonichu_gui.gui.document import Document
from sonichu_gui.tasks import load_tasks
from tests.gui.panels.fakes import MemoryKeeper

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtGui import QAction

    from sonichu_gui.domain.task import Task


@pytest.fixture(autouse=True)
def dressed(qapp) -> None:
    theme.apply(qapp, theme.DARK)


@pytest.fixture
def tasks() -> dict[str, Task]:
    return load_tasks()


@pytest.fixture
def keeper() -> MemoryKeeper:
    return MemoryKeeper()


@pytest.fixture
def document(tasks: dict[str, Task], keeper: MemoryKeeper) -> Document:
    return Document(task=tasks["HC"], keeper=keeper, rater="anna")


@pytest.fixture
def actions(qapp) -> Iterator[dict[str, QAction]]:
    owner = QObject()
    yield make_actions(owner)
    owner.deleteLater()
