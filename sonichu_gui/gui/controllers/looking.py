"""How frames look: brightness, contrast and their like, and the windows that DICOM files bring."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from sonichu_gui.imaging.look import NEUTRAL, PRESETS, Look

if TYPE_CHECKING:
    from sonichu_gui.gui.document import Document
    from sonichu_gui.gui.view_memory import ViewMemory
    from sonichu_gui.settings.study_views import StudyView


class LookController(QObject):
    """Changes the look of the study's frames, and remembers it.

    Args:
        document: What is looked at.
        memory: Who remembers.
    """

    def __init__(self, document: Document, memory: ViewMemory) -> None:
        super().__init__(document)
        self._document = document
        self._memory = memory
        memory.taken_up.connect(self._take_up)

    def set_look(self, look: Look) -> None:
        """Shows and remembers a look."""
        if look != self._document.appearance.look:
            self._document.appearance.set_look(look)
            self._memory.change(look=look)

    def choose_preset(self, name: str) -> None:
        """Takes one of `imaging.look.PRESETS`."""
        self.set_look(PRESETS[name])

    def invert(self, on: bool) -> None:
        """Makes bright dark, and the rest as it is."""
        self.set_look(replace(self._document.appearance.look, invert=on))

    def reset(self) -> None:
        """Shows frames as they are, by the first window of their file."""
        self.set_look(NEUTRAL)
        self.choose_window("")

    def choose_window(self, name: str) -> None:
        """Looks at the study's DICOM files by their window of a name; empty takes their first."""
        self._memory.change(preset=name)
        self._document.presets.choose(name or None)

    def _take_up(self, view: StudyView) -> None:
        self._document.appearance.set_look(view.look)
        self._document.presets.choose(view.preset or None)
