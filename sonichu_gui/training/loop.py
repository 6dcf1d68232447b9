"""The loop around the training step: from a TOML file to a published model folder.

train_from_config(Path("resources/training/hc_mini.toml"), resume=True)
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from sonichu_gui.errors import FrameError
from sonichu_gui.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from sonichu_gui.training.config import (
    DATA_ROOT_VARIABLE,
    TrainConfig,
    TrainingError,
    data_root,
    read_config,
)
from sonichu_gui.training.data.frames import hold_out_subjects, load_frames, read_frame
from sonichu_gui.training.data.labels import LabelRow, read_labels
from sonichu_gui.training.evaluate import predict_rows
from sonichu_gui.training.heads import (
    Training,
    averaged_model,
    make_batch,
    new_training,
    training_step,
)
from sonichu_gui.training.publish import publish_run
from sonichu_gui.training.scores import Found, score

if TYPE_CHECKING:
    from sonichu_gui.training.losses import LossTerms

Report = Callable[[str], None]


def train_from_config(path: Path, *, resume: bool, report: Report = print) -> Path:
    """Run the training that a TOML file describes to its end; the published model folder.

    Args:
        path: the configuration.
        resume: go on from the output folder's checkpoint, where there is one.
        report: gets one line now and then.

    Raises:
        SonichuError: for data, configuration or checkpoints that cannot be used.
    """
    config = read_config(path)
    rows = _rows(config)
    learn, watch = hold_out_subjects(rows, count=config.data.held_out_frames, seed=config.run.seed)
    report(f"{len(learn)} frames to learn from, {len(watch)} held out to watch")
    training = run_training(config, learn=learn, watch=watch, resume=resume, report=report)
    return publish_run(config, averaged_model(training), learned=len(learn), report=report)


def run_training(
    config: TrainConfig,
    *,
    learn: list[LabelRow],
    watch: list[LabelRow],
    resume: bool,
    report: Report,
) -> Training:
    """All steps from the start or the last checkpoint, with log and checkpoints on the way."""
    torch.set_num_threads(config.run.threads)
    images, output = data_root() / config.data.images, Path(config.run.output)
    training = new_training(config)
    start = _resume(training, config, output) if resume else 0
    if start:
        report(f"going on at step {start}")
    frames = load_frames(learn, images)
    for row in watch:  # a frame that is not there ends the run now, not when it is first looked at
        read_frame(row, images)
    size_px = training.learner.model.config.image_size
    output.mkdir(parents=True, exist_ok=True)
    saved_at = began = time.monotonic()
    for step in range(start, config.run.steps):
        batch = make_batch(frames, config, step, size_px=size_px)
        try:
            terms = training_step(training, batch, config, step)
        except TrainingError:
            torch.save(dataclasses.asdict(batch), output / f"batch-{step}.pt")
            raise
        done = step + 1
        if done % config.run.log_every == 0:
            pace = (time.monotonic() - began) / (done - start)
            report(_describe(terms, done=done, config=config, pace=pace))
            _append(output, {"step": done, **terms.values()})
        if watch and (done % config.run.watch_every == 0 or done == config.run.steps):
            scores = _held_out_scores(training, config, watch)
            report(f"step {done}  held out: {json.dumps(scores)}")
            _append(output, {"step": done, "held_out": scores})
        if time.monotonic() - saved_at > config.run.checkpoint_minutes * 60:
            write_checkpoint(output, _checkpoint(training, config, done))
            saved_at = time.monotonic()
    write_checkpoint(output, _checkpoint(training, config, config.run.steps))
    return training


def _rows(config: TrainConfig) -> list[LabelRow]:
    path = data_root() / config.data.labels
    if not path.is_file():
        raise TrainingError(
            f"There is no label file {path}.",
            f"The environment variable {DATA_ROOT_VARIABLE} names the folder that "
            f"{config.data.labels} lies in; it is {data_root()} now.",
        )
    return (
        read_labels(path).require_whole().select(split=config.data.split, task_id=config.data.task)
    )


def _checkpoint(training: Training, config: TrainConfig, step: int) -> Checkpoint:
    return Checkpoint(
        step=step,
        weights=training.learner.state_dict(),
        average=training.average,
        optimiser=training.optimiser.state_dict(),
        run=_identity(config),
    )


def _resume(training: Training, config: TrainConfig, output: Path) -> int:
    checkpoint = read_checkpoint(output, run=_identity(config))
    if checkpoint is None:
        return 0
    training.learner.load_state_dict(checkpoint.weights, strict=True)
    training.optimiser.load_state_dict(checkpoint.optimiser)
    for name, value in checkpoint.average.items():
        training.average[name].copy_(value)
    return checkpoint.step


def _identity(config: TrainConfig) -> str:
    """The settings that shape the weights; pace, logging and places may change on the way."""
    document = dataclasses.asdict(config)
    del document["publish"]
    for name in ("output", "threads", "log_every", "watch_every", "checkpoint_minutes"):
        del document["run"][name]
    return json.dumps(document, sort_keys=True)


def _describe(terms: LossTerms, *, done: int, config: TrainConfig, pace: float) -> str:
    text = "  ".join(f"{name} {value:.3f}" for name, value in terms.values().items())
    left = pace * (config.run.steps - done) / 60
    return f"step {done}/{config.run.steps}  {text}  {pace:.2f} s a step, {left:.0f} min left"


def _held_out_scores(
    training: Training, config: TrainConfig, rows: Sequence[LabelRow]
) -> dict[str, object]:
    """Scores of the averaged weights on frames they have not learned from."""
    found: list[Found] = []
    images = data_root() / config.data.images
    for outcome in predict_rows(averaged_model(training), rows, images):
        if isinstance(outcome, FrameError):
            raise outcome
        found.append(outcome)
    return dict(score(rows, found)["tasks"][config.data.task])


def _append(output: Path, record: Mapping[str, object]) -> None:
    with (output / "log.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(record) + "\n")
