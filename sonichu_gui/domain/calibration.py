"""How large a pixel is, who says so, and whether to believe it.

A number in millimetres is never shown on a guess: `Calibration.scale_for` answers for the very
points of a measurement, and an untrusted or missing scale means pixels and a reason, never 1.0.
The rules are those of DICOM PS3.3 C.8.5.5 (regions may differ, overlap, or end before the points).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

Point = tuple[float, float]

REGIONS_AGREE_WITHIN = 0.005
"""Largest relative difference of two regions' deltas that still counts as the same scale."""


class ScaleSource(StrEnum):
    """Who states the size of a pixel."""

    REGION = "us-region"
    PIXEL_SPACING = "pixel-spacing"
    NOMINAL = "nominal"
    LABEL_FILE = "label-file"
    MANUAL = "manual"
    RULER = "ruler"
    GIVEN = "given"
    NONE = "none"


class Trust(StrEnum):
    """Whether a scale may turn pixels into millimetres."""

    TRUSTED = "trusted"
    DOUBTFUL = "doubtful"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Scale:
    """Size of a pixel for one measurement.

    Attributes:
        source: Who states it.
        dx_mm: Millimetres per pixel in x, or None when unknown.
        dy_mm: Millimetres per pixel in y, or None when unknown.
        trust: Only `TRUSTED` scales give millimetres; a doubtful one waits for a person's word.
        reason: Why it is trusted, doubted or missing, in words for the user.
        region_index: Index of the ultrasound region used, or None.
        key: What a person confirms when they accept a doubtful scale.
        pixel_aspect: Height of a pixel over its width, known even where the size is not.
    """

    source: ScaleSource
    dx_mm: float | None = None
    dy_mm: float | None = None
    trust: Trust = Trust.NONE
    reason: str = ""
    region_index: int | None = None
    key: str = ""
    pixel_aspect: float = 1.0

    @property
    def in_mm(self) -> bool:
        """Whether measurements may be given in millimetres."""
        return self.trust is Trust.TRUSTED and self.dx_mm is not None and self.dy_mm is not None

    @property
    def aspect(self) -> float:
        """Height of a pixel over its width: angles and ratios need only this."""
        if self.dx_mm and self.dy_mm:
            return self.dy_mm / self.dx_mm
        return self.pixel_aspect

    @property
    def factors(self) -> tuple[float, float]:
        """Multipliers for x and y: millimetres where trusted, else pixels of true shape."""
        if self.in_mm and self.dx_mm is not None and self.dy_mm is not None:
            return self.dx_mm, self.dy_mm
        return 1.0, self.aspect

    def trusted_by(self, author: str) -> Scale:
        """The same scale, trusted because a person said so."""
        return replace(self, trust=Trust.TRUSTED, reason=f"confirmed by {author}")


def no_scale(reason: str, pixel_aspect: float = 1.0) -> Scale:
    """Gives the scale of a frame whose pixel size nobody states."""
    return Scale(ScaleSource.NONE, reason=reason, key="none", pixel_aspect=pixel_aspect)


NO_SCALE = no_scale("the file states no scale")


