"""The narrow strip of a frame that a comb of marks lies in: what is on its teeth, between, beside.

The comb says where ticks would be; the strip says whether they are there, what else is, and where
each one is to a part of a pixel. Places along it are counted in teeth, fractions allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from sonichu_gui.imaging.combs import Comb

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Grey = npt.NDArray[np.uint8]

_SAMPLES_PER_PX = 2
_REACH_PX, _REACH = 2.0, 0.3
"""How far from its place a tick is looked for: pixels, and share of the period at most."""

_GROUND = 4.0
"""Grey levels of relief that count as nothing."""

_THERE = 0.35
"""Share of the usual relief of a tick that makes a place one."""

_LATERAL_PX = 48
"""How far a tick is followed to either side."""

_ASIDE_PX = (5.0, 13.0)
"""Where the ground beside the ticks is looked at, from the ends of the short ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Teeth:
    """Ticks that are there.

    Attributes:
        numbers: (n,) which ones, rising.
        places: (n,) where along the comb, in teeth.
        relief: (n,) how far each stands out, in grey levels.
    """

    numbers: Ints
    places: Floats
    relief: Floats

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def first(self) -> int:
        """Number of the first one."""
        return int(self.numbers[0])

    @property
    def last(self) -> int:
        """Number of the last one."""
        return int(self.numbers[-1])

    @property
    def usual_relief(self) -> float:
        """How far half of them stand out."""
        return float(np.median(self.relief))

    @property
    def line(self) -> tuple[float, float]:
        """Slope and start of places over numbers, fitted."""
        slope, start = np.polyfit(self.numbers, self.places, 1)
        return float(slope), float(start)

    @property
    def scatter(self) -> float:
        """Root mean square distance from the fitted line, in teeth."""
        off = self.places - np.polyval(self.line, self.numbers)
        return float(np.sqrt(np.mean(off**2)))

    def near_their_line(self, within: float) -> Teeth:
        """Those that lie where the others say, to `within` teeth; the rest something else drew."""
        if len(self) < 3:
            return self
        gap = self.places - self.numbers
        near = np.abs(gap - np.median(gap)) <= 1.5 * within
        if near.sum() >= 3:
            line = np.polyfit(self.numbers[near], self.places[near], 1)
            near = np.abs(self.places - np.polyval(line, self.numbers)) <= 0.75 * within
        return Teeth(self.numbers[near], self.places[near], self.relief[near])


