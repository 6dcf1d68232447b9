"""Label files into a store: a table of formats, and the one way all of them take.

An import adds accepted labels (or, for a prediction file, predictions) and never comes after a
person: a label that somebody placed or corrected stays what holds, and the row is skipped. Whatever
is skipped is told with its row and the reason. Importing a file again imports what is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonichu_gui.errors import ImportRejected
from sonichu_gui.labels.importers.coco import read_coco
from sonichu_gui.labels.importers.corrections import read_corrections
from sonichu_gui.labels.importers.csv_file import read_csv
from sonichu_gui.labels.importers.entry import LabelEntry, SkippedRow
from sonichu_gui.labels.importers.labelme import read_labelme
from sonichu_gui.labels.importers.multicentre import read_multicentre
from sonichu_gui.labels.importers.predictions import read_predictions
from sonichu_gui.labels.revision import RevisionKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from sonichu_gui.domain.task import Task
    from sonichu_gui.labels.importers.entry import ReadRow
    from sonichu_gui.labels.importers.landing import OpenSource
    from sonichu_gui.labels.place import LabelPlace

__all__ = ["FORMATS", "ImportFormat", "ImportReport", "SkippedRow", "read_labels"]

_TOGETHER = 50
"""Rows that are written at once: waiting for the disk after each would take most of the time."""


@dataclass(frozen=True, slots=True)
class ImportFormat:
    """A kind of label file.

    Attributes:
        title: What a person calls it.
        pattern: Which file names it has.
        read: (file, tasks, task id or None) -> its rows.
        kind: What its points become.
    """

    title: str
    pattern: str
    read: Callable[[Path, Mapping[str, Task], str | None], Iterator[ReadRow]]
    kind: RevisionKind = RevisionKind.ANNOTATION


FORMATS: Mapping[str, ImportFormat] = {
    "csv": ImportFormat("Label CSV", "*.csv", read_csv),
    "coco": ImportFormat("COCO keypoints", "*.json", read_coco),
    "predictions": ImportFormat(
        "Predictions JSON", "*.json", read_predictions, RevisionKind.PREDICTION
    ),
    "multicentre": ImportFormat("Multicentre Fetal Biometry CSV", "*.csv", read_multicentre),
    "labelme": ImportFormat("labelme JSON", "*.json", read_labelme),
    "corrections": ImportFormat("Corrections JSON", "*.json", read_corrections),
}


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a label file.

    Attributes:
        imported: Labels that are in the store now.
        skipped: Rows that are not, in order, with the reason.
        notes: What was put right in the others.
    """

    imported: int
    skipped: tuple[SkippedRow, ...]
    notes: tuple[str, ...] = ()


def read_labels(
    format_name: str,
    file: Path,
    place: LabelPlace,
    *,
    tasks: Mapping[str, Task],
    open_source: OpenSource,
    images: Path | None = None,
    task_id: str | None = None,
    track: Callable[[list[LabelEntry]], Iterable[LabelEntry]] = iter,
) -> ImportReport:
    """Reads a label file into one or more stores; may run on any thread.

    Args:
        format_name: A key of `FORMATS`.
        file: The label file; for labelme also a folder of them.
        place: Where the labels go: a store, or those of a folder and the folders in it.
        tasks: Those there are, by id.
        open_source: Opens an image; `imaging.sources.open_source`.
        images: Folder from which its paths count, when not its own or that of the place.
        task_id: The task where the file itself does not say.
        track: Passes the rows on and shows how far they are.

    Raises:
        ImportRejected: The file is not what it claims to be; nothing was imported.
        StoreError: A store could not be written; what came before is in it.
    """
    from sonichu_gui.labels.importers.landing import Landing

    chosen = FORMATS[format_name]
    if images is not None and not images.is_dir():
        raise ImportRejected(f"The folder {images} is not there.", "Check the path of the images.")
    rows = list(chosen.read(file, tasks, task_id))
    entries = [row for row in rows if isinstance(row, LabelEntry)]
    skipped = [row for row in rows if isinstance(row, SkippedRow)]
    landing = Landing(
        place,
        file,
        kind=chosen.kind,
        images=images,
        names=[entry.image for entry in entries],
        open_source=open_source,
    )
    waiting = 0
    try:
        for entry in track(entries):
            landing.prepare(entry)
            waiting += 1
            if waiting == _TOGETHER:
                landing.commit()
                waiting = 0
        landing.commit()
    except KeyboardInterrupt:
        landing.commit()  # what was read is kept
        raise
    skipped += landing.skipped
    notes = dict.fromkeys(entry.note for entry in entries if entry.note)
    return ImportReport(
        landing.imported, tuple(sorted(skipped, key=lambda row: row.row)), tuple(notes)
    )
