"""Model folders: what is written, read back bit by bit, and refused with every difference named."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors.torch
import torch

from sonichu_gui.model.modeling_sonichu import (
    CheckpointError,
    SonichuModel,
    SonichuPreprocessor,
)

FILES = {
    "config.json",
    "preprocessor_config.json",
    "model.safetensors",
    "modeling_sonichu.py",
    "inference.py",
    "README.md",
}


@pytest.fixture
def edit_weights(folder):
    """Changes the tensors of the folder's weights file: edit_weights(lambda tensors: …)."""

    def edit(change):
        path = folder / "model.safetensors"
        tensors = safetensors.torch.load_file(path)
        change(tensors)
        path.unlink()
        safetensors.torch.save_file(tensors, path)

    return edit


def test_the_folder_holds_the_files_of_the_model_card(folder):
    assert {path.name for path in folder.iterdir()} == FILES


def test_every_tensor_comes_back_bit_by_bit(model, folder_of_each):
    loaded = SonichuModel.from_pretrained(folder_of_each).state_dict()
    assert list(loaded) == list(model.state_dict())
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded[name], tensor), name


def test_the_configuration_comes_back(model, folder_of_each):
    assert SonichuModel.from_pretrained(folder_of_each).config == model.config


def test_a_loaded_model_is_ready_to_predict(folder):
    loaded = SonichuModel.from_pretrained(folder)
    assert not loaded.training
    assert loaded.predict(torch.zeros(1, 3, 256, 256), "HC").shape == (1, 4, 2)


def test_a_loaded_model_can_be_trained_without_changing_the_file(folder):
    before = (folder / "model.safetensors").read_bytes()
    loaded = SonichuModel.from_pretrained(folder).train()
    optimiser = torch.optim.SGD([p for p in loaded.parameters() if p.requires_grad], lr=1.0)
    loaded.heatmaps(loaded.encode(torch.randn(2, 3, 256, 256)), "HC").square().mean().backward()
    optimiser.step()
    assert (folder / "model.safetensors").read_bytes() == before


def test_a_model_can_be_saved_over_the_folder_it_was_loaded_from(folder):
    loaded = SonichuModel.from_pretrained(folder)
    loaded.save_pretrained(folder)
    again = SonichuModel.from_pretrained(folder).state_dict()
    assert all(torch.equal(again[name], t) for name, t in loaded.state_dict().items())
    assert {path.name for path in folder.iterdir()} == FILES


def test_a_model_that_is_loaded_and_saved_again_gives_the_same_files(folder, tmp_path):
    loaded = SonichuModel.from_pretrained(folder)
    prepared = SonichuPreprocessor.from_pretrained(folder)
    card = (folder / "README.md").read_text(encoding="utf-8")
    loaded.save_pretrained(tmp_path / "again", readme=card, preprocessor=prepared)
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes(), name


def test_the_preprocessor_that_is_given_is_saved(vit, tmp_path):
    given = SonichuPreprocessor(256, (0.5, 0.4, 0.3), (0.2, 0.1, 0.3))
    vit.save_pretrained(tmp_path, preprocessor=given)
    assert vars(SonichuPreprocessor.from_pretrained(tmp_path)) == vars(given)


def test_a_preprocessor_for_another_size_is_refused(vit, tmp_path):
    with pytest.raises(ValueError, match="squares of 224, the network takes 256"):
        vit.save_pretrained(tmp_path, preprocessor=SonichuPreprocessor(224))


def test_a_card_without_a_licence_says_that_it_is_unknown(vit_config, tmp_path):
    SonichuModel(dataclasses.replace(vit_config, license="")).save_pretrained(tmp_path)
    assert (
        (tmp_path / "README.md").read_text(encoding="utf-8").startswith("---\nlicense: unknown\n")
    )


def test_half_precision_halves_the_file_and_loads_as_float32(vit, folder, tmp_path):
    vit.save_pretrained(tmp_path / "half", dtype=torch.float16)
    sizes = [(tmp_path / name / "model.safetensors").stat().st_size for name in ("half", "model")]
    loaded = SonichuModel.from_pretrained(tmp_path / "half")
    assert sizes[0] < 0.6 * sizes[1]
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}


def test_weights_that_are_not_finite_are_not_saved(vit_config, tmp_path):
    broken = SonichuModel(vit_config)
    with torch.no_grad():
        broken.heads["HC"].final_layer.bias[0] = float("nan")
    with pytest.raises(ValueError, match=r"heads\.HC\.final_layer\.bias"):
        broken.save_pretrained(tmp_path / "broken")


