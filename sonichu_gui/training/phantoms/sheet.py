"""A sheet of phantoms for people: every task a row, every seed a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from sonichu_gui.tasks import load_tasks
from sonichu_gui.training.phantoms.phantom import Phantom, draw_phantom, frame_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sonichu_gui.training.phantoms.style import Style

_CELL = (320, 216)
_GAP, _EDGE, _LABEL, _HEAD = 10, 24, 150, 30
_GROUND, _CELL_GROUND = (22, 23, 26), (0, 0, 0)
_TITLE, _QUIET = (222, 224, 228), (140, 144, 152)
_POINT = ((86, 204, 242), (242, 178, 86))
"""Colours of the first and second point of a pair."""

Place = tuple[str, int]
"""Task and seed of a cell."""


def phantom_sheet(
    task_ids: Sequence[str],
    seeds: Sequence[int],
    *,
    style: Style,
    points: bool = False,
    progress: Callable[[Sequence[Place]], Iterable[Place]] = iter,
) -> npt.NDArray[np.uint8]:
    """Gives a picture (height, width, 3) of labelled phantoms.

    Args:
        task_ids: Its rows.
        seeds: Its columns.
        style: How the phantoms are drawn.
        points: Whether keypoints are marked.
        progress: Hands the cells through one by one and shows how far it is.
    """
    wide, high = _CELL[0] + _GAP, _CELL[1] + _GAP
    size = (
        2 * _EDGE + _LABEL + len(seeds) * wide - _GAP,
        2 * _EDGE + _HEAD + len(task_ids) * high - _GAP,
    )
    sheet = Image.new("RGB", size, _GROUND)
    pen = ImageDraw.Draw(sheet)
    large, small = (ImageFont.load_default(pixels) for pixels in (17, 13))
    tasks = load_tasks()
    for row, task_id in enumerate(task_ids):
        top = _EDGE + _HEAD + row * high
        pen.text((_EDGE, top), task_id, _TITLE, large)
        lines = _wrapped(tasks[task_id].title, _LABEL - 12, small)
        pen.multiline_text((_EDGE, top + 26), lines, _QUIET, small, spacing=4)
    for column, seed in enumerate(seeds):
        pen.text((_EDGE + _LABEL + column * wide, _EDGE), f"seed {seed}", _QUIET, small)
    places = [(task_id, seed) for task_id in task_ids for seed in seeds]
    for number, (task_id, seed) in enumerate(progress(places)):
        row, column = divmod(number, len(seeds))
        width, height = frame_size(task_id, seed, style)
        phantom = draw_phantom(task_id, seed=seed, width=width, height=height, style=style)
        at = (_EDGE + _LABEL + column * wide, _EDGE + _HEAD + row * high)
        sheet.paste(_cell(phantom, points=points), at)
    return np.asarray(sheet, dtype=np.uint8)


def _cell(phantom: Phantom, *, points: bool) -> Image.Image:
    """Shrinks a frame into a cell with its shape kept."""
    height, width = phantom.pixels.shape
    scale = min(_CELL[0] / width, _CELL[1] / height)
    size = (round(width * scale), round(height * scale))
    small = cv2.resize(phantom.pixels, size, interpolation=cv2.INTER_AREA)
    cell = Image.new("RGB", _CELL, _CELL_GROUND)
    left, top = (_CELL[0] - size[0]) // 2, (_CELL[1] - size[1]) // 2
    cell.paste(Image.fromarray(small).convert("RGB"), (left, top))
    if points:
        canvas = np.asarray(cell).copy()
        # A pixel's centre is at its whole number, and shrinking keeps corners in place.
        placed = (phantom.keypoints + 0.5) * (np.array(size) / (width, height)) - 0.5 + (left, top)
        for number, point in enumerate(placed):
            middle = (round(float(point[0]) * 16), round(float(point[1]) * 16))
            cv2.circle(canvas, middle, 4 * 16, (0, 0, 0), 3, cv2.LINE_AA, 4)
            cv2.circle(canvas, middle, 4 * 16, _POINT[number % 2], 1, cv2.LINE_AA, 4)
        cell = Image.fromarray(canvas)
    return cell


def _wrapped(text: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Breaks a text into lines no longer than `width` pixels, between words."""
    lines: list[str] = []
    for word in text.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return "\n".join(lines)
