"""Labels kept in memory and files that are only numbers: a Document without a disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sonichu_gui.domain.annotation import Annotation, Keypoint, ModelId, Origin, Status
from sonichu_gui.domain.calibration import Calibration, ScaleSource, given_scale
from sonichu_gui.domain.frame import Frame, FrameRef
from sonichu_gui.gui.label_keeper import LabelKeeper

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Scale
    from sonichu_gui.domain.task import Task
    from sonichu_gui.gui.document import Document
    from sonichu_gui.gui.place import Place

MODEL = ModelId("sonichu-mini", "ab" * 32)
POINTS = ((281.9, 159.9), (363.6, 314.6), (414.7, 188.6), (230.8, 285.8))
CONFIDENCES = (0.95, 0.9, 0.45, 0.2)
SCALE = given_scale(dx_mm=0.1158, dy_mm=0.1158, source=ScaleSource.LABEL_FILE, reason="HC.csv")
TRUSTED = Calibration(spacing=SCALE)


@dataclass(frozen=True)
class FakeSource:
    """What panels ask of an open file."""

    frame_count: int = 1
    digest: str = "d0"
    width: int = 800
    height: int = 540
    format: str = "png"
    notes: tuple[str, ...] = ()
    presets: tuple[object, ...] = ()
    frame_time_ms: float | None = 40.0
    times_ms: tuple[float, ...] = ()


class MemoryKeeper(LabelKeeper):
    """Keeps labels, scales and confirmations for as long as a test runs."""

    def __init__(self) -> None:
        super().__init__()
        self._annotations: dict[Place, Annotation] = {}
        self._scales: dict[str, Scale] = {}
        self._confirmed: dict[str, set[str]] = {}

    def store_of(self, folder, *, create=False):
        return None

    def remember_file(self, path, source) -> None:
        pass

    def current(self, place):
        return self._annotations.get(place)

    def save(self, place, annotation, *, rater, seconds) -> None:
        self._annotations[place] = annotation

    def save_prediction(self, place, annotation, *, rater) -> None:
        pass

    def save_scale(self, place, scale, *, rater) -> None:
        self._scales.pop(place.frame.digest, None)
        if scale is not None:
            self._scales[place.frame.digest] = scale

    def save_confirmation(self, place, key, *, rater, confirmed) -> None:
        keys = self._confirmed.setdefault(place.frame.digest, set())
        (keys.add if confirmed else keys.discard)(key)

    def calibration_for(self, path, frame, base):
        found = base.with_override(self._scales.get(frame.digest))
        for key in self._confirmed.get(frame.digest, ()):
            found = found.with_confirmation(key, "anna")
        return found


def show_frame(
    document: Document,
    path: str = "/study/005_HC.png",
    *,
    calibration: Calibration = TRUSTED,
    index: int = 0,
    frame_count: int = 1,
) -> None:
    """Shows a black frame."""
    source = FakeSource(frame_count, digest=path)
    pixels = np.zeros((source.height, source.width), np.uint8)
    frame = Frame(FrameRef(path, index), pixels, calibration, index * 40.0)
    document.set_frame(Path(path), source, frame)


def predicted(task: Task) -> Annotation:
    """A model's head points."""
    points = tuple(
        Keypoint(x, y, origin=Origin.MODEL, confidence=sure, covariance=(30.0, 0.0, 30.0))
        for (x, y), sure in zip(POINTS, CONFIDENCES, strict=True)
    )
    return Annotation(task.id, points, Status.PROPOSED, MODEL)
