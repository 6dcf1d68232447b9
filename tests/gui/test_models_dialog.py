"""The Models dialog: what is there, what each model is, and which one serves which task."""

from __future__ import annotations

import hashlib
import json
import tomllib
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QScreen
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMessageBox, QPushButton

from sonichu_gui.gui.dialogs.models_dialog import ModelsDialog
from sonichu_gui.gui.dialogs.text_page import TextPage
from tests.gui.model_scenes import (
    EMBEDDED,
    copy_model,
    go_to_window,
    install,
    names,
    open_dialog,
    predict,
    press,
    words,
)

if TYPE_CHECKING:
    from pathlib import Path

    from sonichu_gui.gui.workbench import Workbench

pytestmark = pytest.mark.skipif(not EMBEDDED.is_dir(), reason="the embedded model is not there")
LEFT = Qt.MouseButton.LeftButton


def look_at(dialog: ModelsDialog, name: str) -> None:
    """Clicks a row of the list."""
    rows = dialog.models.model()
    index = rows.index(names(dialog).index(name))
    dialog.models.scrollTo(index)
    place = dialog.models.visualRect(index).center()
    QTest.mouseClick(dialog.models.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, place)
    assert dialog.details.info.name == name


def head(dialog: ModelsDialog, task_id: str):
    return next(row for row in dialog.details._heads if row._task_id == task_id)


def settings_on_disk(bench: Workbench) -> dict:
    return tomllib.loads(bench.settings.path.read_text(encoding="utf-8"))


# ---- looking --------------------------------------------------------------------------------


def test_the_dialog_stands_beside_the_work_and_goes_with_escape(bench, qtbot):
    dialog = open_dialog(bench, qtbot)
    assert not dialog.isModal()
    go_to_window(bench, qtbot)
    QTest.keyClick(bench.canvas, Qt.Key.Key_W)
    assert bench.actions["place"].isChecked()
    QTest.keyClick(dialog.models, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: bench.window.findChild(ModelsDialog) is None)


def test_the_dialog_and_its_pages_open_within_a_small_screen(bench, qtbot, monkeypatch):
    small = QSize(700, 500)
    monkeypatch.setattr(QScreen, "availableSize", lambda _screen: small)
    dialog = open_dialog(bench, qtbot)
    press(dialog.details.card_button)
    page = dialog.findChild(TextPage)
    for shown in (dialog, page):
        assert shown.width() <= small.width()
        assert shown.height() < small.height()


def test_asking_twice_shows_one_dialog(bench, qtbot):
    open_dialog(bench, qtbot)
    bench.actions["models"].trigger()
    assert len(bench.window.findChildren(ModelsDialog)) == 1


def test_a_model_tells_what_its_card_states(bench, qtbot):
    folder = install("femurs", trained=("HC", "fetal_femur"), version="7", license="CC-BY-4.0")
    config = json.loads((folder / "config.json").read_text())
    config["tasks"]["HC"]["accuracy"] = {"mae_mm": 1.952}
    (folder / "config.json").write_text(json.dumps(config))
    dialog = open_dialog(bench, qtbot)
    look_at(dialog, "femurs")
    text = words(dialog.details)
    size = f"{sum(path.stat().st_size for path in folder.iterdir()) / 1e6:.1f} MB"
    for told in ("femurs, version 7", "CC-BY-4.0", size, "HC18, train split", "1.952 mm"):
        assert told in text
    assert "4 points · not trained" in words(head(dialog, "FA"))
    assert "2 points · trained" in words(head(dialog, "fetal_femur"))


