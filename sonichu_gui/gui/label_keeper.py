"""Keeps labels: finds the store of each folder, writes at once, holds what could not be written.

The store of a folder is opened when it exists and made at the first edit, so that looking at
pictures changes nothing on disk. What a store refuses (full disk, lost network folder) waits
here, is shown as unsaved, and is tried again every few seconds and on Ctrl+S.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from sonichu_gui.domain.calibration import Calibration
from sonichu_gui.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from sonichu_gui.domain.annotation import Annotation, Status
    from sonichu_gui.domain.calibration import Scale
    from sonichu_gui.domain.frame import FrameRef
    from sonichu_gui.gui.place import Place
    from sonichu_gui.imaging.sources import FrameSource
    from sonichu_gui.labels.store import LabelStore

RETRY_MS = 3000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An edit that is not on disk yet, and what it means for what is shown."""

    path: Path
    write: Callable[[LabelStore], None]
    place: Place | None = None
    annotation: Annotation | None = None
    prediction: Annotation | None = None
    calibrated: Callable[[str, Calibration], Calibration] | None = None

    @property
    def folder(self) -> Path:
        return self.path.parent


class _Overtaken(Exception):
    """Another window has changed the label since it was shown here."""


class LabelKeeper(QObject):
    """The way from the Document to the label stores."""

    failed = Signal(object)  # StoreError
    overtaken = Signal(object)  # Place whose label another window has changed meanwhile
    waiting_changed = Signal(int)  # edits not on disk yet
    _looked = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stores: dict[Path, LabelStore] = {}
        self._refused: set[Path] = set()
        self._without: set[Path] = set()
        # By way of the queue: whoever makes a store on a thread tells of it behind this.
        self._looked.connect(self._without.clear, Qt.ConnectionType.QueuedConnection)
        self._waiting: list[_Waiting] = []
        self._pending_files: dict[Path, FrameSource] = {}
        self._noted_files: set[tuple[Path, str]] = set()
        self._seen: dict[tuple[FrameRef, str], int | None] = {}
        self._retry = QTimer(self, interval=RETRY_MS)
        self._retry.timeout.connect(self.flush)

    @property
    def waiting(self) -> int:
        """Edits that are not on disk yet."""
        return len(self._waiting)

    def store_of(self, folder: Path) -> LabelStore | None:
        """Gives the open store of a folder, or None when it has none yet or it is refused.

        A refusal is told once.
        """
        if folder in self._stores:
            return self._stores[folder]
        if folder in self._refused or folder in self._without:
            return None
        from sonichu_gui.labels.store import LabelStore

        try:
            store = LabelStore.open_for(folder, create=False)
        except StoreError as error:
            self._refused.add(folder)
            self.failed.emit(error)
            return None
        if store is not None:
            self._stores[folder] = store
        else:
            # A frame that is shown asks many times over, and the drive may be far away.
            self._without.add(folder)
            self._looked.emit()
        return store

    def made_store(self, folder: Path) -> LabelStore:
        """Gives the store of a folder, made when there is none.

        Raises:
            StoreError: It cannot be made, or there is one that is refused.
        """
        if folder not in self._stores:
            from sonichu_gui.labels.store import LabelStore

            self._stores[folder] = LabelStore.open_for(folder)
            self._refused.discard(folder)
        return self._stores[folder]

    def remember_file(self, path: Path, source: FrameSource) -> None:
        """Notes which file a digest belongs to; written with the file's first label."""
        if (path, source.digest) in self._noted_files:
            return  # a cine that plays tells it with every frame
        self._pending_files[path] = source
        self._asked(path.parent, lambda store: self._write_file(store, path), None)

    def current(self, place: Place) -> Annotation | None:
        """Gives the annotation as last edited, on disk or still waiting.

        Where nobody has annotated, what a model said last stands in.
        """
        for waiting in reversed(self._waiting):
            if waiting.place == place and waiting.annotation is not None:
                return waiting.annotation
        standing = self._asked(
            place.path.parent, lambda store: store.standing(place.frame, place.task_id), None
        )
        annotation = standing.annotation if standing else None
        self._seen[place.frame, place.task_id] = annotation.id if annotation else None
        return standing.holds.annotation if standing and standing.holds else None

    def latest_prediction(self, place: Place) -> Annotation | None:
        """Gives what a model said last, on disk or still waiting."""
        for waiting in reversed(self._waiting):
            if waiting.place == place and waiting.prediction is not None:
                return waiting.prediction
        revision = self._asked(
            place.path.parent,
            lambda store: store.latest_prediction(place.frame, place.task_id),
            None,
        )
        return revision.annotation if revision else None

    def calibration_for(self, path: Path, frame: FrameRef, base: Calibration) -> Calibration:
        """Gives a file's calibration with a person's scale and confirmations."""
        calibration = self._asked(
            path.parent, lambda store: store.calibration_for(frame.digest, base), base
        )
        for waiting in self._waiting:
            if waiting.calibrated is not None:
                calibration = waiting.calibrated(frame.digest, calibration)
        return calibration

    def statuses_by_path(self, folder: Path) -> dict[Path, dict[str, Status]]:
        """Gives where the labelled files of a folder stand, by path and task."""
        return self._asked(folder, lambda store: store.statuses_by_path(), {})

    def waiting_statuses(self, digest: str, task_id: str) -> dict[int, Status]:
        """Gives where frames of a file stand by edits that are not on disk yet, by index."""
        found: dict[int, Status] = {}
        for edit in self._waiting:
            place = edit.place
            if place is None or (place.frame.digest, place.task_id) != (digest, task_id):
                continue
            if edit.annotation is not None:
                found[place.frame.index] = edit.annotation.status
            elif edit.prediction is not None:
                found.setdefault(place.frame.index, edit.prediction.status)
        return found

    def save(self, place: Place, annotation: Annotation, *, rater: str, seconds: float) -> None:
        """Writes an annotation; on disk when this returns, or waiting and said so."""
        label = place.frame, place.task_id

        def write(store: LabelStore) -> None:
            before = store.current(*label)
            parent = before.id if before else None
            if parent != self._seen.get(label, parent):
                raise _Overtaken
            revision = store.append(
                place.frame, annotation, rater=rater, parent_id=parent, seconds=round(seconds, 1)
            )
            self._seen[label] = revision.id

        self._keep(_Waiting(place.path, write, place, annotation))

    def save_prediction(self, place: Place, annotation: Annotation, *, rater: str) -> None:
        """Writes what a model said, beside and never over what a person said."""

        def write(store: LabelStore) -> None:
            from sonichu_gui.labels.store import RevisionKind

            store.append(place.frame, annotation, rater=rater, kind=RevisionKind.PREDICTION)

        self._keep(_Waiting(place.path, write, place, prediction=annotation))

    def save_scale(self, place: Place, scale: Scale | None, *, rater: str) -> None:
        """Writes a person's scale of a file, or that it was taken back."""
        self.save_scales(place.path, {place.frame.digest: scale}, rater=rater)

    def save_scales(self, path: Path, scales: Mapping[str, Scale | None], *, rater: str) -> None:
        """Writes a person's scales of files in the folder of a path, by their digests."""

        def calibrated(digest: str, known: Calibration) -> Calibration:
            return known.with_override(scales[digest]) if digest in scales else known

        def write(store: LabelStore) -> None:
            store.scales.set_scales(scales, rater)

        self._keep(_Waiting(path, write, calibrated=calibrated))

    def own_scales(self, folder: Path, digests: Collection[str]) -> dict[str, Scale | None] | None:
        """Gives files' own scales by digest, on disk or waiting; None if a store cannot answer."""
        has_none = self.store_of(folder) is None and folder not in self._refused
        otherwise: dict[str, Scale] | None = {} if has_none else None
        known = self._asked(folder, lambda store: store.scales.overrides(), otherwise)
        if known is None:
            return None
        found = {digest: known.get(digest) for digest in digests}
        for waiting in self._waiting:
            if waiting.calibrated is not None:
                for digest, scale in found.items():
                    told = waiting.calibrated(digest, Calibration(override=scale))
                    found[digest] = told.override
        return found

    def save_confirmation(self, place: Place, key: str, *, rater: str, confirmed: bool) -> None:
        """Writes that a person trusts a doubtful scale, or no longer does."""

        def write(store: LabelStore) -> None:
            store.confirm_scale(place.frame.digest, key, author=rater, confirmed=confirmed)

        def calibrated(digest: str, known: Calibration) -> Calibration:
            if digest != place.frame.digest:
                return known
            if confirmed:
                return known.with_confirmation(key, rater)
            return known.without_confirmation(key)

        self._keep(_Waiting(place.path, write, calibrated=calibrated))

    def save_choice(self, place: Place, key: str, region: int | None, *, rater: str) -> None:
        """Writes which region a person chose where several differ; None takes it back."""

        def write(store: LabelStore) -> None:
            store.scales.set_choice(place.frame.digest, key, region, rater)

        def calibrated(digest: str, known: Calibration) -> Calibration:
            mine = digest == place.frame.digest
            return known.with_choice(key, region, rater) if mine else known

        self._keep(_Waiting(place.path, write, calibrated=calibrated))

    def flush(self) -> None:
        """Tries to write what waits, in order within a folder; quiet when it still cannot."""
        left: list[_Waiting] = []
        stuck: set[Path] = set()
        for edit in self._waiting:
            try:
                if edit.folder not in stuck:
                    self._write(edit)
                    continue
            except StoreError:
                stuck.add(edit.folder)
            left.append(edit)
        if len(left) != len(self._waiting):
            self._waiting = left
            self.waiting_changed.emit(len(left))
        if not left:
            self._retry.stop()

    def look_again(self) -> None:
        """Forgets the open stores: what was replaced, deleted or mended is found as it is now."""
        self._close_stores()
        self._refused.clear()
        self._without.clear()
        self._seen.clear()
        self.flush()

    def close(self) -> None:
        """Writes what can be written and closes every store."""
        self.flush()
        self._retry.stop()
        self._close_stores()

    def _close_stores(self) -> None:
        for store in self._stores.values():
            store.close()
        self._stores.clear()
        self._noted_files.clear()

    def _asked(self, folder: Path, ask: Callable[[LabelStore], T], otherwise: T) -> T:
        """Asks a folder's store; one that cannot answer is told of, and the window goes on."""
        store = self.store_of(folder)
        if store is None:
            return otherwise
        try:
            return ask(store)
        except StoreError as error:
            self.failed.emit(error)
            return otherwise

    def _keep(self, edit: _Waiting) -> None:
        """Writes an edit now, but never before an older one of its folder."""
        if any(waiting.folder == edit.folder for waiting in self._waiting):
            self._wait(edit)
            self.flush()
            return
        try:
            self._write(edit)
        except StoreError as error:
            self._wait(edit)
            self.failed.emit(error)

    def _write(self, edit: _Waiting) -> None:
        """Writes an edit; one that somebody else has overtaken is dropped and told of.

        Raises:
            StoreError: Nothing was written.
        """
        store = self.made_store(edit.folder)
        self._write_file(store, edit.path)
        try:
            edit.write(store)
        except _Overtaken:
            self.overtaken.emit(edit.place)

    def _wait(self, edit: _Waiting) -> None:
        self._waiting.append(edit)
        self._retry.start()
        self.waiting_changed.emit(len(self._waiting))

    def _write_file(self, store: LabelStore, path: Path) -> None:
        source = self._pending_files.get(path)
        if source is not None:
            store.remember_file(
                digest=source.digest,
                path=path,
                width=source.width,
                height=source.height,
                frame_count=source.frame_count,
                format=source.format,
            )
            del self._pending_files[path]
            self._noted_files.add((path, source.digest))
