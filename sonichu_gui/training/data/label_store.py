"""The app's own label store as training rows: what people made of its frames.

The choice is that of `sonichu export`: what holds for a frame and task (`Standing.holds`), where a
person accepted or edited it. A prediction is never a label, nor are points that wait for a person.
Labels that started from a model's points are of origin "correction".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sonichu_gui.domain.annotation import Status
from sonichu_gui.domain.calibration import Calibration
from sonichu_gui.errors import FrameError, ImportRejected
from sonichu_gui.export.label import extras_beside
from sonichu_gui.export.registry import file_calibration
from sonichu_gui.imaging.source_file import digest_of
from sonichu_gui.labels.frame_name import frame_name
from sonichu_gui.labels.importers.entry import RowError
from sonichu_gui.labels.place import LabelPlace, StoresBelow
from sonichu_gui.labels.store import LabelStore
from sonichu_gui.tasks import load_tasks
from sonichu_gui.training.data.labels import BrokenRow, LabelRow
from sonichu_gui.training.data.source_rows import SourceConfig, SourceRows, not_there

if TYPE_CHECKING:
    from sonichu_gui.domain.annotation import Annotation
    from sonichu_gui.domain.task import Task
    from sonichu_gui.labels.revision import LabelRow as StoredRow
    from sonichu_gui.labels.revision import StoredFile

__all__ = ["read_store"]


def read_store(config: SourceConfig, root: Path) -> SourceRows:
    """Reads a store, or those of a folder and the folders in it.

    A row's line is the number of its revision.

    Raises:
        ImportRejected: There is no store, or `status` asks for what is no label.
        StoreError: A store cannot be read.
    """
    path = root / config.path
    if not path.exists():
        raise not_there(config, path)
    statuses = _statuses(config)
    tasks = load_tasks()
    rows: list[LabelRow] = []
    broken: list[BrokenRow] = []
    with _opened(path) as place:
        stores = place.stores()
        if not stores:
            raise ImportRejected(
                f"There is no label store in {path} or the folders in it.",
                "Name the folder of images whose labels you placed, or a .sqlite file.",
            )
        for store in stores:
            for stored in _wanted(store, config, statuses):
                try:
                    rows.append(_row(store, stored, tasks, config))
                except (RowError, FrameError) as error:
                    broken.append(BrokenRow(stored.revision.id, str(error), store.path))
        broken += [BrokenRow(0, "it cannot be read", folder) for folder in place.unreadable]
    return SourceRows(tuple(rows), (), tuple(broken))


@contextmanager
def _opened(path: Path) -> Iterator[LabelPlace]:
    place = StoresBelow(path) if path.is_dir() else LabelStore.open_file(path)
    try:
        yield place
    finally:
        place.close()


def _statuses(config: SourceConfig) -> frozenset[Status]:
    words = [word.strip() for word in config.status.split(",")]
    labels = [status for status in Status if status.is_human]
    if unknown := [word for word in words if word not in labels]:
        raise ImportRejected(
            f"The source {config.path} asks for labels that are {', '.join(map(repr, unknown))}.",
            f"Labels are {', '.join(labels)}; a proposal that nobody looked at is none.",
        )
    return frozenset(map(Status, words))


def _wanted(
    store: LabelStore, config: SourceConfig, statuses: frozenset[Status]
) -> Iterator[StoredRow]:
    """What holds, or what one rater last said, where it is a label of an asked task and status."""
    for row in store.rows(task_id=config.task or None):
        held = row
        if config.rater:
            frame, task_id = row.revision.frame, row.revision.annotation.task_id
            own = store.current(frame, task_id, rater=config.rater)
            if own is None:
                continue
            held = replace(row, revision=own)
        annotation = held.revision.annotation
        if annotation.status in statuses and not annotation.is_empty:
            yield held


def _row(
    store: LabelStore, stored: StoredRow, tasks: dict[str, Task], config: SourceConfig
) -> LabelRow:
    revision, file, annotation = stored.revision, stored.file, stored.revision.annotation
    if file is None:
        raise RowError(f"the file {revision.frame.digest[:12]}… is not where it was")
    name = frame_name(file.path, revision.frame.index, file.frame_count)
    points = _points(annotation, tasks.get(annotation.task_id), name)
    path = store.folder / file.path
    if (store.known_digest(path) or digest_of(path)) != file.digest:
        raise RowError(f"{path} is another file than the one that was labelled")
    extras = extras_beside(annotation, stored.extras)
    return LabelRow(
        name,
        annotation.task_id,
        points,
        revision.id,
        None if file.format == "TIFF" and revision.frame.index else (file.width, file.height),
        _mm_per_px(store, file, points),
        extras | {"rater": revision.rater, "status": annotation.status.value},
        images=store.folder,
        origin="correction" if annotation.model and config.origin == "label" else config.origin,
    )


def _points(annotation: Annotation, task: Task | None, name: str) -> np.ndarray:
    if task is None:
        raise RowError(f"{name}: there is no task {annotation.task_id} here")
    count = len(annotation.keypoints)
    if count != len(task.keypoints):
        raise RowError(f"{name}: it has {count} points, {task.id} has {len(task.keypoints)}")
    placed = [point for point in annotation.keypoints if point and point.measurable]
    if len(placed) < count:
        absent = next(
            spec.name
            for spec, point in zip(task.keypoints, annotation.keypoints, strict=True)
            if point is None or not point.measurable
        )
        raise RowError(f"{name}: {absent} of {task.id} is not placed")
    points = np.array([point.xy for point in placed], dtype=np.float64)
    points.setflags(write=False)
    return points


def _mm_per_px(store: LabelStore, file: StoredFile, points: np.ndarray) -> float | None:
    """The scale of the points, where it is known and pixels are square there."""
    base = Calibration()
    if file.format.startswith("DICOM"):  # pictures of other kinds state none
        base = file_calibration(store.folder / file.path, file.digest)
    scale = store.calibration_for(file.digest, base).scale_for((x, y) for x, y in points)
    return scale.dx_mm if scale.in_mm and scale.dx_mm == scale.dy_mm else None