def test_each_head_tells_what_it_learned_from_and_drafts_say_so(bench, qtbot):
    folder = install("phantoms", trained=("HC", "fetal_femur"))
    config = json.loads((folder / "config.json").read_text())
    config["tasks"]["HC"] |= {"frames": {"real": 719, "phantoms": 0}, "draft": False}
    config["tasks"]["HC"]["accuracy"] = {"mae_mm": 1.9}
    config["tasks"]["fetal_femur"] |= {
        "frames": {"real": 0, "phantoms": 2000},
        "draft": True,
        "training_data": "Phantoms of the project (Apache-2.0)",
        "accuracy": {"mre_percent_width": 1.83, "phantoms": True},
    }
    (folder / "config.json").write_text(json.dumps(config))
    assert bench.models.use(folder)
    dialog = open_dialog(bench, qtbot)
    look_at(dialog, "phantoms")
    told = words(head(dialog, "HC"))
    assert "4 points · trained on 719 real frames, 1.9 mm" in told
    assert "HC18, train split (CC BY 4.0)" in told
    told = words(head(dialog, "fetal_femur"))
    assert "2 points · trained on phantoms only, 1.8 % of the width, draft" in told
    assert "measured on phantoms · point error 1.83 % of the width" in told
    rows = {task: row.text() for task, row in bench.top_bar.picker._rows.items()}
    assert rows["HC"].endswith("\t719 real frames · 1.9 mm")
    assert rows["fetal_femur"].endswith("\tphantoms only, draft")
    predict(bench, qtbot, "HC")
    assert bench.measure_panel.measures.draft.text == ""
    predict(bench, qtbot, "fetal_femur")
    assert "from phantoms only" in bench.measure_panel.measures.draft.text


def test_the_digest_of_the_weights_is_computed_and_can_be_selected(bench, qtbot):
    dialog = open_dialog(bench, qtbot)
    digest = hashlib.sha256((EMBEDDED / "model.safetensors").read_bytes()).hexdigest()
    qtbot.waitUntil(lambda: dialog.details.hash_line.text() == digest)
    dialog.details.hash_line.selectAll()
    assert dialog.details.hash_line.selectedText() == digest


def test_weights_that_cannot_be_read_are_told_beside_what_is_known(bench, qtbot):
    folder = install("heads")
    dialog = open_dialog(bench, qtbot)
    (folder / "model.safetensors").unlink()
    look_at(dialog, "heads")
    qtbot.waitUntil(lambda: dialog.details.hash_line.text() == "cannot be computed")
    assert str(folder / "model.safetensors") in dialog.strip.text


def test_arrows_go_through_the_list(bench, qtbot):
    install("a")
    install("b")
    dialog = open_dialog(bench, qtbot)
    QTest.keyClick(dialog.models, Qt.Key.Key_Down)
    assert dialog.details.info.name == "a"
    QTest.keyClick(dialog.models, Qt.Key.Key_End)
    assert dialog.details.info.name == "b"


def test_a_model_that_cannot_be_used_says_why_and_cannot_be_chosen(bench, qtbot):
    weights = install("broken") / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    dialog = open_dialog(bench, qtbot)
    look_at(dialog, "broken")
    assert str(weights) in words(dialog.details)
    assert not dialog.details.use_button.isEnabled()
    row = dialog.models.currentIndex()
    assert "cannot be used" in row.data(Qt.ItemDataRole.AccessibleTextRole)


def test_the_licence_and_the_card_are_read_on_pages_that_run_nothing(bench, qtbot):
    folder = install("papers", license="CC-BY-4.0")
    (folder / "LICENSE").write_text("Whole text of the licence.")
    (folder / "README.md").write_text(
        "---\nlicense: x\n---\n# Card\n\n<img src='file:///etc/x'> A *model*."
    )
    dialog = open_dialog(bench, qtbot)
    look_at(dialog, "papers")
    dialog.details.licence_button.click()
    page = dialog.findChild(TextPage)
    assert page.page.toPlainText() == "Whole text of the licence."
    QTest.keyClick(page, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: dialog.findChild(TextPage) is None)
    dialog.details.card_button.click()
    text = dialog.findChild(TextPage).page.toPlainText()
    assert text.startswith("Card\n")
    assert "<img src='file:///etc/x'>" in text
    assert "license: x" not in text


def test_a_long_card_is_read_from_its_top(bench, qtbot):
    dialog = open_dialog(bench, qtbot)
    dialog.details.card_button.click()
    page = dialog.findChild(TextPage)
    qtbot.waitUntil(lambda: page.page.verticalScrollBar().maximum() > 0)
    qtbot.wait(50)
    assert page.page.verticalScrollBar().value() == 0


def test_every_button_can_be_reached_by_tab_and_has_a_name(bench, qtbot):
    install("femurs", trained=("HC", "fetal_femur"))
    dialog = open_dialog(bench, qtbot)
    look_at(dialog, "femurs")
    reached = set()
    widget = dialog.models
    while widget not in reached:
        reached.add(widget)
        widget = widget.nextInFocusChain()
    for button in dialog.findChildren(QPushButton):
        if button.isVisible():
            assert button in reached
            assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
            assert button.accessibleName() or button.text()
    assert head(dialog, "HC").use_button.accessibleName() == "Use this model for Head circumference"


