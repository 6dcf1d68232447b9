"""Stochastic depth (Huang et al. 2016, arXiv:1603.09382) for a transformer, by hooks on its blocks.

The model's code knows nothing of it: it is training's alone. Which branch of which row is left out
follows from seed, step and the row's place in the global batch.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from sonichu_gui.model.modeling_sonichu import Block


class DropPath:
    """Leaves out branches of a backbone's blocks while it is in training mode.

    Args:
        backbone: blocks of other kinds than a transformer's are left alone.
        rate: probability in the last block; it rises linearly from 0 in the first.
        seed: of the run.
    """

    def __init__(self, backbone: nn.Module, rate: float, *, seed: int) -> None:
        blocks = [module for module in backbone.modules() if isinstance(module, Block)]
        self._seed, self._keep = seed, torch.ones(0, 0)
        self._rates = [
            rate * index / max(len(blocks) - 1, 1) for index in range(len(blocks)) for _ in range(2)
        ]
        branches = [branch for block in blocks for branch in (block.attn, block.mlp)]
        for number, branch in enumerate(branches):
            if self._rates[number] > 0:
                branch.register_forward_hook(self._hook(number))

    def draw(self, step: int, *, batch_size: int, rank: int, size: int) -> None:
        """Decides for a step; rows are ``rank``, ``rank + size``, … of the global batch."""
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + step)
        drawn = torch.rand((len(self._rates), batch_size), generator=generator)
        rates = torch.tensor(self._rates)[:, None]
        self._keep = ((drawn >= rates) / (1 - rates))[:, rank::size]

    def _hook(self, number: int) -> Any:  # noqa: ANN401 - torch's own hook type
        def scale(branch: nn.Module, _inputs: object, output: Tensor) -> Tensor:
            if not branch.training:
                return output
            keep = self._keep[number].to(output)
            return output * keep.view(-1, *[1] * (output.dim() - 1))

        return scale
