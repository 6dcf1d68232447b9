"""What a scanner draws beside the image: a depth ruler with the focus, and the grey scale.

No text: a frame of this project never carries any that looks like a patient's.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from sonichu_gui.training.phantoms.echo import Machine
    from sonichu_gui.training.phantoms.sector import Sector

RULER_STEP_MM = 10.0
"""Depth between neighbouring ticks; every fifth tick is longer."""
MARGIN_PX = 34
"""Width of the black margin at the right border that holds the ruler."""

_TICK, _LONG_TICK, _FAINT = 6, 12, 150
_SUBPIXEL_BITS = 6


def add_ruler(frame: npt.NDArray[np.uint8], sector: Sector, machine: Machine) -> None:
    """Draws the ruler, the focus mark and the grey scale into a frame.

    Ticks are centred on their true depth below the middle of the probe's face to 1/64 px.
    """
    height, width = frame.shape
    frame[:, width - MARGIN_PX :] = 0
    right = width - 8
    for tick in range(math.floor(sector.depth_mm / RULER_STEP_MM) + 1):
        y = tick_row(sector, tick)
        length = _TICK if tick % 5 else _LONG_TICK
        if 0 <= y <= height - 1:
            _line(frame, (right - length, y), (right, y), 205 if tick % 5 == 0 else _FAINT)
    focus = (sector.face_mm[1] + machine.focus_mm) / sector.mm_per_px
    tip = np.array([(right - 16, focus), (right - 23, focus - 4), (right - 23, focus + 4)])
    cv2.fillPoly(
        frame,
        [np.rint(tip * (1 << _SUBPIXEL_BITS)).astype(np.int32)],
        _FAINT,
        cv2.LINE_AA,
        _SUBPIXEL_BITS,
    )
    ramp = np.linspace(255, 0, min(160, height // 3), dtype=np.float32)
    frame[24 : 24 + len(ramp), 8:16] = np.rint(ramp).astype(np.uint8)[:, None]


def tick_row(sector: Sector, tick: int) -> float:
    """Gives the row (pixel centres at integers) of a tick of the ruler, counted from the face."""
    return (sector.face_mm[1] + tick * RULER_STEP_MM) / sector.mm_per_px


def _line(
    frame: npt.NDArray[np.uint8], start: tuple[float, float], end: tuple[float, float], grey: int
) -> None:
    ends = [
        tuple(round(value * (1 << _SUBPIXEL_BITS)) for value in point) for point in (start, end)
    ]
    cv2.line(frame, ends[0], ends[1], grey, 1, cv2.LINE_AA, _SUBPIXEL_BITS)
