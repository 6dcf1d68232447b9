"""The competition's baseline: its network is the published one, and it is no model of the app."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import EfficientNetModel

from sonichu_gui.errors import ModelError
from sonichu_gui.prediction.adding import add_model
from sonichu_gui.prediction.model_info import read_model_info
from sonichu_gui.training.baseline import load_baseline, new_baseline, run
from sonichu_gui.training.baseline_model import BaselineConfig, BaselineModel, encoder_config
from sonichu_gui.training.config import TrainingError, read_config
from sonichu_gui.training.data.labels import read_labels
from sonichu_gui.training.evaluate import load_model, predict_rows
from sonichu_gui.training.recipe import TeacherConfig
from sonichu_gui.training.scores import score

TINY = {
    "image_size": 64,
    "heatmap_size": 16,
    "backbone": {"type": "efficientnet", "width": 0.25, "depth": 0.3, "fpn_channels": 16},
    "head": {"type": "light", "channels": 16},
}


@pytest.fixture
def config(toy_study):
    """The toy study's run, of a tiny baseline."""
    text = toy_study.config.read_text()
    head = text[: text.index("[model]")]
    backbone = "{ type = 'efficientnet', width = 0.25, depth = 0.3, fpn_channels = 16 }"
    toy_study.config.write_text(
        f"{head}[model]\nname = 'tiny'\nimage_size = 64\nheatmap_size = 16\n"
        f"backbone = {backbone}\nhead = {{ type = 'light', channels = 16 }}\n"
    )
    return toy_study.config


def quiet(_share, _text):
    """Hears nothing."""


def test_encoder_has_the_parameters_of_the_published_efficientnet_b4():
    with torch.device("meta"):
        whole = EfficientNetModel(encoder_config(1.4, 1.8))

    assert sum(one.numel() for one in whole.parameters()) == 17_548_616


def test_pyramid_gets_strides_4_to_32_and_gives_the_heatmap_size():
    model = BaselineModel(BaselineConfig.from_dict(TINY)).eval()
    frame = torch.rand(1, 3, 64, 64)

    maps = model.backbone(frame)

    assert [one.shape[-1] for one in maps] == [16, 8, 4, 2]
    assert model.heatmaps(model.encode(frame), "HC").shape == (1, 4, 16, 16)


def test_batch_norms_remember_more_than_the_last_batch():
    norms = [
        one
        for one in BaselineModel(BaselineConfig.from_dict(TINY)).backbone.modules()
        if isinstance(one, torch.nn.BatchNorm2d)
    ]

    assert norms
    assert {norm.momentum for norm in norms} == {0.01}


def test_training_leaves_a_folder_that_is_scored_as_every_model_is(config, toy_study):
    folder = run(config, resume=False, report=quiet)

    model = load_baseline(folder)
    rows = read_labels(toy_study.labels).rows
    scores = score(rows, predict_rows(model, rows, toy_study.images))
    assert scores["tasks"]["HC"]["n"] == len(rows)
    assert model.config.tasks["HC"].trained
    assert json.loads((folder / "config.json").read_text())["model_type"] == "sonichu-baseline"


def test_published_encoder_weights_are_taken_from_a_local_folder(config, tmp_path):
    torch.manual_seed(5)
    published = EfficientNetModel(encoder_config(0.25, 0.3))
    published.save_pretrained(tmp_path / "published")
    config.write_text(
        config.read_text().replace('"random"', json.dumps(str(tmp_path / "published")))
    )

    model = new_baseline(read_config(config, TeacherConfig), [], report=quiet)

    for part, own in (
        (published.embeddings, model.backbone.stem),
        (published.encoder.blocks, model.backbone.blocks),
    ):
        taken = own.state_dict()
        assert all(torch.equal(value, taken[name]) for name, value in part.state_dict().items())


def test_encoder_weights_of_another_size_are_refused(config, tmp_path):
    EfficientNetModel(encoder_config(0.5, 0.3)).save_pretrained(tmp_path / "wide")
    config.write_text(config.read_text().replace('"random"', json.dumps(str(tmp_path / "wide"))))

    with pytest.raises(ModelError, match="holds no weights for this encoder"):
        run(config, resume=False, report=quiet)


def test_unknown_size_is_told_by_its_key(config):
    config.write_text(config.read_text().replace("width = 0.25", "girth = 0.25"))

    with pytest.raises(TrainingError, match=r"backbone\.girth"):
        run(config, resume=False, report=quiet)


@pytest.mark.parametrize("opening", [read_model_info, load_model, add_model])
def test_app_refuses_a_baseline_and_says_what_it_is(tmp_path, opening):
    BaselineModel(BaselineConfig.from_dict(TINY)).save_pretrained(tmp_path / "base")

    with pytest.raises(ModelError, match="a baseline, which was trained to be compared with"):
        opening(tmp_path / "base")


def test_damaged_baseline_is_refused_whole(tmp_path):
    BaselineModel(BaselineConfig.from_dict(TINY)).save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    weights.pop("neck.lateral.0.0.weight")
    save_file(weights, tmp_path / "model.safetensors")

    with pytest.raises(ModelError, match="not a whole baseline"):
        load_baseline(tmp_path)
