"""What a model gives, and what anything that stands in for one must do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sonichu_gui.domain.annotation import Keypoint, ModelId
    from sonichu_gui.domain.frame import Frame, FrameRef
    from sonichu_gui.domain.task import Task
    from sonichu_gui.prediction.zoo import ModelInfo


@dataclass(frozen=True, slots=True)
class Prediction:
    """A model's points for one task on one frame.

    Attributes:
        frame: The frame that was looked at.
        task_id: The task.
        keypoints: In the task's order, image pixels; with confidence and covariance.
        model: Name and weights' hash of the model.
        seconds: Wall time, loading the model not included.
        tta: Whether the mirrored frame was averaged in.
        device: Where it ran, "cpu" or "cuda".
    """

    frame: FrameRef
    task_id: str
    keypoints: tuple[Keypoint, ...]
    model: ModelId
    seconds: float
    tta: bool
    device: str


class Predictor(Protocol):
    """Finds the keypoints of a task on a frame."""

    @property
    def info(self) -> ModelInfo:
        """Which model it is and which heads it has."""

    def predict(self, frame: Frame, task: Task, *, tta: bool) -> Prediction:
        """Gives the keypoints of the task; callable from any thread.

        Raises:
            UntrainedHead: The model has no trained head for the task.
            ModelError: The model cannot be loaded or run.
        """
