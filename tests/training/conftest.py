"""A toy study: bright ellipses on dark frames, as a label file tells them."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

HEADER = (
    "image_path,task_name,task_id,num_classes,height,width,"
    "point_1_xy,point_2_xy,point_3_xy,point_4_xy,pixel_size_mm,subject_id,split"
)

CONFIG = """
start = "random"

[run]
seed = 3
steps = 3
batch_size = 4
output = "{output}"
threads = 1
bf16 = false
log_every = 1
watch_every = 100

[[data]]
kind = "csv"
path = "toy/labels.csv"
task = "HC"
split = "train"

[model]
name = "toy"
image_size = 64
heatmap_size = 16
backbone = {{ type = "efficientnet_lite", variant = "lite0", fpn_channels = 16 }}
head = {{ type = "light", channels = 16 }}
"""


@dataclass(frozen=True, slots=True)
class ToyStudy:
    """Where the study and what is made from it lie."""

    root: Path
    config: Path

    @property
    def labels(self) -> Path:
        return self.root / "toy" / "labels.csv"

    @property
    def images(self) -> Path:
        return self.root / "toy"

    @property
    def run(self) -> Path:
        return self.root / "run"


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Networks this small only lose time by sharing their work out."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def toy_study(tmp_path, monkeypatch):
    monkeypatch.setenv("SONICHU_DATA", str(tmp_path))
    (tmp_path / "toy").mkdir()
    lines = [HEADER]
    for index in range(9):
        split = "train" if index < 6 else "test"
        lines.append(_draw(tmp_path / "toy" / f"{index}.png", index, split))
    (tmp_path / "toy" / "labels.csv").write_text("\n".join(lines) + "\n")
    config = tmp_path / "toy.toml"
    config.write_text(CONFIG.format(output=tmp_path / "run"))
    return ToyStudy(tmp_path, config)


def _draw(path, index, split):
    """Draws one frame and gives its label row."""
    width, height = 150, 100
    centre = np.array([70.0 + index, 50.0 - index / 2])
    angle, long, short = 0.15 * index - 0.5, 34.0 + index, 26.0 + index / 2
    image = np.zeros((height, width), np.uint8)
    axes = (round(long), round(short))
    middle = (round(float(centre[0])), round(float(centre[1])))
    cv2.ellipse(image, middle, axes, math.degrees(angle), 0, 360, 200, 3)
    path.write_bytes(cv2.imencode(".png", image)[1].tobytes())
    along = np.array([math.cos(angle), math.sin(angle)])
    across = np.array([-along[1], along[0]])
    points = [
        centre - short * across,
        centre + short * across,
        centre + long * along,
        centre - long * along,
    ]
    cells = ",".join(f'"{json.dumps([round(float(v), 2) for v in point])}"' for point in points)
    return f"{path.name},Regression,HC,4,{height},{width},{cells},0.2,{index},{split}"
