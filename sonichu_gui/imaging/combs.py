"""Equally spaced points among others: a first pair says where the next would be, and so on.

A comb grows from a pair of points: places at whole multiples of the pair's step are looked up on a
map of all points, first near the pair, then further and further, and origin and step are fitted
anew each time, so that the error of a short first step does not grow with the distance.

Among many points some are in a row by chance. How many, places between the teeth tell: a comb is
given only where so many teeth would not be hit by chance once in all pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterator

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_REACHES = (2, 4, 8, 16, 32, 64, 128)
"""How many steps from the pair are looked at, in turn."""

_BETWEEN = (0.3, 0.4, 0.5, 0.6, 0.7)
"""Places between teeth, which tell how often a place is hit by chance."""

_MOST_COMBS = 1000
"""How many are followed: those of most teeth so far. A picture of noise has any number."""

_MISS = 1.5
"""A tooth that is missing costs as much as this many that are there earn."""


@dataclass(frozen=True, slots=True)
class Comb:
    """Points in a row at equal distances.

    Attributes:
        origin: (x, y) of tooth 0, fitted.
        step: (x, y) from one tooth to the next, fitted.
        numbers: (n,) which teeth are there, rising; 0 is the first.
        members: (n,) which point each is.
    """

    origin: Floats
    step: Floats
    numbers: Ints
    members: Ints

    @property
    def teeth(self) -> int:
        """Number of places from the first tooth to the last, missing ones included."""
        return int(self.numbers[-1]) + 1


def grow_combs(
    points: Floats, pairs: Ints, *, size: tuple[int, int], fewest: int, shortest: float
) -> Iterator[Comb]:
    """Gives the combs that grow from pairs of points, those of most points first.

    Of combs that share most of their points, the first alone is given; those that chance would
    make are not.

    Args:
        points: (N, 2) x and y in image pixels.
        pairs: (M, 2) indices of points that may be neighbouring teeth.
        size: Width and height of the frame.
        fewest: Points that a comb has at least.
        shortest: Distance from its first point to its last at least, in pixels.

    Yields:
        Combs, each with at least `fewest` points.
    """
    if len(pairs) == 0:
        return
    places = _Map(points, size)
    origin = points[pairs[:, 0]]
    step = points[pairs[:, 1]] - origin
    for reach in _REACHES:
        found = places.find(origin, step, reach)
        hits = (found >= 0).sum(axis=1)
        keep = np.argsort(-hits, kind="stable")[:_MOST_COMBS]
        # From an end of the comb only one side has teeth.
        keep = keep[hits[keep] >= min(reach + 1, fewest)]
        found, origin, step = found[keep], origin[keep], step[keep]
        origin, step = _fitted(points, found, origin, step)
        if len(found) == 0:
            return
        if reach * np.abs(step).max(axis=1).min() > max(size):
            break
    found = places.find(origin, step, reach)
    start, end = _densest_runs(found)
    tooth = np.arange(found.shape[1])
    found[(tooth < start[:, None]) | (tooth > end[:, None])] = -2
    good = (end - start) * np.hypot(step[:, 0], step[:, 1]) >= shortest
    good &= (found >= 0).sum(axis=1) >= fewest
    found, origin, step = found[good], origin[good], step[good]
    surprise = _surprise(places, found, origin, step)
    yield from _distinct(points, found[surprise >= np.log(len(pairs))])


class _Map:
    """Which point lies near a place."""

    def __init__(self, points: Floats, size: tuple[int, int]) -> None:
        self._size = size
        self._points = points
        width, height = size
        self._numbers = np.full((height + 2, width + 2), -1, np.int64)
        columns, rows = np.rint(points).astype(np.int64).T + 1
        order = np.arange(len(points))
        shifts = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        for dx, dy in sorted(shifts, key=lambda shift: -abs(shift[0]) - abs(shift[1])):
            self._numbers[rows + dy, columns + dx] = order

    def find(self, origin: Floats, step: Floats, reach: int) -> Ints:
        """Gives (M, 2 reach + 1) points at the teeth; -1 where none is, -2 beyond the frame."""
        width, height = self._size
        teeth = np.arange(-reach, reach + 1)
        places = origin[:, None, :] + teeth[None, :, None] * step[:, None, :]
        columns, rows = np.moveaxis(np.rint(places).astype(np.int64), -1, 0) + 1
        inside = (columns > 0) & (columns <= width) & (rows > 0) & (rows <= height)
        found = self._numbers[np.where(inside, rows, 0), np.where(inside, columns, 0)]
        return np.where(inside, found, -2)


def _surprise(places: _Map, found: Ints, origin: Floats, step: Floats) -> Floats:
    """Gives (M,) minus the logarithm of how likely chance hits as many teeth of every comb.

    Hoeffding's bound (1963, theorem 1) of a binomial tail, with the share of hits between teeth.
    """
    within = found != -2
    teeth, hit = within.sum(axis=1), (found >= 0).sum(axis=1)
    between = [
        np.where(within, places.find(origin + share * step, step, found.shape[1] // 2), -2)
        for share in _BETWEEN
    ]
    looked = sum((other != -2).sum(axis=1) for other in between)
    # One hit more than was seen: no place is quite free of chance.
    chance = (1.0 + sum((other >= 0).sum(axis=1) for other in between)) / (4.0 + looked)
    share = np.clip(hit / np.maximum(teeth, 1), 1e-9, 1 - 1e-9)
    chance = np.clip(chance, 1e-9, 1 - 1e-9)
    bound = share * np.log(share / chance) + (1 - share) * np.log((1 - share) / (1 - chance))
    return np.asarray(np.where(share > chance, teeth * bound, 0.0), np.float64)


def _fitted(points: Floats, found: Ints, origin: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Fits origin and step of every comb to its teeth by least squares."""
    reach = found.shape[1] // 2
    teeth = np.arange(-reach, reach + 1, dtype=np.float64)
    weight = (found >= 0).astype(np.float64)
    at = points[np.maximum(found, 0)] * weight[..., None]
    count, first, second = (weight @ teeth**power for power in (0, 1, 2))
    whole = at.sum(axis=1)
    tilted = np.einsum("mkc,k->mc", at, teeth)
    spread = count * second - first**2
    safe = np.where(spread > 0, spread, 1.0)[:, None]
    new_step = (count[:, None] * tilted - first[:, None] * whole) / safe
    new_origin = (whole - new_step * first[:, None]) / np.maximum(count, 1)[:, None]
    good = (spread > 0)[:, None]
    return np.where(good, new_origin, origin), np.where(good, new_step, step)


