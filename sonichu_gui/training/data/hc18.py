"""HC18's own folder, as its authors publish it (doi 10.5281/zenodo.1327317, CC BY 4.0).

`training_set/NNN_HC.png` with `NNN_HC_Annotation.png`, the outline that an expert drew, and
`training_set_pixel_size_and_HC.csv`; `test_set/` with `test_set_pixel_size.csv` and no outlines.
Several frames of one examination share their number: `010_HC.png`, `010_2HC.png`. The two sets are
numbered apart.

Points are the ends of the axes of the ellipse fitted to the outline. Its circumference must be the
published one, or picture, outline and table do not belong together and the row is broken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from sonichu_gui.biometry.ellipse import circumference_ramanujan2
from sonichu_gui.errors import FrameError, ImportRejected, MeasureError
from sonichu_gui.imaging.sources import open_source
from sonichu_gui.labels.importers.csv_file import positive_cell, read_table
from sonichu_gui.labels.importers.entry import RowError, SkippedRow
from sonichu_gui.training.data.labels import BrokenRow, FrameRow, LabelRow
from sonichu_gui.training.data.outlines import Ellipse, fit_outline
from sonichu_gui.training.data.source_rows import SourceConfig, SourceRows, not_there

__all__ = ["read_hc18"]

_SETS = {
    "train": ("training_set", "training_set_pixel_size_and_HC.csv"),
    "test": ("test_set", "test_set_pixel_size.csv"),
}
_FILE, _PIXEL, _HC = "filename", "pixelsizemm", "headcircumferencemm"
_NAME = re.compile(r"(\d+)_(\d*)HC")
_OUTLINE = "_Annotation"
_INK = 127  # grey value above which a pixel of an outline is drawn
_AGREES_PX, _AGREES_SHARE = 4.0, 0.003
"""Largest difference of the fitted and the published circumference, 0.2 to 1.3 mm in HC18's frames.
A filled shape may or may not include the line that it was filled from, which is half a pixel in the
radius and 3 in the circumference; a wrong outline or pixel size is off by many."""


def read_hc18(config: SourceConfig, root: Path) -> SourceRows:
    """Reads the folder's labelled and unlabelled set, or the one that `split` names.

    Raises:
        ImportRejected: It is no such folder.
    """
    folder = root / config.path
    if not folder.is_dir():
        raise not_there(config, folder)
    if config.task not in ("", "HC"):
        raise ImportRejected(
            f"{folder} is HC18, which has no labels of {config.task}.", "Its task is HC."
        )
    asked = {name: paths for name, paths in _SETS.items() if config.split in ("", name)}
    wanted = {name: paths for name, paths in asked.items() if (folder / paths[1]).is_file()}
    if not wanted:
        tables = [table for _, table in asked.values()] or [f"a set called {config.split}"]
        raise ImportRejected(
            f"{folder} is not HC18 as published: {' or '.join(tables)} is missing.",
            "Unpack training_set.zip and test_set.zip there, beside their two tables.",
        )
    found = SourceRows()
    for split, (pictures, table) in wanted.items():
        found += _read_set(folder, pictures, table, split)
    return found


def _read_set(folder: Path, pictures: str, table: str, split: str) -> SourceRows:
    labelled = split == "train"
    rows: list[LabelRow] = []
    frames: list[FrameRow] = []
    broken: list[BrokenRow] = []
    named: set[str] = set()
    for line, cells in _cells(folder / table, (_FILE, _PIXEL, *([_HC] if labelled else []))):
        if isinstance(cells, SkippedRow):
            broken.append(BrokenRow(line, cells.reason, folder / table))
            continue
        try:
            named.add(cells[_FILE].strip())
            if labelled:
                rows.append(_label_row(folder, pictures, line, cells))
            else:
                frames.append(_frame_row(folder, pictures, line, cells))
        except (RowError, FrameError, MeasureError) as error:
            broken.append(BrokenRow(line, str(error), folder / table))
    broken += [
        BrokenRow(0, f"it has no row in {table}", path)
        for path in sorted((folder / pictures).glob("*.png"))
        if not path.stem.endswith(_OUTLINE) and path.name not in named
    ]
    return SourceRows(tuple(rows), tuple(frames), tuple(broken))


def _cells(
    table: Path, columns: tuple[str, ...]
) -> Iterator[tuple[int, Mapping[str, str] | SkippedRow]]:
    """The table's rows by column, whose names differ in blanks and capitals between copies."""
    header, rows = read_table(table)
    names = {name: re.sub(r"[^a-z]", "", name.casefold()) for name in header}
    missing = [column for column in columns if column not in names.values()]
    if missing:
        raise ImportRejected(
            f"{table} is not HC18's table: it lacks {', '.join(missing)}.",
            "Its columns are filename, pixel size(mm) and, of the training set,"
            " head circumference (mm).",
        )
    for line, cells in rows:
        if isinstance(cells, SkippedRow):
            yield line, cells
        else:
            yield line, {names[name]: value for name, value in cells.items()}


