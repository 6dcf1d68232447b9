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
    """A curved or phased array.

    Attributes:
        radius_mm: Radius of its face; small for a phased or endocavity array.
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
        columns, rows = np.meshgrid(
            np.arange(self.width, dtype=np.float32) * self.mm_per_px - self.apex_mm[0],
            np.arange(self.height, dtype=np.float32) * self.mm_per_px - self.apex_mm[1],
        )
        radius, angle = np.hypot(columns, rows), np.arctan2(columns, rows)
        along = (radius - self.probe.radius_mm) / self.sample_mm
        across = (angle + self.probe.half_angle) / self.beam_step + MARGIN_BEAMS
        frame = cv2.remap(
            samples,
            across.astype(np.float32),
            along.astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        depth = radius - self.probe.radius_mm
        seen = (depth >= 0) & (depth <= self.depth_mm) & (np.abs(angle) <= self.probe.half_angle)
        return np.where(seen, frame, 0.0).astype(np.float32)
