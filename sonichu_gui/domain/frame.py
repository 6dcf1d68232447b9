"""A frame: the pixels of one picture, who it is, and how large its pixels are.

Pixel convention of the whole program: x runs right, y runs down, in float64, and (0, 0) is the
*centre* of the top-left pixel. The picture therefore covers [-0.5, width - 0.5] in x.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sonichu_gui.domain.calibration import Calibration

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FrameRef:
    """Identity of a frame: a renamed or moved file keeps its labels.

    Attributes:
        digest: SHA-256 of the file's bytes, lower-case hex.
        index: Zero-based index of the frame inside the file.
    """

    digest: str
    index: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture.

    Attributes:
        ref: Identity.
        pixels: uint8, read-only, (height, width) grey or (height, width, 3) RGB.
        calibration: What is known about the size of a pixel.
        time_ms: Time since the first frame of a cine, or None.
    """

    ref: FrameRef
    pixels: Pixels
    calibration: Calibration = field(default_factory=Calibration)
    time_ms: float | None = None

    def __post_init__(self) -> None:
        """Locks the pixels: a frame is shared between threads."""
        if self.pixels.dtype != np.uint8 or self.pixels.ndim not in (2, 3):
            raise ValueError(f"frame pixels are {self.pixels.dtype} {self.pixels.shape}")
        if self.pixels.ndim == 3 and self.pixels.shape[2] != 3:
            raise ValueError(f"colour frames have 3 channels, not {self.pixels.shape[2]}")
        self.pixels.setflags(write=False)

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])

    @property
    def is_color(self) -> bool:
        """Whether the pixels are RGB."""
        return self.pixels.ndim == 3

    def rgb(self) -> Pixels:
        """Pixels as (height, width, 3), the grey channel replicated where needed."""
        if self.is_color:
            return self.pixels
        return np.repeat(self.pixels[:, :, None], 3, axis=2)
