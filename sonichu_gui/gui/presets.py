"""By which of a file's own windows its frames are looked at; the model always sees the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.gui.document import Document
    from sonichu_gui.imaging.sources import FrameSource
    from sonichu_gui.imaging.windows import WindowPreset


class Presets(QObject):
    """The window preset chosen for the study, and the frame as it is drawn by it.

    Args:
        document: Whose file.

    Attributes:
        rendering: The document's frame as it is looked at, where a preset was chosen; of the same
            identity and size, for looking alone.
    """

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self._name: str | None = None
        self.rendering: Frame | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What the file shown offers; the first is what it is shown by unasked."""
        source = self._document.source
        return tuple(preset.name for preset in source.presets) if source else ()

    @property
    def name(self) -> str | None:
        """Which was chosen for the file shown; None while it is its first."""
        source = self._document.source
        preset = self.chosen_of(source) if source else None
        return preset.name if preset else None

    def chosen_of(self, source: FrameSource) -> WindowPreset | None:
        """Gives the preset chosen, where a file brings it; None where that is its first."""
        found = next((each for each in source.presets if each.name == self._name), None)
        return found if found is not None and found.place else None

    def choose(self, name: str | None) -> None:
        """Looks at files by their preset of a name; None, and files without it: by their first."""
        before, self._name = self.name, name
        if self.name != before:
            self._document.preset_changed.emit(self.name)

    def show(self, rendering: Frame | None) -> None:
        """Shows the document's frame as drawn by the preset, or as it is."""
        frame = self._document.frame
        if frame is not None and (rendering is None or rendering.ref == frame.ref):
            self.rendering = rendering
            self._document.rendering_changed.emit(rendering or frame)
