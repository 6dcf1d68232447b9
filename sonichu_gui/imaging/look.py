"""How a frame is shown: brightness, contrast, gamma, local contrast, inversion.

For the eye alone: labels, measures and models see the pixels as they are. Colour keeps its hue: all
of it works on brightness (luma, Rec. 601), and a colour picture's colour differences stay.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sonichu_gui.domain.frame import Pixels

__all__ = ["NEUTRAL", "PRESETS", "RANGES", "Look"]

RANGES: Mapping[str, tuple[float, float]] = {
    "brightness": (-1.0, 1.0),
    "contrast": (0.1, 10.0),
    "gamma": (0.2, 5.0),
    "clahe": (0.0, 10.0),
}
"""What each value may be."""

_TILES = (8, 8)
_MIDDLE = 0.5


@dataclass(frozen=True, slots=True)
class Look:
    """A way to show frames. As made without arguments it shows them as they are.

    Brightness of 0 to 1 becomes, in this order: local contrast where asked for; its distance from
    the middle times `contrast`; plus `brightness`; to the power 1 / `gamma`; turned round.

    Attributes:
        brightness: Added, in parts of the whole range.
        contrast: Slope at the middle.
        gamma: Above 1 lifts dark tissue.
        clahe: Clip limit of contrast-limited adaptive histogram equalisation (Zuiderveld 1994) in
            8 × 8 tiles; 0 leaves it out.
        invert: Whether bright becomes dark.

    Raises:
        ValueError: A value is outside its range of `RANGES`.
    """

    brightness: float = 0.0
    contrast: float = 1.0
    gamma: float = 1.0
    clahe: float = 0.0
    invert: bool = False

    def __post_init__(self) -> None:
        """Refuses what no slider gives."""
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"a {name} of {value} is not between {low} and {high}")

    @property
    def is_neutral(self) -> bool:
        """Whether frames are shown as they are."""
        return self == NEUTRAL

    def apply(self, pixels: Pixels) -> Pixels:
        """Gives pixels to be shown; safe on any thread.

        Args:
            pixels: (height, width) or (height, width, 3) RGB; never changed.

        Returns:
            An array of the same shape: the very same one when the look is neutral, else a new one.
        """
        if self.is_neutral:
            return pixels
        if pixels.ndim == 2:
            return self._grey(pixels)
        import cv2

        luma, red, blue = cv2.split(cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb))
        shown = cv2.merge((self._grey(np.asarray(luma, np.uint8)), red, blue))
        return np.asarray(cv2.cvtColor(shown, cv2.COLOR_YCrCb2RGB), np.uint8)

    def to_text(self) -> str:
        """Gives the look as JSON, only what is not neutral: "{}" for the neutral one."""
        return json.dumps({n: v for n, v in asdict(self).items() if v != getattr(NEUTRAL, n)})

    @classmethod
    def from_text(cls, text: str) -> Look:
        """Reads a look back; what is damaged, unknown or out of range counts as neutral."""
        try:
            stored = json.loads(text)
        except (ValueError, RecursionError):
            return NEUTRAL
        if not isinstance(stored, dict):
            return NEUTRAL
        names = (field.name for field in fields(cls))
        return cls(**{name: stored[name] for name in names if _is_good(name, stored.get(name))})

    def _grey(self, grey: Pixels) -> Pixels:
        import cv2

        if self.clahe:
            # Made each time: one cannot be used by several threads, and costs next to nothing.
            grey = np.asarray(cv2.createCLAHE(self.clahe, _TILES).apply(grey), np.uint8)
        table = _table(self.brightness, self.contrast, self.gamma, self.invert)
        return np.asarray(cv2.LUT(grey, table), np.uint8)


NEUTRAL = Look()

PRESETS: Mapping[str, Look] = {
    "neutral": NEUTRAL,
    "bright": Look(brightness=0.1, gamma=1.4),
    "soft": Look(contrast=0.8, gamma=1.2),
    "hard": Look(contrast=1.6),
    "detail": Look(clahe=2.0),
    "inverted": Look(invert=True),
}
"""Looks to begin with, by a name for the settings."""


@lru_cache(maxsize=32)
def _table(brightness: float, contrast: float, gamma: float, invert: bool) -> Pixels:  # noqa: FBT001 - a key of the cache
    """Gives what each of 256 greys becomes."""
    grey = np.arange(256) / 255
    shown = np.clip((grey - _MIDDLE) * contrast + _MIDDLE + brightness, 0, 1) ** (1 / gamma)
    table = np.rint((1 - shown if invert else shown) * 255).astype(np.uint8)
    table.setflags(write=False)
    return table


def _is_good(name: str, value: object) -> bool:
    """Whether a stored value can be taken as it is."""
    if name not in RANGES:
        return isinstance(value, bool)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    low, high = RANGES[name]
    return low <= value <= high
