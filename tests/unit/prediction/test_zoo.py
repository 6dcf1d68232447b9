from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from sonichu_gui import paths
from sonichu_gui.errors import ModelError
from sonichu_gui.prediction import zoo
from sonichu_gui.prediction.model_info import card_license

CONFIG = {
    "name": "tiny",
    "license": "Apache-2.0",
    "tasks": {
        "HC": {
            "keypoints": ["a", "b", "c", "d"],
            "trained": True,
            "training_data": "719 frames",
            "accuracy": {"mre_px": 12.5},
        },
        "FA": {"keypoints": ["a", "b", "c", "d"], "trained": False},
    },
}
WEIGHTS = save({"heads.HC.final_layer.weight": np.zeros((4, 8, 1, 1), np.float32)})


def make_model(folder, config=CONFIG, weights=WEIGHTS):
    folder.mkdir(parents=True)
    text = config if isinstance(config, bytes) else json.dumps(config).encode()
    (folder / "config.json").write_bytes(text)
    (folder / "model.safetensors").write_bytes(weights)
    return folder


def refusal(folder):
    with pytest.raises(ModelError) as caught:
        zoo.read_model_info(folder)
    assert caught.value.hint
    return caught.value.message


def test_folder_tells_its_heads(tmp_path):
    info = zoo.read_model_info(make_model(tmp_path / "m"))
    assert (info.name, info.license, info.size_bytes, info.problem) == (
        "tiny",
        "Apache-2.0",
        len(WEIGHTS),
        "",
    )
    assert info.tasks["HC"] == zoo.HeadInfo(
        ("a", "b", "c", "d"), trained=True, training_data="719 frames", accuracy={"mre_px": 12.5}
    )


@pytest.mark.parametrize(("task", "trained"), [("HC", True), ("FA", False), ("IVC", False)])
def test_head_counts_only_when_trained(tmp_path, task, trained):
    assert zoo.read_model_info(make_model(tmp_path / "m")).has_trained_head(task) is trained


def test_a_head_tells_whether_its_doubt_was_fitted(tmp_path):
    heads = {
        name: {"keypoints": ["a"], "trained": True, **scale}
        for name, scale in (
            ("HC", {"covariance_scale": 0.08}), ("FA", {"covariance_scale": 1.0}), ("IVC", {}),
        )
    }  # fmt: skip
    info = zoo.read_model_info(make_model(tmp_path / "m", {"tasks": heads}))
    assert [name for name, head in info.tasks.items() if head.is_calibrated] == ["HC"]


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ({"frames": {"real": 719, "phantoms": 2000}, "draft": False}, (719, 2000, False)),
        ({"frames": {"real": 0, "phantoms": 2000}}, (0, 2000, True)),
        ({"frames": {"real": 12}, "draft": True}, (12, None, True)),
        ({"frames": {"real": "many", "phantoms": -1}, "draft": "no"}, (None, None, False)),
        ({"frames": 719}, (None, None, False)),
        ({}, (None, None, False)),
    ],
)
def test_a_head_tells_how_many_frames_it_learned_from_and_whether_it_is_a_draft(
    tmp_path, told, known
):
    config = {"tasks": {"HC": {"keypoints": ["a"], "trained": True, **told}}}
    head = zoo.read_model_info(make_model(tmp_path / "m", config)).tasks["HC"]
    assert (head.real_frames, head.phantom_frames, head.is_draft) == known


@pytest.mark.parametrize("word", ["yes", 1, None])
def test_head_is_untrained_unless_it_says_so_plainly(tmp_path, word):
    config = {"tasks": {"HC": {"keypoints": ["a"], "trained": word}}}
    assert not zoo.read_model_info(make_model(tmp_path / "m", config)).has_trained_head("HC")


def test_model_without_a_name_has_its_folders(tmp_path):
    assert zoo.read_model_info(make_model(tmp_path / "mine", {"tasks": {}})).name == "mine"


def test_head_that_only_the_weights_know_is_listed(tmp_path):
    weights = save({"heads.IUGC.final_layer.weight": np.zeros((3, 8, 1, 1), np.float32)})
    info = zoo.read_model_info(make_model(tmp_path / "m", weights=weights))
    assert info.tasks["IUGC"].keypoints == ("point_1", "point_2", "point_3")
    assert info.has_trained_head("IUGC")


def test_id_is_name_and_digest_of_the_weights(tmp_path):
    info = zoo.read_model_info(make_model(tmp_path / "m"))
    assert (info.id.name, info.id.hash) == ("tiny", hashlib.sha256(WEIGHTS).hexdigest())


