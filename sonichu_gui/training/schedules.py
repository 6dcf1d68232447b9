"""Rates that change over a run, as functions of the step alone."""

from __future__ import annotations

import math


def linear(progress: float, *, start: float, end: float) -> float:
    """The value on the straight line from ``start`` at 0 to ``end`` at 1; constant beyond."""
    return start + (end - start) * min(max(progress, 0.0), 1.0)


def cosine(progress: float, *, start: float, end: float) -> float:
    """The value on half a cosine from ``start`` at 0 to ``end`` at 1; constant beyond."""
    progress = min(max(progress, 0.0), 1.0)
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * progress))


def warm_up_cosine(
    step: int, *, steps: int, warm_up_steps: int, start: float, peak: float, final: float
) -> float:
    """A linear rise over the first steps, then half a cosine.

    Args:
        step: from 0.
        steps: of the whole run; the last one is ``steps - 1``.
        warm_up_steps: after so many steps the peak is reached.
        start: value at step 0 when there is a warm-up.
        peak: value at its end.
        final: value that the cosine ends at, after the last step.
    """
    if step < warm_up_steps:
        return linear(step / warm_up_steps, start=start, end=peak)
    return cosine((step - warm_up_steps) / max(steps - warm_up_steps, 1), start=peak, end=final)
