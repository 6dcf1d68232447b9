"""The loop around every stage: steps, rates, checkpoints, logs, and several processes.

A stage says what is learned (its network, samples, losses and rates); the loop knows nothing of
frames or keypoints. One process or many, killed or not, a run gives the same weights: every sample
and every draw is a function of the seed, the epoch or step, and the place in the global batch.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from sonichu_gui.training.batches import batches
from sonichu_gui.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from sonichu_gui.training.config import RunConfig, TrainingError
from sonichu_gui.training.distributed import World, with_global_batch_norm
from sonichu_gui.training.run_log import RunLog
from sonichu_gui.training.stage import Movable, Stage
from sonichu_gui.training.stop_request import StopRequest

Report = Callable[[float, str], None]
"""Gets the share that is done (-1: not known) and a line of text, as `commands.progress` does."""

_Sample = TypeVar("_Sample")
_Batch = TypeVar("_Batch", bound=Movable)


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
        for step, batch in batches(stage.samples, run, world, start=start, steps=steps):
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
            if world.any(says=stop.made):  # the signal meets each process in a step of its own
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
    loss = total.item()
    if world.any(says=not math.isfinite(loss)):  # else the others would wait for this one for ever
        what = "Another process' loss" if math.isfinite(loss) else f"The loss is {loss}, which"
        raise _not_a_number(stage, batch, step, run=run, world=world, what=f"{what} is no number")
    stage.optimiser.zero_grad(set_to_none=True)
    total.backward()  # type: ignore[no-untyped-call]
    trained = [p for p in stage.network.parameters() if p.grad is not None]
    length = nn.utils.clip_grad_norm_(trained, run.clip_norm)
    if not torch.isfinite(length):
        what = f"The gradient's length is {length.item()}"
        raise _not_a_number(stage, batch, step, run=run, world=world, what=what)
    stage.optimiser.step()
    return terms


def _not_a_number(
    stage: Stage[_Sample, _Batch],
    batch: _Batch,
    step: int,
    *,
    run: RunConfig,
    world: World,
    what: str,
) -> TrainingError:
    """The error to raise; the weights are still those before the step, and the batch is stored."""
    rank = "" if world.size == 1 else f"-{world.rank}"
    path = Path(run.output) / f"batch-{step}{rank}.pt"
    where = f"is in {path}"
    try:
        torch.save(dataclasses.asdict(batch), path)  # type: ignore[call-overload]  # see Movable
    except (OSError, RuntimeError):  # a full disk is no reason to hide what happened
        where = f"could not be written to {path}"
    return TrainingError(
        f"{stage.name}, step {step}: {what}. The weights are as before; the batch {where}.",
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
                data=stage.samples.digest,
            ),
        )


def _resumed(stage: Stage[_Sample, _Batch], output: Path) -> int:
    """Loads the checkpoint in every process; the step to go on with."""
    checkpoint = read_checkpoint(output, run=stage.identity, data=stage.samples.digest)
    if checkpoint is None:
        return 0
    stage.network.load_state_dict(checkpoint.weights, strict=True)
    stage.optimiser.load_state_dict(checkpoint.optimiser)
    stage.load_state(checkpoint.stage)
    return checkpoint.step


def _listed(values: Mapping[str, float]) -> str:
    return "  ".join(f"{name} {value:.4g}" for name, value in values.items())
