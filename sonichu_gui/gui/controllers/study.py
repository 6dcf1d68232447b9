"""Shows frames, reads ahead, and finds the next thing to do.

Decoding happens on the threads of `imaging.frame_reader`. The frame asked for last wins; its
neighbours in the direction of travel are read ahead into a cache bounded by bytes, so that the next
frame is there at once.
"""

from __future__ import annotations

from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sonichu_gui.domain.annotation import Status
from sonichu_gui.errors import SonichuError
from sonichu_gui.gui.controllers.file_walk import FileWalk
from sonichu_gui.gui.file_statuses import read_statuses
from sonichu_gui.gui.jobs import IsCancelled, JobRunner, Lane, Report
from sonichu_gui.imaging.course import Course
from sonichu_gui.imaging.frame_reader import FrameReader, ReadFrame
from sonichu_gui.tasks import load_tasks

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path

    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.gui.document import Document
    from sonichu_gui.gui.place import Place
    from sonichu_gui.imaging.windows import WindowPreset

SHOWING = "show"
"""Key of the job that brings the frame asked for last."""
AHEAD = 2
"""Files in the direction of travel whose first frame is read ahead; one behind as well."""
FAR = 200
"""Frames in the direction of travel among which the next ones without a label are looked for."""
DONE = (Status.ACCEPTED, Status.EDITED, Status.EXCLUDED)


