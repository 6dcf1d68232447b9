"""The headless tour ends with pictures in which frames carry points, measures and units."""

from __future__ import annotations

import csv
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from sonichu_gui.paths import resources


@pytest.mark.slow
@pytest.mark.skipif(
    not resources("models", "sonichu-mini").is_dir(), reason="the embedded model is not there"
)
def test_the_tour_writes_screenshots_labels_and_measures(tmp_path):
    out = tmp_path / "tour"
    environment = {**os.environ}
    for variable in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        environment.pop(variable, None)
    command = [sys.executable, "-m", "sonichu_gui", "gui", "--demo", "--tour", str(out)]
    answer = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=280, check=False
    )
    assert answer.returncode == 0, answer.stderr
    pictures = sorted(out.glob("*.png"))
    assert len(pictures) > 10
    with Image.open(out / "01-head.png") as shot:
        assert shot.size == (1440, 900)
    for picture in pictures:
        with Image.open(picture) as shot:
            assert np.asarray(shot.convert("L")).std() > 5
    with (out / "measurements.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["task_id"] for row in rows} >= {"HC", "A4C", "fetal_femur"}
    assert any(row["name"] == "HC" and row["unit"] == "mm" for row in rows)
    assert any(row["task_id"] == "A4C" and row["unit"] == "mm" for row in rows)
