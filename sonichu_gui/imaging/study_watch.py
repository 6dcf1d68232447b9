"""What has become of the files of a study since the last look, and the list as it is now.

For one thread at a time, and for a worker's: looking at a folder far away takes its time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.imaging.folder_scan import in_scan_order
from sonichu_gui.imaging.folder_watch import FolderWatch
from sonichu_gui.imaging.study_listing import WatchedFolder, ordered

if TYPE_CHECKING:
    from sonichu_gui.imaging.series import FileFacts, SeriesTree

__all__ = ["StudyChanges", "StudyWatch"]

_FILES_A_BREATH = 64
_BREATH_S = 0.0005
"""The window's own thread waits for its turn while a worker computes: a look at ten thousand files
is to leave it one between every few of them."""


@dataclass(frozen=True, slots=True)
class StudyChanges:
    """What a look has found.

    Attributes:
        paths: All files of the study, in order.
        tree: Their series, where there are some.
        appeared: Files that are new.
        vanished: Files that are no longer there.
        changed: Files whose content is another.
        is_gone: Whether a folder cannot be reached at present; its files are expected back.
    """

    paths: tuple[Path, ...]
    tree: SeriesTree | None
    appeared: tuple[Path, ...] = ()
    vanished: tuple[Path, ...] = ()
    changed: tuple[Path, ...] = ()
    is_gone: bool = False


class StudyWatch:
    """Knows the files of a study as they were at the last look.

    Args:
        folders: Where new files may come.
        paths: The files of the study, in order.
        tree: Their series, where there are some.
    """

    def __init__(
        self, folders: Iterable[WatchedFolder], paths: Sequence[Path], tree: SeriesTree | None
    ) -> None:
        self._folders = [*folders]
        self._paths = tuple(paths)
        self._tree = tree
        self._facts: dict[Path, FileFacts | None] = {}  # of headers read at looks
        self._watches = [
            FolderWatch(each.path, self._known_of(each), recursive=each.recursive)
            for each in self._folders
        ]

    @property
    def pause_s(self) -> float:
        """How long to wait before the next look."""
        return max(watch.pause_s for watch in self._watches)

    def look(self, is_cancelled: Callable[[], bool]) -> StudyChanges:
        """Looks at every folder; reads headers where files of series have come or gone."""
        asked = 0

        def breathing() -> bool:
            nonlocal asked
            asked += 1
            if asked % _FILES_A_BREATH == 0:
                time.sleep(_BREATH_S)
            return is_cancelled()

        appeared: list[Path] = []
        vanished: list[Path] = []
        changed: list[Path] = []
        is_gone = False
        for watch in self._watches:
            found = watch.look(breathing)
            appeared += found.appeared
            vanished += found.vanished
            changed += found.changed
            is_gone |= found.is_gone
        known = set(self._paths)
        appeared = [path for path in dict.fromkeys(appeared) if path not in known]
        for path in (*vanished, *changed):
            self._facts.pop(path, None)
        if appeared or vanished:
            self._put_in_order(appeared, {*vanished}, breathing)
        return StudyChanges(
            self._paths, self._tree, tuple(appeared), tuple(vanished), tuple(changed), is_gone
        )

    def _put_in_order(
        self, appeared: list[Path], vanished: set[Path], is_cancelled: Callable[[], bool]
    ) -> None:
        paths = [path for path in self._paths if path not in vanished]
        if not appeared and self._tree is None:
            self._paths = tuple(paths)
            return
        in_order = self._by_name([*paths, *appeared])
        self._tree = None
        for step in ordered(in_order, lambda _: None, self._facts_of):
            self._tree = step or self._tree
            if is_cancelled():
                break  # nobody waits for it: the window closes, or another study is open
        self._paths = self._tree.paths() if self._tree else tuple(in_order)

    def _facts_of(self, path: Path) -> FileFacts | None:
        """Reads a header once: where thousands lie, one that comes costs no more than itself."""
        from sonichu_gui.imaging.series_header import read_facts

        if path not in self._facts:
            self._facts[path] = read_facts(path)
        return self._facts[path]

    def _by_name(self, paths: list[Path]) -> list[Path]:
        """Sorts as the scan did; of several folders, what is new comes last."""
        return in_scan_order(self._folders[0].path, paths) if len(self._folders) == 1 else paths

    def _known_of(self, folder: WatchedFolder) -> list[Path]:
        if len(self._folders) == 1:
            return [*self._paths]  # others too: a person may have opened hidden ones
        return [path for path in self._paths if path.is_relative_to(folder.path)]
