"""The trial of a loaded model: how long a pass takes each way, and how far the answers drift.

The pictures are the demo's: drawn frames with real structure, so that heads answer with peaks.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from sonichu_gui import paths
from sonichu_gui.errors import ModelError
from sonichu_gui.prediction import openvino_engine, torch_runtime
from sonichu_gui.prediction.remembered import recall, remember
from sonichu_gui.prediction.trials import (
    QUICK_S,
    REFERENCE,
    Choice,
    Drift,
    Trial,
    read_trials,
)

if TYPE_CHECKING:
    from torch import Tensor

    from sonichu_gui.domain.frame import Pixels
    from sonichu_gui.prediction.loading import Loader, Network

_FRAMES = 3

_SURE = 0.5
"""Confidence from which a point of the reference counts; of flat maps any noise moves the peak."""

_log = logging.getLogger(__name__)


def tried(loader: Loader, allowed: Sequence[Choice]) -> tuple[Trial, ...]:
    """Gives what is known of ways to run a model, by a trial where they were not tried before.

    One way at a time is in memory, and none afterwards. Those that do not run here are left out.

    Raises:
        CheckpointError: The folder does not hold a whole model.
        PredictionCancelled: The model is no longer wanted.
        RuntimeError: The reference fails.
    """
    wanted = tuple(dict.fromkeys((REFERENCE, *allowed)))
    key = _key(loader.weights, wanted)
    known = read_trials(recall(key))
    if known:
        return known
    network = loader.network(REFERENCE)
    pictures = [network.prepare(pixels)["pixel_values"] for pixels in _demo_frames()]
    answers = {REFERENCE: _Answers(pictures, loader.is_cancelled)}
    answers[REFERENCE].take(network)
    del network
    # What is asked for by name is always measured.
    if answers[REFERENCE].seconds > QUICK_S or REFERENCE not in allowed:
        # Each again after all: a moment when the machine was busy is not held against one of them.
        for choice in (*wanted[1:], *wanted):
            _take(
                loader, choice, answers.setdefault(choice, _Answers(pictures, loader.is_cancelled))
            )
    trials = [
        Trial(choice, each.seconds, each.drift_from(answers[REFERENCE]))
        for choice, each in answers.items()
        if each.runs
    ]
    remember(key, [trial.to_json() for trial in trials])
    for trial in trials:
        _log.info("%s: %s", loader.info.name, trial)
    return tuple(trials)


def _take(loader: Loader, choice: Choice, answers: _Answers) -> None:
    if not answers.runs:
        return
    try:
        answers.take(loader.network(choice))
    except (ModelError, RuntimeError) as error:
        if choice == REFERENCE:  # which ran a moment ago, and without which nothing is known
            raise
        answers.runs = False
        _log.warning("%s does not run by %s: %s", loader.info.name, choice, error)


def _key(weights: str, wanted: Iterable[Choice]) -> str:
    ways = " ".join(f"{choice.engine}-{choice.precision}" for choice in wanted)
    openvino = openvino_engine.installed_version()
    return f"{weights} {ways}; {torch_runtime.machine()}, openvino {openvino}"


def _demo_frames() -> Iterable[Pixels]:
    from sonichu_gui.imaging.sources import open_source

    for path in sorted(paths.resources("demo").glob("*.png"))[:_FRAMES]:
        source = open_source(path)
        try:
            yield source.frame(0).pixels
        finally:
            source.close()


class _Answers:
    """One way to run the model: its fastest pass, and what it says of every picture.

    Args:
        pictures: The network's input for each.
        is_cancelled: Whether nobody waits for them any more.
    """

    def __init__(self, pictures: Sequence[Tensor], is_cancelled: Callable[[], bool]) -> None:
        import torch

        self.runs = True
        self.seconds = float("inf")
        self._pictures = pictures
        self._is_cancelled = is_cancelled
        self._threads = torch.get_num_threads()
        self._features: list[Tensor] = []
        self._points: list[Tensor] = []
        self._confidence: list[Tensor] = []

    def take(self, made: Network) -> None:
        """Times a pass over every picture; the first time the heads are asked too."""
        import torch

        with torch.inference_mode():
            # The first pass also prepares what later ones find ready.
            made.encoder.encode(self._pictures[0], self._is_cancelled)
            answered = bool(self._features)
            for pixels in self._pictures:
                features = self._timed(made, pixels)
                if not answered:
                    self._features.append(features.float())
                    self._ask_heads(made, features)

    def _timed(self, made: Network, pixels: Tensor) -> Tensor:
        # Time of the CPU, not of the clock: whatever else the machine does now is not held against
        # a choice that is kept.
        start = time.process_time()
        features = made.encoder.encode(pixels, self._is_cancelled)
        work = time.process_time() - start
        self.seconds = min(self.seconds, max(work, 1e-6) / self._threads)
        return features

    def _ask_heads(self, made: Network, features: Tensor) -> None:
        for task, settings in made.network.config.tasks.items():
            if settings.trained:
                found = made.network.locate(features, task, tta=False)
                self._points.append(found.xy[0])
                self._confidence.append(found.confidence[0])

    def drift_from(self, reference: _Answers) -> Drift:
        """Gives how far these answers are from the reference's."""
        import torch

        truth = torch.cat(reference._features)
        size = truth.norm().clamp_min(1e-20)
        error = float((torch.cat(self._features) - truth).norm() / size)
        if not self._points:
            return Drift(error)
        moved = 1024 * (torch.cat(self._points) - torch.cat(reference._points)).norm(dim=-1)
        sure = torch.cat(reference._confidence) >= _SURE
        counted = moved[sure] if sure.any() else moved
        return Drift(error, float(counted.median()), float(counted.max()))
