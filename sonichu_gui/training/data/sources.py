"""Everything that training learns from, by one table of readers.

Label files of every format that the app imports, HC18's own folder, folders of pictures without
labels, and the app's own label store. Whatever cannot be used is told with its file and line.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from sonichu_gui.errors import ImportRejected
from sonichu_gui.labels.importers.entry import RowError
from sonichu_gui.labels.importers.images import ImageFinder
from sonichu_gui.labels.importers.registry import FORMATS
from sonichu_gui.labels.revision import RevisionKind
from sonichu_gui.tasks import task_named
from sonichu_gui.training.data.hc18 import read_hc18
from sonichu_gui.training.data.label_store import read_store
from sonichu_gui.training.data.labels import BrokenRow, FrameRow, LabelRow, read_labels
from sonichu_gui.training.data.source_rows import Reader, SourceConfig, SourceRows, not_there
from sonichu_gui.training.data.unlabelled import read_folder

__all__ = ["READERS", "Reader", "SourceConfig", "SourceRows", "read_source", "read_sources"]

_AnyRow = TypeVar("_AnyRow", LabelRow, FrameRow)

_TOLD = 20  # broken rows that a run tells one by one; `sonichu train data` lists all
_DRAW = "cap"  # seed of the draw that a cap makes: the same rows in every run


def read_source(config: SourceConfig, root: Path) -> SourceRows:
    """Everything that one source holds, as the configuration asks for it.

    Args:
        config: which source, and what of it.
        root: the data root.

    Raises:
        ImportRejected: it is not there, not of its kind, or holds nothing that was asked for.
    """
    if config.kind not in READERS:
        raise ImportRejected(
            f"The source {config.path} is of kind {config.kind!r}, which there is no reader for.",
            f"The kinds are {', '.join(READERS)}.",
        )
    if config.task:
        config = replace(config, task=task_named(config.task).id)
    found = READERS[config.kind](config, root.absolute())
    rows = _of_split(found.rows, config)
    frames = _of_split(found.frames, config)
    if not rows and not frames:
        raise _nothing(config, root, found)
    rows, frames = _capped(rows, config.cap), _capped(frames, config.cap)
    rows = [_as_configured(row, config) for row in rows]
    if config.study:
        frames = [
            replace(frame, subject_id=f"{config.study}/{frame.subject_id}") for frame in frames
        ]
    repeated = [row for row in rows for _ in range(config.repeat)]
    return replace(found, rows=tuple(repeated), frames=tuple(frames))


def read_sources(
    configs: Iterable[SourceConfig], root: Path, report: Callable[[str], None]
) -> SourceRows:
    """Everything that several sources hold, in their order.

    Args:
        configs: the sources.
        root: the data root.
        report: is told what each holds, and what of it cannot be used and why.

    Raises:
        ImportRejected: as for `read_source`.
    """
    whole = SourceRows()
    for config in configs:
        found = read_source(config, root)
        report(f"{config.path} ({config.kind}): {counted(found)}")
        for line in (*found.notes, *map(str, found.broken[:_TOLD])):
            report(f"  {line}")
        if len(found.broken) > _TOLD:
            report(f"  … and {len(found.broken) - _TOLD} more; `sonichu train data` lists them")
        whole += found
    return whole


def counted(found: SourceRows) -> str:
    """What there is, in words: rows a task, frames, subjects, broken rows."""
    tasks = sorted({row.task_id for row in found.rows})
    parts = [f"{sum(row.task_id == task for row in found.rows)} {task} labels" for task in tasks]
    if found.frames:
        parts.append(f"{len(found.frames)} unlabelled frames")
    every: list[LabelRow | FrameRow] = [*found.rows, *found.frames]
    subjects = {row.subject_id for row in every}
    parts.append(f"{len(subjects)} subjects")
    if found.broken:
        parts.append(f"{len(found.broken)} rows that cannot be used")
    return ", ".join(parts)


def _read_label_file(kind: str, config: SourceConfig, root: Path) -> SourceRows:
    file = root / config.path
    if not file.exists():
        raise not_there(config, file)
    images = root / config.images if config.images else file if file.is_dir() else file.parent
    if not images.is_dir():
        raise ImportRejected(f"The folder {images} is not there.", "Check the path of the images.")
    label_file = read_labels(file, kind=kind, task_id=config.task or None)
    finder = ImageFinder(
        label_folder=images,
        image_folders=(images, file.parent),
        names=[row.image_path for row in label_file.rows],
    )
    rows: list[LabelRow] = []
    broken = list(label_file.broken)
    for row in label_file.rows:
        if config.task not in ("", row.task_id):
            continue
        try:
            rows.append(_found(row, images, finder))
        except RowError as error:
            broken.append(BrokenRow(row.line, str(error), file))
    rows, twice = _told_once(rows, file)
    broken += twice
    broken.sort(key=lambda row: row.line)
    if kind == "corrections":
        rows = [replace(row, origin="correction") for row in rows]
    return SourceRows(tuple(rows), (), tuple(broken), label_file.notes)


def _told_once(rows: list[LabelRow], file: Path) -> tuple[list[LabelRow], list[BrokenRow]]:
    """The first label of a task that a rater gave a frame; further ones in one file are broken."""
    first: dict[tuple[str, Path | None, str, str], LabelRow] = {}
    twice: list[BrokenRow] = []
    for row in rows:
        key = row.task_id, row.images, row.image_path, row.extra.get("rater", "")
        known = first.setdefault(key, row)
        if known is not row:
            reason = f"{row.image_path} has a label of {row.task_id} in row {known.line} already"
            twice.append(BrokenRow(row.line, reason, file))
    return list(first.values()), twice


def _read_pseudo_labels(config: SourceConfig, root: Path) -> SourceRows:
    """What `sonichu train pseudo-label` left in its output folder.

    That folder starts from the working directory, as those of all runs do, and the image paths in
    it from the data root.
    """
    path = Path(config.path).absolute()
    path = path / "labels.csv" if path.is_dir() else path
    if not path.is_file():
        raise ImportRejected(
            f"The pseudo-labels {path} are not there.",
            "Make them first: sonichu train pseudo-label. Their path starts from the working"
            " directory.",
        )
    images = config.images or "."
    found = _read_label_file("csv", replace(config, path=str(path), images=images), root)
    return replace(found, rows=tuple(replace(row, origin="pseudo") for row in found.rows))


def _found(row: LabelRow, images: Path, finder: ImageFinder) -> LabelRow:
    """The row with its image's own place, which a raw file may spell otherwise."""
    path, index = finder.find(row.image_path)
    mark = "" if index is None else f"#{index}"
    if path == images / row.image_path.removesuffix(mark):
        return replace(row, images=images)
    inside = path.is_relative_to(images)
    place, name = (images, path.relative_to(images)) if inside else (path.parent, Path(path.name))
    return replace(row, image_path=f"{name.as_posix()}{mark}", images=place)


