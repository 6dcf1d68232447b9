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
from sonichu_gui.training.data.frame_files import frame_file
from sonichu_gui.training.data.labels import LabelRow

if TYPE_CHECKING:
    from sonichu_gui.domain.frame import Pixels
    from sonichu_gui.training.data.labels import FrameRow


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


def load_frames(rows: Sequence[LabelRow], images: Path) -> LabelledFrames:
    """Every row's frame and points.

    Raises:
        FrameError: as for `read_frame`.
    """
    frames = [_grey(read_frame(row, images)) for row in rows]
    sizes = torch.tensor([frame.shape[::-1] for frame in frames], dtype=torch.float64)
    height, width = (max(frame.shape[axis] for frame in frames) for axis in (0, 1))
    canvas = torch.zeros((len(rows), height, width), dtype=torch.uint8)
    for index in reversed(range(len(rows))):
        frame = frames.pop()  # gone once it is copied: a study is held in memory once, not twice
        canvas[index, : frame.shape[0], : frame.shape[1]] = torch.from_numpy(frame.copy())
    points = torch.from_numpy(np.stack([row.points for row in rows])) + 0.5
    return LabelledFrames(canvas, sizes, points)


def _grey(pixels: Pixels) -> Pixels:
    if pixels.ndim == 2:
        return pixels
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


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
