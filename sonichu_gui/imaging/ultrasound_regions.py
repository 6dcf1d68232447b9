"""What a DICOM header says about the size of a pixel, and whether to believe it.

Source: DICOM PS3.3 C.8.5.5 (US Region Calibration) and 10.7.1.3 (pixel spacing). Regions come
first; a picture whose regions measure nothing falls back to its spacing. A scale that contradicts
the picture is kept but doubted: a person must confirm it before it gives millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sonichu_gui.domain.calibration import (
    Calibration,
    Region,
    Scale,
    ScaleSource,
    Trust,
    no_scale,
)
from sonichu_gui.imaging.dicom_values import integer, items, number, numbers, text

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

CALIBRATION_TAGS = (
    "ConversionType",
    "NominalScannedPixelSpacing",
    "PixelAspectRatio",
    "PixelSpacing",
    "PixelSpacingCalibrationDescription",
    "PixelSpacingCalibrationType",
    "SOPClassUID",
    "SequenceOfUltrasoundRegions",
)
"""Elements that `read_calibration` looks at."""

PLAUSIBLE_CM = (0.0005, 0.2)
"""Size of a pixel that ultrasound can have, in cm."""

CONCEIVABLE_MM = (1e-6, 1e4)
"""Beyond these a number is damage and no size: nobody is asked to confirm it."""

SPACING_AGREES_WITHIN = 0.01
"""Largest relative difference of region and PixelSpacing that nobody has to look at."""

_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_2D, _CM, _TISSUE = 1, 3, 1
_MM_PER_CM = 10.0

_FORMATS = {0: "", 1: "2D", 2: "M-mode", 3: "spectral", 4: "waveform", 5: "graphics"}
_TYPES = {
    1: "tissue",
    2: "colour flow",
    3: "PW Doppler",
    4: "CW Doppler",
    5: "Doppler mean trace",
    6: "Doppler mode trace",
    7: "Doppler max trace",
    8: "volume trace",
    9: "dV/dt trace",
    0xA: "ECG",
    0xB: "pulse",
    0xC: "phonocardiogram",
    0xD: "grey bar",
    0xE: "colour bar",
    0xF: "integrated backscatter",
    0x10: "area trace",
    0x11: "dA/dt trace",
    0x12: "physiological trace",
}
_MEASURABLE_TYPES = {1, 2}
_UNSPECIFIED = "unspecified"
_UNITS = {
    0: "no unit",
    1: "%",
    2: "dB",
    3: "cm",
    4: "s",
    5: "Hz",
    6: "dB/s",
    7: "cm/s",
    8: "cm²",
    9: "cm²/s",
    0xA: "cm³",
    0xB: "cm³/s",
    0xC: "degrees",
}


def read_calibration(dataset: Dataset, *, width: int, height: int) -> Calibration:
    """Gives all that a header says about the size of a pixel.

    Args:
        dataset: At least the elements of `CALIBRATION_TAGS`.
        width: Columns of the picture as stored.
        height: Rows of the picture as stored.
    """
    regions = tuple(
        _region(item, index=index, width=width, height=height)
        for index, item in enumerate(items(dataset, "SequenceOfUltrasoundRegions"))
    )
    spacing = _spacing(dataset, regions)
    contradictions = {region.index: _contradiction(region, spacing) for region in regions}
    doubted = tuple(_doubted(region, contradictions[region.index]) for region in regions)
    warning = next(filter(None, contradictions.values()), "")
    return Calibration(doubted, spacing, warning=warning)


@dataclass(frozen=True, slots=True)
class _Stated:
    """The numbers of one region item as they stand in the file."""

    format: int
    type: int
    box: tuple[int, int, int, int]
    units: tuple[int, int]
    deltas: tuple[float | None, float | None]

    @property
    def kind(self) -> str:
        """What the region shows, in words."""
        what = _TYPES.get(self.type, "")
        if self.format in {1, 2, 3}:
            return f"{_FORMATS[self.format]} {what or 'data'}"
        return what or _FORMATS.get(self.format) or _UNSPECIFIED

    @property
    def is_picture(self) -> bool:
        """Whether it may show a place of the body at each of its own; a region may not say what."""
        return self.format in {0, _2D} and self.type in {0, *_MEASURABLE_TYPES}

    @property
    def in_cm(self) -> bool:
        """Whether both axes are lengths."""
        return self.units == (_CM, _CM)


def _region(item: Dataset, *, index: int, width: int, height: int) -> Region:
    stated = _Stated(
        format=integer(item, "RegionSpatialFormat"),
        type=integer(item, "RegionDataType"),
        box=(
            integer(item, "RegionLocationMinX0", -1),
            integer(item, "RegionLocationMinY0", -1),
            integer(item, "RegionLocationMaxX1", -1),
            integer(item, "RegionLocationMaxY1", -1),
        ),
        units=(
            integer(item, "PhysicalUnitsXDirection"),
            integer(item, "PhysicalUnitsYDirection"),
        ),
        deltas=(_delta(item, "PhysicalDeltaX"), _delta(item, "PhysicalDeltaY")),
    )
    # A delta may be negative: it gives the direction of the axis, and lengths have none.
    dx, dy = (
        abs(delta) * _MM_PER_CM if delta and stated.in_cm else None for delta in stated.deltas
    )
    unusable = _why_unusable(stated)
    doubt = "" if unusable else _why_doubtful(stated, width=width, height=height)
    return Region(
        index,
        *stated.box,
        dx_mm=dx,
        dy_mm=dy,
        kind=stated.kind,
        usable=not unusable,
        reason=unusable or doubt,
        doubtful=bool(doubt),
        is_tissue=stated.type == _TISSUE,
        high_priority=not integer(item, "RegionFlags") & 1,
        is_picture=stated.is_picture,
    )


def _delta(item: Dataset, keyword: str) -> float | None:
    """Gives a delta as it stands in the file, None where it is the size of nothing."""
    delta = number(item, keyword)
    return delta if delta is not None and _is_conceivable(abs(delta) * _MM_PER_CM) else None


def _is_conceivable(size_mm: float) -> bool:
    return CONCEIVABLE_MM[0] <= size_mm <= CONCEIVABLE_MM[1]


def _why_unusable(stated: _Stated) -> str:
    """Says why a region cannot scale a length, "" when it can."""
    if stated.format != _2D or stated.type not in _MEASURABLE_TYPES:
        if stated.kind == _UNSPECIFIED:
            return "does not say what it shows"
        return f"shows {stated.kind}, not 2D tissue or colour flow"
    if not stated.in_cm:
        x, y = (_UNITS.get(unit, "an unknown unit") for unit in stated.units)
        return f"is scaled in {x} and {y}, not in cm"
    if not all(stated.deltas):
        return "states no size of a pixel"
    x0, y0, x1, y1 = stated.box
    if x0 < 0 or y0 < 0 or x1 < x0 or y1 < y0:
        return "has no place in the picture"
    return ""


def _why_doubtful(stated: _Stated, *, width: int, height: int) -> str:
    """Says why a person should confirm a region's scale, "" when there is no reason.

    Many scanners write the first column and row *after* a region, so one beyond is as stated.
    """
    _, _, x1, y1 = stated.box
    doubts = []
    if x1 > width or y1 > height:
        doubts.append(
            f"reaches to ({x1}, {y1}) in a picture of {width}×{height}:"
            " it was scaled or cropped later"
        )
    low, high = PLAUSIBLE_CM
    odd = next((d for d in stated.deltas if d is not None and not low <= abs(d) <= high), None)
    if odd is not None:
        doubts.append(f"states {abs(odd):g} cm per pixel, which no scanner has")
    return "; ".join(doubts)


def _doubted(region: Region, contradiction: str) -> Region:
    """Gives a region that waits for a person's word where the spacing says otherwise."""
    if not contradiction:
        return region
    reason = "; ".join(filter(None, (region.reason, contradiction)))
    return replace(region, reason=reason, doubtful=True)


