"""Depth rulers that a scanner drew into a picture: found, and read to a part of a pixel.

A ruler is marks at equal distances with nothing like them in between: ticks along a border, or dots
beside the sector. It would rather find none than a wrong one: a wrong millimetre costs more than
two clicks. What may be one comes from `ruler_search.py`; here is what speaks against it.

`find_rulers` is plain work on one frame, some tenths of a second: run it as a job.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sonichu_gui.domain.ruler import Axis, Ruler
from sonichu_gui.imaging.ruler_search import Candidate, candidates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sonichu_gui.domain.frame import Pixels
    from sonichu_gui.imaging.tick_strip import Teeth, TickStrip

FEWEST_TICKS = 5
"""Fewer marks in a row are found on many a frame by chance."""

SHORTEST = 0.25
"""Share of the frame's side that a ruler spans at least."""

_MOST_SCATTER_PX = 0.7
_ROUNDING_PX = 0.4
"""How far ticks on whole pixels lie off their true places, even where all seem to fit."""

_CLEAR, _CLEAR_OF_FEW = 1.0, 15.0
"""How much more ticks stand out than what lies between them, and what few ticks need beyond."""

_LOWEST_SCORE = 0.4
"""Score below which a ruler is none."""

_DARK = 24.0
"""Grey of the ground beside a sector, at most."""

_AT_BORDER = 0.08
"""Share of the frame's side from the border in which a ruler may lie on the echo."""

_BESIDE_PX = 30.0
"""Combs as near as this to a ruler are made of its own ticks and digits."""

_SAME, _NEARLY_SAME = 0.005, 0.05
"""Relative difference of the periods of rulers that are one, and of one read wrongly."""

_LONGER, _BRIGHTER = 1.3, 1.25


def find_rulers(
    pixels: Pixels, is_cancelled: Callable[[], bool] = lambda: False
) -> tuple[Ruler, ...]:
    """Gives the rulers of a frame, the best one first; none where nothing is surely one.

    Args:
        pixels: (height, width) grey or (height, width, 3) RGB, uint8.
        is_cancelled: Asked now and then; once it says yes, nothing is found.
    """
    found = []
    for candidate in candidates(np.asarray(pixels), is_cancelled):
        ruler = _judged(candidate)
        if ruler is not None:
            found.append(ruler)
    return () if is_cancelled() else _without_repeats(found)


def _judged(candidate: Candidate) -> Ruler | None:
    """Gives the ruler that a candidate is, or None where anything speaks against it."""
    read = _read(candidate)
    if read is None:
        return None
    strip, teeth = read
    axis, grey = candidate.axis, candidate.grey
    side = max(grey.shape) if axis is Axis.OBLIQUE else grey.shape[0]
    count, missing = len(teeth), teeth.last - teeth.first + 1 - len(teeth)
    if (teeth.last - teeth.first) * strip.period < SHORTEST * side:
        return None
    if missing > _missing_allowed(count) or teeth.scatter * strip.period > _MOST_SCATTER_PX:
        return None
    clear = teeth.usual_relief / (strip.between(teeth) + 4.0)
    if clear < _CLEAR + _CLEAR_OF_FEW / count or strip.skips(teeth):
        return None
    if not _lies_like_one(strip, teeth, grey, axis) or strip.goes_on(teeth):
        return None
    score = clear / (clear + 2) * count / (count + missing)
    return _ruler(strip, teeth, axis, score) if score >= _LOWEST_SCORE else None


def _read(candidate: Candidate) -> tuple[TickStrip, Teeth] | None:
    """Gives the fitted strip of a candidate and its teeth; None where there are too few."""
    strip = candidate.strip
    # Beyond its ends a comb goes on where ticks touch something that hid them among the marks.
    first, last = -candidate.teeth, 2 * candidate.teeth
    for _ in range(3):
        teeth = strip.teeth(first, last).near_their_line(2 * _MOST_SCATTER_PX / strip.period)
        if len(teeth) < FEWEST_TICKS:
            return None
        strip, teeth = strip.refitted(teeth)
        first, last = teeth.first, teeth.last
    return strip, teeth