@dataclass(frozen=True, slots=True, eq=False)
class TickStrip:
    """A comb's line on a frame, and how wide its shorter ticks are.

    Attributes:
        origin: (x, y) of tooth 0 in pixels, in the middle of a short tick.
        step: (x, y) from one tooth to the next.
        half_px: Half the length of a short tick.
        relief: (height, width) of the frame, see `Marks`.
    """

    origin: Floats
    step: Floats
    half_px: float
    relief: Grey

    @property
    def period(self) -> float:
        """Distance of neighbouring teeth in pixels."""
        return float(np.hypot(*self.step))

    def teeth(self, first: int, last: int) -> Teeth:
        """Gives the teeth from `first` to `last` that are there."""
        numbers = np.arange(first, last + 1)
        places, tops = self._peaks(numbers.astype(np.float64))
        seen = tops > _GROUND
        usual = float(np.median(tops[seen])) if seen.any() else 0.0
        there = tops >= max(_THERE * usual, _GROUND)
        return Teeth(numbers[there], places[there], tops[there])

    def refitted(self, teeth: Teeth) -> tuple[TickStrip, Teeth]:
        """The strip fitted to where the teeth are, and the same teeth counted along it."""
        slope, start = teeth.line
        strip = TickStrip(
            self.origin + start * self.step, slope * self.step, self.half_px, self.relief
        )
        return strip, Teeth(teeth.numbers, (teeth.places - start) / slope, teeth.relief)

    def between(self, teeth: Teeth) -> float:
        """Relief that nine tenths of the places between the teeth do not exceed."""
        count = round((teeth.last - teeth.first) * self.period * _SAMPLES_PER_PX) + 1
        along = np.linspace(teeth.first, teeth.last, count)
        away = np.abs(along - np.rint(along)) * self.period > max(3.0, 0.15 * self.period)
        if not away.any():
            return float("inf")
        return float(np.percentile(self._mean_relief(along[away]), 90))

    def skips(self, teeth: Teeth) -> bool:
        """Whether ticks stand between the teeth too: the comb then is every second, or so, of them.

        What is found at halves, thirds and fifths is held against what is found beside those.
        """
        for parts in (2, 3, 5):
            if self.period / parts < 2 * _REACH_PX:
                break
            inner = np.arange(teeth.first * parts, teeth.last * parts)
            inner = inner[inner % parts != 0]
            on, off = (
                np.mean(self._peaks((inner + shift) / parts)[1] >= _THERE * teeth.usual_relief)
                for shift in (0.0, 0.5)
            )
            if on >= 0.2 and on - off >= 0.15:
                return True
        return False

    def goes_on(self, teeth: Teeth) -> bool:
        """Whether something stands where both next teeth would be.

        Callipers do, where dots join them; a ruler ends in nothing.
        """
        beyond = np.array([teeth.first - 1.0, teeth.last + 1.0])
        return bool(self._peaks(beyond)[1].min() > 0.3 * teeth.usual_relief)

    def lengths(self, teeth: Teeth) -> Floats:
        """Gives how long every tick is, in pixels: as far as it has half its relief."""
        lateral = np.arange(-_LATERAL_PX, _LATERAL_PX + 1, dtype=np.float64)
        shifts = np.linspace(-1.0, 1.0, 5) / self.period
        rows = np.max(
            [self._sampled(self.relief, teeth.numbers + shift, lateral) for shift in shifts], axis=0
        )
        half = round(self.half_px)
        middle = rows[:, _LATERAL_PX - half : _LATERAL_PX + half + 1]
        bright = rows > 0.5 * np.median(middle, axis=1, keepdims=True)
        return np.array([_run_through(row, _LATERAL_PX) for row in bright])

    def beside(self, grey: Grey, teeth: Teeth) -> tuple[float, float]:
        """Gives the grey that three quarters of the ground on either side do not exceed.

        Args:
            grey: (height, width) of the frame; beyond it is black.
            teeth: From which to which.
        """
        count = max(round((teeth.last - teeth.first) * self.period), 2)
        along = np.linspace(teeth.first, teeth.last, count)
        away = self.half_px + np.arange(_ASIDE_PX[0], _ASIDE_PX[1] + 1.0)
        left, right = (
            float(np.percentile(self._sampled(grey, along, side * away).mean(axis=1), 75))
            for side in (-1.0, 1.0)
        )
        return left, right

    def _peaks(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Gives places (n,) in teeth and relief (n,) of the strongest peaks next to some places."""
        reach = min(_REACH_PX / self.period, _REACH)
        count = 2 * round(2 * reach * self.period * _SAMPLES_PER_PX) + 1
        shifts = np.linspace(-2 * reach, 2 * reach, count)
        along = numbers[:, None] + shifts
        relief = self._mean_relief(along.ravel()).reshape(along.shape)
        within = np.abs(shifts) <= reach * (1 + 1e-9)
        top = np.argmax(np.where(within, relief, -1.0), axis=1)[:, None]
        height = np.take_along_axis(relief, top, axis=1)
        lobe = (np.abs(shifts - shifts[top]) <= reach * (1 + 1e-9)) & (relief > 0.3 * height)
        weight = np.where(lobe, relief, 0.0) + 1e-9 * (shifts == shifts[top])
        return (along * weight).sum(axis=1) / weight.sum(axis=1), height[:, 0]

    def _mean_relief(self, along: Floats) -> Floats:
        """Relief (A,) at places along the comb, averaged over the length of a short tick."""
        inner = max(self.half_px - 0.5, 0.0)
        lateral = np.linspace(-inner, inner, round(2 * inner) + 1)
        return np.asarray(self._sampled(self.relief, along, lateral).mean(axis=1), np.float64)

    def _sampled(self, image: Grey, along: Floats, lateral: Floats) -> Floats:
        """Gives (A, B) values of an image at places along and pixels to the side, 0 beyond it."""
        import cv2

        across = np.array([-self.step[1], self.step[0]]) / self.period
        x, y = (
            (self.origin[axis] + along * self.step[axis])[:, None] + lateral * across[axis]
            for axis in (0, 1)
        )
        # The border is carried on by half a pixel, so that a tick on it is as bright as others.
        values = cv2.remap(
            image,
            x.astype(np.float32),
            y.astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        height, width = image.shape
        inside = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
        return np.asarray(np.where(inside, values, 0), dtype=np.float64)


def strip_of(comb: Comb, relief: Grey, inward: float, short_px: float) -> TickStrip:
    """Gives the strip of a comb whose points are ends, or middles, of ticks.

    Args:
        comb: The comb.
        relief: (height, width) of its frame.
        inward: x from its points to the middle of a short tick, in pixels.
        short_px: Length of a short tick.
    """
    return TickStrip(comb.origin + np.array([inward, 0.0]), comb.step, short_px / 2, relief)


def _run_through(bright: npt.NDArray[np.bool_], middle: int) -> float:
    """Length of the run of true values through an index, or through one next to it."""
    start = next((at for at in (middle, middle - 1, middle + 1) if bright[at]), None)
    if start is None:
        return 1.0
    dark = np.flatnonzero(~bright)
    before, after = dark[dark < start], dark[dark > start]
    low = int(before[-1]) if len(before) else -1
    high = int(after[0]) if len(after) else len(bright)
    return float(high - low - 1)
