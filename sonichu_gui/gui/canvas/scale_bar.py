"""The scale bar: a round length in millimetres, only where millimetres are trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Scale

_ROUND = (1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A bar to be drawn: its length in widget units and its words."""

    length: float
    text: str


def scale_bar(scale: Scale, *, zoom: float, longest: float = 120.0) -> ScaleBar | None:
    """Gives the longest bar of 1, 2 or 5 x 10^n mm that fits, or None without millimetres.

    Args:
        scale: Of the frame.
        zoom: Widget units a image pixel.
        longest: In widget units.
    """
    if not scale.in_mm or scale.dx_mm is None:
        return None
    units_per_mm = zoom / scale.dx_mm
    most_mm = longest / units_per_mm
    power = 10.0 ** math.floor(math.log10(most_mm))
    length_mm = max(step * power for step in (0.5, *_ROUND) if step * power <= most_mm * 1.0001)
    return ScaleBar(length_mm * units_per_mm, f"{length_mm:g} mm · {scale.tag}")