def _spacing(dataset: Dataset, regions: tuple[Region, ...]) -> Scale:
    """Gives the scale of the whole frame, which holds where no region can be used."""
    aspect = _pixel_aspect(dataset)
    pixel_spacing = numbers(dataset, "PixelSpacing")
    if _is_size(pixel_spacing):
        # The file states rows first: the distance between rows is the size in y.
        dy_mm, dx_mm = pixel_spacing
        doubt = _why_spacing_doubtful(dataset, dx_mm=dx_mm, dy_mm=dy_mm)
        return Scale(
            ScaleSource.PIXEL_SPACING,
            dx_mm,
            dy_mm,
            Trust.DOUBTFUL if doubt else Trust.TRUSTED,
            doubt or "PixelSpacing of the file",
            key=ScaleSource.PIXEL_SPACING.value,
            pixel_aspect=aspect,
        )
    nominal = numbers(dataset, "NominalScannedPixelSpacing")
    if _is_size(nominal):
        dy_mm, dx_mm = nominal
        return Scale(
            ScaleSource.NOMINAL,
            dx_mm,
            dy_mm,
            Trust.DOUBTFUL,
            "the file's pixel spacing is nominal, not calibrated",
            key=ScaleSource.NOMINAL.value,
            pixel_aspect=aspect,
        )
    return no_scale(_why_no_scale(regions), aspect)


