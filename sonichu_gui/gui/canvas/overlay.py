"""From an annotation to the marks that show it: calipers, ellipse, angle, points, words.

Pure but for the width of text: the same function serves the live canvas and the screenshot.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonichu_gui.biometry.uncertainty import principal_axes
from sonichu_gui.domain.annotation import Annotation, Keypoint, Origin, PointState
from sonichu_gui.gui.canvas.calipers import WHITE, color_of, measure_marks
from sonichu_gui.gui.canvas.ghosts import (
    Highlight,
    candidate_marks,
    candidate_wishes,
    proposal_marks,
)
from sonichu_gui.gui.canvas.labels import LabelLayout, Wish
from sonichu_gui.gui.canvas.marks import Bounds, Mark, OvalMark, RingMark, TextMark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.domain.calibration import Point
    from sonichu_gui.domain.measurement import Measurement
    from sonichu_gui.domain.task import MeasureSpec, Task
    from sonichu_gui.gui.canvas.transform import ViewTransform

MANY_POINTS = 8
"""Beyond this many keypoints a pair is named once, at its value, to keep the picture calm."""

TWO_SIGMA = 2.0

CONTRADICTED = "#E86C66"
"""Colour of a number whose scale the ruler in the picture contradicts."""


@dataclass(frozen=True, slots=True)
class OverlayOptions:
    """What to show and how large.

    Attributes:
        radius: Of a keypoint's ring, in widget units.
        names: Show the names of the points.
        uncertainty: Show the model's uncertainty: soft ellipses, and beside a value its error.
        selected: Index of the selected keypoint, or None.
        hovered: Index of the keypoint under the pointer, or None.
        candidates_of: Keypoints whose other candidates are shown.
        highlight: The candidate of the selected keypoint that is being looked at, or None.
        stroke: Factor on all line widths.
    """

    radius: float = 6.0
    names: bool = True
    uncertainty: bool = True
    selected: int | None = None
    hovered: int | None = None
    candidates_of: tuple[int, ...] = ()
    highlight: Highlight | None = None
    stroke: float = 1.0


def build_marks(
    *,
    task: Task,
    annotation: Annotation,
    measurements: Sequence[Measurement],
    view: ViewTransform,
    options: OverlayOptions,
    layout: LabelLayout,
    area: Bounds,
    proposal: Annotation | None = None,
) -> tuple[Mark, ...]:
    """Gives everything to be drawn over the frame, in painting order.

    Args:
        task: The task of the annotation.
        annotation: The points, in image pixels.
        measurements: Their measures, in the task's order.
        view: How the frame lies on the widget.
        options: What to show.
        layout: Where words go.
        area: The visible widget (x0, y0, x1, y1).
        proposal: A model's other opinion, drawn as ghosts.
    """
    marks: list[Mark] = []
    if proposal is not None:
        marks += proposal_marks(task, proposal, view, radius=options.radius, stroke=options.stroke)
    if options.uncertainty:
        marks += _uncertainty_marks(task, annotation, view, options.radius)
    for spec in task.measures:
        active = options.hovered in spec.points or options.selected in spec.points
        marks += measure_marks(
            spec,
            task,
            annotation,
            view,
            radius=options.radius,
            stroke=options.stroke,
            active=active,
        )
    for index in options.candidates_of:
        marks += candidate_marks(
            task,
            annotation,
            index,
            view,
            highlight=options.highlight if index == options.selected else None,
            radius=options.radius,
            stroke=options.stroke,
        )
    marks += _point_marks(task, annotation, view, options)
    marks += _text_marks(
        task, annotation, measurements, view=view, o=options, layout=layout, area=area
    )
    return tuple(marks)


def _point_marks(
    task: Task, annotation: Annotation, view: ViewTransform, o: OverlayOptions
) -> list[Mark]:
    marks: list[Mark] = []
    for index, point in enumerate(annotation.keypoints):
        if point is None:
            continue
        marks.append(
            RingMark(
                view.to_widget(point.xy),
                color_of(task, index),
                o.radius,
                selected=index == o.selected,
                hovered=index == o.hovered,
                dashed=point.state in (PointState.OCCLUDED, PointState.UNCERTAIN),
                crossed=point.state is PointState.ABSENT,
                by_model=point.origin is Origin.MODEL,
            )
        )
    return marks


def _uncertainty_marks(
    task: Task, annotation: Annotation, view: ViewTransform, radius: float
) -> list[Mark]:
    marks: list[Mark] = []
    for index, point in enumerate(annotation.keypoints):
        if point is not None and point.covariance is not None and point.measurable:
            a, b = ellipse_axes(point, view.zoom * TWO_SIGMA)
            center, color = view.to_widget(point.xy), color_of(task, index)
            marks.append(OvalMark(center, a, b, color, dotted=False, filled=True, hole=radius))
    return marks


def ellipse_axes(point: Keypoint, factor: float) -> tuple[Point, Point]:
    """Half axes of a keypoint's covariance ellipse, one standard deviation times a factor."""
    assert point.covariance is not None  # noqa: S101 - callers have looked
    large, small, angle = principal_axes(point.covariance)
    cos, sin = math.cos(angle) * factor, math.sin(angle) * factor
    return (large * cos, large * sin), (-small * sin, small * cos)


