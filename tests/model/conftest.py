"""Small models: quick to build, with heatmaps that have peaks."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from sonichu_gui.domain.frame import Frame, FrameRef
from sonichu_gui.model.modeling_sonichu import (
    DEFAULT_TASKS,
    EfficientNetLiteConfig,
    HeadConfig,
    SonichuConfig,
    SonichuModel,
    ViTConfig,
)
from sonichu_gui.prediction.local import LocalPredictor

TINY_VIT = ViTConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=4)


def _trained(*names: str) -> dict:
    return {
        name: dataclasses.replace(task, trained=name in names)
        for name, task in DEFAULT_TASKS.items()
    }


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """Tiny networks gain nothing from more, and on a busy machine lose much."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def vit_config() -> SonichuConfig:
    head = HeadConfig(type="vitpose", channels=16)
    return SonichuConfig(backbone=TINY_VIT, head=head, tasks=_trained("HC", "PLAX"))


@pytest.fixture(scope="session")
def light_config() -> SonichuConfig:
    return SonichuConfig(
        backbone=EfficientNetLiteConfig(fpn_channels=16),
        head=HeadConfig(type="light", channels=8),
        tasks=_trained("HC", "PLAX"),
    )


def _with_peaks(config: SonichuConfig) -> SonichuModel:
    """A network whose random heads answer with peaks, not with flat maps."""
    torch.manual_seed(3)
    built = SonichuModel(config)
    for name, parameter in built.named_parameters():
        if "final_layer.weight" in name or "deconv_layers" in name:
            torch.nn.init.normal_(parameter, std=0.5)
    return built.eval()


@pytest.fixture(scope="session")
def vit(vit_config) -> SonichuModel:
    return _with_peaks(vit_config)


@pytest.fixture(scope="session")
def light(light_config) -> SonichuModel:
    return _with_peaks(light_config)


@pytest.fixture(scope="session", params=["vit", "light"])
def model(request) -> SonichuModel:
    """One small network of each kind."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def _saved(vit, tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("saved") / "model"
    vit.save_pretrained(target)
    return target


@pytest.fixture
def folder(_saved, tmp_path) -> Path:
    """A model folder of the small transformer, to be spoilt at will."""
    return Path(shutil.copytree(_saved, tmp_path / "model"))


@pytest.fixture
def folder_of_each(model, tmp_path) -> Path:
    """A model folder of each kind of network."""
    model.save_pretrained(tmp_path / "each")
    return tmp_path / "each"


@pytest.fixture(scope="session")
def frame() -> np.ndarray:
    """A grey frame of smooth noise with a bright ring, 540 x 800."""
    noise = np.random.default_rng(1).integers(0, 255, (54, 80), np.uint8)
    grey = cv2.resize(noise, (800, 540), interpolation=cv2.INTER_CUBIC)
    return cv2.ellipse(grey, (400, 270), (250, 180), 30, 0, 360, 255, 12)


@pytest.fixture
def picture(frame) -> Frame:
    """The frame as the app knows it."""
    return Frame(FrameRef("a" * 64), frame)


@pytest.fixture
def predictor(folder) -> LocalPredictor:
    """The small transformer in the reference engine."""
    return LocalPredictor(folder, device="cpu", engine="torch", precision="fp32")


@pytest.fixture
def encodings(monkeypatch) -> list[int]:
    """Counts the passes through the backbone."""
    seen: list[int] = []
    encode = SonichuModel.encode

    def counted(self, pixel_values):
        seen.append(len(pixel_values))
        return encode(self, pixel_values)

    monkeypatch.setattr(SonichuModel, "encode", counted)
    return seen
