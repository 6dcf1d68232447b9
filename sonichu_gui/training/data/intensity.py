"""Augmentation of the grey values: what another probe, gain or patient would have done.

Every function takes and returns (B, 1, S, S) float32 in about [0, 1] and draws from the given
generator only, so a step's pictures depend on nothing but its seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class IntensityRanges:
    """Strengths; each frame draws its own between none and the full one.

    Attributes:
        log_gamma, log_gain: half ranges of the logarithms of gamma and gain.
        fine_speckle: largest relative amplitude of the noise at the input's resolution.
        coarse_speckle: the same for blotches of four pixels.
        gain_field: half range of the logarithm of the slowly varying gain.
        blur: probability of a 3x3 smoothing.
        boxes: probability that one to three black boxes cover something.
        box_size: largest side of a box as a fraction of the frame's.
    """

    log_gamma: float = 0.4
    log_gain: float = 0.3
    fine_speckle: float = 0.25
    coarse_speckle: float = 0.25
    gain_field: float = 0.5
    blur: float = 0.25
    boxes: float = 0.4
    box_size: float = 0.35


def augment_intensity(
    images: Tensor, ranges: IntensityRanges, generator: torch.Generator
) -> Tensor:
    """Frames as they could have looked, clamped to [0, 1]."""
    count = len(images)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator)

    def each(low: float, high: float) -> Tensor:
        return (low + (high - low) * uniform(count))[:, None, None, None]

    gamma = torch.exp(each(-ranges.log_gamma, ranges.log_gamma))
    gain = torch.exp(each(-ranges.log_gain, ranges.log_gain))
    images = images.clamp_min(1e-4) ** gamma * gain
    side = images.shape[-1]
    for amplitude, cells in ((ranges.fine_speckle, side), (ranges.coarse_speckle, side // 4)):
        noise = _field(torch.randn((count, 1, cells, cells), generator=generator), side)
        images = images * (1 + each(0, amplitude) * noise)
    log_gain = _field(2 * uniform(count, 1, 4, 4) - 1, side)
    images = images * torch.exp(each(0, ranges.gain_field) * log_gain)
    smooth = functional.avg_pool2d(images, 3, stride=1, padding=1, count_include_pad=False)
    images = torch.where((uniform(count) < ranges.blur)[:, None, None, None], smooth, images)
    return _black_boxes(images, ranges, generator).clamp(0, 1)


def _field(noise: Tensor, side: int) -> Tensor:
    if noise.shape[-1] == side:
        return noise
    return functional.interpolate(noise, size=(side, side), mode="bilinear", align_corners=False)


def _black_boxes(images: Tensor, ranges: IntensityRanges, generator: torch.Generator) -> Tensor:
    """Rectangles such as hide a frame's screen text."""
    count, side = len(images), images.shape[-1]
    number = torch.randint(1, 4, (count,), generator=generator)
    number[torch.rand(count, generator=generator) >= ranges.boxes] = 0
    extent = 0.05 + (ranges.box_size - 0.05) * torch.rand((count, 3, 2), generator=generator)
    middle = torch.rand((count, 3, 2), generator=generator)
    position = (torch.arange(side) + 0.5) / side
    within = (position[None, None, None] - middle[..., None]).abs() < extent[..., None] / 2
    used = torch.arange(3)[None] < number[:, None]
    boxes = within[:, :, 1, :, None] & within[:, :, 0, None, :] & used[:, :, None, None]
    return images.masked_fill(boxes.any(dim=1, keepdim=True), 0.0)
