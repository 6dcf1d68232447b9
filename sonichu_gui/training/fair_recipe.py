"""The model card's table as a TOML file: its rows, and the frames that they are measured on."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from sonichu_gui.training.config import LARGEST_SEED, TrainingError, require_between
from sonichu_gui.training.data.sources import SourceConfig  # noqa: TC001 - read_config needs it
from sonichu_gui.training.data.splits import SplitRule  # noqa: TC001 - as above

ENSEMBLES = ("", "median", "best")


@dataclass(frozen=True, slots=True)
class EntryConfig:
    """One row of the table.

    Attributes:
        name: what it is called.
        models: model folders.
        tta: average the mirrored view.
        ensemble: how several models are one answer: "median" of every coordinate, or "best": the
            single one that is best on the validation part.
        group: rows of one group stand together under its name.
    """

    name: str
    models: tuple[str, ...]
    tta: bool = True
    ensemble: str = ""
    group: str = ""

    def __post_init__(self) -> None:
        if self.ensemble not in ENSEMBLES:
            raise TrainingError(
                f"{self.name}: there is no ensemble {self.ensemble!r}.",
                'Choose "median" or "best".',
            )
        if not self.models or (len(self.models) > 1 and not self.ensemble):
            raise TrainingError(
                f"{self.name} has {len(self.models)} models and no way to one answer.",
                'Name one model, or several with ensemble = "median" or "best".',
            )


@dataclass(frozen=True, slots=True)
class FairConfig:
    """One table.

    Attributes:
        output: folder for the table, and for the points that were found.
        data: sources of labelled frames; what the split holds out of them is measured on.
        split: column, group, fold, or the card's own: rule = "image", share 0.15, seed 42.
        entry: the rows.
        held_out: further sources that are measured on whole, e.g. phantoms.
        validation: of what the split does not hold out, the part that a "best" is chosen on.
        title: of the table.
        seed, draws: of the intervals.
        threads: of the processor; 0 leaves that to torch.
    """

    output: str
    data: tuple[SourceConfig, ...]
    split: SplitRule
    entry: tuple[EntryConfig, ...]
    held_out: tuple[SourceConfig, ...] = ()
    validation: SplitRule | None = None
    title: str = "Fair evaluation"
    seed: int = 42
    draws: int = 2000
    threads: int = 0

    def __post_init__(self) -> None:
        require_between(self, seed=(0, LARGEST_SEED), threads=(0, inf))
        if self.validation is None and any(one.ensemble == "best" for one in self.entry):
            raise TrainingError(
                "The best model cannot be chosen on the frames that the table is measured on.",
                "Write a table [validation] with the rule of the validation part.",
            )
        if not self.entry or self.draws < 100:
            raise TrainingError(
                f"There are {len(self.entry)} entries and {self.draws} draws.",
                "Write an [[entry]] for each row; 100 draws or more.",
            )
