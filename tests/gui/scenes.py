"""Frames to look at, and a window that shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from sonichu_gui.gui.workbench import Workbench


def write_picture(path: Path, *, width: int = 400, height: int = 300, seed: int = 0) -> Path:
    """Draws a grey frame with a bright ring and speckle, different for every seed."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 60, (height, width), dtype=np.uint8)
    cv2.ellipse(pixels, (width // 2, height // 2), (110, 80), 12, 0, 360, 230, 5)
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    return path


def open_and_wait(bench: Workbench, qtbot: QtBot, *paths: Path) -> None:
    """Opens paths as a person does and waits until a frame is shown and the list is complete."""
    bench.begin(list(paths))
    qtbot.waitExposed(bench.window)
    qtbot.waitUntil(lambda: bench.document.frame is not None)
    qtbot.waitUntil(lambda: not bench.document.study.scanning)
