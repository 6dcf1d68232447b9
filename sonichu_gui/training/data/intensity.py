"""Augmentation of the grey values: what another probe, gain or patient would have done.

Every function takes and returns (S, S) float32 in about [0, 1] and draws from the given generator
only, so a sample's picture depends on nothing but its seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sonichu_gui.training.config import require_between
from sonichu_gui.training.data.marks import draw_marks

Picture = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class IntensityRanges:
    """Strengths; each frame draws its own between none and the full one.

    Attributes:
        log_gamma, log_gain: half ranges of the logarithms of gamma and gain.
        fine_speckle: largest relative amplitude of the noise at the input's resolution.
        coarse_speckle: the same for blotches of four pixels.
        gain_field: half range of the logarithm of the slowly varying gain.
        depth_gain: the same of the gain that varies with depth alone (TGC).
        blur: probability of a smoothing.
        boxes: probability that one to three black boxes cover something.
        box_size: largest side of a box as a fraction of the frame's.
        marks: probability of callipers, dotted lines and text.
    """

    log_gamma: float = 0.4
    log_gain: float = 0.3
    fine_speckle: float = 0.25
    coarse_speckle: float = 0.25
    gain_field: float = 0.5
    depth_gain: float = 0.3
    blur: float = 0.25
    boxes: float = 0.4
    box_size: float = 0.35
    marks: float = 0.15

    def __post_init__(self) -> None:
        """Refuses what no picture can be put through."""
        require_between(
            self,
            log_gamma=(0, 3),
            log_gain=(0, 3),
            fine_speckle=(0, 3),
            coarse_speckle=(0, 3),
            gain_field=(0, 3),
            depth_gain=(0, 3),
            blur=(0, 1),
            boxes=(0, 1),
            box_size=(0.05, 1),
            marks=(0, 1),
        )


def augment_intensity(
    picture: Picture, ranges: IntensityRanges, rng: np.random.Generator
) -> Picture:
    """The frame as it could have looked, clamped to [0, 1]."""
    side = picture.shape[0]
    gamma = np.exp(rng.uniform(-ranges.log_gamma, ranges.log_gamma))
    gain = np.exp(rng.uniform(-ranges.log_gain, ranges.log_gain))
    log_gain = rng.uniform(0, ranges.gain_field) * _field(rng, 4, 4, side)
    log_gain = log_gain + rng.uniform(0, ranges.depth_gain) * _field(rng, 5, 1, side)
    factor = np.exp(log_gain, dtype=np.float32) * np.float32(gain)
    for amplitude, cells in ((ranges.fine_speckle, side), (ranges.coarse_speckle, side // 4)):
        noise = rng.standard_normal((cells, cells), dtype=np.float32)
        factor *= 1 + np.float32(rng.uniform(0, amplitude)) * _spread(noise, side)
    shown = np.maximum(picture, 1e-4) ** np.float32(gamma) * factor
    if rng.uniform() < ranges.blur:
        shown = np.asarray(cv2.GaussianBlur(shown, (0, 0), rng.uniform(0.5, 1.0)), np.float32)
    if rng.uniform() < ranges.marks:
        draw_marks(shown, rng)
    if rng.uniform() < ranges.boxes:
        _black_boxes(shown, ranges.box_size, rng)
    return np.asarray(shown.clip(0, 1), np.float32)


def _field(rng: np.random.Generator, rows: int, columns: int, side: int) -> Picture:
    """A smooth random field in [-1, 1], (S, S), from a grid of ``rows`` x ``columns`` values."""
    grid = rng.uniform(-1, 1, (rows, columns)).astype(np.float32)
    return _spread(grid, side)


def _spread(grid: Picture, side: int) -> Picture:
    if grid.shape == (side, side):
        return grid
    return np.asarray(cv2.resize(grid, (side, side), interpolation=cv2.INTER_LINEAR), np.float32)


def _black_boxes(picture: Picture, largest: float, rng: np.random.Generator) -> None:
    """Rectangles such as hide a frame's screen text."""
    side = picture.shape[0]
    for _ in range(rng.integers(1, 4)):
        width, height = rng.uniform(0.05, largest, 2) * side
        x, y = rng.uniform(0, side, 2)
        rows = slice(max(round(y - height / 2), 0), max(round(y + height / 2), 0))
        columns = slice(max(round(x - width / 2), 0), max(round(x + width / 2), 0))
        picture[rows, columns] = 0
