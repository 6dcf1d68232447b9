"""Predicting in the window: points come to the frame they were asked for and replace nobody's."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from sonichu_gui.domain.annotation import Origin, Status
from sonichu_gui.gui.appearance import Cover
from sonichu_gui.gui.place import Tool
from sonichu_gui.imaging.look import Look
from sonichu_gui.labels.store import LabelStore
from sonichu_gui.paths import resources
from sonichu_gui.settings.study_views import StudyView, write_view
from tests.gui.hands import click, drag
from tests.gui.known_model import give_model, settle
from tests.gui.model_scenes import leave_without_head
from tests.gui.scenes import open_and_wait

if TYPE_CHECKING:
    from pathlib import Path

MODEL = resources("models", "sonichu-mini")
pytestmark = pytest.mark.skipif(not MODEL.is_dir(), reason="the embedded model is not there")
LOADED = 60_000
"""Milliseconds to wait for a first prediction, which loads the model."""


def predict_head(bench, qtbot):
    bench.document.set_task(bench.tasks["HC"])
    QTest.keyClick(bench.canvas, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: bench.document.annotation.is_complete, timeout=LOADED)


def test_a_prediction_becomes_points_that_wait_for_a_person(bench, qtbot):
    predict_head(bench, qtbot)
    annotation = bench.document.annotation
    assert annotation.status is Status.PROPOSED
    assert annotation.model.name == "sonichu-mini"
    assert len(annotation.model.hash) == 64
    assert all(p.origin is Origin.MODEL and p.confidence for p in annotation.keypoints)
    assert bench.document.measurements[0].uncertainty is not None


def test_the_model_sees_the_frame_as_it_is_in_every_look(bench, make_bench, qtbot, tmp_path, study):
    predict_head(bench, qtbot)
    plain = bench.document.annotation.keypoints
    bench.window.close()
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(study / "frame1.png", other)
    write_view(
        other,
        StudyView(
            look=Look(brightness=0.4, contrast=2.0, clahe=5.0, invert=True),
            hides=True,
            areas={"400x300": (((50.0, 40.0), (180.0, 40.0), (180.0, 200.0)),)},
        ),
    )
    again = make_bench()
    open_and_wait(again, qtbot, other)
    assert again.document.appearance.cover is Cover.OUTSIDE
    assert not again.document.appearance.look.is_neutral
    predict_head(again, qtbot)
    assert again.document.annotation.keypoints == plain


def test_dragging_a_predicted_point_makes_it_the_persons_and_is_stored_with_the_model(bench, qtbot):
    predict_head(bench, qtbot)
    before = bench.document.measurements[0].value
    drag(bench.canvas, bench.document.annotation.keypoints[2].xy, QPoint(60, 10))
    place = bench.document.place
    revision = LabelStore.open_for(place.path.parent).current(place.frame, "HC")
    origins = [p.origin for p in revision.annotation.keypoints]
    assert origins == [Origin.MODEL, Origin.MODEL, Origin.PERSON, Origin.MODEL]
    assert revision.annotation.status is Status.EDITED
    assert revision.annotation.model.name == "sonichu-mini"
    assert bench.document.measurements[0].value != before


def test_predicting_again_never_replaces_a_persons_points(bench, qtbot):
    predict_head(bench, qtbot)
    drag(bench.canvas, bench.document.annotation.keypoints[2].xy, QPoint(60, 10))
    mine = bench.document.annotation
    QTest.keyClick(bench.canvas, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: bench.document.proposal is not None, timeout=LOADED)
    assert bench.document.annotation == mine
    QTest.keyClick(bench.canvas, Qt.Key.Key_T)
    assert bench.document.annotation.status is Status.ACCEPTED
    assert bench.document.annotation.keypoints != mine.keypoints
    bench.actions["undo"].trigger()
    assert bench.document.annotation == mine


def test_accepting_while_a_proposal_waits_accepts_the_persons_points(bench, qtbot):
    predict_head(bench, qtbot)
    drag(bench.canvas, bench.document.annotation.keypoints[2].xy, QPoint(60, 10))
    mine = bench.document.annotation.keypoints
    QTest.keyClick(bench.canvas, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: bench.document.proposal is not None, timeout=LOADED)
    QTest.keyClick(bench.canvas, Qt.Key.Key_Y)
    assert bench.document.annotation.status is Status.ACCEPTED
    assert bench.document.annotation.keypoints == mine
    assert bench.document.proposal is None


def test_a_prediction_asked_for_before_the_frame_is_shown_is_made_for_it(bench, qtbot):
    bench.document.set_task(bench.tasks["HC"])
    bench.study.forget(bench.document.study.paths[2])
    bench.study.show(bench.document.study.paths[2])
    QTest.keyClick(bench.canvas, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: bench.document.annotation.is_complete, timeout=LOADED)
    assert bench.document.path.name == "frame10.png"


def test_a_result_for_a_frame_no_longer_shown_is_dropped(bench, qtbot):
    bench.document.set_task(bench.tasks["HC"])
    QTest.keyClick(bench.canvas, Qt.Key.Key_R)
    QTest.keyClick(bench.canvas, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: bench.document.path.name == "frame2.png")
    qtbot.waitUntil(lambda: not bench.jobs._jobs, timeout=LOADED)
    assert bench.document.annotation.is_empty


def test_a_task_without_a_trained_head_says_so_and_lets_the_person_place(bench, qtbot):
    leave_without_head(bench, "A4C")
    bench.document.set_task(bench.tasks["A4C"])
    QTest.keyClick(bench.canvas, Qt.Key.Key_R)
    assert "no trained head" in bench.banner.text
    assert bench.document.tool is Tool.PLACE
    assert bench.document.annotation.is_empty
    click(bench.canvas, (100.0, 100.0))
    assert bench.document.annotation.keypoints[0] is not None


def test_the_status_line_says_where_and_in_which_precision_the_model_runs(bench, qtbot):
    predict_head(bench, qtbot)
    bench.status_bar._remark_timer.stop()
    bench.status_bar._show_middle()
    assert bench.status_bar.middle.text.startswith("sonichu-mini · CPU · ")
    assert bench.status_bar.middle.text.endswith(("fp32", "bf16"))


def test_a_fall_back_of_the_model_is_a_banner_once(bench, qtbot):
    give_model(bench).note = "The GPU has too little memory, so it runs on the CPU."
    QTest.keyClick(bench.canvas, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: "too little memory" in bench.banner.text)
    bench.banner.put_away()
    QTest.keyClick(bench.canvas, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: bench.document.path.name == "frame2.png")
    QTest.keyClick(bench.canvas, Qt.Key.Key_R)
    settle(bench, qtbot)
    assert bench.document.annotation.is_complete
    assert not bench.banner.text


def test_a_chosen_device_and_engine_are_in_force_and_remembered(bench, make_bench):
    bench.serving.look_up()
    first = bench.predicting.engine_for(bench.tasks["HC"])
    rows = {row.text(): row for row in bench.top_bar.device_button.device_menu.actions()}
    rows["CPU"].trigger()
    if "OpenVINO" in rows:
        rows["OpenVINO"].trigger()
    engine = bench.predicting.engine_for(bench.tasks["HC"])
    assert engine is not first
    assert engine.device == "cpu"
    assert bench.top_bar.device_button.text() == "CPU"
    bench.window.close()
    again = make_bench()
    assert again.top_bar.device_button.text() == "CPU"
    rows = {row.text(): row for row in again.top_bar.device_button.device_menu.actions()}
    assert "OpenVINO" not in rows or rows["OpenVINO"].isChecked()


def damaged_model(folder: Path) -> Path:
    """A copy of the embedded model that lacks one tensor."""
    from safetensors.numpy import load_file, save_file

    shutil.copytree(MODEL, folder)
    weights = load_file(folder / "model.safetensors")
    weights.pop(next(name for name in weights if "HC" in name))
    save_file(weights, folder / "model.safetensors")
    return folder


def test_a_model_with_a_missing_tensor_is_a_banner_and_the_window_goes_on(bench, qtbot, tmp_path):
    bench.models.use(damaged_model(tmp_path / "damaged"))
    bench.document.set_task(bench.tasks["HC"])
    QTest.keyClick(bench.canvas, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: "HC" in bench.banner.text, timeout=LOADED)
    assert bench.document.annotation.is_empty
    click_all = [(220.0, 70.0), (180.0, 230.0), (310.0, 170.0), (90.0, 130.0)]
    bench.actions["place"].trigger()
    for point in click_all:
        click(bench.canvas, point)
    assert bench.document.annotation.is_complete


def test_the_chosen_model_folder_is_in_use_after_a_restart(bench, make_bench, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(MODEL, folder)
    assert bench.models.use(folder)
    bench.window.close()
    again = make_bench()
    again.serving.look_up()
    assert again.predicting.info.folder == folder


def test_a_folder_that_is_no_model_is_refused_and_the_model_in_use_stays(bench, tmp_path):
    bench.serving.look_up()
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "something"}))
    assert not bench.models.use(tmp_path)
    assert bench.predicting.info.name == "sonichu-mini"
    assert bench.banner.text
