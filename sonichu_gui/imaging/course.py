"""Where a person is going, and so which frames are read before they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

FramePlace = tuple[Path, int]
"""A frame before its file was opened: the file, and the index in it."""

FRAMES_AHEAD = 12
_BEFORE_BEHIND = 2
"""Frames ahead that are read before the one behind: who goes on is likelier than who turns."""


@dataclass(frozen=True, slots=True)
class Course:
    """The way on from a frame.

    Attributes:
        direction: 1 towards later frames of a cine, -1 towards earlier ones.
        frames: Indices that are shown next, nearest first, where that is known, as by
            `CineClock.following`; otherwise they follow from the direction.
        files: Files that are shown next, nearest first; of each the first frame is read.
    """

    direction: int = 1
    frames: tuple[int, ...] | None = None
    files: tuple[Path, ...] = ()

    def ahead(self, path: Path, index: int, frame_count: int) -> Iterator[FramePlace]:
        """Gives what to read while a frame is looked at, the most likely first.

        Args:
            path: The file that is shown.
            index: The frame of it.
            frame_count: How many it has.
        """
        frames = self._following(index) if self.frames is None else self.frames
        inside = ((path, each) for each in frames if 0 <= each < frame_count and each != index)
        return chain(inside, ((file, 0) for file in self.files if file != path))

    def _following(self, index: int) -> Iterator[int]:
        steps = [*range(1, FRAMES_AHEAD + 1)]
        steps.insert(_BEFORE_BEHIND, -1)
        return (index + step * self.direction for step in steps)
