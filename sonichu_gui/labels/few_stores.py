"""The stores of many folders, few of them open at a time, for work that goes from file to file."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from sonichu_gui.labels.store import LabelStore

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FewStores"]

OPEN_AT_MOST = 4
"""A study may have a folder a patient; an open store holds three files."""


class FewStores:
    """Opens the store of a folder when it is asked for; not for several threads at once."""

    def __init__(self) -> None:
        self._open: OrderedDict[Path, LabelStore] = OrderedDict()

    def existing(self, folder: Path) -> LabelStore | None:
        """Gives the store of a folder, or None when it has none yet.

        Raises:
            StoreError: There is one that is refused.
        """
        return self._store(folder, create=False)

    def made(self, folder: Path) -> LabelStore:
        """Gives the store of a folder, made when there is none.

        Raises:
            StoreError: It is refused or cannot be made.
        """
        store = self._store(folder, create=True)
        assert store is not None  # noqa: S101 - for the type: one was made
        return store

    def close(self) -> None:
        """Closes them."""
        for store in self._open.values():
            store.close()
        self._open.clear()

    def _store(self, folder: Path, *, create: bool) -> LabelStore | None:
        store = self._open.get(folder) or LabelStore.open_for(folder, create=create)
        if store is not None:
            self._open[folder] = store
            self._open.move_to_end(folder)
        while len(self._open) > OPEN_AT_MOST:
            self._open.popitem(last=False)[1].close()
        return store
