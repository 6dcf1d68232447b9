"""Undo commands about scales that are more than one file's own scale or a single word for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QUndoCommand

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sonichu_gui.domain.calibration import Scale
    from sonichu_gui.gui.document import Document
    from sonichu_gui.gui.place import Place


class ChooseRegion(QUndoCommand):
    """Chooses one of the regions that overlap with different scales."""

    def __init__(
        self, document: Document, *, place: Place, key: str, before: int | None, after: int
    ) -> None:
        super().__init__(document.tr("Choose region {}").format(after + 1))
        self._scaling = document.scaling
        self._place = place
        self._key = key
        self._before = before
        self._after = after

    def redo(self) -> None:
        """Chooses it."""
        self._scaling.put_choice(self._place, self._key, self._after)

    def undo(self) -> None:
        """Goes back to the choice before, or to none."""
        self._scaling.put_choice(self._place, self._key, self._before)


class ReplaceScales(QUndoCommand):
    """Sets a person's own scale for many files of a folder."""

    def __init__(
        self,
        document: Document,
        *,
        place: Place,
        before: Mapping[str, Scale | None],
        after: Scale,
    ) -> None:
        super().__init__(document.tr("Set scale of {} files").format(len(before)))
        self._scaling = document.scaling
        self._place = place
        self._before = before
        self._after = after
        self._is_done = False

    def redo(self) -> None:
        """Sets the new scale for all; the folder is read in the background, and may be left."""
        scales = dict.fromkeys(self._before, self._after)
        self._scaling.put_scales(self._place, scales, goes_there=self._is_done)
        self._is_done = True

    def undo(self) -> None:
        """Gives each its old scale back."""
        self._scaling.put_scales(self._place, self._before, goes_there=True)
