"""Frames of label rows: read as the app reads them, kept in memory as far as there is room.

A study like HC18 fits in memory as bytes (a third of a gigabyte), which spares every step the
decoding; of a larger one the frames beyond the budget are decoded whenever they are met.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from sonichu_gui.errors import FrameError
from sonichu_gui.imaging.sources import open_source
from sonichu_gui.training.data.frame_files import frame_file
from sonichu_gui.training.data.labels import LabelRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.domain.frame import Pixels
    from sonichu_gui.training.data.labels import FrameRow

Grey = npt.NDArray[np.uint8]


def read_frame(row: LabelRow | FrameRow, images: Path | None = None) -> Pixels:
    """The frame of a row as the app would show it: (H, W) grey or (H, W, 3) RGB.

    Args:
        row: names it as label files do, see `labels.frame_name`.
        images: folder that its path starts from, where the row itself does not know.

    Raises:
        FrameError: when it is missing, unreadable or not of the size that the row states, or the
            file is a cine and the row does not say which frame.
    """
    path, index = frame_file(row, images)
    source = open_source(path)
    try:
        if index is None and source.frame_count > 1:
            raise FrameError(
                f"{path} has {source.frame_count} frames, and the row names none.",
                f"Write for example {row.image_path}#0 for the first.",
            )
        pixels = source.frame(index or 0).pixels
    finally:
        source.close()
    size = (pixels.shape[1], pixels.shape[0])
    stated = row.size if isinstance(row, LabelRow) else None
    if stated not in (None, size):
        raise FrameError(
            f"{path} is {size[0]}x{size[1]} pixels, its label row "
            f"(line {row.line}) says {stated[0]}x{stated[1]}.",
            "Points and picture do not belong together: correct the row.",
        )
    return pixels


class GreyFrames:
    """The frames of rows in grey, each read once while there is room to keep it.

    Args:
        rows: whose frames they are.
        images: folder that their paths start from, for rows that do not say it themselves.
        largest_side: frames with a longer side are reduced to it: more is never seen by a network
            whose input is a quarter as wide.
        room: bytes that may be kept.
    """

    def __init__(
        self,
        rows: Sequence[LabelRow | FrameRow],
        images: Path,
        *,
        largest_side: int,
        room: int,
    ) -> None:
        self._rows, self._images = rows, images
        self._largest_side, self._room = largest_side, room
        self._kept: dict[tuple[Path | None, str], tuple[Grey, tuple[int, int]]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> tuple[Grey, tuple[int, int]]:
        """The frame (h, w) and the width and height of its file's frame.

        Raises:
            FrameError: as for `read_frame`.
        """
        row = self._rows[index]
        frame = row.images, row.image_path  # a row that is met several times is kept once
        if frame in self._kept:
            return self._kept[frame]
        grey = _grey(read_frame(row, self._images))
        height, width = grey.shape
        scale = self._largest_side / max(height, width)
        if scale < 1:
            size = max(round(width * scale), 1), max(round(height * scale), 1)
            grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
        if grey.nbytes <= self._room:
            self._room -= grey.nbytes
            self._kept[frame] = grey, (width, height)
        return grey, (width, height)


def _grey(pixels: Pixels) -> Grey:
    if pixels.ndim == 2:
        return pixels
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