# ---- choosing -------------------------------------------------------------------------------


def test_a_model_used_for_all_tasks_answers_from_then_on_and_after_a_restart(
    bench, qtbot, make_bench
):
    folder = install("heads")
    dialog = open_dialog(bench, qtbot)
    look_at(dialog, "heads")
    press(dialog.details.use_button)
    assert settings_on_disk(bench)["model"] == str(folder)
    assert dialog.details.use_button.text() == "In use for all tasks"
    assert bench.status_bar.middle.text.startswith("heads · ")
    assert predict(bench, qtbot, "HC") == "heads"
    bench.window.close()
    again = make_bench()
    again.serving.look_up()
    assert again.predicting.info.folder == folder


def test_a_model_used_for_one_task_answers_for_that_task_alone(bench, qtbot):
    folder = install("femurs", trained=("HC", "fetal_femur"))
    dialog = open_dialog(bench, qtbot)
    look_at(dialog, "femurs")
    press(head(dialog, "fetal_femur").use_button)
    saved = settings_on_disk(bench)
    assert saved["task_models"] == [f"fetal_femur={folder}"]
    assert "model" not in saved
    assert head(dialog, "fetal_femur").text == "in use"
    assert predict(bench, qtbot, "fetal_femur") == "femurs"
    assert bench.status_bar._model_text.startswith("femurs · ")
    assert predict(bench, qtbot, "HC") == "sonichu-mini"
    assert bench.status_bar._model_text.startswith("sonichu-mini · ")


def test_the_task_menu_tells_of_the_model_of_each_task(bench, qtbot):
    install("femurs", trained=("HC", "fetal_femur"))
    assert bench.models.use(install("heads-alone"))
    dialog = open_dialog(bench, qtbot)
    row = bench.top_bar.picker._rows["fetal_femur"]
    assert "no trained head" in row.text()
    look_at(dialog, "femurs")
    press(head(dialog, "fetal_femur").use_button)
    assert "no trained head" not in row.text()
    press(head(dialog, "fetal_femur").active_button)
    assert "no trained head" in row.text()
    assert "task_models" not in settings_on_disk(bench)


def test_going_back_and_forth_between_two_tasks_reads_no_weights_again(bench, qtbot):
    folder = install("femurs", trained=("fetal_femur",))
    assert bench.models.use_for_task("fetal_femur", folder)
    predict(bench, qtbot, "HC")
    predict(bench, qtbot, "fetal_femur")
    loaded = {f: bench.serving.loaded(f, "auto") for f in (EMBEDDED, folder)}
    assert all(loaded.values())
    predict(bench, qtbot, "HC")
    predict(bench, qtbot, "fetal_femur")
    assert {f: bench.serving.loaded(f, "auto") for f in loaded} == loaded


def test_a_third_model_takes_the_place_of_the_one_used_longest_ago(bench, qtbot):
    folders = {task: install(task, trained=(task,)) for task in ("fetal_femur", "FA")}
    for task, folder in folders.items():
        assert bench.models.use_for_task(task, folder)
    for task in ("HC", "fetal_femur", "FA"):
        predict(bench, qtbot, task)
    assert bench.serving.loaded(EMBEDDED, "auto") is None
    assert all(bench.serving.loaded(folder, "auto") for folder in folders.values())


def test_a_head_of_another_number_of_points_cannot_be_chosen(bench, qtbot):
    folder = install("odd")
    config = (folder / "config.json").read_text().replace('"BPD 1", ', "")
    (folder / "config.json").write_text(config)
    dialog = open_dialog(bench, qtbot)
    look_at(dialog, "odd")
    assert head(dialog, "HC").text == "3 points · the task has 4 points"
    assert not head(dialog, "HC").use_button.isVisible()


