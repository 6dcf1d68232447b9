"""Small pictures of the files in sight; where a study hides what is outside, they hide it too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage

from sonichu_gui.gui.jobs import IsCancelled, JobRunner, Lane, Report

if TYPE_CHECKING:
    from pathlib import Path

    from sonichu_gui.domain.frame import Frame, Pixels
    from sonichu_gui.gui.controllers.scan_areas import ScanAreaController
    from sonichu_gui.gui.controllers.study import StudyController
    from sonichu_gui.gui.view_memory import ViewMemory
    from sonichu_gui.imaging.scan_area import ScanArea
    from sonichu_gui.settings.study_views import StudyView

THUMBNAIL = QSize(152, 104)


class ThumbnailController(QObject):
    """Draws files' first frames in the background.

    Args:
        study: Who reads.
        jobs: Who draws.
        memory: Whether what is outside is hidden, and areas that a person drew.
        areas: Who is told of the areas found on the way: the next frame then need not wait.
    """

    made = Signal(object, object)  # Path, QImage; null where there is none
    outdated = Signal()  # more or less is to be hidden: all are to be asked for anew

    def __init__(
        self,
        study: StudyController,
        jobs: JobRunner,
        memory: ViewMemory,
        areas: ScanAreaController,
    ) -> None:
        super().__init__(study)
        self._study = study
        self._jobs = jobs
        self._areas = areas
        self._memory = memory
        self._view = memory.view
        memory.changed.connect(self._follow)

    def make(self, path: Path) -> None:
        """Draws a small picture of a file's first frame."""
        view = self._memory.view_of(path)

        def work(is_cancelled: IsCancelled, report: Report) -> _Drawn:
            read = self._study.read_once(path)
            return _drawn(read.frame, view, is_alone=read.source.frame_count == 1)

        def done(drawn: _Drawn) -> None:
            if drawn.is_sought:
                self._areas.note_ahead(drawn.frame, drawn.area, is_settled=drawn.is_alone)
            if not _differ(
                view, self._memory.view_of(path)
            ):  # else it is asked for anew, and never shown
                self.made.emit(path, drawn.image)

        def failed(error: BaseException) -> None:  # quiet: the person asks for the file itself
            self.made.emit(path, QImage())

        self._jobs.submit(Lane.THUMBNAILS, work, key=f"thumbnail {path}", done=done, failed=failed)

    def leave(self, path: Path) -> None:
        """Nobody looks at a file's row any more."""
        self._jobs.cancel(f"thumbnail {path}")

    def _follow(self, view: StudyView) -> None:
        before, self._view = self._view, view
        if _differ(before, view):
            self.outdated.emit()


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A small picture, and what was learnt of its frame: whether an area was sought, and which."""

    image: QImage
    frame: Frame
    is_alone: bool
    is_sought: bool
    area: ScanArea | None


def _drawn(frame: Frame, view: StudyView, *, is_alone: bool) -> _Drawn:
    """Draws a small copy of what may be seen of a frame: nothing where no area is known."""
    if not view.hides:
        return _Drawn(_small(frame.pixels), frame, is_alone, is_sought=False, area=None)
    from sonichu_gui.imaging.drawn_area import area_of
    from sonichu_gui.imaging.scan_area import find_scan_area, hide_outside

    size = (frame.width, frame.height)
    by_hand = area_of(view.outlines_of(frame.ref.digest, size), size)
    area = by_hand or find_scan_area([frame.pixels], frame.calibration)
    seen = np.zeros_like(frame.pixels) if area is None else hide_outside(frame.pixels, area)
    return _Drawn(_small(seen), frame, is_alone, is_sought=by_hand is None, area=area)


def _small(pixels: Pixels) -> QImage:
    """A small copy of pixels; QImage may be used on any thread."""
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    kind = QImage.Format.Format_RGB888 if pixels.ndim == 3 else QImage.Format.Format_Grayscale8
    image = QImage(pixels.data, width, height, pixels.strides[0], kind)
    return image.scaled(
        THUMBNAIL,
        Qt.AspectRatioMode.KeepAspectRatioByExpanding,
        Qt.TransformationMode.SmoothTransformation,
    )


def _differ(view: StudyView, other: StudyView) -> bool:
    """Whether more or less is hidden by one than by the other."""
    if not (view.hides or other.hides):
        return False
    return (view.hides, view.areas) != (other.hides, other.areas)
