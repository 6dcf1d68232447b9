"""Distillation: one model learns from labels, and from the median of its teachers' answers.

    sonichu train distill --config resources/training/distill_light.toml --resume

The teachers answer on the fly, on the very augmented frames that the student sees, and
``loss_real + 0.5 * loss_teacher`` is descended. Frames without a label, or whose pseudo-label is
given the weight 0, are learned from through the teachers alone. The pseudo-label is the better
choice: it keeps the structure in sight when the frame is turned and moved, where a frame without
any keeps its middle.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.tasks import task_named
from sonichu_gui.training.config import TrainingError, data_root, read_config
from sonichu_gui.training.data.sources import read_sources
from sonichu_gui.training.data.unlabelled import row_without_points
from sonichu_gui.training.distributed import World, joined_world
from sonichu_gui.training.keypoint_stage import KeypointStage
from sonichu_gui.training.panel import Teachers, load_panel
from sonichu_gui.training.recipe import TeacherConfig, new_model, parted
from sonichu_gui.training.teachers import model_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from sonichu_gui.model.modeling_sonichu import SonichuModel
    from sonichu_gui.training.data.labels import LabelRow
    from sonichu_gui.training.data.samples import Batch
    from sonichu_gui.training.loop import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class DistillConfig(TeacherConfig):
    """One distillation: all that `TeacherConfig` says, for the student, and its teachers.

    Sources of unlabelled frames take part where they say which task is asked for.

    Attributes:
        teachers: model folders.
        tta: whether the teachers look at mirrored frames too, at twice the cost.
        taught: the tasks that they are asked about; empty for all. Where labels are exact, as those
            of phantoms are, a teacher has nothing to add to them but its own errors.
    """

    teachers: tuple[str, ...]
    tta: bool = False
    taught: tuple[str, ...] = ()


class DistillStage(KeypointStage):
    """Training of a student; see `stage.Stage`.

    Args:
        config: the recipe.
        model: the student with its start weights.
        teachers: who answer every batch.
        learn: rows to learn from.
        watched: rows to watch the run by.
    """

    name = "distill"

    def __init__(
        self,
        config: DistillConfig,
        model: SonichuModel,
        teachers: Teachers,
        *,
        learn: Sequence[LabelRow],
        watched: Sequence[LabelRow],
    ) -> None:
        super().__init__(config, model, learn=learn, watched=watched)
        self.identity = json.dumps([self.identity, teachers.identity])
        self._teachers = teachers

    def place(self, world: World, steps: int) -> None:
        """Moves the average and the teachers to the device."""
        super().place(world, steps)
        self._teachers.to(world.device)

    def terms(self, network: nn.Module, batch: Batch, step: int) -> Mapping[str, Tensor]:
        """Losses against the labels and against the teachers."""
        taught = self._teachers.taught(batch)
        terms: Mapping[str, Tensor] = network(batch, step / self._steps, taught)
        return terms


def run(path: Path, *, resume: bool, report: Report) -> Path:
    """Distil as a TOML file says; the folder of the student.

    Raises:
        SonichuError: for data, teachers, configuration or checkpoints that cannot be used.
    """
    config = read_config(path, DistillConfig)
    with joined_world(config.run.device) as world:
        rows, watched = distilled_rows(config, report=report)
        model = new_model(config, rows, report=report)
        teachers = Teachers(
            load_panel(config.teachers),
            model.config.tasks,
            tta=config.tta,
            asked=config.taught,
        )
        learn = taught_rows(rows, teachers, report=report)
        stage = DistillStage(config, model, teachers, learn=learn, watched=watched)
        taught = {
            task: f"taught by the median of {count} models"
            for task, count in teachers.votes.items()
            if count
        }
        return model_of(stage, world, learn=learn, resume=resume, report=report, taught=taught)


def distilled_rows(
    config: DistillConfig, *, report: Report
) -> tuple[list[LabelRow], list[LabelRow]]:
    """Rows to learn from, unlabelled frames among them, and rows held out.

    Raises:
        SonichuError: a source cannot be read, or has frames and does not say for which task.
    """

    def tell(line: str) -> None:
        report(-1, line)

    rows: list[LabelRow] = []
    for source in config.data:
        found = read_sources([source], data_root(), report=tell)
        rows += found.rows
        if found.frames and not source.task:
            raise TrainingError(
                f"The source {source.path} has {len(found.frames)} unlabelled frames and does not "
                "say which task the teachers are to answer.",
                'Add task = "…" to it.',
            )
        rows += [row_without_points(frame, task_named(source.task)) for frame in found.frames]
    return parted(rows, config.split, report=tell)


def taught_rows(rows: Sequence[LabelRow], teachers: Teachers, *, report: Report) -> list[LabelRow]:
    """The rows that teach something: those of no weight only where a teacher has a vote."""
    votes = teachers.votes
    learn = [row for row in rows if row.weight or votes[row.task_id]]
    for task in dict.fromkeys(row.task_id for row in rows):
        silent = sum(row.task_id == task and not row.weight for row in rows)
        words = f"; its {silent} rows of no weight are left out" if silent else ""
        report(-1, f"{task}: {votes[task]} teachers vote{'' if votes[task] else words}")
    return learn
