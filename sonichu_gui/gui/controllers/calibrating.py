"""A person's own scale: two clicks and a length."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from sonichu_gui.domain.calibration import manual_scale
from sonichu_gui.errors import CalibrationError
from sonichu_gui.gui.place import Tool

if TYPE_CHECKING:
    from sonichu_gui.gui.document import Document


class CalibrateController(QObject):
    """Takes the drawn line and its length as the scale of the file."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document

    def begin(self) -> None:
        """Takes the line in hand."""
        if self._document.frame is None:
            self._document.noted.emit(self.tr("Open a frame first"))
            return
        self._document.set_tool(Tool.SCALE)

    def set_length(self, length_mm: float) -> None:
        """Sets the scale from the line on the canvas and its true length."""
        line = self._document.scale_line
        if line is None:
            return
        try:
            scale = manual_scale(
                start=line[0],
                end=line[1],
                length_mm=length_mm,
                author=self._document.rater,
                pixel_aspect=self._document.calibration.scale_for(line).aspect,
            )
        except ValueError as error:
            self._document.failed.emit(
                CalibrationError(
                    f"No scale set: {error}.", "Draw the line along a ruler and give its length."
                )
            )
            return
        self._document.set_scale(scale)
        self._document.set_tool(Tool.EDIT)
