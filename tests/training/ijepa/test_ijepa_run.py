"""From a TOML file to what others can load: our teachers, `open_checkpoint`, and transformers."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from sonichu_gui import cli
from sonichu_gui.model.checkpoints import open_checkpoint
from sonichu_gui.model.modeling_sonichu import SonichuConfig, SonichuModel
from sonichu_gui.training.config import TrainingError, read_config
from sonichu_gui.training.ijepa import run as ijepa
from sonichu_gui.training.run_log import read_log
from sonichu_gui.training.start import start_weights

CONFIG = """
held_out_frames = 2
credit = "Drawn by the test."

[run]
seed = 3
steps = 2
batch_size = 4
output = "{output}"
threads = 1
bf16 = false
log_every = 1

[[data]]
kind = "csv"
path = "toy/labels.csv"
split = "train"

[[data]]
kind = "folder"
path = "toy"

[masks]
min_patches = 4

[predictor]
width = 24
depth = 1

[model]
name = "toy"
image_size = 64
heatmap_size = 32

[model.backbone]
type = "vit"
patch_size = 8
hidden_size = 128
num_hidden_layers = 2
num_attention_heads = 2

[model.head]
type = "vitpose"
channels = 8
"""
CARD_CONFIGS = Path(__file__).parents[3] / "resources" / "training"


def quiet(_done, _line):
    pass


@pytest.fixture
def config(toy_study):
    path = toy_study.root / "ijepa.toml"
    path.write_text(CONFIG.format(output=(toy_study.root / "run").as_posix()))
    return path


@pytest.fixture
def folder(config):
    return ijepa.run(config, resume=False, report=quiet)


def test_the_command_leaves_the_folder_and_a_log(config, toy_study, capsys):
    assert cli.main(["train", "pretrain", "--config", str(config)]) == 0
    folder = Path(capsys.readouterr().out.strip())
    assert SonichuModel.from_pretrained(folder).config.name == "toy"
    records = read_log(toy_study.run)
    assert [record["step"] for record in records] == [1, 2, 2]
    assert {"total", "target_std", "learning_rate", "weight_decay", "momentum"} < set(records[0])
    assert records[0]["weight_decay"] == pytest.approx(0.04)


def test_a_damaged_frame_is_told_and_left_out(config, toy_study):
    (toy_study.images / "8.png").write_bytes((toy_study.images / "8.png").read_bytes()[:200])
    told = []
    ijepa.run(config, resume=False, report=lambda _done, line: told.append(line))
    assert [line for line in told if line.startswith("left out: ") and "8.png" in line]
    assert "6 frames to learn from, 2 held out to watch" in told


def test_two_processes_follow_the_same_curve_as_one(config, toy_study):
    """torchrun with gloo, the same global batch."""
    ijepa.run(config, resume=False, report=quiet)
    alone = read_log(toy_study.run)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command += ["--standalone", "-m", "sonichu_gui", "train", "pretrain", "--config", str(config)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, env=environment, check=False, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-3000:]
    together = read_log(toy_study.run)
    assert len(together) == len(alone) == 3
    held_out = [records.pop()["held_out"] for records in (alone, together)]
    assert held_out[0] == pytest.approx(held_out[1], rel=1e-3)
    for ours, theirs in zip(alone, together, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-3)


@pytest.fixture
def pixels():
    return torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def test_the_folder_is_a_model_of_ours_that_says_what_it_is(folder):
    opened = open_checkpoint(folder)
    assert opened.layout is None  # ours, without a change
    config = opened.model.config
    assert not any(task.trained for task in config.tasks.values())
    told = config.extra["pretraining"]
    assert told["frames"] == 7
    assert (told["steps"], told["batch_size"]) == (2, 4)
    assert {"loss", "blind_loss", "feature_std", "effective_rank"} == set(told["held_out"])
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "finds no keypoints" in card
    assert "toy/labels.csv" in card
    assert "Drawn by the test." in card
    assert f"| loss | {told['held_out']['loss']:.4g} |" in card


@torch.no_grad()
def test_the_backbone_is_the_target_encoder_and_a_teacher_starts_from_it(folder, pixels):
    states = torch.load(folder.parent / ijepa.NETWORKS_FILE, weights_only=True)
    pretrained = SonichuModel.from_pretrained(folder)
    for name, tensor in pretrained.backbone.state_dict().items():
        assert torch.equal(tensor, states["target_encoder"][name]), name
    assert not torch.equal(states["encoder"]["norm.bias"], states["target_encoder"]["norm.bias"])
    teacher = SonichuModel(
        SonichuConfig.from_dict(json.loads((folder / "config.json").read_text()))
    )
    start_weights(teacher, str(folder), report=quiet)
    torch.testing.assert_close(teacher.encode(pixels), pretrained.encode(pixels))


@torch.no_grad()
def test_the_three_networks_are_recognised_as_a_checkpoint_of_ijepa(folder, pixels):
    opened = open_checkpoint(folder.parent / ijepa.NETWORKS_FILE)
    assert opened.layout is not None
    assert opened.layout.naming == "I-JEPA"
    expected = SonichuModel.from_pretrained(folder).encode(pixels)
    torch.testing.assert_close(opened.model.encode(pixels), expected)


def hugging_face_names(state):
    """The names of `transformers`' IJepaModel for those of the published code."""
    outer = {
        "patch_embed.proj": "embeddings.patch_embeddings.projection",
        "pos_embed": "embeddings.position_embeddings",
        "norm": "layernorm",
    }
    inner = {
        "norm1": "layernorm_before",
        "norm2": "layernorm_after",
        "attn.proj": "attention.o_proj",
    }
    renamed = {}
    for name, tensor in state.items():
        if not name.startswith("blocks."):
            stem = name if name in outer else name.rpartition(".")[0]
            renamed[name.replace(stem, outer[stem], 1)] = tensor
            continue
        _, number, rest = name.split(".", 2)
        part, _, kind = rest.rpartition(".")
        if part == "attn.qkv":
            for letter, third in zip("qkv", tensor.chunk(3), strict=True):
                renamed[f"layers.{number}.attention.{letter}_proj.{kind}"] = third
        else:
            renamed[f"layers.{number}.{inner.get(part, part)}.{kind}"] = tensor
    return renamed


