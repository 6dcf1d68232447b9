"""A window whose model answers with known points, as fast or slow as a test wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.prediction.models import KnownPredictor

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from sonichu_gui.gui.workbench import Workbench


def give_model(bench: Workbench, *, seconds: float = 0.0) -> KnownPredictor:
    """Puts a model into memory, in place of the one that comes with the app."""
    bench.document.set_task(bench.tasks["HC"])
    if not bench.serving.looked_up:
        bench.serving.look_up()
    engine = bench.predicting.engine_for(bench.tasks["HC"])
    engine.predictor = KnownPredictor(seconds=seconds)
    bench.predicting._devices_told = True  # to find them out would import torch
    return engine.predictor


def settle(bench: Workbench, qtbot: QtBot) -> None:
    """Waits until the person has stayed and nothing is under way any more."""
    qtbot.wait(200)
    qtbot.waitUntil(lambda: not bench.jobs.running and not bench.jobs._jobs, timeout=10_000)
