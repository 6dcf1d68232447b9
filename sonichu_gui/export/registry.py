"""Labels out of a store: a table of formats, and the one way all of them take."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.domain.annotation import Status
from sonichu_gui.domain.calibration import Calibration, no_scale
from sonichu_gui.errors import ExportError, FrameError
from sonichu_gui.export.coco import render_coco
from sonichu_gui.export.corrections import render_corrections
from sonichu_gui.export.csv_file import render_csv
from sonichu_gui.export.label import Label, label_of
from sonichu_gui.export.measurements import render_measurements
from sonichu_gui.export.out_file import write_whole
from sonichu_gui.export.predictions import render_predictions

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from sonichu_gui.domain.task import Task
    from sonichu_gui.export.label import Exporter
    from sonichu_gui.labels.place import LabelPlace
    from sonichu_gui.labels.store import LabelStore

__all__ = [
    "FORMATS",
    "STOOD_FOR",
    "ExportFormat",
    "ExportReport",
    "compared_calibration",
    "file_calibration",
    "write",
]

STOOD_FOR = (Status.ACCEPTED, Status.EDITED)
"""What a person stands for: accepted (imported labels are) and edited. Proposals nobody has looked
at, and what somebody flagged or excluded, leave only when asked for."""


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A kind of output.

    Attributes:
        title: What a person calls it.
        words: What it is for.
        file_name: What a file of it is called unless told otherwise.
        render: Labels to the contents of a file.
        statuses: Which labels leave unless told otherwise; None for all.
        of_labels: Whether it holds the labels' own points, so that one without any stays out.
    """

    title: str
    words: str
    file_name: str
    render: Exporter
    statuses: tuple[Status, ...] | None = STOOD_FOR
    of_labels: bool = True


FORMATS: Mapping[str, ExportFormat] = {
    "csv": ExportFormat(
        "Label CSV", "Points for training, one row a frame", "labels.csv", render_csv
    ),
    "coco": ExportFormat(
        "COCO keypoints", "For other training tools", "keypoints.json", render_coco
    ),
    "predictions": ExportFormat(
        "Predictions JSON",
        "What the model said, in the challenge's format",
        "regression_predictions.json",
        render_predictions,
        statuses=None,
        of_labels=False,
    ),
    "measurements": ExportFormat(
        "Measurements CSV",
        "Numbers with unit, uncertainty and scale source",
        "measurements.csv",
        render_measurements,
    ),
    "corrections": ExportFormat(
        "Corrections JSON",
        "What the model said and what a person made of it",
        "corrections.json",
        render_corrections,
    ),
}


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written.

    Attributes:
        written: Files.
        count: Labels in them.
        skipped: Labels of the asked tasks and statuses that are not, each with the reason.
    """

    written: tuple[Path, ...]
    count: int
    skipped: tuple[str, ...]


def file_calibration(path: Path, digest: str) -> Calibration:
    """Gives what an image file says about its scale.

    Args:
        path: Where it was last seen.
        digest: Of the file that is meant; another one in its place says nothing about it.
    """
    from sonichu_gui.imaging.sources import open_source

    try:
        source = open_source(path)
    except FrameError as error:
        return Calibration(spacing=no_scale(error.message))
    try:
        if source.digest != digest:
            return Calibration(spacing=no_scale(f"{path.name} is not the file that was labelled"))
        return source.calibration
    finally:
        source.close()


def compared_calibration(path: Path, digest: str) -> Calibration:
    """Gives what an image file says about its scale, and what the ruler in its picture says of it.

    Args:
        path: Where it was last seen.
        digest: Of the file that is meant.
    """
    stated = file_calibration(path, digest)
    if not (stated.usable_regions or stated.spacing.dx_mm):
        return stated
    from sonichu_gui.imaging.ruler import find_rulers
    from sonichu_gui.imaging.ruler_check import ruler_verdicts
    from sonichu_gui.imaging.sources import open_source

    try:
        with closing(open_source(path)) as source:
            pixels = source.frame(0).pixels
    except FrameError:
        return stated
    return stated.with_verdicts(ruler_verdicts(stated, find_rulers(pixels)))


def write(
    format_name: str,
    place: LabelPlace,
    out: Path,
    *,
    tasks: Mapping[str, Task],
    task_id: str | None = None,
    statuses: Collection[Status] | None = None,
    calibration_of: Callable[[Path, str], Calibration] = compared_calibration,
) -> ExportReport:
    """Writes the labels of one or more stores to a file, whole or not at all; on any thread.

    Args:
        format_name: A key of `FORMATS`.
        place: Whose labels: a store, or those of a folder and the folders in it.
        out: The file; an older one is replaced.
        tasks: Those there are, by id.
        task_id: Only this task, or None for all.
        statuses: Only labels with one of these; None takes the format's own choice.
        calibration_of: (path, digest) -> what an image file says about its scale. Asked only for
            measurements; scales set or confirmed in the store are added to it.

    Raises:
        ExportError: There is nothing to write, or the file cannot be written.
        StoreError: The store cannot be read.
    """
    chosen = FORMATS[format_name]
    wanted = chosen.statuses if statuses is None else statuses
    labels: list[Label] = []
    skipped: list[str] = []
    for store in place.stores():
        _require_harmless(out, store)
        for row in store.rows(task_id=task_id, statuses=wanted):
            task = tasks.get(row.revision.annotation.task_id)
            label = label_of(store, row, task, folder=place.folder, out=out)
            if not isinstance(label, Label):
                skipped.append(label)
            elif chosen.of_labels and label.annotation.is_empty:
                skipped.append(f"{label.title}: no point is placed")
            else:
                labels.append(label)
    skipped += [f"all labels in {folder}: it cannot be read" for folder in place.unreadable]
    known: dict[Path, Calibration] = {}

    def calibration(label: Label) -> Calibration:
        path, digest = label.store.folder / label.file.path, label.file.digest
        if path not in known:
            known[path] = label.store.calibration_for(digest, calibration_of(path, digest))
        return known[path]

    rendered = chosen.render(labels, calibration)
    skipped += rendered.skipped
    if not rendered.count:
        raise _nothing(place, task_id, skipped)
    write_whole(out, rendered.text)
    return ExportReport((out,), rendered.count, tuple(skipped))


def _require_harmless(out: Path, store: LabelStore) -> None:
    """Refuses to write over the labels themselves or over a picture."""
    from sonichu_gui.imaging.sources import holds_frames
    from sonichu_gui.labels.location import SIDECARS

    kept = {Path(f"{store.path}{suffix}").resolve() for suffix in ("", *SIDECARS)}
    if out.resolve() in kept or holds_frames(out):
        raise ExportError(
            f"{out} is where the labels or a picture are kept.", "Choose another name."
        )


def _nothing(place: LabelPlace, task_id: str | None, skipped: list[str]) -> ExportError:
    """Says what there is instead of what was asked for."""
    what = "labels" if task_id is None else f"{task_id} labels"
    if skipped:
        more = f", and {len(skipped) - 1} more" if len(skipped) > 1 else ""
        return ExportError(f"None of the {what} can be written: {skipped[0]}{more}.")
    counts: dict[str, int] = {}
    for store in place.stores():
        for row in store.rows(task_id=task_id):
            status = row.revision.annotation.status.value
            counts[status] = counts.get(status, 0) + 1
    there = ", ".join(f"{number} {status}" for status, number in counts.items()) or "none at all"
    return ExportError(
        f"There are no {what} of the asked status in {place.folder}; there are: {there}.",
        "Ask for another status or task.",
    )
