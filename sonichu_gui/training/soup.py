"""Weight soup: one model whose every weight is the mean of several models' weights.

    sonichu train soup --config resources/training/soup_light.toml

It costs nothing and works for models that stayed close to one another; the model card's teachers
had not, and theirs was 87 px off. It is made to be measured beside the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sonichu_gui.model.modeling_sonichu import SonichuModel, TaskConfig
from sonichu_gui.training.config import TrainingError, data_root, read_config
from sonichu_gui.training.data.frames import read_frame
from sonichu_gui.training.data.sources import SourceConfig, read_sources
from sonichu_gui.training.distributed import joined_world
from sonichu_gui.training.panel import Member, load_panel
from sonichu_gui.training.trained_model import MODEL_FOLDER

if TYPE_CHECKING:
    from sonichu_gui.training.data.labels import FrameRow, LabelRow
    from sonichu_gui.training.loop import Report

_BATCH = 16


@dataclass(frozen=True, slots=True)
class SoupConfig:
    """One soup.

    Attributes:
        models: model folders of one architecture.
        output: folder for the model, relative to the working directory.
        name: the soup's name; empty for that of the first model with "-soup".
        batch_norm_frames: sources, each with its task, whose frames batch norm takes its statistics
            from anew, those of the mean weights being nobody's. None (the default): they are the
            mean of the models' statistics, as all else.
    """

    models: tuple[str, ...]
    output: str
    name: str = ""
    batch_norm_frames: tuple[SourceConfig, ...] = ()


def run(path: Path, *, resume: bool, report: Report) -> Path:  # noqa: ARG001 - it takes seconds
    """Average as a TOML file says; the folder of the model.

    Raises:
        SonichuError: for a configuration, models or frames that cannot be used.
    """
    config = read_config(path, SoupConfig)
    folder = Path(config.output) / MODEL_FOLDER
    with joined_world("cpu") as world:
        if world.first:
            _make(config, folder, report=report)
        world.wait()
    return folder


def _make(config: SoupConfig, folder: Path, *, report: Report) -> None:
    members = load_panel(config.models)
    if len(members) < 2:
        raise TrainingError("A soup is made of two models or more.", "Name more model folders.")
    model = soup_of(members, name=config.name)
    if config.batch_norm_frames:
        _take_statistics(model, members[0], config.batch_norm_frames, report=report)
    model.save_pretrained(folder, preprocessor=members[0].preprocessor)
    report(1.0, f"{folder}: the mean of {len(members)} models")


def soup_of(members: Sequence[Member], *, name: str = "") -> SonichuModel:
    """The model of the mean weights; a head counts as trained where all of the models' are.

    Raises:
        TrainingError: they are not of one architecture; names the first tensor that differs.
    """
    first = members[0]
    for other in members[1:]:
        _require_same_shapes(first, other)
        if other.preprocessor.to_dict() != first.preprocessor.to_dict():
            raise TrainingError(
                f"{other.folder} prepares its frames in another way than {first.folder}.",
                "Average models that see frames alike.",
            )
    own = first.model.config
    tasks = {task: _averaged_task(settings, task, members) for task, settings in own.tasks.items()}
    model = SonichuModel(replace(own, name=name or f"{own.name}-soup", tasks=tasks))
    model.load_state_dict(mean_weights([member.model.state_dict() for member in members]))
    return model.eval()


def mean_weights(states: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of every tensor; whole numbers, which count something, are those of the first."""
    mean = {}
    for name, value in states[0].items():
        if value.is_floating_point():
            total = torch.stack([state[name].double() for state in states]).mean(dim=0)
            mean[name] = total.to(value.dtype)
        else:
            mean[name] = value.clone()
    return mean


def _require_same_shapes(first: Member, other: Member) -> None:
    ours, theirs = first.model.state_dict(), other.model.state_dict()
    for name in dict.fromkeys([*ours, *theirs]):
        shapes = [tuple(one[name].shape) if name in one else None for one in (ours, theirs)]
        if shapes[0] != shapes[1]:
            told = ["is missing" if shape is None else f"is {shape}" for shape in shapes]
            raise TrainingError(
                f"These models cannot be averaged: {name} {told[0]} in {first.folder} and "
                f"{told[1]} in {other.folder}.",
                "Name models of one architecture.",
            )


def _averaged_task(settings: TaskConfig, name: str, members: Sequence[Member]) -> TaskConfig:
    trained = all(member.votes_on(name) for member in members)
    folders = ", ".join(str(member.folder) for member in members)
    told = f"mean weights of {len(members)} models ({folders})" if trained else ""
    return replace(settings, trained=trained, training_data=told, covariance_scale=1.0, accuracy={})


def _take_statistics(
    model: SonichuModel, first: Member, sources: Sequence[SourceConfig], *, report: Report
) -> None:
    """Batch norm's statistics anew, from the frames of these sources."""
    layers = [one for one in model.modules() if isinstance(one, nn.BatchNorm2d)]
    kept = [{name: value.clone() for name, value in one.state_dict().items()} for one in layers]
    paces = [one.momentum for one in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the plain mean over all batches
        layer.train()
    count = 0
    for task, rows in _frames_of(sources, report=report):
        for start in range(0, len(rows), _BATCH):
            frames = [read_frame(row) for row in rows[start : start + _BATCH]]
            seen = torch.cat([first.preprocessor(frame)["pixel_values"] for frame in frames])
            with torch.no_grad():
                model.heatmaps(model.encode(seen), task)
            count += len(frames)
            report(-1, f"batch norm: {count} frames")
    for layer, state, pace in zip(layers, kept, paces, strict=True):
        if not layer.num_batches_tracked:  # the head of a task without frames
            layer.load_state_dict(state)
        layer.momentum = pace
    model.eval()


def _frames_of(
    sources: Sequence[SourceConfig], *, report: Report
) -> Iterable[tuple[str, list[LabelRow | FrameRow]]]:
    """Each task with its frames, labelled or not."""
    by_task: dict[str, list[LabelRow | FrameRow]] = {}
    for source in sources:
        found = read_sources([source], data_root(), report=lambda line: report(-1, line))
        if found.frames and not source.task:
            raise TrainingError(
                f"The source {source.path} does not say which task its frames are of.",
                'Add task = "…" to it.',
            )
        for row in found.rows:
            by_task.setdefault(row.task_id, []).append(row)
        if found.frames:
            by_task.setdefault(source.task, []).extend(found.frames)
    return by_task.items()
