"""Which frame of a cine is due: by the time that has passed, never by how fast frames are drawn.

A window that is too slow leaves frames out; it does not fall behind. It asks `due` from a timer,
but only while it waits for no frame: the one asked for last is shown before another is asked for,
or nothing would ever be seen of a cine that decodes slower than it plays.

Times are milliseconds of any clock that only goes forward. Knows no Qt.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from enum import Enum
from itertools import accumulate

from sonichu_gui.imaging.cine_times import DEFAULT_FRAME_MS, CineTimes

__all__ = ["DEFAULT_FRAME_MS", "FASTEST", "SLOWEST", "CineClock", "Repeat"]

SLOWEST, FASTEST = 0.1, 4.0

_SHOWN_MS = 1000 / 60
"""Frames that follow one another faster than a screen shows them are not read ahead."""


class Repeat(Enum):
    """What follows the last frame."""

    LOOP = "loop"
    """The first one."""
    SWEEP = "sweep"
    """The one before it: to and fro."""
    ONCE = "once"
    """Nothing: the last one stays."""


class CineClock:
    """Counts frames from the moment of `start`.

    Args:
        frames: Which frames are played, e.g. `range(source.frame_count)`; not empty.
        frame_ms: Time from one to the next at speed 1, as `FrameSource.frame_time_ms`; None or
            nonsense stands for `DEFAULT_FRAME_MS`.
        times_ms: Time of each frame of the file, as `FrameSource.times_ms`: each is then seen for
            as long as it was taken.

    Raises:
        ValueError: There is no frame.
    """

    def __init__(
        self, frames: range, frame_ms: float | None, times_ms: Sequence[float] = ()
    ) -> None:
        self._require_frames(frames)
        self._times = CineTimes(max(frames.stop, len(times_ms)), frame_ms, times_ms)
        self._frames = frames
        self._repeat = Repeat.LOOP
        self._speed = 1.0
        self._begins_ms = self._cycle()  # of each step of a round, and of the next round
        self._position_ms = 0.0  # at speed 1 since the first frame, at `_since_ms`
        self._since_ms = 0.0
        self._shown = 0  # the step that was given last, counted over all rounds
        self.dropped = 0

    @property
    def interval_ms(self) -> float:
        """Mean time from one frame to the next at the speed chosen."""
        return self._begins_ms[-1] / self._steps / self._speed

    @property
    def is_over(self) -> bool:
        """Whether the last frame was given and none follows."""
        return self._repeat is Repeat.ONCE and self._shown >= self._steps - 1

    def start(self, now_ms: float, index: int) -> None:
        """Plays on from the frame that is shown now.

        Where that is not among those played, the first of them is due at once.
        `dropped`, the number of frames that were due and never given, counts from here.
        """
        step = self._frames.index(index) if index in self._frames else -1
        self._position_ms, self._since_ms = self._begin_ms(max(step, 0)), now_ms
        self._shown = step
        self.dropped = 0

    def due(self, now_ms: float) -> int | None:
        """Gives the index to be shown, None while the one given last is still to be seen."""
        step = self._step_at(now_ms)
        if step <= self._shown:
            return None
        self.dropped += step - self._shown - 1
        self._shown = step
        return self._index(step)

    def wait_ms(self, now_ms: float) -> float:
        """Gives how long it is until another frame is due, at a pace that a screen can follow."""
        step = self._kept(self._shown + self._stride)
        return max(0.0, self._begin_ms(step) - self._position_at(now_ms)) / self._speed

    def following(self, count: int) -> tuple[int, ...]:
        """Gives the indices that are due next, for `Course.frames`; each once, nearest first.

        Args:
            count: How many at most.
        """
        stride = self._stride
        if self.is_over:
            return ()
        steps = (self._kept(self._shown + stride * ahead) for ahead in range(1, count + 1))
        return tuple(dict.fromkeys(map(self._index, steps)))

    def set_speed(self, now_ms: float, speed: float) -> None:
        """Plays faster or slower from now on, without a jump; kept within 0.1 and 4."""
        self._position_ms, self._since_ms = self._position_at(now_ms), now_ms
        self._speed = min(FASTEST, max(SLOWEST, speed))

    def set_repeat(self, now_ms: float, repeat: Repeat) -> None:
        """Goes on by another rule from now on, from the frame that is shown."""
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
        dropped, self._begins_ms = self.dropped, self._cycle()
        self.start(now_ms, index)
        self.dropped = dropped

    def _cycle(self) -> tuple[float, ...]:
        """When each step of a round begins, at speed 1, and when the round ends."""
        stays = [self._times.stay_ms(index) for index in self._frames]
        if self._repeat is Repeat.SWEEP and len(stays) > 1:
            there = stays[:-1]
            stays = [*there, *reversed(there)]
        return tuple(accumulate(stays, initial=0.0))

    @property
    def _steps(self) -> int:
        """How many frames a round shows."""
        return len(self._begins_ms) - 1

    @property
    def _stride(self) -> int:
        """How many frames a screen is ahead when it shows the next."""
        return max(1, round(_SHOWN_MS / self.interval_ms))

    def _position_at(self, now_ms: float) -> float:
        return self._position_ms + max(0.0, now_ms - self._since_ms) * self._speed

    def _step_at(self, now_ms: float) -> int:
        rounds, rest_ms = divmod(self._position_at(now_ms), self._begins_ms[-1])
        in_round = min(bisect_right(self._begins_ms, rest_ms), self._steps) - 1
        return self._kept(int(rounds) * self._steps + in_round)

    def _kept(self, step: int) -> int:
        """A step, or the last one where none follows that."""
        return min(step, self._steps - 1) if self._repeat is Repeat.ONCE else step

    def _begin_ms(self, step: int) -> float:
        rounds, in_round = divmod(step, self._steps)
        return rounds * self._begins_ms[-1] + self._begins_ms[in_round]

    def _index(self, step: int) -> int:
        """The frame of a step, counted over all rounds."""
        count, in_round = len(self._frames), step % self._steps
        return self._frames[in_round if in_round < count else 2 * count - 2 - in_round]

    @staticmethod
    def _require_frames(frames: range) -> None:
        if not frames or frames.step != 1:
            raise ValueError(f"no frames to be played: {frames}")
