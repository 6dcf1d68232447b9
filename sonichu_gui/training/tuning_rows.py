"""What a fine-tune learns from: a store's labels, some of them held out.

Whole patients and clips are held out, so that "after" is measured on what was never seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.domain.annotation import Status
from sonichu_gui.errors import FrameError, ImportRejected, LabelError
from sonichu_gui.tasks import task_named
from sonichu_gui.training.data.fingerprints import fingerprints
from sonichu_gui.training.data.leaks import leaks_between
from sonichu_gui.training.data.sources import SourceConfig, SourceRows, read_source
from sonichu_gui.training.data.splits import SplitRule, split_rows

if TYPE_CHECKING:
    from sonichu_gui.training.data.labels import LabelRow

FEWEST_FRAMES, FEWEST_GROUPS = 5, 2
"""Of fewer frames nothing can be learned that holds elsewhere; of one patient nothing measured."""
TO_DO = "Correct the points of some frames and accept them, then fine-tune."
SHARE = 0.2
"""Of each task's frames, held out."""


@dataclass(frozen=True, slots=True)
class TuningRows:
    """Labels of a store, divided.

    Attributes:
        learn, held_out: on the two sides.
        described: how they were divided, in words.
        left_out: what of the store cannot be used, and why.
        warnings: what makes the figures worth less than they look.
    """

    learn: tuple[LabelRow, ...]
    held_out: tuple[LabelRow, ...]
    described: str
    left_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def tasks(self) -> tuple[str, ...]:
        """Tasks that there is something to learn of, by name."""
        return tuple(sorted({row.task_id for row in self.learn}))

    def counts(self) -> dict[str, dict[str, int]]:
        """By task, how many frames are learned from, how many held out, and of how many groups."""
        learn = Counter(row.task_id for row in self.learn)
        held = Counter(row.task_id for row in self.held_out)
        every = (*self.learn, *self.held_out)
        return {
            task: {
                "learn": learn[task],
                "held_out": held[task],
                "groups": len({row.subject_id for row in every if row.task_id == task}),
            }
            for task in self.tasks
        }


def tuning_rows(
    store: Path, *, tasks: Sequence[str], status: str, heads: Collection[str], model: str
) -> TuningRows:
    """The labels that a fine-tune learns from and those that it is measured on.

    Args:
        store: a label store, or the folder of frames that it lies beside.
        tasks: of these only; none means all.
        status: how the labels stand, with commas between.
        heads: tasks that the model has a trained head for.
        model: its name, for messages.

    Raises:
        SonichuError: no store, no such labels, too few of them, or no head for them.
    """
    wanted = [task_named(task).id for task in tasks]
    config = SourceConfig(kind="store", path=str(store.absolute()), status=status)
    found = _read(config, store)
    left_out = [str(row) for row in found.broken]
    rows = [row for row in found.rows if not wanted or row.task_id in wanted]
    headless = sorted({row.task_id for row in rows if row.task_id not in heads})
    rows = [row for row in rows if row.task_id in heads]
    if not rows:
        raise _nothing_to_learn(store, wanted, headless, model)
    left_out += [f"{task}: {model} has no trained head for it" for task in headless]
    known = fingerprints(rows)
    left_out += [str(one) for one in known if isinstance(one, FrameError)]
    readable = [
        (row, one) for row, one in zip(rows, known, strict=True) if not isinstance(one, FrameError)
    ]
    rows = [row for row, _ in readable]
    _require_enough(rows, store)
    split = split_rows(rows, SplitRule("group", share=SHARE))
    held = {id(row) for row in split.held_out}
    leaks = leaks_between(
        [(row, one) for row, one in readable if id(row) not in held],
        [(row, one) for row, one in readable if id(row) in held],
        kinds=("file", "near-duplicate"),
    )
    warnings = [
        f"{Path(leak.held_out).name}, held out, shows nearly the same as {Path(leak.learned).name},"
        " learned from: the held-out figures may look better than they are"
        for leak in leaks
    ]
    unmeasured = {row.task_id for row in split.learn} - {row.task_id for row in split.held_out}
    warnings += [
        f"{task}: all frames are of one patient or clip, so nothing is held out"
        for task in sorted(unmeasured)
    ]
    return TuningRows(
        split.learn, split.held_out, split.described, tuple(left_out), tuple(warnings)
    )


def _read(config: SourceConfig, store: Path) -> SourceRows:
    """The store's labels; where there are none, the hint is for whoever has the frames open."""
    try:
        return read_source(config, Path())
    except ImportRejected as error:
        known = {status.value for status in Status}
        if not store.exists() or not known.issuperset(config.status.split(",")):
            raise
        raise LabelError(error.message, TO_DO) from error


def _require_enough(rows: Sequence[LabelRow], store: Path) -> None:
    frames = len({(row.images, row.image_path) for row in rows})
    groups = len({row.subject_id for row in rows})
    if frames >= FEWEST_FRAMES and groups >= FEWEST_GROUPS:
        return
    raise LabelError(
        f"{frames} labelled frames of {groups} patients or clips in {store} are too few to learn"
        " from.",
        f"Correct and accept at least {FEWEST_FRAMES} frames of {FEWEST_GROUPS} patients or clips:"
        " some are held out to measure on.",
    )


def _nothing_to_learn(
    store: Path, wanted: Sequence[str], headless: Sequence[str], model: str
) -> LabelError:
    if headless:
        return LabelError(
            f"{model} has no trained head for {', '.join(headless)}, and a fine-tune starts from"
            " one.",
            "Choose a model that answers for them, or train one: sonichu train teacher.",
        )
    of_tasks = f" of {', '.join(wanted)}" if wanted else ""
    return LabelError(
        f"There is no accepted frame{of_tasks} in {store}.",
        TO_DO,
    )
