"""How many of a cine's frames are seen while it plays; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass

_OVER_MS = 1000.0
_FEWEST = 4
"""Due frames below which a share says nothing: a cine may play at a frame in two seconds."""
_KEEPS_UP = 0.9


@dataclass(frozen=True, slots=True)
class Rate:
    """Frames a second that were seen, and that were due."""

    shown: float
    due: float


class PlayedRate:
    """Counts the frames shown since `start` and tells when they are fewer than they should be.

    Attributes:
        lag: The rate of the last second or so while it is below the wanted one, else None.
    """

    def __init__(self) -> None:
        self.lag: Rate | None = None
        self._since_ms = 0.0
        self._shown = 0
        self._dropped_before = 0

    def start(self, now_ms: float) -> None:
        """Counts anew."""
        self.lag = None
        self._since_ms, self._shown, self._dropped_before = now_ms, 0, 0

    def note_shown(self, now_ms: float, dropped: int) -> bool:
        """Counts a frame that is on the screen now.

        Args:
            now_ms: The time.
            dropped: Frames left out since `start`, as `CineClock.dropped`.

        Returns:
            Whether `lag` says something else than before.
        """
        self._shown += 1
        passed_ms, due = now_ms - self._since_ms, self._shown + dropped - self._dropped_before
        if passed_ms < _OVER_MS or due < _FEWEST:
            return False
        before = self.lag
        shown_share = self._shown / due
        rate = Rate(self._shown * 1000 / passed_ms, due * 1000 / passed_ms)
        self.lag = rate if shown_share < _KEEPS_UP else None
        self._since_ms, self._shown, self._dropped_before = now_ms, 0, dropped
        return self.lag != before
