"""What is drawn while a person looks for the scale: the line, the regions, the offered ruler."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sonichu_gui.domain.calibration import ScaleSource
from sonichu_gui.domain.region import REGIONS_AGREE_WITHIN
from sonichu_gui.gui import theme
from sonichu_gui.gui.canvas.calipers import WHITE
from sonichu_gui.gui.canvas.labels import PLATE_HEIGHT, PLATE_PAD
from sonichu_gui.gui.canvas.marks import Bounds, LineMark, Mark, TextMark
from sonichu_gui.gui.scaling import LineMeaning

if TYPE_CHECKING:
    from collections.abc import Callable

    from sonichu_gui.domain.calibration import Point, Region, Scale
    from sonichu_gui.domain.ruler import Ruler
    from sonichu_gui.gui.canvas.transform import ViewTransform
    from sonichu_gui.gui.document import Document

MOST_OUTLINED = 32
"""Scanners write less than ten regions."""

UNUSABLE = "#A7B1BC"
_TICK, _MAJOR_TICK = 7.0, 12.0
"""Half lengths of the strokes over the ticks of a ruler, in widget units."""


def scale_marks(
    document: Document, view: ViewTransform, text_width: Callable[[str], float]
) -> tuple[Mark, ...]:
    """Gives the marks of the scale, in painting order.

    Args:
        document: Whose scale, line, regions and ruler.
        view: How the frame lies on the widget.
        text_width: Width of words on a plate, in widget units.
    """
    marks: list[Mark] = []
    scaling = document.scaling
    scale, conflict = document.shown_scale, _open_conflict(document)
    regions = document.calibration.regions if scaling.regions_shown else conflict
    meant = () if conflict else _indices(scale)
    plates: list[Bounds] = []
    # The one in use first: a damaged file may state more than there is room for.
    first = sorted(regions, key=lambda region: region.index not in meant)
    for region in sorted(first[:MOST_OUTLINED], key=lambda region: region.index):
        is_meant = region.index in meant
        color = theme.DARK.accent if is_meant else WHITE if region.usable else UNUSABLE
        words = _words(region) + ("  in use" if is_meant and scale.in_mm else "")
        plate = _free_place(region, view, text_width(words) + 2 * PLATE_PAD, plates)
        plates.append(plate)
        marks += [*_box(region, view, color, is_meant=is_meant), TextMark(plate, words, color)]
    if scaling.offer is not None and document.frame is not None:
        marks += _ruler_marks(
            scaling.offer,
            scaling.distance_mm,
            view,
            text_width,
            middle_px=document.frame.width / 2,
        )
    if document.scale_line is not None:
        start, end = (view.to_widget(point) for point in document.scale_line)
        caps = 16.0 if scaling.meaning is LineMeaning.DEPTH else 7.0
        marks.append(LineMark(start, end, theme.DARK.amber, 1.6, caps=caps))
    return tuple(marks)


def _indices(scale: Scale) -> tuple[int | None, ...]:
    """The regions that a scale is from: one, or those that its points lie in."""
    what, _, named = scale.key.partition(":")
    if what == "split" and scale.dx_mm is not None:
        return tuple(int(index) for index in named.split("+"))
    if scale.source is not ScaleSource.REGION or scale.region_index is None:
        return ()
    return (scale.region_index,)


def _open_conflict(document: Document) -> tuple[Region, ...]:
    """The regions that a person still has to choose from."""
    calibration = document.calibration
    conflict = calibration.conflict_at(document.scaled_points)
    return conflict[1] if conflict is not None and conflict[0] not in calibration.chosen else ()


def _box(region: Region, view: ViewTransform, color: str, *, is_meant: bool) -> list[Mark]:
    """The lines around the region's outermost pixels."""
    left, top = view.to_widget((region.x0 - 0.5, region.y0 - 0.5))
    right, bottom = view.to_widget((region.x1 + 0.5, region.y1 + 0.5))
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return [
        LineMark(
            start,
            end,
            color,
            2.0 if is_meant else 1.0,
            dashed=not is_meant,
            faint=not region.usable,
        )
        for start, end in zip(corners, (*corners[1:], corners[0]), strict=True)
    ]


def _words(region: Region) -> str:
    """What a region shows, and its scale."""
    words = f"{region.index + 1}  {region.kind}"
    if not region.usable or region.dx_mm is None or region.dy_mm is None:
        return f"{words}  no scale"
    alike = math.isclose(region.dx_mm, region.dy_mm, rel_tol=REGIONS_AGREE_WITHIN)
    size = f"{region.dx_mm:.4g}" if alike else f"{region.dx_mm:.4g} × {region.dy_mm:.4g}"
    return f"{words}  {size} mm / px"


def _free_place(region: Region, view: ViewTransform, width: float, taken: list[Bounds]) -> Bounds:
    """The plate's place in the region's upper left corner, lower where another plate lies."""
    x, y = view.to_widget((region.x0 - 0.5, region.y0 - 0.5))
    x, y = x + 4.0, y + 4.0
    while any(
        x < left + other and left < x + width and abs(y - top) < PLATE_HEIGHT
        for left, top, other, _ in taken
    ):
        y += PLATE_HEIGHT + 2.0
    return x, y, width, PLATE_HEIGHT


def _ruler_marks(
    ruler: Ruler,
    distance_mm: float,
    view: ViewTransform,
    text_width: Callable[[str], float],
    *,
    middle_px: float,
) -> list[Mark]:
    """A stroke over every tick that was seen, and between two of them how far they are apart."""
    (x0, y0), (x1, y1) = view.to_widget(ruler.at(0)), view.to_widget(ruler.at(1))
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    across = (-(y1 - y0) / length, (x1 - x0) / length)
    marks: list[Mark] = []
    for number, (x, y) in zip(ruler.numbers, ruler.places.tolist(), strict=True):
        reach = _MAJOR_TICK if ruler.is_major(number) else _TICK
        marks.append(_stroke(view.to_widget((x, y)), across, reach))
    middle = (x0 + x1) / 2, (y0 + y1) / 2
    words = f"{distance_mm:g} mm apart?"
    width = text_width(words) + 2 * PLATE_PAD
    # At its first ticks, away from what lies in the middle; towards the frame from either side.
    is_right = middle[0] > view.to_widget((middle_px, 0.0))[0]
    x = middle[0] - width - _MAJOR_TICK - 6 if is_right else middle[0] + _MAJOR_TICK + 6
    plate = (x, middle[1] - PLATE_HEIGHT / 2, width, PLATE_HEIGHT)
    return [*marks, TextMark(plate, words, theme.DARK.amber)]


def _stroke(at: Point, across: Point, reach: float) -> LineMark:
    dx, dy = across[0] * reach, across[1] * reach
    return LineMark((at[0] - dx, at[1] - dy), (at[0] + dx, at[1] + dy), theme.DARK.amber, 1.6)
