"""A model folder run on this machine, by the app's own network code.

Code that lies beside weights is never run. torch is imported by the first `load`, on whatever
thread asks for it. One lock serves load and predict: two passes at once on the same cores take
longer than one after the other.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonichu_gui.domain.annotation import Alternative, Keypoint, ModelId, Origin
from sonichu_gui.errors import ModelError
from sonichu_gui.prediction.api import Prediction, PredictionCancelled, never_cancelled
from sonichu_gui.prediction.torch_library import link_torch_library
from sonichu_gui.prediction.zoo import ModelInfo, read_model_info

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from torch import Tensor

    from sonichu_gui.domain.frame import Frame, FrameRef
    from sonichu_gui.domain.task import Task
    from sonichu_gui.model.inference import PixelKeypoints
    from sonichu_gui.model.modeling_sonichu import (
        KeypointOutput,
        SonichuModel,
        SonichuPreprocessor,
    )

DEVICE_CHOICES = ("auto", "cpu", "cuda")

_log = logging.getLogger(__name__)


def devices() -> tuple[str, ...]:
    """Gives the devices that a model can run on here, "cpu" first; imports torch."""
    torch = _import_torch()
    return ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A model in memory."""

    id: ModelId
    network: SonichuModel
    prepare: SonichuPreprocessor
    device: str


@dataclass(frozen=True, slots=True)
class _Encoded:
    """Features of the last frame: other tasks of the same frame need only their head."""

    frame: FrameRef
    tta: bool
    features: Tensor