def test_hash_follows_the_file(tmp_path):
    info = zoo.read_model_info(make_model(tmp_path / "m"))
    before = info.hash
    path = info.folder / "model.safetensors"
    path.write_bytes(save({"x": np.ones(4, np.float32)}))
    os.utime(path, ns=(1, 1))
    assert info.hash == hashlib.sha256(path.read_bytes()).hexdigest() != before


def test_weights_that_went_away_are_told(tmp_path):
    info = zoo.read_model_info(make_model(tmp_path / "m"))
    (info.folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"model\.safetensors cannot be read"):
        _ = info.hash


# --- broken folders ---


def test_folder_that_is_not_there(tmp_path):
    assert refusal(tmp_path / "nowhere") == (
        f"{tmp_path / 'nowhere'} is not a model folder: it does not exist."
    )


def test_missing_weights_are_named(tmp_path):
    folder = make_model(tmp_path / "m")
    (folder / "model.safetensors").unlink()
    assert refusal(folder) == f"{folder} is not a model folder: it holds no weights."


def test_weights_of_an_unknown_network_without_a_configuration(tmp_path):
    folder = make_model(tmp_path / "m")
    (folder / "config.json").unlink()
    assert "model.safetensors cannot be used: " in refusal(folder)


def test_folder_without_any_of_its_files(tmp_path):
    assert "holds no weights" in refusal(tmp_path)


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"x": NaN}', b'{"x": 1e999}', rb'{"x": "\ud800"}'],
)
def test_config_that_is_not_json(tmp_path, text):
    folder = make_model(tmp_path / "m", text)
    assert refusal(folder).startswith(f"{folder / 'config.json'} is not JSON: ")


@pytest.mark.parametrize("value", [[], 3, "x", None])
def test_config_that_is_another_json(tmp_path, value):
    message = refusal(make_model(tmp_path / "m", value))
    assert "is not a model configuration but a JSON" in message


def test_a_task_that_is_damaged(tmp_path):
    tasks = {"HC": {"keypoints": [], "accuracy": [1]}}
    message = refusal(make_model(tmp_path / "m", {"tasks": tasks}))
    assert "config.json does not describe its tasks" in message


@pytest.mark.parametrize("cut", [1, 4, 100])
def test_weights_cut_off_in_the_data(tmp_path, cut):
    folder = make_model(tmp_path / "m", weights=WEIGHTS[:-cut])
    assert "model.safetensors: not a whole safetensors file" in refusal(folder)


@given(st.binary(max_size=300))
def test_any_bytes_for_weights_end_in_a_clear_refusal(tmp_path_factory, content):
    folder = make_model(tmp_path_factory.mktemp("m") / "m", weights=content)
    assert "model.safetensors: " in refusal(folder)


@pytest.mark.parametrize("kept", range(0, len(WEIGHTS), 7))
def test_weights_cut_off_anywhere(tmp_path, kept):
    folder = make_model(tmp_path / "m", weights=WEIGHTS[:kept])
    assert "model.safetensors: not a" in refusal(folder)


def test_table_with_a_shape_that_is_no_shape(tmp_path):
    header = json.dumps(
        {"heads.X.final_layer.weight": {"dtype": "F32", "shape": 4, "data_offsets": [0, 0]}}
    ).encode()
    weights = len(header).to_bytes(8, "little") + header
    assert "not a whole safetensors file" in refusal(make_model(tmp_path / "m", weights=weights))


# --- the catalogue ---


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """An installation whose resources hold one model."""
    root = tmp_path / "installation"
    make_model(root / "models" / "embedded", {**CONFIG, "name": "embedded"})
    monkeypatch.setattr(paths, "resources", root.joinpath)
    return root / "models"


def test_shipped_model_comes_before_the_persons_own(shipped, tmp_path):
    own = make_model(paths.user_models() / "a-mine", {**CONFIG, "name": "mine"})
    extra = make_model(tmp_path / "elsewhere", {**CONFIG, "name": "other"})
    found = zoo.installed_models([extra])
    assert [info.folder for info in found] == [shipped / "embedded", own, extra]


def test_broken_model_is_listed_with_its_problem(shipped):
    broken = make_model(paths.user_models() / "broken", b"{")
    found = zoo.installed_models()
    assert found[1].folder == broken
    assert "is not JSON" in found[1].problem
    assert found[0].problem == ""


