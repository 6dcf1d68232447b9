"""A study whose labels a person stands for, and a tiny model that answers for them badly."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from sonichu_gui.imaging.sources import open_source
from sonichu_gui.labels.importers.registry import read_labels
from sonichu_gui.labels.place import StoresBelow
from sonichu_gui.paths import user_models
from sonichu_gui.tasks import load_tasks

if TYPE_CHECKING:
    from pathlib import Path

HEADER = (
    "image_path,task_name,task_id,num_classes,height,width,"
    "point_1_xy,point_2_xy,point_3_xy,point_4_xy,pixel_size_mm,subject_id"
)


def make_study(folder: Path, *, heads: int = 8, femurs: int = 0) -> Path:
    """Draws frames of rings and bars, with accepted labels in the folder's store."""
    folder.mkdir(parents=True)
    lines = [HEADER]
    lines += [_head(folder / f"head{number}.png", number) for number in range(heads)]
    lines += [_femur(folder / f"femur{number}.png", number) for number in range(femurs)]
    labels = folder.parent / f"{folder.name}.csv"
    labels.write_text("\n".join(lines) + "\n")
    place = StoresBelow(folder)
    report = read_labels(
        "csv", labels, place, tasks=load_tasks(), open_source=open_source, track=iter
    )
    place.close()
    assert report.imported == heads + femurs
    return folder


def install_tiny_model(
    name: str = "tiny", tasks: tuple[str, ...] = ("HC", "fetal_femur"), *, sharpness: float = 1.0
) -> Path:
    """A model of 64 pixels whose heads count as trained, among the person's own.

    Its heatmaps are nearly flat, and steeper by ``sharpness``.
    """
    import torch

    from sonichu_gui.model.modeling_sonichu import (
        DEFAULT_TASKS,
        HeadConfig,
        SonichuConfig,
        SonichuModel,
        ViTConfig,
    )

    torch.manual_seed(0)
    config = SonichuConfig(
        name=name,
        image_size=64,
        heatmap_size=16,
        backbone=ViTConfig(
            patch_size=16, hidden_size=32, num_hidden_layers=2, num_attention_heads=2
        ),
        head=HeadConfig("simple"),
        tasks={task: replace(DEFAULT_TASKS[task], trained=True) for task in tasks},
    )
    folder = user_models() / name
    model = SonichuModel(config)
    for head in model.heads.values():
        head.final_layer.weight.data *= sharpness
    model.save_pretrained(folder)
    return folder


def _head(path: Path, number: int) -> str:
    rng = np.random.default_rng(number)
    middle = rng.uniform((60, 45), (90, 55))
    long, short = rng.uniform(34, 42), rng.uniform(24, 30)
    pixels = rng.integers(0, 40, (100, 150), dtype=np.uint8)
    centre = tuple(map(round, middle.tolist()))
    cv2.ellipse(pixels, centre, (round(long), round(short)), 0, 0, 360, 220, 3)
    _write(path, pixels)
    ends = [(0, -short), (0, short), (long, 0), (-long, 0)]
    return _row(path, "HC", [middle + end for end in ends])


def _femur(path: Path, number: int) -> str:
    rng = np.random.default_rng(100 + number)
    first = rng.uniform((25, 40), (40, 60))
    second = first + rng.uniform((60, -15), (85, 15))
    pixels = rng.integers(0, 40, (100, 150), dtype=np.uint8)
    ends = [tuple(map(round, end.tolist())) for end in (first, second)]
    cv2.line(pixels, *ends, 230, 5)
    _write(path, pixels)
    return _row(path, "fetal_femur", [first, second])


def _write(path: Path, pixels: np.ndarray) -> None:
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())


def _row(path: Path, task: str, points: list[np.ndarray]) -> str:
    cells = [f'"{json.dumps([round(float(v), 2) for v in point])}"' for point in points]
    cells += [""] * (4 - len(cells))
    return f"{path.name},Regression,{task},{len(points)},100,150,{','.join(cells)},0.2,{path.stem}"
