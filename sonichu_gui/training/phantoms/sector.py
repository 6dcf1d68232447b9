"""Where the beams of a probe run on the screen, and the way from beams to pixels.

Lengths are millimetres with x right, y down and (0, 0) = centre of the frame's top-left pixel, so
millimetres are pixels times `mm_per_px`. Samples along the beams are arrays of shape
(samples, beams): the first axis runs away from the probe, the second from left to right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]
Point = tuple[float, float]

SAMPLES_PER_PIXEL = 1.25
BEAMS = 448
MARGIN_BEAMS = 24
"""Beams computed beyond either edge: lateral blurring needs neighbours there."""


@dataclass(frozen=True, slots=True)
class Probe:
    """An array of any kind.

    Attributes:
        radius_mm: Radius of its face; small for a phased or endocavity array. See `LinearSector`
            for a flat one.
        half_angle: Half of the opening angle in radians.
        frequency_mhz: Centre frequency.
        f_number: Focal length over aperture; sets the width of the beam.
    """

    radius_mm: float
    half_angle: float
    frequency_mhz: float
    f_number: float

    @property
    def wavelength_mm(self) -> float:
        """Wavelength in soft tissue, where sound travels at 1540 m/s."""
        return 1.54 / self.frequency_mhz


@dataclass(frozen=True)
class Sector:
    """The field of view of a probe on a frame.

    Attributes:
        probe: What sends the beams.
        face_mm: (x, y) of the middle of the probe's face; above the frame when y is negative.
        depth_mm: How far from the face the beams are shown.
        mm_per_px: Size of the square pixels.
        width: Frame width in pixels.
        height: Frame height in pixels.
    """

    probe: Probe
    face_mm: Point
    depth_mm: float
    mm_per_px: float
    width: int
    height: int

    @property
    def apex_mm(self) -> Point:
        """The point that all beams come from, behind the face."""
        return self.face_mm[0], self.face_mm[1] - self.probe.radius_mm

    @cached_property
    def depths(self) -> Field:
        """Distance of every sample from the face in mm, shape (samples, 1)."""
        count = math.ceil(self.depth_mm / self.mm_per_px * SAMPLES_PER_PIXEL)
        return np.linspace(0.0, self.depth_mm, count, dtype=np.float32)[:, None]

    @property
    def sample_mm(self) -> float:
        """Distance of neighbouring samples on a beam."""
        return float(self.depths[1, 0] - self.depths[0, 0])

    @property
    def beam_step(self) -> float:
        """Angle between neighbouring beams in radians."""
        return 2 * self.probe.half_angle / (BEAMS - 1)

    @cached_property
    def angles(self) -> Field:
        """Angle of every beam from the vertical, positive to the right, shape (1, beams)."""
        half = self.probe.half_angle + MARGIN_BEAMS * self.beam_step
        return np.linspace(-half, half, BEAMS + 2 * MARGIN_BEAMS, dtype=np.float32)[None, :]

    @cached_property
    def radii(self) -> Field:
        """Distance of every sample from the apex in mm, shape (samples, 1)."""
        return self.depths + np.float32(self.probe.radius_mm)

    @property
    def pitch_mm(self) -> Field:
        """Distance between neighbouring beams at every depth, shape (samples, 1)."""
        return self.radii * np.float32(self.beam_step)

    @property
    def middle_mm(self) -> float:
        """Radius at which an angle stands for its typical length across the beams."""
        return self.probe.radius_mm + self.depth_mm / 2

    @cached_property
    def x(self) -> Field:
        """Screen x of every sample in mm."""
        return np.asarray(self.apex_mm[0] + self.radii * np.sin(self.angles), dtype=np.float32)

    @cached_property
    def y(self) -> Field:
        """Screen y of every sample in mm."""
        return np.asarray(self.apex_mm[1] + self.radii * np.cos(self.angles), dtype=np.float32)

    def to_screen(self, samples: Field) -> Field:
        """Gives the frame (height, width) of values along the beams; 0 outside the sector."""
        depth, angle = self.beams_at(
            np.arange(self.width, dtype=np.float32)[None, :] * self.mm_per_px,
            np.arange(self.height, dtype=np.float32)[:, None] * self.mm_per_px,
        )
        across = (angle + self.probe.half_angle) / self.beam_step + MARGIN_BEAMS
        frame = cv2.remap(
            samples,
            across.astype(np.float32),
            (depth / self.sample_mm).astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        seen = (depth >= 0) & (depth <= self.depth_mm) & (np.abs(angle) <= self.probe.half_angle)
        return np.where(seen, frame, 0.0).astype(np.float32)

    def beams_at(self, x: Field, y: Field) -> tuple[Field, Field]:
        """Gives depth below the face in mm and angle of the beam that meets places of the screen.

        Args:
            x: Screen x in mm; goes together with `y` by broadcasting.
            y: Screen y in mm.
        """
        columns, rows = np.broadcast_arrays(x - self.apex_mm[0], y - self.apex_mm[1])
        return np.hypot(columns, rows) - self.probe.radius_mm, np.arctan2(columns, rows)


LINEAR_RADIUS_MM = 100.0
"""A beam of a flat face is named by its position in mm over this, in place of its angle."""


@dataclass(frozen=True)
class LinearSector(Sector):
    """The field of view of a flat array: parallel beams, straight down from its face.

    Its probe has `LINEAR_RADIUS_MM` for radius and half the length of the face over that for angle,
    so that whatever counts in angles (contact with the skin, the edge of the image) holds here too.
    """

    @property
    def apex_mm(self) -> Point:
        """The middle of the face: parallel beams meet nowhere."""
        return self.face_mm

    @cached_property
    def radii(self) -> Field:
        """The same at every depth: beams stay as far apart as they start."""
        return np.full_like(self.depths, LINEAR_RADIUS_MM)

    @property
    def middle_mm(self) -> float:
        """Radius at which an angle stands for its length across the beams."""
        return LINEAR_RADIUS_MM

    @cached_property
    def x(self) -> Field:
        """Screen x of every sample in mm."""
        x = np.float32(self.face_mm[0]) + np.float32(LINEAR_RADIUS_MM) * self.angles
        return np.ascontiguousarray(np.broadcast_to(x, (len(self.depths), x.shape[1])))

    @cached_property
    def y(self) -> Field:
        """Screen y of every sample in mm."""
        y = np.float32(self.face_mm[1]) + self.depths
        return np.ascontiguousarray(np.broadcast_to(y, (len(y), self.angles.shape[1])))

    def beams_at(self, x: Field, y: Field) -> tuple[Field, Field]:
        """Gives depth below the face in mm and the beam (see `LINEAR_RADIUS_MM`) at places."""
        columns, rows = np.broadcast_arrays(x - self.face_mm[0], y - self.face_mm[1])
        return np.asarray(rows, np.float32), np.asarray(columns / LINEAR_RADIUS_MM, np.float32)


def linear_probe(*, width_mm: float, frequency_mhz: float, f_number: float) -> Probe:
    """Gives the probe of a `LinearSector` whose face is `width_mm` long."""
    return Probe(LINEAR_RADIUS_MM, width_mm / 2 / LINEAR_RADIUS_MM, frequency_mhz, f_number)
