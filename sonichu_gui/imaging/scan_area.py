"""Where on a frame the echo is, so that all else can be hidden: names stand outside of it.

A file's regions are rectangles and hold settings, measurements and an ECG as well as the picture;
they bound the search, and the fan, rectangle or outline is found in the picture itself. The area
is meant for hiding: it holds the echo that can be seen and little more, so that a corner beside
the sector, where text stands, is outside. Text that lies *on* the echo stays.

`find_scan_area` is plain work, some hundredths of a second a frame: run it as a job. Where it finds
nothing it says so; then nobody may assume that hiding has been done.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sonichu_gui.imaging.echo_pixels import echo_pieces
from sonichu_gui.imaging.fan import fit_fan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.domain.calibration import Calibration, Region
    from sonichu_gui.domain.frame import Pixels
    from sonichu_gui.imaging.echo_pixels import Mask

Floats = npt.NDArray[np.float64]

_SMALLEST, _SMALLEST_IN_REGION = 0.04, 0.01
"""Share of the frame that echo covers at least, for its outline to be one.

Where a region says that it shows tissue, a strip under a probe in air will do.
"""

_JOINS = 0.15
"""What a piece covers of what it adds to the outline; a stray letter adds much, covers little."""

_RECTANGULAR = 0.985
"""Share of an upright box that an outline fills, to be one; its corners could hold text."""


class AreaShape(StrEnum):
    """What an area looks like."""

    FAN = "fan"
    RECTANGLE = "rectangle"
    OUTLINE = "outline"
    REGION = "region"


@dataclass(frozen=True, slots=True, eq=False)
class ScanArea:
    """The part of a frame that shows echo.

    Attributes:
        outlines: A polygon (N, 2) for every panel, image pixels, x before y.
        shape: What the largest of them is; `REGION` where the file alone says so.
        score: 0 to 1, how much of the area is seen to be echo.
        size: Width and height of the frames that it holds for.
    """

    outlines: tuple[Floats, ...]
    shape: AreaShape
    score: float
    size: tuple[int, int]

    def mask(self) -> Mask:
        """Gives (height, width), true inside."""
        import cv2

        width, height = self.size
        inside = np.zeros((height, width), np.uint8)
        for outline in self.outlines:
            # 1/16 px: polygons are not rounded to pixels before they are filled.
            at = np.rint(outline * 16).astype(np.int32)
            cv2.fillPoly(inside, [at], 1, cv2.LINE_8, 4)
        return inside.astype(np.bool_)

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of what a view of the area shows, pixels, inclusive."""
        ends = np.concatenate(self.outlines)
        left, top = np.maximum(np.floor(ends.min(axis=0)), 0).astype(int).tolist()
        right, bottom = (
            np.minimum(np.ceil(ends.max(axis=0)), np.array(self.size) - 1).astype(int).tolist()
        )
        return left, top, right, bottom


def find_scan_area(
    frames: Sequence[Pixels], calibration: Calibration | None = None
) -> ScanArea | None:
    """Gives the scan area of a source, or None where nothing shows what it is.

    Args:
        frames: At least one, or several of a cine (first, last and a few between serve best): the
            area holds the echo of them all, and what never changes is not echo.
        calibration: What the file says; its usable regions that lie in the frame bound the search.
    """
    height, width = frames[0].shape[:2]
    regions = [] if calibration is None else _trusted(calibration, (width, height))
    if regions:
        panels = [_panel_of(frames, region) for region in regions]
    else:
        found = _panel(frames, _SMALLEST * width * height)
        panels = [] if found is None else [found]
    if not panels:
        return None
    main = max(panels, key=lambda panel: panel.cover)
    outlines = tuple(panel.outline for panel in panels)
    return ScanArea(outlines, main.shape, main.score, (width, height))


