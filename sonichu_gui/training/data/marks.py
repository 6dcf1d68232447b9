"""What people and machines write over a frame: callipers, dotted lines, letters.

A network that has never seen them takes a calliper for an edge, or learns to look for callipers.
They are drawn where nothing needs measuring as often as where it does.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.float32]
Layer = npt.NDArray[np.uint8]

_LETTERS = np.array(list("ABCDEHLMPRSTX0123456789.:-"))
_FONTS = (cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX)


def draw_marks(picture: Picture, rng: np.random.Generator) -> None:
    """Draws a pair of callipers, text, or both into a picture (S, S) in [0, 1]."""
    layer = np.zeros(picture.shape, np.uint8)
    kind = rng.integers(3)
    if kind in (0, 2):
        _callipers(layer, rng)
    if kind in (1, 2):
        _text(layer, rng)
    np.maximum(picture, layer.astype(np.float32) / 255, out=picture)


def _callipers(layer: Layer, rng: np.random.Generator) -> None:
    side = layer.shape[0]
    brightness = int(rng.integers(150, 256))
    start, end = rng.uniform(0.1, 0.9, (2, 2)) * side
    arm = max(round(rng.uniform(0.006, 0.02) * side), 1)
    slanted = rng.uniform() < 0.5
    for x, y in np.rint([start, end]).astype(int).tolist():
        arms = ((arm, arm), (arm, -arm)) if slanted else ((arm, 0), (0, arm))
        for dx, dy in arms:
            cv2.line(layer, (x - dx, y - dy), (x + dx, y + dy), brightness)
    if rng.uniform() < 0.6:
        count = max(int(np.linalg.norm(end - start) / rng.uniform(3, 8)), 2)
        dots = np.rint(np.linspace(start, end, count)).astype(int)
        layer[dots[:, 1], dots[:, 0]] = brightness


def _text(layer: Layer, rng: np.random.Generator) -> None:
    side = layer.shape[0]
    brightness = int(rng.integers(130, 256))
    scale = float(rng.uniform(0.25, 0.6)) * side / 256
    x, y = (rng.uniform(0.0, 0.9, 2) * side).tolist()
    font = _FONTS[rng.integers(len(_FONTS))]
    for line in range(rng.integers(1, 5)):
        letters = "".join(rng.choice(_LETTERS, rng.integers(2, 10)))
        place = (round(x), round(y + line * 30 * scale))
        cv2.putText(layer, letters, place, font, scale, brightness, 1, cv2.LINE_AA)
