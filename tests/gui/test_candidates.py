"""Other candidates of a point: stepped through with Tab, taken with Enter or a click."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from sonichu_gui.domain.annotation import (
    Alternative,
    Annotation,
    Keypoint,
    ModelId,
    Origin,
    PointState,
    Status,
)
from sonichu_gui.gui.canvas.hint import CanvasHint
from sonichu_gui.gui.place import Tool
from sonichu_gui.labels.store import LabelStore
from tests.gui.hands import at, click, drag, move, press, release

HEAD = [(220.0, 70.0), (180.0, 230.0), (310.0, 170.0), (90.0, 130.0)]
OTHERS = {0: ((250.0, 40.0, 0.24), (160.0, 60.0, 0.11)), 2: ((330.0, 110.0, 0.31),)}
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def head(bench):
    """The window with a model's doubtful head."""
    bench.document.set_task(bench.tasks["HC"])
    points = tuple(
        Keypoint(
            x,
            y,
            origin=Origin.MODEL,
            confidence=0.7,
            covariance=(9.0, 2.0, 4.0),
            alternatives=tuple(Alternative(*other) for other in OTHERS.get(index, ())),
        )
        for index, (x, y) in enumerate(HEAD)
    )
    bench.document.commit(Annotation("HC", points, Status.PROPOSED, ModelId("m", "ab")), "Predict")
    return bench


