"""A model that answers at once with known points, for work around models."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from types import SimpleNamespace

from sonichu_gui.domain.annotation import Keypoint, ModelId, Origin
from sonichu_gui.errors import ModelError
from sonichu_gui.prediction.api import Prediction, PredictionCancelled, never_cancelled

MODEL = ModelId("known", "ab" * 32)


@dataclass
class KnownPredictor:
    """Puts the points of a task in a row; takes as long as it is told and stops when told to."""

    model: ModelId = MODEL
    seconds: float = 0.0
    fails_from: int | None = None
    note: str = ""
    calls: list = field(default_factory=list)
    started: threading.Event = field(default_factory=threading.Event)

    @property
    def info(self):
        return SimpleNamespace(id=self.model, name=self.model.name)

    def predict(self, frame, task, *, tta, is_cancelled=never_cancelled):
        self.calls.append((frame.ref, task.id))
        self.started.set()
        due = time.monotonic() + self.seconds
        while time.monotonic() < due:
            if is_cancelled():
                raise PredictionCancelled
            time.sleep(0.002)
        if self.fails_from is not None and len(self.calls) > self.fails_from:
            raise ModelError("The model is broken.", "Choose another.")
        apart = 0.5 if tta else None
        points = tuple(
            Keypoint(10.0 + i, 20.0, origin=Origin.MODEL, confidence=0.9, disagreement=apart)
            for i in range(len(task.keypoints))
        )
        return Prediction(
            frame.ref, task.id, points, self.model, self.seconds, tta, "cpu", note=self.note
        )
