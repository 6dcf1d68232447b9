"""A workbench as a person has it: the real window over real files, stores and settings."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from sonichu_gui.gui import theme
from sonichu_gui.gui.workbench import Workbench
from sonichu_gui.settings.store import Settings
from tests.gui.scenes import open_and_wait, write_picture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot


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
        # A failed test must not be asked whether its training may stop.
        qtbot.addWidget(bench.window, before_close_func=lambda _window: bench.tuning.stop())
        bench.window.resize(1280, 800)
        made.append(bench)
        return bench

    yield make
    for bench in made:
        bench.keeper._waiting.clear()  # else a failed test would wait for somebody's answer
        bench.window.close()
        bench.deleteLater()
    assert not [t.name for t in threading.enumerate() if t.name.startswith("sonichu-")]


@pytest.fixture
def bench(make_bench: Callable[[], Workbench], qtbot: QtBot, study: Path) -> Workbench:
    """The window with the first frame of the study shown."""
    workbench = make_bench()
    open_and_wait(workbench, qtbot, study)
    return workbench
