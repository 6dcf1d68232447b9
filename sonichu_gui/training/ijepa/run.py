"""I-JEPA pretraining: from a TOML file to the model folder that teachers start from.

sonichu train pretrain --config resources/training/ijepa_vit_ti.toml --resume

The folder's backbone is the target encoder; its heads are at their random start and say so. Beside
it lies ``ijepa.pth``, the three networks under the names of the published code.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from sonichu_gui.errors import FrameError
from sonichu_gui.model.modeling_sonichu import (
    SonichuConfig,
    SonichuModel,
    VisionTransformer,
    ViTConfig,
)
from sonichu_gui.training.config import (
    RunConfig,
    TrainingError,
    data_root,
    read_config,
    run_identity,
)
from sonichu_gui.training.data.fingerprints import fingerprints
from sonichu_gui.training.data.labels import FrameRow, LabelRow
from sonichu_gui.training.data.sources import SourceConfig, read_sources
from sonichu_gui.training.distributed import joined_world
from sonichu_gui.training.ijepa.masks import MaskConfig
from sonichu_gui.training.ijepa.predictor import PredictorConfig, new_networks
from sonichu_gui.training.ijepa.stage import PretrainingStage, ScheduleConfig
from sonichu_gui.training.ijepa.views import FrameViews, ViewConfig
from sonichu_gui.training.loop import Report, run_stage

MODEL_FOLDER = "model"
"""Where in its output folder a run leaves its model."""

NETWORKS_FILE = "ijepa.pth"
"""Encoder, predictor and target encoder, under the names of the published code."""

AnyRow = LabelRow | FrameRow


@dataclass(frozen=True, slots=True)
class PretrainingConfig:
    """One pretraining.

    Attributes:
        run: length, place and pace.
        data: where frames come from; of labelled ones the pictures alone are used.
        model: ``config.json`` of the model whose backbone is trained, a vision transformer.
        held_out_frames: about so many frames, whole subjects, to watch the run by.
        credit: who is to be named for the data, in the model card.
        predictor, masks, views, schedule: the recipe; the published one by default.
    """

    run: RunConfig
    data: tuple[SourceConfig, ...]
    model: dict[str, object]
    held_out_frames: int = 48
    credit: str = ""
    predictor: PredictorConfig = field(default_factory=PredictorConfig)
    masks: MaskConfig = field(default_factory=MaskConfig)
    views: ViewConfig = field(default_factory=ViewConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)


def run(path: Path, *, resume: bool, report: Report) -> Path:
    """Pretrain as a TOML file says; the model folder that comes out.

    Raises:
        SonichuError: for data, configuration or checkpoints that cannot be used.
    """
    config = read_config(path, PretrainingConfig)
    described = described_model(config)
    with joined_world(config.run.device) as world:
        learn, watched = learned_frames(config, report=report)
        stage = new_stage(config, described, learn=learn, watched=watched)
        scores = run_stage(stage, config.run, world, resume=resume, report=report)
        folder = Path(config.run.output) / MODEL_FOLDER
        if world.first:
            save_pretrained(config, described, stage, frames=len(learn), held_out=scores)
    return folder


def described_model(config: PretrainingConfig) -> SonichuConfig:
    """The model that the table ``[model]`` describes.

    Raises:
        TrainingError: it is none, or has another backbone.
    """
    try:
        described = SonichuConfig.from_dict(config.model)
    except ValueError as error:
        raise TrainingError(f"model: {error}", "See config.json of a model folder.") from error
    if not isinstance(described.backbone, ViTConfig):
        raise TrainingError(
            "I-JEPA hides patches, and this backbone has none.",
            'Give [model] a backbone of type "vit".',
        )
    return described


def learned_frames(
    config: PretrainingConfig, *, report: Report
) -> tuple[list[AnyRow], list[AnyRow]]:
    """Frames to learn from and frames held out, each once; what cannot be read is told."""
    found = read_sources(config.data, data_root(), report=lambda line: report(-1, line))
    rows: list[AnyRow] = [*found.rows, *found.frames]
    once = readable(list({(row.images, row.image_path): row for row in rows}.values()), report)
    learn, watched = hold_out_subjects(once, count=config.held_out_frames, seed=config.run.seed)
    report(-1, f"{len(learn)} frames to learn from, {len(watched)} held out to watch")
    return learn, watched


def readable(rows: Sequence[AnyRow], report: Report) -> list[AnyRow]:
    """The rows whose frames can be read: among a hundred thousand there is a damaged one."""
    known = fingerprints(rows, report=lambda line: report(-1, line))
    for one in known:
        if isinstance(one, FrameError):
            report(-1, f"left out: {one}")
    pairs = zip(rows, known, strict=True)
    return [row for row, one in pairs if not isinstance(one, FrameError)]


def hold_out_subjects(
    rows: Sequence[AnyRow], *, count: int, seed: int
) -> tuple[list[AnyRow], list[AnyRow]]:
    """Rows to learn from and about ``count`` others, with no subject on both sides."""
    subjects = sorted({row.subject_id for row in rows})
    random.Random(seed).shuffle(subjects)
    sizes = dict.fromkeys(subjects, 0)
    for row in rows:
        sizes[row.subject_id] += 1
    held: set[str] = set()
    taken = 0
    for subject in subjects:
        if taken < count:
            held.add(subject)
            taken += sizes[subject]
    return (
        [row for row in rows if row.subject_id not in held],
        [row for row in rows if row.subject_id in held],
    )


def new_stage(
    config: PretrainingConfig,
    described: SonichuConfig,
    *,
    learn: Sequence[AnyRow],
    watched: Sequence[AnyRow],
) -> PretrainingStage:
    """The stage with its start weights, drawn from the run's seed."""
    if not isinstance(described.backbone, ViTConfig):
        raise TypeError("described_model gives transformers only")
    seed, size_px = config.run.seed, described.image_size
    learned, kept = (
        FrameViews(rows, data_root(), config.views, size_px=size_px, seed=seed)
        for rows in (learn, watched)
    )
    return PretrainingStage(
        new_networks(described.backbone, config.predictor, image_size=size_px, seed=seed),
        learned,
        watched=kept,
        masks=config.masks,
        schedule=config.schedule,
        batch_size=config.run.batch_size,
        seed=seed,
        identity=run_identity(config),
    )


