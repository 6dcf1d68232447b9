"""The model works before it is asked: points are there on arriving, and are nobody's edit."""

from __future__ import annotations

import shutil
import time

import pydicom.examples
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from sonichu_gui.domain.annotation import Origin, Status
from sonichu_gui.imaging.sources import digest_of
from sonichu_gui.labels.store import LabelStore
from tests.gui.hands import click, drag
from tests.gui.known_model import give_model, settle
from tests.gui.scenes import open_and_wait, write_picture
from tests.unit.prediction.models import MODEL


@pytest.fixture
def study(tmp_path):
    """Twelve frames."""
    folder = tmp_path / "twelve"
    folder.mkdir()
    for number in range(12):
        write_picture(folder / f"{number}.png", seed=number)
    return folder


@pytest.fixture
def model(bench):
    return give_model(bench)


def press(bench, key):
    QTest.keyClick(bench.canvas, key)


def wait_for(bench, qtbot, name):
    qtbot.waitUntil(lambda: bench.document.path.name == name and not bench.document.awaits_frame)


def predicted_names(bench, model):
    names = {digest_of(path): path.name for path in bench.document.study.paths}
    return [names[frame.digest] for frame, _ in model.calls]


def predict_first(bench, qtbot):
    press(bench, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: bench.document.annotation.is_complete)
    settle(bench, qtbot)


def test_the_next_frames_have_their_points_when_the_person_comes(bench, model, qtbot):
    predict_first(bench, qtbot)
    assert predicted_names(bench, model) == ["0.png", "1.png", "2.png", "3.png"]
    press(bench, Qt.Key.Key_D)
    wait_for(bench, qtbot, "1.png")
    annotation = bench.document.annotation
    assert annotation.is_complete
    assert len(model.calls) == 4  # it was ready: the model was not asked again
    assert annotation.status is Status.PROPOSED
    assert annotation.model == MODEL
    assert all(point.origin is Origin.MODEL for point in annotation.keypoints)
    settle(bench, qtbot)
    assert predicted_names(bench, model)[4:] == ["4.png"]


def test_going_back_predicts_in_that_direction(bench, model, qtbot):
    bench.study.show(bench.document.study.paths[8])
    wait_for(bench, qtbot, "8.png")
    press(bench, Qt.Key.Key_A)
    wait_for(bench, qtbot, "7.png")
    predict_first(bench, qtbot)
    assert predicted_names(bench, model) == ["7.png", "6.png", "5.png", "4.png"]


def test_arriving_is_no_edit_and_undo_stays_where_the_person_is(bench, model, qtbot):
    bench.actions["auto_predict"].trigger()
    bench.actions["auto_predict"].trigger()  # switched on by hand: it begins at once
    settle(bench, qtbot)
    press(bench, Qt.Key.Key_D)
    wait_for(bench, qtbot, "1.png")
    assert bench.document.annotation.is_complete
    assert bench.document.undo_stack.count() == 0
    bench.actions["undo"].trigger()
    assert bench.document.path.name == "1.png"
    assert bench.document.annotation.status is Status.PROPOSED


def test_undo_takes_back_the_persons_own_edit_and_leaves_the_models_points(bench, model, qtbot):
    bench.ahead.set_on(True)
    settle(bench, qtbot)
    before = bench.document.annotation
    assert before.is_complete
    drag(bench.canvas, before.keypoints[3].xy, QPoint(40, 30))
    assert bench.document.annotation.status is Status.EDITED
    bench.actions["undo"].trigger()
    assert bench.document.annotation == before
    assert bench.document.undo_stack.count() == 1


def test_what_was_taken_up_is_stored_as_a_prediction_and_shown_again(bench, model, qtbot, study):
    bench.ahead.set_on(True)
    settle(bench, qtbot)
    shown = bench.document.annotation
    place = bench.document.place
    store = LabelStore.open_for(study, create=False)
    standing = store.standing(place.frame, "HC")
    store.close()
    assert standing.annotation is None
    assert standing.prediction.annotation == shown
    bench.document.reload()
    assert bench.document.annotation == shown
    settle(bench, qtbot)
    assert predicted_names(bench, model).count("0.png") == 1
    assert bench.frame_list.model.status_of(place.path) is Status.PROPOSED


