"""A fine-tune from the menu: asked, followed, stopped, put to use; the training is a real one."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMessageBox, QPushButton

from sonichu_gui.gui.controllers import tuning as controller
from sonichu_gui.gui.dialogs import tuning_question
from sonichu_gui.gui.dialogs.tuning_dialog import TuningDialog
from sonichu_gui.paths import user_models
from sonichu_gui.settings import keys
from sonichu_gui.training.tuning_phantoms import rehearsal, rest
from tests.gui.model_scenes import go_to_window
from tests.gui.scenes import open_and_wait
from tests.tuning_study import install_tiny_model, make_study

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from sonichu_gui.gui.workbench import Workbench

STARTED, TRAINED = 30_000, 60_000
"""Milliseconds to wait for another program."""


@pytest.fixture(scope="session")
def drawn_phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in which the phantoms lie that a fine-tune would draw."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        for draw in (rehearsal, rest):
            draw(["fetal_femur"], 6, report=lambda _share, _text: None)
    return folder


@pytest.fixture
def tuned_bench(
    make_bench, qtbot: QtBot, tmp_path: Path, drawn_phantoms: Path, monkeypatch: pytest.MonkeyPatch
) -> Workbench:
    """The window over a study with accepted labels; a tiny model is in use."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(drawn_phantoms))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    model = install_tiny_model(tasks=("fetal_femur",))
    bench = make_bench()
    open_and_wait(bench, qtbot, make_study(tmp_path / "corrected", heads=0, femurs=8))
    bench.serving.look_up()
    bench.models.use(model)
    return bench


def click(button: QPushButton) -> None:
    assert button.isVisible()
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def shows(dialog: TuningDialog, name: str) -> bool:
    """Whether the page with that button is there."""
    button = getattr(dialog.page, name, None)
    return button is not None and button.isVisible()


def click_menu(bench: Workbench, qtbot: QtBot) -> None:
    """Opens the menu, its page Tools, and clicks the row."""
    menu = bench.top_bar.menu_button.menu()
    menu.popup(bench.window.mapToGlobal(bench.window.rect().center()))
    qtbot.waitUntil(menu.isVisible)
    tools = next(row for row in menu.actions() if row.text() == "Tools")
    menu.setActiveAction(tools)
    page = tools.menu()
    page.popup(bench.window.mapToGlobal(bench.window.rect().topLeft()))
    qtbot.waitUntil(page.isVisible)
    place = page.actionGeometry(bench.actions["finetune"]).center()
    QTest.mouseClick(page, Qt.MouseButton.LeftButton, pos=place)
    menu.close()


def ask(bench: Workbench, qtbot: QtBot) -> TuningDialog:
    """The dialog with its question."""
    click_menu(bench, qtbot)
    dialog = bench.window.findChild(TuningDialog)
    qtbot.waitUntil(lambda: shows(dialog, "start_button"), timeout=STARTED)
    return dialog


def words(dialog: TuningDialog) -> str:
    return "\n".join(label.text() for label in dialog.page.findChildren(QLabel))


def start_long(bench: Workbench, qtbot: QtBot) -> TuningDialog:
    """A fine-tune in the middle of its steps; it would take much longer than a test."""
    dialog = ask(bench, qtbot)
    choice = []
    dialog.chosen.disconnect()
    dialog.chosen.connect(choice.append)
    click(dialog.page.start_button)
    bench.tuning.start(replace(choice[0], steps=20_000))
    qtbot.waitUntil(lambda: bench.tuning.work.progress > 0, timeout=STARTED)
    return dialog


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


OTHERS: set[int] = set()
"""Programs that earlier tests have left, such as the tracker of a process pool."""


@pytest.fixture(autouse=True)
def _others() -> None:
    OTHERS.clear()
    OTHERS.update(children())


def children() -> list[int]:
    """Programs that this test has started and that have not been waited for."""
    threads = Path("/proc/self/task").glob("*/children")
    found = [int(pid) for thread in threads for pid in thread.read_text().split()]
    return [pid for pid in found if pid not in OTHERS]


def test_fine_tune_from_the_menu_makes_a_model_that_can_be_put_to_use(tuned_bench, qtbot):
    bench = tuned_bench
    dialog = ask(bench, qtbot)
    assert "6 to learn from, 2 held out, of 8 patients or clips" in words(dialog)
    assert dialog.page.name.text() == "tiny tuned"

    click(dialog.page._lengths.button(0))
    click(dialog.page.start_button)
    qtbot.waitUntil(lambda: shows(dialog, "use_button"), timeout=TRAINED)

    assert (user_models() / "tiny tuned" / "model.safetensors").is_file()
    told = words(dialog)
    assert "on your held-out frames" in told
    result = dialog.page.result
    (errors,) = result.held_out
    assert all(f"{value:.2f}" in told for value in (*errors.pixels, *errors.values))
    assert bench.serving.active.name == "tiny"

    click(dialog.page.use_button)

    assert bench.serving.active.name == "tiny tuned"
    assert bench.settings.get(keys.MODEL) == str(user_models() / "tiny tuned")
    assert dialog.page.use_button.text() == "In use"