def _text_marks(
    task: Task,
    annotation: Annotation,
    measurements: Sequence[Measurement],
    *,
    view: ViewTransform,
    o: OverlayOptions,
    layout: LabelLayout,
    area: Bounds,
) -> list[Mark]:
    placed = {i: view.to_widget(p.xy) for i, p in enumerate(annotation.keypoints) if p is not None}
    if not placed:
        return []
    middle = (
        sum(p[0] for p in placed.values()) / len(placed),
        sum(p[1] for p in placed.values()) / len(placed),
    )
    few = len(task.keypoints) <= MANY_POINTS
    wishes, colors = _name_wishes(task, placed, middle, o, few=few)
    for number, (spec, result) in enumerate(zip(task.measures, measurements, strict=True)):
        text = result.plate_text(error=o.uncertainty, short=not few)
        wish = _value_wish(number, spec, result, placed, middle, text=text, few=few)
        if wish is not None:
            wishes.append(wish)
            color = color_of(task, spec.points[0]) if spec.kind == "length" else WHITE
            colors.append(CONTRADICTED if result.is_contradicted else color)
    obstacles = list(placed.values())
    for index in o.candidates_of:
        found = candidate_wishes(
            task,
            annotation,
            index,
            view,
            highlight=o.highlight if index == o.selected else None,
            gap=o.radius + 6.0,
        )
        wishes += found
        colors += [color_of(task, index)] * len(found)
        obstacles += [wish.anchor for wish in found]
    plates = layout.place(wishes, obstacles=obstacles, area=area)
    return [
        TextMark(plate, wish.text, color, leader=_leader(plate, wish))
        for plate, wish, color in zip(plates, wishes, colors, strict=True)
    ]


def _name_wishes(
    task: Task, placed: dict[int, Point], middle: Point, o: OverlayOptions, *, few: bool
) -> tuple[list[Wish], list[str]]:
    """Names of the points: all of them when few, else only those in hand."""
    active = {o.selected, o.hovered}
    wishes, colors = [], []
    for index, anchor in placed.items():
        if index in active or (o.names and few):
            name = task.keypoints[index].name
            wishes.append(Wish(("point", index), name, anchor, middle, o.radius + 5.0))
            colors.append(color_of(task, index))
    return wishes, colors


def _value_wish(
    number: int,
    spec: MeasureSpec,
    result: Measurement,
    placed: dict[int, Point],
    middle: Point,
    *,
    text: str,
    few: bool,
) -> Wish | None:
    if result.value is None or spec.kind not in ("length", "angle"):
        return None
    if not few or spec.kind != "length":
        text = f"{spec.name} {text}"
    if spec.kind == "angle":
        vertex, first, second = (placed[i] for i in spec.points)
        anchor = tuple(
            v + 0.22 * (a - v + b - v) for v, a, b in zip(vertex, first, second, strict=True)
        )
        return Wish(("value", number), text, (anchor[0], anchor[1]), vertex, 6.0)
    (x0, y0), (x1, y1) = (placed[i] for i in spec.points)
    share = 0.68 if few else 0.5
    anchor = (x0 + (x1 - x0) * share, y0 + (y1 - y0) * share)
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    normal = (-(y1 - y0) / length, (x1 - x0) / length)
    outward = (anchor[0] - middle[0]) * normal[0] + (anchor[1] - middle[1]) * normal[1]
    side = 1.0 if outward > 0 or (outward == 0 and normal[0] > 0) else -1.0
    away = (anchor[0] - side * normal[0] * 20, anchor[1] - side * normal[1] * 20)
    return Wish(("value", number), text, anchor, away, 6.0)


def _leader(plate: Bounds, wish: Wish) -> Point | None:
    """Where a leader line ends when the plate had to go far from its anchor."""
    x, y, width, height = plate
    dx = max(x - wish.anchor[0], 0.0, wish.anchor[0] - x - width)
    dy = max(y - wish.anchor[1], 0.0, wish.anchor[1] - y - height)
    return wish.anchor if math.hypot(dx, dy) > wish.gap * 1.7 else None
