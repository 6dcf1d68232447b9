"""A search for files by words of their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


class NameSearch:
    """Knows the names of a study's files as they are searched, and the words searched for."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._words: list[str] = []

    def set_files(self, paths: Sequence[Path]) -> None:
        """Takes other files."""
        self._names = [path.name.casefold() for path in paths]

    def add_files(self, paths: Sequence[Path]) -> None:
        """Takes further files, behind the others."""
        self._names += [path.name.casefold() for path in paths]

    def look_for(self, text: str) -> bool:
        """Takes other words; gives whether they are others."""
        before, self._words = self._words, text.casefold().split()
        return self._words != before

    def fits(self, position: int) -> bool:
        """Whether the name of a file holds all of the words."""
        return all(word in self._names[position] for word in self._words)

    def found(self) -> Iterable[int]:
        """Gives the positions of the files that fit, in order."""
        found: Iterable[int] = range(len(self._names))
        for word in self._words:
            found = [at for at in found if word in self._names[at]]
        return found
