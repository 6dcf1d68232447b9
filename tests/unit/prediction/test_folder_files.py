from __future__ import annotations

import pytest

from sonichu_gui.errors import ModelError
from sonichu_gui.model.config_hints import is_own_form
from sonichu_gui.model.weights_names import is_single, weights_among
from sonichu_gui.prediction.folder_files import legal_files, weights_in

SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["model.safetensors", "model.fp16.safetensors"], ("model.safetensors",)),
        (["vit.safetensors", "vit.pth"], ("vit.safetensors",)),
        (["pytorch_model.bin", "other.bin"], ("pytorch_model.bin",)),
        (["IN1K-vit.h.14-300e.pth.tar"], ("IN1K-vit.h.14-300e.pth.tar",)),
        (["vit.pth", "optimizer.pt", "training_args.bin"], ("vit.pth",)),
        (["a.pth", "b.pth"], ("a.pth", "b.pth")),
        (["model.safetensors.index.json", *SHARDS], ("model.safetensors.index.json", *SHARDS)),
        (["README.md", "data.tar", ".hidden.pth", "weights.h5"], ()),
    ],
)
def test_weights_are_told_from_other_files(names, expected):
    assert weights_among(names) == expected


def test_an_index_and_its_shards_are_one_set_of_weights():
    assert is_single(weights_among(["model.safetensors.index.json", *SHARDS]))
    assert not is_single(weights_among(["a.pth", "b.pth"]))


def test_a_folder_called_like_weights_is_not_taken_for_them(tmp_path):
    (tmp_path / "model.safetensors").mkdir()
    (tmp_path / "vit.pth").write_bytes(b"x")
    assert weights_in(tmp_path) == (tmp_path / "vit.pth",)


def test_a_link_that_leads_nowhere_is_no_file_of_weights(tmp_path):
    (tmp_path / "model.safetensors").symlink_to(tmp_path / "gone")
    with pytest.raises(ModelError, match="holds no weights"):
        weights_in(tmp_path)


def test_licences_in_either_spelling_and_notices_are_found(tmp_path):
    for name in ("LICENSE", "LICENCE.txt", "NOTICE.md", "COPYING", "license_of_nothing.py"):
        (tmp_path / name).write_text("x")
    names = [path.name for path in legal_files(tmp_path)]
    assert names == ["COPYING", "LICENCE.txt", "LICENSE", "NOTICE.md"]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"model_type": "sonichu", "tasks": {"HC": {"keypoints": ["a"]}}}, True),
        ({"model_type": "sonichu", "tasks": ["HC"]}, False),
        ({"model_type": "sonichu", "tasks": {"HC": 4}}, False),
        ({"model_type": "sonichu", "tasks": {}, "backbone": "vit_base"}, False),
        ({"model_type": "sonichu"}, False),
        ({"tasks": {}}, True),
        ({"model_type": "vit", "tasks": {}}, False),
        ({}, False),
        (None, False),
    ],
)
def test_our_configuration_is_told_from_that_of_other_libraries(config, expected):
    assert is_own_form(config) is expected