def _missing_allowed(seen: int) -> float:
    """How many ticks may be hidden where so many are seen: few marks in a row are soon found."""
    if seen < 8:
        return 1
    return 0.4 * seen if seen < 12 else 0.65 * seen


def _lies_like_one(strip: TickStrip, teeth: Teeth, grey: Pixels, axis: Axis) -> bool:
    """Whether a comb lies where rulers do: with the ground on one side, or at a border."""
    if min(strip.beside(grey, teeth)) <= _DARK:
        return True
    to_border = min(strip.origin[0], grey.shape[1] - 1 - strip.origin[0])
    return axis is not Axis.OBLIQUE and to_border <= _AT_BORDER * grey.shape[1]


def _ruler(strip: TickStrip, teeth: Teeth, axis: Axis, score: float) -> Ruler:
    numbers = teeth.numbers - teeth.first
    every, offset = _majors(numbers, strip.lengths(teeth), teeth.relief)
    origin = strip.origin + teeth.first * strip.step
    places = strip.origin + teeth.places[:, None] * strip.step
    step = strip.step
    if axis is Axis.HORIZONTAL:
        origin, places, step = origin[::-1], np.ascontiguousarray(places[:, ::-1]), step[::-1]
    places.setflags(write=False)
    # Error of the slope of a straight line (least squares, two parameters).
    off = max(teeth.scatter * strip.period, _ROUNDING_PX) * math.sqrt(
        len(numbers) / (len(numbers) - 2)
    )
    return Ruler(
        axis,
        origin=(float(origin[0]), float(origin[1])),
        step=(float(step[0]), float(step[1])),
        numbers=tuple(numbers.tolist()),
        places=places,
        period_error_px=off / math.sqrt(float(np.sum((numbers - numbers.mean()) ** 2))),
        major_every=every,
        major_offset=offset,
        contrast=teeth.usual_relief,
        score=score,
    )


def _majors(
    numbers: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.float64],
    relief: npt.NDArray[np.float64],
) -> tuple[int | None, int]:
    """Gives every how many ticks one is longer, else brighter, and the number of the first."""
    for values, ratio in ((lengths, _LONGER), (relief, _BRIGHTER)):
        for every in (2, 4, 5, 10):
            for offset in range(every):
                expected = numbers % every == offset
                if expected.sum() < 2 or expected.all():
                    continue
                # Medians: a digit may touch a tick, and speckle hide part of one.
                large, small = np.median(values[expected]), np.median(values[~expected])
                if large < max(ratio * small, small + 1.5):
                    continue
                right = (values > (large + small) / 2) == expected
                if right.mean() >= 0.9 and right[expected].mean() >= 0.75:
                    return every, offset
    return None, 0


def _without_repeats(rulers: Iterable[Ruler]) -> tuple[Ruler, ...]:
    """Keeps of rulers that lie on one another the one with most ticks: the others skip some.

    Of two that contradict each other, the better one stays.
    """
    kept: list[Ruler] = []
    for ruler in sorted(rulers, key=lambda ruler: (-len(ruler.numbers), -ruler.score)):
        if not any(_same_line(ruler, other) for other in kept):
            kept.append(ruler)
    agreed: list[Ruler] = []
    for ruler in sorted(kept, key=lambda ruler: -ruler.score):
        if not any(_contradicts(ruler, other) for other in agreed):
            agreed.append(ruler)
    return tuple(agreed)


def _contradicts(one: Ruler, other: Ruler) -> bool:
    """Whether two readings say nearly the same, and one of them not quite: its ticks are unsure.

    Panels of two depths differ by more, the sides of one panel by nothing.
    """
    off = abs(one.period_px / other.period_px - 1)
    return one.axis is other.axis and _SAME < off < _NEARLY_SAME


def _same_line(one: Ruler, other: Ruler) -> bool:
    """Whether a good part of one ruler's ticks lies beside the line of the other."""
    along = np.array(other.step) / other.period_px
    gap = one.places - np.array(other.origin)
    aside = np.abs(gap @ np.array([-along[1], along[0]]))
    far = gap @ along
    near = (far > -other.period_px) & (far < other.span_px + other.period_px)
    return bool(np.mean(near & (aside < _BESIDE_PX)) > 0.4)