def test_frames_that_a_person_has_labelled_are_never_touched(bench, model, qtbot, study):
    press(bench, Qt.Key.Key_D)
    wait_for(bench, qtbot, "1.png")
    bench.actions["place"].trigger()
    for point in [(220.0, 70.0), (180.0, 230.0), (310.0, 170.0), (90.0, 130.0)]:
        click(bench.canvas, point)
    mine = bench.document.annotation
    press(bench, Qt.Key.Key_A)
    wait_for(bench, qtbot, "0.png")
    press(bench, Qt.Key.Key_D)  # so that it goes forward
    wait_for(bench, qtbot, "1.png")
    bench.ahead.set_on(True)
    settle(bench, qtbot)
    assert bench.document.annotation == mine
    assert bench.document.proposal is None
    assert predicted_names(bench, model) == ["2.png", "3.png", "4.png"]


def test_going_fast_predicts_nothing_on_the_way(bench, model, qtbot):
    bench.ahead._frames = 0
    bench.ahead.set_on(True)
    for number in range(1, 11):
        press(bench, Qt.Key.Key_D)
        wait_for(bench, qtbot, f"{number}.png")
    settle(bench, qtbot)
    assert predicted_names(bench, model) == ["10.png"]


def test_what_a_person_asks_for_goes_first_and_the_rest_goes_on_afterwards(bench, model, qtbot):
    predict_first(bench, qtbot)
    model.seconds = 30.0
    model.started.clear()
    press(bench, Qt.Key.Key_D)
    wait_for(bench, qtbot, "1.png")
    qtbot.waitUntil(model.started.is_set)  # the next frame ahead is in work
    model.seconds = 0.0
    asked = time.monotonic()
    bench.document.commit(bench.document.annotation.cleared(), "Remove all points")
    press(bench, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: bench.document.annotation.is_complete)
    assert time.monotonic() - asked < 1.0
    settle(bench, qtbot)
    assert predicted_names(bench, model)[-3:] == ["4.png", "1.png", "4.png"]


@pytest.mark.parametrize("change", ["task", "model", "views"])
def test_another_choice_stops_what_is_under_way_at_once(bench, model, qtbot, change):
    predict_first(bench, qtbot)
    model.seconds = 30.0
    model.started.clear()
    press(bench, Qt.Key.Key_D)
    qtbot.waitUntil(model.started.is_set)
    began = time.monotonic()
    if change == "task":
        bench.document.set_task(bench.tasks["A4C"])
    elif change == "model":
        bench.predicting.use_device("cpu")
        bench.ahead._awake = False
    else:
        model.seconds = 0.0
        bench.actions["tta"].trigger()
    qtbot.waitUntil(lambda: not bench.jobs._jobs, timeout=5000)
    assert time.monotonic() - began < 1.0


def test_switched_off_it_waits_to_be_asked(bench, model, qtbot):
    bench.actions["auto_predict"].trigger()
    predict_first(bench, qtbot)
    press(bench, Qt.Key.Key_D)
    wait_for(bench, qtbot, "1.png")
    settle(bench, qtbot)
    assert bench.document.annotation.is_empty
    assert predicted_names(bench, model) == ["0.png"]


def test_the_switch_is_remembered(bench, make_bench):
    bench.actions["auto_predict"].trigger()
    bench.window.close()
    assert not make_bench().actions["auto_predict"].isChecked()


def test_looking_at_frames_loads_no_model(bench, qtbot):
    for number in range(1, 4):
        press(bench, Qt.Key.Key_D)
        wait_for(bench, qtbot, f"{number}.png")
        settle(bench, qtbot)
    engine = bench.predicting.engine_for(bench.tasks["HC"])
    assert engine.predictor is None
    assert bench.document.annotation.is_empty


def test_a_person_who_places_points_is_not_disturbed(bench, model, qtbot):
    bench.ahead.set_on(True)
    press(bench, Qt.Key.Key_W)
    click(bench.canvas, (220.0, 70.0))
    settle(bench, qtbot)
    assert bench.document.annotation.keypoints[1:] == (None, None, None)
    bench.actions["undo"].trigger()
    assert bench.document.annotation.is_empty


