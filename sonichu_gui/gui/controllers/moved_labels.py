"""Labels follow a file that was moved to another folder, once it is shown there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from sonichu_gui.errors import SonichuError
from sonichu_gui.gui.jobs import IsCancelled, JobRunner, Lane, Report, Urgency

if TYPE_CHECKING:
    from pathlib import Path

    from sonichu_gui.gui.controllers.study import StudyController
    from sonichu_gui.gui.document import Document
    from sonichu_gui.labels.store import LabelStore


class MovedLabelsController(QObject):
    """Looks whether a file's labels lie where it was before.

    Args:
        document: Whose files they are.
        jobs: Looks, beside the window.
        study: Reads the statuses anew.
    """

    def __init__(self, document: Document, jobs: JobRunner, study: StudyController) -> None:
        super().__init__(document)
        self._document = document
        self._jobs = jobs
        self._study = study
        self._asked: set[tuple[Path, str]] = set()
        document.frame_changed.connect(self._look)

    def _look(self, frame: object) -> None:
        path, source = self._document.path, self._document.source
        if frame is None or path is None or source is None:
            return
        digest = source.digest
        if (path, digest) in self._asked:
            return
        self._asked.add((path, digest))

        def work(is_cancelled: IsCancelled, report: Report) -> int:
            return _bring(digest, path)

        self._jobs.submit(
            Lane.READING,
            work,
            key=f"moved {digest}",
            done=partial(self._take, path),
            failed=self._fail,
            urgency=Urgency.SHOWN,
        )

    def _take(self, path: Path, count: int) -> None:
        """Shows what came, unless the person has begun anew meanwhile: then theirs is newer."""
        if count == 0:
            return
        document = self._document
        is_at_work = document.is_previewing or document.annotation.is_human
        if document.path == path and not is_at_work:
            document.reload()
        self._study.read_statuses()
        text = self.tr("{} was moved here: its labels came along").format(path.name)
        document.noted.emit(text)

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, SonichuError):
            raise error
        self._document.failed.emit(error)


def _bring(digest: str, path: Path) -> int:
    from sonichu_gui.imaging.sources import digest_of
    from sonichu_gui.labels.moved import bring_along
    from sonichu_gui.labels.store import LabelStore

    opened: list[LabelStore] = []

    def store_here() -> LabelStore:
        if not opened:
            opened.append(LabelStore.open_for(path.parent))
        return opened[0]

    try:
        return bring_along(digest, path, store_here, digest_of)
    finally:
        for store in opened:
            store.close()
