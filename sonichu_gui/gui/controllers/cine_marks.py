"""Which frames of the cine shown have points of the task: read beside the window, then kept up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sonichu_gui.domain.annotation import Status
from sonichu_gui.errors import SonichuError
from sonichu_gui.gui.jobs import IsCancelled, JobRunner, Lane, Report

if TYPE_CHECKING:
    from sonichu_gui.gui.document import Document
    from sonichu_gui.gui.place import Place

KEY = "cine marks"


class CineMarks(QObject):
    """Where the frames of the cine shown stand.

    Args:
        document: Whose cine and task.
        jobs: Reads the store.
    """

    changed = Signal(object)  # dict[int, Status] by frame index

    def __init__(self, document: Document, jobs: JobRunner) -> None:
        super().__init__(document)
        self._document = document
        self._jobs = jobs
        self._of = ("", "")  # digest and task
        self._statuses: dict[int, Status] = {}
        self._since: dict[int, Status] = {}
        document.frame_changed.connect(self._note_place)
        document.task_changed.connect(self._note_place)
        document.status_changed.connect(self._note_status)
        document.proposed.connect(self._note_proposed)

    def read_again(self, _: object = None) -> None:
        """Asks the store, whatever was known before."""
        source, path = self._document.source, self._document.path
        self._statuses, self._since = {}, {}
        self._jobs.cancel(KEY)
        store = None
        if source is not None and path is not None and source.frame_count > 1:
            store = self._document.keeper.store_of(path.parent)
            self._statuses = self._document.keeper.waiting_statuses(*self._of)
        self.changed.emit(dict(self._statuses))
        if store is None:
            return
        digest, task_id = self._of

        def work(is_cancelled: IsCancelled, report: Report) -> dict[int, Status]:
            return store.statuses_of(digest, task_id)

        self._jobs.submit(Lane.READING, work, key=KEY, done=self._take, failed=self._fail)

    def _take(self, stored: dict[int, Status]) -> None:
        """What was edited while the store was being asked is newer than its answer."""
        self._statuses = {**stored, **self._statuses, **self._since}
        self.changed.emit(dict(self._statuses))

    def _fail(self, error: BaseException) -> None:
        """A store that cannot be read is told of by whoever shows its labels."""
        if not isinstance(error, SonichuError):
            raise error

    def _note_place(self, _: object) -> None:
        source = self._document.source
        of = (source.digest if source else "", self._document.task.id)
        if of != self._of:
            self._of = of
            self.read_again()

    def _note_status(self, place: Place, status: Status) -> None:
        if (place.frame.digest, place.task_id) != self._of:
            return
        index = place.frame.index
        self._since[index] = status
        if self._statuses.get(index, Status.TODO) is not status:
            self._statuses[index] = status
            self.changed.emit(dict(self._statuses))

    def _note_proposed(self, place: Place) -> None:
        """A model's points count where a person has no say."""
        if not self._statuses.get(place.frame.index, Status.TODO).is_human:
            self._note_status(place, Status.PROPOSED)
