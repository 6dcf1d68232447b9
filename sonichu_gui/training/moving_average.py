"""Exponential moving averages of weights: what a run publishes, and I-JEPA's network of targets."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class MovingAverage:
    """The average of a network's state, moved a little after every step.

    Args:
        network: whose state is followed; its names are the average's.
        decay: share of the average that a step leaves.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._network, self._decay = network, decay
        self.weights = {n: v.detach().clone() for n, v in network.state_dict().items()}

    @torch.no_grad()
    def move(self, step: int) -> None:
        """Towards the network, faster in the first steps: their average would be its start."""
        decay = min(self._decay, (1 + step) / (10 + step))
        for name, value in self._network.state_dict().items():
            kept = self.weights[name]
            if kept.is_floating_point():
                kept.lerp_(value, 1 - decay)
            else:
                kept.copy_(value)

    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Takes over an average that was stored."""
        for name, value in weights.items():
            self.weights[name].copy_(value)

    def to(self, device: torch.device) -> None:
        """Moves the average to where the network computes."""
        self.weights = {name: value.to(device) for name, value in self.weights.items()}
