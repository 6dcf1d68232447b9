"""Where the echo is in the frame shown: found in the background, or as a person drew it."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sonichu_gui.errors import SonichuError
from sonichu_gui.gui.jobs import IsCancelled, Job, JobRunner, Lane, Report, Urgency
from sonichu_gui.settings.study_views import size_name

if TYPE_CHECKING:
    from collections.abc import Generator

    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.gui.document import Document
    from sonichu_gui.gui.view_memory import ViewMemory
    from sonichu_gui.imaging.drawn_area import Outlines
    from sonichu_gui.imaging.scan_area import ScanArea
    from sonichu_gui.imaging.sources import FrameSource

_KEPT = 2000
_SEEK = "scan area"

_Key = tuple[str, tuple[int, int]]
"""Digest of a file, and the size of its frames: the pages of a TIFF may differ."""

_Areas = OrderedDict[_Key, "ScanArea | None"]


class ScanAreaController(QObject):
    """Knows the scan areas of files.

    Args:
        document: Whose frame.
        jobs: Who looks for them.
        memory: Who remembers those that a person drew.
    """

    settled = Signal()  # the area of the frame shown is known now, or known to be nowhere

    def __init__(self, document: Document, jobs: JobRunner, memory: ViewMemory) -> None:
        super().__init__(document)
        self._document = document
        self._jobs = jobs
        self._memory = memory
        self._found: _Areas = OrderedDict()
        self._ahead: _Areas = OrderedDict()
        self._drawn: dict[_Key, tuple[Outlines, ScanArea | None]] = {}
        self._sought: tuple[_Key, Job] | None = None

    @property
    def area(self) -> ScanArea | None:
        """The area of the frame shown, where it is known."""
        frame = self._document.frame
        if frame is None:
            return None
        drawn = self._drawn_for(frame)
        return drawn if drawn is not None else self.found

    @property
    def found(self) -> ScanArea | None:
        """What was found in the picture, whatever a person drew."""
        frame = self._document.frame
        if frame is None:
            return None
        key = _key_of(frame)
        return self._found[key] if key in self._found else self._ahead.get(key)

    @property
    def is_drawn(self) -> bool:
        """Whether a person drew the area of the frame shown."""
        frame = self._document.frame
        return frame is not None and self._drawn_for(frame) is not None

    @property
    def is_settled(self) -> bool:
        """Whether the frame shown has been looked at, or has a drawn area."""
        frame = self._document.frame
        return frame is not None and (self.is_drawn or _key_of(frame) in self._found)

    def seek(self, *, in_picture: bool = False) -> None:
        """Sees to it that the area of the frame shown becomes known; `settled` tells.

        Args:
            in_picture: Whether it is to be found there even if a person drew one.
        """
        frame, source = self._document.frame, self._document.source
        if frame is None or source is None:
            return
        key = _key_of(frame)
        if key in self._found or (self.is_drawn and not in_picture):
            self.settled.emit()
            return
        if self._sought is not None and self._sought[0] == key:
            job = self._sought[1]
            if not job.is_cancelled():
                return

        def work(
            is_cancelled: IsCancelled, report: Report
        ) -> Generator[ScanArea | None, None, ScanArea | None]:
            return _search(source, frame, is_cancelled)

        def done(area: ScanArea | None) -> None:
            self._sought = None
            self._keep(key, area)

        def failed(error: BaseException) -> None:
            self._sought = None
            if not isinstance(error, SonichuError):
                raise error
            self._keep(key, None)

        job = self._jobs.submit_steps(
            Lane.READING,
            work,
            key=_SEEK,
            stepped=lambda area: self._keep(key, area),
            done=done,
            failed=failed,
            urgency=Urgency.ASKED,
            text=self.tr("Finding the scan area"),
        )
        self._sought = key, job

    def note_ahead(self, frame: Frame, area: ScanArea | None, *, is_settled: bool) -> None:
        """Takes note of what was found in a frame that is perhaps shown next.

        Args:
            frame: The first one of its file.
            area: Its area, None where there is none to be seen.
            is_settled: Whether that is the last word: no other frame of the file tells more.
        """
        key = _key_of(frame)
        if key in self._found:
            return
        if is_settled:
            self._keep(key, area)
        elif area is not None:
            _put(self._ahead, key, area)

    def draw(self, outlines: Outlines, *, for_all: bool) -> None:
        """Takes an area that a person stands for.

        Args:
            outlines: Its corners, image pixels.
            for_all: Whether it holds for all files of the study whose frames have this size.

        Raises:
            ValueError: It holds next to no pixels.
        """
        from sonichu_gui.imaging.drawn_area import drawn_area

        frame = self._document.frame
        if frame is None:
            return
        drawn_area(outlines, (frame.width, frame.height))
        areas = dict(self._memory.view.areas)
        areas.pop(frame.ref.digest, None)
        areas[size_name((frame.width, frame.height)) if for_all else frame.ref.digest] = outlines
        self._memory.change(areas=areas)
        self.settled.emit()

    def _drawn_for(self, frame: Frame) -> ScanArea | None:
        from sonichu_gui.imaging.drawn_area import area_of

        key = _key_of(frame)
        outlines = self._memory.view.outlines_of(*key)
        if outlines is None:
            return None
        known = self._drawn.get(key)
        if known is None or known[0] != outlines:
            known = self._drawn[key] = outlines, area_of(outlines, key[1])
        return known[1]

    def _keep(self, key: _Key, area: ScanArea | None) -> None:
        _put(self._found, key, area)
        self._ahead.pop(key, None)
        frame = self._document.frame
        if frame is not None and _key_of(frame) == key:
            self.settled.emit()


def _search(
    source: FrameSource, shown: Frame, is_cancelled: IsCancelled
) -> Generator[ScanArea | None, None, ScanArea | None]:
    """Finds the area by the frame shown, at once; then by a few frames of its cine together."""
    from sonichu_gui.imaging.scan_area import find_scan_area, frames_to_look_at

    first = find_scan_area([shown.pixels], shown.calibration)
    if source.frame_count < 2:
        return first
    if first is not None:
        yield first
    frames = [shown.pixels]
    for index in frames_to_look_at(source.frame_count):
        while is_cancelled():
            yield None
        if index != shown.ref.index:
            try:
                pixels = source.frame(index).pixels
            except SonichuError:
                continue  # told when a person asks for it
            if pixels.shape == shown.pixels.shape:
                frames.append(pixels)
    return find_scan_area(frames, shown.calibration) or first


def _put(areas: _Areas, key: _Key, area: ScanArea | None) -> None:
    """Keeps an area; the one kept longest makes room."""
    areas[key] = area
    while len(areas) > _KEPT:
        areas.popitem(last=False)


def _key_of(frame: Frame) -> _Key:
    return frame.ref.digest, (frame.width, frame.height)
