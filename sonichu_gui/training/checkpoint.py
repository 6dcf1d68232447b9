"""What a run that was killed needs to go on as if it had not been.

Frames, masks and augmentation of a step are functions of seed and step alone, so the step number
stands for the position in the data and for the state of the random numbers.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sonichu_gui.training.config import TrainingError

CHECKPOINT_FILE = "checkpoint.pt"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state before ``step``.

    Attributes:
        step: the first step that is still to be done.
        weights: of the network that is trained.
        optimiser: the optimiser's state.
        stage: whatever else the stage keeps: averaged weights, the network of the targets.
        run: name of the settings, which must not change between the parts of a run.
        data: name of the rows that are learned from, which must not change either.
    """

    step: int
    weights: dict[str, Tensor]
    optimiser: dict[str, Any]
    stage: dict[str, Any]
    run: str
    data: str


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Replace the folder's checkpoint; a kill or a full disk meanwhile leaves the old one whole.

    Raises:
        TrainingError: when it cannot be written.
    """
    beside = folder / (CHECKPOINT_FILE + ".new")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        torch.save({name: getattr(checkpoint, name) for name in Checkpoint.__slots__}, beside)
        with beside.open("rb") as stream:
            os.fsync(stream.fileno())
        beside.replace(folder / CHECKPOINT_FILE)
    except (OSError, RuntimeError) as cause:
        with suppress(OSError):
            beside.unlink()
        if str(cause).startswith("DataLoader worker"):
            raise  # the death of a process that prepares frames is told wherever this one is
        why = cause.strerror if isinstance(cause, OSError) else "the disk is full, or has gone"
        raise TrainingError(
            f"{folder / CHECKPOINT_FILE} cannot be written: {why}.",
            "Make room and start it again, a stage with --resume: the checkpoint before is whole.",
        ) from cause


def read_checkpoint(folder: Path, *, run: str, data: str | None = None) -> Checkpoint | None:
    """The folder's checkpoint, or None where there is none yet.

    Args:
        folder: where it lies.
        run: name of the settings.
        data: name of the rows; None for whatever it learned from.

    Raises:
        TrainingError: when it cannot be read, or belongs to a run with other settings or rows.
    """
    path = folder / CHECKPOINT_FILE
    if not path.exists():
        return None
    try:
        checkpoint = Checkpoint(**torch.load(path, map_location="cpu", weights_only=True))
    except Exception as cause:  # torch raises whatever the broken pickle made it stumble over
        raise TrainingError(
            f"{path} is not a whole checkpoint: {cause}", "Remove it to start the run anew."
        ) from cause
    if checkpoint.run != run:
        raise TrainingError(
            f"{path} belongs to a run with other settings.",
            "Restore the configuration, or choose another output folder.",
        )
    if data not in {None, checkpoint.data}:
        raise TrainingError(
            f"{path} belongs to a run on other frames or labels.",
            "Restore the data as it was, or start anew without --resume.",
        )
    return checkpoint