def test_folders_that_hold_no_model_are_passed_over(shipped):
    (shipped / "notes").mkdir()
    (shipped / "readme.txt").write_text("x")
    assert [info.name for info in zoo.installed_models()] == ["embedded"]


def test_default_is_the_shipped_model(shipped):
    assert zoo.default_model().folder == shipped / "embedded"


def test_default_passes_over_a_broken_model(shipped):
    (shipped / "embedded" / "config.json").write_bytes(b"{")
    make_model(paths.user_models() / "mine", {**CONFIG, "name": "mine"})
    assert zoo.default_model().name == "mine"


def test_no_model_at_all_says_where_to_put_one(shipped):
    (shipped / "embedded" / "config.json").write_bytes(b"{")
    with pytest.raises(ModelError) as caught:
        zoo.default_model()
    assert "is not JSON" in caught.value.message
    assert str(paths.user_models()) in caught.value.hint


def test_model_is_found_by_folder(shipped, tmp_path):
    folder = make_model(tmp_path / "elsewhere")
    assert zoo.find_model(str(folder)).folder == folder


def test_model_is_found_by_name(shipped):
    assert zoo.find_model("embedded").folder == shipped / "embedded"


def test_unknown_model_lists_those_there_are(shipped):
    with pytest.raises(ModelError) as caught:
        zoo.find_model("nobody")
    assert "nobody" in caught.value.message
    assert "embedded" in caught.value.hint


def test_broken_model_asked_for_by_name_is_refused(shipped):
    make_model(paths.user_models() / "broken", b"{")
    with pytest.raises(ModelError, match="is not JSON"):
        zoo.find_model("broken")


def test_prediction_package_imports_no_torch():
    code = (
        "import sys, sonichu_gui.prediction.api, sonichu_gui.prediction.zoo\n"
        "import sonichu_gui.prediction.local\n"
        "sys.exit(' '.join({'torch', 'cv2', 'PySide6', 'safetensors'} & sys.modules.keys()) or 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- removing ---


def test_own_model_is_removed_whole(shipped):
    folder = make_model(paths.user_models() / "mine")
    zoo.remove_model(zoo.find_installed("mine"))
    assert not folder.exists()
    assert list(paths.user_models().iterdir()) == []


def test_broken_model_can_be_removed(shipped):
    folder = make_model(paths.user_models() / "mine", b"{")
    zoo.remove_model(zoo.find_installed("mine"))
    assert not folder.exists()


def test_shipped_model_stays(shipped):
    with pytest.raises(ModelError, match="belongs to the app"):
        zoo.remove_model(zoo.find_installed("embedded"))
    assert (shipped / "embedded" / "model.safetensors").exists()


def test_folder_that_was_chosen_from_elsewhere_stays(shipped, tmp_path):
    folder = make_model(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match="is not among the installed models"):
        zoo.remove_model(zoo.read_model_info(folder))
    assert (folder / "model.safetensors").exists()


def test_link_is_removed_and_what_it_leads_to_stays(shipped, tmp_path):
    folder = make_model(tmp_path / "elsewhere")
    paths.user_models().mkdir(parents=True)
    link = paths.user_models() / "linked"
    link.symlink_to(folder)
    zoo.remove_model(zoo.read_model_info(link))
    assert not link.is_symlink()
    assert (folder / "model.safetensors").exists()


def test_name_that_two_models_share_is_not_guessed(shipped):
    for name in ("one", "two"):
        make_model(paths.user_models() / name)
    with pytest.raises(ModelError) as caught:
        zoo.find_installed("tiny")
    assert "2 installed models are called 'tiny'" in caught.value.message
    assert zoo.find_installed("two").folder.name == "two"


# --- what a folder says beside its heads ---


def test_licence_text_is_that_of_the_folder_else_its_name(tmp_path):
    info = zoo.read_model_info(make_model(tmp_path / "m"))
    assert info.license_text == "Apache-2.0"
    (info.folder / "LICENSE.md").write_text("Do as you like.\n")
    assert info.license_text == "Do as you like."


def test_card_is_read_from_the_folder(tmp_path):
    info = zoo.read_model_info(make_model(tmp_path / "m"))
    assert info.card_text == ""
    (info.folder / "README.md").write_text("# Tiny\n")
    assert info.card_text == "# Tiny"


def test_record_that_is_damaged_is_told_and_the_model_still_works(tmp_path):
    folder = make_model(tmp_path / "m")
    (folder / "source.json").write_text('{"kind": "theft"}')
    info = zoo.read_model_info(folder)
    assert info.source is None
    assert "source.json is not a record" in info.notes[0]
    assert info.has_trained_head("HC")


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        ("---\nlicense: apache-2.0\ntags: [x]\n---\n# Model", "apache-2.0"),
        ("---\nlicense: 'mit'\n---\n", "mit"),
        ("# Model\nlicense: none of the head\n", ""),
        ("---\ntags: [x]\n---\nlicense: too late\n", ""),
        ("", ""),
    ],
)
def test_licence_is_read_from_the_head_of_a_card(card, expected):
    assert card_license(card) == expected


