"""The loop around every stage: steps, rates, checkpoints, logs, and several processes.

A stage says what is learned (its network, samples, losses and rates); the loop knows nothing of
frames or keypoints. One process or many, killed or not, a run gives the same weights: every sample
and every draw is a function of the seed, the epoch or step, and the place in the global batch.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import BatchSampler, DataLoader, DistributedSampler

from sonichu_gui.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from sonichu_gui.training.config import RunConfig, TrainingError
from sonichu_gui.training.distributed import World, with_global_batch_norm
from sonichu_gui.training.run_log import RunLog
from sonichu_gui.training.stop_request import StopRequest

Report = Callable[[float, str], None]
"""Gets the share that is done (-1: not known) and a line of text, as `commands.progress` does."""


class Movable(Protocol):
    """A batch: a dataclass of tensors."""

    def to(self, device: torch.device) -> Any:  # noqa: ANN401 - its own type, which Self is not here
        """The batch on another device."""


_Sample = TypeVar("_Sample")
_Batch = TypeVar("_Batch", bound=Movable)
_Made_co = TypeVar("_Made_co", bound=Movable, covariant=True)


class Samples(Protocol[_Sample, _Made_co]):
    """What is learned from; sample i of an epoch is the same whoever asks and whenever."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> _Sample: ...
    def set_epoch(self, epoch: int) -> None:
        """Chooses the draws of a pass."""

    def collate(self, samples: Sequence[_Sample]) -> _Made_co:
        """The batch of these samples."""


class Stage(Protocol[_Sample, _Batch]):
    """One stage of the training: what is learned, from what, and how.

    Attributes:
        name: of the stage, for its messages.
        identity: the settings that shape the weights; a checkpoint of others is refused.
        network: all that is trained.
        optimiser: of its parameters.
        samples: what is learned from.
    """

    name: str
    identity: str
    network: nn.Module
    optimiser: torch.optim.Optimizer
    samples: Samples[_Sample, _Batch]

    def place(self, world: World, steps: int) -> None:
        """Moves what it keeps beside the network to the world's device; told the run's length."""

    def begin_step(self, step: int) -> Mapping[str, float]:
        """Sets the rates of a step; what is worth logging of them."""

    def terms(self, network: nn.Module, batch: _Batch, step: int) -> Mapping[str, Tensor]:
        """Losses of this process' rows; "total" is descended, each a mean over the rows."""

    def end_step(self, step: int) -> None:
        """Moves averages."""

    def state(self) -> dict[str, Any]:
        """What must survive a kill beside network and optimiser."""

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Takes it over again."""

    def watch(self) -> Mapping[str, float]:
        """Scores on held-out frames; empty where there are none. Asked in the first process."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Progress:
    """What is told of a run: where it is, how it fares, how fast it goes."""

    run: RunConfig
    steps: int
    start: int
    began: float
    report: Report

    def tell(self, done: int, terms: Mapping[str, float], held_out: Mapping[str, float]) -> None:
        rate = (done - self.start) / max(time.monotonic() - self.began, 1e-9)
        figures = [_listed(terms)] if terms else []
        figures += [f"held out {_listed(held_out)}"] if held_out else []
        text = f"step {done}/{self.steps}: {'; '.join(figures)}; {rate:.2f} steps/s"
        self.report(done / self.steps, text)


def run_stage(
    stage: Stage[_Sample, _Batch], run: RunConfig, world: World, *, resume: bool, report: Report
) -> Mapping[str, float]:
    """All steps of a stage, from its start or its last checkpoint; the last held-out scores.

    Args:
        stage: what is learned.
        run: length, pace and place.
        world: the processes that share the work.
        resume: go on from the output folder's checkpoint, where there is one.
        report: gets progress.

    Raises:
        TrainingError: a checkpoint or setting that does not fit, or a loss that is no number; the
            batch that gave it is then in the output folder.
        KeyboardInterrupt: after a checkpoint of what is done.
    """
    if run.threads:
        torch.set_num_threads(run.threads)
    steps = _checked_steps(stage, run, world)
    output = Path(run.output)
    stage.network.to(world.device)
    stage.place(world, steps)
    start = _resumed(stage, output) if resume else 0
    network = _joined(stage, world)
    progress = _Progress(run, steps, start, time.monotonic(), report)
    if start:
        report(start / steps, f"going on at step {start} of {steps}")
    held_out: Mapping[str, float] = {}
    with RunLog(output, start=start) if world.first else _NoLog() as log, StopRequest() as stop:
        saved_at, done = time.monotonic(), start
        for step, batch in _batches(stage.samples, run, world, start=start, steps=steps):
            rates = stage.begin_step(step)
            terms = descend(stage, network, batch, step, run=run, world=world)
            stage.end_step(step)
            done = step + 1
            if done % run.log_every == 0 or done == steps:
                told = world.mean({name: float(value.detach()) for name, value in terms.items()})
                log.add(done, {**told, **rates})
                progress.tell(done, told, held_out)
            if world.first and (done % run.watch_every == 0 or done == steps):
                held_out = stage.watch()
                if held_out:
                    log.add(done, held_out, held_out=True)
                    progress.tell(done, {}, held_out)
            if stop.made:
                _save(stage, world, output, done)
                raise KeyboardInterrupt
            if time.monotonic() - saved_at > run.checkpoint_minutes * 60:
                _save(stage, world, output, done)
                saved_at = time.monotonic()
        if done == start and world.first:  # killed after its last step: the result is still to come
            held_out = stage.watch()
        _save(stage, world, output, done)
    return held_out


