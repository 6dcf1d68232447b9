"""How large a pixel is, who says so, and whether to believe it.

A number in millimetres is never shown on a guess: `Calibration.scale_for` answers for the very
points of a measurement, and an untrusted or missing scale means pixels and a reason, never 1.0.
The rules are those of DICOM PS3.3 C.8.5.5 (regions may differ, overlap, or end before the points).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from sonichu_gui.domain.region import REGIONS_AGREE_WITHIN, Region
from sonichu_gui.domain.scale import (
    NO_SCALE,
    Point,
    Scale,
    ScaleSource,
    Trust,
    depth_scale,
    given_scale,
    manual_scale,
    no_scale,
)

__all__ = [
    "NO_SCALE",
    "REGIONS_AGREE_WITHIN",
    "Calibration",
    "Point",
    "Region",
    "RulerVerdict",
    "Scale",
    "ScaleSource",
    "Trust",
    "against_ruler",
    "depth_scale",
    "given_scale",
    "manual_scale",
    "no_scale",
]

_BY_HAND = (ScaleSource.MANUAL, ScaleSource.RULER)
_FROM_FILE = (ScaleSource.REGION, ScaleSource.PIXEL_SPACING, ScaleSource.NOMINAL)


@dataclass(frozen=True, slots=True)
class RulerVerdict:
    """What the ruler in the picture says of a scale that the file states.

    Attributes:
        agrees: Whether the two differ by no more than reading a ruler can be off.
        words: The comparison, for a person.
    """

    agrees: bool
    words: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """All that is known about the size of a frame's pixels.

    Attributes:
        regions: The file's ultrasound regions, usable or not.
        spacing: Scale of the whole frame when no region applies.
        override: A person's own scale (drawn or from a label file); wins over all others. Where
            regions differ, one that was taken in one of them leaves the others to the file.
        confirmed: Who confirmed a doubtful scale, by its key.
        chosen: Which region a person chose where several differ, and who, by the conflict's key.
        verdicts: What the ruler in the picture says of the file's scales, by their keys.
        warning: A contradiction in the file itself, e.g. regions against PixelSpacing.
    """

    regions: tuple[Region, ...] = ()
    spacing: Scale = field(default=NO_SCALE)
    override: Scale | None = None
    confirmed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    chosen: Mapping[str, tuple[int, str]] = field(default_factory=lambda: MappingProxyType({}))
    verdicts: Mapping[str, RulerVerdict] = field(default_factory=lambda: MappingProxyType({}))
    warning: str = ""

    @property
    def usable_regions(self) -> tuple[Region, ...]:
        """Regions that can scale a length."""
        return tuple(region for region in self.regions if region.usable)

    @property
    def is_uniform(self) -> bool:
        """Whether all regions that can scale a length have the same scale."""
        usable = self.usable_regions
        return all(region.agrees_with(usable[0]) for region in usable)

    def aspect_at(self, points: Iterable[Point] = ()) -> float:
        """Gives the height of a pixel over its width where points lie, as the file knows it."""
        stated = self.with_override(None)
        scale = stated.scale_for(points)
        return scale.aspect if scale.dx_mm is not None else stated.scale_for().aspect

    def scale_for(self, points: Iterable[Point] = ()) -> Scale:
        """Gives the scale that holds for all of the points of one measurement.

        Args:
            points: (x, y) in image pixels; none asks for the frame's main scale.

        Returns:
            A scale; `trust` and `reason` say whether and why it gives millimetres.
        """
        placed = tuple(points)
        beside = self._beside_the_picture(placed)
        if beside is not None:
            return no_scale(f"points lie in region {beside.index + 1}, which shows {beside.kind}")
        own = self._own_scale(placed)
        if own is not None:
            return self._settled(own)
        return self._settled(self._region_scale(placed) if self.usable_regions else self.spacing)

    def with_override(self, scale: Scale | None) -> Calibration:
        """Gives a calibration in which a person's scale replaces the file's."""
        return replace(self, override=scale)

    def taken_at(self, scale: Scale, points: Iterable[Point]) -> Scale:
        """Gives a person's scale that knows in which region it was taken, where they differ."""
        placed = tuple(points)
        holding = [r for r in self.usable_regions if all(r.holds(p) for p in placed)]
        if self.is_uniform or not holding:
            return scale
        return replace(scale, region_index=_preferred(holding).index)

    def with_confirmation(self, key: str, author: str) -> Calibration:
        """Gives a calibration in which a doubtful scale counts as confirmed."""
        return replace(self, confirmed={**self.confirmed, key: author})

    def without_confirmation(self, key: str) -> Calibration:
        """Gives a calibration in which a doubtful scale is doubted again."""
        left = {known: author for known, author in self.confirmed.items() if known != key}
        return replace(self, confirmed=left)

    def with_choice(self, key: str, region: int | None, author: str) -> Calibration:
        """Gives a calibration in which a person chose a region where several differ; or nobody."""
        chosen = {known: choice for known, choice in self.chosen.items() if known != key}
        if region is not None:
            chosen[key] = (region, author)
        return replace(self, chosen=chosen)

    def with_verdicts(self, verdicts: Mapping[str, RulerVerdict]) -> Calibration:
        """Gives a calibration that knows what the ruler in the picture says."""
        return replace(self, verdicts=verdicts)

    def conflict_at(self, points: Iterable[Point]) -> tuple[str, tuple[Region, ...]] | None:
        """Gives the regions of different scales that all hold the points, the preferred one first.

        Returns:
            The conflict's key and its regions, of which a person chooses one; None without any, or
            where a person's own scale holds instead.
        """
        placed = tuple(points)
        return None if self._own_scale(placed) is not None else self._overlap_at(placed)

    def _overlap_at(self, points: tuple[Point, ...]) -> tuple[str, tuple[Region, ...]] | None:
        holding = [r for r in self.usable_regions if all(r.holds(p) for p in points)]
        if not points or not holding:
            return None
        best = _preferred(holding)
        rivals = (best, *(region for region in holding if not region.agrees_with(best)))
        if len(rivals) == 1:
            return None
        return "overlap:" + "+".join(str(i) for i in sorted(r.index for r in rivals)), rivals

    # ---- a person's word, and the ruler's ------------------------------------------------

    def _settled(self, scale: Scale) -> Scale:
        """Adds to a scale what people and the ruler in the picture say of it."""
        author = self.confirmed.get(scale.key)
        if scale.trust is Trust.DOUBTFUL and author is not None:
            scale = scale.trusted_by(author)
        if scale.source not in _FROM_FILE:
            return scale
        verdict = self.verdicts.get(scale.stated_key)
        if verdict is None:
            return scale
        if verdict.agrees:
            return replace(scale, backed_by=verdict.words)
        keeper = self.confirmed.get(against_ruler(scale.stated_key))
        if keeper is None:
            return replace(scale, contradicted_by=verdict.words)
        if scale.in_mm:
            return replace(scale, reason=f"kept against the ruler by {keeper}", confirmed_by=keeper)
        return scale

    # ---- which scale ---------------------------------------------------------------------

    def _beside_the_picture(self, points: tuple[Point, ...]) -> Region | None:
        """A region without places of the body that a point lies in, and in no picture at all."""
        for point in points:
            homes = [region for region in self.regions if region.holds(point)]
            if homes and not any(region.is_picture for region in homes):
                return homes[0]
        return None

    def _own_scale(self, points: tuple[Point, ...]) -> Scale | None:
        """A person's scale; it does not make two panels one plane, nor two scales one."""
        own = self.override
        if own is None or not points:
            return own
        if own.source in _BY_HAND and not self.is_uniform:
            home = next((r for r in self.usable_regions if r.index == own.region_index), None)
            if home is None:
                own = self._doubted_between(own, points)
            elif not self._is_in_scale_of(home, points):
                return None
        if any(all(r.holds(p) for p in points) for r in self.usable_regions):
            return own
        homes = {self._home(point) for point in points} - {None}
        if len(homes) < 2:
            return own
        split = self._split_scale(tuple(p for p in points if self._home(p) is not None))
        if split.dx_mm is None:
            return split
        return replace(own, trust=Trust.DOUBTFUL, reason=split.reason, key=split.key)

    def _is_in_scale_of(self, home: Region, points: tuple[Point, ...]) -> bool:
        """Whether the regions meant by points have a region's scale; a choice says which are."""
        overlap = self._overlap_at(points)
        if overlap is None:
            alike = [r for r in self.usable_regions if r.agrees_with(home)]
            return all(any(r.holds(point) for r in alike) for point in points)
        key, rivals = overlap
        number, _ = self.chosen.get(key, (None, ""))
        meant = next((r for r in rivals if r.index == number), rivals[0])
        return meant.agrees_with(home)

    def _doubted_between(self, own: Scale, points: tuple[Point, ...]) -> Scale:
        """A scale that was taken in no region: it is right for one of those that differ at most."""
        index = next((i for i in map(self._home, points) if i is not None), None)
        if index is None:
            return own
        reason = f"taken outside region {index + 1}, and the regions differ in scale"
        # Of this very size: the word for it is none for the next one.
        key = f"{own.key}:{own.dx_mm:.6g}:region:{index}"
        return replace(own, trust=Trust.DOUBTFUL, reason=reason, key=key)

    def _home(self, point: Point) -> int | None:
        return next((r.index for r in self.usable_regions if r.holds(point)), None)

    def _region_scale(self, points: tuple[Point, ...]) -> Scale:
        conflict = self.conflict_at(points)
        if conflict is not None:
            return self._chosen_scale(*conflict)
        holding = [r for r in self.usable_regions if all(r.holds(p) for p in points)]
        return _preferred(holding).scale() if holding else self._split_scale(points)

    def _chosen_scale(self, key: str, rivals: tuple[Region, ...]) -> Scale:
        """Of regions that overlap with different scales the one that a person chose."""
        number, author = self.chosen.get(key, (None, ""))
        region = next((region for region in rivals if region.index == number), None)
        if region is None:
            named = ", ".join(str(region.index + 1) for region in rivals[1:])
            return replace(
                rivals[0].scale(),
                trust=Trust.DOUBTFUL,
                reason=f"regions {rivals[0].index + 1} and {named} overlap with different scales",
                key=key,
            )
        if region.doubtful:  # which region is meant says nothing of the doubts about it
            return region.scale()
        reason = f"region {region.index + 1} of the file, chosen by {author}"
        return replace(region.scale(), reason=reason, confirmed_by=author)

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
        key = "split:" + "+".join(map(str, indices))
        if not all(any(r.agrees_with(first) for r in home) for home in homes):
            return replace(
                no_scale(f"points lie in regions {names} with different scales"), key=key
            )
        doubted = next(
            (r for r in self.regions if r.index in indices and self._is_doubted(r)), None
        )
        if doubted is not None:  # one question at a time: the scale before the planes
            return doubted.scale()
        return replace(
            first.scale(),
            trust=Trust.DOUBTFUL,
            reason=f"points lie in regions {names}, which may show different planes",
            key=key,
        )

    def _is_doubted(self, region: Region) -> bool:
        return region.doubtful and region.scale().key not in self.confirmed

    def _common_aspect(self) -> float:
        aspects = {round(r.scale().aspect, 4) for r in self.usable_regions}
        return aspects.pop() if len(aspects) == 1 else 1.0


def _preferred(regions: Iterable[Region]) -> Region:
    """Tissue before colour, high priority before low, then the smallest."""
    return min(regions, key=lambda r: (not r.is_tissue, not r.high_priority, r.area))


def against_ruler(key: str) -> str:
    """Gives what a person confirms who keeps a scale of a key that the ruler contradicts."""
    return f"ruler:{key}"
