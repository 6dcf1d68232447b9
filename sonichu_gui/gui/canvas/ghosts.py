"""What might be instead, drawn faintly: a model's other points, other candidates of one point.

The proposal is grey, since it is another opinion on everything; a candidate has its pair's colour,
since it is the same point somewhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sonichu_gui.gui.canvas.calipers import between_rings, color_of, oval_through
from sonichu_gui.gui.canvas.labels import Wish
from sonichu_gui.gui.canvas.marks import LineMark, Mark, RingMark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.domain.annotation import Alternative, Annotation
    from sonichu_gui.domain.measurement import Measurement
    from sonichu_gui.domain.task import MeasureSpec, Task
    from sonichu_gui.gui.canvas.transform import ViewTransform

GHOST = "#A7B1BC"


@dataclass(frozen=True, slots=True)
class Highlight:
    """The candidate of the selected point that is being looked at.

    Attributes:
        number: Which of the point's candidates.
        annotation: The points as they would be with it.
        measurements: Their measures, in the task's order.
    """

    number: int
    annotation: Annotation
    measurements: Sequence[Measurement]


def proposal_marks(
    task: Task, proposal: Annotation, view: ViewTransform, *, radius: float, stroke: float
) -> list[Mark]:
    """A model's other opinion of all the points."""
    marks: list[Mark] = []
    for spec in task.measures:
        points = proposal.points(spec.points)
        if points is None:
            continue
        at = [view.to_widget(point) for point in points]
        if spec.kind == "length":
            marks.append(LineMark(at[0], at[1], GHOST, 1.0 * stroke, dashed=True))
        elif spec.kind == "ellipse-circumference":
            marks.append(oval_through(at, GHOST))
    rings = (point for point in proposal.keypoints if point is not None)
    marks += [RingMark(view.to_widget(p.xy), GHOST, radius - 1.0, dashed=True) for p in rings]
    return marks


def candidate_marks(
    task: Task,
    annotation: Annotation,
    index: int,
    view: ViewTransform,
    *,
    highlight: Highlight | None,
    radius: float,
    stroke: float,
) -> list[Mark]:
    """The other candidates of a keypoint, and what one of them would change.

    Args:
        task: Of the annotation.
        annotation: The points as they are.
        index: The keypoint.
        view: How the frame lies on the widget.
        highlight: The candidate that is being looked at, or None.
        radius: Of a keypoint's ring.
        stroke: Factor on all line widths.
    """
    point = annotation.keypoints[index]
    if point is None:
        return []
    color, start = color_of(task, index), view.to_widget(point.xy)
    marks: list[Mark] = []
    if highlight is not None:
        marks += _changed_measures(
            task, highlight.annotation, index, view, radius=radius, stroke=stroke
        )
    for number, candidate in enumerate(point.candidates):
        at, looked_at = view.to_widget(candidate.xy), _is_looked_at(number, highlight)
        leader = between_rings(start, at, color, 1.0 * stroke, radius, dashed=True)
        marks.append(replace(leader, faint=True))
        marks.append(
            RingMark(at, color, radius, selected=True)
            if looked_at
            else RingMark(at, color, radius - 1.0, dashed=True, ghost=True)
        )
    return marks


def candidate_wishes(
    task: Task,
    annotation: Annotation,
    index: int,
    view: ViewTransform,
    *,
    highlight: Highlight | None,
    gap: float,
) -> list[Wish]:
    """The words at the candidates: each one's share, and at the one looked at the measures."""
    point = annotation.keypoints[index]
    if point is None:
        return []
    away_from = view.to_widget(point.xy)
    wishes = []
    for number, candidate in enumerate(point.candidates):
        words, kind = share_text(candidate), "candidate"
        if highlight is not None and _is_looked_at(number, highlight):
            # Longer words: they look for a side of their own.
            words, kind = _words(task, index, candidate, highlight), "highlight"
        anchor = view.to_widget(candidate.xy)
        wishes.append(Wish((f"{kind} {index}", number), words, anchor, away_from, gap))
    return wishes


def share_text(candidate: Alternative) -> str:
    """How much of the heatmap speaks for a candidate."""
    return f"{candidate.confidence * 100:.0f} %"


def _is_looked_at(number: int, highlight: Highlight | None) -> bool:
    return highlight is not None and highlight.number == number


def _words(task: Task, index: int, candidate: Alternative, highlight: Highlight) -> str:
    """A candidate's share and what it would make of the measures: "24 % · BPD 21.4 mm · ruler"."""
    told = told_measures(task, index)
    found = [
        result
        for spec, result in zip(task.measures, highlight.measurements, strict=True)
        if spec in told and result.value is not None
    ]
    tags = list(dict.fromkeys(filter(None, (result.scale_tag for result in found))))
    if len(tags) > 1:  # each its own, else once behind them all
        values, tags = [f"{one.name} {one.sourced_text}" for one in found], []
    else:
        values = [f"{one.name} {one.text}" for one in found]
    return " · ".join([share_text(candidate), *values, *tags])


def told_measures(task: Task, index: int) -> list[MeasureSpec]:
    """The measures to tell of a point: the one of its own caliper, and the primary one."""
    of_point = [spec for spec in task.measures if index in spec.points]
    own = [spec for spec in of_point if spec.kind in ("length", "angle")][:1]
    primary = [spec for spec in of_point if spec is task.primary_measure and spec not in own]
    return own + primary or of_point[:1]


def _changed_measures(
    task: Task,
    changed: Annotation,
    index: int,
    view: ViewTransform,
    *,
    radius: float,
    stroke: float,
) -> list[Mark]:
    """The calipers of a point as they would be, dashed."""
    marks: list[Mark] = []
    for spec in task.measures:
        points = changed.points(spec.points) if index in spec.points else None
        if points is None:
            continue
        at, color = [view.to_widget(one) for one in points], color_of(task, index)
        if spec.kind == "ellipse-circumference":
            marks.append(oval_through(at, color))
        elif spec.kind in ("length", "angle"):
            marks += [
                between_rings(at[0], end, color, 1.2 * stroke, radius, dashed=True)
                for end in at[1:]
            ]
    return marks