class _NoLog:
    """The log of a process that writes none."""

    def add(self, step: int, values: Mapping[str, float], *, held_out: bool = False) -> None:
        """Nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _checked_steps(stage: Stage[_Sample, _Batch], run: RunConfig, world: World) -> int:
    samples = len(stage.samples)
    if run.batch_size % world.size:
        raise TrainingError(
            f"A batch of {run.batch_size} cannot be shared by {world.size} processes.",
            "Choose a batch_size that is a multiple of their number.",
        )
    if samples < run.batch_size:
        raise TrainingError(
            f"{stage.name}: {samples} samples are fewer than a batch of {run.batch_size}.",
            "Give more data, or a smaller batch_size.",
        )
    return run.step_count(samples)


def _joined(stage: Stage[_Sample, _Batch], world: World) -> nn.Module:
    if world.size == 1:
        return stage.network
    with_global_batch_norm(stage.network, world)
    # Not every head has a row in every batch of every process.
    return DistributedDataParallel(
        stage.network, broadcast_buffers=False, find_unused_parameters=True
    )


def _batches(
    samples: Samples[_Sample, _Batch], run: RunConfig, world: World, *, start: int, steps: int
) -> Iterator[tuple[int, _Batch]]:
    """(step, batch) from ``start`` on: shuffled passes, of which a batch never spans two."""
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
        loader: DataLoader[_Sample] = DataLoader(
            samples,  # type: ignore[arg-type]
            batch_sampler=rows[skipped : skipped + steps - step],
            collate_fn=samples.collate,
            num_workers=run.workers,
            pin_memory=world.device.type == "cuda",
        )
        for batch in loader:
            yield step, batch.to(world.device)
            step += 1


def descend(
    stage: Stage[_Sample, _Batch],
    network: nn.Module,
    batch: _Batch,
    step: int,
    *,
    run: RunConfig,
    world: World,
) -> Mapping[str, Tensor]:
    """One step down the gradient; the losses before it."""
    network.train()
    with torch.autocast(world.device.type, dtype=torch.bfloat16, enabled=run.bf16):
        terms = stage.terms(network, batch, step)
    total = terms["total"]
    if not torch.isfinite(total):
        raise _not_a_number(stage, batch, step, run, f"The loss is {total.item()}")
    stage.optimiser.zero_grad(set_to_none=True)
    total.backward()  # type: ignore[no-untyped-call]
    trained = [p for p in stage.network.parameters() if p.grad is not None]
    length = nn.utils.clip_grad_norm_(trained, run.clip_norm)
    if not torch.isfinite(length):
        raise _not_a_number(stage, batch, step, run, f"The gradient's length is {length.item()}")
    stage.optimiser.step()
    return terms


def _not_a_number(
    stage: Stage[_Sample, _Batch],
    batch: _Batch,
    step: int,
    run: RunConfig,
    what: str,
) -> TrainingError:
    """The error to raise; the weights are still those before the step, and the batch is stored."""
    path = Path(run.output) / f"batch-{step}.pt"
    torch.save(dataclasses.asdict(batch), path)  # type: ignore[call-overload]  # see Movable
    return TrainingError(
        f"{stage.name}, step {step}: {what}. The weights are as before; the batch is in {path}.",
        "Look at that batch; a lower learning rate or bf16 = false often helps.",
    )


def _save(stage: Stage[_Sample, _Batch], world: World, output: Path, done: int) -> None:
    if world.first:
        write_checkpoint(
            output,
            Checkpoint(
                step=done,
                weights=stage.network.state_dict(),
                optimiser=stage.optimiser.state_dict(),
                stage=stage.state(),
                run=stage.identity,
            ),
        )


def _resumed(stage: Stage[_Sample, _Batch], output: Path) -> int:
    """Loads the checkpoint in every process; the step to go on with."""
    checkpoint = read_checkpoint(output, run=stage.identity)
    if checkpoint is None:
        return 0
    stage.network.load_state_dict(checkpoint.weights, strict=True)
    stage.optimiser.load_state_dict(checkpoint.optimiser)
    stage.load_state(checkpoint.stage)
    return checkpoint.step


def _listed(values: Mapping[str, float]) -> str:
    return "  ".join(f"{name} {value:.4g}" for name, value in values.items())
