"""Which patches the encoder sees and which it must predict: I-JEPA's multi-block masks.

Assran et al., "Self-Supervised Learning from Images with a Joint-Embedding Predictive
Architecture", CVPR 2023 (arXiv:2301.08243), section 3 and appendix A; the numbers are those of the
published training configurations. From the authors' published code come three habits that the paper
does not tell, kept because the masks' statistics depend on them:

- one random number a batch decides area *and* aspect of the target blocks: the larger, the taller;
- a block is smaller than the grid in both directions and its last possible place is never drawn, so
  the last row and the last column of patches are never context nor target (the target encoder sees
  them). A context block of 0.85 or more of the area is then always all the rest;
- a context that the targets leave too small is drawn again, and after 20 draws may overlap the last
  target, after 20 more the last two, and so on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from sonichu_gui.training.config import TrainingError, require_between

Blocks = npt.NDArray[np.bool_]
"""(…, rows, columns) of patches: which of them each block covers."""

_DRAWS_BEFORE_OVERLAP = 20
_PURPOSE = 0x3A5C  # keeps these random numbers apart from others of the same seed and step


@dataclass(frozen=True, slots=True)
class MaskConfig:
    """Sizes of the blocks.

    Attributes:
        context_scale_low, context_scale_high: area of the square context block, of the grid's.
        target_scale_low, target_scale_high: area of a target block, of the grid's.
        target_aspect_low, target_aspect_high: height over width of a target block.
        targets: blocks to predict in each frame.
        min_patches: every mask holds more than so many.
    """

    context_scale_low: float = 0.85
    context_scale_high: float = 1.0
    target_scale_low: float = 0.15
    target_scale_high: float = 0.2
    target_aspect_low: float = 0.75
    target_aspect_high: float = 1.5
    targets: int = 4
    min_patches: int = 10

    def __post_init__(self) -> None:
        """Refuses blocks that lie in no grid."""
        require_between(
            self,
            context_scale_low=(1e-3, self.context_scale_high),
            context_scale_high=(1e-3, 1),
            target_scale_low=(1e-3, self.target_scale_high),
            target_scale_high=(1e-3, 1),
            target_aspect_low=(0.1, self.target_aspect_high),
            target_aspect_high=(0.1, 10),
            targets=(1, inf),
            min_patches=(0, inf),
        )

    def target_size(self, grid: int, share: float) -> tuple[int, int]:
        """Rows and columns of the target blocks, ``share`` in [0, 1] of the way to the largest."""
        scale = _between(self.target_scale_low, self.target_scale_high, share)
        aspect = _between(self.target_aspect_low, self.target_aspect_high, share)
        return _block_size(grid, scale, aspect)

    def context_size(self, grid: int, share: float) -> tuple[int, int]:
        """Rows and columns of the context block before the targets are cut from it."""
        scale = _between(self.context_scale_low, self.context_scale_high, share)
        return _block_size(grid, scale, 1.0)

    def require_fit(self, grid: int) -> None:
        """Nothing, if masks can be drawn on a square grid.

        Raises:
            TrainingError: blocks so small can never hold enough patches.
        """
        shares = np.linspace(0, 1, 101).tolist()
        smallest = min(
            math.prod(size(grid, share))
            for size in (self.target_size, self.context_size)
            for share in shares
        )
        if self.targets < 1 or smallest <= self.min_patches:
            raise TrainingError(
                f"Masks on {grid} x {grid} patches hold {smallest} patches at their smallest; "
                f"more than min_patches = {self.min_patches} are wanted, in 1 target or more.",
                "Use larger frames, smaller patches, larger scales or a smaller min_patches.",
            )


@dataclass(frozen=True, slots=True)
class Masks:
    """Numbers of patches, row by row from the top left, ascending.

    Attributes:
        context: (B, n) int64, the patches that the encoder sees.
        targets: (T, B, m) int64, those of each target block.
    """

    context: Tensor
    targets: Tensor

    def rows(self, first: int, every: int) -> Masks:
        """The masks of frames ``first``, ``first + every`` … of the batch."""
        return Masks(self.context[first::every], self.targets[:, first::every])

    def to(self, device: torch.device) -> Masks:
        """The same on another device."""
        return Masks(self.context.to(device), self.targets.to(device))


def draw_masks(config: MaskConfig, *, grid: int, count: int, seed: int, step: int) -> Masks:
    """The masks of one batch: a function of these alone, wherever its frames are computed.

    Sizes are drawn once, places for every frame; all masks are then cut to the batch's shortest,
    which drops patches at their end. The published code cuts each process' own part, so that the
    number of processes changes what is learned; here the whole batch is cut alike (2048 frames: 61
    patches of context on average, where 128 leave 71).

    Args:
        config: one that fits the grid (``MaskConfig.require_fit``).
        grid: patches a side.
        count: frames in the batch, of all processes together.
        seed: of the run.
        step: of the run.
    """
    rng = np.random.default_rng((_PURPOSE, seed, step))
    target_size = config.target_size(grid, rng.random())
    context_size = config.context_size(grid, rng.random())
    targets = _draw_blocks(grid, target_size, (count, config.targets), rng)
    contexts = _draw_blocks(grid, context_size, (count,), rng) & ~targets.any(axis=1)
    for frame in np.flatnonzero(contexts.sum(axis=(1, 2)) <= config.min_patches):
        contexts[frame] = _draw_context(grid, context_size, targets[frame], config.min_patches, rng)
    return Masks(
        _numbers(contexts.reshape(count, -1)),
        _numbers(targets.reshape(count * config.targets, -1))
        .view(count, config.targets, -1)
        .transpose(0, 1)
        .contiguous(),
    )


def take_patches(tokens: Tensor, patches: Tensor) -> Tensor:
    """The tokens (B, n, D) of numbered patches (B, n), from those of all patches (B or 1, N, D)."""
    width = tokens.shape[-1]
    everywhere = tokens.expand(len(patches), -1, -1)
    return everywhere.gather(1, patches[..., None].expand(-1, -1, width))


def _between(low: float, high: float, share: float) -> float:
    return low + share * (high - low)


def _block_size(grid: int, scale: float, aspect: float) -> tuple[int, int]:
    area = int(grid * grid * scale)
    rows, columns = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
    return min(rows, grid - 1), min(columns, grid - 1)


def _draw_blocks(
    grid: int, size: tuple[int, int], shape: tuple[int, ...], rng: np.random.Generator
) -> Blocks:
    rows, columns = size
    line = np.arange(grid)
    top = rng.integers(grid - rows, size=(*shape, 1))
    left = rng.integers(grid - columns, size=(*shape, 1))
    down = (line >= top) & (line < top + rows)
    across = (line >= left) & (line < left + columns)
    return down[..., :, None] & across[..., None, :]


def _draw_context(
    grid: int, size: tuple[int, int], targets: Blocks, min_patches: int, rng: np.random.Generator
) -> Blocks:
    """A block without the targets, or without as many of them as leave enough of it."""
    for removed in range(len(targets), 0, -1):
        taken = targets[:removed].any(axis=0)
        for _ in range(_DRAWS_BEFORE_OVERLAP):
            context = _draw_blocks(grid, size, (), rng) & ~taken
            if context.sum() > min_patches:
                return context
    return _draw_blocks(grid, size, (), rng)


def _numbers(masks: npt.NDArray[np.bool_]) -> Tensor:
    """(M, N) -> (M, n) the first n patches of each, n being what the shortest has."""
    shortest = int(masks.sum(axis=1).min())
    return torch.from_numpy(np.argsort(~masks, axis=1, kind="stable")[:, :shortest])
