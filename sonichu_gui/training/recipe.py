"""What a TOML file says of a model's training, and what follows: its rows, its start, its frames.

The verbs `teacher`, `baseline`, `rounds` and `distill` share it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from sonichu_gui.model.modeling_sonichu import SonichuConfig, SonichuModel
from sonichu_gui.training.config import RunConfig, TrainingError, data_root
from sonichu_gui.training.data.geometry import GeometryRanges
from sonichu_gui.training.data.intensity import IntensityRanges
from sonichu_gui.training.data.leaks import LEAK_KINDS, require_no_leaks
from sonichu_gui.training.data.sources import SourceConfig, read_sources
from sonichu_gui.training.data.splits import SplitRule, split_rows
from sonichu_gui.training.losses import LossWeights
from sonichu_gui.training.optimiser import OptimiserConfig
from sonichu_gui.training.start import start_weights

if TYPE_CHECKING:
    from sonichu_gui.training.data.labels import LabelRow
    from sonichu_gui.training.loop import Report


@dataclass(frozen=True, slots=True)
class TaskGeometry:
    """How the frames of some tasks are turned and moved."""

    tasks: tuple[str, ...]
    ranges: GeometryRanges


@dataclass(frozen=True, slots=True)
class TeacherConfig:
    """One training of heads and backbone.

    Attributes:
        run: length, place and pace.
        data: what is learned from.
        model: ``config.json`` of the model to be made; its ``tasks`` default to those of the data.
        start: "random", "imagenet" or a model folder.
        split: which rows are held out to watch the run; without it none is.
        optimiser, loss, intensity: the rest of the recipe.
        geometry: for the tasks without an entry in ``task_geometry``.
    """

    run: RunConfig
    data: tuple[SourceConfig, ...]
    model: dict[str, object]
    start: str = "imagenet"
    split: SplitRule | None = None
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    loss: LossWeights = field(default_factory=LossWeights)
    geometry: GeometryRanges = field(default_factory=GeometryRanges)
    task_geometry: tuple[TaskGeometry, ...] = ()
    intensity: IntensityRanges = field(default_factory=IntensityRanges)


def learned_rows(config: TeacherConfig, *, report: Report) -> tuple[list[LabelRow], list[LabelRow]]:
    """Rows to learn from and rows held out, of all sources; broken rows are told."""

    def tell(line: str) -> None:
        report(-1, line)

    rows = read_sources(config.data, data_root(), report=tell).rows
    return parted(rows, config.split, report=tell)


def parted(
    rows: Sequence[LabelRow], rule: SplitRule | None, *, report: Callable[[str], None]
) -> tuple[list[LabelRow], list[LabelRow]]:
    """Rows to learn from and rows held out by the rule, which have nothing in common.

    Raises:
        SonichuError: there are no rows, a side would be empty, or something leaks.
    """
    if not rows:
        raise TrainingError("The data has no labelled row.", "Look at the tables [[data]].")
    if rule is None:
        return list(rows), []
    split = split_rows(rows, rule)
    report(split.described)
    kinds = ("file",) if split.parts_subjects else LEAK_KINDS
    require_no_leaks(split.learn, split.held_out, kinds=kinds, report=report)
    return list(split.learn), list(split.held_out)


def new_model(config: TeacherConfig, rows: Sequence[LabelRow], *, report: Report) -> SonichuModel:
    """The model of a recipe with its start weights, drawn from the run's seed.

    Raises:
        SonichuError: sizes, tasks or start weights that do not fit.
    """
    torch.manual_seed(config.run.seed)
    try:
        described = SonichuConfig.from_dict(config.model)
    except ValueError as error:
        raise TrainingError(f"model: {error}", "See config.json of a model folder.") from error
    require_heads(rows, described.tasks)
    model = SonichuModel(described)
    start_weights(model, config.start, report=report)
    return model


def require_heads(rows: Sequence[LabelRow], tasks: Collection[str]) -> None:
    """Nothing, if a model of these tasks has a head for every row.

    Raises:
        TrainingError: naming those that it lacks.
    """
    strange = sorted({row.task_id for row in rows} - set(tasks))
    if strange:
        raise TrainingError(
            f"The model has no head for {', '.join(strange)}.", "Add it to the table [model.tasks]."
        )


def geometry_of(config: TeacherConfig, tasks: Collection[str]) -> dict[str, GeometryRanges]:
    """How the frames of each task are turned and moved; the entry "" serves the others.

    Raises:
        TrainingError: the recipe names a task that the model does not have.
    """
    ranges = {"": config.geometry}
    for entry in config.task_geometry:
        strange = sorted(set(entry.tasks) - set(tasks))
        if strange:
            raise TrainingError(
                f"task_geometry names {', '.join(strange)}, which the model has no head for.",
                f"Its tasks are {', '.join(tasks)}.",
            )
        ranges |= dict.fromkeys(entry.tasks, entry.ranges)
    return ranges
