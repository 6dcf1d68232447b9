"""Says once what a person should know of a file: that it is cut short, or states wrong numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from sonichu_gui.gui.document import Document


class RemarkController(QObject):
    """Tells the notes of each file the first time that it is shown.

    Args:
        document: Whose file.
    """

    remarked = Signal(str)  # of the file shown; empty once another one is

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self._told: set[str] = set()
        self._shown = ""
        document.frame_changed.connect(self._note_file)

    def _note_file(self, _: object) -> None:
        source, path = self._document.source, self._document.path
        digest = source.digest if source is not None else ""
        if digest == self._shown:
            return
        self._shown = digest
        if source is None or path is None or not source.notes or digest in self._told:
            self.remarked.emit("")
            return
        self._told.add(digest)
        self.remarked.emit(f"{path.name}: {'; '.join(source.notes)}.")
