"""Shift+R: back to what the model said last, as an edit that can be undone."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from sonichu_gui.domain.annotation import (
    Alternative,
    Keypoint,
    ModelId,
    Origin,
    Status,
    proposed_annotation,
)
from sonichu_gui.errors import StoreError
from sonichu_gui.gui.canvas.hint import CanvasHint
from sonichu_gui.gui.label_keeper import LabelKeeper
from sonichu_gui.labels.store import LabelStore
from sonichu_gui.prediction.api import Prediction
from tests.gui.hands import drag
from tests.gui.scenes import open_and_wait

HEAD = [(220.0, 70.0), (180.0, 230.0), (310.0, 170.0), (90.0, 130.0)]
MODEL = ModelId("sonichu-mini", "ab" * 32)


def predict(bench, shift: float = 0.0):
    """Brings a model's answer for the frame shown, as the model's thread does."""
    document = bench.document
    points = tuple(
        Keypoint(
            x + shift,
            y,
            origin=Origin.MODEL,
            confidence=0.8,
            covariance=(4.0, 1.0, 3.0),
            disagreement=0.5,
            alternatives=(Alternative(x - 30.0, y, 0.2),),
        )
        for x, y in HEAD
    )
    prediction = Prediction(document.frame.ref, "HC", points, MODEL, 0.1, tta=True, device="cpu")
    document.receive(prediction, proposed_annotation(document.task, points, MODEL))
    return points


@pytest.fixture
def head(bench):
    bench.document.set_task(bench.tasks["HC"])
    return bench


def go_back(bench):
    QTest.keyClick(bench.canvas, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)


def stored(bench):
    place = bench.document.place
    store = LabelStore.open_for(place.path.parent)
    try:
        return store.current(place.frame, "HC").annotation
    finally:
        store.close()


def test_the_models_points_come_back_with_all_it_knew_of_them(head):
    points = predict(head)
    drag(head.canvas, HEAD[2], QPoint(50, 20))
    assert head.document.measurements[0].uncertainty is None
    go_back(head)
    assert stored(head).keypoints == points
    assert stored(head).status is Status.PROPOSED
    assert stored(head).model == MODEL
    assert head.document.measurements[0].uncertainty is not None


def test_it_is_one_step_that_undo_takes_back(head):
    predict(head)
    drag(head.canvas, HEAD[2], QPoint(50, 20))
    mine = head.document.annotation
    go_back(head)
    assert head.document.undo_stack.undoText() == "Return to prediction"
    head.actions["undo"].trigger()
    assert head.document.annotation == mine
    assert stored(head) == mine


def test_it_is_there_after_a_restart(head, make_bench, qtbot, study):
    points = predict(head)
    drag(head.canvas, HEAD[2], QPoint(50, 20))
    head.window.close()
    again = make_bench()
    open_and_wait(again, qtbot, study)
    again.document.set_task(again.tasks["HC"])
    assert again.document.annotation.keypoints != points
    go_back(again)
    assert again.document.annotation.keypoints == points


def test_the_newest_of_two_predictions_is_meant_and_its_proposal_is_put_away(head):
    predict(head)
    drag(head.canvas, HEAD[2], QPoint(50, 20))
    newest = predict(head, shift=5.0)
    assert head.document.proposal is not None
    go_back(head)
    assert head.document.annotation.keypoints == newest
    assert head.document.proposal is None


def test_a_frame_set_aside_stays_so(head):
    predict(head)
    drag(head.canvas, HEAD[2], QPoint(50, 20))
    QTest.keyClick(head.canvas, Qt.Key.Key_O)
    go_back(head)
    assert stored(head).status is Status.EXCLUDED
    assert stored(head).keypoints[2].xy == HEAD[2]


def test_a_prediction_that_could_not_be_written_yet_counts(head, monkeypatch):
    def full(_keeper, _folder):
        raise StoreError("No space left.", "Make room.")

    with monkeypatch.context() as patch:
        patch.setattr(LabelKeeper, "made_store", full)
        points = predict(head)
        drag(head.canvas, HEAD[2], QPoint(50, 20))
        assert head.keeper.waiting
        go_back(head)
        assert head.document.annotation.keypoints == points
    QTest.keyClick(head.window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert head.keeper.waiting == 0
    assert stored(head).keypoints == points


def test_without_a_prediction_that_is_said_and_nothing_changes(head, qtbot):
    before, steps = head.document.annotation, head.document.undo_stack.count()
    with qtbot.waitSignal(head.document.noted) as said:
        go_back(head)
    assert "No prediction" in said.args[0]
    assert head.document.annotation == before
    assert head.document.undo_stack.count() == steps


def test_a_prediction_of_another_task_is_not_meant(head, qtbot):
    predict(head)
    head.document.set_task(head.tasks["FA"])
    with qtbot.waitSignal(head.document.noted):
        go_back(head)
    assert head.document.annotation.is_empty


def test_the_hint_names_the_keys_of_a_proposal(head):
    predict(head)
    drag(head.canvas, HEAD[0], QPoint(20, 0))
    predict(head, shift=5.0)
    hint = head.canvas.findChild(CanvasHint)
    assert "T take the model's points   Shift+Y keep mine" in hint.text()
    QTest.keyClick(head.canvas, Qt.Key.Key_Y, Qt.KeyboardModifier.ShiftModifier)
    assert "model's points" not in hint.text()
