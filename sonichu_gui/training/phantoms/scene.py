"""The tissue under the probe: how strongly each place scatters, reflects and weakens sound.

Anatomy is painted back to front, like a picture. Echo strengths are decibels below a flat bone
surface that is hit at right angles (0 dB).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from sonichu_gui.training.phantoms.shapes import local, smooth_noise
from sonichu_gui.training.phantoms.style import Style

if TYPE_CHECKING:
    from sonichu_gui.training.phantoms.sector import Field, Point, Sector


@dataclass(frozen=True, slots=True)
class Tissue:
    """What fills a place.

    Attributes:
        echo_db: Backscatter of its many small scatterers.
        loss_db_cm: Two-way loss per cm beyond that of soft tissue, which the machine's depth gain
            already makes up for; negative for fluid, behind which echoes are therefore brighter.
        texture_db: Deviation of the backscatter from place to place.
        texture_mm: Size of those patches.
        density_mm2: Scatterers on a square millimetre of the plane. Where many share one cell of
            resolution, speckle is fully developed; a few show as separate grains.
    """

    echo_db: float
    loss_db_cm: float = 0.0
    texture_db: float = 0.0
    texture_mm: float = 3.0
    density_mm2: float = 30.0


FLUID = Tissue(-80.0, -2.0, density_mm2=4.0)
BLOOD = Tissue(-62.0, -1.6)
BONE = Tissue(-24.0, 60.0)
FAT = Tissue(-35.0, 0.4, 3.0, 5.0, 12.0)
MUSCLE = Tissue(-33.0, 0.3, 2.5, 3.0)

Part = tuple[slice, slice]
"""Samples and beams of a rectangle of the fields."""

EVERYWHERE: Part = (slice(None), slice(None))

_BELL_ENDS = 4.5
"""Deviations from its middle at which a surface's echo has fallen by more than 80 dB."""

_SLOPE_NEEDS = 2
"""Samples that a difference takes."""


