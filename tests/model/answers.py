"""What the tests of predictions share: the app's tasks, and points as an array."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonichu_gui.tasks import load_tasks

if TYPE_CHECKING:
    from sonichu_gui.prediction.api import Prediction

TASKS = load_tasks()


def coordinates(prediction: Prediction) -> np.ndarray:
    """Gives the points (K, 2) in image pixels."""
    return np.array([point.xy for point in prediction.keypoints])
