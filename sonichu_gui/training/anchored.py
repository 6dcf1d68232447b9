"""Fine-tuning that keeps what the model knew: new labels, and its own old answers as an anchor.

`loss_real + anchor`: the label's losses on the person's frames; on the same frames for every other
task, and on phantoms for all of them, the divergence from the heatmaps that the model gave before.
Statistics of batch norms stay as they were: a few frames would carry them away, and with them every
task. Heads of other tasks are not touched at all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sonichu_gui.training.keypoint_stage import KeypointStage
from sonichu_gui.training.learner import Learner
from sonichu_gui.training.losses import heatmap_divergence

if TYPE_CHECKING:
    from sonichu_gui.model.modeling_sonichu import SonichuModel
    from sonichu_gui.training.data.labels import LabelRow
    from sonichu_gui.training.data.samples import Batch
    from sonichu_gui.training.distributed import World
    from sonichu_gui.training.losses import LossWeights
    from sonichu_gui.training.recipe import TeacherConfig


@dataclass(frozen=True, slots=True)
class Anchor:
    """What holds the model where it was.

    Attributes:
        before: the model as it was.
        tasks: tasks that it answers for.
        tuned: tasks whose heads are trained.
        whole: whether backbone and neck are trained too; else they, and with them all other tasks,
            stay exactly as they are.
        weight: what the divergence from the old answers counts.
    """

    before: SonichuModel
    tasks: tuple[str, ...]
    tuned: tuple[str, ...]
    whole: bool
    weight: float


class AnchoredLearner(Learner):
    """A learner with the model of before beside it, which is no part of its state."""

    def __init__(self, model: SonichuModel, weights: LossWeights, anchor: Anchor) -> None:
        super().__init__(model, weights)
        self._anchor = [anchor]  # in a list, so that it is not registered as a part
        self._names = list(model.config.tasks)

    def forward(
        self, batch: Batch, progress: float, taught: Batch | None = None
    ) -> Mapping[str, Tensor]:
        """Losses of the labels, and "anchor"; "total" is descended."""
        (anchor,) = self._anchor
        features = self.model.encode(batch.pixel_values)
        terms = self.losses(features, batch, progress, taught)
        with torch.no_grad():
            old = anchor.before.encode(batch.pixel_values) if anchor.whole else features
        total = features.new_zeros((), dtype=torch.float32)
        for name, chosen, share in self._held(batch, anchor):
            with torch.no_grad():
                kept = anchor.before.heatmaps(old[chosen], name).float().flatten(2).softmax(2)
            total = (
                total
                + share
                * heatmap_divergence(
                    self.model.heatmaps(features[chosen], name).float(), kept
                ).sum()
            )
        terms["anchor"] = anchor.weight * total / len(batch.tasks)
        terms["total"] = terms["total"] + terms["anchor"]
        return terms

    def _held(self, batch: Batch, anchor: Anchor) -> list[tuple[str, Tensor, float]]:
        """Heads, the rows on which each has to answer as before, and what one of them counts.

        A frame that a person has labelled says nothing of the other tasks: there the old answers
        hold, together as much as one. On a phantom the head of its own task is held.
        """
        labelled = batch.weights > 0
        found: list[tuple[str, Tensor, float]] = []
        for number, name in enumerate(self._names):
            if name not in anchor.tasks:
                continue
            own = batch.tasks == number
            rehearsed = (own & ~labelled).nonzero()[:, 0]
            if len(rehearsed) and (anchor.whole or name in anchor.tuned):
                found.append((name, rehearsed, 1.0))
            others = (~own & labelled).nonzero()[:, 0]
            if len(others) and anchor.whole:
                found.append((name, others, 1.0 / max(len(anchor.tasks) - 1, 1)))
        return found


class TuningStage(KeypointStage):
    """Training of some heads, and perhaps what they share, on a person's labels.

    Args:
        config: the recipe.
        model: as it is used now.
        learn: labelled rows, and phantoms of weight 0 to rehearse on.
        anchor: what holds it.
        identity: everything that shapes the weights.
    """

    name = "fine-tune"

    def __init__(
        self,
        config: TeacherConfig,
        model: SonichuModel,
        *,
        learn: Sequence[LabelRow],
        anchor: Anchor,
        identity: str,
    ) -> None:
        self._anchor = anchor
        freeze(model, tuned=anchor.tuned, whole=anchor.whole)
        super().__init__(config, model, learn=learn, watched=())
        self.identity = identity

    def learner_of(self, model: SonichuModel) -> AnchoredLearner:
        """The model with its losses and its anchor."""
        return AnchoredLearner(model, self.config.loss, self._anchor)

    def place(self, world: World, steps: int) -> None:
        """Moves the model of before to the device, too."""
        super().place(world, steps)
        self._anchor.before.to(world.device)

    def terms(self, network: nn.Module, batch: Batch, step: int) -> Mapping[str, Tensor]:
        """Losses against the labels and the old answers, by the statistics of before."""
        for module in self.network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return super().terms(network, batch, step)


def freeze(model: SonichuModel, *, tuned: Collection[str], whole: bool) -> None:
    """Leaves only the heads of some tasks to be trained, and on request what they share."""
    for name, parameter in model.named_parameters():
        part, _, rest = name.partition(".")
        in_tuned_head = part == "heads" and rest.partition(".")[0] in tuned
        if not (in_tuned_head or (whole and part != "heads")):
            parameter.requires_grad = False
