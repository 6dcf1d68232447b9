"""One figure of `sonichu bench`, beside what it is measured against."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside what it is measured against.

    Attributes:
        name: What was measured.
        value: The figure.
        unit: "ms", "MB" or "GFLOP/s".
        against: What it is compared with, in words; empty where it stands alone.
        reference: That figure, in the same unit.
        budget: The most that `ratio` may be; None where there is no budget.
    """

    name: str
    value: float
    unit: str
    against: str = ""
    reference: float | None = None
    budget: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times the reference it is."""
        return self.value / self.reference if self.reference else None

    @property
    def within(self) -> bool | None:
        """Whether the budget is kept; None where there is none."""
        if self.budget is None or self.ratio is None:
            return None
        return self.ratio <= self.budget

    def to_json(self) -> dict[str, Any]:
        """Gives it with its ratio and verdict."""
        return {**asdict(self), "ratio": self.ratio, "within": self.within}
