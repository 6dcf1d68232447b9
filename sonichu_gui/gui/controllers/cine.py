"""Plays a cine at its own speed: a timer that asks for the next frame when it is ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

if TYPE_CHECKING:
    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.gui.controllers.study import StudyController
    from sonichu_gui.gui.document import Document

DEFAULT_FRAME_MS = 40.0


class CineController(QObject):
    """Play, pause and speed."""

    playing_changed = Signal(bool)

    def __init__(self, document: Document, study: StudyController) -> None:
        super().__init__(document)
        self._document = document
        self._study = study
        self._speed = 1.0
        self._clock = QElapsedTimer()
        self._due_ms = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        document.frame_changed.connect(self._stop_without_cine)

    @property
    def is_playing(self) -> bool:
        """Whether the cine runs."""
        return self._timer.isActive()

    def play(self, on: bool) -> None:
        """Starts or stops playing."""
        source = self._document.source
        on = on and source is not None and source.frame_count > 1
        if on == self.is_playing:
            self.playing_changed.emit(on)
            return
        if on:
            self._clock.start()
            self._due_ms = self._interval()
            self._timer.start(max(round(self._interval() / 2), 5))
        else:
            self._timer.stop()
        self.playing_changed.emit(on)

    def set_speed(self, factor: float) -> None:
        """Plays at a multiple of the file's own speed."""
        self._speed = factor
        if self.is_playing:
            self._timer.stop()
            self.play(True)

    def _interval(self) -> float:
        source = self._document.source
        frame_ms = source.frame_time_ms if source and source.frame_time_ms else DEFAULT_FRAME_MS
        return max(frame_ms / self._speed, 5.0)

    def _tick(self) -> None:
        """Shows the frame that is due; one that is not decoded yet is waited for, not skipped."""
        if self._clock.elapsed() < self._due_ms:
            return
        source, path = self._document.source, self._document.path
        if source is None or path is None:
            self.play(False)
            return
        following = (self._document.frame_index + 1) % source.frame_count
        self._study.show(path, following)
        self._due_ms = max(self._due_ms + self._interval(), float(self._clock.elapsed()))

    def _stop_without_cine(self, frame: Frame | None) -> None:
        source = self._document.source
        if self.is_playing and (frame is None or source is None or source.frame_count < 2):
            self.play(False)