class StudyController(QObject):
    """Everything about which frame is shown."""

    statuses_read = Signal(object)  # dict[Path, dict[task id, Status]]
    gave_up = Signal()  # the frame asked for last will not come

    def __init__(self, document: Document, jobs: JobRunner) -> None:
        super().__init__(document)
        self._document = document
        self._jobs = jobs
        self._reader = FrameReader()
        self.walk = FileWalk(document)
        self._wanted: tuple[Path, int] | None = None
        self._is_played = self._is_step = self._preset_waits = False
        self._statuses: dict[Path, dict[str, Status]] = {}
        self._statuses_since: dict[Path, dict[str, Status]] = {}
        self._has_statuses = False
        document.status_changed.connect(self._note_status)
        document.proposed.connect(self._note_proposed)
        document.place_wanted.connect(self._show_place)
        document.preset_changed.connect(self._show_preset)
        document.annotation_changed.connect(self._stay_with_hand)

    # ---- showing ---------------------------------------------------------------------------

    def show(
        self,
        path: Path,
        index: int = 0,
        *,
        following: tuple[int, ...] | None = None,
        otherwise: Callable[[SonichuError], None] | None = None,
    ) -> None:
        """Shows a frame: at once when it was read ahead, else when a reader has decoded it.

        Args:
            path: The file.
            index: The frame of it; of a file that has become shorter the last one is shown.
            following: Frames that are shown next, where that is known, as while a cine plays.
            otherwise: Called in place of telling that the file cannot be read; it shows another.
        """
        if following is None and self._wanted is not None:
            self.walk.turn(self._wanted, (path, index))
        self._wanted, self._is_step = (path, index), False
        self._is_played = following is not None
        course = Course(self.walk.direction, following, self._files_ahead())
        future = self._reader.want(path, index, course)
        read = _at_hand(future)
        if read is not None:
            self._jobs.cancel(SHOWING)
            self._take(read)
            return
        self._jobs.follow(
            future,
            key=SHOWING,
            done=self._take,
            failed=partial(self._fail, path, index, otherwise),
            text=self.tr("Reading {}").format(path.name),
        )
        self._document.awaits_frame = True

    def stop_waiting(self, key: str) -> None:
        """A person has stopped the job of a key: where it was the frame's, none is awaited now."""
        if key == SHOWING and self._document.awaits_frame:
            self._stay()

    def stop_playing(self) -> None:
        """A cine has stopped: the frame on the screen stays, the one it still awaits is dropped."""
        if self._is_played and self._document.awaits_frame:
            self._stay()

    def forget(self, path: Path) -> None:
        """Forgets what was read of a file that has changed or gone."""
        self._reader.forget(path)

    @property
    def wanted(self) -> Path | None:
        """The file asked for last."""
        return self._wanted[0] if self._wanted else None

    def step_file(self, step: int) -> None:
        """Shows the next (1) or previous (-1) file of the list, as it is searched and filtered."""
        path = next(self.walk.along(self.wanted, step), None)
        if path is not None:
            self.show(path)
        elif not self.walk.is_at_end(self.wanted, step):
            self._document.noted.emit(self.tr("No more that fits the search and the filter"))

    def step_frame(self, step: int) -> None:
        """Steps through the frames of a cine; a single frame stays."""
        source, path = self._document.source, self._document.path
        if source is None or path is None or source.frame_count < 2:
            return
        asked = self._wanted[1] if self._wanted and self._wanted[0] == path else 0
        self.show_frame(asked + step)
        self._is_step = True

    def show_frame(self, index: int) -> None:
        """Shows a frame of the open cine, the nearest one when out of range."""
        source, path = self._document.source, self._document.path
        if source is not None and path is not None:
            self.show(path, min(max(index, 0), source.frame_count - 1))

    def step_to_do(self, step: int) -> None:
        """Shows the next or previous file that has no finished label for the task."""
        paths, task = self._document.study.paths, self._document.task.id
        at = self.walk.place_of(self.wanted)
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
        step, index = self.walk.direction, self._document.frame_index
        frames = range(index + step, source.frame_count if step > 0 else -1, step)
        is_listed = self.walk.place_of(self.wanted) >= 0
        files = self.walk.along(self.wanted, step, within=FAR) if is_listed else ()
        found = chain(((path, i) for i in frames), ((file, 0) for file in files))
        return list(islice(found, FAR))

    def read_frame(self, path: Path, index: int) -> Frame:
        """Decodes a frame, or has it from the cache; slow, for worker threads.

        Raises:
            FrameError: It cannot be opened or decoded.
        """
        return self._reader.read(path, index).frame

    def read_once(self, path: Path) -> ReadFrame:
        """Decodes a file's first frame, not to be kept; slow, for worker threads.

        Raises:
            FrameError: It cannot be opened or decoded.
        """
        return self._reader.read(path, 0, keep=False)

    # ---- statuses --------------------------------------------------------------------------

    def read_statuses(self) -> None:
        """Tells the status of every file of the study that a store knows, once they are read."""
        paths = self._document.study.paths
        if not self._document.keeper.waiting:  # the stores do not have those yet
            self._statuses_since = {}

        def work(is_cancelled: IsCancelled, report: Report) -> dict[Path, dict[str, Status]]:
            return read_statuses(paths, is_cancelled)

        def done(found: dict[Path, dict[str, Status]]) -> None:
            for path, known in self._statuses_since.items():  # newer than what was read
                found.setdefault(path, {}).update(known)
            self._statuses, self._has_statuses = found, True
            self.statuses_read.emit(found)

        self._jobs.submit(Lane.READING, work, key="statuses", done=done, failed=self._tell)

    def close(self) -> None:
        """Closes the open files."""
        self._reader.close()

    # ---- inside ----------------------------------------------------------------------------

    def _take(self, read: ReadFrame) -> None:
        """A frame has come home: by a chosen window it is drawn anew, else it is shown."""
        preset = self._document.presets.chosen_of(read.source)
        if preset is None:
            self._put(read)
        else:
            self._document.awaits_frame = True
            self._draw(read, preset, partial(self._put, read))

    def _put(self, read: ReadFrame, rendering: Frame | None = None) -> None:
        document = self._document
        self._preset_waits = False
        document.set_frame(read.path, read.source, read.frame, rendering)
        is_labelled = document.annotation.status is not Status.TODO
        if self._has_statuses and is_labelled and read.path not in self._statuses:
            self.read_statuses()  # it was renamed: now that it is read its label is known by name

    def _draw(self, read: ReadFrame, preset: WindowPreset, done: Callable[[Frame], None]) -> None:
        """Draws a frame by another of its file's windows; not kept, it is for looking alone."""

        def work(is_cancelled: IsCancelled, report: Report) -> Frame:
            return read.source.frame_with(read.frame.ref.index, preset)

        self._jobs.submit(
            Lane.READING,
            work,
            key=SHOWING,
            done=done,
            failed=partial(self._give_up, read.path),
            text=self.tr("Reading {}").format(read.path.name),
        )

    def _show_preset(self, _: object) -> None:
        """Another window was chosen for the file shown: only the look of its frame changes."""
        path, source, frame = self._document.path, self._document.source, self._document.frame
        if path is None or source is None or frame is None or self._document.awaits_frame:
            self._preset_waits = True  # the frame to come takes it into account, if it comes
            return
        preset = self._document.presets.chosen_of(source)
        if preset is None:
            self._jobs.cancel(SHOWING)
            self._document.presets.show(None)
        else:
            self._draw(ReadFrame(path, source, frame), preset, self._document.presets.show)

    def _fail(
        self,
        path: Path,
        index: int,
        otherwise: Callable[[SonichuError], None] | None,
        error: BaseException,
    ) -> None:
        """A frame asked for did not come."""
        last = self._reader.frame_count(path) - 1
        if 0 <= last < index:  # it was left, or shown, when its file held more
            self._document.noted.emit(
                self.tr("{} has no frame {} any more; its last one is shown").format(
                    path.name, index + 1
                )
            )
            self.show(path, last, otherwise=otherwise)
        elif otherwise is not None and isinstance(error, SonichuError):
            otherwise(error)
        else:
            self._give_up(path, error)

    def _give_up(self, path: Path, error: BaseException) -> None:
        """A frame cannot be read: the last good one of its cine stays, else none is shown."""
        document = self._document
        if document.path != path or document.frame is None:
            document.clear_frame()
            document.path = path
        place, is_step = self._wanted, self._is_step
        self._stay()
        if is_step:
            self._wanted = place  # or no step would ever get past it
        self._tell(error)

    def _stay(self) -> None:
        """What was asked for does not come: where we are is where steps go from."""
        document = self._document
        self._jobs.cancel(SHOWING)
        document.awaits_frame = False
        if document.path is not None and document.frame is not None:
            self._wanted = (document.path, document.frame_index)
        if self._preset_waits:
            self._preset_waits = False
            self._show_preset(None)
        self.gave_up.emit()

    def _stay_with_hand(self, _: object) -> None:
        """A frame that comes late must not take a point out of the hand."""
        if self._document.is_previewing and self._document.awaits_frame:
            self._stay()

    def _files_ahead(self) -> tuple[Path, ...]:
        """Files next to the wanted one, in the direction of travel, one behind."""
        walk, wanted = self.walk, self.wanted
        if walk.place_of(wanted) < 0:
            return ()
        ahead = walk.along(wanted, walk.direction, within=FAR)
        behind = walk.along(wanted, -walk.direction, within=FAR)
        return (*islice(ahead, AHEAD), *islice(behind, 1))

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


def _at_hand(future: Future[ReadFrame]) -> ReadFrame | None:
    """Gives a frame that was there at once, None while it is to come or will not."""
    is_answered = future.done() and not future.cancelled() and future.exception() is None
    return future.result() if is_answered else None
