"""A depth ruler that a scanner drew into a picture, as it was read from the pixels.

What a ruler is worth in millimetres is not in its ticks: somebody says how far two of them are
apart (`imaging/ruler_scale.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sonichu_gui.domain.calibration import Point


class Axis(StrEnum):
    """Which way a ruler runs."""

    VERTICAL = "vertical"
    HORIZONTAL = "horizontal"
    OBLIQUE = "oblique"


@dataclass(frozen=True, slots=True, eq=False)
class Ruler:
    """Ticks at equal distances, in image pixels.

    Attributes:
        axis: Which way it runs; oblique ones lie along the edge of a sector.
        origin: Fitted (x, y) of tick 0, in the middle of a short tick.
        step: (x, y) from one tick to the next, fitted to all of them.
        numbers: Which ticks were seen, rising from 0; others are hidden or too faint.
        places: (n, 2) float64 x and y of where each of them was seen, read-only.
        period_error_px: Standard error of the period, from how far ticks lie off their places.
        major_every: Every how many ticks one is longer or brighter; None where all are alike.
        major_offset: Number of the first such tick, below `major_every`.
        contrast: How many grey levels the ticks stand out from what is beside them.
        score: 0 to 1: the share of ticks seen, and how clear the places between them are.
    """

    axis: Axis
    origin: Point
    step: Point
    numbers: tuple[int, ...]
    places: NDArray[np.float64]
    period_error_px: float
    major_every: int | None
    major_offset: int
    contrast: float
    score: float

    @property
    def period_px(self) -> float:
        """Distance of neighbouring ticks."""
        return float(np.hypot(*self.step))

    @property
    def ticks(self) -> int:
        """Number of ticks from the first to the last, hidden ones included."""
        return self.numbers[-1] + 1

    @property
    def span_px(self) -> float:
        """Distance from the first tick to the last."""
        return (self.ticks - 1) * self.period_px

    def is_major(self, number: int) -> bool:
        """Whether the tick of a number is one of the longer or brighter ones."""
        return self.major_every is not None and number % self.major_every == self.major_offset

    def at(self, number: int) -> Point:
        """Fitted place of a tick, seen or hidden."""
        return self.origin[0] + number * self.step[0], self.origin[1] + number * self.step[1]
