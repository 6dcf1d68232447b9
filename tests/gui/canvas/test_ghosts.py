"""What is drawn of a model's doubt: pure marks, no window."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from sonichu_gui.biometry.measure import measure
from sonichu_gui.domain.annotation import Alternative, Keypoint, Origin, PointState
from sonichu_gui.gui.canvas.calipers import color_of
from sonichu_gui.gui.canvas.ghosts import Highlight, told_measures
from sonichu_gui.gui.canvas.labels import LabelLayout
from sonichu_gui.gui.canvas.marks import LineMark, OvalMark, RingMark, TextMark
from sonichu_gui.gui.canvas.overlay import OverlayOptions, build_marks
from sonichu_gui.gui.canvas.transform import ViewTransform
from sonichu_gui.tasks import load_tasks
from tests.gui.panels.fakes import TRUSTED, predicted

HEAD = load_tasks()["HC"]
VIEW = ViewTransform(zoom=2.0, left=10.0, top=20.0)
ELSEWHERE = (Alternative(300.0, 200.0, 0.24), Alternative(250.0, 100.0, 0.11))


def doubtful(index: int = 0, **changes) -> object:
    """Predicted head points, one of them with other candidates."""
    annotation = predicted(HEAD)
    points = list(annotation.keypoints)
    points[index] = replace(points[index], **({"alternatives": ELSEWHERE} | changes))
    return replace(annotation, keypoints=tuple(points))


def marks_of(annotation, **options):
    return build_marks(
        task=HEAD,
        annotation=annotation,
        measurements=measure(HEAD, annotation, TRUSTED),
        view=VIEW,
        options=OverlayOptions(**options),
        layout=LabelLayout(lambda text: 7.0 * len(text)),
        area=(0.0, 0.0, 1600.0, 1080.0),
    )


def looking_at(annotation, number: int):
    changed = annotation.with_point(0, ELSEWHERE[number].xy)
    return Highlight(number, changed, measure(HEAD, changed, TRUSTED))


def texts(marks) -> list[str]:
    return [mark.text for mark in marks if isinstance(mark, TextMark)]


def ghosts(marks) -> list[RingMark]:
    return [mark for mark in marks if isinstance(mark, RingMark) and mark.ghost]


def test_other_candidates_are_dashed_rings_of_the_pairs_colour_with_their_share():
    marks = marks_of(doubtful(), candidates_of=(0,))
    assert [ring.center for ring in ghosts(marks)] == [VIEW.to_widget(a.xy) for a in ELSEWHERE]
    assert {ring.color for ring in ghosts(marks)} == {color_of(HEAD, 0)}
    assert all(ring.dashed for ring in ghosts(marks))
    assert {"24 %", "11 %"} <= set(texts(marks))


def test_a_faint_leader_joins_each_candidate_with_its_point():
    marks = marks_of(doubtful(), candidates_of=(0,))
    leaders = [m for m in marks if isinstance(m, LineMark) and m.faint]
    start = VIEW.to_widget(doubtful().keypoints[0].xy)
    for leader, candidate in zip(leaders, ELSEWHERE, strict=True):
        assert math.dist(leader.start, start) == pytest.approx(6.0)
        assert math.dist(leader.end, VIEW.to_widget(candidate.xy)) == pytest.approx(6.0)


def test_points_that_are_not_in_hand_show_no_candidates():
    assert not ghosts(marks_of(doubtful()))
    assert not ghosts(marks_of(doubtful(), candidates_of=(1,)))


def test_an_absent_point_has_no_candidates():
    assert not ghosts(marks_of(doubtful(state=PointState.ABSENT), candidates_of=(0,)))


def test_the_candidate_looked_at_is_strong_and_tells_what_the_measures_become():
    annotation = doubtful()
    highlight = looking_at(annotation, 1)
    marks = marks_of(annotation, selected=0, candidates_of=(0,), highlight=highlight)
    assert [ring.center for ring in ghosts(marks)] == [VIEW.to_widget(ELSEWHERE[0].xy)]
    becomes = {found.name: found.text for found in highlight.measurements}
    assert f"11 % · HC {becomes['HC']} · BPD {becomes['BPD']} · label file" in texts(marks)


def test_the_caliper_of_the_candidate_looked_at_is_previewed_dashed():
    annotation = doubtful()
    marks = marks_of(
        annotation, selected=0, candidates_of=(0,), highlight=looking_at(annotation, 0)
    )
    dashed = [m for m in marks if isinstance(m, LineMark) and m.dashed and not m.faint]
    assert len(dashed) == 1
    other_end = VIEW.to_widget(annotation.keypoints[1].xy)
    assert math.dist(dashed[0].start, VIEW.to_widget(ELSEWHERE[0].xy)) == pytest.approx(6.0)
    assert math.dist(dashed[0].end, other_end) == pytest.approx(6.0)
    colors = [m.color for m in marks if isinstance(m, OvalMark) and m.dotted]
    assert colors.count(color_of(HEAD, 0)) == 1  # the head as it would be, beside the one it is


def test_a_points_own_caliper_and_the_primary_measure_are_told():
    plax = load_tasks()["PLAX"]
    assert [spec.name for spec in told_measures(HEAD, 2)] == ["OFD", "HC"]
    assert [spec.name for spec in told_measures(plax, 0)] == ["LV"]


def test_an_ellipse_lies_along_the_direction_of_doubt_with_two_standard_deviations():
    angle = math.radians(30.0)
    cos, sin = math.cos(angle), math.sin(angle)
    along, across = 9.0, 2.0  # standard deviations
    covariance = (
        along**2 * cos**2 + across**2 * sin**2,
        (along**2 - across**2) * cos * sin,
        along**2 * sin**2 + across**2 * cos**2,
    )
    oval = next(
        m for m in marks_of(doubtful(covariance=covariance)) if isinstance(m, OvalMark) and m.filled
    )
    assert math.hypot(*oval.a) == pytest.approx(2 * along * VIEW.zoom)
    assert math.hypot(*oval.b) == pytest.approx(2 * across * VIEW.zoom)
    assert math.atan2(oval.a[1], oval.a[0]) == pytest.approx(angle)
    assert oval.hole == 6.0


def test_a_point_that_a_person_moved_has_no_ellipse_and_no_error_beside_its_value():
    before, moved = predicted(HEAD), predicted(HEAD).with_point(0, (290.0, 150.0))
    assert sum(isinstance(m, OvalMark) and m.filled for m in marks_of(before)) == 4
    assert sum(isinstance(m, OvalMark) and m.filled for m in marks_of(moved)) == 3
    assert sum("±" in text for text in texts(marks_of(before))) == 2
    assert [text for text in texts(marks_of(moved)) if "±" in text] == [
        "24.1 ± 0.9 mm · label file"
    ]


def test_without_uncertainty_values_stand_alone():
    marks = marks_of(predicted(HEAD), uncertainty=False)
    assert "24.1 mm · label file" in texts(marks)
    assert not any(isinstance(m, OvalMark) and m.filled for m in marks)


def test_points_placed_by_hand_show_nothing_of_a_model():
    annotation = predicted(HEAD)
    for index, point in enumerate(annotation.keypoints):
        annotation = annotation.with_point(index, point.xy)
    assert all(isinstance(p, Keypoint) and p.origin is Origin.PERSON for p in annotation.keypoints)
    marks = marks_of(annotation, selected=0, candidates_of=(0,))
    assert not ghosts(marks)
    assert not any(isinstance(m, OvalMark) and m.filled for m in marks)


def test_the_words_of_the_candidate_looked_at_keep_off_those_of_the_others():
    close = (Alternative(300.0, 200.0, 0.24), Alternative(330.0, 204.0, 0.11))
    annotation, layout = doubtful(alternatives=close), LabelLayout(lambda text: 7.0 * len(text))
    changed = annotation.with_point(0, close[0].xy)
    highlight = Highlight(0, changed, measure(HEAD, changed, TRUSTED))
    for looked_at in (None, highlight):
        marks = build_marks(
            task=HEAD,
            annotation=annotation,
            measurements=measure(HEAD, annotation, TRUSTED),
            view=VIEW,
            options=OverlayOptions(selected=0, candidates_of=(0,), highlight=looked_at),
            layout=layout,
            area=(0.0, 0.0, 1600.0, 1080.0),
        )
    shares = [mark.rect for mark in marks if isinstance(mark, TextMark) and " %" in mark.text]
    (x, y, width, height), (other_x, other_y, other_width, other_height) = shares
    beside = x + width <= other_x or other_x + other_width <= x
    assert beside or y + height <= other_y or other_y + other_height <= y
