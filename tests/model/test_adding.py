"""Adding, checking and removing real model folders: what is kept, what is refused, what is left."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import pickle
import shutil
from pathlib import Path

import pytest
import safetensors.torch
import torch

from sonichu_gui import paths
from sonichu_gui.errors import ModelError
from sonichu_gui.model import modeling_sonichu
from sonichu_gui.model.modeling_sonichu import SonichuModel, SonichuPreprocessor
from sonichu_gui.prediction import adding, folder_files, model_making, zoo
from sonichu_gui.prediction.local import LocalPredictor
from sonichu_gui.prediction.work import WorkCancelled

CODE = {
    path.name: path.read_bytes() for path in Path(modeling_sonichu.__file__).parent.glob("*.py")
}


@pytest.fixture
def folder(folder):
    """A model folder as somebody else publishes it: with a licence, and with code of theirs."""
    (folder / "LICENSE").write_text("as you like")
    (folder / "NOTICE.txt").write_text("thanks to all")
    for name in ("modeling_sonichu.py", "setup.py"):
        (folder / name).write_text("raise SystemExit('foreign code ran')")
    return folder


def refusal(*args, **kwargs):
    before = everything(paths.user_models())
    with pytest.raises(ModelError) as caught:
        zoo.add_model(*args, **kwargs)
    assert caught.value.hint
    assert everything(paths.user_models()) == before
    return caught.value.message


def everything(folder):
    return sorted(folder.rglob("*"))


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


# --- a folder of the app's own form ---


def test_own_folder_is_copied_bit_by_bit(folder):
    info = zoo.add_model(folder)
    assert info.folder == paths.user_models() / "sonichu"
    for name in ("config.json", "preprocessor_config.json", "model.safetensors", "README.md"):
        assert (info.folder / name).read_bytes() == (folder / name).read_bytes(), name


def test_licence_and_notice_come_along(folder):
    info = zoo.add_model(folder)
    assert info.license_text == "as you like\n\nthanks to all"
    assert info.license == "Apache-2.0"


def test_code_beside_the_weights_stays_behind_and_ours_is_written(folder):
    info = zoo.add_model(folder)
    code = {path.name: path.read_bytes() for path in info.folder.glob("*.py")}
    assert code == {name: CODE[name] for name in modeling_sonichu.CODE_FILES}


def test_the_record_tells_where_it_came_from_and_what_every_file_was(folder):
    info = zoo.add_model(folder)
    source = info.source
    assert (source.kind, source.origin, source.naming) == ("folder", str(folder), "Sonichu")
    assert source.original_sha256 == info.hash == digest(folder / "model.safetensors")
    names = {path.name for path in info.folder.iterdir()} - {"source.json"}
    assert source.files == {name: digest(info.folder / name) for name in names}


def test_the_weights_file_of_an_own_folder_means_the_folder(folder):
    info = zoo.add_model(folder / "model.safetensors")
    assert info.license_text.startswith("as you like")
    assert info.source.kind == "folder"


def test_a_link_is_followed_and_the_copy_stands_alone(folder, tmp_path):
    link = tmp_path / "called so"
    link.symlink_to(folder)
    info = zoo.add_model(link)
    shutil.rmtree(folder)
    assert not any(path.is_symlink() for path in info.folder.iterdir())
    assert zoo.verify_model(info).ok


def test_files_that_are_links_are_copied_as_files(folder, tmp_path):
    blob = tmp_path / "blob"
    (folder / "model.safetensors").rename(blob)
    (folder / "model.safetensors").symlink_to(blob)
    assert zoo.add_model(folder).hash == digest(blob)


def test_a_link_to_a_file_is_read_by_the_links_name(ijepa, tmp_path):
    # As in the cache of the hub's library, where files are links to their digests.
    torch.save(ijepa, tmp_path / "0a1b2c")
    (tmp_path / "vit.pth").symlink_to(tmp_path / "0a1b2c")
    info = zoo.add_model(tmp_path / "vit.pth")
    assert (info.name, info.source.origin) == ("vit", str(tmp_path / "vit.pth"))


def test_a_name_is_taken_over_into_the_configuration(folder):
    info = zoo.add_model(folder, name="Köpfe v2")
    assert (info.name, info.folder.name) == ("Köpfe v2", "Köpfe v2")
    assert SonichuModel.from_pretrained(info.folder).config.name == "Köpfe v2"
    assert zoo.verify_model(info).ok


@pytest.mark.parametrize(
    ("name", "folder_name"),
    [
        ("../../etc", "etc"),
        ("a/b\\c", "a-b-c"),
        ("  .hidden. ", "hidden"),
        ("..", None),
        ("///", None),
        ("con", "model-con"),
        ("ü" * 200, "ü" * 50),
        ("line\nbreak", "line-break"),
    ],
)
def test_a_name_never_leads_out_of_the_models(name, folder_name):
    if folder_name is None:
        with pytest.raises(ModelError, match="is no name for a model"):
            adding.folder_name(name)
    else:
        assert adding.folder_name(name) == folder_name


def test_a_name_of_dots_alone_is_refused(folder):
    assert "'..' is no name for a model" in refusal(folder, name="..")


# --- weights of others ---


@pytest.fixture
def timm(vit):
    """The tensors of the small transformer under the names that timm gives them."""
    tensors = {
        name.removeprefix("backbone."): tensor.detach().clone()
        for name, tensor in vit.state_dict().items()
        if name.startswith("backbone.")
    }
    width = tensors["pos_embed"].shape[2]
    row = torch.zeros(1, 1, width)
    return {**tensors, "pos_embed": torch.cat([row, tensors["pos_embed"]], 1), "cls_token": row}


@pytest.fixture
def ijepa(vit):
    """A checkpoint of I-JEPA: pickled, every name behind `module.`, with state of training."""
    encoder = {
        f"module.{name.removeprefix('backbone.')}": tensor.detach().clone()
        for name, tensor in vit.state_dict().items()
        if name.startswith("backbone.")
    }
    return {"encoder": encoder, "target_encoder": encoder, "epoch": 3, "opt": {}}


def features_agree(folder, vit):
    frame = torch.randn(1, 3, 256, 256, generator=torch.Generator().manual_seed(5))
    with torch.inference_mode():
        difference = SonichuModel.from_pretrained(folder).encode(frame) - vit.encode(frame)
    return float(difference.abs().max()) < 1e-5


def test_a_pickle_of_another_library_becomes_a_folder_that_works_alone(ijepa, vit, tmp_path):
    path = tmp_path / "vit-tiny.pth.tar"
    torch.save(ijepa, path)
    # Shapes do not tell it, and this network is too small for the usual guess.
    (tmp_path / "config.json").write_text('{"num_attention_heads": 4}')
    info = zoo.add_model(path)
    assert (info.name, info.source.kind, info.source.naming) == ("vit-tiny", "file", "I-JEPA")
    assert info.source.original_sha256 == digest(path)
    assert info.tasks == {}
    assert features_agree(info.folder, vit)
    names = {path.name for path in info.folder.iterdir()}
    assert names == {"source.json", "config.json", "preprocessor_config.json", "README.md"} | {
        *("model.safetensors", "modeling_sonichu.py", "inference.py")
    }
    assert zoo.verify_model(info).ok


def test_a_generated_card_says_where_the_weights_come_from(ijepa, tmp_path):
    torch.save(ijepa, tmp_path / "vit.pth")
    card = zoo.add_model(tmp_path / "vit.pth").card_text
    assert card.startswith("---\nlicense: unknown\n")
    assert "Converted from `vit.pth` (I-JEPA)" in card


def test_what_lies_beside_a_lone_file_is_not_its_card_or_licence(ijepa, tmp_path):
    torch.save(ijepa, tmp_path / "vit.pth")
    (tmp_path / "README.md").write_text("# My downloads")
    (tmp_path / "LICENSE").write_text("of something else")
    info = zoo.add_model(tmp_path / "vit.pth")
    assert "My downloads" not in info.card_text
    assert info.license_text == ""


def test_a_foreign_folder_keeps_its_card_licence_and_numbers(timm, tmp_path):
    folder = tmp_path / "vit"
    folder.mkdir()
    safetensors.torch.save_file(timm, folder / "weights.safetensors")
    (folder / "README.md").write_text("---\nlicense: cc-by-4.0\n---\n# A card of theirs")
    (folder / "LICENSE").write_text("Creative Commons")
    (folder / "modeling_vit.py").write_text("raise SystemExit('foreign code ran')")
    half = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "size": 256}
    (folder / "preprocessor_config.json").write_text(json.dumps(half))
    info = zoo.add_model(folder)
    assert "# A card of theirs" in info.card_text
    assert (info.license, info.license_text) == ("cc-by-4.0", "Creative Commons")
    assert not (info.folder / "modeling_vit.py").exists()
    prepared = SonichuPreprocessor.from_pretrained(info.folder)
    assert (prepared.image_mean, prepared.image_std) == ((0.5,) * 3, (0.5,) * 3)


def test_weights_in_shards_become_one_file(vit, timm, tmp_path):
    names = sorted(timm)
    parts = {
        "model-00001-of-00002.safetensors": {name: timm[name] for name in names[:9]},
        "model-00002-of-00002.safetensors": {name: timm[name] for name in names[9:]},
    }
    for file, tensors in parts.items():
        safetensors.torch.save_file(tensors, tmp_path / file)
    index = {"weight_map": {name: file for file, part in parts.items() for name in part}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    info = zoo.add_model(tmp_path, name="whole")
    assert zoo.verify_model(info).ok
    assert info.weights.name == "model.safetensors"
    assert zoo.add_model(tmp_path, name="whole").folder == info.folder


@pytest.mark.parametrize("form", ["renamed", "pickled", "sharded"])
def test_our_configuration_is_heeded_whatever_the_file_of_the_weights(folder, vit, form):
    tensors = safetensors.torch.load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    if form == "renamed":
        safetensors.torch.save_file(tensors, folder / "weights.safetensors")
        assert zoo.read_model_info(folder).tasks["HC"].keypoints[0] == "BPD 1"
    elif form == "pickled":
        torch.save(tensors, folder / "pytorch_model.bin")
    else:
        shard = "model-00001-of-00001.safetensors"
        safetensors.torch.save_file(tensors, folder / shard)
        index = {"weight_map": dict.fromkeys(tensors, shard)}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    info = zoo.add_model(folder)
    assert info.name == "sonichu"
    assert not info.has_trained_head("FA")
    added = SonichuModel.from_pretrained(info.folder)
    assert added.config.tasks == vit.config.tasks
    assert zoo.verify_model(info).ok


def test_another_image_size_makes_another_model_of_the_same_weights(ijepa, tmp_path):
    torch.save(ijepa, tmp_path / "vit.pth")
    zoo.add_model(tmp_path / "vit.pth")
    assert "already" in refusal(tmp_path / "vit.pth", image_size=128)
    small = zoo.add_model(tmp_path / "vit.pth", image_size=128, name="small")
    assert SonichuModel.from_pretrained(small.folder).config.image_size == 128


def test_an_own_folder_can_be_added_for_another_image_size(folder):
    info = zoo.add_model(folder, image_size=128, name="small")
    assert SonichuModel.from_pretrained(info.folder).config.image_size == 128
    assert info.has_trained_head("HC")
    assert not info.has_trained_head("FA")
    assert info.license == "Apache-2.0"


def test_without_its_configuration_all_heads_count_as_trained_and_that_is_said(folder):
    (folder / "config.json").unlink()
    info = zoo.add_model(folder, name="bare")
    assert info.has_trained_head("FA")
    assert any("Nothing says which heads were trained" in note for note in info.notes)


@pytest.mark.parametrize(
    "config",
    [
        {"model_type": "sonichu"},
        {"model_type": "sonichu", "tasks": ["HC", "PLAX"]},
        {"model_type": "sonichu", "tasks": {"HC": 4}},
        {"tasks": {"HC": {"num_keypoints": 4}}},
        {"model_type": "sonichu", "tasks": {}, "backbone": "vit_tiny"},
    ],
)
def test_weights_like_ours_with_a_configuration_of_their_own_are_taken(folder, vit, config):
    stated = {**config, "num_attention_heads": 4, "layer_norm_eps": 1e-6}
    (folder / "config.json").write_text(json.dumps(stated))
    assert zoo.read_model_info(folder).has_trained_head("HC")
    info = zoo.add_model(folder)
    assert info.has_trained_head("HC")
    assert features_agree(info.folder, vit)


def test_a_damaged_configuration_of_ours_is_refused_and_not_guessed(folder):
    config = json.loads((folder / "config.json").read_text())
    config["backbone"]["num_attention_heads"] = 0
    (folder / "config.json").write_text(json.dumps(config))
    assert "num_attention_heads must be a whole number" in refusal(folder)
    with pytest.raises(ModelError, match="num_attention_heads"):
        LocalPredictor(folder).load()


def test_a_pickle_that_wants_code_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (os.system, ("touch /tmp/never",))

    (tmp_path / "evil.pth").write_bytes(pickle.dumps({"x": Evil()}))
    assert "evil.pth" in refusal(tmp_path / "evil.pth")


# --- twice ---


def test_the_same_weights_again_are_the_model_that_is_there(folder, tmp_path):
    first = zoo.add_model(folder)
    elsewhere = shutil.copytree(folder, tmp_path / "elsewhere")
    assert zoo.add_model(elsewhere).folder == first.folder
    assert [path.name for path in paths.user_models().iterdir()] == ["sonichu"]


def test_the_same_weights_configured_otherwise_are_not_the_model_that_is_there(folder):
    zoo.add_model(folder)
    path = folder / "config.json"
    path.write_text(path.read_text().replace('"covariance_scale": 1.0', '"covariance_scale": 0.5'))
    assert "already, and it is not this one" in refusal(folder)
    assert zoo.add_model(folder, name="calibrated").folder.name == "calibrated"


def test_hints_that_come_later_make_another_model(ijepa, vit, tmp_path):
    (tmp_path / "theirs").mkdir()
    torch.save(ijepa, tmp_path / "theirs" / "vit.pth")
    guessed = zoo.add_model(tmp_path / "theirs")
    assert not features_agree(guessed.folder, vit)
    (tmp_path / "theirs" / "config.json").write_text('{"num_heads": 4}')
    assert "already, and it is not this one" in refusal(tmp_path / "theirs")
    assert features_agree(zoo.add_model(tmp_path / "theirs", name="right").folder, vit)
    assert zoo.add_model(tmp_path / "theirs", name="right").folder.name == "right"


def test_the_same_weights_added_by_two_at_once_are_one_model(folder):
    # The other one is through while this one copies.
    def other(_fraction, text):
        if text.startswith("Copying") and not everything(paths.user_models() / "sonichu"):
            zoo.add_model(folder)

    assert zoo.add_model(folder, report=other).folder == paths.user_models() / "sonichu"
    assert [path.name for path in paths.user_models().iterdir()] == ["sonichu"]


def test_other_weights_added_meanwhile_under_the_same_name_are_told(folder, light, tmp_path):
    light.save_pretrained(tmp_path / "other")

    def other(_fraction, text):
        if text.startswith("Copying") and not everything(paths.user_models() / "sonichu"):
            zoo.add_model(tmp_path / "other")

    with pytest.raises(ModelError, match="'sonichu' already, and it is not this one"):
        zoo.add_model(folder, report=other)
    assert [path.name for path in paths.user_models().iterdir()] == ["sonichu"]


def test_the_same_weights_under_another_name_are_another_model(folder):
    zoo.add_model(folder)
    assert zoo.add_model(folder, name="second").folder.name == "second"


def test_other_weights_of_the_same_name_are_refused(folder, light, tmp_path):
    zoo.add_model(folder)
    light.save_pretrained(tmp_path / "other")
    assert "There is an installed model 'sonichu' already" in refusal(tmp_path / "other")


def test_a_damaged_copy_is_not_taken_for_the_model(folder):
    info = zoo.add_model(folder)
    with info.weights.open("r+b") as file:
        file.seek(-4, os.SEEK_END)
        file.write(b"\x00\x00\x80\x3f")
    assert "already" in refusal(folder)


def test_an_installed_model_is_not_added_to_itself(folder):
    info = zoo.add_model(folder)
    assert "is one of yours already" in refusal(info.folder)


def test_the_models_of_the_app_are_not_added():
    assert "is one of the app's already" in refusal(paths.resources("models", "sonichu-mini"))


# --- what cannot be added ---


def test_a_path_that_is_not_there(tmp_path):
    assert refusal(tmp_path / "nowhere").endswith("nowhere cannot be added: it does not exist.")


def test_a_ring_of_links(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert "cannot be added" in refusal(tmp_path / "a")


def test_a_folder_without_weights(tmp_path):
    assert "holds no weights" in refusal(tmp_path)


def test_a_file_that_is_no_weights(folder):
    assert "is no file of weights" in refusal(folder / "README.md")


@pytest.mark.parametrize("name", ["preprocessor_config.json", "model.safetensors"])
def test_a_folder_that_lacks_a_file(folder, name):
    (folder / name).unlink()
    refusal(folder)


@pytest.mark.parametrize("content", [b"{", b"[]"])
def test_a_configuration_that_is_damaged(folder, content):
    (folder / "config.json").write_bytes(content)
    assert "config.json is not" in refusal(folder)


def test_weights_that_do_not_fit_the_configuration_are_listed(folder):
    path = folder / "model.safetensors"
    tensors = safetensors.torch.load_file(path)
    del tensors["heads.HC.final_layer.bias"]
    path.unlink()
    safetensors.torch.save_file(tensors, path)
    assert "heads.HC.final_layer.bias" in refusal(folder)


def test_weights_that_are_not_finite(folder):
    path = folder / "model.safetensors"
    tensors = {k: v.clone() for k, v in safetensors.torch.load_file(path).items()}
    tensors["heads.HC.final_layer.bias"][1] = float("nan")
    path.unlink()
    safetensors.torch.save_file(tensors, path)
    assert "heads.HC.final_layer.bias" in refusal(folder)


def test_a_disk_that_is_full_leaves_nothing(folder, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device", str(paths.user_models()))

    monkeypatch.setattr(model_making, "_code_written", full)
    assert "No space left on device" in refusal(folder)


def test_a_disk_without_room_is_told_before_copying(folder, monkeypatch):
    usage = shutil.disk_usage(folder)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert "0.0 MB are free" in refusal(folder)


def test_a_place_that_cannot_be_written(folder):
    paths.user_data().mkdir(parents=True, exist_ok=True)
    paths.user_models().write_text("in the way")
    assert "cannot be added: File exists" in refusal(folder)


@pytest.mark.parametrize("looks", [0, 2, 4, 6])
def test_a_stop_leaves_nothing(folder, looks):
    asked = iter(range(100))
    with pytest.raises(WorkCancelled):
        zoo.add_model(folder, is_cancelled=lambda: next(asked) >= looks)
    assert everything(paths.user_models()) == []


def test_what_a_killed_program_left_is_cleared_away(folder):
    left = paths.user_models() / ".adding-1-1"
    left.mkdir(parents=True)
    (left / "config.json").write_text("{}")
    assert [info.name for info in zoo.installed_models() if not info.embedded] == []
    os.utime(left, (1, 1))
    zoo.add_model(folder)
    assert not left.exists()


def test_the_progress_ends_at_one(folder):
    told = []
    zoo.add_model(folder, report=lambda fraction, text: told.append((fraction, text)))
    assert [fraction for fraction, _ in told] == sorted(fraction for fraction, _ in told)
    assert told[-1] == (1.0, "sonichu is installed")


# --- checking ---


def checks(info):
    verdict = zoo.verify_model(info)
    assert verdict.ok == all(check.ok for check in verdict.checks)
    return {check.name: check for check in verdict.checks}


def test_an_installed_model_is_whole(folder):
    found = checks(zoo.add_model(folder))
    assert all(check.ok for check in found.values())
    assert "finite" in found["tensors"].text
    assert found["heads"].text.startswith("Trained: HC, PLAX. Not trained: AOP")


def test_the_embedded_model_is_whole_and_has_no_record():
    (info,) = (info for info in zoo.installed_models() if info.name == "sonichu-mini")
    found = checks(info)
    assert all(check.ok for check in found.values())
    assert "it came with the app" in found["files"].text


@pytest.mark.parametrize("name", ["README.md", "inference.py", "model.safetensors"])
def test_a_changed_file_is_named(folder, name):
    info = zoo.add_model(folder)
    content = bytearray((info.folder / name).read_bytes())
    content[-1] ^= 1
    (info.folder / name).write_bytes(content)
    found = checks(info)["files"]
    assert not found.ok
    assert f"{name} is not as it was added" in found.text


def test_a_missing_file_is_named(folder):
    info = zoo.add_model(folder)
    (info.folder / "README.md").unlink()
    assert "README.md is missing" in checks(info)["files"].text


def test_a_record_that_names_files_elsewhere_is_not_followed(folder):
    info = zoo.add_model(folder)
    path = info.folder / "source.json"
    record = json.loads(path.read_text())
    record["files"] = {"../../secret": "0" * 64}
    path.write_text(json.dumps(record))
    assert "is no name of a file" in checks(info)["files"].text


def test_weights_that_are_cut_off_are_found(folder):
    info = zoo.add_model(folder)
    info.weights.write_bytes(info.weights.read_bytes()[:-10])
    found = checks(info)
    assert not found["header"].ok
    assert "tensors" not in found


def test_a_number_that_is_none_is_found(folder):
    info = zoo.add_model(folder)
    tensors = {k: v.clone() for k, v in safetensors.torch.load_file(info.weights).items()}
    tensors["heads.HC.final_layer.bias"].fill_(torch.nan)
    info.weights.unlink()
    safetensors.torch.save_file(tensors, info.weights)
    assert "hold numbers that are none" in checks(info)["tensors"].text


def test_a_check_can_be_stopped(folder):
    info = zoo.add_model(folder)
    with pytest.raises(WorkCancelled):
        zoo.verify_model(info, is_cancelled=lambda: True)


def test_the_files_that_make_a_folder_work_are_those_of_the_network():
    assert folder_files.CODE_FILES == modeling_sonichu.CODE_FILES
