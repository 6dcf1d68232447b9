"""Undo commands: each change to the document is one, and each change that is undone is stored too.

A command knows its place (file, frame, task), so undo works across frames: the Document applies
it there and asks for the frame to be shown.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtGui import QUndoCommand

if TYPE_CHECKING:
    from sonichu_gui.domain.annotation import Annotation
    from sonichu_gui.domain.calibration import Scale
    from sonichu_gui.gui.document import Document
    from sonichu_gui.gui.place import Place

MERGE_WITHIN_S = 1.0
_NUDGE_ID = 1


class ReplaceAnnotation(QUndoCommand):
    """Puts one annotation in the place of another; nearly every edit is this."""

    def __init__(
        self,
        document: Document,
        *,
        place: Place,
        before: Annotation,
        after: Annotation,
        text: str,
        merge_key: str = "",
    ) -> None:
        super().__init__(text)
        self._document = document
        self.place = place
        self._before = before
        self.after = after
        self.merge_key = merge_key
        self.time = time.monotonic()

    def id(self) -> int:
        """Commands with the same id may merge: nudges do."""
        return _NUDGE_ID if self.merge_key else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Takes up a following nudge of the same point."""
        if not isinstance(other, ReplaceAnnotation):
            return False
        same = other.merge_key == self.merge_key and other.place == self.place
        if not same or other.time - self.time > MERGE_WITHIN_S:
            return False
        self.after, self.time = other.after, other.time
        return True

    def redo(self) -> None:
        """Puts the new annotation in place."""
        self._document.put_annotation(self.place, self.after)

    def undo(self) -> None:
        """Puts the old annotation back."""
        self._document.put_annotation(self.place, self._before)


class ReplaceScale(QUndoCommand):
    """Sets, replaces or takes back a person's own scale of a file."""

    def __init__(
        self,
        document: Document,
        *,
        place: Place,
        before: Scale | None,
        after: Scale | None,
        text: str,
    ) -> None:
        super().__init__(text)
        self._document = document
        self._place = place
        self._before = before
        self._after = after

    def redo(self) -> None:
        """Sets the new scale."""
        self._document.put_scale(self._place, self._after)

    def undo(self) -> None:
        """Sets the old scale."""
        self._document.put_scale(self._place, self._before)


class ConfirmScale(QUndoCommand):
    """Takes a person's word for a doubtful scale, or takes it back."""

    def __init__(self, document: Document, *, place: Place, key: str, confirmed: bool) -> None:
        text = document.tr("Confirm scale") if confirmed else document.tr("Doubt scale")
        super().__init__(text)
        self._document = document
        self._place = place
        self._key = key
        self._confirmed = confirmed

    def redo(self) -> None:
        """Trusts the scale, or doubts it."""
        self._document.put_confirmation(self._place, self._key, confirmed=self._confirmed)

    def undo(self) -> None:
        """Goes back to what was before."""
        self._document.put_confirmation(self._place, self._key, confirmed=not self._confirmed)
