"""A workbench as a person has it: the real window over real files, stores and settings."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from sonichu_gui.gui import theme
from sonichu_gui.gui.workbench import Workbench
from sonichu_gui.settings.store import Settings


def write_picture(path: Path, *, width: int = 400, height: int = 300, seed: int = 0) -> Path:
    """Draws a grey frame with a bright ring and speckle, different for every seed."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 60, (height, width), dtype=np.uint8)
    cv2.ellipse(pixels, (width // 2, height // 2), (110, 80), 12, 0, 360, 230, 5)
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    return path


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A folder of three frames."""
    folder = tmp_path / "study ä"
    folder.mkdir()
    for number in (1, 2, 10):
        write_picture(folder / f"frame{number}.png", seed=number)
    return folder


@pytest.fixture
def make_bench(qtbot: QtBot, tmp_path: Path, qapp) -> Iterator[Callable[[], Workbench]]:
    """Builds workbenches one after another: a second one is the app started again."""
    theme.apply(qapp, theme.DARK)
    made: list[Workbench] = []

    def make() -> Workbench:
        bench = Workbench(Settings.load(tmp_path / "settings.toml"))
        qtbot.addWidget(bench.window)
        bench.window.resize(1280, 800)
        made.append(bench)
        return bench

    yield make
    for bench in made:
        bench.window.close()
        bench.deleteLater()
    assert not [t.name for t in threading.enumerate() if t.name.startswith("sonichu-")]


@pytest.fixture
def bench(make_bench: Callable[[], Workbench], qtbot: QtBot, study: Path) -> Workbench:
    """The window with the first frame of the study shown."""
    workbench = make_bench()
    open_and_wait(workbench, qtbot, study)
    return workbench


def open_and_wait(bench: Workbench, qtbot: QtBot, *paths: Path) -> None:
    """Opens paths as a person does and waits until a frame is shown and the list is complete."""
    bench.begin(list(paths))
    qtbot.waitExposed(bench.window)
    qtbot.waitUntil(lambda: bench.document.frame is not None)
    qtbot.waitUntil(lambda: not bench.document.study.scanning)
