"""A model folder far from the project: the published quick start runs there, letter for letter."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from sonichu_gui.model import inference, modeling_sonichu

# The "Quick start" of the published model card, unchanged.
QUICK_START = """\
import cv2
import torch
import numpy as np
from modeling_sonichu import SonichuModel, SonichuPreprocessor

model = SonichuModel.from_pretrained(".")
prep = SonichuPreprocessor.from_pretrained(".")
device = "cuda" if torch.cuda.is_available() else "cpu"
model = model.to(device)

img_bgr = cv2.imread("my_ultrasound.png")
img_rgb = cv2.cvtColor(img_bgr, cv2.COLOR_BGR2RGB)
inputs = prep(img_rgb)

kps_norm = model.predict(inputs["pixel_values"].to(device), task="fetal_femur", tta=True)
# kps_norm: (1, n_kp, 2) in [0, 1]
kps_pixel = kps_norm[0].cpu().numpy() * np.array([inputs["orig_w"], inputs["orig_h"]])
print(kps_pixel)
"""
STANDS_ALONE = """
import sys
assert not [name for name in sys.modules if name.startswith("sonichu")], "the project was imported"
"""


@pytest.fixture
def far_folder(folder_of_each, tmp_path, frame) -> Path:
    far = tmp_path / "far away" / "model"
    shutil.copytree(folder_of_each, far)
    (far / "my_ultrasound.png").write_bytes(cv2.imencode(".png", frame)[1].tobytes())
    return far


def _python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_quick_start_is_that_of_the_model_card(shared_data):
    card = (shared_data / "model-card.txt").read_text(encoding="utf-8")
    published = card.split("## Quick start ```python")[1].split("```")[0]
    assert published.split() == QUICK_START.split()


def test_the_quick_start_runs_in_a_copied_folder(far_folder):
    (far_folder / "quick_start.py").write_text(QUICK_START + STANDS_ALONE, encoding="utf-8")
    done = _python(far_folder, "quick_start.py")
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"\d+\.\d*", done.stdout)) == 4


def test_the_command_runs_in_a_copied_folder(far_folder):
    done = _python(far_folder, "inference.py", "my_ultrasound.png", "HC")
    assert done.returncode == 0, done.stderr
    assert (far_folder / "my_ultrasound_HC.png").is_file()


@pytest.mark.parametrize("module", [modeling_sonichu, inference])
def test_the_code_imports_torch_numpy_opencv_and_safetensors_alone(module):
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    names = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    names |= {
        node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
    }
    outside = {name.split(".")[0] for name in names} - set(sys.stdlib_module_names)
    assert outside <= {"torch", "numpy", "cv2", "safetensors", "modeling_sonichu"}
