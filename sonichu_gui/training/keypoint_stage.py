"""One step of a keypoint model's training, its averaged weights, and their held-out scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from sonichu_gui.errors import FrameError
from sonichu_gui.model.modeling_sonichu import SonichuModel
from sonichu_gui.training.config import data_root, run_identity
from sonichu_gui.training.data.samples import Batch, LabelledSamples, Sample
from sonichu_gui.training.distributed import World
from sonichu_gui.training.drop_path import DropPath
from sonichu_gui.training.evaluate import predict_rows
from sonichu_gui.training.learner import Learner
from sonichu_gui.training.moving_average import MovingAverage
from sonichu_gui.training.optimiser import make_optimiser, set_rates
from sonichu_gui.training.recipe import TeacherConfig, geometry_of
from sonichu_gui.training.scores import Found, score

if TYPE_CHECKING:
    from sonichu_gui.training.data.labels import LabelRow
    from sonichu_gui.training.stage import Samples


class KeypointStage:
    """Training of a model on labelled rows; see `stage.Stage`.

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
            geometry=geometry_of(config, model.config.tasks),
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
