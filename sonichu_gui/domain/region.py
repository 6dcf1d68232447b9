"""A region of a DICOM frame: a rectangle that declares its own scale (PS3.3 C.8.5.5)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sonichu_gui.domain.scale import Point, Scale, ScaleSource, Trust

REGIONS_AGREE_WITHIN = 0.005
"""Largest relative difference of two regions' deltas that still counts as the same scale."""


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
        is_picture: Whether places in it are places in the body; those of an M-mode, a spectrum,
            a trace or a bar are not, whatever the scale of the picture beside it.
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
    is_picture: bool = True

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