def hide_outside(pixels: Pixels, area: ScanArea) -> Pixels:
    """Gives a copy of a frame that is black outside its scan area.

    Args:
        pixels: (height, width) or (height, width, 3).
        area: Of the same size.

    Raises:
        ValueError: The area is of frames of another size.
    """
    if pixels.shape[1::-1] != area.size:
        raise ValueError(f"an area of {area.size} does not fit a frame of {pixels.shape[1::-1]}")
    inside = area.mask()
    return np.where(inside if pixels.ndim == 2 else inside[..., None], pixels, 0).astype(np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class _Panel:
    """One outline, and how many pixels of echo it is drawn around."""

    outline: Floats
    shape: AreaShape
    score: float
    cover: int


def _trusted(calibration: Calibration, size: tuple[int, int]) -> list[Region]:
    """Regions of tissue that lie in the frame; a doubt about their scale says nothing of that.

    Many scanners write the first column and row after a region.
    """
    return [
        region
        for region in calibration.usable_regions
        if region.is_tissue
        and region.x0 < size[0]
        and region.y0 < size[1]
        and region.x1 <= size[0]
        and region.y1 <= size[1]
    ]


def _panel_of(frames: Sequence[Pixels], region: Region) -> _Panel:
    """The echo's outline within a region, or the region where there is none to see."""
    height, width = frames[0].shape[:2]
    x0, y0 = region.x0, region.y0
    x1, y1 = min(region.x1, width - 1), min(region.y1, height - 1)
    parts = [frame[y0 : y1 + 1, x0 : x1 + 1] for frame in frames]
    found = _panel(parts, _SMALLEST_IN_REGION * width * height)
    if found is None:
        box = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], dtype=np.float64)
        return _Panel(box, AreaShape.REGION, 0.0, 0)
    return replace(found, outline=found.outline + np.array([x0, y0]))


def _panel(frames: Sequence[Pixels], fewest: float) -> _Panel | None:
    """Gives the outline of what is echo: a fan, an upright box, or as it comes."""
    pieces = echo_pieces(frames)
    if not pieces:
        return None
    echo = _joined(pieces)
    cover = int(echo.sum())
    if cover < fewest:
        return None
    hull = _hull(echo)
    (left, top), (right, bottom) = hull.min(axis=0), hull.max(axis=0)
    box = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    if _polygon_area(hull) > _RECTANGULAR * _polygon_area(box):
        return _Panel(box, AreaShape.RECTANGLE, cover / _pixels_in(box), cover)
    fan = fit_fan(echo)
    if fan is None:
        return _Panel(hull, AreaShape.OUTLINE, cover / _pixels_in(hull), cover)
    # Its dark flanks are part of a fan, but no picture goes on below its last echo.
    outline = _within(fan.polygon(), (0.0, top), (echo.shape[1] - 1.0, bottom))
    score = min(cover / _pixels_in(outline), 1.0) * fan.holds
    return _Panel(outline, AreaShape.FAN, score, cover)


def _joined(pieces: list[Mask]) -> Mask:
    """The largest piece, and those that fill a good part of what they add to its outline."""
    echo = pieces[0].copy()
    area = _polygon_area(_hull(echo))
    for piece in pieces[1:]:
        both = echo | piece
        wider = _polygon_area(_hull(both))
        if piece.sum() >= _JOINS * (wider - area):
            echo, area = both, wider
    return echo


def _hull(mask: Mask) -> Floats:
    """Convex outline (N, 2) of a mask."""
    import cv2

    # The ends of every row are enough for a convex outline.
    rows = np.flatnonzero(mask.any(axis=1))
    left = mask[rows].argmax(axis=1)
    right = mask.shape[1] - 1 - mask[rows][:, ::-1].argmax(axis=1)
    ends = np.stack([np.concatenate([left, right]), np.concatenate([rows, rows])], axis=1)
    return cv2.convexHull(ends.astype(np.int32))[:, 0].astype(np.float64)


def _polygon_area(polygon: Floats) -> float:
    """Area by the shoelace formula."""
    x, y = polygon.T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def _pixels_in(polygon: Floats) -> float:
    """Number of pixels in a polygon whose corners are the centres of the outermost ones."""
    around = float(np.hypot(*(polygon - np.roll(polygon, 1, axis=0)).T).sum())
    return _polygon_area(polygon) + around / 2 + 1


def _within(polygon: Floats, low: tuple[float, float], high: tuple[float, float]) -> Floats:
    """The part of a polygon between two corners, cut side by side (Sutherland and Hodgman 1974)."""
    sides = ((0, low[0], 1), (0, high[0], -1), (1, low[1], 1), (1, high[1], -1))
    for axis, limit, inward in sides:
        depth = inward * (polygon[:, axis] - limit)
        kept: list[Floats] = []
        for index, point in enumerate(polygon):
            before, last = depth[index - 1], polygon[index - 1]
            if (before < 0) != (depth[index] < 0):
                kept.append(last + before / (before - depth[index]) * (point - last))
            if depth[index] >= 0:
                kept.append(point)
        polygon = np.array(kept)
    return polygon
