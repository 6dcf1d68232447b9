"""How frames look: brightness, contrast and their like, and the windows that DICOM files bring."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from sonichu_gui.errors import SonichuError
from sonichu_gui.gui.jobs import IsCancelled, JobRunner, Lane, Report
from sonichu_gui.imaging.look import NEUTRAL, PRESETS, Look

if TYPE_CHECKING:
    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.gui.document import Document
    from sonichu_gui.gui.view_memory import ViewMemory
    from sonichu_gui.imaging.windows import WindowPreset
    from sonichu_gui.settings.study_views import StudyView


class LookController(QObject):
    """Changes the look of the study's frames, and remembers it.

    Args:
        document: What is looked at.
        jobs: Who decodes a frame by another window.
        memory: Who remembers.
    """

    def __init__(self, document: Document, jobs: JobRunner, memory: ViewMemory) -> None:
        super().__init__(document)
        self._document = document
        self._jobs = jobs
        self._memory = memory
        memory.taken_up.connect(self._take_up)
        document.frame_changed.connect(self._follow_window)

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
        """Shows a DICOM file's frames by one of its windows; the empty name takes the first."""
        if name != self._memory.view.preset:
            self._memory.change(preset=name)
        self._follow_window()

    def _take_up(self, view: StudyView) -> None:
        self._document.appearance.set_look(view.look)
        self._follow_window()

    def _follow_window(self, _: object = None) -> None:
        """Decodes the frame shown by the chosen window; the one before stays until it is there."""
        document = self._document
        source, frame, preset = document.source, document.frame, self._window()
        if source is None or frame is None or preset is None:
            self._jobs.cancel("window")
            document.appearance.show_instead(None)
            return
        index, name = frame.ref.index, preset.name

        def work(is_cancelled: IsCancelled, report: Report) -> Frame:
            return source.frame_with(index, preset)

        def done(seen: Frame) -> None:
            document.appearance.show_instead(seen, name)

        self._jobs.submit(Lane.READING, work, key="window", done=done, failed=self._fail)

    def _window(self) -> WindowPreset | None:
        """The chosen window where the file has it and it is not what `frame` shows anyway."""
        source, name = self._document.source, self._memory.view.preset
        presets = source.presets if source is not None else ()
        return next((preset for preset in presets[1:] if preset.name == name), None)

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, SonichuError):
            raise error
        self._document.failed.emit(error)