@dataclass(frozen=True, slots=True)
class Region:
    """One ultrasound region of a frame (DICOM Sequence of Ultrasound Regions).

    Attributes:
        index: Position in the sequence, from 0.
        x0: Left pixel column, inclusive.
        y0: Top pixel row, inclusive.
        x1: Right pixel column, inclusive.
        y1: Bottom pixel row, inclusive.
        dx_mm: Millimetres per pixel in x, or None where the units are not centimetres.
        dy_mm: Millimetres per pixel in y, or None.
        kind: What it shows, e.g. "2D tissue", "ECG", "colour bar".
        usable: Whether it can scale a length at all.
        reason: Why it is not usable, or why it is doubtful; empty when fine.
        doubtful: Usable only after a person's confirmation.
        is_tissue: Tissue data, preferred over colour flow where both hold the points.
        high_priority: Region flag bit 0 is clear.
    """

    index: int
    x0: int
    y0: int
    x1: int
    y1: int
    dx_mm: float | None
    dy_mm: float | None
    kind: str
    usable: bool
    reason: str = ""
    doubtful: bool = False
    is_tissue: bool = True
    high_priority: bool = True

    def holds(self, point: Point) -> bool:
        """Whether a point lies on the region's pixels, bounds inclusive."""
        x, y = point
        return self.x0 - 0.5 <= x <= self.x1 + 0.5 and self.y0 - 0.5 <= y <= self.y1 + 0.5

    @property
    def area(self) -> int:
        """Pixels inside."""
        return (self.x1 - self.x0 + 1) * (self.y1 - self.y0 + 1)

    def agrees_with(self, other: Region) -> bool:
        """Whether both regions have the same scale within `REGIONS_AGREE_WITHIN`."""
        if self.dx_mm is None or self.dy_mm is None or other.dx_mm is None or other.dy_mm is None:
            return False
        return math.isclose(self.dx_mm, other.dx_mm, rel_tol=REGIONS_AGREE_WITHIN) and math.isclose(
            self.dy_mm, other.dy_mm, rel_tol=REGIONS_AGREE_WITHIN
        )

    def scale(self) -> Scale:
        """The region's own scale, not yet confirmed by anybody."""
        trust = Trust.DOUBTFUL if self.doubtful else Trust.TRUSTED
        return Scale(
            ScaleSource.REGION,
            self.dx_mm,
            self.dy_mm,
            trust,
            self.reason or f"region {self.index + 1} of the file, {self.kind}",
            self.index,
            key=f"region:{self.index}",
        )


@dataclass(frozen=True, slots=True)
class Calibration:
    """All that is known about the size of a frame's pixels.

    Attributes:
        regions: The file's ultrasound regions, usable or not.
        spacing: Scale of the whole frame when no region applies.
        override: A person's own scale (drawn or from a label file); wins over all others.
        confirmed: Keys of doubtful scales that a person has confirmed.
        confirmed_by: Who confirmed them.
        warning: A contradiction the user should see, e.g. regions against PixelSpacing.
    """

    regions: tuple[Region, ...] = ()
    spacing: Scale = field(default=NO_SCALE)
    override: Scale | None = None
    confirmed: frozenset[str] = frozenset()
    confirmed_by: str = ""
    warning: str = ""

    @property
    def usable_regions(self) -> tuple[Region, ...]:
        """Regions that can scale a length."""
        return tuple(region for region in self.regions if region.usable)

    def scale_for(self, points: Iterable[Point] = ()) -> Scale:
        """Gives the scale that holds for all of the points of one measurement.

        Args:
            points: (x, y) in image pixels; none asks for the frame's main scale.

        Returns:
            A scale; `trust` and `reason` say whether and why it gives millimetres.
        """
        placed = tuple(points)
        if self.override is not None:
            scale = self._override_scale(self.override, placed)
        else:
            scale = self._region_scale(placed) if self.usable_regions else self.spacing
        if scale.trust is Trust.DOUBTFUL and scale.key in self.confirmed:
            return scale.trusted_by(self.confirmed_by or "a person")
        return scale

    def with_override(self, scale: Scale | None) -> Calibration:
        """Gives a calibration in which a person's scale replaces the file's."""
        return replace(self, override=scale)

    def with_confirmation(self, key: str, author: str) -> Calibration:
        """Gives a calibration in which a doubtful scale counts as confirmed."""
        return replace(self, confirmed=self.confirmed | {key}, confirmed_by=author)

    def _override_scale(self, own: Scale, points: tuple[Point, ...]) -> Scale:
        """A person's scale; it does not make two panels one plane."""
        if any(all(r.holds(p) for p in points) for r in self.usable_regions):
            return own
        homes = {self._home(point) for point in points} - {None}
        if len(homes) < 2:
            return own
        split = self._split_scale(tuple(p for p in points if self._home(p) is not None))
        return replace(own, trust=Trust.DOUBTFUL, reason=split.reason, key=split.key)

    def _home(self, point: Point) -> int | None:
        return next((r.index for r in self.usable_regions if r.holds(point)), None)

    def _region_scale(self, points: tuple[Point, ...]) -> Scale:
        holding = [r for r in self.usable_regions if all(r.holds(p) for p in points)]
        if not holding:
            return self._split_scale(points)
        best = min(holding, key=lambda r: (not r.is_tissue, not r.high_priority, r.area))
        conflicting = [r for r in holding if not r.agrees_with(best)]
        if conflicting and points:
            others = ", ".join(str(r.index + 1) for r in conflicting)
            return replace(
                best.scale(),
                trust=Trust.DOUBTFUL,
                reason=f"regions {best.index + 1} and {others} overlap with different scales",
                key="overlap:" + "+".join(str(r.index) for r in (best, *conflicting)),
            )
        return best.scale()

    def _split_scale(self, points: tuple[Point, ...]) -> Scale:
        """Answers for points that no single region holds."""
        homes = [[r for r in self.usable_regions if r.holds(p)] for p in points]
        if not all(homes):
            outside = sum(not home for home in homes)
            return no_scale(
                f"{outside} of {len(points)} points outside the scan area of the file",
                self._common_aspect(),
            )
        first = homes[0][0]
        indices = sorted({home[0].index for home in homes})
        names = " and ".join(str(i + 1) for i in indices)
        if not all(any(r.agrees_with(first) for r in home) for home in homes):
            return replace(
                no_scale(f"points lie in regions {names} with different scales"),
                key="split:" + "+".join(map(str, indices)),
            )
        return replace(
            first.scale(),
            trust=Trust.DOUBTFUL,
            reason=f"points lie in regions {names}, which may show different planes",
            key="split:" + "+".join(map(str, indices)),
        )

    def _common_aspect(self) -> float:
        aspects = {round(r.scale().aspect, 4) for r in self.usable_regions}
        return aspects.pop() if len(aspects) == 1 else 1.0


