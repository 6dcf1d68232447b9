"""Fixtures for every test: a home of its own, no display, and the way to real frames."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

# Before any Qt import: a machine without a display can run every test that is not marked so.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# A shared or slow machine must not turn a correct property into a failure. A person's run looks
# for new cases every time; CI tries the same ones, so that a failure there is the change's own.
settings.register_profile("sonichu", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("sonichu")

REPOSITORY = Path(__file__).resolve().parents[1]

_USER_FOLDERS = {
    "HOME": ".",
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_CACHE_HOME": ".cache",
    "XDG_RUNTIME_DIR": ".runtime",
}


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, so that no test reads or writes the settings of a person."""
    folder = tmp_path_factory.mktemp("home")
    for variable, below in _USER_FOLDERS.items():
        # Qt warns about a runtime folder that others can read.
        (folder / below).mkdir(mode=0o700, parents=True, exist_ok=True)
        monkeypatch.setenv(variable, str(folder / below))
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder that holds `data/hc18` and `data/dicom`: real frames, never part of the project.

    It lies beside the repository, or where SONICHU_SHARED_DATA points; without it the test skips.
    """
    default = REPOSITORY.parent / "shared"
    folder = Path(os.environ.get("SONICHU_SHARED_DATA", default))
    if not (folder / "data").is_dir():
        pytest.skip(f"no real frames: {folder}/data is absent (set SONICHU_SHARED_DATA)")
    return folder


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips a test that drives a real window where there is nothing to drive it with."""
    if item.get_closest_marker("display") is None:
        return
    missing = [tool for tool in ("Xvfb", "xdotool") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed")
