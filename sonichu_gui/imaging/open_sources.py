"""Files kept open, few at a time; one that somebody reads from is never closed under them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sonichu_gui.imaging.sources import FrameSource

OPEN_AT_MOST = 12


@dataclass(eq=False, slots=True)
class _Slot:
    """A file that is open, or about to be."""

    kept: bool
    source: FrameSource | None = None
    stamp: tuple[int, int] | None = None
    users: int = 0
    opening: threading.Lock = field(default_factory=threading.Lock)


class OpenSources:
    """Opens files when they are asked for and keeps those used last; any thread may ask.

    Opening reads a whole file for its digest, so two threads that ask for one file open it once,
    and only they wait for it.

    Args:
        open_source: Opens a file.
        at_most: Files kept open; more only while more are read from at the same time.
    """

    def __init__(
        self, open_source: Callable[[Path], FrameSource], *, at_most: int = OPEN_AT_MOST
    ) -> None:
        self._open = open_source
        self._at_most = at_most
        self._slots: OrderedDict[Path, _Slot] = OrderedDict()
        self._held: Path | None = None
        self._lock = threading.Lock()

    @contextmanager
    def borrowed(self, path: Path, *, keep: bool = True) -> Iterator[FrameSource]:
        """Gives a file's source, open at least until the block ends.

        Args:
            path: The file.
            keep: Whether it shall stay open afterwards; one that is open already does.

        Raises:
            FrameError: It cannot be opened.
        """
        slot = self._entered(path, keep=keep)
        try:
            with slot.opening:
                if slot.source is None:
                    slot.stamp = _stamp(path)
                    slot.source = self._open(path)
            yield slot.source
        finally:
            self._left(path, slot)

    def known(self, path: Path) -> FrameSource | None:
        """Gives the source of a file that is open, or None; at once."""
        with self._lock:
            slot = self._slots.get(path)
            return slot.source if slot else None

    def forget_outdated(self, path: Path, source: FrameSource) -> bool:
        """Forgets a borrowed source if its file was replaced meanwhile, and says so.

        Asks the drive, unless another thread has found it out before.
        """
        with self._lock:
            slot = self._slots.get(path)
        if slot is None or slot.source is not source:
            return True
        if slot.stamp == _stamp(path):
            return False
        self._forget(path, slot)
        return True

    def hold(self, path: Path) -> None:
        """Keeps a file open whatever else is opened, in place of the one held before."""
        with self._lock:
            self._held = path

    def forget(self, path: Path) -> None:
        """Lets go of a file, so that it is opened as it is now when it is asked for again."""
        with self._lock:
            slot = self._slots.get(path)
        if slot is not None:
            self._forget(path, slot)

    def close(self) -> None:
        """Closes every file; one that is still read from is closed by its last reader."""
        with self._lock:
            slots = list(self._slots)
        for path in slots:
            self.forget(path)

    def _forget(self, path: Path, slot: _Slot) -> None:
        with self._lock:
            if self._slots.get(path) is slot:
                del self._slots[path]
                self._close_unused(slot)  # else whoever reads from it closes it

    def _entered(self, path: Path, *, keep: bool) -> _Slot:
        with self._lock:
            slot = self._slots.setdefault(path, _Slot(kept=keep))
            slot.kept = slot.kept or keep
            slot.users += 1
            self._slots.move_to_end(path)
            return slot

    def _left(self, path: Path, slot: _Slot) -> None:
        with self._lock:
            slot.users -= 1
            is_listed = self._slots.get(path) is slot
            if is_listed and not slot.users and (slot.source is None or not slot.kept):
                del self._slots[path]
                is_listed = False
            if not is_listed:
                self._close_unused(slot)
            unused = [
                other
                for other, each in self._slots.items()
                if not each.users and other != self._held
            ]
            for other in unused[: max(0, len(self._slots) - self._at_most)]:
                self._close_unused(self._slots.pop(other))

    @staticmethod
    def _close_unused(slot: _Slot) -> None:
        if not slot.users and slot.source is not None:
            slot.source.close()


def _stamp(path: Path) -> tuple[int, int] | None:
    """Size and time of change of a file, None when it cannot be reached."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
