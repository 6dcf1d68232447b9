"""Which engine in which number type: decided by a trial of the loaded model itself.

float32 in torch is the reference. Anything else must be faster than it by more than a trifle, and
must put the points of the model's trained heads where the reference puts them. What the trial
found is remembered for these weights on this machine: only the first load ever takes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

ENGINE_CHOICES = ("auto", "torch", "openvino")
PRECISION_CHOICES = ("auto", "fp32", "bf16")

GAIN_OF_BF16 = 1.25
"""How many times faster than float32 a coarser number type must be to be worth any drift."""

GAIN_OF_ENGINE = 1.1
"""How many times faster than torch OpenVINO must be to be worth a second set of weights."""

QUICK_S = 0.05
"""A pass that is faster than this stays in the reference: nobody would notice a gain."""

MOST_MEDIAN_PX = 1.0
MOST_PX = 3.0
"""Drift of points at 1024 pixels, where a cell of the heatmap is 16 wide."""

MOST_FEATURES = 0.01
"""The same for a model without trained heads: error of the features over their size."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A way to run the encoder.

    Attributes:
        engine: "torch" or "openvino".
        precision: "fp32", "bf16" or "fp16".
    """

    engine: str
    precision: str

    def __str__(self) -> str:
        """Gives it in words, e.g. "torch in bf16"."""
        return f"{self.engine} in {self.precision}"


REFERENCE = Choice("torch", "fp32")


@dataclass(frozen=True, slots=True)
class Drift:
    """How far an engine's answer is from the reference's.

    Attributes:
        features: Error of the features over their size.
        median_px: Of the points of trained heads, at 1024 pixels; None where no head is trained.
        max_px: The farthest of them.
    """

    features: float
    median_px: float | None = None
    max_px: float | None = None

    @property
    def is_acceptable(self) -> bool:
        """Whether it is below what would matter."""
        if self.median_px is None or self.max_px is None:
            return self.features <= MOST_FEATURES
        return self.median_px <= MOST_MEDIAN_PX and self.max_px <= MOST_PX


@dataclass(frozen=True, slots=True)
class Trial:
    """What one way to run the encoder was found to give.

    Attributes:
        choice: The way.
        seconds: Of the fastest of a few passes: CPU time over threads.
        drift: From the reference; of the reference itself none.
    """

    choice: Choice
    seconds: float
    drift: Drift

    def to_json(self) -> dict[str, Any]:
        """Gives it as JSON values."""
        return {**asdict(self.choice), "seconds": self.seconds, "drift": asdict(self.drift)}

    @classmethod
    def from_json(cls, row: Any) -> Trial:  # noqa: ANN401 - a file's content
        """Reads what `to_json` gave.

        Raises:
            LookupError, TypeError, ValueError, OverflowError: It is something else.
        """
        drift = row["drift"]
        points = [
            None if drift[name] is None else float(drift[name]) for name in ("median_px", "max_px")
        ]
        seconds = float(row["seconds"])
        if not seconds > 0:
            raise ValueError(f"a pass of {seconds} s")
        return cls(
            Choice(str(row["engine"]), str(row["precision"])),
            seconds,
            Drift(float(drift["features"]), *points),
        )


def candidates(
    engine: str, precision: str, *, has_bf16: bool, has_openvino: bool
) -> tuple[Choice, ...]:
    """Gives the ways that are allowed on this machine's CPU, the most exact first.

    Args:
        engine: One of `ENGINE_CHOICES`.
        precision: One of `PRECISION_CHOICES`.
        has_bf16: The CPU multiplies bfloat16.
        has_openvino: It is installed.
    """
    engines = (engine,) if engine != "auto" else ("torch", "openvino")[: 1 + has_openvino]
    precisions = (precision,) if precision != "auto" else ("fp32", "bf16")[: 1 + has_bf16]
    return tuple(Choice(one, other) for other in precisions for one in engines)


def best(trials: Sequence[Trial], allowed: Sequence[Choice]) -> Choice:
    """Gives the way to take: the most exact unless another is worth it.

    Args:
        trials: What was measured.
        allowed: As `candidates` gives them; one that was not measured did not run here.
    """
    measured = {trial.choice: trial for trial in trials}
    rows = [measured[choice] for choice in allowed if choice in measured]
    if not rows:
        return allowed[0]
    chosen = rows[0]
    for row in rows[1:]:
        if chosen.seconds / row.seconds >= _gain_needed(chosen, row) and row.drift.is_acceptable:
            chosen = row
    return chosen.choice


def _gain_needed(chosen: Trial, row: Trial) -> float:
    coarser = row.choice.precision != chosen.choice.precision
    leaves_torch = row.choice.engine != "torch" and chosen.choice.engine == "torch"
    return (GAIN_OF_BF16 if coarser else 1.0) * (GAIN_OF_ENGINE if leaves_torch else 1.0)


def read_trials(value: object) -> tuple[Trial, ...]:
    """Gives remembered trials; none where what was remembered is something else.

    Without the reference there is nothing to hold the others against.
    """
    if not isinstance(value, list):
        return ()
    try:
        trials = tuple(Trial.from_json(row) for row in value)
    except (LookupError, TypeError, ValueError, OverflowError):
        return ()
    return trials if any(trial.choice == REFERENCE for trial in trials) else ()