def _distinct(points: Floats, found: Ints) -> Iterator[Comb]:
    """Gives a comb for every row that does not repeat most points of one before."""
    taken = np.zeros(len(points), bool)
    counts = (found >= 0).sum(axis=1)
    # By points, not by gain: every second tooth of a comb with gaps may gain more than all.
    for row in np.argsort(-counts, kind="stable"):
        teeth = np.flatnonzero(found[row] >= 0)
        members = found[row, teeth]
        if taken[members].mean() > 0.5 or len(np.unique(members)) < len(members):
            continue
        taken[members] = True
        numbers = teeth - teeth[0]
        (step_x, x), (step_y, y) = np.polyfit(numbers, points[members], 1).T
        yield Comb(np.array([x, y]), np.array([step_x, step_y]), numbers, members)


def _densest_runs(found: Ints) -> tuple[Ints, Ints]:
    """Gives first and last tooth of each row's run with most teeth, less what misses cost."""
    gains = np.where(found >= 0, 1.0, np.where(found == -1, -_MISS, -np.inf))
    rows = len(found)
    best, runs = np.full(rows, -np.inf), np.zeros((2, rows), np.int64)
    running, start = np.full(rows, -np.inf), np.zeros(rows, np.int64)
    for tooth in range(found.shape[1]):
        anew = running <= 0
        running = np.where(anew, 0.0, running) + gains[:, tooth]
        start = np.where(anew, tooth, start)
        better = running > best
        best = np.where(better, running, best)
        runs = np.where(better, np.stack([start, np.full(rows, tooth)]), runs)
    return runs[0], runs[1]
