"""Which labelled frames are learned from, and which are kept out to measure on.

Frames of one patient or clip look alike: parted between the two sides they make every figure too
good (AOP: about 5 px by image, about 14 px by group). So whole subjects are held out by default;
the card's own split, by image, is there to compare with, and says what it is.

Only what a person stands for is held out, or phantoms for a task that has nothing else. A model's
own labels are never measured on, and those of a held-out subject are not learned from either.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sonichu_gui.errors import LabelError
from sonichu_gui.training.data.labels import LabelRow

__all__ = ["Split", "SplitRule", "split_rows"]

_BY_PERSON = ("label", "correction")


@dataclass(frozen=True, slots=True)
class SplitRule:
    """How rows are divided.

    Attributes:
        rule: "group" holds out whole subjects drawn by chance, "image" single frames (the card's
            rule), "column" what the label files' own column `split` says, "fold" every so-manieth
            subject, for cross-validation.
        share: of the frames of each task, by group and by image.
        seed: of the draw.
        folds: number of folds.
        fold: which of them is held out, from 0.
        column_value: the value of the column `split` that is held out.
    """

    rule: str = "group"
    share: float = 0.15
    seed: int = 42
    folds: int = 5
    fold: int = 0
    column_value: str = ""

    def __post_init__(self) -> None:
        """Refuses what is no rule."""
        if self.rule not in _RULES:
            raise LabelError(
                f"There is no split rule {self.rule!r}.", f"The rules are {', '.join(_RULES)}."
            )
        if not 0 < self.share < 1:
            raise LabelError(
                f"A split cannot hold out a share of {self.share}.", "Choose one between 0 and 1."
            )
        if self.rule == "fold" and not 0 <= self.fold < self.folds:
            raise LabelError(
                f"There is no fold {self.fold} of {self.folds}.", "Folds are counted from 0."
            )
        if self.rule == "column" and not self.column_value:
            raise LabelError(
                "A split by column needs to know which value is held out.",
                'Say for example column_value = "test".',
            )


@dataclass(frozen=True, slots=True)
class Split:
    """Rows on two sides.

    Attributes:
        learn: to learn from; a row that a source repeats stands here as often.
        held_out: to measure on, each once.
        described: which rule it was, in words to print beside every figure.
        parts_subjects: whether frames of one subject may lie on both sides.
    """

    learn: tuple[LabelRow, ...]
    held_out: tuple[LabelRow, ...]
    described: str
    parts_subjects: bool = False


def split_rows(rows: Sequence[LabelRow], rule: SplitRule) -> Split:
    """The rows on two sides.

    Raises:
        LabelError: one side would be empty; says what the rows are grouped by.
    """
    measurable = _measurable(rows)
    drawn_from = rows if rule.rule == "column" else measurable
    held_units, words = _RULES[rule.rule](drawn_from, rule)
    unit_of = _image_of if rule.rule in ("image", "column") else _subject_of
    held = {_label_of(row): row for row in measurable if unit_of(row) in held_units}
    learn = tuple(row for row in rows if unit_of(row) not in held_units)
    if not held or not learn:
        raise LabelError(
            f"A split {words} leaves nothing to {'learn from' if held else 'measure on'}:"
            f" {len(measurable)} frames of {len(set(map(_subject_of, measurable)))} subjects.",
            "Tell subjects apart in a column subject_id, or choose another rule.",
        )
    return Split(
        learn,
        tuple(held.values()),
        f"{words}; {_counted(held.values(), measurable)}",
        parts_subjects=rule.rule == "image",
    )


def _by_group(rows: Sequence[LabelRow], rule: SplitRule) -> tuple[set[str], str]:
    """Subjects by chance until every task has its share; each task keeps some to learn from."""
    tasks = defaultdict[str, Counter[str]](Counter)
    for row in rows:
        tasks[_subject_of(row)][row.task_id] += 1
    whole = Counter[str]()
    for count in tasks.values():
        whole.update(count)
    wanted = {task: rule.share * count for task, count in whole.items()}
    held, taken = set[str](), Counter[str]()
    for subject in _shuffled(tasks, rule.seed):
        counts = tasks[subject]
        is_wanted = any(taken[task] < wanted[task] for task in counts)
        leaves_some = all(taken[task] + count < whole[task] for task, count in counts.items())
        if is_wanted and leaves_some:
            held.add(subject)
            taken.update(counts)
    return held, f"by subject, {rule.share:.0%} of each task's frames, seed {rule.seed}"


def _by_fold(rows: Sequence[LabelRow], rule: SplitRule) -> tuple[set[str], str]:
    """Subjects dealt out task by task: other tasks and phantoms beside it change no task's folds.

    So a model of many tasks and one of a single task can be measured on the same frames.
    """
    groups = defaultdict[tuple[str, str], dict[str, None]](dict)
    for row in rows:
        groups[row.task_id, row.origin][_subject_of(row)] = None
    fold_of: dict[str, int] = {}
    for _, subjects in sorted(groups.items()):
        fresh = [name for name in _shuffled(subjects, rule.seed) if name not in fold_of]
        fold_of |= {name: number % rule.folds for number, name in enumerate(fresh)}
    words = f"by subject, fold {rule.fold} of {rule.folds} (from 0), seed {rule.seed}"
    return {name for name, fold in fold_of.items() if fold == rule.fold}, words


def _by_image(rows: Sequence[LabelRow], rule: SplitRule) -> tuple[set[str], str]:
    images = _shuffled({_image_of(row): None for row in rows}, rule.seed)
    words = (
        f"by image, {rule.share:.0%} of the frames, seed {rule.seed} (frames of one patient or clip"
        " may lie on both sides, which makes figures too good)"
    )
    return set(images[: max(round(rule.share * len(images)), 1)]), words


def _by_column(rows: Sequence[LabelRow], rule: SplitRule) -> tuple[set[str], str]:
    held = {_image_of(row) for row in rows if row.split == rule.column_value}
    if not held:
        splits = ", ".join(sorted({row.split for row in rows} - {""})) or "none"
        raise LabelError(f"No row has the split {rule.column_value!r}.", f"The rows have {splits}.")
    return held, f"by the label files' own column, {rule.column_value} held out"


_Rule: TypeAlias = Callable[[Sequence[LabelRow], SplitRule], tuple[set[str], str]]

_RULES: Mapping[str, _Rule] = {
    "group": _by_group,
    "image": _by_image,
    "column": _by_column,
    "fold": _by_fold,
}


def _measurable(rows: Sequence[LabelRow]) -> list[LabelRow]:
    """What may be held out: labels that a person stands for, else a task's phantoms; each once."""
    labelled = {row.task_id for row in rows if row.origin in _BY_PERSON}
    found = {
        _label_of(row): row
        for row in rows
        if row.origin in _BY_PERSON or (row.origin == "phantom" and row.task_id not in labelled)
    }
    return list(found.values())


def _subject_of(row: LabelRow) -> str:
    return row.subject_id


def _image_of(row: LabelRow) -> str:
    return f"{row.images}/{row.image_path}"


def _label_of(row: LabelRow) -> tuple[str, str, str]:
    return _image_of(row), row.task_id, row.origin


def _shuffled(names: Mapping[str, object], seed: int) -> list[str]:
    order = sorted(names)
    random.Random(seed).shuffle(order)
    return order


def _counted(held: Collection[LabelRow], rows: Collection[LabelRow]) -> str:
    """How much is held out of what, and of which tasks nothing or only phantoms."""
    of, total = {_subject_of(row) for row in held}, {_subject_of(row) for row in rows}
    words = f"{len(held)} of {len(rows)} frames and {len(of)} of {len(total)} subjects held out"
    phantoms = sorted({row.task_id for row in held if row.origin == "phantom"})
    if phantoms:
        words += f"; of {', '.join(phantoms)} only phantoms"
    unmeasured = sorted({row.task_id for row in rows} - {row.task_id for row in held})
    if unmeasured:
        words += f"; nothing of {', '.join(unmeasured)}"
    return words