def key(bench, which, modifier=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(bench.canvas, which, modifier)


def state(bench):
    return bench.document.selected, bench.document.candidates.chosen


def stored(bench):
    place = bench.document.place
    store = LabelStore.open_for(place.path.parent)
    try:
        return store.current(place.frame, "HC").annotation
    finally:
        store.close()


def test_tab_goes_through_the_candidates_and_on_to_the_next_point(head):
    key(head, Qt.Key.Key_1)
    states = [state(head)]
    for _ in range(5):
        key(head, Qt.Key.Key_Tab)
        states.append(state(head))
    assert states == [(0, None), (0, 0), (0, 1), (1, None), (2, None), (2, 0)]


@pytest.mark.parametrize("back", [Qt.Key.Key_Backtab, Qt.Key.Key_Tab], ids=["X11", "Windows"])
def test_shift_tab_goes_back(head, back):
    key(head, Qt.Key.Key_2)
    states = []
    for _ in range(3):
        key(head, back, SHIFT)
        states.append(state(head))
    assert states == [(0, 1), (0, 0), (0, None)]


def test_enter_takes_the_highlighted_candidate_as_a_persons_point_in_one_step(head):
    before, steps = head.document.annotation, head.document.undo_stack.count()
    key(head, Qt.Key.Key_1)
    key(head, Qt.Key.Key_Tab)
    key(head, Qt.Key.Key_Tab)
    key(head, Qt.Key.Key_Return)
    point = stored(head).keypoints[0]
    assert point == Keypoint(160.0, 60.0, origin=Origin.PERSON)
    assert stored(head).status is Status.EDITED
    assert head.document.undo_stack.count() == steps + 1
    assert head.document.undo_stack.undoText() == "Take other candidate of BPD 1"
    assert state(head) == (0, None)
    head.actions["undo"].trigger()
    assert stored(head) == before


def test_looking_at_candidates_changes_and_stores_nothing(head):
    before, steps = head.document.annotation, head.document.undo_stack.count()
    measured = head.document.measurements
    key(head, Qt.Key.Key_1)
    key(head, Qt.Key.Key_Tab)
    assert head.document.measurements == measured
    assert head.document.candidates.measurements != measured
    key(head, Qt.Key.Key_Escape)
    assert stored(head) == before
    assert head.document.undo_stack.count() == steps


def test_enter_without_a_highlight_changes_nothing(head):
    before = head.document.annotation
    key(head, Qt.Key.Key_1)
    key(head, Qt.Key.Key_Return)
    assert head.document.annotation == before


def test_escape_drops_the_highlight_first_and_then_the_selection(head):
    key(head, Qt.Key.Key_1)
    key(head, Qt.Key.Key_Tab)
    key(head, Qt.Key.Key_Escape)
    assert state(head) == (0, None)
    key(head, Qt.Key.Key_Escape)
    assert state(head) == (None, None)


def test_selecting_another_point_drops_the_highlight(head):
    key(head, Qt.Key.Key_1)
    key(head, Qt.Key.Key_Tab)
    key(head, Qt.Key.Key_3)
    assert state(head) == (2, None)


def test_a_click_on_a_ghost_of_the_selected_point_takes_it(head):
    click(head.canvas, HEAD[2])
    click(head.canvas, OTHERS[2][0][:2])
    assert stored(head).keypoints[2].xy == OTHERS[2][0][:2]
    assert head.document.selected == 2


def test_a_drag_that_starts_on_a_ghost_moves_the_frame_and_takes_nothing(head):
    before, left = head.document.annotation, head.canvas.view.left
    click(head.canvas, HEAD[2])
    drag(head.canvas, OTHERS[2][0][:2], QPoint(-40, 0))
    assert head.canvas.view.left == left - 40
    assert head.document.annotation == before


def test_a_ghost_that_is_not_shown_cannot_be_taken(head):
    before = head.document.annotation
    click(head.canvas, OTHERS[2][0][:2])
    assert head.document.annotation == before
    click(head.canvas, HEAD[2])
    QTest.keyPress(head.canvas, Qt.Key.Key_H)
    click(head.canvas, OTHERS[2][0][:2])
    QTest.keyRelease(head.canvas, Qt.Key.Key_H)
    assert head.document.annotation == before


def test_where_a_ghost_lies_on_another_point_the_point_is_meant(head):
    annotation = head.document.annotation
    points = list(annotation.keypoints)
    points[0] = replace(points[0], alternatives=(Alternative(*HEAD[3], 0.4),))
    head.document.commit(replace(annotation, keypoints=tuple(points)), "Predict")
    key(head, Qt.Key.Key_1)
    click(head.canvas, HEAD[3])
    assert head.document.annotation.keypoints[0] == points[0]
    assert head.document.selected == 3


def test_pointing_at_a_ghost_highlights_it_for_as_long(head):
    click(head.canvas, HEAD[0])
    move(head.canvas, at(head.canvas, OTHERS[0][1][:2]))
    assert state(head) == (0, 1)
    move(head.canvas, at(head.canvas, (100.0, 250.0)))
    assert state(head) == (0, None)


def test_the_mouse_passing_by_leaves_what_the_keys_have_highlighted(head):
    key(head, Qt.Key.Key_1)
    key(head, Qt.Key.Key_Tab)
    move(head.canvas, at(head.canvas, (100.0, 250.0)))
    move(head.canvas, at(head.canvas, (110.0, 240.0)))
    assert state(head) == (0, 0)


def test_a_moved_point_has_no_candidates_any_more(head):
    drag(head.canvas, HEAD[0], QPoint(20, 10))
    assert head.document.candidates.places == ()
    key(head, Qt.Key.Key_Tab)
    assert state(head) == (1, None)


def test_candidates_rest_while_points_are_placed(head):
    key(head, Qt.Key.Key_1)
    key(head, Qt.Key.Key_Tab)
    head.document.set_tool(Tool.PLACE)
    assert state(head) == (0, None)
    assert head.document.candidates.places == ()


def test_a_point_in_the_hand_is_not_taken_elsewhere_by_enter(head):
    key(head, Qt.Key.Key_1)
    key(head, Qt.Key.Key_Tab)
    place = press(head.canvas, HEAD[3])
    move(head.canvas, place + QPoint(30, 0))
    key(head, Qt.Key.Key_Return)
    release(head.canvas, place + QPoint(30, 0))
    points = head.document.annotation.keypoints
    assert points[0].xy == HEAD[0]
    assert points[3].xy != HEAD[3]


def test_what_was_set_aside_stays_so_when_a_candidate_is_taken(head):
    key(head, Qt.Key.Key_U)
    key(head, Qt.Key.Key_1)
    key(head, Qt.Key.Key_Tab)
    key(head, Qt.Key.Key_Return)
    assert stored(head).status is Status.FLAGGED
    assert stored(head).keypoints[0].xy == OTHERS[0][0][:2]


def test_an_absent_point_offers_no_candidates(head):
    key(head, Qt.Key.Key_1)
    key(head, Qt.Key.Key_Delete)
    assert head.document.annotation.keypoints[0].state is PointState.ABSENT
    key(head, Qt.Key.Key_Tab)
    assert state(head) == (1, None)


def test_the_hint_names_the_keys_while_there_are_candidates(head):
    key(head, Qt.Key.Key_1)
    hint = head.canvas.findChild(CanvasHint)
    assert "Tab other candidates" in hint.text()
    key(head, Qt.Key.Key_Tab)
    assert "Enter takes" in hint.text()
    key(head, Qt.Key.Key_2)
    assert "candidates" not in hint.text()


def test_the_hint_names_what_ends_a_drag(head):
    hint = head.canvas.findChild(CanvasHint)
    place = press(head.canvas, HEAD[1])
    for step in (6, 12):
        move(head.canvas, place + QPoint(step, 0))
    assert hint.text() == "Esc puts it back"
    release(head.canvas, place + QPoint(12, 0))
    assert "Space accept and next" in hint.text()


def test_candidates_are_on_disk_and_there_again_on_coming_back(head, qtbot):
    key(head, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: head.document.path.name == "frame2.png")
    key(head, Qt.Key.Key_A)
    qtbot.waitUntil(lambda: head.document.path.name == "frame1.png")
    key(head, Qt.Key.Key_1)
    assert [one.xy for one in head.document.candidates.places] == [one[:2] for one in OTHERS[0]]