def _label_row(folder: Path, pictures: str, line: int, cells: Mapping[str, str]) -> LabelRow:
    number, path, mm_per_px = _known(folder, pictures, cells)
    published = positive_cell(cells, _HC)
    if published is None:
        raise RowError("it states no head circumference")
    outline = path.with_name(f"{path.stem}{_OUTLINE}{path.suffix}")
    if not outline.is_file():
        raise RowError(f"the outline {outline.name} is not there")
    size, drawn_size, ellipse = _size(path), _size(outline), _ellipse(outline)
    if size != drawn_size:
        raise RowError(
            f"{path.name} has {size[0]} x {size[1]} pixels, its outline {drawn_size[0]} x"
            f" {drawn_size[1]}"
        )
    axes = (2 * float(np.linalg.norm(axis)) * mm_per_px for axis in (ellipse.long, ellipse.short))
    fitted = circumference_ramanujan2(*axes)
    if abs(fitted - published) > max(_AGREES_PX * mm_per_px, _AGREES_SHARE * published):
        raise RowError(
            f"the outline of {path.name} measures {fitted:.2f} mm, the table says {published:.2f}"
        )
    points = ellipse.ends
    points.setflags(write=False)
    return LabelRow(
        f"{pictures}/{path.name}",
        "HC",
        points,
        line,
        size,
        mm_per_px,
        {"subject_id": number, "split": "train", "hc_mm": cells[_HC].strip()},
        images=folder,
    )


def _frame_row(folder: Path, pictures: str, line: int, cells: Mapping[str, str]) -> FrameRow:
    number, path, mm_per_px = _known(folder, pictures, cells)
    return FrameRow(
        f"{pictures}/{path.name}",
        folder,
        line,
        f"{pictures}/{number}",  # another examination than that of the training set's number
        mm_per_px,
        {"split": "test"},
    )


def _known(folder: Path, pictures: str, cells: Mapping[str, str]) -> tuple[str, Path, float]:
    """Number of the examination, file and pixel size that a row states."""
    path = folder / pictures / cells[_FILE].strip()
    found = _NAME.fullmatch(path.stem)
    if found is None:
        raise RowError(f"{cells[_FILE].strip()!r} is no file name like 010_HC.png or 010_2HC.png")
    if not path.is_file():
        raise RowError(f"the image {pictures}/{path.name} is not there")
    mm_per_px = positive_cell(cells, _PIXEL)
    if mm_per_px is None:
        raise RowError("it states no pixel size")
    return str(int(found[1])), path, mm_per_px


def _size(path: Path) -> tuple[int, int]:
    source = open_source(path)
    try:
        return source.width, source.height
    finally:
        source.close()


def _ellipse(outline: Path) -> Ellipse:
    source = open_source(outline)
    try:
        pixels = source.frame(0).pixels
    finally:
        source.close()
    grey = pixels if pixels.ndim == 2 else pixels.max(axis=2)
    return fit_outline(np.asarray(grey > _INK, dtype=np.bool_))
