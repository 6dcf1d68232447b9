"""How the frame appears: its look, the window it is seen by, and what of it is hidden.

For the eye alone. `Document.frame` stays as it was decoded: that is what a prediction, a measure
and a thumbnail see. Canvas, loupe, screenshot and clipboard show what `pixels` gives.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from sonichu_gui.imaging.look import NEUTRAL, PRESETS, Look

if TYPE_CHECKING:
    from sonichu_gui.domain.frame import Frame, Pixels
    from sonichu_gui.gui.document import Document
    from sonichu_gui.imaging.scan_area import ScanArea


class Cover(Enum):
    """What is hidden."""

    NOTHING = auto()
    OUTSIDE = auto()
    ALL = auto()
    """The person hides what is outside, but nobody knows yet where that is."""


class Appearance(QObject):
    """What is done to the pixels on their way to the eye.

    Args:
        document: Whose frame.
    """

    changed = Signal()

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self.look = NEUTRAL
        self.cover = Cover.NOTHING
        self._area: ScanArea | None = None
        document.rendering_changed.connect(self._tell)
        document.preset_changed.connect(self._tell)

    def set_look(self, look: Look) -> None:
        """Shows frames in another look."""
        if look != self.look:
            self.look = look
            self.changed.emit()

    def hide_outside(self, area: ScanArea) -> None:
        """Hides all but an area."""
        self._take(Cover.OUTSIDE, area)

    def hide_all(self) -> None:
        """Hides the whole frame."""
        self._take(Cover.ALL, None)

    def uncover(self) -> None:
        """Hides nothing."""
        self._take(Cover.NOTHING, None)

    def pixels(self, frame: Frame) -> Pixels:
        """Gives the pixels to be shown; the frame's own where nothing is done to them.

        What is hidden is black in every look. A frame of another size than the area's is hidden
        as a whole.
        """
        if self.cover is Cover.ALL:
            return np.zeros_like(frame.pixels)
        if self.cover is Cover.OUTSIDE and not self._fits(frame):
            return np.zeros_like(frame.pixels)
        seen = self._document.presets.rendering or frame
        shown = self.look.apply(seen.pixels)
        if self._area is None:
            return shown
        from sonichu_gui.imaging.scan_area import hide_outside

        return hide_outside(shown, self._area)

    @property
    def preset_name(self) -> str:
        """The window that the file is looked at by; empty for its first."""
        return self._document.preset or ""

    @property
    def look_words(self) -> str:
        """What is not the file's own look, for a sign; empty when nothing is."""
        if self.look.is_neutral:
            return self.preset_name
        name = next((name for name, look in PRESETS.items() if look == self.look), "")
        word = self.tr(name) if name else self.tr("own")
        return f"{self.preset_name}, {word}" if self.preset_name else word

    @property
    def words(self) -> str:
        """All that makes a picture differ from the frame, for the word after a screenshot."""
        hidden = self.tr("outside hidden") if self.cover is Cover.OUTSIDE else ""
        look = self.tr("look {}").format(self.look_words) if self.look_words else ""
        return ", ".join(part for part in (look, hidden) if part)

    def _fits(self, frame: Frame) -> bool:
        return self._area is not None and self._area.size == (frame.width, frame.height)

    def _tell(self, _: object) -> None:
        self.changed.emit()

    def _take(self, cover: Cover, area: ScanArea | None) -> None:
        if (cover, area) != (self.cover, self._area):
            self.cover, self._area = cover, area
            self.changed.emit()
