"""The thumbnails of a list: which were asked for, which have come, which make room."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from sonichu_gui.gui.panels.thumbnail import rounded_thumbnail

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from PySide6.QtGui import QImage, QPixmap

KEPT = 400


class Thumbnails:
    """Keeps the thumbnails that were seen last; each is asked for once."""

    def __init__(self) -> None:
        self._pixmaps: OrderedDict[Path, QPixmap] = OrderedDict()
        self._asked: set[Path] = set()
        self._answered: set[Path] = set()

    def get(self, path: Path) -> QPixmap | None:
        """The thumbnail of a file, None while there is none."""
        return self._pixmaps.get(path)

    def wanted(self, in_sight: Iterable[Path]) -> list[Path]:
        """Gives the files in sight whose thumbnail nobody has asked for; now they are."""
        wanted = []
        for path in in_sight:
            if path in self._pixmaps:
                self._pixmaps.move_to_end(path)
            elif path not in self._asked:
                wanted.append(path)
        self._asked.update(wanted)
        return wanted

    def no_longer_wanted(self, in_sight: Collection[Path]) -> list[Path]:
        """Gives the files out of sight whose thumbnail has not come; they are asked for anew."""
        left = [path for path in self._asked - self._answered if path not in in_sight]
        self._asked.difference_update(left)
        return left

    def has_none(self, path: Path) -> bool:
        """Whether it is known that a file has no thumbnail: it cannot be read."""
        return path in self._answered and path not in self._pixmaps

    def without(self) -> list[Path]:
        """Gives the files that have none."""
        return [path for path in self._answered if path not in self._pixmaps]

    def put(self, path: Path, image: QImage) -> None:
        """Takes a thumbnail, null where there is none; the one seen longest ago makes room."""
        self._asked.add(path)
        self._answered.add(path)
        if image.isNull():
            return
        self._pixmaps[path] = rounded_thumbnail(image)
        if len(self._pixmaps) > KEPT:
            oldest, _ = self._pixmaps.popitem(last=False)
            self._forget(oldest)

    def forget(self, paths: Iterable[Path]) -> None:
        """Forgets files that have changed, so that they are asked for anew."""
        for path in paths:
            self._pixmaps.pop(path, None)
            self._forget(path)

    def keep_only(self, paths: Collection[Path]) -> None:
        """Forgets the files that are no longer listed."""
        self.forget([path for path in self._asked if path not in paths])

    def _forget(self, path: Path) -> None:
        self._asked.discard(path)
        self._answered.discard(path)
