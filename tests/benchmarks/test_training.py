"""What a training step of the light backbone consists of.

Run by hand, on a quiet machine:

    pytest tests/benchmarks/test_training.py --benchmark-enable \
        --benchmark-columns=median,iqr,rounds

Batches of 16 drawn heads at 256 x 256. The first row, the bare forward and backward pass of the
network, is what the others are held against: a whole step should be little more, and drawing a
batch a small part of it.
"""

from __future__ import annotations

import itertools

import pytest
import torch

from sonichu_gui.model.modeling_sonichu import SonichuConfig, SonichuModel
from sonichu_gui.training import loop
from sonichu_gui.training.config import RunConfig
from sonichu_gui.training.data.labels import read_labels
from sonichu_gui.training.distributed import World
from sonichu_gui.training.keypoint_stage import KeypointStage
from sonichu_gui.training.optimiser import OptimiserConfig
from sonichu_gui.training.phantoms.files import write_phantoms
from sonichu_gui.training.recipe import TeacherConfig

MODEL = {
    "image_size": 256,
    "heatmap_size": 64,
    "backbone": {"type": "efficientnet_lite", "variant": "lite0", "fpn_channels": 64},
    "head": {"type": "light", "channels": 64},
}
BATCH = 16


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("heads")
    labels = write_phantoms(folder, task_ids=["HC"], count=4, seed=0, size=(800, 540))
    return BATCH // 4 * list(read_labels(labels).rows), folder


@pytest.fixture
def stage(rows, tmp_path, monkeypatch):
    found, folder = rows
    monkeypatch.setenv("SONICHU_DATA", str(folder))
    config = TeacherConfig(
        run=RunConfig(seed=1, batch_size=BATCH, output=str(tmp_path), steps=10_000),
        data=(),
        model=dict(MODEL),
        optimiser=OptimiserConfig(freeze_depthwise=True),
    )
    model = SonichuModel(SonichuConfig.from_dict(dict(MODEL)))
    made = KeypointStage(config, model, learn=found, watched=[])
    made.place(World(0, 1, torch.device("cpu")), config.run.steps)
    return made


def batch_of(stage):
    return stage.samples.collate([stage.samples[index] for index in range(BATCH)])


@pytest.mark.benchmark(group="training step")
def test_bare_forward_and_backward_pass(benchmark, stage):
    pixels = batch_of(stage).pixel_values
    model = stage.network.model.train()

    def both() -> None:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            total = model.heatmaps(model.encode(pixels), "HC").float().square().mean()
        total.backward()

    benchmark(both)


@pytest.mark.benchmark(group="training step")
def test_a_whole_step(benchmark, stage):
    batch, steps, run = batch_of(stage), itertools.count(), stage.config.run
    world = World(0, 1, torch.device("cpu"))

    def step() -> None:
        number = next(steps)
        stage.begin_step(number)
        loop.descend(stage, stage.network, batch, number, run=run, world=world)
        stage.end_step(number)

    benchmark(step)


@pytest.mark.benchmark(group="training step")
def test_drawing_a_batch(benchmark, stage):
    epochs = itertools.count()

    def draw() -> None:
        stage.samples.set_epoch(next(epochs))
        batch_of(stage)

    benchmark(draw)