def test_points_that_a_person_has_removed_do_not_come_back(bench, model, qtbot):
    predict_first(bench, qtbot)
    bench.actions["clear_points"].trigger()
    press(bench, Qt.Key.Key_D)
    wait_for(bench, qtbot, "1.png")
    settle(bench, qtbot)
    press(bench, Qt.Key.Key_A)
    wait_for(bench, qtbot, "0.png")
    settle(bench, qtbot)
    assert bench.document.annotation.is_empty


def test_a_model_that_fails_says_so_once_and_is_left_alone(bench, model, qtbot):
    predict_first(bench, qtbot)
    model.fails_from = len(model.calls)
    bench.study.show(bench.document.study.paths[6])
    wait_for(bench, qtbot, "6.png")
    qtbot.waitUntil(lambda: "broken" in bench.banner.text)
    settle(bench, qtbot)
    bench.banner.put_away()
    calls = len(model.calls)
    bench.study.show(bench.document.study.paths[9])
    wait_for(bench, qtbot, "9.png")
    settle(bench, qtbot)
    assert (len(model.calls), bench.banner.text) == (calls, "")


@pytest.fixture
def cine_bench(make_bench, qtbot, tmp_path):
    """The window with a cine of thirty frames."""
    path = tmp_path / "cine" / "cine.dcm"
    path.parent.mkdir()
    shutil.copy(pydicom.examples.get_path("ybr_color"), path)
    workbench = make_bench()
    open_and_wait(workbench, qtbot, path)
    return workbench


def test_the_next_frames_of_a_cine_are_predicted(cine_bench, qtbot):
    model = give_model(cine_bench)
    predict_first(cine_bench, qtbot)
    assert [frame.index for frame, _ in model.calls] == [0, 1, 2, 3]
    press(cine_bench, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: cine_bench.document.frame_index == 1)
    assert cine_bench.document.annotation.is_complete


def test_nothing_is_predicted_while_a_cine_plays_and_the_frame_where_it_stops_is(cine_bench, qtbot):
    model = give_model(cine_bench)
    cine_bench.ahead._frames = 0
    predict_first(cine_bench, qtbot)
    cine_bench.actions["play"].trigger()
    qtbot.waitUntil(lambda: cine_bench.document.frame_index > 4)
    assert [frame.index for frame, _ in model.calls] == [0]
    cine_bench.actions["play"].trigger()
    settle(cine_bench, qtbot)
    assert [frame.index for frame, _ in model.calls] == [0, cine_bench.document.frame_index]
    assert cine_bench.document.annotation.is_complete


def test_asked_while_it_plays_the_cine_stops_and_the_frame_shown_is_predicted(cine_bench, qtbot):
    give_model(cine_bench, seconds=0.2)
    cine_bench.ahead._on = False
    cine_bench.actions["play"].trigger()
    qtbot.waitUntil(lambda: cine_bench.document.frame_index > 4)
    press(cine_bench, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: cine_bench.document.annotation.is_complete, timeout=3000)
    assert not cine_bench.cine.is_playing
    assert not cine_bench.actions["play"].isChecked()


def test_the_status_of_an_accepted_cine_stays_when_the_next_frame_is_predicted(cine_bench, qtbot):
    give_model(cine_bench)
    predict_first(cine_bench, qtbot)
    press(cine_bench, Qt.Key.Key_Y)
    press(cine_bench, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: cine_bench.document.frame_index == 1)
    assert cine_bench.document.annotation.status is Status.PROPOSED
    path = cine_bench.document.path
    assert cine_bench.frame_list.model.status_of(path) is Status.ACCEPTED
    cine_bench.study.read_statuses()
    assert cine_bench.frame_list.model.status_of(path) is Status.ACCEPTED


def test_reading_ahead_goes_on_beside_it(bench, model, qtbot):
    predict_first(bench, qtbot)
    model.seconds = 0.3
    paths = bench.document.study.paths
    bench.study.show(paths[6])
    wait_for(bench, qtbot, "6.png")
    bench.document.set_task(bench.tasks["FA"])
    bench.document.set_task(bench.tasks["HC"])
    qtbot.waitUntil(lambda: all(bench.study.is_ready(path, 0) for path in paths[5:9]))