def test_folder_with_pickled_weights_alone_says_how_to_use_it(tmp_path):
    (tmp_path / "vit.pth").write_bytes(b"x")
    with pytest.raises(ModelError) as caught:
        zoo.read_model_info(tmp_path)
    assert "vit.pth" in caught.value.message
    assert "sonichu models add" in caught.value.hint


# --- folders of other libraries, read in place ---


def vit_tensors(prefix=""):
    """A small vision transformer with the names of timm, and ViTPose's head."""
    blocks = {
        f"blocks.{index}.{name}": shape
        for index in range(2)
        for name, shape in {
            "norm1.weight": (32,),
            "norm1.bias": (32,),
            "attn.qkv.weight": (96, 32),
            "attn.qkv.bias": (96,),
            "attn.proj.weight": (32, 32),
            "attn.proj.bias": (32,),
            "norm2.weight": (32,),
            "norm2.bias": (32,),
            "mlp.fc1.weight": (128, 32),
            "mlp.fc1.bias": (128,),
            "mlp.fc2.weight": (32, 128),
            "mlp.fc2.bias": (32,),
        }.items()
    }
    shapes = {
        "patch_embed.proj.weight": (32, 3, 16, 16),
        "patch_embed.proj.bias": (32,),
        "pos_embed": (1, 257, 32),
        "cls_token": (1, 1, 32),
        "norm.weight": (32,),
        "norm.bias": (32,),
        **blocks,
    }
    return {prefix + name: np.zeros(shape, np.float32) for name, shape in shapes.items()}


def make_foreign(folder, tensors, **files):
    folder.mkdir()
    (folder / "weights.safetensors").write_bytes(save(tensors))
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return folder


def test_folder_of_another_library_is_recognised(tmp_path):
    folder = make_foreign(tmp_path / "vit-tiny", vit_tensors())
    info = zoo.read_model_info(folder)
    assert (info.name, info.naming, info.weights.name) == (
        "vit-tiny",
        "timm",
        "weights.safetensors",
    )
    assert info.tasks == {}
    assert any("feature extractor" in note for note in info.notes)
    assert info.hash == hashlib.sha256(info.weights.read_bytes()).hexdigest()


def test_licence_of_a_foreign_folder_is_what_its_card_says(tmp_path):
    card = "---\nlicense: cc-by-4.0\n---\n# ViT\n"
    info = zoo.read_model_info(make_foreign(tmp_path / "m", vit_tensors(), README_md=card))
    assert (info.license, info.card_text) == ("cc-by-4.0", card.strip())


def test_configuration_of_another_library_does_not_make_a_folder_ours(tmp_path):
    config = json.dumps({"model_type": "vit", "architectures": ["ViTModel"]})
    folder = make_foreign(tmp_path / "m", vit_tensors(), config_json=config)
    assert zoo.read_model_info(folder).naming == "timm"


def test_tensors_without_a_place_are_listed(tmp_path):
    tensors = vit_tensors()
    del tensors["blocks.1.mlp.fc2.bias"]
    folder = make_foreign(tmp_path / "m", {**tensors, "lm_head.extra": np.zeros(3, np.float32)})
    message = refusal(folder)
    assert "weights.safetensors cannot be used" in message
    assert "blocks.1.mlp.fc2.bias" in message
    assert "lm_head.extra" in message


def test_several_files_of_weights_are_not_guessed(tmp_path):
    folder = make_foreign(tmp_path / "m", vit_tensors())
    (folder / "other.safetensors").write_bytes(WEIGHTS)
    assert "several files of weights: other.safetensors, weights.safetensors" in refusal(folder)


def test_foreign_folder_among_the_persons_models_is_listed(shipped):
    paths.user_models().mkdir(parents=True)
    make_foreign(paths.user_models() / "vit", vit_tensors())
    assert [info.naming for info in zoo.installed_models()] == ["Sonichu", "timm"]
