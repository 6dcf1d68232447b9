"""Training the heads of any tasks together with their backbone: a teacher, or a model by itself.

sonichu train teacher --config resources/training/teacher_hc.toml --resume
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from sonichu_gui.errors import FrameError
from sonichu_gui.model.modeling_sonichu import SonichuConfig, SonichuModel, TaskConfig
from sonichu_gui.training.config import (
    RunConfig,
    TrainingError,
    data_root,
    read_config,
    run_identity,
)
from sonichu_gui.training.data.geometry import GeometryRanges
from sonichu_gui.training.data.intensity import IntensityRanges
from sonichu_gui.training.data.leaks import LEAK_KINDS, require_no_leaks
from sonichu_gui.training.data.samples import Batch, LabelledSamples, Sample
from sonichu_gui.training.data.sources import SourceConfig, read_sources
from sonichu_gui.training.data.splits import SplitRule, split_rows
from sonichu_gui.training.distributed import World, joined_world
from sonichu_gui.training.drop_path import DropPath
from sonichu_gui.training.evaluate import predict_rows
from sonichu_gui.training.learner import Learner
from sonichu_gui.training.loop import Report, Samples, run_stage
from sonichu_gui.training.losses import LossWeights
from sonichu_gui.training.moving_average import MovingAverage
from sonichu_gui.training.optimiser import OptimiserConfig, make_optimiser, set_rates
from sonichu_gui.training.scores import Found, score
from sonichu_gui.training.start import start_weights

if TYPE_CHECKING:
    from sonichu_gui.training.data.labels import LabelRow

MODEL_FOLDER = "model"
"""Where in its output folder a run leaves its model."""

HELD_OUT_FILE = "held_out.json"
"""The last held-out scores of a run, written when all is done."""


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


class KeypointStage:
    """Training of a model on labelled rows; see `loop.Stage`.

    Args:
        config: the recipe.
        model: with its start weights.
        learn: rows to learn from.
        watched: rows to watch the run by.
    """

    name = "teacher"

    def __init__(
        self,
        config: TeacherConfig,
        model: SonichuModel,
        *,
        learn: Sequence[LabelRow],
        watched: Sequence[LabelRow],
    ) -> None:
        self.config, self._watched = config, watched
        self.identity = run_identity(config)
        self._model = model
        torch.manual_seed(config.run.seed)
        learner = self.learner_of(model)
        self.network: nn.Module = learner.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimiser: torch.optim.Optimizer = make_optimiser(
            self.network, model.backbone, config.optimiser
        )
        self.samples: Samples[Sample, Batch] = LabelledSamples(
            learn,
            data_root(),
            model.config,
            geometry=_geometry(config),
            intensity=config.intensity,
            seed=config.run.seed,
        )
        self._drop_path = DropPath(model.backbone, config.optimiser.drop_path, seed=config.run.seed)
        self.average = MovingAverage(self.network, config.optimiser.ema_decay)
        self._world, self._steps = World(0, 1, torch.device("cpu")), 0

    def learner_of(self, model: SonichuModel) -> Learner:
        """The model with its losses; stages with further losses have their own."""
        return Learner(model, self.config.loss)

    def blank_model(self) -> SonichuModel:
        """Another model of the same sizes, for the averaged weights."""
        return SonichuModel(self._model.config)

    def place(self, world: World, steps: int) -> None:
        """Moves the average to the device."""
        self._world, self._steps = world, steps
        self.average.to(world.device)

    def begin_step(self, step: int) -> Mapping[str, float]:
        """Sets rates, and what stochastic depth leaves out."""
        self._drop_path.draw(
            step,
            batch_size=self.config.run.batch_size,
            rank=self._world.rank,
            size=self._world.size,
        )
        groups = self.optimiser.param_groups
        factor = set_rates(groups, step, self._steps, self.config.optimiser)
        return {"learning_rate": factor * self.config.optimiser.learning_rate}

    def terms(self, network: nn.Module, batch: Batch, step: int) -> Mapping[str, Tensor]:
        """Losses against the labels."""
        terms: Mapping[str, Tensor] = network(batch, step / self._steps)
        return terms

    def end_step(self, step: int) -> None:
        """Moves the averaged weights."""
        self.average.move(step)

    def state(self) -> dict[str, Any]:
        """The averaged weights."""
        return {"average": self.average.weights}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Takes them over."""
        self.average.load(state["average"])

    def averaged_model(self) -> SonichuModel:
        """A copy of the model with the averaged weights, ready to predict on the CPU."""
        model = self.blank_model()
        prefix = "model."
        weights = {
            name.removeprefix(prefix): value.cpu()
            for name, value in self.average.weights.items()
            if name.startswith(prefix)
        }
        model.load_state_dict(weights, strict=True)
        model.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return model

    def watch(self) -> Mapping[str, float]:
        """Scores of the averaged weights on rows that were not learned from."""
        return held_out_scores(self.averaged_model(), self._watched)


