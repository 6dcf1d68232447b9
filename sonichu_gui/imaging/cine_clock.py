"""Which frame of a cine is due: by the time that has passed, never by how fast frames are drawn.

A window that is too slow leaves frames out; it does not fall behind. It asks `due` from a timer,
but only while it waits for no frame: the one asked for last is shown before another is asked for,
or nothing would ever be seen of a cine that decodes slower than it plays.

Times are milliseconds of any clock that only goes forward. Knows no Qt.
"""

from __future__ import annotations

from enum import Enum
from math import floor

DEFAULT_FRAME_MS = 40.0
"""For a cine that does not say how fast it was taken."""

SLOWEST, FASTEST = 0.1, 4.0

_SHORTEST_MS, _LONGEST_MS = 0.01, 600_000.0
"""What a frame may take: from ultrafast imaging to a frame every ten minutes."""

_SHOWN_MS = 1000 / 60
"""Frames that follow one another faster than a screen shows them are not read ahead."""


class Repeat(Enum):
    """What follows the last frame."""

    LOOP = "loop"
    """The first one."""
    SWEEP = "sweep"
    """The one before it: to and fro."""


class CineClock:
    """Counts frames from the moment of `start`.

    Args:
        frames: Which frames are played, e.g. `range(source.frame_count)`; not empty.
        frame_ms: Time from one to the next at speed 1, as `FrameSource.frame_time_ms`; None or
            nonsense stands for `DEFAULT_FRAME_MS`.

    Raises:
        ValueError: There is no frame.
    """

    def __init__(self, frames: range, frame_ms: float | None) -> None:
        if frame_ms is None or not _SHORTEST_MS <= frame_ms <= _LONGEST_MS:
            frame_ms = DEFAULT_FRAME_MS
        self._frame_ms = frame_ms
        self._frames = frames
        self._repeat = Repeat.LOOP
        self._speed = 1.0
        self._position = 0.0  # in steps of the cycle, at `_since_ms`
        self._since_ms = 0.0
        self._shown = 0  # the step that was given last
        self.dropped = 0
        self._require_frames(frames)

    @property
    def interval_ms(self) -> float:
        """Time from one frame to the next at the speed chosen."""
        return self._frame_ms / self._speed

    def start(self, now_ms: float, index: int) -> None:
        """Plays on from the frame that is shown now.

        Where that is not among those played, the first of them is due at once.
        `dropped`, the number of frames that were due and never given, counts from here.
        """
        step = self._frames.index(index) if index in self._frames else -1
        self._position, self._since_ms = float(max(step, 0)), now_ms
        self._shown = step
        self.dropped = 0

    def due(self, now_ms: float) -> int | None:
        """Gives the index to be shown, None while the one given last is still to be seen."""
        step = floor(self._position_at(now_ms))
        if step <= self._shown:
            return None
        self.dropped += step - self._shown - 1
        self._shown = step
        return self._index(step)

    def following(self, count: int) -> tuple[int, ...]:
        """Gives the indices that are due next, for `Course.frames`; each once, nearest first.

        Args:
            count: How many at most.
        """
        stride = max(1, round(_SHOWN_MS / self.interval_ms))
        steps = range(self._shown + stride, self._shown + stride * (count + 1), stride)
        return tuple(dict.fromkeys(map(self._index, steps)))

    def set_speed(self, now_ms: float, speed: float) -> None:
        """Plays faster or slower from now on, without a jump; kept within 0.1 and 4."""
        self._position, self._since_ms = self._position_at(now_ms), now_ms
        self._speed = min(FASTEST, max(SLOWEST, speed))

    def set_repeat(self, now_ms: float, repeat: Repeat) -> None:
        """Loops or sweeps from now on, from the frame that is shown."""
        index, self._repeat = self._index(max(self._shown, 0)), repeat
        self._restart(now_ms, index)

    def set_frames(self, now_ms: float, frames: range) -> None:
        """Plays another range from now on.

        Raises:
            ValueError: It is empty.
        """
        self._require_frames(frames)
        index, self._frames = self._index(max(self._shown, 0)), frames
        self._restart(now_ms, index)

    def _restart(self, now_ms: float, index: int) -> None:
        dropped = self.dropped
        self.start(now_ms, index)
        self.dropped = dropped

    def _position_at(self, now_ms: float) -> float:
        return self._position + max(0.0, now_ms - self._since_ms) / self.interval_ms

    def _index(self, step: int) -> int:
        """The frame of a step, counted over all rounds."""
        count = len(self._frames)
        if self._repeat is Repeat.LOOP:
            return self._frames[step % count]
        step %= max(1, 2 * count - 2)
        return self._frames[step if step < count else 2 * count - 2 - step]

    @staticmethod
    def _require_frames(frames: range) -> None:
        if not frames or frames.step != 1:
            raise ValueError(f"no frames to be played: {frames}")
