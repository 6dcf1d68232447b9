"""The model card's teachers, one after the other: each learns from its own pseudo-labels.

    sonichu train rounds --config resources/training/rounds_light.toml --resume

A round lets the teacher of an earlier one (or the median of several) label all unlabelled frames,
selects among the labels by its regime, and trains a model from the start on labels and
pseudo-labels together. One file says it all; what a round leaves in ``OUTPUT/NAME`` (`labels/`,
`model/`, logs and checkpoint) is what the verbs `pseudo-label` and `teacher` leave.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.training.checkpoint import read_checkpoint
from sonichu_gui.training.config import TrainingError, read_config, run_identity
from sonichu_gui.training.data.sources import SourceConfig
from sonichu_gui.training.distributed import World, joined_world
from sonichu_gui.training.pseudo_labels import PseudoLabelConfig, label
from sonichu_gui.training.recipe import TeacherConfig
from sonichu_gui.training.selection import Selection
from sonichu_gui.training.teachers import train
from sonichu_gui.training.trained_model import HELD_OUT_FILE, MODEL_FOLDER

if TYPE_CHECKING:
    from sonichu_gui.training.loop import Report

LABELS_FOLDER = "labels"

_LABELLING = 0.1
"""Of a round's progress; the rest is training."""


@dataclass(frozen=True, slots=True)
class Round:
    """One teacher.

    Attributes:
        name: of the teacher and its folder.
        labelled_by: earlier rounds, whose teacher's (or teachers' median) answers it learns from;
            none for a teacher that learns from labels alone.
        selection: what of these answers is kept.
        weight: what a pseudo-label counts for against a label.
        starts_from: an earlier round whose teacher it goes on from; none for the recipe's start.
        steps: length of its training; 0 for the recipe's.
        learning_rate: factor on the recipe's rates: who goes on learns in smaller steps.
    """

    name: str
    labelled_by: tuple[str, ...] = ()
    selection: Selection = field(default_factory=Selection)
    weight: float = 1.0
    starts_from: str = ""
    steps: int = 0
    learning_rate: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundsConfig(TeacherConfig):
    """All rounds: what `TeacherConfig` says holds for each teacher, whose seeds count upwards.

    Attributes:
        unlabelled: frames that are labelled in each round; each source says its task.
        rounds: in their order.
    """

    unlabelled: tuple[SourceConfig, ...]
    rounds: tuple[Round, ...]

    def __post_init__(self) -> None:
        """Refuses rounds that cannot follow one another."""
        known: list[str] = []
        for one in self.rounds:
            if not one.name.replace("-", "").replace("_", "").isalnum() or one.name in known:
                raise TrainingError(
                    f"A round cannot be called {one.name!r}.",
                    "Its name becomes a folder: letters, digits, - and _, each name once.",
                )
            needed = [*one.labelled_by, *([one.starts_from] if one.starts_from else [])]
            strange = [name for name in needed if name not in known]
            if strange:
                raise TrainingError(
                    f"The round {one.name} needs {', '.join(strange)}, which does not come before"
                    " it.",
                    f"The rounds before it are {', '.join(known) or 'none'}.",
                )
            known.append(one.name)
        if not known:
            raise TrainingError("There is no round.", "Write a table [[rounds]] for each.")


def run(path: Path, *, resume: bool, report: Report) -> Path:
    """All rounds of a TOML file; the folder that holds them.

    Raises:
        SonichuError: for whatever one of its rounds cannot use.
    """
    config = read_config(path, RoundsConfig)
    with joined_world(config.run.device) as world:
        for number, one in enumerate(config.rounds):
            start, end = number / len(config.rounds), (number + 1) / len(config.rounds)
            told = _part(report, start, end, f"{one.name}, ")
            _train_round(config, number, world, resume=resume, report=told)
    return Path(config.run.output)


def teacher_config(config: RoundsConfig, number: int) -> TeacherConfig:
    """The recipe of one round's teacher, as the verb `teacher` takes it."""
    one = config.rounds[number]
    folder = Path(config.run.output) / one.name
    recipe = TeacherConfig(
        **{part.name: getattr(config, part.name) for part in dataclasses.fields(TeacherConfig)}
    )
    data = config.data
    if one.labelled_by:
        path = str(folder / LABELS_FOLDER)
        data += (SourceConfig("pseudo", path, origin="pseudo", weight=one.weight),)
    run = replace(config.run, output=str(folder), seed=config.run.seed + number)
    if one.steps:
        run = replace(run, steps=one.steps, epochs=0)
    start = config.start
    if one.starts_from:
        start = str(Path(config.run.output) / one.starts_from / MODEL_FOLDER)
    optimiser = replace(
        config.optimiser,
        learning_rate=one.learning_rate * config.optimiser.learning_rate,
        backbone_learning_rate=one.learning_rate * config.optimiser.backbone_learning_rate,
    )
    return replace(recipe, run=run, data=data, start=start, optimiser=optimiser)


def label_config(config: RoundsConfig, number: int) -> PseudoLabelConfig:
    """How one round's frames are labelled, as the verb `pseudo-label` takes it."""
    one, output = config.rounds[number], Path(config.run.output)
    return PseudoLabelConfig(
        models=tuple(str(output / name / MODEL_FOLDER) for name in one.labelled_by),
        output=str(output / one.name / LABELS_FOLDER),
        frames=config.unlabelled,
        selection=one.selection,
        threads=config.run.threads,
        workers=config.run.workers,
        device=config.run.device,
    )


def _train_round(
    config: RoundsConfig, number: int, world: World, *, resume: bool, report: Report
) -> None:
    recipe = teacher_config(config, number)
    if resume and _is_done(recipe):
        report(1.0, "done before")
        return
    if world.first:  # it tells that this recipe is trained to its end, which is no longer true
        (Path(recipe.run.output) / HELD_OUT_FILE).unlink(missing_ok=True)
    if config.rounds[number].labelled_by:
        labelled = _part(report, 0.0, _LABELLING)
        label(label_config(config, number), world, resume=resume, report=labelled)
        world.wait()
        report = _part(report, _LABELLING, 1.0)
    train(recipe, world, resume=resume, report=report)
    world.wait()


def _is_done(recipe: TeacherConfig) -> bool:
    """Whether this very recipe has been trained to its end.

    Raises:
        TrainingError: another has.
    """
    folder = Path(recipe.run.output)
    if not (folder / HELD_OUT_FILE).is_file():
        return False
    return read_checkpoint(folder, run=run_identity(recipe)) is not None


def _part(report: Report, start: float, end: float, words: str = "") -> Report:
    """Progress of a part as that of the whole, of which it takes the shares from start to end."""

    def told(share: float, text: str) -> None:
        report(share if share < 0 else start + share * (end - start), words + text)

    return told
