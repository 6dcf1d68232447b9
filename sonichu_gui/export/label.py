"""What every exporter gets: labels with their task, their file and the frame's name in the output.

A frame is named by its file's path relative to the output's folder when it lies below that, else
relative to the folder that was asked for (what `--images` takes), with forward slashes and never
absolute: a label file can be moved together with its images, and tells nothing of the machine it
was made on. A frame of a cine has its index after `#`, counted from 0.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from sonichu_gui.domain.annotation import Origin
from sonichu_gui.domain.calibration import Calibration, Scale
from sonichu_gui.labels.frame_name import frame_name

if TYPE_CHECKING:
    from sonichu_gui.domain.annotation import Annotation
    from sonichu_gui.domain.task import Task
    from sonichu_gui.labels.store import LabelRow, LabelStore, Revision, StoredFile

__all__ = ["OF_THE_IMAGE", "Exporter", "Label", "Rendered", "extras_beside", "label_of"]

OF_THE_IMAGE = ("subject_id", "split")
"""Columns of label files that hold whatever becomes of the points."""


@dataclass(frozen=True, slots=True)
class Label:
    """One label on its way out.

    Attributes:
        store: Where it is kept.
        row: As the store gives it.
        task: What it is a label of.
        file: Where its frame lies.
        image: The frame's name in the output.
    """

    store: LabelStore
    row: LabelRow
    task: Task
    file: StoredFile
    image: str

    @property
    def revision(self) -> Revision:
        """The revision that holds."""
        return self.row.revision

    @property
    def annotation(self) -> Annotation:
        """Its points."""
        return self.row.revision.annotation

    @property
    def square_scale(self) -> Scale | None:
        """A scale that somebody set or a label file stated, where its pixels are square."""
        scale = self.store.calibration_for(self.file.digest, Calibration()).override
        if scale is None or not scale.in_mm or scale.dx_mm != scale.dy_mm:
            return None
        return scale

    @property
    def extras(self) -> dict[str, str]:
        """Columns it was imported with, see `extras_beside`."""
        return extras_beside(self.annotation, self.row.extras)

    @property
    def title(self) -> str:
        """How messages name it."""
        return f"{self.image} {self.task.id}"


@dataclass(frozen=True, slots=True)
class Rendered:
    """The contents of an output file.

    Attributes:
        text: All of it.
        count: Labels in it.
        skipped: Labels left out, each with the reason.
    """

    text: str
    count: int
    skipped: tuple[str, ...] = ()


CalibrationOf: TypeAlias = Callable[[Label], Calibration]
Exporter: TypeAlias = Callable[[Sequence[Label], CalibrationOf], Rendered]


def extras_beside(annotation: Annotation, extras: Mapping[str, str]) -> dict[str, str]:
    """Gives the columns of an imported file that still hold beside these points.

    Beside points that have been moved since, only those that speak of the image: a published
    measure would no longer belong to them.
    """
    as_imported = all(
        point is None or point.origin is Origin.IMPORT for point in annotation.keypoints
    )
    return {name: value for name, value in extras.items() if as_imported or name in OF_THE_IMAGE}


def label_of(
    store: LabelStore, row: LabelRow, task: Task | None, *, folder: Path, out: Path
) -> Label | str:
    """Gives a row as a label, or why it cannot leave the store.

    Args:
        store: Where it is kept.
        row: Of the store.
        task: Its task, if there is one.
        folder: The folder that was asked for; the images lie in it or in folders in it.
        out: The output file.
    """
    annotation, file = row.revision.annotation, row.file
    if file is None:
        digest = row.revision.frame.digest[:12]
        return f"{annotation.task_id} of file {digest}…: the file is not where it was"
    # The file itself is not resolved: what a link leads to may bear a patient's name.
    where = Path(os.path.normpath(store.folder.resolve() / file.path))
    base = next(
        (b for b in (out.parent.resolve(), folder.resolve()) if where.is_relative_to(b)), None
    )
    path = file.path if base is None else where.relative_to(base).as_posix()
    image = frame_name(path, row.revision.frame.index, file.frame_count)
    if task is None:
        return f"{image}: there is no task {annotation.task_id} here"
    if len(task.keypoints) != len(annotation.keypoints):
        return (
            f"{image} {task.id}: it has {len(annotation.keypoints)} points, "
            f"the task has {len(task.keypoints)}"
        )
    return Label(store, row, task, file, image)
