"""`sonichu models add|verify|remove` on real folders; pulling has a file of its own."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from sonichu_gui import paths
from sonichu_gui.cli import main


def run_json(capsys, *words):
    code = main(["models", *words, "--json"])
    out, _ = capsys.readouterr()
    return code, json.loads(out)


def test_a_folder_is_added_and_described(folder, capsys):
    assert main(["models", "add", str(folder)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("Installed:\nsonichu  ")
    assert f"from {folder}, added 20" in out
    assert "Copying model.safetensors" in err


def test_adding_tells_the_same_in_json(folder, capsys):
    code, model = run_json(capsys, "add", str(folder), "--name", "Mine")
    assert code == 0
    assert (model["name"], model["already"], model["embedded"]) == ("Mine", False, False)
    assert model["source"]["kind"] == "folder"
    assert model["source"]["original_sha256"] == model["hash"]
    assert model["tasks"]["HC"]["trained"] is True


def test_adding_again_says_that_it_is_there(folder, capsys):
    main(["models", "add", str(folder)])
    capsys.readouterr()
    code, model = run_json(capsys, "add", str(folder))
    assert (code, model["already"]) == (0, True)


def test_a_folder_comes_before_a_model_of_the_hub(folder, capsys, monkeypatch):
    shutil.copytree(folder, folder.parent / "someone" / "model")
    monkeypatch.chdir(folder.parent)
    code, model = run_json(capsys, "add", "someone/model")
    assert (code, model["source"]["kind"]) == (0, "folder")


def test_a_path_that_is_no_model_fails_with_what_to_do(tmp_path, capsys):
    assert main(["models", "add", str(tmp_path / "nothing.pth")]) == 1
    err = capsys.readouterr().err
    assert "it does not exist" in err
    assert "Check the path." in err


def test_a_revision_of_a_folder_makes_no_sense(folder, capsys):
    assert main(["models", "add", str(folder), "--revision", "v2"]) == 1
    assert "Only a model of the hub has revisions." in capsys.readouterr().err


@pytest.mark.parametrize("size", ["0", "-16", "x", "5000"])
def test_an_impossible_image_size_is_a_wrong_argument(folder, capsys, size):
    with pytest.raises(SystemExit) as ended:
        main(["models", "add", str(folder), f"--image-size={size}"])
    assert ended.value.code == 2


def test_all_installed_models_are_verified(folder, capsys):
    main(["models", "add", str(folder)])
    capsys.readouterr()
    code, models = run_json(capsys, "verify")
    assert code == 0
    assert [model["name"] for model in models] == ["sonichu-mini", "sonichu"]
    assert {check["name"] for check in models[1]["checks"]} == {
        *("files", "header", "tensors", "heads")
    }


def test_a_damaged_model_fails_the_check(folder, capsys):
    main(["models", "add", str(folder)])
    with (paths.user_models() / "sonichu" / "model.safetensors").open("r+b") as file:
        file.seek(-4, os.SEEK_END)
        file.write(b"\x00\x00\xc0\x7f")
    capsys.readouterr()
    assert main(["models", "verify", "sonichu"]) == 1
    out = capsys.readouterr().out
    assert "sonichu: not whole" in out
    assert "WRONG  files    model.safetensors is not as it was added." in out
    assert "WRONG  tensors  1 hold numbers that are none" in out


def test_a_model_is_removed_by_its_name(folder, capsys):
    main(["models", "add", str(folder)])
    capsys.readouterr()
    code, removed = run_json(capsys, "remove", "sonichu")
    assert (code, removed["removed"]) == (0, True)
    assert list(paths.user_models().iterdir()) == []


def test_the_embedded_model_is_not_removed(capsys):
    assert main(["models", "remove", "sonichu-mini"]) == 1
    assert "belongs to the app" in capsys.readouterr().err


def test_an_unknown_model_is_told_with_those_there_are(capsys):
    assert main(["models", "verify", "nobody"]) == 1
    assert "Installed models: sonichu-mini." in capsys.readouterr().err
