"""Models that come: from folders, files and the hub, with progress, a way to stop, and errors."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
import torch
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit

from sonichu_gui.errors import ModelError
from sonichu_gui.gui.dialogs.add_model_form import AddModelForm
from sonichu_gui.gui.dialogs.models_dialog import ModelsDialog
from sonichu_gui.paths import user_models
from sonichu_gui.prediction import zoo
from sonichu_gui.prediction.model_source import Source, sha256_of, write_source
from tests.gui.model_scenes import (
    EMBEDDED,
    copy_model,
    install,
    names,
    open_dialog,
    predict,
    press,
    words,
)
from tests.model.foreign import official_vitpose, vitpose
from tests.model.hub_server import COMMIT, standing_in

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not EMBEDDED.is_dir(), reason="the embedded model is not there")
ADDED = 30_000
"""Milliseconds to wait for a model, which is loaded before it is taken."""


def choose_folder(monkeypatch, folder: Path) -> None:
    """Answers the desktop's own folder dialog."""
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))


def choose_file(monkeypatch, file: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))


class SlowWork:
    """Stands in for adding half a gigabyte: goes on until it is stopped or let go."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.stopped = False

    def __call__(self, path, *, report, is_cancelled, **_):
        report(0.4, f"Copying {path.name}, 204 of 511 MB")
        while not self.go_on.wait(0.01):
            if is_cancelled():
                self.stopped = True
                raise InterruptedError
        raise ModelError("The disk is full.", "Make room and try again.")


@pytest.fixture
def slow(monkeypatch) -> SlowWork:
    work = SlowWork()
    monkeypatch.setattr(zoo, "add_model", work)
    yield work
    work.go_on.set()


@pytest.fixture
def adding(bench, qtbot, monkeypatch, tmp_path, slow) -> ModelsDialog:
    """The dialog while a folder is being added."""
    choose_folder(monkeypatch, tmp_path)
    dialog = open_dialog(bench, qtbot)
    press(dialog.adding.folder)
    QTest.keyClick(dialog.findChild(AddModelForm), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "204 of 511 MB" in dialog.foot.text.text())
    return dialog


# ---- what takes long ------------------------------------------------------------------------


def test_long_work_shows_how_far_it_is_in_the_dialog_and_in_the_window(bench, qtbot, slow, adding):
    assert adding.foot.bar.value() == 400
    assert not adding.adding.folder.isEnabled()
    qtbot.waitUntil(lambda: "204 of 511 MB" in bench.status_bar.jobs.text)


@pytest.mark.parametrize("where", ["dialog", "window"])
def test_stopping_ends_the_work_and_says_so(bench, qtbot, slow, adding, where):
    qtbot.waitUntil(lambda: bool(bench.status_bar.jobs.text))
    if where == "dialog":
        press(adding.foot.stop)
    else:
        QTest.mouseClick(bench.status_bar.jobs.cancel_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: slow.stopped)
    assert adding.strip.text.startswith("Stopped:")
    assert not adding.foot.stop.isVisible()
    assert adding.adding.folder.isEnabled()
    qtbot.waitUntil(lambda: names(adding) == ["sonichu-mini"])


def test_work_goes_on_without_the_dialog_and_its_failure_is_a_banner(bench, qtbot, slow, adding):
    QTest.keyClick(adding, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: bench.window.findChild(ModelsDialog) is None)
    slow.go_on.set()
    qtbot.waitUntil(lambda: bench.banner.text == "The disk is full. Make room and try again.")


def test_the_dialog_opened_again_shows_the_work_that_goes_on(bench, qtbot, slow, adding):
    adding.close()
    qtbot.waitUntil(lambda: bench.window.findChild(ModelsDialog) is None)
    again = open_dialog(bench, qtbot)
    assert "204 of 511 MB" in again.foot.text.text()
    assert again.foot.stop.isVisible()


def test_closing_the_window_closes_the_dialog_and_stops_the_work(bench, qtbot, slow, adding):
    bench.window.close()
    assert slow.stopped
    assert not adding.isVisible()


def test_what_was_entered_can_be_tried_again_after_a_failure(
    bench, qtbot, monkeypatch, tmp_path, slow
):
    choose_folder(monkeypatch, tmp_path)
    dialog = open_dialog(bench, qtbot)
    press(dialog.adding.folder)
    form = dialog.findChild(AddModelForm)
    QTest.keyClicks(form.name, "my heads")
    QTest.keyClicks(form.image_size, "192")
    form.task.setCurrentIndex(form.task.findData("FA"))
    press(form.add_button)
    slow.go_on.set()
    qtbot.waitUntil(lambda: dialog.strip.text == "The disk is full. Make room and try again.")
    qtbot.waitUntil(lambda: not dialog.findChildren(AddModelForm))
    press(dialog.strip.button)
    form = dialog.findChild(AddModelForm)
    assert form.name.text() == "my heads"
    assert form.image_size.text() == "192"
    assert form.task.currentData() == "FA"


def drop(dialog: ModelsDialog, path: Path) -> None:
    """Drags a file or folder from the desktop and lets it go over the dialog."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    button, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(20, 20), Qt.DropAction.CopyAction, data, button, keys)
    QApplication.sendEvent(dialog, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(
        dialog, QDropEvent(QPointF(20, 20), Qt.DropAction.CopyAction, data, button, keys)
    )


# ---- what comes -----------------------------------------------------------------------------


def test_an_added_folder_is_copied_looked_at_and_tells_where_it_came_from(
    bench, qtbot, monkeypatch, tmp_path
):
    folder = copy_model(tmp_path / "from a colleague", license="CC-BY-4.0")
    choose_folder(monkeypatch, folder)
    dialog = open_dialog(bench, qtbot)
    press(dialog.adding.folder)
    form = dialog.findChild(AddModelForm)
    QTest.keyClicks(form.name, "colleague")
    QTest.keyClick(form.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: dialog.details.info.name == "colleague", timeout=ADDED)
    assert dialog.strip.text == "colleague added"
    assert dialog.details.info.folder == user_models() / "colleague"
    assert dialog.details.info.source.origin == str(folder)
    assert "copied from a folder" in words(dialog.details)


def test_the_same_weights_again_are_not_added_twice(bench, qtbot, monkeypatch, tmp_path):
    choose_folder(monkeypatch, copy_model(tmp_path / "heads"))
    dialog = open_dialog(bench, qtbot)
    for told in ("heads added", "heads is installed already"):
        press(dialog.adding.folder)
        QTest.keyClick(dialog.findChild(AddModelForm), Qt.Key.Key_Return)
        qtbot.waitUntil(lambda told=told: dialog.strip.text == told, timeout=ADDED)
        qtbot.waitUntil(lambda: names(dialog) == ["sonichu-mini", "heads"])
        qtbot.waitUntil(lambda: not dialog.findChildren(AddModelForm))


def test_a_file_that_holds_no_weights_is_refused_and_the_list_stays(
    bench, qtbot, monkeypatch, tmp_path
):
    file = tmp_path / "notes.safetensors"
    file.write_text("these are no weights")
    choose_file(monkeypatch, file)
    dialog = open_dialog(bench, qtbot)
    press(dialog.adding.file)
    QTest.keyClick(dialog.findChild(AddModelForm), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "notes.safetensors" in dialog.strip.text, timeout=ADDED)
    assert names(dialog) == ["sonichu-mini"]
    assert list(user_models().glob("*")) == []


def test_a_head_without_a_name_serves_the_task_that_is_said_when_adding_it(
    bench, qtbot, monkeypatch, tmp_path
):
    file = tmp_path / "pose.pth"
    torch.save({"state_dict": official_vitpose(vitpose().state_dict())}, file)
    choose_file(monkeypatch, file)
    dialog = open_dialog(bench, qtbot)
    press(dialog.adding.file)
    form = dialog.findChild(AddModelForm)
    QTest.keyClicks(form.task, "Head")
    QTest.keyClick(form, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: dialog.details.info.name == "pose", timeout=ADDED)
    assert "made from a file of weights" in words(dialog.details)
    assert "ViTPose" in words(dialog.details)
    press(dialog.details.use_button)
    assert predict(bench, qtbot, "HC") == "pose"


def test_a_dropped_folder_is_asked_about(bench, qtbot, tmp_path):
    folder = copy_model(tmp_path / "dropped")
    dialog = open_dialog(bench, qtbot)
    drop(dialog, folder)
    QTest.keyClick(dialog.findChild(AddModelForm), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: dialog.details.info.name == "dropped", timeout=ADDED)


def test_a_name_that_is_none_on_the_hub_is_told_without_asking_it(bench, qtbot):
    dialog = open_dialog(bench, qtbot)
    QTest.keyClicks(dialog.adding.hub_name, "no such name")
    QTest.keyClick(dialog.adding.hub_name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "'no such name' is no name of a model" in dialog.strip.text)
    assert dialog.adding.hub_name.text() == "no such name"


@pytest.fixture
def hub(monkeypatch, home, tmp_path):
    """A hub that holds one model."""
    with standing_in(monkeypatch, home) as hub:
        folder = copy_model(tmp_path / "heads", license="CC-BY-4.0")
        hub.add("someone/heads", {path.name: path.read_bytes() for path in folder.iterdir()})
        yield hub


def get(dialog: ModelsDialog, name: str) -> None:
    dialog.adding.hub_name.clear()
    QTest.keyClicks(dialog.adding.hub_name, name)
    QTest.keyClick(dialog.adding.hub_name, Qt.Key.Key_Return)


def test_a_model_of_the_hub_is_installed_with_its_revision(bench, qtbot, hub):
    dialog = open_dialog(bench, qtbot)
    get(dialog, "someone/heads@main")
    qtbot.waitUntil(lambda: dialog.details.info.name == "heads", timeout=ADDED)
    assert dialog.strip.text == "heads added"
    assert "from the Hugging Face hub" in words(dialog.details)
    values = [line.text() for line in dialog.details.findChildren(QLineEdit)]
    assert {"someone/heads", COMMIT} <= set(values)


def test_a_stopped_download_goes_on_where_it_ended(bench, qtbot, hub):
    hub.pause = 0.005
    dialog = open_dialog(bench, qtbot)
    get(dialog, "someone/heads")
    qtbot.waitUntil(lambda: dialog.foot.bar.value() > 300, timeout=ADDED)
    press(dialog.foot.stop)
    assert dialog.strip.text.startswith("Stopped:")
    qtbot.waitUntil(lambda: not bench.jobs._jobs)
    hub.pause = 0.0
    get(dialog, "someone/heads")
    qtbot.waitUntil(lambda: dialog.details.info.name == "heads", timeout=ADDED)
    assert hub.ranges()[-1].startswith("bytes=")


def test_a_model_that_the_hub_does_not_have_is_told_and_the_name_stays(bench, qtbot, hub):
    dialog = open_dialog(bench, qtbot)
    get(dialog, "someone/nothing")
    qtbot.waitUntil(lambda: "someone/nothing" in dialog.strip.text, timeout=ADDED)
    assert dialog.adding.hub_name.text() == "someone/nothing"
    assert names(dialog) == ["sonichu-mini"]


# ---- checking -------------------------------------------------------------------------------


def check(dialog: ModelsDialog, qtbot) -> str:
    press(dialog.details.check_button)
    qtbot.waitUntil(lambda: "Checked" in words(dialog.details), timeout=ADDED)
    return words(dialog.details)


def test_a_check_of_a_whole_model_says_so(bench, qtbot):
    dialog = open_dialog(bench, qtbot)
    text = check(dialog, qtbot)
    assert "Checked: whole" in text
    assert "files: There is no record" in text


def test_a_check_finds_the_file_that_has_changed(bench, qtbot):
    folder = install("changed")
    files = {path.name: sha256_of(path) for path in folder.iterdir()}
    weights = files["model.safetensors"]
    source = Source(
        "folder", "/from/there", "", "2026-11-25T12:00:00+00:00", "Sonichu", weights, files
    )
    write_source(folder, source)
    with (folder / "README.md").open("a") as file:
        file.write("More accurate than it was.")
    dialog = open_dialog(bench, qtbot)
    QTest.keyClick(dialog.models, Qt.Key.Key_Down)
    text = check(dialog, qtbot)
    assert "Checked: not whole" in text
    assert "README.md is not as it was added" in text
