"""What scanners and archives put over a frame: rulers, grey bar, settings, marks, black boxes.

Text is settings of a machine and nothing else: no word or number here could be a person's name, a
number of theirs or a date. Marks of callipers lie anywhere: they must not tell where a point is.
Margins and boxes hide no keypoint: nobody labels what is not on the picture.
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

Pixels = npt.NDArray[np.uint8]
Corner = tuple[int, int]
"""0 or 1 across and down: left or right, upper or lower."""

_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_DUPLEX)
_SIZE_OF_FONT = {cv2.FONT_HERSHEY_PLAIN: 1.7}
"""How much smaller than the first a font is drawn at the same scale."""

_SETTINGS = (
    *("FR {n}Hz", "{x}MHz", "D {n}cm", "Depth {n}", "Gn {n}", "G {n}%", "Gain {n}dB", "DR {n}"),
    *("MI {x}", "TIs {x}", "TIb {x}", "Map {d}", "P {n}%", "PWR {n}", "FPS {n}", "Dyn {n}dB"),
    *(
        "C {d}-{d}",
        "S{d}/P{d}",
        "FA {d}",
        "XRes",
        "HAR",
        "2D",
        "Gen",
        "Res",
        "Pen",
        "Zoom",
        "Z {x}",
    ),
)
"""Templates: n below 100, d one digit, x one decimal."""


def dress(
    frame: Pixels,
    keypoints: npt.NDArray[np.float64],
    sector: Sector,
    machine: Machine,
    rng: np.random.Generator,
) -> None:
    """Puts a screen's furniture into a frame; which and where, the seed chooses."""
    if rng.random() < 0.25:
        _marks(frame, rng)
    if rng.random() < 0.35:
        _crop(frame, keypoints, rng)
    if rng.random() < 0.6:
        _grey_bar(frame, rng)
    for side in (-1, 1):
        if rng.random() < 0.35:
            ruler(frame, sector, machine, rng, side)
    corners = [(across, down) for across in (0, 1) for down in (0, 1)]
    taken = [corners[index] for index in rng.permutation(4)]
    for corner in taken[: int(rng.integers(0, 4))]:
        _settings(frame, rng, corner)
    if rng.random() < 0.25:
        _logo(frame, rng, taken[3])
    for index in rng.permutation(4)[: int(rng.choice(4, p=(0.35, 0.3, 0.2, 0.15)))]:
        black_box(frame, keypoints, rng, corners[index])


def setting(rng: np.random.Generator) -> str:
    """Gives a line of text as scanners show it: a machine setting with a random value."""
    template = _SETTINGS[int(rng.integers(len(_SETTINGS)))]
    digits = rng.integers(1, 10, 2)
    return (
        template.replace("{n}", str(int(rng.integers(5, 100))))
        .replace("{x}", f"{rng.uniform(0.1, 9.9):.1f}")
        .replace("{d}", str(digits[0]), 1)
        .replace("{d}", str(digits[1]))
    )


def _grey(rng: np.random.Generator) -> int:
    return int(rng.integers(90, 256))


def _block(frame: Pixels, corner: Corner, size: tuple[int, int], inset: int) -> tuple[int, int]:
    """Gives left and top of a block of `size` (width, height) near a corner of the frame."""
    height, width = frame.shape
    left = width - inset - size[0] if corner[0] else inset
    top = height - inset - size[1] if corner[1] else inset
    return max(left, 0), max(top, 0)


