"""Labelled frames as a network learns them: augmented, at its input size, in batches of any tasks.

Sample i of epoch e is a function of (seed, e, i) alone: whichever process asks for it, before or
after a kill, gets the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from sonichu_gui.model.modeling_sonichu import IMAGENET_MEAN, IMAGENET_STD
from sonichu_gui.training.data.frames import GreyFrames
from sonichu_gui.training.data.geometry import GeometryRanges, draw_map, warp
from sonichu_gui.training.data.intensity import IntensityRanges, Picture, augment_intensity
from sonichu_gui.training.data.label_rules import RULES, Floats, follow
from sonichu_gui.training.data.rows_digest import rows_digest

if TYPE_CHECKING:
    from sonichu_gui.model.modeling_sonichu import SonichuConfig, TaskConfig
    from sonichu_gui.training.data.labels import LabelRow

ROOM = 2_000_000_000
"""Bytes of frames that are kept in memory."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One augmented frame with its truth.

    Attributes:
        picture: (S, S) in [0, 1].
        points: (K, 2) corner-origin pixels of a frame of ``size``; a stand-in where unknown.
        size: (2,) width and height.
        task: number of the task in the model's configuration.
        weight: what its label counts; 0 for a frame whose label is unknown.
    """

    picture: Picture
    points: Floats
    size: Floats
    task: int
    weight: float


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples of one step.

    Attributes:
        pixel_values: (B, 3, S, S) as the network takes them.
        points: (B, most K, 2) corner-origin pixels of frames of size ``sizes``; 0 beyond a task's.
        sizes: (B, 2) width and height.
        tasks: (B,) numbers of the tasks in the model's configuration.
        weights: (B,) what each label counts.
    """

    pixel_values: Tensor
    points: Tensor
    sizes: Tensor
    tasks: Tensor
    weights: Tensor

    def to(self, device: torch.device) -> Batch:
        """The batch on another device."""
        return Batch(
            *(getattr(self, one.name).to(device, non_blocking=True) for one in fields(self))
        )


class LabelledSamples:
    """Augmented samples of label rows.

    Args:
        rows: what is learned from.
        images: folder that their paths start from, for rows that do not say it themselves.
        model: its input size and tasks.
        geometry: how each task's frames are turned and moved; the entry "" serves the others.
        intensity: how their grey values change.
        seed: of all draws.
    """

    def __init__(
        self,
        rows: Sequence[LabelRow],
        images: Path,
        model: SonichuConfig,
        *,
        geometry: Mapping[str, GeometryRanges],
        intensity: IntensityRanges,
        seed: int,
    ) -> None:
        self._rows, self._model = rows, model
        self.digest = rows_digest(rows)
        self._frames = GreyFrames(rows, images, largest_side=4 * model.image_size, room=ROOM)
        self._geometry, self._intensity, self._seed = geometry, intensity, seed
        self._tasks = {name: number for number, name in enumerate(model.tasks)}
        self._most_points = max(len(task.keypoints) for task in model.tasks.values())
        self._epoch = 0

    def __len__(self) -> int:
        return len(self._rows)

    def set_epoch(self, epoch: int) -> None:
        """Chooses the draws of a pass."""
        self._epoch = epoch

    def __getitem__(self, index: int) -> Sample:
        """The augmented frame of row ``index``.

        Raises:
            FrameError: it cannot be read.
        """
        row = self._rows[index]
        rng = np.random.default_rng((self._seed, self._epoch, index))
        grey, (width, height) = self._frames[index]
        task, rule = self._model.tasks[row.task_id], RULES.get(row.task_id, "")
        ranges = self._geometry.get(row.task_id) or self._geometry[""]
        # Everything happens at the scale at which the frame is kept.
        kept = np.array(grey.shape[::-1], np.float64)
        points = (row.points + 0.5) * kept / (width, height)
        if np.isnan(points).any():
            points = middle_points(len(points)) * kept
        affine = draw_map(ranges, points, kept, task, rule=rule, rng=rng)
        picture = warp(grey, affine, kept, size_px=self._model.image_size)
        shown = augment_intensity(np.divide(picture, 255, dtype=np.float32), self._intensity, rng)
        moved = follow(affine, points, task, rule=rule)
        return Sample(shown, moved, kept, self._tasks[row.task_id], row.weight)

    def collate(self, samples: Sequence[Sample]) -> Batch:
        """The batch of these samples."""
        points = np.zeros((len(samples), self._most_points, 2), np.float32)
        for number, sample in enumerate(samples):
            points[number, : len(sample.points)] = sample.points
        pictures = torch.from_numpy(np.stack([sample.picture for sample in samples]))
        return Batch(
            pixel_values=network_input(pictures[:, None]),
            points=torch.from_numpy(points),
            sizes=torch.from_numpy(np.stack([sample.size for sample in samples])).float(),
            tasks=torch.tensor([sample.task for sample in samples]),
            weights=torch.tensor([sample.weight for sample in samples]),
        )


def middle_points(count: int) -> Floats:
    """(count, 2) fractions of the frame: ends of axes of an ellipse that fills its middle.

    They stand for points that nobody knows, so that the middle of the frame stays in sight.
    """
    axis, end = np.divmod(np.arange(count), 2)
    angle = np.pi * (axis / max((count + 1) // 2, 1) + end - 0.5)
    return 0.5 + np.column_stack([0.3 * np.cos(angle), 0.25 * np.sin(angle)])


def network_input(grey: Tensor) -> Tensor:
    """(B, 1, S, S) in [0, 1] -> (B, 3, S, S), normalised as at prediction."""
    mean = torch.tensor(IMAGENET_MEAN)[None, :, None, None]
    std = torch.tensor(IMAGENET_STD)[None, :, None, None]
    return ((grey - mean) / std).contiguous(memory_format=torch.channels_last)


def points_of(batch: Batch, chosen: Tensor, task: TaskConfig) -> Tensor:
    """(n, K, 2) points of the chosen rows, all of one task."""
    return batch.points[chosen, : len(task.keypoints)]