def _of_split(rows: Sequence[_AnyRow], config: SourceConfig) -> list[_AnyRow]:
    return [row for row in rows if config.split in ("", row.split)]


def _capped(rows: list[_AnyRow], cap: int) -> list[_AnyRow]:
    if not cap or len(rows) <= cap:
        return rows
    return [rows[index] for index in sorted(random.Random(_DRAW).sample(range(len(rows)), cap))]


def _as_configured(row: LabelRow, config: SourceConfig) -> LabelRow:
    extra = row.extra
    if config.study:
        extra = {**extra, "subject_id": f"{config.study}/{row.subject_id}"}
    origin = config.origin if row.origin == "label" else row.origin
    return replace(row, extra=extra, weight=config.weight, origin=origin)


def _nothing(config: SourceConfig, root: Path, found: SourceRows) -> ImportRejected:
    wanted = [f"{name} {value}" for name in ("task", "split") if (value := getattr(config, name))]
    if found.broken:
        return ImportRejected(
            f"Nothing in {root / config.path} can be used. {found.broken[0]}"
            f" ({len(found.broken)} rows in all).",
            "Correct the file, or check the path of the images.",
        )
    every: list[LabelRow | FrameRow] = [*found.rows, *found.frames]
    splits = sorted({row.split for row in every} - {""})
    return ImportRejected(
        f"{root / config.path} holds nothing{' of ' if wanted else ''}{' and '.join(wanted)}.",
        f"Its splits are {', '.join(splits)}." if splits else "Ask for another task or split.",
    )


READERS: Mapping[str, Reader] = {
    **{
        kind: partial(_read_label_file, kind)
        for kind, form in FORMATS.items()
        if form.kind is RevisionKind.ANNOTATION
    },
    "pseudo": _read_pseudo_labels,
    "hc18": read_hc18,
    "folder": read_folder,
    "store": read_store,
}
"""A row a kind: label files as `sonichu import` reads them, then what is no label file."""