@torch.no_grad()
def test_transformers_own_ijepa_gives_the_same_features(folder, pixels):
    transformers = pytest.importorskip("transformers")
    model = SonichuModel.from_pretrained(folder)
    settings = transformers.IJepaConfig(
        hidden_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=512,
        image_size=64,
        patch_size=8,
        layer_norm_eps=1e-6,
    )
    witness = transformers.IJepaModel(settings, add_pooling_layer=False).eval()
    witness.load_state_dict(hugging_face_names(model.backbone.state_dict()), strict=True)
    expected = witness(pixels).last_hidden_state
    torch.testing.assert_close(model.backbone(pixels), expected, atol=1e-5, rtol=0)


def test_frames_are_learned_from_once_and_subjects_are_on_one_side(config):
    learn, watched = ijepa.learned_frames(
        read_config(config, ijepa.PretrainingConfig), report=quiet
    )
    names = [row.image_path for row in (*learn, *watched)]
    assert sorted(names) == [f"{index}.png" for index in range(9)]  # 6 of them come twice
    assert len(watched) == 2
    assert not {row.subject_id for row in learn} & {row.subject_id for row in watched}


def test_a_backbone_without_patches_is_refused(config):
    wanted = read_config(config, ijepa.PretrainingConfig)
    light = {"image_size": 64, "heatmap_size": 16, "head": {"type": "light", "channels": 8}}
    light["backbone"] = {"type": "efficientnet_lite"}
    with pytest.raises(TrainingError, match="this backbone has none"):
        ijepa.described_model(dataclasses.replace(wanted, model=light))
    with pytest.raises(TrainingError, match="model: "):
        ijepa.described_model(dataclasses.replace(wanted, model={"image_size": "wide"}))


@pytest.mark.parametrize("name", ["ijepa_vit_ti.toml", "ijepa_vit_b.toml"])
def test_the_configurations_that_ship_are_whole(name):
    config = read_config(CARD_CONFIGS / name, ijepa.PretrainingConfig)
    described = ijepa.described_model(config)
    config.masks.require_fit(described.image_size // described.backbone.patch_size)
    shallow = dataclasses.replace(described.backbone, num_hidden_layers=1)
    ijepa.new_networks(
        shallow, dataclasses.replace(config.predictor, depth=1), image_size=256, seed=0
    )
