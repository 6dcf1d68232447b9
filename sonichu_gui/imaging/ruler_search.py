"""Where a frame has marks at equal distances: all that may be a ruler, and much that is none.

Ticks of a vertical or horizontal ruler are aligned at one end, or in their middles; dots beside a
sector lie on a slanted line. Both are sought in brightness, and in the strength of colour: green
ticks on grey echo are hard to tell by brightness, and by colour there is nothing but them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sonichu_gui.domain.ruler import Axis
from sonichu_gui.imaging.combs import grow_combs
from sonichu_gui.imaging.marks import Marks, dots, ticks_across
from sonichu_gui.imaging.tick_strip import TickStrip, strip_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sonichu_gui.domain.frame import Pixels

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_NEAREST_PX, _FARTHEST = 5.0, 0.25
"""Distance of neighbouring ticks: at least in pixels, at most as a share of the frame's side."""

_FEWEST_ALIGNED, _FEWEST_DOTS = 4, 5
"""Marks of a comb at least; others of a ruler may touch something and be no marks."""

_SPAN = 0.15
"""Share of the frame's side that a comb spans at least, for the same reason a small one."""

_DRIFT, _DRIFT_PX = 0.004, 2.0
"""How far a ruler along an axis may lean: pixels a pixel, or pixels in all."""

_SLANTED = (12.0, 75.0)
"""Degrees from the vertical of the edges of sectors."""

_ALIKE = 0.5
_DOTS, _NEIGHBOURS = 250, 24
_COLOURFUL, _FEW = 60, 20


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A comb that may be a ruler.

    Attributes:
        strip: Its line, in the frame that `grey` is.
        teeth: Places from its first mark to its last; tooth 0 is the first.
        grey: (height, width) that it was found in, transposed for a horizontal one.
        axis: Which way it runs in the picture.
    """

    strip: TickStrip
    teeth: int
    grey: Pixels
    axis: Axis


def candidates(pixels: Pixels, is_cancelled: Callable[[], bool]) -> Iterator[Candidate]:
    """Gives all combs of a frame; ends early when cancelled.

    Args:
        pixels: (height, width) grey or (height, width, 3) RGB.
        is_cancelled: Asked before each search.
    """
    for layer in _layers(pixels):
        for search in (_upright, _level, _along_edges):
            if is_cancelled():
                return
            yield from search(layer)


def _layers(pixels: Pixels) -> Iterator[Pixels]:
    if pixels.ndim == 2:
        yield pixels
        return
    brightest = pixels.max(axis=2)
    yield brightest
    colour = brightest - pixels.min(axis=2)
    if np.count_nonzero(colour > _COLOURFUL) > _FEW:
        yield colour


def _upright(grey: Pixels) -> Iterator[Candidate]:
    yield from _aligned(grey, Axis.VERTICAL)


def _level(grey: Pixels) -> Iterator[Candidate]:
    yield from _aligned(np.ascontiguousarray(grey.T), Axis.HORIZONTAL)


def _aligned(grey: Pixels, axis: Axis) -> Iterator[Candidate]:
    """Gives combs of marks above one another: left ends, right ends or middles align."""
    marks = ticks_across(grey)
    height, width = grey.shape
    left, right = marks.low[:, 0].astype(np.float64), marks.high[:, 0].astype(np.float64)
    for ends, inward in ((left, 0.5), (right, -0.5), ((left + right) / 2, 0.0)):
        points = np.stack([ends, marks.places[:, 1]], axis=1)
        for comb in grow_combs(
            points,
            _pairs_in_columns(points, marks.contrast, _FARTHEST * height),
            size=(width, height),
            fewest=_FEWEST_ALIGNED,
            shortest=_SPAN * height,
        ):
            drift = abs(float(comb.step[0])) * comb.teeth
            if drift > max(_DRIFT * abs(float(comb.step[1])) * comb.teeth, _DRIFT_PX):
                continue
            # Long ticks reach over the strip; it is as wide as what all ticks share.
            short = float(np.percentile((right - left)[comb.members], 25)) + 1.0
            strip = strip_of(comb, marks.relief, inward * (short - 1), short)
            yield Candidate(strip, comb.teeth, grey, axis)


def _along_edges(grey: Pixels) -> Iterator[Candidate]:
    """Gives slanted combs of dots."""
    marks = dots(grey)
    height, width = grey.shape
    longer = max(height, width)
    for comb in grow_combs(
        marks.places,
        _pairs_of_dots(marks, _FARTHEST * longer),
        size=(width, height),
        fewest=_FEWEST_DOTS,
        shortest=_SPAN * longer,
    ):
        slant = math.degrees(math.atan2(abs(comb.step[0]), abs(comb.step[1])))
        if _SLANTED[0] < slant < _SLANTED[1]:
            strip = strip_of(comb, marks.relief, 0.0, 2.0)
            yield Candidate(strip, comb.teeth, grey, Axis.OBLIQUE)


def _pairs_in_columns(points: Floats, contrast: Floats, farthest: float) -> Ints:
    """Gives pairs of marks that stand above one another and may be neighbouring ticks."""
    pairs = [np.empty((0, 2), np.int64)]
    for offset in (0, 1):
        # Columns by twos, once from each side of the border between two.
        column = (np.rint(points[:, 0]).astype(np.int64) + offset) // 2
        order = np.lexsort((points[:, 1], column))
        for ahead in (1, 2, 3):
            upper, lower = order[:-ahead], order[ahead:]
            gap = points[lower, 1] - points[upper, 1]
            good = (column[upper] == column[lower]) & (gap >= _NEAREST_PX) & (gap <= farthest)
            good &= _alike(contrast[upper], contrast[lower])
            pairs.append(np.stack([upper[good], lower[good]], axis=1))
    return np.unique(np.concatenate(pairs), axis=0)


def _pairs_of_dots(marks: Marks, farthest: float) -> Ints:
    """Gives pairs of near dots among the clearest ones, the upper one first."""
    clearest = np.argsort(-marks.contrast, kind="stable")[:_DOTS]
    places, contrast = marks.places[clearest], marks.contrast[clearest]
    gap = places[None, :] - places[:, None]
    far = np.hypot(gap[..., 0], gap[..., 1])
    good = (far >= 2 * _NEAREST_PX) & (far <= farthest) & (gap[..., 1] > 0)
    good &= _alike(contrast[:, None], contrast[None, :])
    nearest = np.argsort(np.where(good, far, np.inf), axis=1, kind="stable")[:, :_NEIGHBOURS]
    upper = np.repeat(np.arange(len(clearest)), nearest.shape[1])
    lower = nearest.ravel()
    kept = good[upper, lower]
    return np.stack([clearest[upper[kept]], clearest[lower[kept]]], axis=1)


def _alike(one: Floats, other: Floats) -> npt.NDArray[np.bool_]:
    return np.asarray(np.minimum(one, other) > _ALIKE * np.maximum(one, other))