def test_loading_does_not_draw_weights_or_import_what_only_that_needs(folder):
    # Drawing on the meta device imports sympy: two seconds before the first prediction.
    code = (
        "import sys; from sonichu_gui.model.modeling_sonichu import SonichuModel; "
        f"SonichuModel.from_pretrained({str(folder)!r}); sys.exit('sympy' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, check=False)
    assert done.returncode == 0


def test_the_model_card_names_each_task_and_whether_it_is_trained(folder):
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "| HC | 4 | pair | yes |" in card
    assert "| fetal_femur | 2 | pair | no |" in card
    assert "Not for clinical use" in card


def test_a_missing_tensor_is_named(folder, edit_weights):
    edit_weights(lambda tensors: tensors.pop("heads.HC.final_layer.bias"))
    with pytest.raises(CheckpointError, match=r"missing.*heads\.HC\.final_layer\.bias") as caught:
        SonichuModel.from_pretrained(folder)
    assert caught.value.missing == ("heads.HC.final_layer.bias",)
    assert "model.safetensors" in str(caught.value)


def test_a_surplus_tensor_is_named(folder, edit_weights):
    edit_weights(lambda tensors: tensors.update({"backbone.cls_token": torch.zeros(1, 1, 32)}))
    with pytest.raises(CheckpointError) as caught:
        SonichuModel.from_pretrained(folder)
    assert caught.value.surplus == ("backbone.cls_token",)


def test_a_misshaped_tensor_is_named_with_both_shapes(folder, edit_weights):
    edit_weights(lambda tensors: tensors.update({"heads.HC.final_layer.bias": torch.zeros(5)}))
    with pytest.raises(CheckpointError) as caught:
        SonichuModel.from_pretrained(folder)
    (line,) = caught.value.mismatched
    assert line == "heads.HC.final_layer.bias: float32[5], expected float32[4]"


def test_whole_numbers_in_place_of_weights_are_refused(folder, edit_weights):
    name = "heads.HC.final_layer.bias"
    edit_weights(lambda tensors: tensors.update({name: torch.zeros(4, dtype=torch.int32)}))
    with pytest.raises(CheckpointError, match=r"int32\[4\], expected float32"):
        SonichuModel.from_pretrained(folder)


def test_a_surplus_head_is_kept_as_an_extra_task(vit, folder, edit_weights):
    def add(tensors):
        for name, tensor in list(tensors.items()):
            if name.startswith("heads.HC."):
                new = name.replace("HC", "IUGC")
                tensors[new] = (tensor[:3] if "final_layer" in name else tensor).clone()

    edit_weights(add)
    loaded = SonichuModel.from_pretrained(folder)
    assert loaded.task_names == (*vit.task_names, "IUGC")
    assert loaded.config.tasks["IUGC"].keypoints == ("point_1", "point_2", "point_3")
    assert loaded.predict(torch.zeros(1, 3, 256, 256), "IUGC").shape == (1, 3, 2)


def test_a_surplus_head_with_an_impossible_name_is_refused(folder, edit_weights):
    name = "heads.keys.final_layer.weight"
    edit_weights(lambda tensors: tensors.update({name: torch.zeros(1, 1, 1, 1)}))
    with pytest.raises(CheckpointError, match="'keys' cannot be a task's name"):
        SonichuModel.from_pretrained(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=name):
        SonichuModel.from_pretrained(folder)


def test_a_missing_preprocessor_file_is_named(folder):
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(CheckpointError, match=r"preprocessor_config\.json"):
        SonichuPreprocessor.from_pretrained(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1]", b"[" * 100_000, b"null"])
def test_a_configuration_that_is_no_json_object_is_refused(folder, content):
    (folder / "config.json").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"config\.json: "):
        SonichuModel.from_pretrained(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"image_size": 0},
        {"image_size": None},
        {"image_mean": [0.5]},
        {"image_std": [0, 1, 1]},
        {"image_mean": {"r": 1}},
    ],
)
def test_a_wrong_preprocessor_configuration_is_refused(folder, change):
    path = folder / "preprocessor_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(CheckpointError, match=r"preprocessor_config\.json: "):
        SonichuPreprocessor.from_pretrained(folder)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:6],
        lambda data: data[:100],
        lambda data: data[:-100],
        lambda data: b"\xff" * 8 + data[8:],
        lambda data: data[:8] + b"x" + data[9:],
        lambda data: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
    ],
    ids=["empty", "no header", "cut header", "cut data", "huge header", "no json", "lfs pointer"],
)
def test_a_broken_weights_file_is_refused_by_name(folder, damage):
    path = folder / "model.safetensors"
    content = damage(path.read_bytes())
    path.unlink()
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"model\.safetensors: not a readable safetensors"):
        SonichuModel.from_pretrained(folder)


def test_a_folder_that_does_not_exist_is_refused_by_name(tmp_path):
    with pytest.raises(CheckpointError, match=r"nowhere.*config\.json: No such file"):
        SonichuModel.from_pretrained(tmp_path / "nowhere")


def test_the_code_beside_foreign_weights_is_never_run(folder, tmp_path):
    copied = tmp_path / "foreign"
    shutil.copytree(folder, copied)
    for name in ("modeling_sonichu.py", "inference.py"):
        (copied / name).write_text("raise SystemExit('foreign code ran')")
    assert SonichuModel.from_pretrained(copied).task_names


def test_everybody_who_may_read_the_folder_may_read_the_weights(tmp_path, light):
    light.save_pretrained(tmp_path)
    modes = {(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()}
    assert len(modes) == 1
