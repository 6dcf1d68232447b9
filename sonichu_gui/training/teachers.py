"""Training the heads of any tasks together with their backbone: a teacher, or a model by itself.

sonichu train teacher --config resources/training/teacher_light.toml --resume
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from sonichu_gui.training.config import read_config
from sonichu_gui.training.distributed import World, joined_world
from sonichu_gui.training.keypoint_stage import KeypointStage
from sonichu_gui.training.loop import Report, run_stage
from sonichu_gui.training.recipe import TeacherConfig, learned_rows, new_model
from sonichu_gui.training.trained_model import MODEL_FOLDER, save_trained

if TYPE_CHECKING:
    from sonichu_gui.training.data.labels import LabelRow


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
    return model_of(stage, world, learn=learn, resume=resume, report=report)


def model_of(
    stage: KeypointStage,
    world: World,
    *,
    learn: Sequence[LabelRow],
    resume: bool,
    report: Report,
    taught: Mapping[str, str] = MappingProxyType({}),
) -> Path:
    """Runs a stage to its end and writes what it made; the folder of the model.

    Args:
        stage: of heads and backbone.
        world: the processes that share the work.
        learn: what it learns from.
        resume: go on from the last checkpoint, where there is one.
        report: gets progress.
        taught: for each task that it learns from teachers too, how.
    """
    run_config = stage.config.run
    scores = run_stage(stage, run_config, world, resume=resume, report=report)
    folder = Path(run_config.output) / MODEL_FOLDER
    if world.first:
        save_trained(stage.averaged_model(), folder, learn=learn, held_out=scores, taught=taught)
    return folder
