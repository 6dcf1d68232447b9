"""What a ruler is worth: the scale that follows from it, and whether the file says the same.

How far its ticks are apart is nobody's to guess: `likely_distances` ranks what scanners draw, a
person picks one, `ruler_scale` makes the scale. A file's scale plays no part in the ranking, so
that the comparison of the two (`percent_off`) can find a file that is wrong by a whole factor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonichu_gui.domain.calibration import Scale, ScaleSource, Trust
from sonichu_gui.errors import CalibrationError

if TYPE_CHECKING:
    from sonichu_gui.domain.ruler import Ruler

WORST_PERCENT = 2.0
"""A ruler and a file that differ by more contradict each other."""

PLAUSIBLE_SPAN_MM = (12.0, 320.0)
"""Ultrasound shows 2 to 30 cm; a ruler may be a little shorter or longer than that."""

PLAUSIBLE_MM_PER_PX = (0.005, 2.0)
"""Size of a pixel that ultrasound can have."""

_HABITS: dict[int | None, dict[float, float]] = {
    None: {10.0: 0.60, 5.0: 0.18, 20.0: 0.10, 1.0: 0.07, 2.0: 0.03, 50.0: 0.02},
    2: {5.0: 0.85, 10.0: 0.08, 50.0: 0.03, 1.0: 0.02, 20.0: 0.02},
    4: {5.0: 0.40, 2.5: 0.35, 10.0: 0.20, 1.0: 0.05},
    5: {10.0: 0.60, 1.0: 0.25, 2.0: 0.13, 20.0: 0.02},
    10: {1.0: 0.85, 10.0: 0.12, 2.0: 0.03},
}
"""Distance of ticks in mm by every how many one is longer, and how usual it is.

Longer ticks stand at whole centimetres, at five, or between them at halves; the shares are our
judgement of the rulers that scanners draw, and serve to put a list in order.
"""

_USUAL_SPAN_MM, _SPREAD = 90.0, 0.8
"""Median of what rulers span, and the deviation of its logarithm."""


@dataclass(frozen=True, slots=True)
class TickDistance:
    """What two neighbouring ticks may be apart.

    Attributes:
        mm: The distance.
        plausibility: Share of 1 among all that are possible.
        span_mm: What the whole ruler would span.
    """

    mm: float
    plausibility: float
    span_mm: float


def likely_distances(ruler: Ruler) -> tuple[TickDistance, ...]:
    """Gives the distances that a ruler's ticks may be apart, the likeliest first, for a person.

    Longer ticks tell most (halves of centimetres, or fives); what the ruler would span, the rest.
    """
    weights = {}
    for mm, usual in _HABITS.get(ruler.major_every, _HABITS[None]).items():
        span, size = (ruler.ticks - 1) * mm, mm / ruler.period_px
        low, high = PLAUSIBLE_MM_PER_PX
        if PLAUSIBLE_SPAN_MM[0] <= span <= PLAUSIBLE_SPAN_MM[1] and low <= size <= high:
            away = math.log(span / _USUAL_SPAN_MM) / _SPREAD
            weights[mm] = usual * math.exp(-0.5 * away**2)
    whole = sum(weights.values())
    return tuple(
        TickDistance(mm, weight / whole, (ruler.ticks - 1) * mm)
        for mm, weight in sorted(weights.items(), key=lambda item: -item[1])
    )


def ruler_scale(
    ruler: Ruler, *, distance_mm: float, author: str, pixel_aspect: float = 1.0
) -> Scale:
    """Gives the scale of a ruler of which a person said how far its ticks are apart.

    Args:
        ruler: As it was read.
        distance_mm: From one tick to the next.
        author: Who said so.
        pixel_aspect: Height of a pixel over its width, 1.0 for square pixels.

    Raises:
        CalibrationError: The distance is no length, or gives a size that no pixel has.
    """
    low, high = PLAUSIBLE_MM_PER_PX
    dx_mm = distance_mm / math.hypot(ruler.step[0], ruler.step[1] * pixel_aspect)
    if not low <= dx_mm <= high:  # not-a-number is not in between either
        raise CalibrationError(
            f"Ticks {ruler.period_px:.1f} px apart cannot be {distance_mm:g} mm:"
            f" a pixel would have {dx_mm:.4g} mm.",
            "Give the distance between two neighbouring ticks in millimetres.",
        )
    return Scale(
        ScaleSource.RULER,
        dx_mm,
        dx_mm * pixel_aspect,
        Trust.TRUSTED,
        f"ruler of {ruler.ticks} ticks, {distance_mm:g} mm apart as {author} says",
        key=ScaleSource.RULER.value,
        pixel_aspect=pixel_aspect,
    )


def percent_off(ruler: Ruler, *, distance_mm: float, stated: Scale) -> float | None:
    """Gives by how many percent a ruler's pixels are larger than a file states; None if it doesn't.

    Beyond ±`WORST_PERCENT` one of the two is wrong. The distance has to be a person's, or the first
    of `likely_distances`: one chosen to fit the file would hide that its scale is wrong by half.

    Args:
        ruler: As it was read.
        distance_mm: From one tick to the next.
        stated: The file's scale where the ruler is, or that of the frame.
    """
    if stated.dx_mm is None or stated.dy_mm is None:
        return None
    stated_mm = math.hypot(ruler.step[0] * stated.dx_mm, ruler.step[1] * stated.dy_mm)
    return 100 * (distance_mm / stated_mm - 1)
