"""Random views of unlabelled frames: a crop in another size, and no change of grey values.

The crop is I-JEPA's random resized crop (0.3 to 1 of the area, aspect 3/4 to 4/3), drawn in the
square that the network is given at prediction. So the whole frame squeezed to a square lies in the
middle of what the encoder has met, and is not a shape that it never saw.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from sonichu_gui.model.modeling_sonichu import resize_frame
from sonichu_gui.training.config import require_between
from sonichu_gui.training.data.frames import Grey, GreyFrames
from sonichu_gui.training.data.rows_digest import rows_digest
from sonichu_gui.training.data.samples import network_input

if TYPE_CHECKING:
    from sonichu_gui.training.data.labels import FrameRow, LabelRow

ROOM = 1 << 30
"""Bytes of frames to keep in memory: some six thousand at 256 pixels of input."""

_KEPT_SIDE = 2  # in inputs: a crop of 0.3 of the area is a little more than half as wide
_PURPOSE = 0x1E35  # keeps these random numbers apart from others of the same seed
_TRIES = 10


@dataclass(frozen=True, slots=True)
class ViewConfig:
    """How frames are cut.

    Attributes:
        scale_low, scale_high: area of the crop, of the frame's.
        aspect_low, aspect_high: width over height of the crop, the frame being a square.
        flip: probability of mirroring left-right.
    """

    scale_low: float = 0.3
    scale_high: float = 1.0
    aspect_low: float = 3 / 4
    aspect_high: float = 4 / 3
    flip: float = 0.0

    def __post_init__(self) -> None:
        """Refuses crops that lie in no frame."""
        require_between(
            self,
            scale_low=(1e-3, self.scale_high),
            scale_high=(1e-3, 1),
            aspect_low=(0.1, self.aspect_high),
            aspect_high=(0.1, 10),
            flip=(0, 1),
        )


@dataclass(frozen=True, slots=True)
class Views:
    """A batch: ``pixel_values`` (B, 3, S, S) as the network takes them."""

    pixel_values: Tensor

    def to(self, device: torch.device) -> Views:
        """The batch on another device."""
        return Views(self.pixel_values.to(device, non_blocking=True))


class FrameViews:
    """Views of frames, each a function of (seed, epoch, index) alone.

    Args:
        rows: whose frames they are.
        images: folder that their paths start from, for rows that do not say it themselves.
        config: how they are cut.
        size_px: side of a view.
        seed: of all draws.
        room: bytes of frames that may be kept in memory; the others are read again.
    """

    def __init__(
        self,
        rows: Sequence[LabelRow | FrameRow],
        images: Path,
        config: ViewConfig,
        *,
        size_px: int,
        seed: int,
        room: int = ROOM,
    ) -> None:
        self._frames = GreyFrames(rows, images, largest_side=_KEPT_SIDE * size_px, room=room)
        self.digest = rows_digest(rows)
        self._config, self._size_px, self._seed = config, size_px, seed
        self._epoch = 0

    def __len__(self) -> int:
        return len(self._frames)

    def set_epoch(self, epoch: int) -> None:
        """Chooses the draws of a pass."""
        self._epoch = epoch

    def __getitem__(self, index: int) -> Grey:
        """A random view (S, S) of a frame.

        Raises:
            FrameError: it cannot be read.
        """
        rng = np.random.default_rng((_PURPOSE, self._seed, self._epoch, index))
        return draw_view(self._frames[index][0], self._config, size_px=self._size_px, rng=rng)

    def whole(self, index: int) -> Grey:
        """The frame (S, S) as it is at prediction: uncropped."""
        return resize_frame(self._frames[index][0], self._size_px)

    def collate(self, views: Sequence[Grey]) -> Views:
        """The batch of these views."""
        grey = torch.from_numpy(np.stack(views)[:, None]).float() / 255
        return Views(network_input(grey))


def draw_view(grey: Grey, config: ViewConfig, *, size_px: int, rng: np.random.Generator) -> Grey:
    """A random crop of a frame (h, w) as a square of ``size_px``."""
    left, top, right, bottom = draw_crop(config, rng)
    height, width = grey.shape
    across = slice(round(left * width), max(round(right * width), round(left * width) + 1))
    down = slice(round(top * height), max(round(bottom * height), round(top * height) + 1))
    view = resize_frame(grey[down, across], size_px)
    return np.ascontiguousarray(view[:, ::-1]) if rng.random() < config.flip else view


def draw_crop(config: ViewConfig, rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a crop of the unit square; the whole of it after ten misses.

    The area is uniform, the aspect uniform in its logarithm.
    """
    low, high = math.log(config.aspect_low), math.log(config.aspect_high)
    for _ in range(_TRIES):
        area = rng.uniform(config.scale_low, config.scale_high)
        aspect = math.exp(rng.uniform(low, high))
        width, height = math.sqrt(area * aspect), math.sqrt(area / aspect)
        if width <= 1 and height <= 1:
            left, top = rng.uniform(0, 1 - width), rng.uniform(0, 1 - height)
            return left, top, left + width, top + height
    return 0.0, 0.0, 1.0, 1.0
