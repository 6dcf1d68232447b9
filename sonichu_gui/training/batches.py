"""Batches of a run in their order, which a kill and the number of processes leave as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from torch.utils.data import BatchSampler, DataLoader, DistributedSampler

from sonichu_gui.errors import SonichuError
from sonichu_gui.training.stage import Movable, Samples
from sonichu_gui.training.stop_request import leave_it_to_the_main_process

if TYPE_CHECKING:
    from sonichu_gui.training.config import RunConfig
    from sonichu_gui.training.distributed import World

_Sample = TypeVar("_Sample")
_Batch = TypeVar("_Batch", bound=Movable)


def batches(
    samples: Samples[_Sample, _Batch], run: RunConfig, world: World, *, start: int, steps: int
) -> Iterator[tuple[int, _Batch]]:
    """(step, batch) from ``start`` on: shuffled passes, of which a batch never spans two.

    Raises:
        SonichuError: for a sample that cannot be made.
    """
    sampler: DistributedSampler[Any] = DistributedSampler(
        samples,  # type: ignore[arg-type]  # a map-style dataset without torch's base class
        num_replicas=world.size,
        rank=world.rank,
        seed=run.seed,
        drop_last=True,
    )
    a_pass = len(samples) // run.batch_size
    step = start
    while step < steps:
        epoch, skipped = divmod(step, a_pass)
        sampler.set_epoch(epoch)
        samples.set_epoch(epoch)
        rows = list(BatchSampler(sampler, run.batch_size // world.size, drop_last=True))
        loader: DataLoader[Any] = DataLoader(
            _Told(samples),  # type: ignore[arg-type]
            batch_sampler=rows[skipped : skipped + steps - step],
            collate_fn=partial(_collated, samples),
            num_workers=run.workers,
            worker_init_fn=leave_it_to_the_main_process,
            pin_memory=world.device.type == "cuda",
        )
        for batch in loader:
            if isinstance(batch, SonichuError):
                raise batch
            yield step, batch.to(world.device)
            step += 1


class _Told:
    """Samples of which one that cannot be made is told as what it failed for.

    An exception that leaves a worker process comes home as that process' traceback.
    """

    def __init__(self, samples: Samples[_Sample, _Batch]) -> None:
        self._samples = samples

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> object:
        try:
            return self._samples[index]
        except SonichuError as error:
            return error


def _collated(samples: Samples[Any, _Batch], told: Sequence[Any]) -> _Batch | SonichuError:
    """The batch, or the first failure among its samples."""
    failed = next((one for one in told if isinstance(one, SonichuError)), None)
    return failed or samples.collate(told)
