"""Predict all in a real window, killed in the middle, gone on with by the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from sonichu_gui.domain.annotation import Status
from sonichu_gui.labels.store import LabelStore
from sonichu_gui.paths import resources
from tests.e2e.screen import screen, wait_for

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.display,
    pytest.mark.skipif(
        not resources("models", "sonichu-mini").is_dir(), reason="the embedded model is not there"
    ),
]

FRAMES = 150
START = 60.0


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Frames that differ in a pixel."""
    folder = tmp_path / "many"
    folder.mkdir()
    pixels = np.random.default_rng(4).integers(0, 255, (240, 320), dtype=np.uint8)
    for number in range(FRAMES):
        pixels[0, 0] = number
        (folder / f"{number}.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    return folder


def predicted(folder: Path) -> int:
    """How many frames of a folder hold a prediction."""
    store = LabelStore.open_for(folder, create=False)
    if store is None:
        return 0
    try:
        return sum(row.revision.annotation.status is Status.PROPOSED for row in store.rows())
    finally:
        store.close()


def test_a_batch_that_was_killed_is_gone_on_with_and_nothing_is_done_twice(study, tmp_path):
    (tmp_path / "screen").mkdir()
    with screen(tmp_path / "screen") as display:
        code = "from sonichu_gui.cli import gui_main; raise SystemExit(gui_main())"
        environment = {**os.environ, "DISPLAY": display.name, "QT_QPA_PLATFORM": "xcb"}
        app = subprocess.Popen([sys.executable, "-c", code, str(study)], env=environment)
        try:
            shown = lambda: display.look()[300:600, 500:900].std() > 20  # noqa: E731
            wait_for(shown, seconds=START, what="the frame")
            display.touch("mousemove", 400, 700, "click", 1)

            def begun() -> int:
                display.touch("key", "ctrl+r")
                display.touch("sleep", 0.6, "key", "Return", "sleep", 1)
                return predicted(study)

            wait_for(begun, seconds=START, what="the first predictions")
        finally:
            app.send_signal(signal.SIGKILL)
            app.wait(timeout=20)
    done = predicted(study)
    assert done > 0
    command = [sys.executable, "-m", "sonichu_gui", "predict", "--task", "HC", "--save", "--json"]
    answer = subprocess.run([*command, str(study)], capture_output=True, text=True, check=True)
    told = json.loads(answer.stdout)
    assert told["skipped_done"] == done
    assert told["predicted"] == FRAMES - done
    assert predicted(study) == FRAMES
