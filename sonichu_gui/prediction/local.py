"""A model folder run on this machine, by the app's own network code.

Code that lies beside weights is never run. torch is imported by the first `load`, on whatever
thread asks for it. Load, predict and heatmap take turns with those of every other predictor.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, TypeVar

from sonichu_gui.errors import ModelError
from sonichu_gui.prediction.answers import heatmap_of, keypoints_from
from sonichu_gui.prediction.api import Prediction, never_cancelled
from sonichu_gui.prediction.encoding import features_of
from sonichu_gui.prediction.feature_cache import FeatureCache
from sonichu_gui.prediction.loading import EngineReport, LoadedModel, load_model
from sonichu_gui.prediction.torch_runtime import (
    DEVICE_CHOICES,
    choose_device,
    devices,
    import_torch,
    is_out_of_memory,
)
from sonichu_gui.prediction.trials import ENGINE_CHOICES, PRECISION_CHOICES
from sonichu_gui.prediction.turns import engine_turn
from sonichu_gui.prediction.zoo import ModelInfo, read_model_info

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from sonichu_gui.domain.annotation import ModelId
    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.domain.task import Task

__all__ = [
    "DEVICE_CHOICES",
    "ENGINE_CHOICES",
    "PRECISION_CHOICES",
    "EngineReport",
    "LocalPredictor",
    "devices",
]

OUT_OF_GPU_MEMORY = "The GPU has too little memory for this model, so it runs on the CPU."

_log = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")


class LocalPredictor:
    """Predicts with the model of a folder; safe to call from any thread.

    Args:
        folder: The model folder.
        device: One of `DEVICE_CHOICES`; "auto" takes CUDA where there is one.
        engine: One of `ENGINE_CHOICES`; "auto" takes OpenVINO where it is installed and faster.
        precision: One of `PRECISION_CHOICES`; "auto" takes half precision on a GPU, and on a CPU
            bfloat16 where that is faster and finds the same points.

    Raises:
        ModelError: The folder is no model folder.
        ValueError: There is no such choice.
    """

    def __init__(
        self,
        folder: Path,
        *,
        device: str = "auto",
        engine: str = "auto",
        precision: str = "auto",
    ) -> None:
        for name, word, choices in (
            ("device", device, DEVICE_CHOICES),
            ("engine", engine, ENGINE_CHOICES),
            ("precision", precision, PRECISION_CHOICES),
        ):
            if word not in choices:
                raise ValueError(f"{name} {word!r} is none of {', '.join(choices)}")
        self._info = read_model_info(folder)
        self._wanted = device
        self._engine = engine
        self._precision = precision
        self._loaded: LoadedModel | None = None
        self._model: ModelId | None = None
        self._kept = FeatureCache()
        self._note = ""

    @property
    def info(self) -> ModelInfo:
        """Which model it is and which heads it has."""
        return self._info

    @property
    def model(self) -> ModelId:
        """Which weights answer: once they were read, whatever has become of the folder.

        Raises:
            ModelError: They were not read yet and cannot be.
        """
        return self._model or self._info.id

    @property
    def device(self) -> str:
        """Where it runs, "cpu" or "cuda"; what was asked for until it is loaded."""
        report = self.report
        return self._wanted if report is None else report.device

    @property
    def report(self) -> EngineReport | None:
        """How it runs; None until it is loaded."""
        loaded = self._loaded
        return None if loaded is None else loaded.report

    def load(self, *, is_cancelled: Callable[[], bool] = never_cancelled) -> None:
        """Imports torch and reads the weights; does nothing the second time.

        The first load of a model on a machine also tries which engine suits it.

        Raises:
            ModelError: torch, CUDA or OpenVINO is not there, or the folder does not hold a whole
                model.
            PredictionCancelled: It was no longer wanted.
        """
        with engine_turn(is_cancelled):
            self._load(is_cancelled)

    def predict(
        self,
        frame: Frame,
        task: Task,
        *,
        tta: bool,
        is_cancelled: Callable[[], bool] = never_cancelled,
    ) -> Prediction:
        """Gives the keypoints of the task, in image pixels.

        Args:
            frame: The picture; its features are kept for other tasks.
            task: What to look for.
            tta: Average the heatmaps of the frame and its mirror image; about twice the time.
            is_cancelled: Asked every few hundredths of a second.

        Raises:
            UntrainedHead: The model has no trained head for the task.
            ModelError: The model cannot be loaded, does not fit the task, or failed.
            PredictionCancelled: It was no longer wanted.
        """
        from sonichu_gui.model.inference import to_pixel_keypoints

        self._info.require_head(task)
        with engine_turn(is_cancelled):
            self._load(is_cancelled)
            start = time.perf_counter()

            def locate(loaded: LoadedModel) -> Prediction:
                features = features_of(
                    loaded, frame, self._kept, tta=tta, is_cancelled=is_cancelled
                )
                output = loaded.network.locate(features, task.id, tta=tta)
                found = to_pixel_keypoints(output, frame.width, frame.height)
                report = loaded.report
                return Prediction(
                    frame.ref,
                    task.id,
                    keypoints_from(found),
                    loaded.id,
                    time.perf_counter() - start,
                    tta,
                    device=report.device,
                    engine=report.engine,
                    precision=report.precision,
                    note=self._note,
                )

            return self._answer(locate, frame, task)

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

        From kept features where there are: then it costs one head.

        Args:
            frame: The picture.
            task: Whose keypoints.
            tta: As for the prediction it explains.
            keypoint: Index of the keypoint, or None for the highest of all.
            is_cancelled: Asked every few hundredths of a second.

        Raises:
            UntrainedHead: The model has no trained head for the task.
            ModelError: The model cannot be loaded or failed.
            PredictionCancelled: It was no longer wanted.
        """
        self._info.require_head(task)

        def look(loaded: LoadedModel) -> npt.NDArray[np.float32]:
            features = features_of(loaded, frame, self._kept, tta=tta, is_cancelled=is_cancelled)
            maps = loaded.network.view_probabilities(features, task.id, tta=tta)
            return heatmap_of(maps.mean(0)[0], frame, keypoint)

        with engine_turn(is_cancelled):
            self._load(is_cancelled)
            return self._answer(look, frame, task)

    def _load(self, is_cancelled: Callable[[], bool] = never_cancelled) -> LoadedModel:
        if self._loaded is None:
            device = choose_device(self._wanted)
            if device == "cuda" and self._engine == "openvino" and self._wanted == "auto":
                device = "cpu"  # where OpenVINO runs
            try:
                self._loaded = self._load_on(device, is_cancelled)
            except RuntimeError as error:
                if not (device == "cuda" and is_out_of_memory(error)):
                    raise ModelError(
                        f"{self._info.name} cannot be run: {_first_line(error)}.",
                        "Choose another engine or model.",
                    ) from error
                self._loaded = self._fall_back()
        return self._loaded

    def _load_on(self, device: str, is_cancelled: Callable[[], bool]) -> LoadedModel:
        loaded = load_model(
            self._info,
            device=device,
            engine=self._engine,
            precision=self._precision,
            is_cancelled=is_cancelled,
        )
        self._model = loaded.id
        return loaded

    def _fall_back(self) -> LoadedModel:
        """From a GPU that is full to the CPU, for good."""
        _log.warning("%s: out of GPU memory, going on with the CPU", self._info.name)
        self._loaded = None  # before the next is made, as the features: they hold GPU memory
        self._kept.clear()
        import_torch().cuda.empty_cache()  # what others may need, who filled it
        self._wanted, self._note = "cpu", OUT_OF_GPU_MEMORY
        self._loaded = self._load_on("cpu", never_cancelled)
        return self._loaded

    def _answer(self, work: Callable[[LoadedModel], _Answer], frame: Frame, task: Task) -> _Answer:
        """Gives what the network answers; on the CPU where the GPU has no room.

        Raises:
            ModelError: It failed, or answered without numbers.
        """
        import torch

        loaded = self._load()
        with torch.inference_mode():
            try:
                try:
                    return work(loaded)
                except RuntimeError as error:
                    if not (loaded.report.device == "cuda" and is_out_of_memory(error)):
                        raise
                # Outside of the handler: an error holds on to what it was raised among.
                del loaded
                return work(self._fall_back())
            except RuntimeError as error:
                raise self._failure(frame, task, error) from error
            except ValueError as error:
                raise ModelError(
                    f"{self._info.name} gave a point without coordinates for {task.id}.",
                    "Its weights are damaged: get the model folder again.",
                ) from error

    def _failure(self, frame: Frame, task: Task, error: RuntimeError) -> ModelError:
        return ModelError(
            f"{self._info.name} failed on frame {frame.ref.index + 1} for {task.id}:"
            f" {_first_line(error)}.",
            "Try again on the CPU, or choose another model.",
        )


def _first_line(error: RuntimeError) -> str:
    # What follows it is advice on CUDA's debugging switches.
    return str(error).partition("\n")[0].rstrip(".")
