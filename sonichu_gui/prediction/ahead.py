"""Predicts the frames that a person will come to next, and keeps what the model said of them.

Nothing is stored from here: a prediction becomes a revision when the person arrives at its frame.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sonichu_gui.domain.frame import FrameRef
from sonichu_gui.errors import FrameError, StoreError
from sonichu_gui.prediction.api import never_cancelled
from sonichu_gui.prediction.batch import reason_to_skip, unhurried

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Sequence
    from pathlib import Path

    from sonichu_gui.domain.annotation import ModelId
    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.domain.task import Task
    from sonichu_gui.labels.few_stores import FewStores
    from sonichu_gui.prediction.api import Prediction, Predictor

__all__ = ["ReadyPredictions", "Wanted", "predict_next"]

KEPT = 64
"""Predictions of some kilobytes each; more frames than anybody has predicted ahead."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a model: the same task in the same way, on frame after frame.

    Attributes:
        places: Files and frames, in the order in which a person will come to them.
        task: The task.
        tta: Whether to average in the mirrored frame.
        at_most: How many frames to predict.
        ready: Frames whose prediction is there already; they count.
    """

    places: Sequence[tuple[Path, int]]
    task: Task
    tta: bool
    at_most: int
    ready: Collection[FrameRef] = ()


class ReadyPredictions:
    """Predictions that wait for their frame to be shown; the oldest make room."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[FrameRef, str, str, bool], Prediction] = OrderedDict()

    def __len__(self) -> int:
        return len(self._found)

    def put(self, prediction: Prediction) -> None:
        """Keeps a prediction."""
        key = prediction.frame, prediction.task_id, prediction.model.hash, prediction.tta
        self._found[key] = prediction
        self._found.move_to_end(key)
        while len(self._found) > KEPT:
            self._found.popitem(last=False)

    def take(
        self, frame: FrameRef, task_id: str, model: ModelId, *, tta: bool
    ) -> Prediction | None:
        """Gives a prediction away, or None."""
        return self._found.pop((frame, task_id, model.hash, tta), None)

    def frames(self, task_id: str, model: ModelId, *, tta: bool) -> frozenset[FrameRef]:
        """Gives the frames that a prediction waits for."""
        wanted = (task_id, model.hash, tta)
        return frozenset(frame for frame, *rest in self._found if tuple(rest) == wanted)


def predict_next(
    wanted: Wanted,
    predictor_of: Callable[[], Predictor],
    *,
    read: Callable[[Path, int], Frame],
    is_interrupted: Callable[[], bool] = never_cancelled,
) -> Generator[Prediction | None, None, None]:
    """Predicts the first of the frames that nobody has labelled and this model has not predicted.

    Args:
        wanted: What to predict.
        predictor_of: Gives the model, loaded; slow the first time.
        read: Decodes a frame.
        is_interrupted: Whether to stop at once; the frame in work begins anew when driven on.

    Yields:
        Each prediction; None where it stepped aside.

    Raises:
        ModelError: The model cannot be loaded or run.
    """
    from sonichu_gui.labels.few_stores import FewStores

    predictor = predictor_of()
    model, left = predictor.model, wanted.at_most
    with closing(FewStores()) as stores:
        for place in wanted.places:
            if left == 0:
                return
            if is_interrupted():
                yield None
            frame = _frame_to_predict(place, wanted, model, stores, read)
            if frame is None:
                continue
            left -= 1
            if frame.ref in wanted.ready:
                continue
            predict = partial(
                predictor.predict, frame, wanted.task, tta=wanted.tta, is_cancelled=is_interrupted
            )
            yield (yield from unhurried(predict, is_interrupted))


def _frame_to_predict(
    place: tuple[Path, int],
    wanted: Wanted,
    model: ModelId,
    stores: FewStores,
    read: Callable[[Path, int], Frame],
) -> Frame | None:
    """Gives a frame, or None where there is nothing to predict or nowhere to keep it."""
    path, index = place
    try:
        store = stores.existing(path.parent)
        digest = store.known_digest(path) if store else None
        frame = None if digest else read(path, index)
        ref = frame.ref if frame else FrameRef(digest or "", index)
        standing = store.standing(ref, wanted.task.id) if store else None
        if standing and reason_to_skip(standing, model=model, tta=wanted.tta):
            return None
        return frame or read(path, index)
    except (FrameError, StoreError):
        return None  # told when the person comes there