def test_a_chosen_model_whose_folder_is_gone_falls_back_with_a_word(
    make_bench, qtbot, study, tmp_path
):
    (tmp_path / "settings.toml").write_text(
        'model = "/gone/heads"\ntask_models = ["fetal_femur=/gone/femurs"]\n'
    )
    bench = make_bench()
    bench.begin([study])
    qtbot.waitUntil(lambda: bench.serving.looked_up)
    assert "/gone/heads" in bench.banner.text
    assert "/gone/femurs" in bench.banner.text
    assert "sonichu-mini is used instead" in bench.banner.text
    assert bench.predicting.info.folder == EMBEDDED
    bench.window.close()
    assert settings_on_disk(bench)["model"] == "/gone/heads"


def test_a_model_that_vanishes_while_the_window_is_open_falls_back_with_a_word(
    bench, qtbot, tmp_path
):
    folder = copy_model(tmp_path / "usb")
    assert bench.models.use(folder)
    folder.rename(tmp_path / "taken away")
    assert predict(bench, qtbot, "HC") == "sonichu-mini"
    assert str(folder) in bench.banner.text


# ---- removing -------------------------------------------------------------------------------


def ask_to_remove(dialog: ModelsDialog) -> QMessageBox:
    press(dialog.details.remove_button)
    return dialog.findChild(QMessageBox)


def test_removing_asks_and_enter_keeps_the_model(bench, qtbot):
    folder = install("heads")
    dialog = open_dialog(bench, qtbot)
    look_at(dialog, "heads")
    box = ask_to_remove(dialog)
    assert box.text() == "Remove heads?"
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert not box.isVisible()
    assert folder.is_dir()


def test_a_removed_model_is_gone_and_the_embedded_one_serves(bench, qtbot):
    folder = install("heads")
    dialog = open_dialog(bench, qtbot)
    look_at(dialog, "heads")
    press(dialog.details.use_button)
    assert predict(bench, qtbot, "HC") == "heads"
    box = ask_to_remove(dialog)
    assert "It is in use" in box.informativeText()
    press(next(button for button in box.buttons() if button.text() == "Remove"))
    qtbot.waitUntil(lambda: names(dialog) == ["sonichu-mini"])
    assert not folder.exists()
    assert "model" not in settings_on_disk(bench)
    assert dialog.strip.text == "heads removed"
    assert predict(bench, qtbot, "HC") == "sonichu-mini"


def test_the_model_of_the_app_cannot_be_removed(bench, qtbot):
    dialog = open_dialog(bench, qtbot)
    assert not dialog.details.remove_button.isEnabled()


# ---- in place -------------------------------------------------------------------------------


def choose_folder(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Answers the desktop's own folder dialog."""
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))


def test_a_folder_used_in_place_is_not_copied_and_is_there_after_a_restart(
    bench, qtbot, monkeypatch, tmp_path, make_bench
):
    folder = copy_model(tmp_path / "large ö")
    choose_folder(monkeypatch, folder)
    dialog = open_dialog(bench, qtbot)
    press(dialog.adding.in_place)
    qtbot.waitUntil(lambda: dialog.details.info.folder == folder)
    assert settings_on_disk(bench)["model_folders"] == [str(folder)]
    press(dialog.details.use_button)
    assert predict(bench, qtbot, "HC") == "large ö"
    bench.window.close()
    again = make_bench()
    assert again.models.in_place == (folder,)


def test_a_folder_in_place_is_taken_off_the_list_and_stays_on_the_disk(
    bench, qtbot, monkeypatch, tmp_path
):
    folder = copy_model(tmp_path / "large")
    choose_folder(monkeypatch, folder)
    dialog = open_dialog(bench, qtbot)
    press(dialog.adding.in_place)
    qtbot.waitUntil(lambda: dialog.details.info.folder == folder)
    press(dialog.details.use_button)
    assert dialog.details.remove_button.text() == "Take off the list"
    press(dialog.details.remove_button)
    qtbot.waitUntil(lambda: names(dialog) == ["sonichu-mini"])
    assert folder.is_dir()
    assert not {"model_folders", "model"} & settings_on_disk(bench).keys()
    assert bench.predicting.info.folder == EMBEDDED


def test_a_folder_that_is_no_model_is_refused_in_the_dialog(bench, qtbot, monkeypatch, tmp_path):
    choose_folder(monkeypatch, tmp_path)
    dialog = open_dialog(bench, qtbot)
    press(dialog.adding.in_place)
    qtbot.waitUntil(lambda: str(tmp_path) in dialog.strip.text)
    assert not bench.banner.text
    assert names(dialog) == ["sonichu-mini"]
