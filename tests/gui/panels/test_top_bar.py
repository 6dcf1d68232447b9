from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from sonichu_gui.gui.panels.top_bar import TopBar
from sonichu_gui.gui.place import Study
from sonichu_gui.gui.recent_rows import row_of
from sonichu_gui.settings.recent import RecentStudy

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def bar(qtbot, document, actions, tasks):
    widget = TopBar(document, actions, tuple(tasks.values()))
    qtbot.addWidget(widget)
    widget.resize(1440, 52)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def choose(qtbot, menu, text):
    """Clicks a row of an open menu."""
    row = next(row for row in menu.actions() if row.text().startswith(text))
    qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(row).center())


def open_menu(qtbot, bar, menu, opener):
    """Opens a button's menu with the mouse and gives control back once it is there."""
    menu.popup(opener.mapToGlobal(opener.rect().bottomLeft()))
    qtbot.waitExposed(menu)


def test_engines_are_chosen_beside_the_device_where_there_are_several(bar, qtbot):
    menu = bar.device_button.device_menu
    bar.set_engines(["auto", "torch"], "auto")
    assert "PyTorch" not in [row.text() for row in menu.actions()]
    bar.set_engines(["auto", "torch", "openvino"], "torch")
    words = [row.text() for row in menu.actions() if not row.isSeparator()]
    assert len(set(words)) == len(words)
    rows = {row.text(): row for row in menu.actions()}
    assert rows["PyTorch"].isChecked()
    chosen = []
    bar.engine_chosen.connect(chosen.append)
    rows["PyTorch"].trigger()
    rows["OpenVINO"].trigger()
    assert chosen == ["openvino"]
    bar.set_engines(["auto", "torch", "openvino"], chosen[0])
    rows = {row.text(): row for row in menu.actions()}
    assert rows["OpenVINO"].isChecked()
    assert not rows["PyTorch"].isChecked()


def test_an_engine_that_is_gone_can_be_chosen_away(bar):
    bar.set_engines(["auto", "torch"], "openvino")
    rows = {row.text(): row for row in bar.device_button.device_menu.actions()}
    assert "PyTorch" in rows


def test_choosing_a_task_in_the_menu_asks_for_it(qtbot, bar, tasks):
    picker = bar.picker
    open_menu(qtbot, bar, picker.task_menu, picker)
    with qtbot.waitSignal(bar.task_chosen) as chosen:
        choose(qtbot, picker.task_menu, "Femur length")
    assert chosen.args == [tasks["fetal_femur"]]


def test_choosing_the_task_in_hand_asks_for_nothing(qtbot, bar):
    open_menu(qtbot, bar, bar.picker.task_menu, bar.picker)
    with qtbot.assertNotEmitted(bar.task_chosen):
        choose(qtbot, bar.picker.task_menu, "Head circumference")


def test_tick_stays_with_the_document_until_the_task_changes(qtbot, bar, document, tasks):
    open_menu(qtbot, bar, bar.picker.task_menu, bar.picker)
    choose(qtbot, bar.picker.task_menu, "Femur length")
    ticked = [row.text() for row in bar.picker.task_menu.actions() if row.isChecked()]
    assert ticked[0].startswith("Head circumference")
    document.set_task(tasks["fetal_femur"])
    ticked = [row.text() for row in bar.picker.task_menu.actions() if row.isChecked()]
    assert [text.partition("\t")[0] for text in ticked] == ["Femur length"]


def test_menu_holds_all_nine_tasks_with_what_the_model_knows(bar, tasks):
    bar.set_head_notes(dict.fromkeys(tasks, "no trained head") | {"HC": "719 frames"})
    rows = [row.text() for row in bar.picker.task_menu.actions() if row.isCheckable()]
    assert len(rows) == 9
    assert rows[0] == "Head circumference\t719 frames"
    assert rows[1].endswith("\tno trained head")


def test_enter_on_the_predict_button_triggers_its_action(qtbot, bar, actions):
    bar.predict_button.setFocus(Qt.FocusReason.TabFocusReason)
    with qtbot.waitSignal(actions["predict"].triggered):
        qtbot.keyClick(bar.predict_button, Qt.Key.Key_Return)


def test_click_on_a_toggle_switches_its_action(qtbot, bar, actions):
    qtbot.mouseClick(bar.tta_button, LEFT)
    assert actions["tta"].isChecked()


def test_undo_button_follows_its_action(bar, actions):
    actions["undo"].setEnabled(False)
    assert not bar.undo_button.isEnabled()


def test_buttons_do_not_take_the_keys_when_clicked(qtbot, bar):
    qtbot.mouseClick(bar.tta_button, LEFT)
    assert not bar.tta_button.hasFocus()


def test_choosing_a_device_asks_for_it(qtbot, bar):
    bar.set_devices(["auto", "cpu", "cuda"], "cpu")
    menu = bar.device_button.device_menu
    open_menu(qtbot, bar, menu, bar.device_button)
    with qtbot.waitSignal(bar.device_chosen) as chosen:
        choose(qtbot, menu, "CUDA")
    assert chosen.args == ["cuda"]
    assert bar.device_button.text() == "CPU"


def recent_row(path, *, is_missing=False):
    study = RecentStudy((Path(path),))
    return row_of(study, {study.opened} if is_missing else set())


def test_recent_studies_are_offered_and_chosen(qtbot, bar):
    rows = [recent_row("/data/heads & tails"), recent_row("/data/a4c.dcm")]
    bar.recent.set_rows(rows)
    recent = next(row.menu() for row in bar.open_button.menu().actions() if row.menu())
    assert recent.menuAction().isVisible()
    with qtbot.waitSignal(bar.recent.chosen) as chosen:
        recent.actions()[0].trigger()
    assert chosen.args == [rows[0].study]


def test_recent_study_that_is_gone_says_so_and_can_be_taken_off(qtbot, bar):
    bar.recent.set_rows([recent_row("/data/here"), recent_row("/data/gone", is_missing=True)])
    texts = [row.text() for row in bar.recent.actions()]
    assert texts[1] == "gone\tmissing"
    remove = next(row for row in bar.recent.actions() if row.text() == "Remove missing")
    with qtbot.waitSignal(bar.recent.removal_wanted):
        remove.trigger()


@pytest.mark.parametrize("width", [1440, 1100, 900, 640])
def test_nothing_is_cut_off_at_any_width(qtbot, bar, width):
    bar.resize(width, 52)
    for child in (bar.picker, bar.predict_button, bar.undo_button, bar.menu_button):
        if child.isVisible():
            right = child.mapTo(bar, child.rect().topRight()).x()
            assert right < width
    assert bar.device_button.isVisible() or bar.menu_button.isVisible()


@pytest.mark.parametrize("width", [1440, 640])
def test_the_menu_holds_every_action_there_is(bar, actions, width):
    bar.resize(width, 52)
    assert bar.menu_button.isVisible()
    pages = [page.menu() for page in bar.menu_button.menu().actions()]
    assert {action for page in pages for action in page.actions()} >= set(actions.values())


def test_a_bar_made_wide_again_spells_its_words_out(bar):
    bar.resize(640, 52)
    bar.resize(1440, 52)
    assert bar.export_button.isVisible()
    assert bar.export_button.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonTextOnly


def test_every_button_has_a_name_for_screen_readers(bar):
    buttons = (bar.picker, bar.open_button, bar.undo_button, bar.device_button, bar.menu_button)
    assert all(button.accessibleName() for button in buttons)


def test_study_title_is_shown(bar, document):
    document.set_study(Study("fetal heads"))
    assert bar.study_title == "fetal heads"
