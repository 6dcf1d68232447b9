"""Frames without labels: everything in a folder and the folders in it that holds pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sonichu_gui.errors import FrameError
from sonichu_gui.imaging.folder_scan import scan_folder
from sonichu_gui.imaging.source_file import first_bytes
from sonichu_gui.imaging.sources import READERS, open_source
from sonichu_gui.labels.frame_name import frame_name
from sonichu_gui.training.data.labels import BrokenRow, FrameRow, LabelRow
from sonichu_gui.training.data.source_rows import SourceConfig, SourceRows, not_there
from sonichu_gui.training.data.subjects import clip_of

if TYPE_CHECKING:
    from sonichu_gui.domain.task import Task

__all__ = ["read_folder", "row_without_points"]

_OF_ONE_FRAME = ("PNG", "JPEG", "BMP")
_SNIFFED_BYTES = 132
_OUTLINE = "_annotation"


def read_folder(config: SourceConfig, root: Path) -> SourceRows:
    """Lists the frames of a folder, every `stride`-th of a cine.

    Only files that may hold several frames are opened, since a folder may hold a hundred thousand
    pictures; one that is damaged is told when its pixels are read.

    Raises:
        ImportRejected: The folder is not there.
        FrameError: It cannot be read.
    """
    folder = root / config.path
    if not folder.is_dir():
        raise not_there(config, folder)
    frames: list[FrameRow] = []
    broken: list[BrokenRow] = []
    paths = list(scan_folder(folder))
    outlines = _outlines(paths)
    for path in paths:
        if path in outlines:
            continue
        try:
            frames += _frames_of(path, folder, config.stride)
        except FrameError as error:
            broken.append(BrokenRow(0, str(error), path))
    note = f"{folder}: {len(outlines)} outlines (…{_OUTLINE.title()}) beside their frames left out"
    return SourceRows((), tuple(frames), tuple(broken), (note,) if outlines else ())


def _outlines(paths: list[Path]) -> set[Path]:
    """Drawings of what lies beside them, as HC18 has them: no frames to learn from."""
    stems = {path.with_suffix("") for path in paths}
    return {
        path
        for path in paths
        if path.stem.lower().endswith(_OUTLINE)
        and path.with_name(path.stem[: -len(_OUTLINE)]) in stems
    }


def _frames_of(path: Path, folder: Path, stride: int) -> list[FrameRow]:
    count, mm_per_px = 1, None
    head = first_bytes(path, _SNIFFED_BYTES)
    reader = next((reader for reader in READERS if reader.matches(head)), None)
    if reader is None or reader.name not in _OF_ONE_FRAME:
        source = open_source(path)
        count, scale = source.frame_count, source.calibration.scale_for()
        if scale.in_mm and scale.dx_mm == scale.dy_mm:
            mm_per_px = scale.dx_mm
        source.close()
    name = path.relative_to(folder).as_posix()
    clip = clip_of(name, folder)
    return [
        FrameRow(frame_name(name, index, count), folder, 0, clip, mm_per_px)
        for index in range(0, count, stride)
    ]


def row_without_points(frame: FrameRow, task: Task) -> LabelRow:
    """The frame as a row that others, a model's teachers, have to tell the points of: NaN here."""
    return LabelRow(
        frame.image_path,
        task.id,
        np.full((len(task.keypoints), 2), np.nan),
        frame.line,
        mm_per_px=frame.mm_per_px,
        extra={**frame.extra, "subject_id": frame.subject_id},
        images=frame.images,
        weight=0.0,
        origin="pseudo",
    )
