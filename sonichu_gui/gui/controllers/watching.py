"""Looks after the files of a study: new ones appear in the list, changed ones are read anew.

A folder that cannot be reached is told once and stays listed: network drives come back.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from sonichu_gui.gui.jobs import IsCancelled, JobRunner, Lane, Report, Urgency
from sonichu_gui.gui.list_heads import heads_of, heads_over, heads_with, heads_without
from sonichu_gui.imaging.study_watch import StudyChanges, StudyWatch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sonichu_gui.gui.controllers.study import StudyController
    from sonichu_gui.gui.document import Document
    from sonichu_gui.imaging.series import SeriesTree
    from sonichu_gui.imaging.study_listing import WatchedFolder

KEY = "watch"
FIRST_LOOK_MS = 1000
_BUSY_MS = 300


class WatchController(QObject):
    """Keeps the list of the study true.

    Args:
        document: Whose study it is.
        jobs: Looks at the folders.
        study: Reads changed files anew, and statuses of new ones.
    """

    files_changed = Signal(object)  # tuple[Path, ...] whose content is another
    reach_changed = Signal(bool)  # whether the folder of the study can be reached

    def __init__(self, document: Document, jobs: JobRunner, study: StudyController) -> None:
        super().__init__(document)
        self._document = document
        self._jobs = jobs
        self._study = study
        self._watch: StudyWatch | None = None
        self._is_gone = False
        self._kept: Path | None = None
        self._timer = QTimer(self, singleShot=True, interval=FIRST_LOOK_MS)
        self._timer.timeout.connect(self._look)
        document.frame_changed.connect(self._let_go)

    def begin(
        self,
        folders: Sequence[WatchedFolder],
        paths: tuple[Path, ...],
        tree: SeriesTree | None,
    ) -> None:
        """Looks after a study from now on.

        Args:
            folders: Where new files may come; none are looked at otherwise.
            paths: The files of the study, in order.
            tree: Their series, where there are some.
        """
        self.end()
        if folders:
            self._watch = StudyWatch(folders, paths, tree)
            self._timer.start(FIRST_LOOK_MS)

    def end(self) -> None:
        """Looks no longer."""
        self._timer.stop()
        self._jobs.cancel(KEY)
        self._watch = self._kept = None
        self._set_gone(False)

    def _look(self) -> None:
        watch = self._watch
        if watch is None:
            return
        if self._document.is_previewing:  # a look takes turns of the processor that the hand needs
            self._timer.start(_BUSY_MS)
            return

        def work(is_cancelled: IsCancelled, report: Report) -> StudyChanges:
            return watch.look(is_cancelled)

        self._jobs.submit(
            Lane.FOLDERS,
            work,
            key=KEY,
            done=partial(self._take, watch),
            failed=self._fail,
            urgency=Urgency.AHEAD,
        )

    def _take(self, watch: StudyWatch, changes: StudyChanges) -> None:
        if watch is not self._watch:
            return
        self._timer.start(int(1000 * watch.pause_s))
        self._set_gone(changes.is_gone)
        if changes.appeared or changes.vanished:
            self._list_anew(changes)
        back = self._document.path if self._document.path in changes.appeared else None
        changed = changes.changed if back is None else (*changes.changed, back)
        if changed:
            self._read_anew(changed)

    def _fail(self, error: BaseException) -> None:
        self._watch = None
        raise error

    def _list_anew(self, changes: StudyChanges) -> None:
        document = self._document
        paths, heads = changes.paths, heads_of(changes.tree)
        shown = document.path if document.frame is not None else None
        if self._kept in changes.appeared:
            self._kept = None
        if shown is not None and shown in {*changes.vanished, self._kept}:
            # It stays in its place as long as it is looked at, so that steps go on from there.
            self._kept = shown
            before = document.study
            over = heads_over(before.heads, _place_in(before.paths, shown))
            at = _place_left(before.paths, shown, paths)
            for head in heads:  # files may have come between, under other heads
                if head.key in {each.key for each in over}:
                    at = min(max(at, head.first), head.end)
            paths, heads = (*paths[:at], shown, *paths[at:]), heads_with(heads, at, over)
        document.grow_study(paths, scanning=False, heads=heads)
        for path in changes.vanished:
            self._study.forget(path)
        if changes.appeared:
            self._study.read_statuses()
        if document.path is None and not document.awaits_frame and paths:
            self._study.show(paths[0])
        self._note(changes)

    def _read_anew(self, changed: tuple[Path, ...]) -> None:
        for path in changed:
            self._study.forget(path)
        self.files_changed.emit(changed)
        shown = self._document.path
        if shown is not None and shown in changed and not self._document.awaits_frame:
            self._study.show(shown, self._document.frame_index)
            text = self.tr("{} has changed and was read anew")
            self._document.noted.emit(text.format(shown.name))

    def _let_go(self, _frame: object) -> None:
        """A file that is gone leaves the list once another is shown."""
        kept, study = self._kept, self._document.study
        if kept is None or self._document.path == kept:
            return
        self._kept = None
        if kept in study.paths:
            at = study.paths.index(kept)
            heads = heads_without(study.heads, at)
            left = (*study.paths[:at], *study.paths[at + 1 :])
            self._document.grow_study(left, scanning=study.scanning, heads=heads)

    def _set_gone(self, is_gone: bool) -> None:
        if is_gone == self._is_gone:
            return
        self._is_gone = is_gone
        title = self._document.study.title
        text = self.tr("{} cannot be reached") if is_gone else self.tr("{} is there again")
        if self._watch is not None:
            self._document.noted.emit(text.format(title))
        self.reach_changed.emit(not is_gone)

    def _note(self, changes: StudyChanges) -> None:
        came, went = len(changes.appeared), len(changes.vanished)
        parts = []
        if came:
            new = self.tr("new: {}").format(changes.appeared[0].name)
            parts.append(new if came == 1 else self.tr("{} new files").format(came))
        if went:
            gone = self.tr("no longer there: {}").format(changes.vanished[0].name)
            parts.append(gone if went == 1 else self.tr("{} files no longer there").format(went))
        self._document.noted.emit(", ".join(parts))


def _place_left(before: Sequence[Path], path: Path, now: Sequence[Path]) -> int:
    """Where a file that is gone stood: behind the nearest one before it that is still there."""
    places = {each: place for place, each in enumerate(now)}
    earlier = (places.get(each) for each in reversed(before[: _place_in(before, path)]))
    return next((place + 1 for place in earlier if place is not None), 0)


def _place_in(paths: Sequence[Path], path: Path) -> int:
    return paths.index(path) if path in paths else 0
