"""What a configuration's data come to before anything is trained: sources, split, leaks.

Every frame is opened once, so that a picture that cannot be read or is not of the size its label
states is told here and not hours into a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from sonichu_gui.errors import FrameError
from sonichu_gui.training.data.fingerprints import Fingerprint, fingerprints
from sonichu_gui.training.data.labels import BrokenRow, FrameRow, LabelRow
from sonichu_gui.training.data.leaks import (
    LEAK_KINDS,
    Leak,
    LeakKind,
    each_once,
    leaks_between,
    name_of,
)
from sonichu_gui.training.data.sources import read_source
from sonichu_gui.training.data.splits import split_rows

if TYPE_CHECKING:
    from sonichu_gui.training.data.room import DataRoom
    from sonichu_gui.training.data.source_rows import SourceConfig, SourceRows

__all__ = ["Review", "ReviewedSource", "review"]

_NO_SPLIT = "none; everything is learned from"

_Report: TypeAlias = Callable[[str], None]
_Row: TypeAlias = LabelRow | FrameRow


@dataclass(frozen=True, slots=True)
class ReviewedSource:
    """A source and what it holds.

    Attributes:
        config: as configured.
        file: what its broken rows are told by, where they are in no file of their own.
        found: what it holds; frames that cannot be read are among the broken rows.
        held_out: whether it is only measured on.
    """

    config: SourceConfig
    file: Path
    found: SourceRows
    held_out: bool

    @property
    def rows(self) -> list[_Row]:
        """Its frames, labelled or not."""
        return [*self.found.rows, *self.found.frames]

    @property
    def subjects(self) -> int:
        """Number of subjects."""
        return len({row.subject_id for row in self.rows})


@dataclass(frozen=True, slots=True)
class Review:
    """What was found.

    Attributes:
        sources: in the configuration's order, those that are only measured on last.
        learn, held_out: the labelled rows on either side.
        frames: unlabelled frames, which are learned from.
        described: which rule divided them.
        leaks: from one side to the other.
        kinds: the kinds of leaks that were looked for.
    """

    sources: tuple[ReviewedSource, ...]
    learn: tuple[LabelRow, ...]
    held_out: tuple[LabelRow, ...]
    frames: tuple[FrameRow, ...]
    described: str
    leaks: tuple[Leak, ...]
    kinds: tuple[LeakKind, ...]


def review(room: DataRoom, root: Path, *, report: _Report) -> Review:
    """Reads all sources and frames of a configuration.

    Raises:
        SonichuError: a source is not there or not what it should be, or the split is impossible.
    """
    wanted = [*((one, False) for one in room.sources), *((one, True) for one in room.held_out)]
    read = [
        ReviewedSource(config, root / config.path, read_source(config, root), held)
        for config, held in wanted
    ]
    made = _fingerprints(read, report)
    sources = tuple(_of_readable(source, made) for source in read)
    known = {name: one for name, one in made.items() if not isinstance(one, FrameError)}
    ours = [source.found for source in sources if not source.held_out]
    learn = tuple(row for found in ours for row in found.rows)
    frames = tuple(frame for found in ours for frame in found.frames)
    held_out = tuple(row for source in sources if source.held_out for row in source.found.rows)
    described = "none; the sources named held_out are measured on" if held_out else _NO_SPLIT
    kinds = LEAK_KINDS
    if room.split is not None:
        split = split_rows(learn, room.split)
        learn, held_out, described = split.learn, split.held_out + held_out, split.described
        kinds = LEAK_KINDS if not split.parts_subjects else ("file",)
    leaks = leaks_between(
        [(row, known[name_of(row)]) for row in each_once((*learn, *frames))],
        [(row, known[name_of(row)]) for row in each_once(held_out)],
        kinds=kinds,
    )
    return Review(sources, learn, held_out, frames, described, tuple(leaks), kinds)


def _fingerprints(
    sources: Sequence[ReviewedSource], report: _Report
) -> dict[str, Fingerprint | FrameError]:
    rows = each_once([row for source in sources for row in source.rows])
    found = fingerprints(rows, report=report)
    return {name_of(row): one for row, one in zip(rows, found, strict=True)}


def _of_readable(
    source: ReviewedSource, known: Mapping[str, Fingerprint | FrameError]
) -> ReviewedSource:
    """The source without the rows whose frame cannot be used; these are told as broken."""
    reasons = {id(row): _why_not(row, known[name_of(row)]) for row in source.rows}
    broken = {
        (name_of(row), row.line): BrokenRow(row.line, reason, source.file)
        for row in source.rows
        if (reason := reasons[id(row)])
    }
    found = source.found
    usable = replace(
        found,
        rows=tuple(row for row in found.rows if not reasons[id(row)]),
        frames=tuple(frame for frame in found.frames if not reasons[id(frame)]),
        broken=(*found.broken, *broken.values()),
    )
    return replace(source, found=usable)


def _why_not(row: _Row, known: Fingerprint | FrameError) -> str:
    if isinstance(known, FrameError):
        return str(known)
    size = row.size if isinstance(row, LabelRow) else None
    if size not in (None, known.size):
        return (
            f"{row.image_path} has {known.size[0]} x {known.size[1]} pixels, the row says"
            f" {size[0]} x {size[1]}"
        )
    return ""
