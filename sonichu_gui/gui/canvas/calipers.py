"""How a measure looks between its points: a caliper's line, an ellipse, the arc of an angle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sonichu_gui.gui.canvas.marks import ArcMark, LineMark, Mark, OvalMark
from sonichu_gui.gui.theme import PAIR_COLORS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.domain.annotation import Annotation
    from sonichu_gui.domain.calibration import Point
    from sonichu_gui.domain.task import MeasureSpec, Task
    from sonichu_gui.gui.canvas.transform import ViewTransform

WHITE = "#E8ECF0"


def color_of(task: Task, index: int) -> str:
    """Colour of a keypoint: its pair's."""
    return PAIR_COLORS[task.keypoints[index].pair % len(PAIR_COLORS)]


def measure_marks(
    spec: MeasureSpec,
    task: Task,
    annotation: Annotation,
    view: ViewTransform,
    *,
    radius: float,
    stroke: float,
    active: bool,
) -> list[Mark]:
    """Gives what shows a measure, nothing while one of its points is missing.

    Args:
        spec: The measure.
        task: Of the annotation.
        annotation: The points, in image pixels.
        view: How the frame lies on the widget.
        radius: Of a keypoint's ring: lines end there, what lies under a point stays visible.
        stroke: Factor on all line widths.
        active: Whether one of its points is in hand.
    """
    points = annotation.points(spec.points)
    if points is None:
        return []
    at = [view.to_widget(point) for point in points]
    color = color_of(task, spec.points[0])
    if spec.kind == "length":
        return [between_rings(at[0], at[1], color, (1.8 if active else 1.2) * stroke, radius)]
    if spec.kind == "ellipse-circumference":
        return [oval_through(at, WHITE)]
    if spec.kind == "angle":
        return _angle_marks(at, color, radius=radius, stroke=stroke)
    return []


def between_rings(
    start: Point, end: Point, color: str, width: float, radius: float, *, dashed: bool = False
) -> LineMark:
    """A line that ends at the rings."""
    length = math.dist(start, end)
    share = min(radius / length, 0.5) if length else 0.0
    dx, dy = (end[0] - start[0]) * share, (end[1] - start[1]) * share
    first, last = (start[0] + dx, start[1] + dy), (end[0] - dx, end[1] - dy)
    return LineMark(first, last, color, width, dashed=dashed)


def oval_through(at: Sequence[Point], color: str) -> OvalMark:
    """The ellipse through the ends of two axes (exactly, when they share their middle)."""
    cx = sum(p[0] for p in at) / 4
    cy = sum(p[1] for p in at) / 4
    a = ((at[2][0] - at[3][0]) / 2, (at[2][1] - at[3][1]) / 2)
    b = ((at[0][0] - at[1][0]) / 2, (at[0][1] - at[1][1]) / 2)
    return OvalMark((cx, cy), a, b, color)


def _angle_marks(at: Sequence[Point], color: str, *, radius: float, stroke: float) -> list[Mark]:
    vertex, first, second = at
    start = math.degrees(math.atan2(vertex[1] - first[1], first[0] - vertex[0]))
    end = math.degrees(math.atan2(vertex[1] - second[1], second[0] - vertex[0]))
    sweep = (end - start + 180.0) % 360.0 - 180.0
    reach = 0.35 * min(math.dist(vertex, first), math.dist(vertex, second))
    return [
        between_rings(vertex, first, color, 1.2 * stroke, radius),
        between_rings(vertex, second, color, 1.2 * stroke, radius),
        ArcMark(vertex, max(reach, 14.0 * stroke), start, sweep, WHITE),
    ]
