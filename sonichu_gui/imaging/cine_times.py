"""When each frame of a cine is seen, from what its file states; knows no Qt."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sonichu_gui.imaging.sources import FrameSource

DEFAULT_FRAME_MS = 40.0
"""For a cine that does not say how fast it was taken."""

_SHORTEST_MS, _LONGEST_MS = 0.01, 600_000.0
"""What a frame may take: from ultrafast imaging to a frame every ten minutes."""


class CineTimes:
    """The times of a cine's frames, in milliseconds since its first.

    Args:
        frame_count: How many frames there are.
        frame_ms: Mean time from one to the next; None or nonsense stands for `DEFAULT_FRAME_MS`.
        times_ms: Time of each frame where the file states them one by one; times that go
            backwards, or of another number of frames, are nonsense too and not used.

    Attributes:
        is_stated: Whether the file says anything of its times.
        frame_ms: Mean time from one frame to the next.
    """

    def __init__(
        self, frame_count: int, frame_ms: float | None, times_ms: Sequence[float] = ()
    ) -> None:
        self.frame_count = frame_count
        self.is_stated = frame_ms is not None and _SHORTEST_MS <= frame_ms <= _LONGEST_MS
        self.frame_ms = frame_ms if frame_ms is not None and self.is_stated else DEFAULT_FRAME_MS
        self._times_ms = tuple(times_ms) if _are_times(times_ms, frame_count) else ()

    @classmethod
    def of(cls, source: FrameSource) -> CineTimes:
        """Gives the times of an open file."""
        return cls(source.frame_count, source.frame_time_ms, source.times_ms)

    def begin_ms(self, index: int) -> float:
        """Gives when a frame is first seen."""
        return self._times_ms[index] if self._times_ms else index * self.frame_ms

    def stay_ms(self, index: int) -> float:
        """Gives how long a frame is seen before the next one; the last one as long as the mean."""
        if not self._times_ms or index + 1 >= self.frame_count:
            return self.frame_ms
        return max(self._times_ms[index + 1] - self._times_ms[index], _SHORTEST_MS)

    def nearest(self, time_ms: float) -> int:
        """Gives the frame whose time is nearest to one; the earlier one in the middle."""
        if not self._times_ms:
            found = ceil(max(time_ms, 0.0) / self.frame_ms - 0.5)
            return min(max(found, 0), self.frame_count - 1)
        after = min(bisect_left(self._times_ms, time_ms), self.frame_count - 1)
        before = max(after - 1, 0)
        is_nearer = time_ms - self._times_ms[before] <= self._times_ms[after] - time_ms
        return before if is_nearer else after


def _are_times(times_ms: Sequence[float], frame_count: int) -> bool:
    is_whole = len(times_ms) == frame_count > 1
    return (
        is_whole
        and all(before <= after for before, after in pairwise(times_ms))
        and 0 < times_ms[-1] - times_ms[0] <= _LONGEST_MS * frame_count
    )
