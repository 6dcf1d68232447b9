"""The frames of the model card's table: originally labelled, held out, and readable for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonichu_gui.errors import FrameError
from sonichu_gui.training.config import TrainingError, data_root
from sonichu_gui.training.data.sources import read_sources
from sonichu_gui.training.data.splits import split_rows

if TYPE_CHECKING:
    from sonichu_gui.training.data.labels import LabelRow
    from sonichu_gui.training.fair_recipe import FairConfig
    from sonichu_gui.training.known_points import KnownPoints
    from sonichu_gui.training.loop import Report


@dataclass(frozen=True, slots=True)
class MeasuredRows:
    """The frames of a table.

    Attributes:
        labels: originally labelled, held out.
        phantoms: held out.
        validation: originally labelled, the part that a choice is made on.
        split, validation_split: how they were divided, in words.
        left_out: how many held-out rows of every other origin are not measured on.
    """

    labels: list[LabelRow]
    phantoms: list[LabelRow]
    validation: list[LabelRow]
    split: str
    validation_split: str
    left_out: dict[str, int]


def measured_rows(config: FairConfig, *, report: Report) -> MeasuredRows:
    """The frames that the table is measured on, and those that a choice is made on.

    Raises:
        SonichuError: a source cannot be read, or a split leaves nothing.
    """

    def tell(line: str) -> None:
        report(-1, line)

    split = split_rows(read_sources(config.data, data_root(), report=tell).rows, config.split)
    tell(split.described)
    beside = read_sources(config.held_out, data_root(), report=tell).rows
    held = {
        (row.task_id, str(row.images), row.image_path): row for row in (*split.held_out, *beside)
    }
    measured = list(held.values())
    left_out = Counter(row.origin for row in measured if row.origin not in {"label", "phantom"})
    validation, words = [], ""
    if config.validation is not None:
        part = split_rows(split.learn, config.validation)
        validation = [row for row in part.held_out if row.origin == "label"]
        words = part.described
        tell(f"validation part: {words}")
    return MeasuredRows(
        [row for row in measured if row.origin == "label"],
        [row for row in measured if row.origin == "phantom"],
        validation,
        split.described,
        words,
        dict(left_out),
    )


def readable(rows: MeasuredRows, known: KnownPoints) -> tuple[MeasuredRows, list[str]]:
    """The rows whose frames can be read, and what is told of the others.

    So every entry is measured on the same ones.

    Raises:
        TrainingError: no frame is left.
    """
    broken: list[str] = []

    def kept(some: Sequence[LabelRow]) -> list[LabelRow]:
        return [row for row in some if _can_be_read(row, known, broken.append)]

    whole = MeasuredRows(
        kept(rows.labels),
        kept(rows.phantoms),
        kept(rows.validation),
        rows.split,
        rows.validation_split,
        rows.left_out,
    )
    if not whole.labels and not whole.phantoms:
        raise TrainingError(
            f"There is no frame to measure on: {rows.split}.",
            " ".join(broken[:1]) or "Hold out originally labelled rows or phantoms.",
        )
    return whole, broken


def _can_be_read(row: LabelRow, known: KnownPoints, tell: Callable[[str], None]) -> bool:
    try:
        known.require_frame(row)
    except FrameError as error:
        tell(f"{row.image_path} (line {row.line}) left out: {error}")
        return False
    return True