def save_pretrained(
    config: PretrainingConfig,
    described: SonichuConfig,
    stage: PretrainingStage,
    *,
    frames: int,
    held_out: Mapping[str, float],
) -> None:
    """Writes the model folder, and the three networks beside it."""
    output = Path(config.run.output)
    networks = {
        "encoder": stage.encoder,
        "predictor": stage.predictor,
        "target_encoder": stage.target,
    }
    states = {
        part: {name: value.cpu() for name, value in network.state_dict().items()}
        for part, network in networks.items()
    }
    torch.save(states, output / NETWORKS_FILE)
    told = {
        "method": "I-JEPA (arXiv:2301.08243)",
        "frames": frames,
        "steps": config.run.step_count(frames),
        "batch_size": config.run.batch_size,
        "held_out": dict(held_out),
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.run.seed)
        model = SonichuModel(replace(described, extra={**described.extra, "pretraining": told}))
    if isinstance(model.backbone, VisionTransformer):
        model.backbone.load_state_dict(states["target_encoder"], strict=True)
    model.save_pretrained(output / MODEL_FOLDER, readme=_card(config, model, frames, held_out))


def _card(
    config: PretrainingConfig, model: SonichuModel, frames: int, held_out: Mapping[str, float]
) -> str:
    figures = "\n".join(f"| {name} | {value:.4g} |" for name, value in held_out.items())
    return _CARD.format(
        name=model.config.name,
        version=model.config.version,
        license=model.config.license.lower() or "unknown",
        parameters=sum(parameter.numel() for parameter in model.backbone.parameters()),
        frames=frames,
        sources="\n".join(f"- `{source.path}` ({source.kind})" for source in config.data),
        credit=config.credit,
        steps=config.run.step_count(frames),
        batch=config.run.batch_size,
        figures=f"| on held-out frames | |\n|---|---|\n{figures}" if figures else "Not watched.",
    )


_CARD = """\
---
license: {license}
library_name: pytorch
tags: [medical-imaging, ultrasound, self-supervised]
---

# {name} {version}

A backbone to start from. **It finds no keypoints:** every head is at its random start.

The encoder ({parameters:,} parameters) learned from {frames} frames without their labels, by I-JEPA
(Assran et al. 2023, arXiv:2301.08243): {steps} steps of {batch} views. The weights are those of the
target encoder, the moving average. Start a training from this folder with `start = "FOLDER"`.

## Made from

{sources}

{credit}

## Measured

{figures}

`loss` is smooth L1 of predicted against true features of hidden blocks, `blind_loss` that of the
mean feature of the place, an answer without a look at the frame. `feature_std` and `effective_rank`
tell how far and in how many directions features differ from that mean: collapsed ones have 0 and 1.
None of this tells how well keypoints will be found.
"""
