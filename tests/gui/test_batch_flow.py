"""Predict all: asked in a dialog, done in the background, stopped and gone on with."""

from __future__ import annotations

import shutil
import sqlite3
import time

import pydicom.examples
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QRadioButton

from sonichu_gui.domain.annotation import Status, empty_annotation
from sonichu_gui.domain.frame import FrameRef
from sonichu_gui.gui.controllers.batch import KEY
from sonichu_gui.gui.dialogs.batch_dialog import BatchDialog
from sonichu_gui.imaging.sources import digest_of
from sonichu_gui.labels.store import LabelStore
from tests.gui.hands import drag
from tests.gui.known_model import give_model
from tests.gui.model_scenes import leave_without_head
from tests.gui.scenes import open_and_wait, write_picture


@pytest.fixture
def study(tmp_path):
    """Eight frames."""
    folder = tmp_path / "eight"
    folder.mkdir()
    for number in range(8):
        write_picture(folder / f"{number}.png", seed=number)
    return folder


@pytest.fixture
def model(bench):
    bench.ahead._on = False
    return give_model(bench)


def ask(bench, *choices):
    """Presses Ctrl+R, chooses by the words of the buttons, presses Enter."""
    QTest.keyClick(bench.canvas, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    dialog = bench.window.findChild(BatchDialog)
    for button in dialog.findChildren(QRadioButton):
        if button.text() in choices:
            QTest.mouseClick(button, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
            assert button.isChecked()
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    bench.window.activateWindow()  # a desktop does it by itself, the offscreen one does not
    QTest.qWaitForWindowActive(bench.window)


def wait_for_end(bench, qtbot):
    qtbot.waitUntil(lambda: not bench.jobs._jobs, timeout=20_000)


def stored(folder):
    store = LabelStore.open_for(folder, create=False)
    try:
        return {row.file.path: row.revision for row in store.rows()} if store else {}
    finally:
        store.close() if store else None


def test_all_files_are_predicted_shown_and_listed(bench, model, qtbot, study):
    ask(bench, "All files")
    wait_for_end(bench, qtbot)
    assert len(model.calls) == 8
    assert bench.document.annotation.is_complete  # the frame in view has its points
    assert bench.document.annotation.status is Status.PROPOSED
    assert bench.document.undo_stack.count() == 0
    rows = bench.frame_list.model
    assert {rows.status_of(path) for path in bench.document.study.paths} == {Status.PROPOSED}
    assert bench.banner.text == "8 predicted"
    QTest.keyClick(bench.canvas, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: bench.document.path.name == "1.png")
    assert bench.document.annotation == stored(study)["1.png"].annotation


def test_stopped_within_a_second_it_goes_on_from_there(bench, model, qtbot):
    model.seconds = 0.15
    ask(bench, "All files")
    qtbot.waitUntil(lambda: len(model.calls) > 2, timeout=10_000)
    qtbot.waitUntil(bench.status_bar.jobs.isVisible, timeout=5000)
    assert "of 8 frames" in bench.status_bar.jobs.text
    model.seconds = 30.0
    calls = len(model.calls)
    qtbot.waitUntil(lambda: len(model.calls) > calls, timeout=5000)
    began = time.monotonic()
    QTest.mouseClick(bench.status_bar.jobs.cancel_button, Qt.MouseButton.LeftButton)
    wait_for_end(bench, qtbot)
    assert time.monotonic() - began < 1.0
    assert "Stopped after" in bench.banner.text
    done = len(model.calls) - 1
    model.seconds = 0.0
    model.calls.clear()
    ask(bench, "All files")
    wait_for_end(bench, qtbot)
    assert len(model.calls) == 8 - done
    assert f"{done} predicted before by this model" in bench.banner.text


def test_asked_for_again_it_goes_on_without_saying_that_it_stopped(bench, model, qtbot, study):
    told = []
    bench.batch.told.connect(lambda *words: told.append(words))
    model.seconds = 0.2
    ask(bench, "All files")
    qtbot.waitUntil(lambda: len(model.calls) >= 3, timeout=5000)
    ask(bench, "All files")
    wait_for_end(bench, qtbot)
    assert len(told) == 1
    assert "predicted before by this model" in told[0][0]
    assert len(stored(study)) == 8


def test_it_steps_aside_for_what_a_person_asks_and_loses_nothing(bench, model, qtbot, study):
    model.seconds = 30.0
    ask(bench, "All files")
    qtbot.waitUntil(model.started.is_set)
    model.seconds = 0.0
    began = time.monotonic()
    QTest.keyClick(bench.canvas, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: bench.document.annotation.is_complete)
    assert time.monotonic() - began < 1.0
    wait_for_end(bench, qtbot)
    assert len(stored(study)) == 8


def test_the_window_is_usable_meanwhile_and_a_persons_label_is_left_alone(
    bench, model, qtbot, study
):
    label = empty_annotation(bench.tasks["HC"])
    for index, point in enumerate([(220.0, 70.0), (180.0, 230.0), (310.0, 170.0), (90.0, 130.0)]):
        label = label.with_point(index, point)
    bench.document.commit(label, "Place")
    model.seconds = 0.1
    ask(bench, "All files")
    qtbot.waitUntil(model.started.is_set)
    drag(bench.canvas, label.keypoints[2].xy, QPoint(30, 20))
    mine = bench.document.annotation
    assert mine.keypoints[2] != label.keypoints[2]
    wait_for_end(bench, qtbot)
    assert bench.document.annotation == mine
    assert stored(study)["0.png"].annotation == mine
    assert "1 labelled by a person, left alone" in bench.banner.text
    assert len(model.calls) == 7


def test_points_placed_while_the_batch_runs_win_over_what_it_says_later(bench, model, qtbot, study):
    model.seconds = 0.3
    ask(bench, "All files")
    qtbot.waitUntil(model.started.is_set)  # the frame in view is in work
    mine = empty_annotation(bench.tasks["HC"]).with_point(0, (50.0, 60.0))
    bench.document.commit(mine, "Place")
    model.seconds = 0.0
    wait_for_end(bench, qtbot)
    assert bench.document.annotation == mine
    assert stored(study)["0.png"].annotation == mine


def test_a_broken_file_is_told_at_the_end(bench, model, qtbot, study, caplog):
    (study / "3.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    ask(bench, "All files")
    wait_for_end(bench, qtbot)
    assert "7 predicted · 1 failed" in bench.banner.text
    assert "3.png" in bench.banner.text
    assert len(model.calls) == 7
    (logged,) = [each for each in caplog.messages if "of the list" in each]
    assert logged.startswith("file 4 of the list, frame 1: ")
    assert "3.png" not in caplog.text  # names of files may be names of patients
    assert str(study) not in caplog.text


def test_a_locked_store_stops_it_and_says_how_to_go_on(bench, model, qtbot, study):
    LabelStore.open_for(study).close()
    other = sqlite3.connect(study / "sonichu-labels.sqlite")
    other.execute("BEGIN IMMEDIATE")
    ask(bench, "All files")
    wait_for_end(bench, qtbot)
    other.rollback()
    other.close()
    assert "another program is writing" in bench.banner.text
    assert "goes on from there" in bench.banner.text
    ask(bench, "All files")
    wait_for_end(bench, qtbot)
    assert len(stored(study)) == 8


def test_every_frame_of_this_cine(make_bench, qtbot, tmp_path):
    path = tmp_path / "cine" / "cine.dcm"
    path.parent.mkdir()
    shutil.copy(pydicom.examples.get_path("ybr_color"), path)
    bench = make_bench()
    open_and_wait(bench, qtbot, path)
    model = give_model(bench)
    ask(bench, "This cine")
    wait_for_end(bench, qtbot)
    assert [frame.index for frame, _ in model.calls] == list(range(30))
    bench.study.show_frame(17)
    qtbot.waitUntil(lambda: bench.document.frame_index == 17)
    assert bench.document.annotation.is_complete


def test_closing_the_window_ends_it_and_keeps_what_is_done(bench, model, qtbot, study):
    ask(bench, "All files")
    qtbot.waitUntil(lambda: len(model.calls) > 2)
    model.seconds = 30.0
    time.sleep(0.05)
    began = time.monotonic()
    bench.window.close()
    assert time.monotonic() - began < 1.0
    revisions = stored(study)
    assert revisions
    assert {r.annotation.status for r in revisions.values()} == {Status.PROPOSED}


def test_without_a_trained_head_only_the_trained_ones_can_be_asked_for(bench, model, qtbot):
    leave_without_head(bench, "A4C")
    bench.document.set_task(bench.tasks["A4C"])
    QTest.keyClick(bench.canvas, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    dialog = bench.window.findChild(BatchDialog)
    buttons = {button.text(): button for button in dialog.findChildren(QRadioButton)}
    assert not buttons[bench.tasks["A4C"].title].isEnabled()
    assert buttons["All trained heads"].isChecked()
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    wait_for_end(bench, qtbot)
    ref = FrameRef(digest_of(bench.document.path), 0)
    assert bench.keeper.store_of(bench.document.path.parent).standing(ref, "HC").prediction


def test_cancel_predicts_nothing(bench, model, qtbot):
    QTest.keyClick(bench.canvas, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    dialog = bench.window.findChild(BatchDialog)
    (cancel,) = [b for b in dialog.findChildren(QPushButton) if b.text() == "Cancel"]
    QTest.mouseClick(cancel, Qt.MouseButton.LeftButton)
    assert KEY not in [job.key for job in bench.jobs.running]
    assert not model.calls
