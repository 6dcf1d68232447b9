"""How far down a picture goes: the line that a known depth is the length of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonichu_gui.imaging.scan_area import AreaShape, find_scan_area

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.domain.calibration import Calibration, Point
    from sonichu_gui.domain.frame import Pixels
    from sonichu_gui.imaging.scan_area import Floats, ScanArea

_LOWEST_PX = 1.0


def find_depth_line(
    frames: Sequence[Pixels], calibration: Calibration | None = None
) -> tuple[Point, Point] | None:
    """Gives the line of a picture's depth, or None where no scan area is found in it.

    Depth counts from the probe. The face of a curved one bulges into the picture: it begins at the
    middle of the face, not at its ends, and goes straight down to the lowest place of the fan.

    Args:
        frames: One or several of a cine.
        calibration: What the file says; its regions bound the search.
    """
    area = find_scan_area(frames, calibration)
    return None if area is None or area.shape is AreaShape.REGION else depth_line(area)


def depth_line(area: ScanArea) -> tuple[Point, Point]:
    """Gives the line from the probe's face down to the lowest place of an area, in image pixels."""
    outline = max(area.outlines, key=lambda one: float(one[:, 1].max() - one[:, 1].min()))
    lowest = float(outline[:, 1].max())
    at_bottom = outline[outline[:, 1] >= lowest - _LOWEST_PX]
    x = float(at_bottom[:, 0].min() + at_bottom[:, 0].max()) / 2
    top = _highest_at(outline, x) if area.shape is AreaShape.FAN else float(outline[:, 1].min())
    return (x, top), (x, lowest)


def _highest_at(outline: Floats, x: float) -> float:
    """Where a vertical line enters an outline from above."""
    crossings = []
    for (x0, y0), (x1, y1) in zip(
        outline.tolist(), [*outline.tolist()[1:], outline[0].tolist()], strict=True
    ):
        if min(x0, x1) <= x <= max(x0, x1):
            share = (x - x0) / (x1 - x0) if x1 != x0 else 0.0
            crossings.append(y0 + share * (y1 - y0))
    return float(min(crossings))