def _settings(frame: Pixels, rng: np.random.Generator, corner: Corner) -> None:
    """Writes one to six lines of settings in a corner."""
    font = _FONTS[int(rng.integers(len(_FONTS)))]
    scale = rng.uniform(0.3, 0.55) * frame.shape[0] / 540 * _SIZE_OF_FONT.get(font, 1.0)
    lines = [setting(rng) for _ in range(int(rng.integers(1, 7)))]
    sizes = [cv2.getTextSize(line, font, scale, 1)[0] for line in lines]
    step = round(max(height for _, height in sizes) * rng.uniform(1.4, 1.9)) + 1
    block = (max(width for width, _ in sizes), step * len(lines))
    left, top = _block(frame, corner, block, int(rng.integers(2, 30)))
    grey = _grey(rng)
    for number, line in enumerate(lines, start=1):
        at = (left, top + number * step - step // 4)
        cv2.putText(frame, line, at, font, scale, grey, 1, cv2.LINE_AA)


def _logo(frame: Pixels, rng: np.random.Generator, corner: Corner) -> None:
    """Draws a small block of shapes where makers put their mark."""
    size = int(rng.integers(12, 40))
    left, top = _block(frame, corner, (2 * size, size), int(rng.integers(2, 50)))
    grey, middle = _grey(rng), (left + size // 2, top + size // 2)
    if rng.random() < 0.5:
        cv2.circle(frame, middle, size // 2, grey, -1, cv2.LINE_AA)
        cv2.circle(frame, middle, size // 4, 0, -1, cv2.LINE_AA)
    else:
        cv2.rectangle(frame, (left, top), (left + size, top + size), grey, 1 + size // 12)
    bar = top + int(rng.integers(0, max(size // 2, 1)))
    cv2.rectangle(frame, (left + size + 3, bar), (left + 2 * size, bar + size // 4), grey, -1)


def _grey_bar(frame: Pixels, rng: np.random.Generator) -> None:
    """Draws the grey scale, white above, at either side."""
    height, width = frame.shape
    length, thick = round(height * rng.uniform(0.15, 0.45)), int(rng.integers(4, 14))
    left = int(rng.integers(0, 12))
    if rng.random() < 0.35:
        left = width - left - thick
    top = round(height * rng.uniform(0.02, 0.3))
    ramp = np.linspace(255, 0, length, dtype=np.float32)
    frame[top : top + length, left : left + thick] = np.rint(ramp).astype(np.uint8)[:, None]


def ruler(
    frame: Pixels, sector: Sector, machine: Machine, rng: np.random.Generator, side: int
) -> None:
    """Draws a depth ruler at the left (-1) or right (1), true to scale, and the focus beside it."""
    width = frame.shape[1]
    inset, tick, grey = int(rng.integers(2, 26)), int(rng.integers(2, 9)), _grey(rng)
    x = inset if side < 0 else width - 1 - inset
    step_mm, long_every = (5.0, 2) if rng.random() < 0.4 else (10.0, 5)
    dots = rng.random() < 0.3
    for number in range(math.floor(sector.depth_mm / step_mm) + 1):
        y = round((sector.face_mm[1] + number * step_mm) / sector.mm_per_px)
        length = tick if number % long_every else 2 * tick
        if dots:
            cv2.circle(frame, (x, y), 1 + (number % long_every == 0), grey, -1)
        else:
            cv2.line(frame, (x, y), (x - side * length, y), grey, 1)
        if number % long_every == 0 and number and rng.random() < 0.5:
            at = (x - side * (2 * tick + 4) - (22 if side > 0 else 0), y + 4)
            text = str(round(number * step_mm / 10))
            cv2.putText(frame, text, at, cv2.FONT_HERSHEY_PLAIN, 0.8, grey, 1, cv2.LINE_AA)
    focus = round((sector.face_mm[1] + machine.focus_mm) / sector.mm_per_px)
    tip = np.array([(x, focus), (x - side * 8, focus - 4), (x - side * 8, focus + 4)])
    cv2.fillPoly(frame, [tip.astype(np.int32)], grey, cv2.LINE_AA)


def _marks(frame: Pixels, rng: np.random.Generator) -> None:
    """Draws calliper ends, some joined by dots, and at times a dotted ellipse, all anywhere."""
    height, width = frame.shape
    shape = int(rng.choice((cv2.MARKER_CROSS, cv2.MARKER_TILTED_CROSS, cv2.MARKER_STAR)))
    size, grey = int(rng.integers(6, 15)), _grey(rng)
    for _ in range(int(rng.integers(1, 4))):
        ends = [
            (int(rng.uniform(0.1, 0.9) * width), int(rng.uniform(0.1, 0.9) * height))
            for _ in range(2)
        ]
        for end in ends:
            cv2.drawMarker(frame, end, grey, shape, size, 1, cv2.LINE_AA)
        if rng.random() < 0.5:
            for share in np.linspace(0, 1, 30):
                dot = np.rint((1 - share) * np.array(ends[0]) + share * np.array(ends[1]))
                frame[int(dot[1]), int(dot[0])] = grey
    if rng.random() < 0.15:
        middle = (rng.uniform(0.3, 0.7) * width, rng.uniform(0.3, 0.7) * height)
        half = (rng.uniform(0.1, 0.35) * width, rng.uniform(0.1, 0.3) * height)
        for turn in np.linspace(0, 2 * math.pi, 120):
            x, y = middle[0] + half[0] * math.cos(turn), middle[1] + half[1] * math.sin(turn)
            if 0 <= x < width and 0 <= y < height:
                frame[int(y), int(x)] = grey


def _crop(frame: Pixels, keypoints: npt.NDArray[np.float64], rng: np.random.Generator) -> None:
    """Blackens margins, as where the image has a window of its own on the screen."""
    height, width = frame.shape
    top, bottom, left, right = (
        round(share * size)
        for share, size in zip(
            rng.uniform(0, 0.06, 4) * (rng.random(4) < 0.6),
            (height, height, width, width),
            strict=True,
        )
    )
    _blacken(frame, keypoints, (0, 0), (width, top))
    _blacken(frame, keypoints, (0, height - bottom), (width, height))
    _blacken(frame, keypoints, (0, 0), (left, height))
    _blacken(frame, keypoints, (width - right, 0), (width, height))


def black_box(
    frame: Pixels,
    keypoints: npt.NDArray[np.float64],
    rng: np.random.Generator,
    corner: Corner,
) -> None:
    """Hides a corner, as archives do with text that names somebody."""
    height, width = frame.shape
    wide, high = rng.uniform(0.04, 0.3), rng.uniform(0.03, 0.18)
    if rng.random() < 0.15:
        wide, high = rng.uniform(0.05, 0.14), rng.uniform(0.1, 0.3)
    size = (round(wide * width), round(high * height))
    inset = 0 if rng.random() < 0.7 else int(rng.integers(0, 40))
    left, top = _block(frame, corner, size, inset)
    _blacken(frame, keypoints, (left, top), (left + size[0], top + size[1]))


def _blacken(
    frame: Pixels,
    keypoints: npt.NDArray[np.float64],
    start: tuple[int, int],
    end: tuple[int, int],
) -> None:
    """Blackens columns and rows from `start` up to `end`, unless a keypoint would lie under it."""
    (left, top), (right, bottom) = start, end
    x, y = keypoints.T
    under = (x > left - 1) & (x < right) & (y > top - 1) & (y < bottom)
    if not under.any():
        frame[top:bottom, left:right] = 0
