"""A model made better by the frames that a person corrected, and not at the cost of the rest.

sonichu train finetune --store STUDY [--model DIR] [--task T] [--name N] [--steps N]

The model that is there is never changed: a new one is installed beside it, and its card says what
it came from, what it learned and what that did: on the person's frames that were held out, and on
what it was not asked about. Stopped or killed, the same command goes on from its checkpoint.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from sonichu_gui import paths
from sonichu_gui.errors import ModelError
from sonichu_gui.prediction.adding import add_model, folder_name
from sonichu_gui.prediction.model_making import Origin
from sonichu_gui.training.anchored import Anchor, TuningStage, freeze
from sonichu_gui.training.checkpoint import CHECKPOINT_FILE, read_checkpoint
from sonichu_gui.training.config import TrainingError, run_identity
from sonichu_gui.training.data.labels import read_labels
from sonichu_gui.training.data.rows_digest import rows_digest
from sonichu_gui.training.distributed import joined_world
from sonichu_gui.training.evaluate import load_model
from sonichu_gui.training.loop import Report, run_stage
from sonichu_gui.training.tuned_model import Comparison, save_tuned, scored
from sonichu_gui.training.tuning import BATCH, Tuning, recipe
from sonichu_gui.training.tuning_phantoms import drawing_seconds, rehearsal, rest
from sonichu_gui.training.tuning_rows import TuningRows, tuning_rows

if TYPE_CHECKING:
    from sonichu_gui.model.modeling_sonichu import SonichuModel, SonichuPreprocessor
    from sonichu_gui.prediction.model_info import ModelInfo
    from sonichu_gui.training.data.labels import LabelRow
    from sonichu_gui.training.recipe import TeacherConfig


def planned(asked: Tuning) -> dict[str, Any]:
    """What a fine-tune would learn from and about how long it would take; nothing is trained."""
    rows = _rows(asked)
    return {
        "store": str(asked.store),
        "model": {"name": asked.model.name, "folder": str(asked.model.folder)},
        "name": free_name(asked),
        "tasks": rows.counts(),
        "steps": asked.steps,
        "seconds": round(_expected_seconds(asked, rows)),
        **_told_rows(rows),
    }


def finetune(asked: Tuning, *, report: Report) -> dict[str, Any]:
    """Fine-tunes and installs the new model; the JSON document of the command.

    Raises:
        SonichuError: labels, model or target that cannot be used.
        KeyboardInterrupt: after a checkpoint of what is done.
    """
    began = time.monotonic()
    asked = replace(asked, name=free_name(asked))
    _require_free(asked)
    report(-1, "Reading the labels")
    rows = _rows(asked)
    for line in (rows.described, *rows.left_out, *rows.warnings):
        report(-1, line)
    model, preprocessor = load_model(asked.model.folder)
    _require_standard_input(asked.model, preprocessor)
    measured = _measured_on(asked, rows, report)
    report(-1, "Measuring the model as it is")
    before = {name: scored(model, preprocessor, of) for name, of in measured.items()}
    work = paths.user_data() / "fine-tunes" / folder_name(asked.name)
    with _only_one(asked, work):
        _require_free(asked)
        tuned = _trained(asked, rows, model, work, report)
        report(-1, "Measuring the new model")
        after = {name: scored(tuned, preprocessor, of) for name, of in measured.items()}
        compared = {name: Comparison(before[name], after[name]) for name in measured}
        made = work / "model"
        save_tuned(
            tuned, made, preprocessor=preprocessor, asked=asked, rows=rows, compared=compared
        )
        name, folder = _settled(asked, made)
    shutil.rmtree(work, ignore_errors=True)
    told = _told_rows(rows)
    if name != asked.name:
        told["warnings"].append(f"{asked.name} would be {name} again, so that is kept alone")
    report(1, f"{name} is in {folder}")
    return {
        "model": {"name": name, "folder": str(folder), "installed": asked.out is None},
        "from": {
            "name": asked.model.name,
            "folder": str(asked.model.folder),
            "hash": asked.model.hash,
        },
        "store": str(asked.store),
        "tasks": rows.counts(),
        **{name: one.document() for name, one in compared.items()},
        "improved": compared["held_out"].is_better,
        "steps": asked.steps,
        "parts": asked.parts,
        "seconds": round(time.monotonic() - began),
        **told,
    }


def free_name(asked: Tuning) -> str:
    """The name that was asked for, or the first free one that tells what it came from."""
    if asked.name:
        return asked.name
    stem = asked.model.name.partition(" tuned")[0]
    number = 1
    while True:
        name = f"{stem} tuned" if number == 1 else f"{stem} tuned {number}"
        if not (paths.user_models() / folder_name(name)).exists():
            return name
        number += 1


def _rows(asked: Tuning) -> TuningRows:
    return tuning_rows(
        asked.store,
        tasks=asked.tasks,
        status=asked.status,
        heads=asked.heads,
        model=asked.model.name,
    )


def _told_rows(rows: TuningRows) -> dict[str, Any]:
    return {
        "split": rows.described,
        "left_out": list(rows.left_out),
        "warnings": list(rows.warnings),
    }


def _measured_on(asked: Tuning, rows: TuningRows, report: Report) -> dict[str, list[LabelRow]]:
    """By name, rows that before and after are measured on."""
    found = {
        "held_out": list(rows.held_out),
        "rest": rest(asked.heads, asked.phantoms, report=report),
    }
    checked: list[LabelRow] = []
    for labels, images in asked.checks:
        every = read_labels(labels).rows
        checked += [
            replace(row, images=images.absolute()) for row in every if row.task_id in asked.heads
        ]
    return {**found, "check": checked} if asked.checks else found


def _trained(
    asked: Tuning, rows: TuningRows, model: SonichuModel, work: Path, report: Report
) -> SonichuModel:
    """The model after training; goes on from a checkpoint of the same labels and settings."""
    before, _ = load_model(asked.model.folder)
    anchor = Anchor(
        before.eval(), asked.heads, rows.tasks, whole=asked.parts == "all", weight=asked.anchor
    )
    rehearsed_tasks = asked.heads if anchor.whole else rows.tasks
    phantoms = rehearsal(rehearsed_tasks, asked.phantoms, report=report)
    config = recipe(asked, work)
    learn = _mixed(rows.learn, phantoms)
    identity = _identity(asked, config)
    _forget_another(work, identity, rows_digest(learn), report)
    report(0, "Training")
    stage = TuningStage(config, model, learn=learn, anchor=anchor, identity=identity)
    with joined_world() as world:
        run_stage(stage, config.run, world, resume=True, report=report)
    return blended(before.cpu(), stage.averaged_model(), asked.blend)


def blended(old: SonichuModel, new: SonichuModel, share: float) -> SonichuModel:
    """Weights between two models (Wortsman et al., CVPR 2022, arXiv:2109.01903).

    Most of what was learned is kept, and nearly nothing of what was known is lost. From 20 heads on
    screenshots, which an HC model did not know, the head alone: error 33 -> 16 px on 30 others, and
    8.5 -> 8.7 px on frames of the kind it was trained on; without blending 33 -> 15 and 8.5 -> 9.3.
    """
    weights = new.state_dict()
    for name, kept in old.state_dict().items():
        if kept.is_floating_point():
            weights[name].copy_(torch.lerp(kept, weights[name], share))
    return new


def _mixed(labelled: Sequence[LabelRow], phantoms: Sequence[LabelRow]) -> list[LabelRow]:
    """Labels repeated until they are most of what is met, and at least a batch."""
    wanted = max(2 * len(phantoms), BATCH)
    return [*(list(labelled) * -(-wanted // len(labelled))), *phantoms]


def _identity(asked: Tuning, config: TeacherConfig) -> str:
    return json.dumps([run_identity(config), asked.model.hash, asked.parts, asked.anchor])


def _forget_another(work: Path, identity: str, digest: str, report: Report) -> None:
    """A checkpoint of other labels or settings is of no use any more."""
    try:
        read_checkpoint(work, run=identity, data=digest)
    except TrainingError:
        report(-1, "Labels or settings have changed since: it starts anew")
        (work / CHECKPOINT_FILE).unlink(missing_ok=True)


@contextmanager
def _only_one(asked: Tuning, work: Path) -> Iterator[None]:
    """Keeps another program, a second window say, from training under the same name meanwhile.

    The lock is SQLite's: every system has it, and it goes with a program that is killed.
    """
    work.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(work / "lock", timeout=0, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise ModelError(
                f"Another fine-tune is making {asked.name}.",
                "Wait for its end, or choose another name.",
            ) from error
        yield


def _require_free(asked: Tuning) -> None:
    """Says at once what would otherwise be found out after the training."""
    target = asked.out or paths.user_models() / folder_name(asked.name)
    if target.exists() and not (asked.out and target.is_dir() and not any(target.iterdir())):
        raise ModelError(
            f"{target} is there already, and no model is ever replaced.", "Choose another name."
        )


def _require_standard_input(info: ModelInfo, preprocessor: SonichuPreprocessor) -> None:
    standard = type(preprocessor)(preprocessor.image_size)
    if preprocessor.to_dict() != standard.to_dict():
        raise ModelError(
            f"{info.name} is shown its frames in another way than training does.",
            "Fine-tune a model that was trained here.",
        )


def _settled(asked: Tuning, made: Path) -> tuple[str, Path]:
    """Name and folder of the model; weights that are installed already are not installed twice."""
    if asked.out is not None:
        shutil.copytree(made, asked.out, dirs_exist_ok=True)
        return asked.name, asked.out
    origin = f"{asked.model.name} ({asked.model.hash[:12]}), fine-tuned on this computer"
    info = add_model(made, name=asked.name, origin=Origin("folder", origin))
    return info.name, info.folder


def _expected_seconds(asked: Tuning, rows: TuningRows) -> float:
    """From one step on an empty frame, timed here and now."""
    model, _ = load_model(asked.model.folder)
    freeze(model, tuned=rows.tasks, whole=asked.parts == "all")
    side = model.config.image_size
    frames = torch.zeros(BATCH, 3, side, side)
    times = []
    for _ in range(2):  # the first one is slow
        began = time.monotonic()
        features = model.encode(frames)
        sum(model.heatmaps(features, task).mean() for task in rows.tasks).backward()  # type: ignore[union-attr]
        times.append(time.monotonic() - began)
    whole = asked.parts == "all"  # then the old answers take another pass forward
    forward = times[-1] / 3 if whole else times[-1]
    measured = 4 * (len(rows.held_out) + asked.phantoms * len(asked.heads)) / BATCH
    drawing = drawing_seconds(asked.heads if whole else rows.tasks, asked.heads, asked.phantoms)
    return drawing + asked.steps * (times[-1] + (forward if whole else 0)) + measured * forward
