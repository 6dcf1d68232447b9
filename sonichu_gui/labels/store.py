"""The label store: what was committed is on disk, and stays.

One store holds the labels of one folder of images. Every committed edit, prediction and scale is a
new row; nothing is changed or removed, so undo across restarts, audit and before/after pairs are
there without more. Frames are known by digest and index: a renamed or moved file keeps its labels.

Any thread may call; calls run one after another. A call that writes returns once its rows have
reached the disk. Every call may raise `StoreError` when the disk is full, the store is locked,
write-protected or gone; nothing was written then, and the same call may be tried again.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from sqlalchemy import select

from sonichu_gui.labels import whereabouts
from sonichu_gui.labels.database import Database
from sonichu_gui.labels.extras import ExtrasTable
from sonichu_gui.labels.files import FileTable
from sonichu_gui.labels.location import STORE_NAME, existing_store, new_store
from sonichu_gui.labels.moved import FileRecords, add_records, read_records
from sonichu_gui.labels.revision import (
    LabelRow,
    Revision,
    RevisionKind,
    Standing,
    StoredFile,
    status_of_file,
)
from sonichu_gui.labels.revisions import RevisionTable
from sonichu_gui.labels.scales import ScaleTable
from sonichu_gui.labels.schema import META

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from sonichu_gui.domain.annotation import Annotation, Status
    from sonichu_gui.domain.calibration import Calibration, Scale
    from sonichu_gui.domain.frame import FrameRef

__all__ = [
    "STORE_NAME",
    "LabelRow",
    "LabelStore",
    "Revision",
    "RevisionKind",
    "Standing",
    "StoredFile",
]


class LabelStore:
    """The labels of one folder of images.

    Attributes:
        path: The store's file.
        folder: The images' folder; paths of files are relative to it.
        beside_images: Whether the store lies in that folder.
        scales: The scales that people set, chose and confirmed.
        note: What a person should know about the store's place; empty when it is the usual one.
    """

    def __init__(self, path: Path, *, folder: Path | None, note: str = "") -> None:
        self.path = path
        self._database = Database(path)
        self.folder = (folder or self._images_folder() or path.parent).absolute()
        self.beside_images = path.parent.absolute() == self.folder
        self.note = note
        self._files = FileTable(self._database, self.folder)
        self._revisions = RevisionTable(self._database)
        self._extras = ExtrasTable(self._database)
        self.scales = ScaleTable(self._database, self._note)
        self._noted: set[str] = set()
        if not whereabouts.is_noted(self.path.absolute()):
            self._note(self._revisions.digests() | self.scales.digests())

    @property
    def unreadable(self) -> tuple[Path, ...]:
        """No folder: a store is looked for nowhere else."""
        return ()

    def stores(self) -> tuple[LabelStore]:
        """Gives itself: a store is a `LabelPlace` of one."""
        return (self,)

    def store_for(self, folder: Path) -> LabelStore | None:
        """Gives itself if it may keep labels of images in a folder, else None.

        Labels are looked for in the folder of their image; only a store under a name of its own
        takes those of other folders.
        """
        return None if self._is_folders_own and not folder.samefile(self.folder) else self

    @overload
    @classmethod
    def open_for(cls, folder: Path, *, create: Literal[True] = ...) -> LabelStore: ...

    @overload
    @classmethod
    def open_for(cls, folder: Path, *, create: bool) -> LabelStore | None: ...

    @classmethod
    def open_for(cls, folder: Path, *, create: bool = True) -> LabelStore | None:
        """Opens the store of a folder of images, beside them or in the user's data folder.

        Args:
            folder: The images' folder.
            create: Make a store when there is none; otherwise give None then.

        Raises:
            StoreError: There is one that cannot be read and written, is damaged or too new (it is
                left as it is), or none can be made.
        """
        place = existing_store(folder)
        if place is None and create:
            place = new_store(folder)
        return None if place is None else cls(place.path, folder=folder, note=place.note)

    @classmethod
    def open_file(cls, path: Path) -> LabelStore:
        """Opens a store by its own path; the images lie where it says, else beside it.

        Raises:
            StoreError: As for `open_for`; also when there is no such file.
        """
        return cls(path, folder=None)

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Makes all writes of the block one: on disk at its end, or none of them."""
        with self._database.writing():
            yield

    # ---- files -----------------------------------------------------------------------------

    def remember_file(
        self,
        *,
        digest: str,
        path: Path,
        width: int,
        height: int,
        frame_count: int,
        format: str,  # noqa: A002 - the readers' own word
    ) -> None:
        """Notes which file a digest was seen as; a file that is gone again is not noted."""
        self._files.remember(
            path,
            {
                "digest": digest,
                "width": width,
                "height": height,
                "frame_count": frame_count,
                "format": format,
            },
        )

    def known_file(self, path: Path) -> StoredFile | None:
        """Gives a file as last seen, if size and time of change say that it is still the same."""
        return self._files.known(path)

    def known_digest(self, path: Path) -> str | None:
        """Gives a file's digest without reading it, or None when it is new or has changed."""
        known = self._files.known(path)
        return known.digest if known else None

    def files(self) -> tuple[StoredFile, ...]:
        """Gives the files whose digest was seen, each where it was seen last."""
        return tuple(self._files.by_digest().values())

    # ---- moved files: see `moved.bring_along` --------------------------------------------

    def is_home_of(self, path: Path) -> bool:
        """Whether labels of a file are kept here because of the folder it is in."""
        try:
            return path.parent.samefile(self.folder)
        except OSError:  # one of them is not there
            return False

    def is_copy_of(self, other: LabelStore) -> bool:
        """Whether two stores began as one: a backup, or one store by two ways to its drive."""
        return self._database.store_id == other._database.store_id

    def still_has(self, digest: str, digest_of: Callable[[Path], str]) -> bool:
        """Whether a file lies where it was seen, or a copy of it does; see `FileTable`."""
        return self._files.still_has(digest, digest_of)

    def records_of(self, digest: str) -> FileRecords:
        """Gives all that is known of a file, for the store of another folder."""
        return read_records(self._database, digest)

    def take_over(self, records: FileRecords) -> int:
        """Adds what another store knows of a file where it is newer; gives how many revisions."""
        count = add_records(self._database, records)
        self._note({records.digest})
        return count

    def note_moved(self, digest: str) -> None:
        """Notes that a file has left for another folder, whose store took its labels over."""
        self._files.note_moved(digest)

    # ---- revisions -------------------------------------------------------------------------

    def append(
        self,
        frame: FrameRef,
        annotation: Annotation,
        *,
        rater: str,
        kind: RevisionKind = RevisionKind.ANNOTATION,
        parent_id: int | None = None,
        seconds: float | None = None,
    ) -> Revision:
        """Commits a revision; it is on disk when this returns (inside `batch`: at its end).

        Args:
            frame: Whose points.
            annotation: The points.
            rater: Pseudonym of who commits it.
            kind: An annotation, or a model's word beside it.
            parent_id: The revision that it came from.
            seconds: Time spent on it.
        """
        revision = self._revisions.append(
            frame, annotation, rater=rater, kind=kind, parent_id=parent_id, seconds=seconds
        )
        self._note({frame.digest})
        return revision

    def current(
        self, frame: FrameRef, task_id: str, *, rater: str | None = None
    ) -> Revision | None:
        """Gives the newest annotation, of one rater if asked; predictions do not count."""
        return self._revisions.newest(frame, task_id, RevisionKind.ANNOTATION, rater)

    def latest_prediction(self, frame: FrameRef, task_id: str) -> Revision | None:
        """Gives what a model said last."""
        return self._revisions.newest(frame, task_id, RevisionKind.PREDICTION, None)

    def standing(self, frame: FrameRef, task_id: str) -> Standing:
        """Gives what was said last: the newest annotation and the newest prediction."""
        return self._revisions.standing_at(frame, task_id)

    def history(self, frame: FrameRef, task_id: str) -> list[Revision]:
        """Gives every revision, annotations and predictions, oldest first."""
        return self._revisions.history(frame, task_id)

    def statuses(self) -> dict[str, dict[tuple[int, str], Status]]:
        """Gives where every frame stands: digest -> (frame index, task id) -> status.

        A frame with a prediction and no annotation is proposed.
        """
        statuses: dict[str, dict[tuple[int, str], Status]] = defaultdict(dict)
        for frame, task_id, status in self._revisions.statuses():
            statuses[frame.digest][frame.index, task_id] = status
        return dict(statuses)

    def statuses_of(self, digest: str, task_id: str) -> dict[int, Status]:
        """Gives where the frames of one file stand for a task, by index, as `statuses` does."""
        return self._revisions.statuses_of(digest, task_id)

    def statuses_by_path(self) -> dict[Path, dict[str, Status]]:
        """Gives where every file stands: path -> task id -> status of its last labelled frame.

        A prediction counts where no frame of the file has more.
        """
        statuses = self.statuses()
        return {
            path: status_of_file(statuses[digest])
            for path, digest in self._files.digests_by_path().items()
            if digest in statuses
        }

    def rows(
        self, *, task_id: str | None = None, statuses: Collection[Status] | None = None
    ) -> Iterator[LabelRow]:
        """Gives what holds for every frame and task, with its file, in order of path.

        What holds is told by `Standing.holds`. Labels that went with their file into the store of
        another folder are told there.

        Args:
            task_id: Only this task, or None for all.
            statuses: Only these, or None for all.
        """
        files, moved, extras = self._files.by_digest(), self._files.moved(), self._extras.by_place()

        def order(revision: Revision) -> tuple[bool, str, int, int]:
            digest = revision.frame.digest
            path = files[digest].path if digest in files else digest
            return digest not in files, path, revision.frame.index, revision.id

        for revision in sorted(self._revisions.standing(), key=order):
            frame, annotation = revision.frame, revision.annotation
            if frame.digest in moved or (task_id is not None and annotation.task_id != task_id):
                continue
            if statuses is not None and annotation.status not in statuses:
                continue
            place = frame.digest, frame.index, annotation.task_id
            yield LabelRow(revision, files.get(frame.digest), extras.get(place, {}))

    def save_extras(self, frame: FrameRef, task_id: str, extras: Mapping[str, str]) -> None:
        """Keeps further columns of an imported label; a later value of a name wins."""
        self._extras.add(frame, task_id, extras)

    # ---- scales ----------------------------------------------------------------------------

    def save_scale(self, digest: str, scale: Scale | None, *, author: str) -> None:
        """Keeps a person's or a label file's scale of a file; None takes it back."""
        self.scales.set_scales({digest: scale}, author)

    def confirm_scale(self, digest: str, key: str, *, author: str, confirmed: bool = True) -> None:
        """Keeps that a person trusts a doubtful scale of a file, or no longer does."""
        self.scales.set_confirmation(digest, key, author, confirmed=confirmed)

    def calibration_for(self, digest: str, base: Calibration) -> Calibration:
        """Gives a file's calibration with the scale and the confirmations kept for it.

        Args:
            digest: Of the file.
            base: What the file itself says.
        """
        return self.scales.applied_to(digest, base)

    # ---- inside ----------------------------------------------------------------------------

    @property
    def _is_folders_own(self) -> bool:
        return self.path.name == STORE_NAME or not self.beside_images

    def _note(self, digests: Collection[str]) -> None:
        """Lets files find their labels here once they are moved.

        A store under a name of its own, as a backup, is left out: it is asked only by its name.
        """
        new = set(digests) - self._noted
        if new and self._is_folders_own and whereabouts.note(self.path.absolute(), new):
            self._noted |= new

    def _images_folder(self) -> Path | None:
        query = select(META.c.value).where(META.c.key == "images_folder")
        with self._database.reading() as connection:
            folder = connection.execute(query).scalar()
        return None if folder is None else Path(folder)
