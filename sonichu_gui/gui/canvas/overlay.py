"""From an annotation to the marks that show it: calipers, ellipse, angle, points, words.

Pure but for the width of text: the same function serves the live canvas and the screenshot.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonichu_gui.domain.annotation import Annotation, Keypoint, Origin, PointState
from sonichu_gui.gui.canvas.labels import LabelLayout, Wish
from sonichu_gui.gui.canvas.marks import (
    ArcMark,
    Bounds,
    LineMark,
    Mark,
    OvalMark,
    RingMark,
    TextMark,
)
from sonichu_gui.gui.theme import PAIR_COLORS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.domain.calibration import Point
    from sonichu_gui.domain.measurement import Measurement
    from sonichu_gui.domain.task import MeasureSpec, Task
    from sonichu_gui.gui.canvas.transform import ViewTransform

MANY_POINTS = 8
"""Beyond this many keypoints a pair is named once, at its value, to keep the picture calm."""

WHITE = "#E8ECF0"
GHOST = "#A7B1BC"
TWO_SIGMA = 2.0


@dataclass(frozen=True, slots=True)
class OverlayOptions:
    """What to show and how large.

    Attributes:
        radius: Of a keypoint's ring, in widget units.
        names: Show the names of the points.
        uncertainty: Show the model's uncertainty as soft ellipses.
        selected: Index of the selected keypoint, or None.
        hovered: Index of the keypoint under the pointer, or None.
        stroke: Factor on all line widths.
    """

    radius: float = 6.0
    names: bool = True
    uncertainty: bool = True
    selected: int | None = None
    hovered: int | None = None
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
        marks += _ghost_marks(task, proposal, view, options)
    if options.uncertainty:
        marks += _uncertainty_marks(task, annotation, view)
    for spec in task.measures:
        marks += _measure_marks(spec, task, annotation, view, options)
    marks += _point_marks(task, annotation, view, options)
    marks += _text_marks(
        task, annotation, measurements, view=view, o=options, layout=layout, area=area
    )
    return tuple(marks)


def color_of(task: Task, index: int) -> str:
    """Colour of a keypoint: its pair's."""
    return PAIR_COLORS[task.keypoints[index].pair % len(PAIR_COLORS)]


def _measure_marks(
    spec: MeasureSpec, task: Task, annotation: Annotation, view: ViewTransform, o: OverlayOptions
) -> list[Mark]:
    points = annotation.points(spec.points)
    if points is None:
        return []
    at = [view.to_widget(point) for point in points]
    color = color_of(task, spec.points[0])
    if spec.kind == "length":
        active = o.hovered in spec.points or o.selected in spec.points
        return [_between_rings(at[0], at[1], color, (1.8 if active else 1.2) * o.stroke, o.radius)]
    if spec.kind == "ellipse-circumference":
        return [_oval(at)]
    if spec.kind == "angle":
        return _angle_marks(at, color, o)
    return []


def _between_rings(start: Point, end: Point, color: str, width: float, radius: float) -> LineMark:
    """A line that ends at the rings: what lies under a point stays visible."""
    length = math.dist(start, end)
    share = min(radius / length, 0.5) if length else 0.0
    dx, dy = (end[0] - start[0]) * share, (end[1] - start[1]) * share
    return LineMark((start[0] + dx, start[1] + dy), (end[0] - dx, end[1] - dy), color, width)


def _oval(at: Sequence[Point]) -> OvalMark:
    """The ellipse through the ends of two axes (exactly, when they share their middle)."""
    cx = sum(p[0] for p in at) / 4
    cy = sum(p[1] for p in at) / 4
    a = ((at[2][0] - at[3][0]) / 2, (at[2][1] - at[3][1]) / 2)
    b = ((at[0][0] - at[1][0]) / 2, (at[0][1] - at[1][1]) / 2)
    return OvalMark((cx, cy), a, b, WHITE)


def _angle_marks(at: Sequence[Point], color: str, o: OverlayOptions) -> list[Mark]:
    vertex, first, second = at
    start = math.degrees(math.atan2(vertex[1] - first[1], first[0] - vertex[0]))
    end = math.degrees(math.atan2(vertex[1] - second[1], second[0] - vertex[0]))
    sweep = (end - start + 180.0) % 360.0 - 180.0
    radius = 0.35 * min(math.dist(vertex, first), math.dist(vertex, second))
    return [
        _between_rings(vertex, first, color, 1.2 * o.stroke, o.radius),
        _between_rings(vertex, second, color, 1.2 * o.stroke, o.radius),
        ArcMark(vertex, max(radius, 14.0 * o.stroke), start, sweep, WHITE),
    ]


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


def _ghost_marks(
    task: Task, proposal: Annotation, view: ViewTransform, o: OverlayOptions
) -> list[Mark]:
    marks: list[Mark] = []
    for spec in task.measures:
        points = proposal.points(spec.points)
        if points is None:
            continue
        at = [view.to_widget(point) for point in points]
        if spec.kind == "length":
            marks.append(LineMark(at[0], at[1], GHOST, 1.0 * o.stroke, dashed=True))
        elif spec.kind == "ellipse-circumference":
            oval = _oval(at)
            marks.append(OvalMark(oval.center, oval.a, oval.b, GHOST))
    rings = (point for point in proposal.keypoints if point is not None)
    marks += [RingMark(view.to_widget(p.xy), GHOST, o.radius - 1.0, dashed=True) for p in rings]
    return marks


def _uncertainty_marks(task: Task, annotation: Annotation, view: ViewTransform) -> list[Mark]:
    marks: list[Mark] = []
    for index, point in enumerate(annotation.keypoints):
        if point is not None and point.covariance is not None and point.measurable:
            a, b = ellipse_axes(point, view.zoom * TWO_SIGMA)
            center = view.to_widget(point.xy)
            marks.append(OvalMark(center, a, b, color_of(task, index), dotted=False, filled=True))
    return marks


def ellipse_axes(point: Keypoint, factor: float) -> tuple[Point, Point]:
    """Half axes of a keypoint's covariance ellipse, one standard deviation times a factor."""
    assert point.covariance is not None  # noqa: S101 - callers have looked
    xx, xy, yy = point.covariance
    mean, delta = (xx + yy) / 2, math.hypot((xx - yy) / 2, xy)
    angle = 0.5 * math.atan2(2 * xy, xx - yy)
    large, small = math.sqrt(max(mean + delta, 0.0)), math.sqrt(max(mean - delta, 0.0))
    cos, sin = math.cos(angle), math.sin(angle)
    return (
        (large * cos * factor, large * sin * factor),
        (-small * sin * factor, small * cos * factor),
    )


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
        wish = _value_wish(number, spec, result, placed, middle, few=few)
        if wish is not None:
            wishes.append(wish)
            colors.append(color_of(task, spec.points[0]) if spec.kind == "length" else WHITE)
    plates = layout.place(wishes, obstacles=tuple(placed.values()), area=area)
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
    few: bool,
) -> Wish | None:
    if result.value is None or spec.kind not in ("length", "angle"):
        return None
    text = result.text if few and spec.kind == "length" else f"{spec.name} {result.text}"
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
