"""What is remembered of the open study's looks: read when it is opened, kept as it changes."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from sonichu_gui.errors import SonichuError
from sonichu_gui.gui.jobs import IsCancelled, JobRunner, Lane, Report
from sonichu_gui.settings.study_views import StudyView, read_view, write_view

if TYPE_CHECKING:
    from pathlib import Path

    from sonichu_gui.gui.document import Document

_KEEP_AFTER_MS = 600
"""A slider that moves is written once, when it rests."""


class ViewMemory(QObject):
    """The view of the study in work.

    Args:
        document: Whose study.
        jobs: Who writes.
    """

    taken_up = Signal(object)  # StudyView of another study
    changed = Signal(object)  # StudyView, another one or with something changed in it

    def __init__(self, document: Document, jobs: JobRunner) -> None:
        super().__init__(document)
        self.view = StudyView()
        self._document = document
        self._jobs = jobs
        self._folder: Path | None = None
        self._unwritten: dict[Path, StudyView] = {}
        self._lock = threading.Lock()
        self._has_told = False
        self._timer = QTimer(self, singleShot=True, interval=_KEEP_AFTER_MS)
        self._timer.timeout.connect(self._write_soon)
        document.study_changed.connect(self._follow)
        document.frame_changed.connect(self._follow)

    def change(self, **changes: Any) -> None:  # noqa: ANN401 - fields of StudyView
        """Remembers fields of `StudyView` anew."""
        self.view = replace(self.view, **changes)
        if self._folder is not None:
            with self._lock:
                self._unwritten[self._folder] = self.view
            self._timer.start()
        self.changed.emit(self.view)

    def view_of(self, path: Path) -> StudyView:
        """Gives the view of a listed file's study: files of several folders have one each."""
        return self._view_in(self._document.study.folder or path.parent)

    def flush(self) -> None:
        """Writes what waits, at once: the window closes.

        Raises:
            SettingsError: It cannot be written.
        """
        self._timer.stop()
        self._write()

    def _follow(self, _: object = None) -> None:
        """Takes up the view of another study; files of several folders have one each."""
        document = self._document
        folder = document.study.folder or (document.path.parent if document.path else None)
        if folder is None or folder == self._folder:
            return
        # A small file of the app's own, and here before the first frame is: what is to be hidden
        # must not be seen meanwhile.
        self._folder, self.view = folder, self._view_in(folder)
        self.taken_up.emit(self.view)
        self.changed.emit(self.view)

    def _view_in(self, folder: Path) -> StudyView:
        if folder == self._folder:
            return self.view
        with self._lock:
            waiting = self._unwritten.get(folder)
        return waiting if waiting is not None else read_view(folder)

    def _write_soon(self) -> None:
        def work(is_cancelled: IsCancelled, report: Report) -> None:
            self._write()

        self._jobs.submit(
            Lane.READING, work, key="study view", done=_ignore, failed=self._tell_once
        )

    def _write(self) -> None:
        """Writes the newest view of each study that has changed; any thread."""
        with self._lock:
            while self._unwritten:
                folder, view = next(iter(self._unwritten.items()))
                del self._unwritten[folder]
                write_view(folder, view)

    def _tell_once(self, error: BaseException) -> None:
        if not isinstance(error, SonichuError):
            raise error
        if not self._has_told:
            self._has_told = True
            self._document.failed.emit(error)


def _ignore(_: object) -> None:
    """Nobody waits for it."""
