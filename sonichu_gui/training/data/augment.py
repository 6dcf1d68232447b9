"""Geometric augmentation of labelled ellipses: one affine map a frame, one resampling a batch.

Maps act on corner-origin pixels with square pixels, so a head keeps a head's shape; the network's
256x256 input is reached in the same resampling. The map turns and scales about the ellipse's own
centre and is drawn back so far that all ends stay inside the frame, since a heatmap cannot point
outside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from sonichu_gui.training.data.ellipse import ellipse_from_ends, ends_from_ellipse

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
        flip_x, flip_y: probabilities of mirroring left-right and up-down.
        identity: share of frames left as they are but for the flip.
        margin: distance the ends keep from the frame's border, as a fraction of its size.
    """

    rotation_deg: float = 20.0
    any_rotation: float = 0.3
    log_scale_low: float = -0.35
    log_scale_high: float = 0.3
    log_anisotropy: float = 0.07
    shear: float = 0.06
    shift: float = 0.1
    flip_x: float = 0.5
    flip_y: float = 0.2
    identity: float = 0.1
    margin: float = 0.004


@dataclass(frozen=True, slots=True)
class AffineMaps:
    """Maps from source to output pixels, ``y = matrix @ (x - source) + target``.

    Attributes:
        matrix: (B, 2, 2).
        source: (B, 2) the fixed centre in the source frame.
        target: (B, 2) where that centre comes to lie.
    """

    matrix: Tensor
    source: Tensor
    target: Tensor


def draw_matrices(ranges: GeometryRanges, count: int, generator: torch.Generator) -> Tensor:
    """(B, 2, 2) linear parts: flip, then anisotropy and shear, then scale and rotation."""

    def uniform() -> Tensor:
        return torch.rand(count, generator=generator, dtype=torch.float64)

    def normal() -> Tensor:
        return torch.randn(count, generator=generator, dtype=torch.float64)

    small, whole = normal() * math.radians(ranges.rotation_deg), uniform() * 2 * math.pi
    angle = torch.where(uniform() < ranges.any_rotation, whole, small)
    span = ranges.log_scale_high - ranges.log_scale_low
    scale = torch.exp(ranges.log_scale_low + span * uniform())
    ratio = torch.exp(normal() * ranges.log_anisotropy / 2)
    shear = normal() * ranges.shear
    flip_x = torch.where(uniform() < ranges.flip_x, -1.0, 1.0).double()
    flip_y = torch.where(uniform() < ranges.flip_y, -1.0, 1.0).double()
    still = uniform() < ranges.identity
    angle, shear = angle.masked_fill(still, 0.0), shear.masked_fill(still, 0.0)
    scale, ratio = scale.masked_fill(still, 1.0), ratio.masked_fill(still, 1.0)
    rotation = _matrix(angle.cos(), -angle.sin(), angle.sin(), angle.cos())
    zero = torch.zeros_like(shear)
    stretch = _matrix(ratio, shear, zero, 1 / ratio)
    flip = _matrix(flip_x, zero, zero, flip_y)
    return scale[:, None, None] * rotation @ stretch @ flip


def maps_keeping_ends_inside(
    *, linear: Tensor, shift: Tensor, points: Tensor, sizes: Tensor, margin: float
) -> AffineMaps:
    """Complete linear parts to maps under which all four ends lie inside the frame.

    Args:
        linear: (B, 2, 2).
        shift: (B, 2) wanted move of the centre in pixels.
        points: (B, 4, 2) ends of axes in the source frame.
        sizes: (B, 2) width and height, of source and output alike.
        margin: as in GeometryRanges.
    """
    centre, matrix = ellipse_from_ends(points)
    reach = _reach(linear @ matrix, centre)
    room = sizes * (1 - 2 * margin)
    shrink = (room / (2 * reach)).amin(dim=1).clamp_max(1.0)
    linear, reach = linear * shrink[:, None, None], reach * shrink[:, None]
    low = reach + sizes * margin
    target = torch.minimum(torch.maximum(centre + shift, low), sizes - low)
    return AffineMaps(linear, centre, target)


def map_ends(maps: AffineMaps, points: Tensor) -> Tensor:
    """Ends of the axes (B, 4, 2) of the mapped ellipses, in the task's order."""
    centre, matrix = ellipse_from_ends(points)
    moved = (maps.matrix @ (centre - maps.source)[..., None])[..., 0] + maps.target
    return ends_from_ellipse(moved, maps.matrix @ matrix)


def warp(images: Tensor, maps: AffineMaps, sizes: Tensor, *, size_px: int) -> Tensor:
    """The mapped frames at the network's input size.

    Args:
        images: (B, H, W) uint8 on a common canvas, each frame at its top left.
        maps: in corner-origin pixels of the frames.
        sizes: (B, 2) width and height of each frame.
        size_px: side of the square result.

    Returns:
        (B, 1, size_px, size_px) float32 in [0, 1]; black where a map reaches outside the canvas.
    """
    canvas = torch.tensor([images.shape[2], images.shape[1]], dtype=torch.float64)
    inverse = torch.linalg.inv(maps.matrix)
    # grid_sample's coordinates are 2 u - 1 with u a corner-origin fraction, on both sides
    linear = inverse * sizes[:, None, :] / canvas[None, :, None]
    middle = (inverse @ (sizes / 2 - maps.target)[..., None])[..., 0] + maps.source
    offset = 2 * middle / canvas - 1
    theta = torch.cat((linear, offset[..., None]), dim=2).float()
    side = size_px * _OVERSAMPLING
    grid = functional.affine_grid(theta, [len(images), 1, side, side], align_corners=False)
    source = images[:, None].float() / 255
    fine = functional.grid_sample(source, grid, padding_mode="zeros", align_corners=False)
    return functional.avg_pool2d(fine, _OVERSAMPLING)


def _reach(matrix: Tensor, centre: Tensor) -> Tensor:
    """Half extents (B, 2) of the ends of the axes about the centre."""
    return (ends_from_ellipse(centre, matrix) - centre[:, None]).abs().amax(dim=1)


def _matrix(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    return torch.stack((torch.stack((a, b), dim=1), torch.stack((c, d), dim=1)), dim=1)
