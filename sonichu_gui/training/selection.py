"""Which pseudo-labels are learned from: the regimes by which the model card's teachers differ.

The card names five and defines none; these are our definitions. R1, R2 and R3 take "all"; Selective
is "selective", r3capped is R3's labels "capped".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from sonichu_gui.training.config import TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sonichu_gui.training.answers import Answer, Key


@dataclass(frozen=True, slots=True)
class TaskCap:
    """Most labels of each of some tasks."""

    tasks: tuple[str, ...]
    most: int


@dataclass(frozen=True, slots=True)
class Selection:
    """What is kept of a model's answers.

    Attributes:
        regime: "all", "selective" (what passes both thresholds, up to a task's cap) or "capped"
            (of every task the same number).
        least_confidence: selective: of the frame's least sure point, how much of the heatmap must
            lie around its peak.
        most_disagreement: selective: how far the views of a frame may lie apart at the worst of its
            points, as a fraction of the frame's width.
        caps: selective: most labels of a task; the most certain are kept. FUGC's cap is the
            card's idea, its number ours.
        count: capped: labels of each task; 0 for as many as the task with the fewest has.
    """

    regime: str = "all"
    least_confidence: float = 0.5
    most_disagreement: float = 0.02
    caps: tuple[TaskCap, ...] = (TaskCap(("FUGC",), 500),)
    count: int = 0

    def __post_init__(self) -> None:
        """Refuses what is no regime."""
        if self.regime not in _REGIMES:
            raise TrainingError(
                f"There is no regime {self.regime!r}.", f"The regimes are {', '.join(_REGIMES)}."
            )
        if self.count < 0 or any(cap.most < 0 for cap in self.caps):
            raise TrainingError("A cap is negative.", "Caps start at 0.")

    @property
    def needs_two_views(self) -> bool:
        """Whether it asks how far the views of a frame lie apart."""
        return self.regime != "all"


@dataclass(frozen=True, slots=True)
class TaskTally:
    """What became of one task's frames: how many were kept, and why others were not."""

    kept: int
    refused: Mapping[str, int]

    @property
    def frames(self) -> int:
        """All of them."""
        return self.kept + sum(self.refused.values())


def refusals(answers: Sequence[Answer], selection: Selection) -> list[str]:
    """For each answer why it is refused, empty for one that is kept."""
    return _REGIMES[selection.regime](answers, selection)


def tally(
    answers: Sequence[Answer], refused: Sequence[str], unusable: Iterable[Key]
) -> dict[str, TaskTally]:
    """The count of each task, frames without an answer among them."""
    reasons = defaultdict[str, Counter[str]](Counter)
    for answer, reason in zip(answers, refused, strict=True):
        reasons[answer.task][reason] += 1
    for task, _ in unusable:
        reasons[task]["that could not be used"] += 1
    return {task: TaskTally(count.pop("", 0), dict(count)) for task, count in reasons.items()}


def _all(answers: Sequence[Answer], _selection: Selection) -> list[str]:
    return [""] * len(answers)


def _selective(answers: Sequence[Answer], selection: Selection) -> list[str]:
    refused = [_uncertain(answer, selection) for answer in answers]
    for cap in selection.caps:
        for task in cap.tasks:
            _cap(answers, refused, task, cap.most)
    return refused


def _uncertain(answer: Answer, selection: Selection) -> str:
    if answer.confidence < selection.least_confidence:
        return f"with their least sure point below {selection.least_confidence:g}"
    if answer.disagreement > selection.most_disagreement:
        return f"with views farther apart than {selection.most_disagreement:.2%} of the width"
    return ""


def _capped(answers: Sequence[Answer], selection: Selection) -> list[str]:
    counts = Counter(answer.task for answer in answers)
    refused = [""] * len(answers)
    for task in counts:
        _cap(answers, refused, task, selection.count or min(counts.values()))
    return refused


def _cap(answers: Sequence[Answer], refused: list[str], task: str, most: int) -> None:
    """Refuses the least certain of those that are left of a task, so that no more than most are."""
    left = [i for i, answer in enumerate(answers) if answer.task == task and not refused[i]]
    for index in _most_certain_first([answers[i] for i in left])[most:]:
        refused[left[index]] = f"above the cap of {most}"


def _most_certain_first(answers: Sequence[Answer]) -> list[int]:
    """By the sum of an answer's places when all are ordered by either sign of certainty."""
    count = range(len(answers))
    by_confidence = sorted(count, key=lambda i: -answers[i].confidence)
    by_agreement = sorted(count, key=lambda i: answers[i].disagreement)
    places = [0] * len(answers)
    for order in (by_confidence, by_agreement):
        for place, index in enumerate(order):
            places[index] += place
    return sorted(count, key=lambda i: (places[i], answers[i].image))


_Regime: TypeAlias = "Callable[[Sequence[Answer], Selection], list[str]]"

_REGIMES: Mapping[str, _Regime] = {"all": _all, "selective": _selective, "capped": _capped}
