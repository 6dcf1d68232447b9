"""What a check of a model found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What it is, e.g. "files".
        ok: Whether it is as it should be.
        text: What was found, one sentence.
    """

    name: str
    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a model is whole.

    Attributes:
        ok: Whether every check is.
        checks: In the order they were made.
    """

    ok: bool
    checks: tuple[Check, ...]
