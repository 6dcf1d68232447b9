"""What the pointer means: pure questions about places, asked in widget units."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.domain.annotation import Alternative, Annotation
    from sonichu_gui.domain.calibration import Point
    from sonichu_gui.gui.canvas.transform import ViewTransform

DRAG_THRESHOLD = 3.0
"""Widget units the pointer must travel before a press becomes a drag."""


def nearest_keypoint(
    annotation: Annotation, *, pointer: Point, view: ViewTransform, reach: float
) -> int | None:
    """Index of the placed keypoint nearest to the pointer within reach, or None.

    Args:
        annotation: The points, in image pixels.
        pointer: In widget units.
        view: How the frame lies on the widget.
        reach: Largest distance in widget units.
    """
    best, best_distance = None, reach
    for index, point in enumerate(annotation.keypoints):
        if point is None:
            continue
        x, y = view.to_widget(point.xy)
        distance = math.hypot(x - pointer[0], y - pointer[1])
        if distance <= best_distance:
            best, best_distance = index, distance
    return best


def nearest_candidate(
    candidates: Sequence[Alternative], *, pointer: Point, view: ViewTransform, reach: float
) -> int | None:
    """Index of the candidate nearest to the pointer within reach, or None; as for keypoints."""
    best, best_distance = None, reach
    for index, candidate in enumerate(candidates):
        distance = math.dist(view.to_widget(candidate.xy), pointer)
        if distance <= best_distance:
            best, best_distance = index, distance
    return best


def is_drag(*, press: Point, now: Point) -> bool:
    """Whether the pointer has left the press far enough to mean a movement."""
    return math.hypot(now[0] - press[0], now[1] - press[1]) > DRAG_THRESHOLD


def clamped(point: Point, *, width: int, height: int) -> Point:
    """The point, pulled onto the frame: a point off the frame could not be reached again."""
    return min(max(point[0], -0.5), width - 0.5), min(max(point[1], -0.5), height - 0.5)


def next_stop(
    selected: int | None, candidate: int | None, *, counts: Sequence[int], step: int
) -> tuple[int | None, int | None]:
    """Where Tab goes: each keypoint, then each of its other candidates, then the next keypoint.

    Args:
        selected: The selected keypoint, or None.
        candidate: Its highlighted candidate, or None for the point itself.
        counts: Number of candidates of every keypoint.
        step: 1 forwards, -1 backwards.

    Returns:
        The keypoint to select and its candidate to highlight; no keypoint past the ends.
    """
    if selected is not None:
        place = (-1 if candidate is None else candidate) + step
        if -1 <= place < counts[selected]:
            return selected, None if place < 0 else place
    following = next_index(selected, count=len(counts), step=step)
    if following is None or step > 0 or not counts[following]:
        return following, None
    return following, counts[following] - 1


def next_index(current: int | None, *, count: int, step: int) -> int | None:
    """The keypoint after (step 1) or before (step -1) the current; None past the ends."""
    following = (-1 if step > 0 else count) + step if current is None else current + step
    return following if 0 <= following < count else None
