"""Where frames to learn from come from, as a configuration says it, and what reading them gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from sonichu_gui.errors import ImportRejected
from sonichu_gui.training.data.labels import ORIGINS, BrokenRow, FrameRow, LabelRow

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Reader", "SourceConfig", "SourceRows", "not_there"]


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One place that frames come from.

    Attributes:
        kind: how it is read, a key of `sources.READERS`.
        path: a file or folder, relative to the data root; of the kind "pseudo" the output folder of
            the run that made it, relative to the working directory.
        images: the folder that image paths start from, where it is not the label file's own.
        task: rows of this task only; the task of all rows where a file names none.
        split: rows of this split only.
        study: subjects are numbered within this study; sources of one study share them. Empty:
            a subject's number means the same in every such source.
        origin: how the points came about, one of `labels.ORIGINS`.
        cap: at most so many rows (and so many frames), drawn by chance; 0 for all.
        repeat: how often a row is met for each time that others are.
        weight: what a row counts for in a loss.
        stride: of the frames of an unlabelled cine, every so-manieth.
        rater: of a label store, what this person last said; empty: what holds.
        status: of a label store, labels that stand so, with commas between.
    """

    kind: str
    path: str
    images: str = ""
    task: str = ""
    split: str = ""
    study: str = ""
    origin: str = "label"
    cap: int = 0
    repeat: int = 1
    weight: float = 1.0
    stride: int = 1
    rater: str = ""
    status: str = "accepted,edited"

    def __post_init__(self) -> None:
        """Refuses what no source can be."""
        wrong = next(
            (
                f"{name} = {getattr(self, name)!r}"
                for name, fits in (
                    ("origin", self.origin in ORIGINS),
                    ("cap", self.cap >= 0),
                    ("repeat", self.repeat >= 1),
                    ("weight", self.weight >= 0),
                    ("stride", self.stride >= 1),
                )
                if not fits
            ),
            "",
        )
        if wrong:
            raise ImportRejected(
                f"The source {self.path} has {wrong}.",
                f"origin is one of {', '.join(ORIGINS)}; cap is at least 0, repeat and stride are"
                " at least 1, weight is at least 0.",
            )


@dataclass(frozen=True, slots=True)
class SourceRows:
    """What sources hold.

    Attributes:
        rows: labelled frames; one that is met several times stands here as often.
        frames: frames without a label.
        broken: what could not be used, each with its file and line.
        notes: what was put right, or left out on purpose.
    """

    rows: tuple[LabelRow, ...] = ()
    frames: tuple[FrameRow, ...] = ()
    broken: tuple[BrokenRow, ...] = ()
    notes: tuple[str, ...] = ()

    def __add__(self, other: SourceRows) -> SourceRows:
        return SourceRows(
            self.rows + other.rows,
            self.frames + other.frames,
            self.broken + other.broken,
            self.notes + other.notes,
        )


Reader: TypeAlias = "Callable[[SourceConfig, Path], SourceRows]"
"""(configuration, data root) -> everything there, before cap and repeat."""


def not_there(config: SourceConfig, path: Path) -> ImportRejected:
    """The refusal of a source whose file or folder is missing."""
    return ImportRejected(
        f"The source {path} ({config.kind}) is not there.",
        "Paths start from the data root: the environment variable SONICHU_DATA, else ./data.",
    )
