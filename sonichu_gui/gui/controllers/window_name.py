"""What the window is called: the file's name, and the patient's only where the person asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sonichu_gui.errors import FrameError
from sonichu_gui.gui.jobs import IsCancelled, JobRunner, Lane, Report

if TYPE_CHECKING:
    from pathlib import Path

    from sonichu_gui.gui.document import Document

APP = "Sonichu"


def window_title(path: Path | None, *, patient: str = "") -> str:
    """Gives the title of the window.

    Args:
        path: The file shown; its name is the person's own choice.
        patient: Name of the patient, empty where it shall not be told.
    """
    shown = (patient, path.name if path is not None else "")
    return " – ".join((*filter(None, shown), APP))


class WindowName(QObject):
    """Follows the file shown.

    Args:
        document: Whose file.
        jobs: Who reads a patient's name, when the person wants it.
        shows_patient: Whether they do.
    """

    changed = Signal(str)

    def __init__(self, document: Document, jobs: JobRunner, *, shows_patient: bool) -> None:
        super().__init__(document)
        self._document = document
        self._jobs = jobs
        self._shows_patient = shows_patient
        self._path: Path | None = None
        document.frame_changed.connect(self._follow)

    def show_patient(self, on: bool) -> None:
        """Tells the patient's name in the title, or not."""
        self._shows_patient, self._path = on, None
        self._follow()

    def _follow(self, _: object = None) -> None:
        path = self._document.path
        if path is not None and path == self._path:
            return
        self._path = path
        self._jobs.cancel("patient")
        self.changed.emit(window_title(path))
        if path is None or not self._shows_patient:
            return

        def work(is_cancelled: IsCancelled, report: Report) -> str:
            from sonichu_gui.imaging.series_header import patient_name

            return patient_name(path)

        def done(patient: str) -> None:
            self.changed.emit(window_title(path, patient=patient))

        self._jobs.submit(Lane.READING, work, key="patient", done=done, failed=_stay)


def _stay(error: BaseException) -> None:
    """A file without a name that can be read keeps the title it has."""
    if not isinstance(error, FrameError):
        raise error
