"""Opens what a person chose, dropped or named: files, folders, or several of them.

The first frame is shown as soon as its file is known, while the list grows in the background.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sonichu_gui.errors import FrameError, SonichuError
from sonichu_gui.gui.jobs import IsCancelled, JobRunner, Lane, Report, Urgency
from sonichu_gui.gui.list_heads import heads_of
from sonichu_gui.gui.place import Study
from sonichu_gui.imaging.folder_scan import ScanChunk
from sonichu_gui.imaging.study_listing import Beginning, ScanEnded, Step, list_study

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from sonichu_gui.gui.controllers.study import StudyController
    from sonichu_gui.gui.controllers.watching import WatchController
    from sonichu_gui.gui.document import Document
    from sonichu_gui.imaging.series import SeriesTree

_NAMED = 3
"""Names of unreadable folders or missing files that a warning tells."""


@dataclass(eq=False)
class _Opening:
    """What is being opened, as far as it is known.

    Of `untried` files one is `sought` after another, until one can be shown; `passed` cannot.
    """

    chosen: tuple[Path, ...]
    start: Path | None
    frame_index: int
    key: str
    watched: Beginning | None = None
    paths: tuple[Path, ...] = ()
    tree: SeriesTree | None = None
    unreadable: list[Path] = field(default_factory=list)
    untried: deque[Path] = field(default_factory=deque)
    sought: Path | None = None
    passed: list[Path] = field(default_factory=list)


class OpeningController(QObject):
    """Everything about which files are worked through.

    Args:
        document: Whose study it is.
        jobs: Looks into folders.
        study: Shows the first frame.
        watch: Looks after the files once they are listed.
    """

    asked = Signal()  # something is to be opened
    begun = Signal(object)  # tuple[Path, ...] that a person asked for: they are the study now
    warned = Signal(str, str)  # what could not be opened, and what to do

    def __init__(
        self,
        document: Document,
        jobs: JobRunner,
        study: StudyController,
        watch: WatchController,
    ) -> None:
        super().__init__(document)
        self._document = document
        self._jobs = jobs
        self._study = study
        self._watch = watch
        self._numbers = count()
        self._next: _Opening | None = None  # asked for; until it begins, what is open goes on
        self._now: _Opening | None = None

    def open_paths(
        self, paths: Sequence[Path], *, start: Path | None = None, frame_index: int = 0
    ) -> None:
        """Opens a folder, one file with its folder, a DICOMDIR, or files and folders.

        Args:
            paths: What a person chose.
            start: The file to begin with, as where the study was left; else the first.
            frame_index: The frame of it.
        """
        chosen = tuple(dict.fromkeys(path.absolute() for path in paths))
        if not chosen:
            return
        if self._next is not None:
            self._jobs.cancel(self._next.key)
        now = self._next = _Opening(chosen, start, frame_index, f"scan {next(self._numbers)}")
        self.asked.emit()

        def work(is_cancelled: IsCancelled, report: Report) -> Generator[Step | None, None, None]:
            def headers_read(share: float) -> None:
                report(share, self.tr("Reading headers"))

            yield from list_study(chosen, start=start, report=headers_read)

        self._jobs.submit_steps(
            Lane.FOLDERS,
            work,
            key=now.key,
            stepped=partial(self._take, now),
            done=partial(self._end, now),
            failed=partial(self._fail, now),
            urgency=Urgency.ASKED,
            text=self.tr("Listing {}").format(chosen[0].name or chosen[0]),
        )

    def stop(self, key: str) -> None:
        """A person has stopped the job of a key: where it was the listing, what is there stays."""
        now, study = self._now, self._document.study
        if self._next is not None and key == self._next.key:
            self._next = None
        if now is None or key != now.key:
            return
        self._now = None
        self._document.grow_study(study.paths, scanning=False, heads=study.heads)
        self._study.read_statuses()
        self._give_up(now)
        self._document.noted.emit(self.tr("Stopped with {} files").format(len(study.paths)))

    # ---- as the list grows -------------------------------------------------------------------

    def _take(self, now: _Opening, step: Step) -> None:
        if isinstance(step, Beginning):
            if now is self._next:
                self._begin(now, step)
        elif now is not self._now:
            return  # something else was opened meanwhile
        elif isinstance(step, ScanChunk):
            self._grow(now, step)
        elif isinstance(step, ScanEnded):
            self._document.grow_study(now.paths, scanning=False)
            self._study.read_statuses()
            self._tell_unreadable(now)
            self._give_up(now)
        else:
            now.tree, now.paths = step, step.paths()
            self._document.grow_study(now.paths, scanning=False, heads=heads_of(step))
            self._tell_problems(step)

    def _begin(self, now: _Opening, step: Beginning) -> None:
        if self._now is not None:
            self._jobs.cancel(self._now.key)
        self._now, self._next = now, None
        now.watched = step
        self._watch.end()
        shown = () if step.first is None else (step.first,)
        self._document.set_study(
            Study(self._title(now.chosen, step), shown, scanning=True, folder=step.folder)
        )
        self.begun.emit(now.chosen)
        if step.first is not None:
            index = now.frame_index if now.start in (None, step.first) else 0
            self._study.show(step.first, index)

    def _grow(self, now: _Opening, chunk: ScanChunk) -> None:
        now.unreadable += chunk.unreadable
        if not chunk.paths:
            return
        now.paths += chunk.paths
        self._document.grow_study(now.paths, scanning=True)
        if now.watched is not None and now.watched.first is None:
            now.untried += chunk.paths
            self._seek(now)

    def _seek(self, now: _Opening) -> None:
        """Shows the next file, unless one is shown already."""
        if now.untried and now.sought is None and not self._has_left(now):
            path = now.sought = now.untried.popleft()
            self._study.show(path, otherwise=partial(self._pass_over, now, path))

    def _pass_over(self, now: _Opening, path: Path, _error: SonichuError) -> None:
        """Nobody named a file that cannot be shown: the next one may do."""
        if now is not self._now:
            self._study.show(path)  # stopped meanwhile: it is told what is wrong with it
            return
        now.passed.append(path)
        now.sought = None
        self._document.noted.emit(self.tr("Cannot be shown: {}").format(self._some(now.passed)))
        self._seek(now)
        self._give_up(now)

    def _give_up(self, now: _Opening) -> None:
        """Where no file can be shown, the first one tells why."""
        is_at_end = now.sought is None and not self._document.study.scanning
        if is_at_end and now.passed and not self._has_left(now):
            self._study.show(now.passed[0])

    def _has_left(self, now: _Opening) -> bool:
        """Whether a person has chosen a file while none could be shown."""
        return bool(now.passed) and self._study.wanted != now.passed[-1]

    def _end(self, now: _Opening, _result: None) -> None:
        if now is not self._now or now.watched is None:
            return
        if not now.paths:
            self._document.awaits_frame = False
            self._document.clear_frame()
            self._document.failed.emit(
                FrameError(
                    f"{self._document.study.title} holds no frames this app can open.",
                    "Choose a folder with pictures, videos or DICOM files.",
                )
            )
        self._watch.begin(now.watched.watched, now.paths, now.tree)

    def _fail(self, now: _Opening, error: BaseException) -> None:
        if not isinstance(error, SonichuError):
            raise error
        if now is self._next:
            self._next = None
        elif now is self._now:
            self._document.grow_study(now.paths, scanning=False)
            if not now.paths and now.watched is not None and now.watched.first is None:
                self._document.clear_frame()
        else:
            return
        self._document.failed.emit(error)

    # ---- words -------------------------------------------------------------------------------

    def _title(self, chosen: tuple[Path, ...], step: Beginning) -> str:
        if len(chosen) == 1:
            folder = step.folder or chosen[0]
            return folder.name or str(folder)
        if step.watched:
            return self.tr("{} items").format(len(chosen))
        return self.tr("{} files").format(len(chosen))

    def _tell_unreadable(self, now: _Opening) -> None:
        if now.unreadable:
            self.warned.emit(
                self.tr("Not there or not readable: {}").format(self._some(now.unreadable)),
                self.tr("The rest is listed. Check that you may read them."),
            )

    def _tell_problems(self, tree: SeriesTree) -> None:
        if tree.missing:
            self.warned.emit(
                self.tr("Named by the disc and not there: {}").format(self._some(tree.missing)),
                self.tr("Copy the whole disc, or open its folder to see what it holds."),
            )
        elif tree.problems:
            self.warned.emit(tree.problems[0].message, tree.problems[0].hint)

    def _some(self, paths: Sequence[Path]) -> str:
        named = ", ".join(path.name or str(path) for path in paths[:_NAMED])
        more = len(paths) - _NAMED
        return self.tr("{} and {} more").format(named, more) if more > 0 else named
