"""What a model gives, and what anything that stands in for one must do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

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
        engine: What ran the encoder, "torch" or "openvino".
        precision: Of the encoder's weights, "fp32", "bf16" or "fp16".
        note: What the person should know of how it ran, e.g. a fall-back to the CPU; or empty.
    """

    frame: FrameRef
    task_id: str
    keypoints: tuple[Keypoint, ...]
    model: ModelId
    seconds: float
    tta: bool
    device: str
    engine: str = "torch"
    precision: str = "fp32"
    note: str = ""


class PredictionCancelled(Exception):
    """The prediction was no longer wanted and has stopped half-way."""


def never_cancelled() -> bool:
    """Says that the work is still wanted."""
    return False


class Predictor(Protocol):
    """Finds the keypoints of a task on a frame."""

    @property
    def info(self) -> ModelInfo:
        """Which model it is and which heads it has."""

    @property
    def model(self) -> ModelId:
        """Which weights answer, as it stands in every prediction.

        Raises:
            ModelError: They were not read yet and cannot be.
        """

    def predict(
        self,
        frame: Frame,
        task: Task,
        *,
        tta: bool,
        is_cancelled: Callable[[], bool] = never_cancelled,
    ) -> Prediction:
        """Gives the keypoints of the task; callable from any thread.

        Raises:
            UntrainedHead: The model has no trained head for the task.
            ModelError: The model cannot be loaded or run.
            PredictionCancelled: It was no longer wanted.
        """

    def heatmap(
        self,
        frame: Frame,
        task: Task,
        *,
        tta: bool,
        keypoint: int | None = None,
        is_cancelled: Callable[[], bool] = never_cancelled,
    ) -> npt.NDArray[np.float32]:
        """Gives how likely each place of the whole frame is, (h, w), 1 at the likeliest.

        Args:
            frame: The picture.
            task: Whose keypoints.
            tta: As for the prediction it explains.
            keypoint: Index of the keypoint, or None for the highest of all.
            is_cancelled: Asked now and then.

        Raises:
            UntrainedHead: The model has no trained head for the task.
            ModelError: The model cannot be loaded or run.
            PredictionCancelled: It was no longer wanted.
        """