def held_out_scores(model: SonichuModel, rows: Sequence[LabelRow]) -> dict[str, float]:
    """MRE (ends of pairs unordered) of every task in pixels, and error of its first measure."""
    if not rows:
        return {}
    found: list[Found] = []
    for outcome in predict_rows(model, rows, data_root()):
        if isinstance(outcome, FrameError):
            raise outcome
        found.append(outcome)
    told: dict[str, float] = {}
    for name, scores in score(rows, found)["tasks"].items():
        told[f"{name}_mre_px"] = scores["mre_unordered_px"]
        for measure, values in list(scores["measures"].items())[:1]:
            told[f"{measure}_{values['unit']}"] = values["mae"]
    return told


def run(path: Path, *, resume: bool, report: Report) -> Path:
    """Train as a TOML file says; the folder of the model that comes out.

    Raises:
        SonichuError: for data, configuration or checkpoints that cannot be used.
    """
    config = read_config(path, TeacherConfig)
    with joined_world(config.run.device) as world:
        return train(config, world, resume=resume, report=report)


def train(config: TeacherConfig, world: World, *, resume: bool, report: Report) -> Path:
    """One training; the folder of the model that comes out.

    Raises:
        SonichuError: as for `run`.
    """
    learn, watched = learned_rows(config, report=report)
    model = new_model(config, learn, report=report)
    stage = KeypointStage(config, model, learn=learn, watched=watched)
    scores = run_stage(stage, config.run, world, resume=resume, report=report)
    folder = Path(config.run.output) / MODEL_FOLDER
    if world.first:
        save_trained(stage.averaged_model(), folder, learn=learn, held_out=scores)
    return folder


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
    """The model of a recipe with its start weights, drawn from the run's seed."""
    torch.manual_seed(config.run.seed)
    try:
        described = SonichuConfig.from_dict(config.model)
    except ValueError as error:
        raise TrainingError(f"model: {error}", "See config.json of a model folder.") from error
    strange = sorted({row.task_id for row in rows} - set(described.tasks))
    if strange:
        raise TrainingError(
            f"The model has no head for {', '.join(strange)}.", "Add it to the table [model.tasks]."
        )
    model = SonichuModel(described)
    start_weights(model, config.start, report=report)
    return model


def save_trained(
    model: SonichuModel,
    folder: Path,
    *,
    learn: Sequence[LabelRow],
    held_out: Mapping[str, float],
    taught: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Writes the model folder; every head says what it was trained on, or that it was not.

    Args:
        model: with its final weights.
        folder: of the model.
        learn: what it was trained on.
        held_out: its scores, which go beside the folder.
        taught: for each task that it learned from teachers too, how.
    """
    tasks = {
        name: _trained_task(task, [row for row in learn if row.task_id == name])
        for name, task in model.config.tasks.items()
    }
    for name, words in taught.items():
        if tasks[name].trained:
            tasks[name] = replace(
                tasks[name], training_data=f"{tasks[name].training_data}; {words}"
            )
    model.config = replace(model.config, tasks=tasks)
    model.save_pretrained(folder)
    (folder.parent / HELD_OUT_FILE).write_text(json.dumps(dict(held_out), indent=2) + "\n")


def _trained_task(task: TaskConfig, rows: Sequence[LabelRow]) -> TaskConfig:
    """The task with the number of frames of each kind that its head has seen."""
    if not rows:
        return task
    kinds: dict[str, int] = {}
    for row in rows:
        kinds[row.origin] = kinds.get(row.origin, 0) + 1
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return replace(task, trained=True, training_data=told, covariance_scale=1.0, accuracy={})


def _geometry(config: TeacherConfig) -> dict[str, GeometryRanges]:
    ranges = {"": config.geometry}
    for entry in config.task_geometry:
        ranges |= dict.fromkeys(entry.tasks, entry.ranges)
    return ranges
