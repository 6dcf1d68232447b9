"""Brings entries of a label file to the frames they speak of, and into the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from sonichu_gui.domain.annotation import Annotation, Keypoint, ModelId, Origin, Status
from sonichu_gui.domain.calibration import Calibration, ScaleSource, given_scale
from sonichu_gui.domain.frame import FrameRef
from sonichu_gui.errors import FrameError
from sonichu_gui.labels.importers.entry import LabelEntry, RowError, SkippedRow
from sonichu_gui.labels.importers.images import ImageFinder
from sonichu_gui.labels.revision import Revision, RevisionKind

if TYPE_CHECKING:
    from sonichu_gui.labels.place import LabelPlace
    from sonichu_gui.labels.store import LabelStore

__all__ = ["ALREADY_THERE", "Landing", "OpenSource"]

ALREADY_THERE = "the same label is in the store already"
RATER_PREFIX = "import:"
IMPORTED_MODEL = ModelId("import", "")
_SAME_PLACE_PX = 1.0
"""Largest distance of a point in pixels from the same point as a fraction of the image."""


class Source(Protocol):
    """What is asked of an opened image file; see `imaging.sources.FrameSource`."""

    @property
    def digest(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def frame_count(self) -> int: ...
    @property
    def format(self) -> str: ...
    @property
    def calibration(self) -> Calibration: ...
    def close(self) -> None: ...


OpenSource: TypeAlias = Callable[[Path], Source]


@dataclass(frozen=True, slots=True)
class _Image:
    """What an image file said while it was open."""

    path: Path
    digest: str
    width: int
    height: int
    frame_count: int
    format: str
    calibration: Calibration


@dataclass(frozen=True, slots=True)
class _Landed:
    """An entry whose frame has been found."""

    entry: LabelEntry
    store: LabelStore
    image: _Image
    frame: FrameRef
    annotation: Annotation


class Landing:
    """The import of one label file.

    Args:
        place: Where the labels go.
        file: The label file.
        kind: What its points become.
        images: Folder of images that was given, or None.
        names: Everything that the file calls a frame.
        open_source: Opens an image file.

    Attributes:
        imported: Labels committed so far.
        skipped: Rows that were not.
    """

    def __init__(
        self,
        place: LabelPlace,
        file: Path,
        *,
        kind: RevisionKind,
        images: Path | None,
        names: Iterable[str],
        open_source: OpenSource,
    ) -> None:
        self.imported = 0
        self.skipped: list[SkippedRow] = []
        self._place, self._file, self._kind = place, file, kind
        self._open_source = open_source
        self._finder = ImageFinder(
            label_folder=file if file.is_dir() else file.parent,
            image_folders=([images] if images else []) + [place.folder],
            names=names,
        )
        self._seen: _Image | None = None
        self._waiting: list[_Landed] = []
        self._first_row: dict[tuple[FrameRef, str], int] = {}

    def prepare(self, entry: LabelEntry) -> None:
        """Finds an entry's frame and checks it against the entry; keeps it for `commit`."""
        try:
            self._waiting.append(self._land(entry))
        except RowError as error:
            self.skipped.append(SkippedRow(entry.row, str(error)))

    def commit(self) -> None:
        """Writes what was prepared, in one go a store.

        Raises:
            StoreError: What belongs to this store was not written.
        """
        for store in {id(landed.store): landed.store for landed in self._waiting}.values():
            mine = [landed for landed in self._waiting if landed.store is store]
            skipped: list[SkippedRow] = []
            with store.batch():
                for landed in mine:
                    try:
                        self._write(landed)
                    except RowError as error:
                        skipped.append(SkippedRow(landed.entry.row, str(error)))
            self.imported += len(mine) - len(skipped)
            self.skipped += skipped
        self._waiting.clear()

    def _land(self, entry: LabelEntry) -> _Landed:
        path, index = self._finder.find(entry.image)
        image = self._image(path)
        frame = FrameRef(image.digest, index or 0)
        _require_frame(entry, image, index)
        is_prediction = self._kind is RevisionKind.PREDICTION
        annotation = Annotation(
            entry.task_id,
            _keypoints(entry, image),
            Status.PROPOSED if is_prediction else Status.ACCEPTED,
            IMPORTED_MODEL if is_prediction else None,
        )
        first = self._first_row.setdefault((frame, entry.task_id), entry.row)
        if first != entry.row:
            raise RowError(f"the same frame and task as row {first}")
        store = self._place.store_for(path.parent)
        if store is None:
            raise RowError(f"the image lies in {path.parent}: import into that folder")
        return _Landed(entry, store, image, frame, annotation)

    def _image(self, path: Path) -> _Image:
        """Opens an image; rows of one cine follow each other, so the last one is remembered."""
        if self._seen is None or self._seen.path != path:
            try:
                source = self._open_source(path)
            except FrameError as error:
                raise RowError(error.message) from error
            self._seen = _Image(
                path,
                source.digest,
                source.width,
                source.height,
                source.frame_count,
                source.format,
                source.calibration,
            )
            source.close()
        return self._seen

    def _write(self, landed: _Landed) -> None:
        store, frame, annotation = landed.store, landed.frame, landed.annotation
        before = (
            store.latest_prediction(frame, annotation.task_id)
            if self._kind is RevisionKind.PREDICTION
            else store.current(frame, annotation.task_id)
        )
        image, entry = landed.image, landed.entry
        rater = f"{RATER_PREFIX}{self._file.name}"
        if before is not None:
            if _is_same(before, annotation):
                self._keep_scale(landed, rater)  # may have come to the file since
                raise RowError(ALREADY_THERE)
            _require_no_better(before)
        store.remember_file(
            digest=image.digest,
            path=image.path,
            width=image.width,
            height=image.height,
            frame_count=image.frame_count,
            format=image.format,
        )
        parent_id = before.id if before else None
        store.append(frame, annotation, rater=rater, kind=self._kind, parent_id=parent_id)
        store.save_extras(frame, annotation.task_id, entry.extras)
        self._keep_scale(landed, rater)

    def _keep_scale(self, landed: _Landed, rater: str) -> None:
        """Keeps the label file's scale where neither the image nor a person states one."""
        mm_per_px = landed.entry.mm_per_px
        if mm_per_px is None:
            return
        digest = landed.frame.digest
        known = landed.store.calibration_for(digest, landed.image.calibration)
        held = known.override
        if held is not None and held.source is not ScaleSource.LABEL_FILE:
            return
        if known.with_override(None).scale_for().in_mm:  # by itself, or by a person's word
            return
        scale = given_scale(
            dx_mm=mm_per_px,
            dy_mm=mm_per_px,
            source=ScaleSource.LABEL_FILE,
            reason=f"stated by {self._file.name}",
        )
        if scale != held:
            landed.store.save_scale(digest, scale, author=rater)


