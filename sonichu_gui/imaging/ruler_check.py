"""What the ruler in a picture says of the scales that its file states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonichu_gui.domain.calibration import RulerVerdict, ScaleSource
from sonichu_gui.imaging.ruler_scale import WORST_PERCENT, likely_distances, percent_off

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.domain.calibration import Calibration, Region, Scale
    from sonichu_gui.domain.ruler import Ruler

_BESIDE = 0.5
"""Share of a ruler's ticks that lie in a region, for it to be the region's."""


def ruler_verdicts(calibration: Calibration, rulers: Sequence[Ruler]) -> dict[str, RulerVerdict]:
    """Gives what the rulers say of each scale that the file states, by the scale's key.

    A tick distance is taken as scanners usually draw it, never to fit the file. Regions of
    different scales are judged by rulers within them alone: another panel's says nothing of them.

    Args:
        calibration: Of the file.
        rulers: As found in one of its frames, the best one first.
    """
    regions = calibration.usable_regions
    alike = all(region.agrees_with(regions[0]) for region in regions)
    verdicts = {}
    for region in regions:
        ruler = next((one for one in rulers if _lies_in(one, region)), None)
        if ruler is None and alike:
            ruler = next(iter(rulers), None)
        if ruler is not None:
            verdicts[region.scale().key] = _verdict(ruler, region.scale())
    spacing = calibration.spacing
    if rulers and spacing.source in (ScaleSource.PIXEL_SPACING, ScaleSource.NOMINAL):
        verdicts[spacing.key] = _verdict(rulers[0], spacing)
    return {key: verdict for key, verdict in verdicts.items() if verdict is not None}


def _lies_in(ruler: Ruler, region: Region) -> bool:
    inside = sum(region.holds((x, y)) for x, y in ruler.places.tolist())
    return inside >= _BESIDE * len(ruler.numbers)


def _verdict(ruler: Ruler, stated: Scale) -> RulerVerdict | None:
    likely = likely_distances(ruler)
    if not likely:
        return None
    distance_mm = likely[0].mm
    off = percent_off(ruler, distance_mm=distance_mm, stated=stated)
    if off is None:
        return None
    if abs(off) <= WORST_PERCENT:
        return RulerVerdict(agrees=True, words=f"agrees with the ruler, {abs(off):.1f} % apart")
    more = "more" if off > 0 else "less"
    words = (
        f"the ruler says {distance_mm / ruler.period_px:.4g} mm / px ({distance_mm:g} mm a tick),"
        f" {abs(off):.3g} % {more} than the file"
    )
    return RulerVerdict(agrees=False, words=words)
