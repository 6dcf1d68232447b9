"""The table of `sonichu info`: a row a file, with what it is or why it is not shown.

A refusal is a finding of the table, not a failure of the command: the exit code is 0. Files are
opened one after the other and let go at once; only the rows are kept.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonichu_gui.commands.contact_sheet import ContactSheet
from sonichu_gui.commands.file_facts import describe
from sonichu_gui.commands.hide_outside import inside_alone
from sonichu_gui.commands.output import print_json, table
from sonichu_gui.commands.progress import tracked
from sonichu_gui.domain.calibration import Scale, Trust
from sonichu_gui.errors import FrameError, SonichuError
from sonichu_gui.imaging.folder_scan import scan_folder
from sonichu_gui.imaging.sources import FrameSource, format_of, open_source
from sonichu_gui.imaging.storage import UNSTATED, Storage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sonichu_gui.domain.frame import Pixels

_HEAD = (
    "file", "format", "photometric", "bits", "frames", "size", "colour", "mm/px", "scale", "remarks"
)  # fmt: skip
_NUMBERS, _LONGEST_NAME = (3, 4, 5), 40
_COLUMNS = (
    "path", "format", "transfer_syntax", "photometric", "bits", "frames", "width", "height",
    "color", "in_color", "frame_time_ms", "scale_source", "dx_mm", "dy_mm", "trust", "scale_reason",
    "warning", "notes", "refused", "hint", "digest",
)  # fmt: skip
_TRUST_WORDS = {Trust.TRUSTED: "trusted", Trust.DOUBTFUL: "doubtful", Trust.NONE: "without a scale"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a file is whose first frame can be shown.

    Attributes:
        storage: How its samples are stored.
        frames: Their number.
        width: Of the first one, in pixels.
        height: Likewise.
        color: How the file stores colour, e.g. "palette".
        in_color: Whether the first frame has any.
        frame_time_ms: Mean time from frame to frame, None for a still.
        scale: The main scale.
        warning: A contradiction of its scales.
        notes: What else a person should know of it.
        digest: SHA-256 of its bytes.
        document: What `--json` says of a single file.
    """

    storage: Storage
    frames: int
    width: int
    height: int
    color: str
    in_color: bool
    frame_time_ms: float | None
    scale: Scale
    warning: str
    notes: tuple[str, ...]
    digest: str
    document: dict[str, Any]

    @property
    def size_mm(self) -> str:
        """The size of a pixel in words: one number where it is square, "" where unknown."""
        if self.scale.dx_mm is None or self.scale.dy_mm is None:
            return ""
        x, y = f"{self.scale.dx_mm:.4g}", f"{self.scale.dy_mm:.4g}"
        return x if x == y else f"{x} × {y}"

    @property
    def remarks(self) -> str:
        """What a person should know, in one line."""
        doubt = "" if self.scale.trust is Trust.TRUSTED else self.scale.reason
        return "; ".join(filter(None, (doubt, self.warning, *self.notes)))


@dataclass(frozen=True, slots=True)
class Row:
    """One file of the table.

    Attributes:
        path: As it was named or found.
        name: The end of it by which the files differ.
        format: What it is, for people.
        shown: What is known of it, None where it is refused.
        problem: Why it is refused.
    """

    path: Path
    name: str
    format: str
    shown: Shown | None = None
    problem: SonichuError | None = None

    @property
    def refusal(self) -> str:
        """Why it is refused, with its name in place of the whole path."""
        return self.problem.message.replace(str(self.path), self.path.name) if self.problem else ""

    def to_json(self) -> dict[str, Any]:
        """Gives what a single file's `--json` says, and what only the table has."""
        document: dict[str, Any] = {"path": str(self.path), "format": self.format}
        storage, in_color = UNSTATED, None
        if self.shown is not None:
            document = self.shown.document
            storage, in_color = self.shown.storage, self.shown.in_color
        problem = self.problem and {"message": self.problem.message, "hint": self.problem.hint}
        return {
            **document,
            "transfer_syntax": storage.syntax or None,
            "photometric": storage.photometric or None,
            "bits": storage.bits,
            "in_color": in_color,
            "refused": problem,
        }


def describe_many(args: argparse.Namespace) -> int:
    """Prints the table, draws the sheet and gives 0; what Ctrl+C leaves is printed as well.

    Raises:
        FrameError: A folder cannot be read, or there is no file.
        ExportError: The sheet cannot be written.
    """
    paths = _files(args.paths)
    sheet = None
    if args.contact_sheet is not None:
        sheet = ContactSheet(args.contact_sheet, len(paths), keep=paths)
    rows: list[Row] = []
    names = _names(paths)
    try:
        for path in tracked(paths, noun="files"):
            row, pixels = _survey(path, names[path], hides=args.hide_outside)
            rows.append(row)
            if sheet is not None:
                sheet.add(row.name, pixels, *_captions(row, is_drawn=pixels is not None))
    finally:
        if sheet is not None:
            sheet.close()
        _print(args, rows)
    if sheet is not None:
        print(f"drawn: {', '.join(map(str, sheet.written))}", file=sys.stderr)
    return 0


def _files(paths: Sequence[Path]) -> list[Path]:
    found: dict[Path, None] = {}
    for path in paths:
        found |= dict.fromkeys(scan_folder(path) if path.is_dir() else [path])
    if not found:
        raise FrameError(
            f"{', '.join(map(str, paths))} holds no files of frames.",
            "Name the files themselves if their endings are unusual.",
        )
    return list(found)


