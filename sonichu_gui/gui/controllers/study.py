"""Shows frames, reads ahead, and finds the next thing to do.

Decoding happens on reader threads. The frame asked for last wins; its neighbours in the direction
of travel are read ahead into a cache bounded by bytes, so that the next frame is there at once.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage

from sonichu_gui.domain.annotation import Status
from sonichu_gui.errors import SonichuError
from sonichu_gui.gui.controllers.reading import FrameReader
from sonichu_gui.gui.file_statuses import read_statuses
from sonichu_gui.gui.jobs import IsCancelled, JobRunner, Lane, Report
from sonichu_gui.tasks import load_tasks

if TYPE_CHECKING:
    from pathlib import Path

    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.gui.controllers.reading import Shown
    from sonichu_gui.gui.document import Document
    from sonichu_gui.gui.place import Place
    from sonichu_gui.imaging.sources import FrameSource

READ_AHEAD = "read ahead"
AHEAD = 2
CINE_AHEAD = 12
FAR = 200
"""Frames in the direction of travel among which the next ones without a label are looked for."""
THUMBNAIL = QSize(152, 104)
DONE = (Status.ACCEPTED, Status.EDITED, Status.EXCLUDED)


class StudyController(QObject):
    """Everything about which frame is shown."""

    thumbnail_made = Signal(object, object)  # Path, QImage
    statuses_read = Signal(object)  # dict[Path, dict[task id, Status]]

    def __init__(self, document: Document, jobs: JobRunner) -> None:
        super().__init__(document)
        self._document = document
        self._jobs = jobs
        self._reader = FrameReader()
        self._direction = 1
        self._wanted: tuple[Path, int] | None = None
        self._statuses: dict[Path, dict[str, Status]] = {}
        self._statuses_since: dict[Path, dict[str, Status]] = {}
        document.status_changed.connect(self._note_status)
        document.proposed.connect(self._note_proposed)
        document.place_wanted.connect(self._show_place)

    # ---- showing ---------------------------------------------------------------------------

    def show(self, path: Path, index: int = 0) -> None:
        """Shows a frame: at once when it was read ahead, else when a reader has decoded it."""
        self._note_direction(path, index)
        self._wanted = (path, index)
        ready = self._reader.ready(path, index)
        if ready is not None:
            self._jobs.cancel("show")
            self._shown(ready)
            return
        self._document.awaits_frame = True

        def work(is_cancelled: IsCancelled, report: Report) -> Shown:
            return self._reader.read(path, index)

        def failed(error: BaseException) -> None:
            document = self._document
            document.awaits_frame = False
            if document.path == path and document.frame is not None:
                self._wanted = (path, document.frame_index)  # the cine's last good frame stays
            else:
                document.clear_frame()
                document.path = path
            self._tell(error)

        self._jobs.submit(
            Lane.READING,
            work,
            key="show",
            done=self._shown,
            failed=failed,
            text=self.tr("Reading {}").format(path.name),
        )

    def forget(self, path: Path) -> None:
        """Forgets what was read of a file that has changed or gone."""
        self._reader.forget(path)

    def step_file(self, step: int) -> None:
        """Shows the next (1) or previous (-1) file of the list."""
        paths, at = self._document.study.paths, self._position()
        target = at + step
        if paths and 0 <= target < len(paths):
            self.show(paths[target])

    def step_frame(self, step: int) -> None:
        """Steps through the frames of a cine; a single frame stays."""
        source, path = self._document.source, self._document.path
        if source is None or path is None or source.frame_count < 2:
            return
        asked = self._wanted[1] if self._wanted and self._wanted[0] == path else 0
        self.show_frame(asked + step)

    def show_frame(self, index: int) -> None:
        """Shows a frame of the open cine, the nearest one when out of range."""
        source, path = self._document.source, self._document.path
        if source is not None and path is not None:
            self.show(path, min(max(index, 0), source.frame_count - 1))

    def step_to_do(self, step: int) -> None:
        """Shows the next or previous file that has no finished label for the task."""
        paths, at, task = self._document.study.paths, self._position(), self._document.task.id
        order = range(at + step, len(paths) if step > 0 else -1, step)
        for position in order:
            if self._statuses.get(paths[position], {}).get(task, Status.TODO) not in DONE:
                self.show(paths[position])
                return
        self._document.noted.emit(self.tr("Nothing more to do in this direction"))

    def is_ready(self, path: Path, index: int) -> bool:
        """Whether a frame can be shown without waiting."""
        return self._reader.ready(path, index) is not None

    def frames_ahead(self) -> list[tuple[Path, int]]:
        """Gives the frames that a person comes to next: of the cine, then of the files."""
        source, path = self._document.source, self._document.path
        if source is None or path is None:
            return []
        step, index = self._direction, self._document.frame_index
        frames = range(index + step, source.frame_count if step > 0 else -1, step)
        paths, at = self._document.study.paths, self._position()
        files = range(at + step, len(paths) if step > 0 else -1, step) if at >= 0 else ()
        found = chain(((path, i) for i in frames), ((paths[i], 0) for i in files))
        return list(islice(found, FAR))

    def read_frame(self, path: Path, index: int) -> Frame:
        """Decodes a frame, or has it from the cache; slow, for worker threads.

        Raises:
            FrameError: It cannot be opened or decoded.
        """
        return self._reader.read(path, index)[2]

    # ---- thumbnails and statuses -----------------------------------------------------------

    def make_thumbnail(self, path: Path) -> None:
        """Draws a small picture of a file's first frame in the background."""

        def work(is_cancelled: IsCancelled, report: Report) -> QImage:
            return _thumbnail(self._reader.read(path, 0)[2])

        def done(image: QImage) -> None:
            self.thumbnail_made.emit(path, image)

        def failed(error: BaseException) -> None:
            self.thumbnail_made.emit(path, QImage())

        self._jobs.submit(Lane.THUMBNAILS, work, key=f"thumbnail {path}", done=done, failed=failed)

    def leave_thumbnail(self, path: Path) -> None:
        """Nobody looks at a file's row any more."""
        self._jobs.cancel(f"thumbnail {path}")

    def read_statuses(self) -> None:
        """Tells the status of every file of the study that a store knows, once they are read."""
        paths = self._document.study.paths
        self._statuses_since = {}

        def work(is_cancelled: IsCancelled, report: Report) -> dict[Path, dict[str, Status]]:
            return read_statuses(paths, is_cancelled)

        def done(found: dict[Path, dict[str, Status]]) -> None:
            for path, known in self._statuses_since.items():  # newer than what was read
                found.setdefault(path, {}).update(known)
            self._statuses = found
            self.statuses_read.emit(found)

        self._jobs.submit(Lane.READING, work, key="statuses", done=done, failed=self._tell)

    def close(self) -> None:
        """Closes the open files."""
        self._reader.close()

    # ---- inside ----------------------------------------------------------------------------

    def _shown(self, shown: Shown) -> None:
        path, source, frame = shown
        self._document.set_frame(path, source, frame)
        self._read_ahead(path, source, frame.ref.index)

    def _read_ahead(self, path: Path, source: FrameSource, index: int) -> None:
        """Decodes the frames a person will ask for next."""
        wanted = [
            want
            for want in self._neighbours(path, source, index)
            if self._reader.ready(*want) is None
        ]
        if not wanted:
            return

        def work(is_cancelled: IsCancelled, report: Report) -> None:
            for where, number in wanted:
                if is_cancelled():
                    return
                try:
                    self._reader.read(where, number)
                except SonichuError:
                    continue  # told when a person asks for it

        self._jobs.submit(Lane.READING, work, key=READ_AHEAD, done=_ignore, failed=_ignore)

    def _neighbours(self, path: Path, source: FrameSource, index: int) -> list[tuple[Path, int]]:
        """Frames and files next to the shown one, in the direction of travel, one behind."""
        ahead = (index + step * self._direction for step in range(1, CINE_AHEAD + 1))
        found = [(path, number) for number in ahead if 0 <= number < source.frame_count]
        paths, at = self._document.study.paths, self._position()
        places = (at + step * self._direction for step in (*range(1, AHEAD + 1), -1))
        return found + [(paths[place], 0) for place in places if 0 <= place < len(paths)]

    def _note_direction(self, path: Path, index: int) -> None:
        if self._wanted is None:
            return
        before_path, before_index = self._wanted
        if path == before_path and index != before_index:
            self._direction = 1 if index > before_index else -1
        elif path != before_path:
            paths = self._document.study.paths
            if path in paths and before_path in paths:
                self._direction = 1 if paths.index(path) > paths.index(before_path) else -1

    def _position(self) -> int:
        """Place of the file asked for last in the list, -1 when it is not there."""
        path = self._wanted[0] if self._wanted else None
        try:
            return self._document.study.paths.index(path) if path else -1
        except ValueError:
            return -1

    def _note_status(self, place: Place, status: Status) -> None:
        for statuses in (self._statuses, self._statuses_since):
            statuses.setdefault(place.path, {})[place.task_id] = status

    def _note_proposed(self, place: Place) -> None:
        """A model's points count for a file where no frame of it has more."""
        known = self._statuses.get(place.path, {}).get(place.task_id, Status.TODO)
        if known is Status.TODO:
            self._document.status_changed.emit(place, Status.PROPOSED)

    def _show_place(self, place: Place) -> None:
        """An undo happened elsewhere: go there, so that it is seen."""
        task = load_tasks().get(place.task_id)
        if task is not None:
            self._document.set_task(task)
        self.show(place.path, place.frame.index)

    def _tell(self, error: BaseException) -> None:
        if isinstance(error, SonichuError):
            self._document.failed.emit(error)
        else:
            raise error


def _thumbnail(frame: Frame) -> QImage:
    """A small copy of a frame; QImage may be used on any thread."""
    pixels = np.ascontiguousarray(frame.pixels)
    kind = QImage.Format.Format_RGB888 if frame.is_color else QImage.Format.Format_Grayscale8
    image = QImage(pixels.data, frame.width, frame.height, pixels.strides[0], kind)
    return image.scaled(
        THUMBNAIL,
        Qt.AspectRatioMode.KeepAspectRatioByExpanding,
        Qt.TransformationMode.SmoothTransformation,
    )


def _ignore(_: object) -> None:
    """Reading ahead and small pictures fail quietly: the person asks for the file itself."""