def _is_size(values: tuple[float, ...]) -> bool:
    return len(values) == 2 and all(map(_is_conceivable, values))


def _why_spacing_doubtful(dataset: Dataset, *, dx_mm: float, dy_mm: float) -> str:
    low, high = (limit * _MM_PER_CM for limit in PLAUSIBLE_CM)
    if not (low <= dx_mm <= high and low <= dy_mm <= high):
        return f"PixelSpacing states {dx_mm:g}×{dy_mm:g} mm, which no ultrasound picture has"
    if dx_mm == dy_mm == 1.0:
        return "PixelSpacing states 1 mm, which is what programs write that do not know it"
    is_capture = bool(
        text(dataset, "SOPClassUID").startswith(_SECONDARY_CAPTURE)
        or text(dataset, "ConversionType")
    )
    says_how = text(dataset, "PixelSpacingCalibrationType") or text(
        dataset, "PixelSpacingCalibrationDescription"
    )
    if is_capture and not says_how:
        return "a screen capture states PixelSpacing without saying how it was calibrated"
    return ""


def _why_no_scale(regions: tuple[Region, ...]) -> str:
    if not regions:
        return "the file states no scale"
    # The reason of a 2D picture is what a person wants to know, not that of a colour bar.
    telling = next((region for region in regions if region.kind.startswith("2D")), regions[0])
    return f"no region of the file gives a scale: region {telling.index + 1} {telling.reason}"


def _pixel_aspect(dataset: Dataset) -> float:
    """Gives the height of a pixel over its width; the file states vertical before horizontal."""
    ratio = numbers(dataset, "PixelAspectRatio")
    if len(ratio) != 2 or min(ratio) <= 0 or not _is_conceivable(ratio[0] / ratio[1]):
        return 1.0
    return ratio[0] / ratio[1]


def _contradiction(region: Region, spacing: Scale) -> str:
    """Says where a region contradicts the spacing; regions win, and are never multiplied."""
    if spacing.source is not ScaleSource.PIXEL_SPACING or not spacing.dx_mm or not spacing.dy_mm:
        return ""
    if not region.usable or region.dx_mm is None or region.dy_mm is None:
        return ""
    difference = max(abs(region.dx_mm / spacing.dx_mm - 1), abs(region.dy_mm / spacing.dy_mm - 1))
    if difference <= SPACING_AGREES_WITHIN:
        return ""
    return (
        f"region {region.index + 1} says {region.dx_mm:.4g}×{region.dy_mm:.4g} mm a pixel,"
        f" PixelSpacing {spacing.dx_mm:.4g}×{spacing.dy_mm:.4g} mm: {difference * 100:.3g} % apart"
    )