def manual_scale(
    *, start: Point, end: Point, length_mm: float, author: str, pixel_aspect: float = 1.0
) -> Scale:
    """Gives the scale of a line of known length that a person drew.

    Args:
        start: One end in image pixels.
        end: Other end in image pixels.
        length_mm: True length of the line.
        author: Who drew it.
        pixel_aspect: Height of a pixel over its width, 1.0 for square pixels.

    Raises:
        ValueError: The line is shorter than 5 px or the length is not positive and finite.
    """
    dx, dy = end[0] - start[0], end[1] - start[1]
    if math.hypot(dx, dy) < 5.0:
        raise ValueError("the line is shorter than 5 px, too short to set a scale")
    if not (math.isfinite(length_mm) and length_mm > 0):
        raise ValueError(f"a length of {length_mm} mm sets no scale")
    dx_mm = length_mm / math.hypot(dx, dy * pixel_aspect)
    return Scale(
        ScaleSource.MANUAL,
        dx_mm,
        dx_mm * pixel_aspect,
        Trust.TRUSTED,
        f"{length_mm:g} mm drawn by {author}",
        key="manual",
        pixel_aspect=pixel_aspect,
    )


def given_scale(*, dx_mm: float, dy_mm: float, source: ScaleSource, reason: str) -> Scale:
    """Gives a scale stated outright, by a label file or on the command line.

    Raises:
        ValueError: A size is not positive and finite.
    """
    if not all(math.isfinite(v) and v > 0 for v in (dx_mm, dy_mm)):
        raise ValueError(f"pixel size {dx_mm} x {dy_mm} mm is not a size")
    return Scale(source, dx_mm, dy_mm, Trust.TRUSTED, reason, key=source.value)
