"""The scale of a measurement: millimetres per pixel, who states them, and whether to believe it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

Point = tuple[float, float]

SHORTEST_LINE_PX = 5.0
"""A shorter line sets no scale: its ends are clicked to a pixel at best."""


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


_TAGS = {
    ScaleSource.REGION: "region",
    ScaleSource.PIXEL_SPACING: "PixelSpacing",
    ScaleSource.NOMINAL: "nominal",
    ScaleSource.LABEL_FILE: "label file",
    ScaleSource.MANUAL: "by hand",
    ScaleSource.RULER: "ruler",
    ScaleSource.GIVEN: "given",
    ScaleSource.NONE: "",
}


_SHORT_TAGS = {
    **_TAGS,
    ScaleSource.PIXEL_SPACING: "file",
    ScaleSource.LABEL_FILE: "labels",
    ScaleSource.MANUAL: "hand",
}


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
        region_index: Index of the ultrasound region used, or that a person's own scale was taken
            in where regions differ; None without one.
        key: What a person confirms when they accept a doubtful scale.
        pixel_aspect: Height of a pixel over its width, known even where the size is not.
        confirmed_by: The person who set, chose or confirmed it; empty where nobody had to.
        backed_by: What the ruler in the picture says where it agrees; empty where it does not.
        contradicted_by: What the ruler says where it does not; the number then stands, marked.
    """

    source: ScaleSource
    dx_mm: float | None = None
    dy_mm: float | None = None
    trust: Trust = Trust.NONE
    reason: str = ""
    region_index: int | None = None
    key: str = ""
    pixel_aspect: float = 1.0
    confirmed_by: str = ""
    backed_by: str = ""
    contradicted_by: str = ""

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

    @property
    def stated_key(self) -> str:
        """Names what the file states, whatever points it was asked for and what was confirmed."""
        is_region = self.source is ScaleSource.REGION and self.region_index is not None
        return f"region:{self.region_index}" if is_region else self.source.value

    @property
    def tag(self) -> str:
        """Who states it, in a word or two to stand beside a number; marked when contradicted."""
        tag = _TAGS[self.source]
        if self.source is ScaleSource.REGION and self.region_index is not None:
            tag = f"{tag} {self.region_index + 1}"
        return f"{tag} ≠ ruler" if self.contradicted_by else tag

    @property
    def short_tag(self) -> str:
        """As `tag`, in a few letters, for a picture full of numbers: "R1", "ruler", "R1 ≠"."""
        tag = _SHORT_TAGS[self.source]
        if self.source is ScaleSource.REGION and self.region_index is not None:
            tag = f"R{self.region_index + 1}"
        return f"{tag} ≠" if self.contradicted_by else tag

    def trusted_by(self, author: str) -> Scale:
        """The same scale, trusted because a person said so."""
        return replace(
            self, trust=Trust.TRUSTED, reason=f"confirmed by {author}", confirmed_by=author
        )


def no_scale(reason: str, pixel_aspect: float = 1.0) -> Scale:
    """Gives the scale of a frame whose pixel size nobody states."""
    return Scale(ScaleSource.NONE, reason=reason, key="none", pixel_aspect=pixel_aspect)


NO_SCALE = no_scale("the file states no scale")


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
    return _by_hand(
        math.hypot(dx, dy),
        math.hypot(dx, dy * pixel_aspect),
        length_mm,
        author=author,
        reason=f"{length_mm:g} mm drawn by {author}",
        pixel_aspect=pixel_aspect,
    )


def depth_scale(
    *, top: Point, bottom: Point, depth_mm: float, author: str, pixel_aspect: float = 1.0
) -> Scale:
    """Gives the scale of a picture of known depth; only how far down the bottom is counts.

    Args:
        top: Where the depth begins, at the middle of the probe's face, in image pixels.
        bottom: The lowest place of the picture.
        depth_mm: From the one to the other, straight down.
        author: Who said so.
        pixel_aspect: Height of a pixel over its width, 1.0 for square pixels.

    Raises:
        ValueError: They lie less than 5 px apart or the depth is not positive and finite.
    """
    down = abs(bottom[1] - top[1])
    return _by_hand(
        down,
        down * pixel_aspect,
        depth_mm,
        author=author,
        reason=f"depth of {depth_mm:g} mm given by {author}",
        pixel_aspect=pixel_aspect,
    )


def _by_hand(
    drawn_px: float,
    square_px: float,
    length_mm: float,
    *,
    author: str,
    reason: str,
    pixel_aspect: float,
) -> Scale:
    """A person's scale: so many pixels, counted in their width, are so many millimetres."""
    if drawn_px < SHORTEST_LINE_PX:
        raise ValueError("the line is shorter than 5 px, too short to set a scale")
    if not (math.isfinite(length_mm) and length_mm > 0):
        raise ValueError(f"a length of {length_mm} mm sets no scale")
    dx_mm = length_mm / square_px
    return Scale(
        ScaleSource.MANUAL,
        dx_mm,
        dx_mm * pixel_aspect,
        Trust.TRUSTED,
        reason,
        key="manual",
        pixel_aspect=pixel_aspect,
        confirmed_by=author,
    )


def given_scale(*, dx_mm: float, dy_mm: float, source: ScaleSource, reason: str) -> Scale:
    """Gives a scale stated outright, by a label file or on the command line.

    Raises:
        ValueError: A size is not positive and finite.
    """
    if not all(math.isfinite(v) and v > 0 for v in (dx_mm, dy_mm)):
        raise ValueError(f"pixel size {dx_mm} x {dy_mm} mm is not a size")
    return Scale(source, dx_mm, dy_mm, Trust.TRUSTED, reason, key=source.value)