class LocalPredictor:
    """Predicts with the model of a folder; safe to call from any thread.

    Args:
        folder: The model folder.
        device: One of `DEVICE_CHOICES`; "auto" takes CUDA where there is one.

    Raises:
        ModelError: The folder is no model folder.
        ValueError: There is no such choice of device.
    """

    def __init__(self, folder: Path, *, device: str = "auto") -> None:
        if device not in DEVICE_CHOICES:
            raise ValueError(f"device {device!r} is none of {', '.join(DEVICE_CHOICES)}")
        self._info = read_model_info(folder)
        self._wanted = device
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None
        self._encoded: _Encoded | None = None

    @property
    def info(self) -> ModelInfo:
        """Which model it is and which heads it has."""
        return self._info

    @property
    def device(self) -> str:
        """Where it runs, "cpu" or "cuda"; what was asked for until it is loaded."""
        loaded = self._loaded
        return self._wanted if loaded is None else loaded.device

    def load(self) -> None:
        """Imports torch and reads the weights; does nothing the second time.

        Raises:
            ModelError: torch or CUDA is not there, or the folder does not hold a whole model.
        """
        with self._lock:
            self._load()

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
            frame: The picture; its features are kept until another frame comes.
            task: What to look for.
            tta: Average the heatmaps of the frame and its mirror image; about twice the time.
            is_cancelled: Whether nobody wants it any more; asked before the pass.

        Raises:
            UntrainedHead: The model has no trained head for the task.
            ModelError: The model cannot be loaded, does not fit the task, or failed.
        """
        self._info.require_head(task)
        with self._lock:
            loaded = self._load()
            if is_cancelled():
                raise PredictionCancelled
            start = time.perf_counter()
            try:
                points = self._keypoints(loaded, frame, task, tta=tta)
            except RuntimeError as error:
                if not (loaded.device == "cuda" and _is_out_of_memory(error)):
                    raise self._failure(frame, task, error) from error
                _log.warning("%s: out of GPU memory, going on with the CPU", self._info.name)
                loaded = self._move_to_cpu(loaded)
                points = self._keypoints(loaded, frame, task, tta=tta)
            seconds = time.perf_counter() - start
        return Prediction(frame.ref, task.id, points, loaded.id, seconds, tta, loaded.device)

    def _load(self) -> _Loaded:
        if self._loaded is None:
            torch = _import_torch()
            from sonichu_gui.model.modeling_sonichu import (
                CheckpointError,
                SonichuModel,
                SonichuPreprocessor,
            )

            device = self._choose_device(cuda=torch.cuda.is_available())
            torch.set_num_threads(min(torch.get_num_threads(), _usable_cores()))
            folder = self._info.folder
            try:
                network = SonichuModel.from_pretrained(folder)
                prepare = SonichuPreprocessor.from_pretrained(folder)
            except CheckpointError as error:
                raise ModelError(
                    f"{self._info.name} cannot be loaded: {error}.",
                    "Get the model folder again, or choose another model.",
                ) from error
            try:
                network = network.to(device)
            except RuntimeError as error:
                if not _is_out_of_memory(error):
                    raise
                _log.warning("%s does not fit the GPU, running on the CPU", self._info.name)
                network, device = network.to("cpu"), "cpu"
            self._loaded = _Loaded(self._info.id, network, prepare, device)
        return self._loaded

    def _choose_device(self, *, cuda: bool) -> str:
        if self._wanted == "cuda" and not cuda:
            raise ModelError(
                "There is no CUDA device that this build of PyTorch can use.",
                "Choose the CPU.",
            )
        return "cuda" if cuda and self._wanted != "cpu" else "cpu"

    def _keypoints(
        self, loaded: _Loaded, frame: Frame, task: Task, *, tta: bool
    ) -> tuple[Keypoint, ...]:
        import torch

        from sonichu_gui.model.inference import to_pixel_keypoints

        with torch.inference_mode():
            features = self._features(loaded, frame, tta=tta)
            output: KeypointOutput = loaded.network.locate(features, task.id, tta=tta)
        found = to_pixel_keypoints(output, frame.width, frame.height)
        try:
            return keypoints_from(found)
        except ValueError as error:
            raise ModelError(
                f"{self._info.name} gave a point without coordinates for {task.id}.",
                "Its weights are damaged: get the model folder again.",
            ) from error

    def _features(self, loaded: _Loaded, frame: Frame, *, tta: bool) -> Tensor:
        kept = self._encoded
        if kept is not None and (kept.frame, kept.tta) == (frame.ref, tta):
            return kept.features
        # Before the new ones are made: both at once may not fit the GPU.
        self._encoded = None
        pixels = loaded.prepare(frame.pixels)["pixel_values"].to(loaded.device)
        features = loaded.network.encode_views(pixels, tta=tta)
        self._encoded = _Encoded(frame.ref, tta, features)
        return features

    def _move_to_cpu(self, loaded: _Loaded) -> _Loaded:
        self._encoded = None
        self._loaded = _Loaded(loaded.id, loaded.network.to("cpu"), loaded.prepare, "cpu")
        return self._loaded

    def _failure(self, frame: Frame, task: Task, error: RuntimeError) -> ModelError:
        # What follows the first line is advice on CUDA's debugging switches.
        first_line = str(error).partition("\n")[0].rstrip(".")
        return ModelError(
            f"{self._info.name} failed on frame {frame.ref.index + 1} for {task.id}: {first_line}.",
            "Try again on the CPU, or choose another model.",
        )


def keypoints_from(found: PixelKeypoints) -> tuple[Keypoint, ...]:
    """Gives the model's answer as keypoints.

    Raises:
        ValueError: A number in it is not finite.
    """
    if not all(
        np.isfinite(part).all() for part in (found.points, found.confidence, found.covariance)
    ):
        raise ValueError("not finite")
    count = len(found.points)
    apart = [None] * count if found.disagreement is None else found.disagreement.tolist()
    rows = zip(
        found.points.tolist(),
        found.confidence.tolist(),
        found.covariance.tolist(),
        apart,
        found.alternatives.tolist(),
        strict=True,
    )
    return tuple(
        Keypoint(
            x,
            y,
            origin=Origin.MODEL,
            confidence=confidence,
            covariance=(xx, xy, yy),
            disagreement=disagreement,
            alternatives=tuple(
                Alternative(*one) for one in alternatives if all(map(math.isfinite, one))
            ),
        )
        for (x, y), confidence, ((xx, xy), (_, yy)), disagreement, alternatives in rows
    )


def _import_torch() -> ModuleType:
    # Read by OpenMP when torch loads it. Its threads would otherwise spin while they wait for one
    # another, and take the cores from the window and from whatever else the machine does.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    link_torch_library()
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: one of its libraries does not load
        raise ModelError(
            f"PyTorch cannot be loaded: {error}.",
            "Install it as the README says; points can be placed by hand without it.",
        ) from error
    return torch


def _is_out_of_memory(error: RuntimeError) -> bool:
    import torch

    return isinstance(error, torch.OutOfMemoryError)


def _usable_cores() -> int:
    """Cores that this process may use: fewer than the machine's under a scheduler or container."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
