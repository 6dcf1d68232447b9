"""How phantoms are drawn: textbook frames for people, or every machine and lie for training."""

from __future__ import annotations

from enum import Enum


class Style(Enum):
    """Which phantoms are wanted.

    CLEAN frames are those of the demo study and the self-test: a good machine, a good view, and the
    same grey values for a seed in every version. VARIED ones are drawn by a seed over everything
    that differs between scanners, hands and bodies, so that what is trained on them relies on none.
    """

    CLEAN = "clean"
    VARIED = "varied"

    def span(
        self, *, clean: tuple[float, float], varied: tuple[float, float]
    ) -> tuple[float, float]:
        """Gives the range that a quantity is drawn from in this style."""
        return varied if self is Style.VARIED else clean
