"""Models to choose between, and what a person does and reads in the dialog that shows them."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from sonichu_gui.gui.dialogs.models_dialog import ModelsDialog
from sonichu_gui.paths import resources, user_models

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from sonichu_gui.gui.workbench import Workbench

EMBEDDED = resources("models", "sonichu-mini")
LOADED = 60_000
"""Milliseconds to wait for a first prediction, which loads the model."""


def copy_model(folder: Path, *, trained: tuple[str, ...] = ("HC",), **changes: object) -> Path:
    """A model that is named as its folder and knows the tasks that are said to be trained."""
    shutil.copytree(EMBEDDED, folder)
    config = json.loads((folder / "config.json").read_text())
    config |= {"name": folder.name, **changes}
    for task, head in config["tasks"].items():
        head["trained"] = task in trained
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def install(name: str, *, trained: tuple[str, ...] = ("HC",), **changes: object) -> Path:
    """A model among the person's own."""
    return copy_model(user_models() / name, trained=trained, **changes)


def leave_without_head(bench: Workbench, *task_ids: str) -> None:
    """Gives tasks a model that knows heads alone, whatever the app's own model has learned."""
    folder = install("heads-alone")
    for task_id in task_ids:
        assert bench.models.use_for_task(task_id, folder)


def open_dialog(bench: Workbench, qtbot: QtBot) -> ModelsDialog:
    bench.actions["models"].trigger()
    dialog = bench.window.findChild(ModelsDialog)
    qtbot.waitUntil(lambda: dialog.models.info is not None)
    return dialog


def names(dialog: ModelsDialog) -> list[str]:
    rows = dialog.models.model()
    return [rows.index(row).data() for row in range(rows.rowCount())]


def press(button: QPushButton) -> None:
    assert button.isVisible()
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def words(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


def go_to_window(bench: Workbench, qtbot: QtBot) -> None:
    """Goes from the dialog to the window, as a click on it does."""
    bench.window.activateWindow()
    qtbot.waitUntil(bench.window.isActiveWindow)


def predict(bench: Workbench, qtbot: QtBot, task_id: str) -> str:
    """Predicts by key and gives the name of the model that answered."""
    go_to_window(bench, qtbot)
    bench.document.set_task(bench.tasks[task_id])
    answers = []
    bench.document.noted.connect(answers.append)
    QTest.keyClick(bench.canvas, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: any("predicted in" in text for text in answers), timeout=LOADED)
    bench.document.noted.disconnect(answers.append)
    return bench.document.annotation.model.name