def test_window_answers_while_it_trains_and_the_status_bar_tells_how_far_it_is(tuned_bench, qtbot):
    bench = tuned_bench
    dialog = start_long(bench, qtbot)
    assert "Step" in words(dialog)

    click(dialog.page.hide_button)
    go_to_window(bench, qtbot)
    began = time.monotonic()
    first = bench.document.path
    QTest.keyClick(bench.canvas, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: bench.document.path != first)

    assert time.monotonic() - began < 2
    assert bench.window.findChild(TuningDialog) is None
    assert any("Step" in job.text for job in bench.jobs.running)
    bench.tuning.stop()


def test_stop_ends_it_within_seconds_and_it_goes_on_from_there(tuned_bench, qtbot):
    bench = tuned_bench
    dialog = start_long(bench, qtbot)
    began = time.monotonic()

    click(dialog.page.button)

    qtbot.waitUntil(lambda: not children(), timeout=10_000)
    assert time.monotonic() - began < 8
    assert "What is done is kept" in words(dialog)
    assert bench.tuning.work is None
    assert not (user_models() / "tiny tuned").exists()
    (kept,) = user_models().parent.glob("fine-tunes/*/checkpoint.pt")
    assert kept.stat().st_size > 0


def test_going_on_keeps_the_length_that_was_chosen(tuned_bench, qtbot, monkeypatch):
    bench = tuned_bench
    monkeypatch.setattr(tuning_question, "LENGTHS", (100, 200, 20_000))
    dialog = ask(bench, qtbot)
    click(dialog.page._lengths.button(2))
    click(dialog.page.start_button)
    qtbot.waitUntil(lambda: bench.tuning.work.progress > 0, timeout=STARTED)
    click(dialog.page.button)
    told = []
    bench.tuning.work_changed.connect(lambda job: job and told.append(job.text))
    qtbot.waitUntil(lambda: shows(dialog, "again_button"))

    click(dialog.page.again_button)

    qtbot.waitUntil(lambda: any("oing on at step" in text for text in told), timeout=TRAINED)
    click(dialog.page.button)
    qtbot.waitUntil(lambda: shows(dialog, "close_button"))
    click(dialog.page.close_button)
    qtbot.waitUntil(lambda: bench.window.findChild(TuningDialog) is None)
    question = ask(bench, qtbot).page
    assert question._lengths.checkedId() == 2


def test_program_killed_from_outside_is_told_and_nothing_hangs(tuned_bench, qtbot):
    bench = tuned_bench
    dialog = start_long(bench, qtbot)
    (pid,) = children()

    os.kill(pid, 9)

    qtbot.waitUntil(lambda: bench.tuning.work is None, timeout=10_000)
    assert "ended from outside" in words(dialog)
    assert not is_alive(pid)
    assert not (user_models() / "tiny tuned").exists()


def test_closing_the_window_asks_and_leaves_no_program_behind(tuned_bench, qtbot, monkeypatch):
    bench = tuned_bench
    start_long(bench, qtbot)
    (pid,) = children()
    answers = iter(["Stay", "Stop it and close"])

    def answer(box: QMessageBox) -> int:
        wanted = next(answers)
        click_now = next(button for button in box.buttons() if button.text() == wanted)
        click_now.click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", answer)
    bench.window.close()
    assert bench.window.isVisible()
    assert is_alive(pid)

    bench.window.close()

    assert not bench.window.isVisible()
    assert not is_alive(pid)


def test_folder_without_corrected_frames_says_what_to_do(make_bench, qtbot, study):
    install_tiny_model(tasks=("fetal_femur",))
    bench = make_bench()
    open_and_wait(bench, qtbot, study)

    click_menu(bench, qtbot)
    dialog = bench.window.findChild(TuningDialog)
    qtbot.waitUntil(lambda: shows(dialog, "again_button"), timeout=STARTED)

    assert "There is no label store" in dialog.page.message.text()
    assert dialog.page.hint.text().startswith("Correct the points of some frames")


def test_installation_without_the_training_part_says_what_to_install(bench, qtbot, monkeypatch):
    monkeypatch.setattr(controller, "NEEDED", ("no_such_library",))

    click_menu(bench, qtbot)

    assert "pip install 'sonichu[train]'" in bench.banner.text
    assert bench.window.findChild(TuningDialog) is None
