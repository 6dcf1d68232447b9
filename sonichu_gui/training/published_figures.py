"""What a head reaches on frames that it never saw, measured on the very file that is published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sonichu_gui.errors import FrameError
from sonichu_gui.tasks import task_named
from sonichu_gui.training.config import TrainingError, data_root
from sonichu_gui.training.evaluate import predict_rows
from sonichu_gui.training.figures import percent_of_width
from sonichu_gui.training.scores import Found, MeasureScore, TaskScore, score

if TYPE_CHECKING:
    from sonichu_gui.training.data.labels import LabelRow
    from sonichu_gui.training.known_points import Loaded

DRAFT_TOLERANCE = 0.1
"""A draft may be worse than the last by this share: on drawn frames, differences that small say
nothing about patients."""


@dataclass(frozen=True, slots=True)
class HeadFigures:
    """One head on its test frames.

    Attributes:
        task: its id.
        on_phantoms: whether the frames are drawn.
        score: radial errors in pixels, and errors of the measures.
        percent_width: mean radial error, ends of pairs unordered, in hundredths of the width.
        p95_percent_width: what 95 % of the frames stay below.
    """

    task: str
    on_phantoms: bool
    score: TaskScore
    percent_width: float
    p95_percent_width: float

    @property
    def measure_name(self) -> str:
        """The task's first measure."""
        return task_named(self.task).primary_measure.name

    @property
    def measure(self) -> MeasureScore | None:
        """Its error, None where no frame has it."""
        return self.score["measures"].get(self.measure_name)

    @property
    def primary(self) -> tuple[str, float]:
        """The figure that decides which of two heads is better, less being better, and its name."""
        measure = self.measure
        if self.on_phantoms:
            return "mre_percent_width", self.percent_width
        if measure is None or measure["unit"] == "px":
            return "mre_px_unordered", self.score["mre_unordered_px"]
        return f"mae_{measure['unit']}", measure["mae"]

    @property
    def accuracy(self) -> dict[str, Any]:
        """What ``config.json`` says of the head."""
        told: dict[str, Any] = {}
        if self.on_phantoms:
            told |= {"mre_percent_width": round(self.percent_width, 2), "phantoms": True}
        measure = self.measure
        if measure is not None:
            unit = measure["unit"]
            told |= {f"{key}_{unit}": round(measure[key], 3) for key in ("mae", "median", "p95")}
        told["mre_px_unordered"] = round(self.score["mre_unordered_px"], 2)
        told["n_test"] = self.score["n"]
        if measure is not None and measure["within_68"] is not None:
            told["within_68"] = round(measure["within_68"], 3)
            told["within_95"] = round(measure["within_95"] or 0.0, 3)
        return told


def measure_head(
    loaded: Loaded, rows: Sequence[LabelRow], *, on_phantoms: bool, tta: bool
) -> HeadFigures:
    """The figures of the head of the rows' task.

    Args:
        loaded: network and preprocessor.
        rows: test frames of one task; at least one.
        on_phantoms: whether they are drawn.
        tta: average the mirrored view.

    Raises:
        TrainingError: a test frame cannot be read, so that the figures would be of others.
    """
    model, preprocessor = loaded
    task = rows[0].task_id
    found: list[Found] = []
    for row, answer in zip(
        rows,
        predict_rows(model, rows, data_root(), preprocessor=preprocessor, tta=tta),
        strict=True,
    ):
        if isinstance(answer, FrameError):
            raise TrainingError(
                f"The figures of {task} cannot be measured: line {row.line}: {answer.message}",
                "Nothing is published without them. " + answer.hint,
            ) from answer
        found.append(answer)
    shares = [percent_of_width(row, one.points) for row, one in zip(rows, found, strict=True)]
    return HeadFigures(
        task,
        on_phantoms,
        score(rows, found)["tasks"][task],
        float(np.mean(shares)),
        float(np.percentile(shares, 95)),
    )


@dataclass(frozen=True, slots=True)
class Comparison:
    """A head beside the one that was published last, on the same frames."""

    task: str
    name: str
    now: float
    before: float | None
    is_draft: bool

    @property
    def is_worse(self) -> bool:
        """Whether publishing would be a step back."""
        if self.before is None:
            return False
        allowed = 1 + DRAFT_TOLERANCE if self.is_draft else 1.0
        return self.now > self.before * allowed

    @property
    def is_better(self) -> bool:
        """Whether publishing would be a step ahead; a head that was not there always is."""
        return self.before is None or self.now < self.before

    def __str__(self) -> str:
        before = "no head" if self.before is None else f"{self.before:.3g}"
        return f"{self.task} {self.name} {before} -> {self.now:.3g}"


def compared(now: HeadFigures, before: HeadFigures | None, *, is_draft: bool) -> Comparison:
    """The primary figure of a head now and before."""
    name, value = now.primary
    return Comparison(now.task, name, value, before.primary[1] if before else None, is_draft)
