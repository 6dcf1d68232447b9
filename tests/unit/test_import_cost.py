from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    *("torch", "PySide6", "cv2", "pydicom", "sqlalchemy", "highdicom", "transformers", "rich"),
    *("huggingface_hub", "httpx2", "safetensors", "openvino"),
}


def heavy_imports_of(module):
    code = f"import sys, {module}\nprint(*(set({HEAVY!r}) & sys.modules.keys()))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "sonichu_gui.cli",
        "sonichu_gui.tasks",
        "sonichu_gui.domain.annotation",
        "sonichu_gui.biometry.measure",
        "sonichu_gui.prediction.api",
        "sonichu_gui.prediction.zoo",
        "sonichu_gui.prediction.batch",
        "sonichu_gui.prediction.ahead",
        "sonichu_gui.prediction.openvino_engine",
        "sonichu_gui.prediction.probe",
        "sonichu_gui.prediction.hub",
        "sonichu_gui.commands.models",
        "sonichu_gui.prediction.local",
        "sonichu_gui.model.weights_file",
        "sonichu_gui.model.namings",
    ],
)
def test_core_and_door_to_the_model_load_nothing_heavy(module):
    assert heavy_imports_of(module) == set()


def test_window_loads_qt_alone():
    # Everything else waits until the window has been painted.
    assert heavy_imports_of("sonichu_gui.gui.app") == {"PySide6"}
