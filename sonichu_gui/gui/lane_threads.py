"""The threads of one lane of `jobs.py`, which alone makes them.

Not the standard library's pool: the end of the program would wait for its threads, and one that
reads from a drive which does not answer ends in minutes or never.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class LaneThreads:
    """Threads that take turns, begun when there is something to do.

    Args:
        name: What they are called, with a number each.
        count: How many at most.
        take_turn: Called once for each turn that was ordered; raises nothing.
        nice: How far they stand back for other threads.
    """

    def __init__(
        self,
        name: str,
        count: int,
        *,
        take_turn: Callable[[], None],
        nice: int = 0,
    ) -> None:
        self._name = name
        self._count = count
        self._take_turn = take_turn
        self._nice = nice
        self._changed = threading.Condition()  # guards all below
        self._ordered = self._idle = 0
        self._stopped = False
        self._threads: list[threading.Thread] = []

    def order(self) -> bool:
        """Orders one more turn; False once stopped."""
        with self._changed:
            if self._stopped:
                return False
            self._ordered += 1
            if self._idle >= self._ordered:
                self._changed.notify()
            elif len(self._threads) < self._count:
                name = f"{self._name}_{len(self._threads)}"
                thread = threading.Thread(target=self._run, name=name, daemon=True)
                self._threads.append(thread)
                thread.start()
            return True

    def stop(self) -> None:
        """Ends each thread once its turn is over; turns that nobody has taken are dropped."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def join(self, seconds: float | None = None) -> None:
        """Waits until all have ended, but no longer than some seconds for all of them."""
        deadline = None if seconds is None else time.monotonic() + seconds
        for thread in self._threads:
            thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        _stand_back(self._nice)
        while self._is_due():
            self._take_turn()

    def _is_due(self) -> bool:
        """Waits for a turn; False once stopped."""
        with self._changed:
            self._idle += 1
            while not self._ordered and not self._stopped:
                self._changed.wait()
            self._idle -= 1
            self._ordered -= 0 if self._stopped else 1
            return not self._stopped


def _stand_back(nice: int) -> None:
    """Gives the window's own thread the first turn on cores that the model would fill.

    On Linux alone a thread has a niceness of its own.
    """
    if nice and sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)
