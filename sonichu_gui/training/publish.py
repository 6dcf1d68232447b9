"""From a trained model to the folder that the app ships: calibrated, measured, described.

    sonichu train publish --config resources/training/publish_light.toml

The weights are stored in half precision, and it is that file which is measured. A folder that holds
a better model is not replaced.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from sonichu_gui.errors import ExportError, LabelError, ModelError, SonichuError
from sonichu_gui.model.modeling_sonichu import CONFIG_FILE, WEIGHTS_FILE, SonichuModel
from sonichu_gui.prediction.model_source import sha256_of
from sonichu_gui.training.calibration import calibrate_head
from sonichu_gui.training.config import TrainingError, data_root, read_config
from sonichu_gui.training.evaluate import load_model
from sonichu_gui.training.publish_card import CardHead, CardText, model_card
from sonichu_gui.training.publish_heads import (
    HeadConfig,
    PublishConfig,
    PublishedHead,
    read_head,
    require_every_head,
)
from sonichu_gui.training.published_figures import (
    Comparison,
    HeadFigures,
    compared,
    measure_head,
)

if TYPE_CHECKING:
    from sonichu_gui.model.modeling_sonichu import TaskConfig
    from sonichu_gui.training.known_points import Loaded
    from sonichu_gui.training.loop import Report


def run(path: Path, *, resume: bool, report: Report, force: bool = False) -> Path:  # noqa: ARG001
    """Publish as a TOML file says; the published folder.

    Args:
        path: the TOML file.
        resume: has no effect; the whole takes minutes.
        report: gets progress.
        force: also when what is published already is better.

    Raises:
        SonichuError: a figure cannot be measured, the folder would be too large, or what is there
            is better; nothing is published then.
    """
    config = read_config(path, PublishConfig)
    if config.threads:
        torch.set_num_threads(config.threads)
    trained, preprocessor = load_model(Path(config.model))
    require_every_head(config, trained)
    heads = [
        read_head(task, one, trained, report=report) for one in config.head for task in one.tasks
    ]
    work = Path(config.output)

    full = _described(config, trained, heads)
    full.save_pretrained(work / "full", preprocessor=preprocessor)
    try:
        full.save_pretrained(work / "half", preprocessor=preprocessor, dtype=torch.float16)
    except ValueError as error:
        raise TrainingError(
            f"{config.model} cannot be stored in half precision: {error}.",
            "A weight is far too large: train with more weight_decay or a lower learning rate.",
        ) from error
    half = load_model(work / "half")
    scales = {one.task: _fitted_scale(one, half, report=report) for one in heads}
    half = _with_scales(half[0], scales), half[1]
    card_heads = _measured(heads, half, (_with_scales(full, scales), preprocessor), report=report)
    _require_better(config, heads, card_heads, force=force, report=report)

    accuracy = {head.figures.task: head.figures.accuracy for head in card_heads}
    final = _described(config, half[0], heads, accuracy=accuracy, scales=scales)
    card = model_card(
        final,
        card_heads,
        CardText(config.made_from, config.limits, _shown_path(path)),
    )
    final.save_pretrained(
        work / "published", preprocessor=preprocessor, readme=card, dtype=torch.float16
    )
    _require_same_weights(work)
    _require_small(work / "published", config.largest_mb)
    (work / "figures.json").write_text(json.dumps(accuracy, indent=2) + "\n", encoding="utf-8")
    _replace_folder(work / "published", Path(config.folder))
    report(1.0, f"published {config.folder}")
    return Path(config.folder)


def _shown_path(path: Path) -> str:
    """The configuration as others may find it: nobody's own folders stand in a card."""
    whole, here = path.resolve(), Path.cwd()
    return whole.relative_to(here).as_posix() if whole.is_relative_to(here) else path.name


def _described(
    config: PublishConfig,
    model: SonichuModel,
    heads: Sequence[PublishedHead],
    *,
    accuracy: Mapping[str, Mapping[str, object]] | None = None,
    scales: Mapping[str, float] | None = None,
) -> SonichuModel:
    """A copy whose configuration says of every head what it learned from and reaches."""
    tasks: dict[str, TaskConfig] = {}
    told = {head.task: head for head in heads}
    for name, task in model.config.tasks.items():
        if name not in told:
            tasks[name] = replace(
                task, trained=False, training_data="", accuracy={}, covariance_scale=1.0
            )
            continue
        head = told[name]
        tasks[name] = replace(
            task,
            trained=True,
            training_data=f"{head.config.data_name} ({head.config.data_licence}); "
            f"{head.config.data_source}",
            accuracy=(accuracy or {}).get(name, {}),
            covariance_scale=(scales or {}).get(name, 1.0),
            extra={
                **task.extra,
                "frames": {"real": head.real_frames, "phantoms": head.phantom_frames},
                "draft": head.is_draft,
            },
        )
    name = config.name or model.config.name
    described = replace(model.config, name=name, version=config.version, tasks=tasks)
    copy = SonichuModel(described)
    copy.load_state_dict(model.state_dict(), strict=True)
    return copy.eval()


