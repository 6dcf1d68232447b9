"""Geometric augmentation of a labelled frame: one affine map, one resampling.

Maps act on corner-origin pixels with square pixels, so a head keeps a head's shape; the network's
square input is reached in the same resampling. The map turns and scales about the middle of the
frame's keypoints and is drawn back so far that all of them stay inside the frame, since a heatmap
cannot point outside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from sonichu_gui.training.config import require_between
from sonichu_gui.training.data.label_rules import follow

if TYPE_CHECKING:
    from sonichu_gui.model.modeling_sonichu import TaskConfig

Floats = npt.NDArray[np.float64]
Grey = npt.NDArray[np.uint8]

# Frames are two to three times as large as the input: sampling each input pixel at 2x2 places and
# averaging keeps the speckle from aliasing, as the area resize at prediction does.
_OVERSAMPLING = 2


@dataclass(frozen=True, slots=True)
class GeometryRanges:
    """How far frames are turned, scaled, sheared, moved and flipped.

    Attributes:
        rotation_deg: standard deviation of the small rotations.
        any_rotation: share of frames turned by any angle instead.
        log_scale_low, log_scale_high: range of the logarithm of the scale.
        log_anisotropy: standard deviation of the logarithm of the ratio of x to y scale.
        shear: standard deviation of the shear.
        shift: largest move as a fraction of the frame's width and height.
        flip_x, flip_y: probabilities of mirroring left-right and up-down. Whoever answers with TTA
            is asked about mirrored frames, and must have met them.
        identity: share of frames left as they are but for the flip.
        margin: distance the points keep from the frame's border, as a fraction of its size.
    """

    rotation_deg: float = 12.0
    any_rotation: float = 0.0
    log_scale_low: float = -0.3
    log_scale_high: float = 0.25
    log_anisotropy: float = 0.07
    shear: float = 0.05
    shift: float = 0.08
    flip_x: float = 0.5
    flip_y: float = 0.0
    identity: float = 0.1
    margin: float = 0.004

    def __post_init__(self) -> None:
        """Refuses what no frame can be put through."""
        require_between(
            self,
            rotation_deg=(0, 180),
            any_rotation=(0, 1),
            log_scale_low=(-3, self.log_scale_high),
            log_scale_high=(self.log_scale_low, 3),
            log_anisotropy=(0, 1),
            shear=(0, 2),
            shift=(0, 1),
            flip_x=(0, 1),
            flip_y=(0, 1),
            identity=(0, 1),
            margin=(0, 0.4),
        )


@dataclass(frozen=True, slots=True)
class AffineMap:
    """The map from source to output pixels, ``y = matrix @ (x - source) + target``.

    Attributes:
        matrix: (2, 2).
        source: (2,) the fixed centre in the source frame.
        target: (2,) where that centre comes to lie.
    """

    matrix: Floats
    source: Floats
    target: Floats

    def __call__(self, points: Floats) -> Floats:
        """(K, 2) source pixels -> (K, 2) output pixels."""
        return (points - self.source) @ self.matrix.T + self.target

    @property
    def mirrors(self) -> bool:
        """Whether left and right change places."""
        return bool(np.linalg.det(self.matrix) < 0)


def draw_linear(ranges: GeometryRanges, rng: np.random.Generator) -> Floats:
    """(2, 2) linear part: flip, then anisotropy and shear, then scale and rotation."""
    angle = rng.normal() * math.radians(ranges.rotation_deg)
    whole = rng.uniform(0, 2 * math.pi)
    if rng.uniform() < ranges.any_rotation:
        angle = whole
    scale = math.exp(rng.uniform(ranges.log_scale_low, ranges.log_scale_high))
    ratio = math.exp(rng.normal() * ranges.log_anisotropy / 2)
    shear = rng.normal() * ranges.shear
    flip_x, flip_y = rng.uniform(size=2) < (ranges.flip_x, ranges.flip_y)
    if rng.uniform() < ranges.identity:
        angle, scale, ratio, shear = 0.0, 1.0, 1.0, 0.0
    cosine, sine = math.cos(angle), math.sin(angle)
    rotation = np.array([[cosine, -sine], [sine, cosine]])
    stretch = np.array([[ratio, shear], [0.0, 1 / ratio]])
    flip = np.diag([-1.0 if flip_x else 1.0, -1.0 if flip_y else 1.0])
    linear: Floats = scale * rotation @ stretch @ flip
    return linear


def draw_map(
    ranges: GeometryRanges,
    points: Floats,
    size: Floats,
    task: TaskConfig,
    *,
    rule: str,
    rng: np.random.Generator,
) -> AffineMap:
    """A map under which all of the task's points lie inside the frame.

    Args:
        ranges: what is drawn from.
        points: (K, 2) corner-origin pixels of the source.
        size: (2,) width and height, of source and output alike.
        task: whose points they are.
        rule: how its labels follow a map, see `label_rules.RULES`.
        rng: what decides.
    """
    linear = draw_linear(ranges, rng)
    shift = rng.uniform(-1, 1, 2) * ranges.shift * size
    centre = points.mean(axis=0)
    about = AffineMap(linear, centre, np.zeros(2))
    moved = follow(about, points, task, rule=rule)
    low, high = moved.min(axis=0), moved.max(axis=0)
    room = size * (1 - 2 * ranges.margin)
    shrink = min(1.0, float((room / np.maximum(high - low, 1e-9)).min()))
    linear, low, high = linear * shrink, low * shrink, high * shrink
    margin = size * ranges.margin
    target = np.minimum(np.maximum(centre + shift, margin - low), size - margin - high)
    return AffineMap(linear, centre, target)


def warp(image: Grey, affine: AffineMap, size: Floats, *, size_px: int) -> Grey:
    """The mapped frame at the network's input size.

    Args:
        image: (H, W) grey; its scale is that of ``affine``'s source.
        affine: in corner-origin pixels.
        size: (2,) width and height of source and output.
        size_px: side of the square result.

    Returns:
        (size_px, size_px); black where the map reaches outside the frame.
    """
    side = size_px * _OVERSAMPLING
    back = np.linalg.inv(affine.matrix)
    # output index i has its centre at the fraction (i + 0.5) / side of the frame
    linear = back * (size / side)
    offset = back @ (size * 0.5 / side - affine.target) + affine.source - 0.5
    fine = cv2.warpAffine(
        image,
        np.column_stack([linear, offset]),
        (side, side),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    )
    coarse = cv2.resize(fine, (size_px, size_px), interpolation=cv2.INTER_AREA)
    return np.asarray(coarse, np.uint8)
