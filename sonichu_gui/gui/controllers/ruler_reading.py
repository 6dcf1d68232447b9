"""Reads the ruler of a file that is shown, in the background, once for each file.

A frame is shown first; its ruler is sought when the person has stayed with the file for a moment.
Another file takes the search back. What was found is kept by the file's digest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from sonichu_gui.domain.calibration import ScaleSource
from sonichu_gui.gui.jobs import IsCancelled, JobRunner, Lane, Report, Urgency

if TYPE_CHECKING:
    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.domain.ruler import Ruler
    from sonichu_gui.gui.document import Document

KEY = "ruler"
STILL_MS = 250
"""A file that is only passed on the way to another one is not looked at."""

_OF_THE_FILE = (ScaleSource.REGION, ScaleSource.PIXEL_SPACING, ScaleSource.NOMINAL)


class RulerController(QObject):
    """Finds rulers off the GUI thread and hands them to the document's aids.

    Args:
        document: Whose frame.
        jobs: Who looks.
    """

    def __init__(self, document: Document, jobs: JobRunner) -> None:
        super().__init__(document)
        self._document = document
        self._jobs = jobs
        self._under_way = self._waits_for = ""
        self._still = QTimer(self, singleShot=True, interval=STILL_MS)
        self._still.timeout.connect(self._read_quietly)
        document.frame_changed.connect(self._take_up)
        # An own scale needs no ruler; the file's, when that is taken back, is compared with it.
        document.calibration_changed.connect(self._take_up)

    def read(self) -> None:
        """Looks for the ruler of the shown frame, because a person asks."""
        frame = self._document.frame
        if frame is None:
            self._document.noted.emit(self.tr("Open a frame first"))
            return
        self._still.stop()
        self._look(frame, asked=True)

    def _take_up(self, _changed: object) -> None:
        """Another file: what was being sought in the one before is of no use."""
        scaling = self._document.scaling
        if self._under_way and self._under_way != scaling.digest:
            self._jobs.cancel(KEY)
            self._under_way = ""
        if not scaling.digest or scaling.is_read or self._under_way:
            self._still.stop()
        elif self._waits_for != scaling.digest or not self._still.isActive():
            # Other frames of the file do not put it off: a cine may play for long.
            self._waits_for = scaling.digest
            self._still.start()

    def _read_quietly(self) -> None:
        frame, scale = self._document.frame, self._document.calibration.scale_for()
        is_of_use = not scale.in_mm or scale.source in _OF_THE_FILE
        if frame is not None and is_of_use and not self._document.scaling.is_read:
            self._look(frame, asked=False)

    def _look(self, frame: Frame, *, asked: bool) -> None:
        digest, self._under_way = frame.ref.digest, frame.ref.digest

        def work(is_cancelled: IsCancelled, report: Report) -> tuple[Ruler, ...]:
            from sonichu_gui.imaging.ruler import find_rulers

            return find_rulers(frame.pixels, is_cancelled)

        def done(rulers: tuple[Ruler, ...]) -> None:
            self._under_way = ""
            self._document.scaling.take_reading(digest, rulers, asked=asked)
            if asked and not rulers:
                self._document.noted.emit(
                    self.tr("No ruler found in this frame: draw a line along it")
                )

        def failed(error: BaseException) -> None:
            self._under_way = ""
            raise error

        self._jobs.submit(
            Lane.LOOKING,
            work,
            key=KEY,
            done=done,
            failed=failed,
            text=self.tr("Looking for a ruler") if asked else "",
            urgency=Urgency.ASKED if asked else Urgency.SHOWN,
        )
