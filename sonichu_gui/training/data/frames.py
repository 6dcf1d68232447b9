"""Labelled frames in memory, and the order in which training meets them.

The frames of a study like HC18 fit in memory as bytes (a third of a gigabyte), which spares every
step the decoding. The order is a pure function of seed and position, so a resumed run meets the
same frames as one that was never stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from torch import Tensor

from sonichu_gui.errors import FrameError
from sonichu_gui.imaging.sources import open_source

if TYPE_CHECKING:
    from sonichu_gui.domain.frame import Pixels
    from sonichu_gui.training.data.labels import LabelRow


@dataclass(frozen=True, slots=True)
class LabelledFrames:
    """Frames of one task on a common canvas.

    Attributes:
        images: (N, H, W) uint8 grey; smaller frames lie at the top left, the rest is black.
        sizes: (N, 2) float64, each frame's own width and height in pixels.
        points: (N, K, 2) float64 in **corner-origin** pixels (label + 0.5), which makes a
            normalised coordinate the plain fraction ``point / size``.
    """

    images: Tensor
    sizes: Tensor
    points: Tensor

    def __len__(self) -> int:
        return self.images.shape[0]


def read_pixels(path: Path) -> Pixels:
    """The first frame of a file as the app would show it: (H, W) grey or (H, W, 3) RGB.

    Raises:
        FrameError: naming the file.
    """
    source = open_source(path)
    try:
        return source.frame(0).pixels
    finally:
        source.close()


def load_frames(rows: Sequence[LabelRow], images: Path) -> LabelledFrames:
    """Every row's frame and points.

    Raises:
        FrameError: when a frame is unreadable or not of the size its row tells.
    """
    canvas = torch.zeros(
        (len(rows), max(row.height for row in rows), max(row.width for row in rows)),
        dtype=torch.uint8,
    )
    for index, row in enumerate(rows):
        image = read_pixels(images / row.image_path)
        if image.ndim == 3:
            image = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
        if image.shape != (row.height, row.width):
            raise FrameError(
                f"{images / row.image_path} is {image.shape[1]}x{image.shape[0]} pixels, its label "
                f"row (line {row.line}) says {row.width}x{row.height}.",
                "Points and picture do not belong together: correct the row.",
            )
        canvas[index, : row.height, : row.width] = torch.from_numpy(image.copy())
    sizes = torch.tensor([(row.width, row.height) for row in rows], dtype=torch.float64)
    points = torch.from_numpy(np.stack([row.points for row in rows])) + 0.5
    return LabelledFrames(canvas, sizes, points)


def hold_out_subjects(
    rows: Sequence[LabelRow], *, count: int, seed: int
) -> tuple[list[LabelRow], list[LabelRow]]:
    """Rows for training and about ``count`` rows for watching, with no subject in both."""
    by_subject: dict[str, list[LabelRow]] = {}
    for row in rows:
        by_subject.setdefault(row.subject_id, []).append(row)
    subjects = sorted(by_subject)
    order = torch.randperm(len(subjects), generator=torch.Generator().manual_seed(seed)).tolist()
    held: set[str] = set()
    taken = 0
    for position in order:
        if taken >= count:
            break
        held.add(subjects[position])
        taken += len(by_subject[subjects[position]])
    return (
        [row for row in rows if row.subject_id not in held],
        [row for row in rows if row.subject_id in held],
    )


def batch_indices(*, step: int, batch_size: int, length: int, seed: int) -> list[int]:
    """Frames of one step: shuffled passes over the data laid end to end."""
    indices: list[int] = []
    for position in range(step * batch_size, (step + 1) * batch_size):
        epoch, offset = divmod(position, length)
        indices.append(_permutation(length, seed, epoch)[offset])
    return indices


def _permutation(length: int, seed: int, epoch: int) -> list[int]:
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    return torch.randperm(length, generator=generator).tolist()
