"""One engine at a time: two passes at once on the same cores take far longer than in turn.

The turn is the process's, not a predictor's: after another model was chosen, the former may still
be at work.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sonichu_gui.prediction.api import PredictionCancelled, never_cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ENGINE = threading.Lock()

_PATIENCE_S = 0.02
"""How long a waiting request that is no longer wanted may stay in the queue."""


@contextmanager
def engine_turn(is_cancelled: Callable[[], bool] = never_cancelled) -> Iterator[None]:
    """Waits until no other engine runs and keeps all others waiting.

    Raises:
        PredictionCancelled: It was no longer wanted before its turn came.
    """
    while not _ENGINE.acquire(timeout=_PATIENCE_S):
        if is_cancelled():
            raise PredictionCancelled
    try:
        if is_cancelled():
            raise PredictionCancelled
        yield
    finally:
        _ENGINE.release()
