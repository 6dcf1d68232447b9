"""The competition's baseline, trained as every other model here: EfficientNet-B4 + FPN.

sonichu train baseline --config resources/training/baseline_b4.toml --resume
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from sonichu_gui.training.baseline_model import BaselineConfig, BaselineModel, load_baseline
from sonichu_gui.training.config import TrainingError, read_config
from sonichu_gui.training.distributed import joined_world
from sonichu_gui.training.keypoint_stage import KeypointStage
from sonichu_gui.training.recipe import TeacherConfig, learned_rows, require_heads
from sonichu_gui.training.teachers import model_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.training.data.labels import LabelRow
    from sonichu_gui.training.loop import Report

__all__ = ["BaselineStage", "load_baseline", "run"]


class BaselineStage(KeypointStage):
    """Training of the baseline; losses, augmentation and schedule are the teachers'."""

    name = "baseline"
    _model: BaselineModel

    def blank_model(self) -> BaselineModel:
        """Another baseline of the same sizes, for the averaged weights."""
        return BaselineModel(self._model.sizes)


def run(path: Path, *, resume: bool, report: Report) -> Path:
    """Train as a TOML file says; the folder of the baseline that comes out.

    The file is a teacher's (see `TeacherConfig`), but ``model.backbone`` has the sizes of an
    EfficientNet, and ``start`` is "random" or a folder of Hugging Face weights for it.

    Raises:
        SonichuError: for data, configuration or checkpoints that cannot be used.
    """
    config = read_config(path, TeacherConfig)
    with joined_world(config.run.device) as world:
        learn, watched = learned_rows(config, report=report)
        model = new_baseline(config, learn, report=report)
        stage = BaselineStage(config, model, learn=learn, watched=watched)
        return model_of(stage, world, learn=learn, resume=resume, report=report)


def new_baseline(
    config: TeacherConfig, rows: Sequence[LabelRow], *, report: Report
) -> BaselineModel:
    """The baseline of a recipe with its start weights, drawn from the run's seed.

    Raises:
        SonichuError: sizes, tasks or start weights that do not fit.
    """
    torch.manual_seed(config.run.seed)
    try:
        described = BaselineConfig.from_dict(config.model)
    except ValueError as error:
        raise TrainingError(
            f"model: {error}", "See resources/training/baseline_b4.toml for one that works."
        ) from error
    require_heads(rows, described.described.tasks)
    model = BaselineModel(described)
    if config.start != "random":
        model.backbone.load_published(Path(config.start))
    where = "drawn by chance" if config.start == "random" else f"from {config.start}"
    report(-1, f"baseline of {model.num_parameters / 1e6:.1f}M parameters, encoder {where}")
    return model
