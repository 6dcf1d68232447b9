"""`sonichu predict --save`: many frames, kept in the label stores beside the images."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from sonichu_gui import paths
from sonichu_gui.commands.output import print_json
from sonichu_gui.commands.progress import duration, reporting
from sonichu_gui.errors import SettingsError
from sonichu_gui.prediction.batch import BatchPlan, Done, predict_frames
from sonichu_gui.prediction.tally import Tally
from sonichu_gui.settings import keys
from sonichu_gui.settings.store import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sonichu_gui.domain.task import Task
    from sonichu_gui.prediction.api import Predictor

REASONS_SHOWN = 10


def save_predictions(
    files: Sequence[Path],
    tasks: Sequence[Task],
    predictor: Predictor,
    *,
    frame: int | None,
    tta: bool,
    as_json: bool,
) -> int:
    """Predicts what is not yet labelled or predicted, says what came of it, gives the exit code.

    Args:
        files: The files.
        tasks: The tasks, all with a trained head.
        predictor: The model.
        frame: Index of the frame of each file, or None for every frame.
        tta: Whether to average in the mirrored frame.
        as_json: Print one JSON document instead of lines.
    """
    from sonichu_gui.imaging.sources import open_source

    # A store knows its files by where they are, wherever the command was called.
    plan = BatchPlan([file.absolute() for file in files], tasks, frame, tta, _rater())
    tally, began = Tally(plan), time.monotonic()
    try:
        with (
            reporting() as report,
            closing(predict_frames(plan, lambda _: predictor, open_source=open_source)) as steps,
        ):
            for outcome in steps:
                if outcome is not None:
                    tally.add(outcome)
                    report(tally.progress, f"predicting: {tally.text}")
    finally:
        # Also when Ctrl+C or a full disk ends it: what is done is kept, and told.
        seconds = time.monotonic() - began
        if as_json:
            print_json(_summary(plan, predictor, tally, seconds))
        else:
            print(_described(tally, seconds))
    return 1 if tally.failures else 0


def _rater() -> str:
    """The person's pseudonym; a settings file that cannot be read keeps nobody from predicting."""
    try:
        return Settings.load(paths.user_config() / "settings.toml").get(keys.RATER)
    except SettingsError:
        return keys.RATER.default


def _summary(plan: BatchPlan, predictor: Predictor, tally: Tally, seconds: float) -> dict[str, Any]:
    """Gives the JSON; numbers count the tasks of frames."""
    info = predictor.info
    return {
        "model": {"name": info.name, "hash": info.hash},
        "tasks": [task.id for task in plan.tasks],
        "tta": plan.tta,
        "frames": tally.frames,
        "predicted": tally.count(Done.PREDICTED),
        "skipped_labelled": tally.count(Done.LABELLED),
        "skipped_done": tally.count(Done.KNOWN),
        "failed": [
            {"path": str(failure.path), "frame": failure.index, "reason": failure.reason}
            for failure in tally.failures
        ],
        "seconds": round(seconds, 3),
    }


def _described(tally: Tally, seconds: float) -> str:
    lines = [
        f"predicted: {tally.count(Done.PREDICTED)} in {duration(seconds)}",
        f"left out, labelled by a person: {tally.count(Done.LABELLED)}",
        f"left out, predicted before by this model: {tally.count(Done.KNOWN)}",
    ]
    if tally.failures:
        lines.append(f"failed: {len(tally.failures)}")
        lines += [f"  {f.path}: {f.reason}" for f in tally.failures[:REASONS_SHOWN]]
        if len(tally.failures) > REASONS_SHOWN:
            lines.append(f"  and {len(tally.failures) - REASONS_SHOWN} more")
    return "\n".join(lines)