class Scene:
    """The fields that a sector looks at; shape (samples, beams), see `Sector`."""

    def __init__(
        self,
        sector: Sector,
        rng: np.random.Generator,
        ground: Tissue,
        style: Style = Style.CLEAN,
    ) -> None:
        self.sector = sector
        self.rng = rng
        self.style = style
        self.x, self.y = sector.x, sector.y
        # Positions in the probe's own directions: layers of a body lie along its face.
        self.depth = np.broadcast_to(sector.depths, self.x.shape)
        self.arc = np.broadcast_to(sector.angles * np.float32(sector.middle_mm), self.x.shape)
        self.echo_db = np.full(self.x.shape, ground.echo_db, dtype=np.float32)
        self.loss_db_cm = np.full(self.x.shape, ground.loss_db_cm, dtype=np.float32)
        self.density_mm2 = np.full(self.x.shape, ground.density_mm2, dtype=np.float32)
        self.mirror = np.zeros(self.x.shape, dtype=np.float32)
        self._roughen(ground, np.ones_like(self.echo_db), EVERYWHERE)

    def fill(self, distance: Field, tissue: Tissue, *, edge_mm: float = 0.6) -> None:
        """Puts a tissue where `distance` (mm) is negative; what was there is gone."""
        part = _box(distance < edge_mm / 2)
        weight = np.clip(0.5 - distance[part] / edge_mm, 0.0, 1.0)
        for field, value in (
            (self.echo_db, tissue.echo_db),
            (self.loss_db_cm, tissue.loss_db_cm),
            (self.density_mm2, tissue.density_mm2),
        ):
            field[part] += weight * (value - field[part])
        self.mirror[part] *= 1 - weight
        self._roughen(tissue, weight, part)

    def line(
        self,
        distance: Field,
        echo_db: float,
        *,
        thickness_mm: float = 0.3,
        oblique: float = 0.15,
        strength: Field | float = 1.0,
    ) -> None:
        """Puts a smooth surface where `distance` is zero.

        It sends most sound back where the beam meets it squarely and least where it runs along.

        Args:
            distance: Distance to the surface in mm.
            echo_db: Echo when hit squarely.
            thickness_mm: Deviation of its bell-shaped thickness.
            oblique: Share of the amplitude that comes back at any angle, since it is rough.
            strength: Factor on the amplitude from place to place.
        """
        part = _box(np.abs(distance) < _BELL_ENDS * thickness_mm)
        near = distance[part]
        squarely = self.incidence(distance, part) ** 3
        bell = np.exp(-0.5 * (near / thickness_mm) ** 2)
        patchy = np.clip(1 + 0.3 * self.noise((5.0, 5.0), part=part), 0.2, 1.5)
        here = strength[part] if isinstance(strength, np.ndarray) else strength
        amplitude = (
            patchy * 10 ** (echo_db / 20) * bell * (oblique + (1 - oblique) * squarely) * here
        )
        self.mirror[part] = np.maximum(self.mirror[part], amplitude.astype(np.float32))

    def lighten(self, distance: Field, change_db: float, *, edge_mm: float) -> None:
        """Changes the backscatter where `distance` is negative and leaves the tissue in place."""
        self.echo_db += change_db * np.clip(0.5 - distance / edge_mm, 0.0, 1.0)

    def incidence(self, distance: Field, part: Part = EVERYWHERE) -> Field:
        """Cosine between the beam and the normal of the surface that `distance` measures from."""
        near = distance[part]
        if min(near.shape) < _SLOPE_NEEDS:
            return np.ones_like(near)
        along = np.gradient(near, self.sector.sample_mm, axis=0)
        across = np.gradient(near, self.sector.beam_step, axis=1)
        across = across / np.maximum(self.sector.radii[part[0]], 1.0)
        return np.asarray(np.abs(along) / np.maximum(np.hypot(along, across), 1e-4), np.float32)

    def warped(self, amount_mm: float, scale_mm: float) -> tuple[Field, Field]:
        """Gives x and y of every sample, bent: shapes drawn in them are no longer regular."""
        scale = (scale_mm, scale_mm)
        return (
            self.x + np.float32(amount_mm) * self.noise(scale, angle=0.0),
            self.y + np.float32(amount_mm) * self.noise(scale, angle=0.0),
        )

    def noise(self, scale: Point, *, angle: float | None = None, part: Part = EVERYWHERE) -> Field:
        """Random field that changes over `scale` mm along and across a direction.

        Args:
            scale: mm along and across.
            angle: The direction on the screen; None runs along the probe's face.
            part: Where it is wanted.
        """
        u, v = (self.arc, self.depth) if angle is None else (self.x, self.y)
        u, v = u[part], v[part]
        height, width = u.shape
        rows, columns = self._thinning(min(scale)) if self.style is Style.VARIED else (1, 1)
        u, v = u[::rows, ::columns], v[::rows, ::columns]
        if angle is not None:
            u, v = local(u, v, (0.0, 0.0), angle)
        field = smooth_noise(self.rng, u, v, scale)
        if field.shape == (height, width):
            return field
        return np.asarray(cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR))

    def _thinning(self, scale_mm: float) -> tuple[int, int]:
        """Every how many samples and beams a field of that scale need be drawn: half the time."""
        finest = scale_mm / 5
        along, across = self.sector.sample_mm, float(self.sector.pitch_mm[-1, 0])
        return int(np.clip(finest / along, 1, 12)), int(np.clip(finest / across, 1, 12))

    def _roughen(self, tissue: Tissue, weight: Field, part: Part) -> None:
        if tissue.texture_db:
            size = tissue.texture_mm
            coarse = self.noise((1.5 * size, size), part=part)
            fine = self.noise((0.6 * size, 0.4 * size), part=part)
            self.echo_db[part] += weight * np.float32(tissue.texture_db) * (coarse + 0.6 * fine)


def _box(wanted: npt.NDArray[np.bool_]) -> Part:
    """Gives the smallest part that holds all wanted samples, with two more at each side.

    Most shapes are small: painting only there takes a third of the time.
    """
    ranges = []
    for axis in (1, 0):
        found = np.flatnonzero(wanted.any(axis=axis))
        first, last = (int(found[0]), int(found[-1])) if len(found) else (0, 0)
        ranges.append(slice(max(first - 2, 0), last + 3))
    return ranges[0], ranges[1]
