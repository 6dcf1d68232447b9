"""Opens anybody's checkpoint as our model: read without running anything, placed whole or refused.

`namings` decides where each tensor goes; here the tensors follow. Code that lies beside weights is
never imported, and a pickle may only hold tensors: one that asks for code is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from .checkpoint_files import Holding, read_holding
from .config_hints import is_own_form
from .foreign_preprocessor import read_preprocessor
from .layout import Copy, Layout, Positions, Shift, Stack, Step, UnplacedTensors, Zeros
from .modeling_sonichu import (
    BACKBONES,
    CONFIG_FILE,
    DEFAULT_TASKS,
    WEIGHTS_FILE,
    CheckpointError,
    HeadConfig,
    SonichuConfig,
    SonichuModel,
    SonichuPreprocessor,
    TaskConfig,
    fixed_positions,
)
from .namings import recognise

__all__ = ["CheckpointError", "Opened", "open_checkpoint"]

UNKNOWN_LICENSE = "unknown"
_OWN_PATCHES = frozenset({"backbone.patch_embed.proj.weight", "backbone.stem.conv.weight"})


@dataclass(frozen=True, slots=True)
class Opened:
    """A checkpoint as our model.

    Attributes:
        model: in float32 and evaluation mode.
        preprocessor: what its frames go through.
        layout: how it became ours; None for a model folder of ours, which needs no change.
    """

    model: SonichuModel
    preprocessor: SonichuPreprocessor
    layout: Layout | None


def open_checkpoint(
    path: Path, *, image_size: int | None = None, task: str | None = None
) -> Opened:
    """Opens a model folder, or a file of weights of any known naming.

    Args:
        path: a folder, or a .safetensors, .pth, .pt or .bin file; a ``config.json`` and a
            ``preprocessor_config.json`` beside the weights are heeded, whoever wrote them.
        image_size: of the square input in pixels; the position table is resampled for it.
        task: the task of a checkpoint's only head, where its names do not tell.

    Raises:
        CheckpointError: naming the file and what is wrong with it.
    """
    holding = read_holding(path)
    own = _own_config(holding)
    same_size = own is not None and image_size in {None, own.image_size}
    if same_size and task is None and holding.path == holding.folder / WEIGHTS_FILE:
        model = SonichuModel.from_pretrained(holding.folder)
        return Opened(model, SonichuPreprocessor.from_pretrained(holding.folder), None)
    preprocessor = read_preprocessor(holding.folder)
    layout = _recognise(holding, image_size or preprocessor.image_size, image_size, task)
    sized = preprocessor.image_size in {None, layout.image_size} or image_size is not None
    notes = list(preprocessor.notes)
    if not sized:
        notes.append(
            f"Its frames are prepared at {preprocessor.image_size} pixels, which its patches do "
            f"not divide: {layout.image_size} is used."
        )
    layout = replace(layout, notes=(*layout.notes, *notes))
    lacking = [name for name in own.tasks if name not in layout.heads] if own else []
    if lacking:
        missing = [f"heads.{name}" for name in lacking]
        raise CheckpointError(
            f"{holding.path} has no heads for tasks of its {CONFIG_FILE}: {', '.join(lacking)}",
            missing=missing,
        )
    try:
        config = _config(layout, own, path)
    except ValueError as error:
        raise CheckpointError(f"{holding.path}: {error}") from error
    model = SonichuModel.from_tensors(config, _placed(layout, holding), holding.path)
    mean, std = preprocessor.image_mean, preprocessor.image_std
    return Opened(model, SonichuPreprocessor(config.image_size, mean, std), layout)


def _own_config(holding: Holding) -> SonichuConfig | None:
    """Our own configuration beside tensors with our own names, where it is one.

    Raises:
        CheckpointError: it is damaged; what it says of the network is not guessed.
    """
    raw = holding.config
    if not isinstance(raw, Mapping) or not is_own_form(raw):
        return None
    if _OWN_PATCHES.isdisjoint(holding.table):
        return None
    try:
        return SonichuConfig.from_dict(dict(raw))
    except ValueError as error:
        raise CheckpointError(f"{holding.folder / CONFIG_FILE}: {error}") from error


def _recognise(
    holding: Holding, wanted: int | None, image_size: int | None, task: str | None
) -> Layout:
    hints = holding.config if isinstance(holding.config, Mapping) else None
    try:
        layout = recognise(holding.table, hints, image_size=image_size, task=task)
        step = layout.backbone.get("patch_size", 32)
        if wanted is not None and wanted != layout.image_size and wanted % step == 0:
            layout = recognise(holding.table, hints, image_size=wanted, task=task)
    except UnplacedTensors as error:
        raise CheckpointError(
            f"{holding.path} cannot be used: {error}",
            missing=error.missing,
            surplus=error.surplus,
            mismatched=error.mismatched,
        ) from error
    return layout


# --- configuration -------------------------------------------------------------------------------


def _config(layout: Layout, own: SonichuConfig | None, path: Path) -> SonichuConfig:
    settings = dict(layout.backbone)
    backbone = BACKBONES[settings.pop("type")](**settings)
    head = HeadConfig(layout.head_type, layout.head_channels)
    grid = layout.image_size // layout.backbone.get("patch_size", 4)
    known = own.tasks if own is not None else {}
    base = own or SonichuConfig(name=_name(path), license=UNKNOWN_LICENSE)
    return replace(
        base,
        image_size=layout.image_size,
        heatmap_size=grid * (1 if layout.head_type == "light" else 4),
        backbone=backbone,
        head=head,
        tasks={name: _task(name, count, known) for name, count in layout.heads.items()},
    )


def _name(path: Path) -> str:
    stem = path.resolve().name if path.is_dir() else path.stem
    return re.sub(r"[^\w.-]+", "-", stem).strip("-.") or "checkpoint"


def _task(name: str, count: int, known: Mapping[str, TaskConfig]) -> TaskConfig:
    """The task of a head: its own where the file says it, ours where the points agree."""
    stated = known.get(name)
    if stated is not None and len(stated.keypoints) == count:
        return stated
    ours = DEFAULT_TASKS.get(name)
    if ours is not None and len(ours.keypoints) == count:
        return replace(ours, decode="soft-argmax", trained=True)
    return TaskConfig(tuple(f"point_{number + 1}" for number in range(count)), trained=True)


# --- tensors -------------------------------------------------------------------------------------


def _placed(layout: Layout, holding: Holding) -> dict[str, Tensor]:
    placed = {}
    used = [name for step in layout.steps for name in step.sources]
    tensors = holding.tensors(used)
    broken = [name for name in used if not _is_finite(tensors[name])]
    if broken:
        shown = ", ".join(broken[:12]) + (" …" if len(broken) > 12 else "")
        raise CheckpointError(f"{holding.path}: weights that are not finite numbers: {shown}")
    width = layout.backbone.get("hidden_size", 0)
    for step in layout.steps:
        placed[step.target] = _made(step, tensors, width)
    return placed


def _is_finite(tensor: Tensor) -> bool:
    return not tensor.is_floating_point() or bool(torch.isfinite(tensor).all())


def _made(step: Step, tensors: Mapping[str, Tensor], width: int) -> Tensor:
    match step:
        case Copy():
            tensor = tensors[step.source]
            return tensor.float() if tensor.is_floating_point() else tensor
        case Stack():
            return torch.cat([tensors[name].float() for name in step.sources])
        case Shift():
            return tensors[step.source].float() - tensors[step.minus].float()
        case Zeros():
            whole = step.target.endswith("num_batches_tracked")
            return torch.zeros(step.shape, dtype=torch.int64 if whole else torch.float32)
        case Positions():
            return _positions(step, tensors, width)


def _positions(step: Positions, tensors: Mapping[str, Tensor], width: int) -> Tensor:
    """The position table (1, N, D) of the new grid, the class token's row first if it is kept."""
    if step.source is None:
        table = fixed_positions(step.new_grid, width)
        first = table.new_zeros(1, 1, width)
    else:
        stored = tensors[step.source].float()
        has_row = step.class_row in {"kept", "added"}
        first = stored[:, :1] if has_row else stored.new_zeros(1, 1, stored.shape[2])
        table = _resampled(stored[:, int(has_row) :], step.grid, step.new_grid)
    if step.class_row == "added":
        return table + first
    return torch.cat([first, table], dim=1) if step.class_row in {"kept", "zero"} else table


def _resampled(table: Tensor, grid: tuple[int, int], new_grid: int) -> Tensor:
    """(1, rows * columns, D) -> (1, new * new, D), bicubically, as `transformers` does it."""
    if grid == (new_grid, new_grid):
        return table
    picture = table.reshape(1, *grid, -1).permute(0, 3, 1, 2)
    size = (new_grid, new_grid)
    resized = F.interpolate(picture, size=size, mode="bicubic", align_corners=False)
    return resized.permute(0, 2, 3, 1).flatten(1, 2).contiguous()
