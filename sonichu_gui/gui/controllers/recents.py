"""Remembers which studies were opened last, and where each was left, to go on from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from sonichu_gui import paths
from sonichu_gui.gui.jobs import IsCancelled, JobRunner, Lane, Report, Urgency, Work
from sonichu_gui.gui.recent_rows import RecentRow, row_of
from sonichu_gui.settings.recent import KEPT, RecentStudy, read_recent, write_recent

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from pathlib import Path

    from sonichu_gui.gui.controllers.opening import OpeningController
    from sonichu_gui.gui.document import Document

WRITE_MS = 2000
"""Rest after a step before it is written: who goes through frames writes nothing on the way."""

_OPENING = "open a recent study"


class RecentController(QObject):
    """Keeps the list of recent studies.

    Args:
        document: Where the person is.
        jobs: Reads and writes.
        opening: Opens a study again.
    """

    changed = Signal(object)  # tuple[RecentRow, ...], newest first
    gone = Signal(object)  # RecentRow of a study that was chosen and is not there

    def __init__(self, document: Document, jobs: JobRunner, opening: OpeningController) -> None:
        super().__init__(document)
        self._document = document
        self._jobs = jobs
        self._opening = opening
        self._place = paths.user_data() / "recent.json"
        self._studies = read_recent(self._place)
        self._missing: frozenset[tuple[Path, ...]] = frozenset()
        self._removed: frozenset[tuple[Path, ...]] = frozenset()
        self._now: tuple[Path, ...] = ()
        self._visited: set[tuple[Path, ...]] = set()
        self._rest = QTimer(self, singleShot=True, interval=WRITE_MS)
        self._rest.timeout.connect(self._write)
        opening.asked.connect(self._give_way)
        opening.begun.connect(self._begin)
        document.frame_changed.connect(self._note_place)

    @property
    def rows(self) -> tuple[RecentRow, ...]:
        """The list, newest first, as it is shown."""
        return tuple(row_of(each, self._missing) for each in self._studies)

    def open(self, study: RecentStudy) -> None:
        """Goes on with a study where it was left, or tells that it is not there."""

        def done() -> None:
            if study.opened in self._missing:
                self.gone.emit(row_of(study, self._missing))
            else:
                self._go_on(study)

        self._look([study], done, _OPENING)

    def open_last(self) -> None:
        """Goes on where the last session ended; quietly nowhere when that is not there."""
        if not self._studies:
            return
        last = self._studies[0]

        def done() -> None:
            if last.opened not in self._missing:
                self._go_on(last)

        self._look([last], done, _OPENING)

    def look(self) -> None:
        """Finds out which studies are still there."""
        self._look(self._studies, lambda: None, "look for recent studies")

    def remove(self, study: RecentStudy) -> None:
        """Takes a study off the list; nothing happens to its files."""
        self._drop({study.opened})

    def remove_missing(self) -> None:
        """Takes off the studies that are not there."""
        self._drop(self._missing)

    def clear(self) -> None:
        """Empties the list, the study that is open included."""
        self._now = ()
        self._drop({study.opened for study in (*self._studies, *read_recent(self._place))})

    def close(self) -> None:
        """Writes where the person is."""
        self._rest.stop()
        others = read_recent(self._place)
        write_recent(self._place, _merged(self._ours, others, self._removed))

    # ---- inside ----------------------------------------------------------------------------

    @property
    def _ours(self) -> list[RecentStudy]:
        """Studies that were shown here: of the others another window may know more."""
        return [study for study in self._studies if study.opened in self._visited]

    def _give_way(self) -> None:
        """What was asked for last is opened, not what was looked for meanwhile."""
        self._jobs.cancel(_OPENING)

    def _begin(self, opened: tuple[Path, ...]) -> None:
        self._now = opened
        self._missing -= {opened}

    def _note_place(self, frame: object) -> None:
        """A study is remembered once a frame of it is shown: before, there is nothing to go to."""
        path = self._document.path
        if frame is None or path is None or not self._now:
            return
        self._removed -= {self._now}
        self._visited.add(self._now)
        here = RecentStudy(self._now, path, self._document.frame_index)
        if not here.is_kept:
            return
        if self._studies and self._studies[0].opened == here.opened:
            self._studies = (here, *self._studies[1:])
            self._rest.start()
        else:
            self._keep((here, *(each for each in self._studies if each.opened != here.opened)))

    def _drop(self, opened: Collection[tuple[Path, ...]]) -> None:
        self._removed |= frozenset(opened)
        self._keep(each for each in self._studies if each.opened not in opened)

    def _keep(self, studies: Iterable[RecentStudy]) -> None:
        self._studies = tuple(studies)[:KEPT]
        self.changed.emit(self.rows)
        self._rest.start()

    def _go_on(self, study: RecentStudy) -> None:
        self._opening.open_paths(study.opened, start=study.file, frame_index=study.frame)

    def _look(self, studies: Sequence[RecentStudy], then: Callable[[], None], key: str) -> None:
        asked = frozenset(study.opened for study in studies)

        def work(is_cancelled: IsCancelled, report: Report) -> frozenset[tuple[Path, ...]]:
            return frozenset(paths for paths in asked if not any(map(_is_there, paths)))

        def done(missing: frozenset[tuple[Path, ...]]) -> None:
            if missing != self._missing & asked:
                self._missing = (self._missing - asked) | missing
                self.changed.emit(self.rows)
            then()

        self._submit(work, done, key)

    def _write(self) -> None:
        studies, removed, place = self._ours, self._removed, self._place

        def work(is_cancelled: IsCancelled, report: Report) -> None:
            write_recent(place, _merged(studies, read_recent(place), removed))

        self._submit(work, lambda _: None, "write recent studies")

    def _submit(self, work: Work, done: Callable[[Any], None], key: str) -> None:
        self._jobs.submit(
            Lane.FOLDERS, work, key=key, done=done, failed=_fail, urgency=Urgency.SHOWN
        )


def _merged(
    ours: Iterable[RecentStudy],
    others: Iterable[RecentStudy],
    removed: Collection[tuple[Path, ...]],
) -> list[RecentStudy]:
    """What was shown here, then what the list holds besides, as another window has left it."""
    merged = {study.opened: study for study in ours}
    for study in others:
        if study.opened not in removed:
            merged.setdefault(study.opened, study)
    return [*merged.values()][:KEPT]


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a drive that does not answer, a folder that nobody may enter
        return False


def _fail(error: BaseException) -> None:
    raise error
