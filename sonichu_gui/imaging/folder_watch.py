"""What has come, gone and changed in a folder since the last look.

By looking, not by the system's notices: those do not tell what another machine does on a network
drive, and end when the drive is lost. Looking costs one listing and a stat a file, and the pause
between looks grows with what a look takes.

A folder that cannot be reached, or whose drive was unmounted under it, has lost nothing: its files
are expected back, and only what differs then is told. A file that is still being written is told
once it has stayed the same from one look to the next.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sonichu_gui.errors import FrameError
from sonichu_gui.imaging.folder_scan import may_hold_frames, walk

__all__ = ["FolderChanges", "FolderWatch"]

SHORTEST_PAUSE_S = 2.0
_PAUSES_A_LOOK = 20
"""A twentieth of one core at most, however large or slow the folder is."""

_Stamp = tuple[int, int]
"""Size in bytes, and time of change in nanoseconds."""


@dataclass(frozen=True, slots=True)
class FolderChanges:
    """What a look has found.

    Attributes:
        appeared: Files that are new.
        vanished: Files that are no longer there.
        changed: Files whose content is another: open and read them anew.
        is_gone: Whether the folder cannot be reached at present; nothing else is told then.
    """

    appeared: tuple[Path, ...] = ()
    vanished: tuple[Path, ...] = ()
    changed: tuple[Path, ...] = ()
    is_gone: bool = False

    def __bool__(self) -> bool:
        """Whether the list of files is another, or some of them are."""
        return bool(self.appeared or self.vanished or self.changed)


class FolderWatch:
    """Knows how a folder was at the last look; for one thread at a time.

    Args:
        folder: The folder.
        known: The files that are listed already, as by a scan; the first look tells others.
        recursive: Whether the folders inside count.
    """

    def __init__(self, folder: Path, known: Iterable[Path], *, recursive: bool = True) -> None:
        self._folder = folder
        self._recursive = recursive
        self._files: dict[Path, _Stamp | None] = dict.fromkeys(known)
        self._unsettled: dict[Path, _Stamp] = {}
        self._others: dict[Path, _Stamp] = {}  # looked into, and no frames in them
        self._device: int | None = None
        self.pause_s = SHORTEST_PAUSE_S
        """How long to wait before the next look."""

    def look(self, is_cancelled: Callable[[], bool] = lambda: False) -> FolderChanges:
        """Looks at the folder; slow where it is large or far away, so for a worker thread.

        Args:
            is_cancelled: Asked for every file; once it says so, no changes are given, and the next
                look tells them.
        """
        began = time.monotonic()
        try:
            device = self._folder.stat().st_dev
            found, unreadable = self._listing(is_cancelled)
        except (OSError, FrameError):
            return FolderChanges(is_gone=True)
        finally:
            self.pause_s = max(SHORTEST_PAUSE_S, _PAUSES_A_LOOK * (time.monotonic() - began))
        if is_cancelled():
            return FolderChanges()
        if self._device not in (None, device) and self._files and not found:
            return FolderChanges(is_gone=True)  # the empty place where a drive was mounted
        self._device = device
        for path in self._files.keys() - found.keys():
            # A person may have opened hidden files, or some of other folders.
            with suppress(OSError):
                found[path] = _stamp_of(path.stat())
        return self._compared(found, unreadable)

    def _listing(
        self, is_cancelled: Callable[[], bool]
    ) -> tuple[dict[Path, _Stamp], tuple[Path, ...]]:
        """Gives the stamps of all files that count, and the folders that cannot be read."""
        found: dict[Path, _Stamp] = {}
        unreadable: list[Path] = []
        for path, entry in walk(self._folder, recursive=self._recursive):
            if is_cancelled():
                break
            if entry is None:
                unreadable.append(path)
                continue
            try:
                stamp = _stamp_of(entry.stat())
            except OSError:  # gone since it was listed, or a link to nowhere
                continue
            if path in self._files or self._counts(path, stamp):
                found[path] = stamp
        return found, tuple(unreadable)

    def _counts(self, path: Path, stamp: _Stamp) -> bool:
        """Whether an unlisted file may hold frames; looked into once a state of it."""
        if self._others.get(path) == stamp:
            return False
        if may_hold_frames(path):
            return True
        self._others[path] = stamp
        return False

    def _compared(self, found: dict[Path, _Stamp], unreadable: tuple[Path, ...]) -> FolderChanges:
        appeared: list[Path] = []
        changed: list[Path] = []
        unsettled: dict[Path, _Stamp] = {}
        for path, stamp in found.items():
            if path in self._files and self._files[path] in (None, stamp):
                self._files[path] = stamp
            elif self._unsettled.get(path) != stamp or not stamp[0]:
                unsettled[path] = stamp
            else:
                (changed if path in self._files else appeared).append(path)
                self._files[path] = stamp
        vanished = [
            path
            for path in self._files.keys() - found.keys()
            if not any(path.is_relative_to(folder) for folder in unreadable)
        ]
        for path in vanished:
            del self._files[path]
        self._unsettled = unsettled
        return FolderChanges(tuple(appeared), tuple(sorted(vanished)), tuple(changed))


def _stamp_of(status: os.stat_result) -> _Stamp:
    return status.st_size, status.st_mtime_ns
