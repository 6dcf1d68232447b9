"""The tissue under the probe: how strongly each place scatters, reflects and weakens sound.

Anatomy is painted back to front, like a picture. Echo strengths are decibels below a flat bone
surface that is hit at right angles (0 dB).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonichu_gui.training.phantoms.shapes import local, smooth_noise

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
    """

    echo_db: float
    loss_db_cm: float = 0.0
    texture_db: float = 0.0
    texture_mm: float = 3.0


FLUID = Tissue(-80.0, -2.0)
BLOOD = Tissue(-62.0, -1.6)
BONE = Tissue(-24.0, 60.0)
FAT = Tissue(-35.0, 0.4, 3.0, 5.0)
MUSCLE = Tissue(-33.0, 0.3, 2.5, 3.0)


class Scene:
    """The fields that a sector looks at; shape (samples, beams), see `Sector`."""

    def __init__(self, sector: Sector, rng: np.random.Generator, ground: Tissue) -> None:
        self.sector = sector
        self.rng = rng
        self.x, self.y = sector.x, sector.y
        # Positions in the probe's own directions: layers of a body lie along its face.
        self.depth = np.broadcast_to(sector.depths, self.x.shape)
        middle = sector.probe.radius_mm + sector.depth_mm / 2
        self.arc = np.broadcast_to(sector.angles * np.float32(middle), self.x.shape)
        self.echo_db = np.full(self.x.shape, ground.echo_db, dtype=np.float32)
        self.loss_db_cm = np.full(self.x.shape, ground.loss_db_cm, dtype=np.float32)
        self.mirror = np.zeros(self.x.shape, dtype=np.float32)
        self._roughen(ground, np.ones_like(self.echo_db))

    def fill(self, distance: Field, tissue: Tissue, *, edge_mm: float = 0.6) -> None:
        """Puts a tissue where `distance` (mm) is negative; what was there is gone."""
        weight = np.clip(0.5 - distance / edge_mm, 0.0, 1.0)
        self.echo_db += weight * (tissue.echo_db - self.echo_db)
        self.loss_db_cm += weight * (tissue.loss_db_cm - self.loss_db_cm)
        self.mirror *= 1 - weight
        self._roughen(tissue, weight)

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
        squarely = self.incidence(distance) ** 3
        bell = np.exp(-0.5 * (distance / thickness_mm) ** 2)
        patchy = np.clip(1 + 0.3 * self.noise((5.0, 5.0)), 0.2, 1.5)
        amplitude = (
            patchy * 10 ** (echo_db / 20) * bell * (oblique + (1 - oblique) * squarely) * strength
        )
        np.maximum(self.mirror, amplitude.astype(np.float32), out=self.mirror)

    def lighten(self, distance: Field, change_db: float, *, edge_mm: float) -> None:
        """Changes the backscatter where `distance` is negative and leaves the tissue in place."""
        self.echo_db += change_db * np.clip(0.5 - distance / edge_mm, 0.0, 1.0)

    def incidence(self, distance: Field) -> Field:
        """Cosine between the beam and the normal of the surface that `distance` measures from."""
        along = np.gradient(distance, self.sector.sample_mm, axis=0)
        across = np.gradient(distance, self.sector.beam_step, axis=1) / np.maximum(
            self.sector.radii, 1.0
        )
        return np.asarray(np.abs(along) / np.maximum(np.hypot(along, across), 1e-4), np.float32)

    def warped(self, amount_mm: float, scale_mm: float) -> tuple[Field, Field]:
        """Gives x and y of every sample, bent: shapes drawn in them are no longer regular."""
        scale = (scale_mm, scale_mm)
        return (
            self.x + np.float32(amount_mm) * self.noise(scale, angle=0.0),
            self.y + np.float32(amount_mm) * self.noise(scale, angle=0.0),
        )

    def noise(self, scale: Point, *, angle: float | None = None) -> Field:
        """Random field that changes over `scale` mm along and across a direction.

        Args:
            scale: mm along and across.
            angle: The direction on the screen; None runs along the probe's face.
        """
        if angle is None:
            return smooth_noise(self.rng, self.arc, self.depth, scale)
        return smooth_noise(self.rng, *local(self.x, self.y, (0.0, 0.0), angle), scale)

    def _roughen(self, tissue: Tissue, weight: Field) -> None:
        if tissue.texture_db:
            size = tissue.texture_mm
            field = self.noise((1.5 * size, size)) + 0.6 * self.noise((0.6 * size, 0.4 * size))
            self.echo_db += weight * np.float32(tissue.texture_db) * field