def _names(paths: Sequence[Path]) -> dict[Path, str]:
    """Gives the part of each path that is not common to all."""
    folders = {str(path.absolute().parent) for path in paths}
    common = os.path.commonpath(folders) if len({Path(f).anchor for f in folders}) == 1 else ""
    return {path: os.path.relpath(path.absolute(), common) if common else str(path)
            for path in paths}  # fmt: skip


def _survey(path: Path, name: str, *, hides: bool) -> tuple[Row, Pixels | None]:
    """Opens a file and decodes its first frame; gives None for what must not be drawn of it."""
    source: FrameSource | None = None
    try:
        source = open_source(path)
        frame = source.frame(0)
        drawn = inside_alone(source, frame) if hides else frame.pixels
        return Row(path, name, source.format, _shown(source, frame.pixels)), drawn
    except SonichuError as error:
        known = format_of(path) if source is None else source.format
        return Row(path, name, known, problem=error), None
    finally:
        if source is not None:
            source.close()


def _shown(source: FrameSource, pixels: Pixels) -> Shown:
    return Shown(
        storage=source.storage,
        frames=source.frame_count,
        width=source.width,
        height=source.height,
        color=source.color,
        in_color=pixels.ndim == 3,
        frame_time_ms=source.frame_time_ms,
        scale=source.calibration.scale_for(),
        warning=source.calibration.warning,
        notes=source.notes,
        digest=source.digest,
        document=describe(source),
    )


def _captions(row: Row, *, is_drawn: bool) -> tuple[list[str], Trust | None, str]:
    """Gives what stands below a picture of the sheet: plain lines, trust, and its line."""
    if row.shown is not None and not is_drawn:
        return [row.format], None, "No scan area was found, so all of it is hidden."
    if row.shown is None:
        hint = "" if row.problem is None else row.problem.hint
        return [row.format, hint], None, row.refusal
    shown = row.shown
    many = f"{shown.frames} frames" if shown.frames > 1 else ""
    bits = "" if shown.storage.bits is None else f"{shown.storage.bits} bit"
    kind, size = shown.storage.photometric or shown.color, f"{shown.width} × {shown.height}"
    lines = [
        f"{row.format}, {'colour' if shown.in_color else 'grey'}",
        " · ".join(filter(None, (kind, bits, many, size))),
    ]
    trust, source = shown.scale.trust, shown.scale.tag
    remarks = f": {shown.remarks}" if shown.remarks else ""
    if not shown.size_mm:
        return lines, trust, f"no scale{remarks}"
    return lines, trust, f"{shown.size_mm} mm/px, {source}, {trust.value}{remarks}"


def _print(args: argparse.Namespace, rows: Sequence[Row]) -> None:
    if args.json:
        print_json([row.to_json() for row in rows])
    elif args.csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([_COLUMNS, *map(_csv_cells, rows)])
    elif rows:
        print(table([_HEAD, *map(_text_cells, rows)], right=_NUMBERS))
    print(_totals(rows), file=sys.stderr if args.json or args.csv else sys.stdout)


def _totals(rows: Sequence[Row]) -> str:
    trusts = Counter(row.shown.scale.trust for row in rows if row.shown is not None)
    words = [f"{trusts[trust]} {word}" for trust, word in _TRUST_WORDS.items() if trusts[trust]]
    scales = f" ({', '.join(words)})" if words else ""
    shown = trusts.total()
    return f"{len(rows)} files: {shown} shown{scales}, {len(rows) - shown} refused"


def _text_cells(row: Row) -> tuple[str, ...]:
    if row.shown is None:
        hint = "" if row.problem is None else row.problem.hint
        said = f"refused: {row.refusal} {hint}".rstrip()
        return (_short(row.name), row.format, *[""] * 7, said)
    shown = row.shown
    return (
        _short(row.name),
        row.format,
        shown.storage.photometric or shown.color,
        "" if shown.storage.bits is None else str(shown.storage.bits),
        str(shown.frames),
        f"{shown.width}×{shown.height}",
        "yes" if shown.in_color else "no",
        shown.size_mm,
        f"{shown.scale.tag}, {shown.scale.trust.value}" if shown.size_mm else "none",
        shown.remarks,
    )


def _short(name: str) -> str:
    """Keeps a name from pushing the table off the screen; its end tells most."""
    return name if len(name) <= _LONGEST_NAME else f"…{name[1 - _LONGEST_NAME :]}"


def _csv_cells(row: Row) -> Iterator[object]:
    """Gives the cells of `_COLUMNS`; what is not known is empty."""
    yield from (row.path, row.format)
    if row.shown is None:
        yield from [""] * (len(_COLUMNS) - 5)
        yield from (row.refusal, "" if row.problem is None else row.problem.hint, "")
        return
    shown, scale = row.shown, row.shown.scale
    yield from (shown.storage.syntax, shown.storage.photometric, shown.storage.bits, shown.frames)
    yield from (shown.width, shown.height, shown.color, "yes" if shown.in_color else "no")
    yield from (shown.frame_time_ms, scale.source.value, scale.dx_mm, scale.dy_mm)
    yield from (scale.trust.value, scale.reason, shown.warning, "; ".join(shown.notes))
    yield from ("", "", shown.digest)
