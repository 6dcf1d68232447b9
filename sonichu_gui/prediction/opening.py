"""Opens a model of any naming with torch; what goes wrong becomes what a person can act on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.errors import ModelError
from sonichu_gui.prediction.folder_files import read_config, refuse_baseline

if TYPE_CHECKING:
    from sonichu_gui.model.checkpoints import Opened


def opened(path: Path, *, image_size: int | None = None, task: str | None = None) -> Opened:
    """Loads a model folder or a file of weights; imports torch.

    Args:
        path: The folder or file.
        image_size: Side of the square input, for weights that do not tell it.
        task: What the only head is for, for weights that do not tell it.

    Raises:
        ModelError: torch is not there, or the weights cannot be loaded whole.
    """
    if path.is_dir():
        refuse_baseline(path, read_config(path))
    # As in local: threads of OpenMP that spin while they wait would take the cores from the window.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        from sonichu_gui.model.checkpoints import open_checkpoint
        from sonichu_gui.model.modeling_sonichu import CheckpointError
    except (ImportError, OSError) as error:  # OSError: one of its libraries does not load
        raise ModelError(
            f"PyTorch cannot be loaded: {error}.", "Install it as the README says."
        ) from error
    try:
        return open_checkpoint(path, image_size=image_size, task=task)
    except CheckpointError as error:
        asked = image_size is not None or task is not None
        raise ModelError(
            f"{error}".rstrip(".") + ".",
            "Ask for another image size or task, or for none."
            if asked
            else "It may be of another network, or incomplete: get it again, or choose another.",
        ) from error
    except MemoryError as error:
        raise ModelError(
            f"{path} is larger than the memory that is free.", "Close other programs and try again."
        ) from error


def not_finite(model: Opened) -> tuple[str, ...]:
    """Gives the names of the tensors that hold a number which is none."""
    return tuple(
        name
        for name, tensor in model.model.state_dict().items()
        if tensor.is_floating_point() and not tensor.isfinite().all()
    )
