"""Where the files of a study stand, read from their label stores; for a worker thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonichu_gui.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from sonichu_gui.domain.annotation import Status


def read_statuses(
    paths: Iterable[Path], is_cancelled: Callable[[], bool]
) -> dict[Path, dict[str, Status]]:
    """Gives the statuses of labelled files, by path and task id.

    A store that cannot be read is passed over: it is told of when a file beside it is shown.

    Args:
        paths: Files, in any folders.
        is_cancelled: Asked before each folder.
    """
    from sonichu_gui.labels.store import LabelStore

    found: dict[Path, dict[str, Status]] = {}
    for folder in {path.parent for path in paths}:
        if is_cancelled():
            break
        try:
            store = LabelStore.open_for(folder, create=False)
            if store is None:
                continue
            try:
                found.update(store.statuses_by_path())
            finally:
                store.close()
        except StoreError:
            continue
    return found
