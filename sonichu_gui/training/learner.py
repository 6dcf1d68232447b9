"""The network as it is trained: the model, what training alone needs beside it, and its losses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sonichu_gui.training.data.label_rules import RULES
from sonichu_gui.training.data.samples import Batch, points_of
from sonichu_gui.training.losses import TERMS, LossWeights, keypoint_terms, weighted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sonichu_gui.model.modeling_sonichu import SonichuModel

TEACHER_WEIGHT = 0.5
"""What the teachers' answer counts against the label, as on the model card."""


class Learner(nn.Module):
    """A model, and maps of the inside and edge of the ellipses that it learns to find.

    The maps are read off the same features as the heatmaps and are left out of what is published.
    """

    def __init__(self, model: SonichuModel, weights: LossWeights) -> None:
        super().__init__()
        self.model = model
        self._weights = weights
        self._tasks = list(model.config.tasks)
        width = _heatmap_input_width(model)
        self.outlines = nn.ModuleDict(
            {name: nn.Conv2d(width, 2, 1) for name, rule in _ellipses(model) if rule == "ellipse"}
        )

    def forward(
        self, batch: Batch, progress: float, taught: Batch | None = None
    ) -> Mapping[str, Tensor]:
        """Losses of a batch of any tasks, each the mean over its rows; "total" is descended.

        Args:
            batch: the frames with their labels.
            progress: fraction of training that is done.
            taught: the same rows with the teachers' answers in place of the labels.
        """
        return self.losses(self.model.encode(batch.pixel_values), batch, progress, taught)

    def losses(
        self, features: Tensor, batch: Batch, progress: float, taught: Batch | None = None
    ) -> dict[str, Tensor]:
        """The losses, from the features of the batch's frames."""
        sums = {name: features.new_zeros((), dtype=torch.float32) for name in ("total", *TERMS)}
        if taught is not None:
            sums["teacher"] = features.new_zeros((), dtype=torch.float32)
        for number in sorted(set(batch.tasks.tolist())):
            chosen = (batch.tasks == number).nonzero()[:, 0]
            logits = self.model.heatmaps(features[chosen], self._tasks[number])
            outline = self._outline(features[chosen], self._tasks[number], logits)
            terms = self._terms(logits, outline, batch, chosen, number)
            loss = weighted(terms, self._weights, progress)
            sums["total"] = sums["total"] + (batch.weights[chosen] * loss).sum()
            for name, value in terms.items():
                sums[name] = sums[name] + (batch.weights[chosen] * value).detach().sum()
            if taught is not None:
                terms = self._terms(logits, outline, taught, chosen, number)
                answer = weighted(terms, self._weights, progress)
                sums["teacher"] = sums["teacher"] + (taught.weights[chosen] * answer).sum()
        if taught is not None:
            sums["total"] = sums["total"] + TEACHER_WEIGHT * sums["teacher"]
        return {name: value / len(batch.tasks) for name, value in sums.items()}

    def _terms(
        self, logits: Tensor, outline: Tensor | None, batch: Batch, chosen: Tensor, number: int
    ) -> dict[str, Tensor]:
        task = self.model.config.tasks[self._tasks[number]]
        return keypoint_terms(
            logits,
            points_of(batch, chosen, task),
            batch.sizes[chosen],
            task=task,
            weights=self._weights,
            outline=outline,
        )

    def _outline(self, features: Tensor, name: str, logits: Tensor) -> Tensor | None:
        if name not in self.outlines:
            return None
        maps: Tensor = self.outlines[name](features)
        if maps.shape[-2:] != logits.shape[-2:]:  # a vision transformer's tokens are coarser
            maps = nn.functional.interpolate(maps.float(), logits.shape[-2:], mode="bilinear")
        return maps


def _ellipses(model: SonichuModel) -> list[tuple[str, str]]:
    return [(name, RULES.get(name, "")) for name in model.config.tasks]


def _heatmap_input_width(model: SonichuModel) -> int:
    """Channels of the features that the heads are given."""
    side = model.config.image_size
    was_training = model.training
    with torch.no_grad():
        width = model.eval().encode(torch.zeros(1, 3, side, side)).shape[1]
    model.train(was_training)
    return width
