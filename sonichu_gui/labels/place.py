"""One store, or those of a folder and of the folders in it, for whoever reads or writes labels.

Labels are kept per folder of images; a person who names a folder of folders means all of them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sonichu_gui.labels.store import LabelStore

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LabelPlace", "StoresBelow"]


class LabelPlace(Protocol):
    """Where labels are; a `LabelStore` is one too."""

    @property
    def folder(self) -> Path:
        """The images' folder; paths in files count from here."""

    @property
    def unreadable(self) -> Sequence[Path]:
        """Folders that could not be looked into when the stores were last listed."""

    def stores(self) -> Sequence[LabelStore]:
        """Gives every store there is.

        Raises:
            StoreError: One of them is refused.
        """

    def store_for(self, folder: Path) -> LabelStore | None:
        """Gives the store for labels of images in a folder, made if need be; None if not here.

        Raises:
            StoreError: It is refused or cannot be made.
        """


class StoresBelow:
    """The stores of a folder and of all folders in it.

    Attributes:
        folder: The outermost folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._unreadable: list[Path] = []
        self._open: dict[Path, LabelStore] = {}

    def stores(self) -> Sequence[LabelStore]:
        """Gives every store there is, in order of folder."""
        found: list[LabelStore] = []
        self._unreadable.clear()
        for name, inside, _ in os.walk(self.folder, onerror=self._note_unreadable):
            inside[:] = sorted(each for each in inside if not each.startswith("."))
            store = self._store(Path(name), create=False)
            if store is not None:
                found.append(store)
        return found

    @property
    def unreadable(self) -> Sequence[Path]:
        """Folders in here that could not be looked into when the stores were last listed."""
        return tuple(self._unreadable)

    def store_for(self, folder: Path) -> LabelStore | None:
        """Gives the store of a folder in here, made if need be."""
        if not folder.resolve().is_relative_to(self.folder.resolve()):
            return None
        return self._store(folder, create=True)

    def close(self) -> None:
        """Closes them."""
        for store in self._open.values():
            store.close()
        self._open.clear()

    def _note_unreadable(self, error: OSError) -> None:
        self._unreadable.append(Path(error.filename))

    def _store(self, folder: Path, *, create: bool) -> LabelStore | None:
        key = folder.resolve()
        if key not in self._open:
            store = LabelStore.open_for(folder, create=create)
            if store is None:
                return None
            self._open[key] = store
        return self._open[key]