def _require_frame(entry: LabelEntry, image: _Image, index: int | None) -> None:
    """Refuses a label that is not of this image, or does not say of which of its frames."""
    if index is None and image.frame_count > 1:
        raise RowError(
            f"{entry.image} has {image.frame_count} frames: name one, e.g. {entry.image}#0"
        )
    if index is not None and index >= image.frame_count:
        raise RowError(
            f"{image.path.name} has no frame {index}: it has {image.frame_count}, counted from 0"
        )
    if index and image.format == "TIFF":
        return  # its pages need not be of one size
    if entry.size is not None and entry.size != (image.width, image.height):
        raise RowError(
            f"the label is of an image of {entry.size[0]} x {entry.size[1]} pixels, "
            f"{image.path.name} has {image.width} x {image.height}"
        )


def _keypoints(entry: LabelEntry, image: _Image) -> tuple[Keypoint | None, ...]:
    """Gives an entry's points in pixels; refuses ones that contradict their own fractions."""
    if entry.fractions is None:
        return entry.keypoints
    by_fraction = [(x * image.width, y * image.height) for x, y in entry.fractions]
    if not entry.keypoints:
        return tuple(Keypoint(x, y, origin=Origin.MODEL) for x, y in by_fraction)
    for point, (x, y) in zip(entry.keypoints, by_fraction, strict=True):
        if point and max(abs(point.x - x), abs(point.y - y)) > _SAME_PLACE_PX:
            raise RowError(
                f"its pixels and fractions disagree on an image of {image.width} x "
                f"{image.height}: it was made for another size"
            )
    return entry.keypoints


def _is_same(before: Revision, imported: Annotation) -> bool:
    held = before.annotation
    return held.status is imported.status and held.keypoints == imported.keypoints


def _require_no_better(before: Revision) -> None:
    held = before.annotation
    if before.kind is RevisionKind.PREDICTION or before.rater.startswith(RATER_PREFIX):
        return
    placed = any(point and point.origin is Origin.PERSON for point in held.keypoints)
    if held.is_human or placed:
        raise RowError(f"{before.rater} has labelled it ({held.status.value})")
