"""Ctrl+C and SIGTERM, heeded between two steps: in the middle of one the weights are neither."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Self

_SAME_WISH_SECONDS = 2.0
"""The terminal tells Ctrl+C to every process, and torchrun passes it on to its own once more."""


def leave_it_to_the_main_process(_worker: int = 0) -> None:
    """Makes a process that prepares frames deaf: what asks all to stop is heeded by one of them."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


class StopRequest:
    """A context in which a first request to stop is noted and a later one is obeyed at once."""

    def __init__(self) -> None:
        self.made = False
        self._made_at = 0.0
        self._former: dict[int, object] = {}

    def _note(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.made and now - self._made_at > _SAME_WISH_SECONDS:
            raise KeyboardInterrupt
        if not self.made:
            self.made, self._made_at = number > 0, now

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._former[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, former in self._former.items():
            signal.signal(number, former)  # type: ignore[arg-type]  # what signal() itself gave
