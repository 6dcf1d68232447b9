"""The features of recent frames: another task, or the same frame again, costs one head."""

from __future__ import annotations

from collections import OrderedDict
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from sonichu_gui.domain.frame import FrameRef

MAX_BYTES = 128 << 20
"""About eighty frames of a ViT-B in float32 with both views."""


class View(StrEnum):
    """What the encoder was shown."""

    FRAME = "frame"
    MIRRORED = "mirrored"


def views(*, tta: bool) -> tuple[View, ...]:
    """Gives the views that a prediction needs, in the network's order."""
    return (View.FRAME, View.MIRRORED) if tta else (View.FRAME,)


class FeatureCache:
    """Features by frame and view; those unused for longest leave first.

    Each view is kept by itself: features made with the mirror image answer a request without it,
    and the other way round only the mirror image is left to encode.

    Args:
        max_bytes: What they may hold together.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[tuple[FrameRef, View], Tensor] = OrderedDict()
        self._bytes = 0

    @property
    def size_bytes(self) -> int:
        """What the kept features hold."""
        return self._bytes

    def get(self, frame: FrameRef, view: View) -> Tensor | None:
        """Gives the features (1, C, h, w), or None where they are not kept."""
        features = self._kept.get((frame, view))
        if features is not None:
            self._kept.move_to_end((frame, view))
        return features

    def put(self, frame: FrameRef, view: View, features: Tensor) -> None:
        """Keeps features; larger ones than everything may hold are not."""
        self._drop((frame, view))
        if features.nbytes > self._max_bytes:
            return
        self._kept[frame, view] = features
        self._bytes += features.nbytes
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._kept)))

    def clear(self) -> None:
        """Forgets everything: another engine makes other features."""
        self._kept.clear()
        self._bytes = 0

    def _drop(self, key: tuple[FrameRef, View]) -> None:
        former = self._kept.pop(key, None)
        if former is not None:
            self._bytes -= former.nbytes
