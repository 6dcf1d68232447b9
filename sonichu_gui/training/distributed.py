"""One process or many: who this process is, and the few things that all of them do together.

``torchrun --nproc-per-node 4 -m sonichu_gui train teacher --config FILE.toml`` starts one process a
device; every one reads the same configuration, sees its own rows of each global batch, and
DistributedDataParallel averages the gradients. Without torchrun there is one process and nothing
here does anything.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn
from torch.distributed.nn import functional as together

from sonichu_gui.training.config import TrainingError


@dataclass(frozen=True, slots=True)
class World:
    """All processes of a run, as one of them sees it.

    Attributes:
        rank: number of this process, from 0.
        size: how many there are.
        device: where this one computes.
    """

    rank: int
    size: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes and reports."""
        return self.rank == 0

    def mean(self, values: Mapping[str, float]) -> dict[str, float]:
        """The mean of each value over all processes, the same in all of them."""
        if self.size == 1:
            return dict(values)
        stacked = torch.tensor(list(values.values()), dtype=torch.float64, device=self.device)
        distributed.all_reduce(stacked)
        return dict(zip(values, (stacked / self.size).tolist(), strict=True))

    def any(self, *, says: bool) -> bool:
        """Whether one process or more says so, the same in all of them."""
        if self.size == 1:
            return says
        told = torch.tensor(float(says), device=self.device)
        distributed.all_reduce(told, distributed.ReduceOp.MAX)
        return bool(told)

    def wait(self) -> None:
        """Returns when all processes have come here."""
        if self.size > 1:
            distributed.barrier()


@contextmanager
def joined_world(device: str = "auto") -> Iterator[World]:
    """The processes that torchrun started, joined for the time of the block; else this one alone.

    Args:
        device: "auto" (CUDA where there is one), "cpu" or "cuda".

    Raises:
        TrainingError: CUDA is asked for and is not there, or fewer devices than processes.
    """
    size, rank, local = (_from_torchrun(name) for name in ("WORLD_SIZE", "RANK", "LOCAL_RANK"))
    size = max(size, 1)
    chosen = _device(device, local)
    if size == 1:
        yield World(0, 1, chosen)
        return
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)
    distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    try:
        yield World(rank, size, chosen)
    finally:
        distributed.destroy_process_group()


def _from_torchrun(name: str) -> int:
    return int(os.environ.get(name, "0"))


def _device(wanted: str, local_rank: int) -> torch.device:
    if wanted not in {"auto", "cpu", "cuda"}:
        raise TrainingError(f"There is no device {wanted!r}.", "Choose auto, cpu or cuda.")
    available = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted == "cpu" or (wanted == "auto" and not available):
        return torch.device("cpu")
    if local_rank >= available:
        raise TrainingError(
            f"Process {local_rank} of this machine finds {available} CUDA devices.",
            "Start no more processes than there are devices, or choose the device cpu.",
        )
    return torch.device("cuda", local_rank)


class GlobalBatchNorm(nn.BatchNorm2d):
    """Batch norm over the rows of all processes, on any device.

    torch's own SyncBatchNorm works on CUDA alone; with it left out, a run on two CPUs would see
    other statistics than the same run on one. Mean and mean of squares are averaged with gradient.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) of this process -> the same shape, normalised over all of them."""
        if not self.training:
            return super().forward(x)
        size = distributed.get_world_size()
        own = x.float()
        moments = torch.stack([own.mean((0, 2, 3)), own.square().mean((0, 2, 3))]) / size
        mean, square = together.all_reduce(moments)  # type: ignore[no-untyped-call]
        variance = square - mean.square()
        self._follow(mean.detach(), variance.detach(), count=size * x.numel() // x.shape[1])
        scale = self.weight * (variance + self.eps).rsqrt()
        shift = self.bias - mean * scale
        normalised: Tensor = own * scale[:, None, None] + shift[:, None, None]
        return normalised.to(x.dtype)

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor, *, count: int) -> None:
        """Moves the running statistics as nn.BatchNorm2d does, the variance being unbiased."""
        pace = self.momentum if self.momentum is not None else 0.1
        for kept, new in (
            (self.running_mean, mean),
            (self.running_var, variance * count / (count - 1)),
        ):
            if kept is not None:
                kept.lerp_(new, pace)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)


def with_global_batch_norm(network: nn.Module, world: World) -> nn.Module:
    """The network with every batch norm looking at all processes' rows; parameters are the same."""
    if world.size == 1:
        return network
    if world.device.type == "cuda":
        converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        return converted
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if type(child) is nn.BatchNorm2d:
                setattr(parent, name, _global_twin(child))
    return network


def _global_twin(norm: nn.BatchNorm2d) -> GlobalBatchNorm:
    twin = GlobalBatchNorm(norm.num_features, norm.eps, norm.momentum)
    twin.weight, twin.bias = norm.weight, norm.bias
    for name, buffer in norm.named_buffers():
        twin.register_buffer(name, buffer)
    return twin