def _fitted_scale(head: PublishedHead, loaded: Loaded, *, report: Report) -> float:
    """How sure the head may be; 1, which the app tells, where the frames are too few."""
    try:
        fitted = calibrate_head(
            *loaded, head.calibration, data_root(), report=lambda line: report(-1, line)
        )
    except LabelError as error:
        report(-1, f"{head.task}: uncertainty not fitted: {error}")
        return 1.0
    report(
        -1,
        f"{fitted.task}: uncertainty fitted to {fitted.n} frames: {fitted.measure} within 1"
        f" standard error in {fitted.within_68:.0%}, within 1.96 in {fitted.within_95:.0%}",
    )
    return fitted.scale


def _with_scales(model: SonichuModel, scales: Mapping[str, float]) -> SonichuModel:
    tasks = {
        name: replace(task, covariance_scale=scales.get(name, task.covariance_scale))
        for name, task in model.config.tasks.items()
    }
    model.config = replace(model.config, tasks=tasks)
    return model


def _measured(
    heads: Sequence[PublishedHead], half: Loaded, full: Loaded, *, report: Report
) -> list[CardHead]:
    found = []
    for done, head in enumerate(heads):
        report(done / len(heads), f"measuring {head.task}: {len(head.test)} frames")
        phantoms = head.real_frames == 0

        def figures(loaded: Loaded, head: PublishedHead = head, *, tta: bool) -> HeadFigures:
            on_phantoms = head.real_frames == 0
            return measure_head(loaded, head.test, on_phantoms=on_phantoms, tta=tta)

        found.append(
            CardHead(
                figures=figures(half, tta=True),
                one_pass=figures(half, tta=False),
                full_precision=None if phantoms else figures(full, tta=True),
                real_frames=head.real_frames,
                phantom_frames=head.phantom_frames,
                is_draft=head.is_draft,
                data=f"{head.config.data_name}, {head.config.data_licence}: "
                f"{head.config.data_source}",
                command=_command(head.config),
            )
        )
    return found


def _command(head: HeadConfig) -> str:
    """How anyone measures the same."""
    split = f" --split {head.split}" if head.split else ""
    images = head.images or Path(head.labels).parent.as_posix()
    return f"sonichu evaluate --labels {head.labels} --images {images}{split} --json"


def _require_better(
    config: PublishConfig,
    heads: Sequence[PublishedHead],
    measured: Sequence[CardHead],
    *,
    force: bool,
    report: Report,
) -> None:
    """Compares with what is published there, on the same frames and by the same code.

    Raises:
        TrainingError: a head gets worse or is lost, or none gets better, and it is not forced.
    """
    folder = Path(config.folder)
    if not (folder / CONFIG_FILE).is_file():
        return
    try:
        last = load_model(folder)
    except SonichuError as error:
        report(-1, f"what is published now cannot be compared with: {error}")
        return
    trained = {name for name, task in last[0].config.tasks.items() if task.trained}
    found: list[Comparison] = []
    for head, now in zip(heads, measured, strict=True):
        before = None
        if head.task in trained:
            on_phantoms = now.figures.on_phantoms
            before = measure_head(last, head.test, on_phantoms=on_phantoms, tta=True)
        found.append(compared(now.figures, before, is_draft=head.is_draft))
    lost = sorted(trained - {one.task for one in found})
    for one in found:
        report(-1, f"published before -> now: {one}")
    worse = [str(one) for one in found if one.is_worse] + [f"{name} is lost" for name in lost]
    if force or (not worse and any(one.is_better for one in found)):
        return
    why = "; ".join(worse) or "no head is better: " + "; ".join(map(str, found))
    raise TrainingError(
        f"{folder} holds a better model ({why}).", "To replace it all the same, add --force."
    )


def _require_same_weights(work: Path) -> None:
    measured, published = (sha256_of(work / name / WEIGHTS_FILE) for name in ("half", "published"))
    if measured != published:
        raise ModelError("The weights to be published are not those that were measured.")


def _require_small(folder: Path, largest_mb: float) -> None:
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    if size > largest_mb:
        raise TrainingError(
            f"The folder would have {size:.1f} MB, {largest_mb:g} MB at most.",
            "Train a smaller model, or raise largest_mb.",
        )


def _replace_folder(made: Path, folder: Path) -> None:
    """Puts every file in its place, the configuration last.

    None is put there before all are written beside it: a disk that is full, or a kill while the
    weights are copied, leaves what was published as it was.

    Raises:
        ExportError: the folder cannot be written.
    """
    names = sorted((path.name for path in made.iterdir()), key=CONFIG_FILE.__eq__)
    parts = {name: folder / f"{name}.part" for name in names}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, part in parts.items():
            shutil.copyfile(made / name, part)
        for name, part in parts.items():
            part.replace(folder / name)
    except OSError as error:
        for part in parts.values():
            with suppress(OSError):
                part.unlink()
        raise ExportError(
            f"{folder} cannot be written: {error.strerror or error}.",
            f"Make room, or choose another folder; the model itself is in {made}.",
        ) from error
