"""Fits the view to the scan area, and keeps it fitted from file to file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from sonichu_gui.gui.controllers.scan_areas import ScanAreaController
    from sonichu_gui.gui.document import Document


class CropController(QObject):
    """Asks for views of the scan area.

    Args:
        document: Whose frame.
        areas: Who knows where the echo is.
    """

    box_wanted = Signal(object)  # left, top, right, bottom in image pixels; None: the whole frame

    def __init__(self, document: Document, areas: ScanAreaController) -> None:
        super().__init__(document)
        self._document = document
        self._areas = areas
        self._on = False
        self._is_due = False
        document.frame_changed.connect(self._follow)
        areas.settled.connect(self._settle)

    def crop(self, on: bool) -> None:
        """Shows the scan area alone, or the whole frame again."""
        self._on = on
        if not on:
            self.box_wanted.emit(None)
        elif self._document.frame is None:
            self._on = False
            self._document.noted.emit(self.tr("Open a frame first"))
            self.box_wanted.emit(None)
        else:
            self._is_due = True
            self._areas.seek()

    def leave(self) -> None:
        """The person has moved the view: it stays where they put it."""
        self._on = False

    def _follow(self, _: object = None) -> None:
        if self._on and self._document.frame is not None:
            self._areas.seek()

    def _settle(self) -> None:
        if not self._on:
            return
        area, is_asked = self._areas.area, self._is_due
        self._is_due = False
        if area is None and is_asked:
            self._on = False
            self._document.noted.emit(self.tr("No scan area found in this frame"))
        self.box_wanted.emit(None if area is None else area.box)
