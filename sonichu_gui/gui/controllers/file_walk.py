"""The way through the files of a study: up or down the list, as it is searched and filtered."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sonichu_gui.gui.document import Document


class FileWalk:
    """Knows which file comes next, and where a person is going.

    Args:
        document: Whose study it is.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._listed: tuple[Path, ...] = ()
        self._places: dict[Path, int] = {}
        self.direction = 1
        """1 down the list or the cine, -1 up."""
        self.passes: Callable[[Path], bool] = lambda _path: True
        """Whether a file passes search and filter of the list: steps go to no other."""

    def turn(self, before: tuple[Path, int], now: tuple[Path, int]) -> None:
        """Notes the direction in which a person goes from one frame of a file to another."""
        if now[0] == before[0] and now[1] != before[1]:
            self.direction = 1 if now[1] > before[1] else -1
        elif now[0] != before[0]:
            at, at_before = self.place_of(now[0]), self.place_of(before[0])
            if at >= 0 and at_before >= 0:
                self.direction = 1 if at > at_before else -1

    def place_of(self, path: Path | None) -> int:
        """Place of a file in the study, -1 when it is not there; known of all, not looked for."""
        paths = self._document.study.paths
        if paths is not self._listed:
            self._listed = paths
            self._places = {each: place for place, each in enumerate(paths)}
        return self._places.get(path, -1) if path is not None else -1

    def along(self, path: Path | None, step: int, *, within: int | None = None) -> Iterator[Path]:
        """Gives the files that steps come to from one, the next first.

        Args:
            path: Where the person is; where it is not in the study, steps down begin at its top.
            step: 1 down the list, -1 up.
            within: How many files to look at, those that do not pass included; None for all.
        """
        paths, at = self._document.study.paths, self.place_of(path)
        places = range(at + step, len(paths) if step > 0 else -1, step)[:within]
        return (paths[place] for place in places if self.passes(paths[place]))

    def is_at_end(self, path: Path | None, step: int) -> bool:
        """Whether the study has no further file in a direction, passing or not."""
        return not 0 <= self.place_of(path) + step < len(self._document.study.paths)
