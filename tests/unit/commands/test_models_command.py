from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import save

from sonichu_gui import paths
from sonichu_gui.cli import main
from sonichu_gui.prediction.model_source import Source, write_source

CONFIG = {
    "name": "mine",
    "license": "Apache-2.0",
    "tasks": {
        "HC": {
            "keypoints": ["a", "b", "c", "d"],
            "trained": True,
            "training_data": "719 frames",
            "accuracy": {"mre_px": 12.5},
        },
        "IVC": {"keypoints": ["a", "b"]},
    },
}


@pytest.fixture
def own_model(tmp_path, monkeypatch):
    """A folder among the person's models, on an installation without any."""
    monkeypatch.setattr(paths, "resources", (tmp_path / "nothing").joinpath)
    folder = paths.user_models() / "mine"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "model.safetensors").write_bytes(save({"x": np.zeros(250_000, np.float32)}))
    return folder


def test_json_describes_every_head(own_model, capsys):
    assert main(["models", "list", "--json"]) == 0
    (model,) = json.loads(capsys.readouterr().out)
    assert (model["name"], model["folder"], model["problem"]) == ("mine", str(own_model), "")
    assert len(model["hash"]) == 64
    assert model["tasks"]["HC"]["trained"] is True
    assert model["tasks"]["IVC"]["trained"] is False
    assert model["tasks"]["HC"]["draft"] is False
    assert model["tasks"]["HC"]["real_frames"] is None


def test_a_head_of_phantoms_alone_is_listed_as_a_draft(own_model, capsys):
    heads = {
        **CONFIG["tasks"],
        "IVC": {
            "keypoints": ["a", "b"],
            "trained": True,
            "training_data": "Phantoms of the project (Apache-2.0); drawn",
            "accuracy": {"mre_percent_width": 1.83, "phantoms": True},
            "frames": {"real": 0, "phantoms": 2000},
            "draft": True,
        },
    }
    (own_model / "config.json").write_text(json.dumps({**CONFIG, "tasks": heads}))
    assert main(["models", "list"]) == 0
    out = capsys.readouterr().out
    assert "IVC  trained on phantoms only, 1.8 % of the width, draft" in out
    assert "Phantoms of the project (Apache-2.0)" in out
    assert main(["models", "list", "--json"]) == 0
    (model,) = json.loads(capsys.readouterr().out)
    told = model["tasks"]["IVC"]
    assert (told["draft"], told["real_frames"], told["phantom_frames"]) == (True, 0, 2000)


def test_list_tells_trained_heads_from_untrained_ones(own_model, capsys):
    assert main(["models", "list"]) == 0
    out = capsys.readouterr().out
    assert "mine  1.0 MB  Apache-2.0" in out
    assert "HC  trained on 719 frames, 12.5 px  mre_px 12.5" in out
    assert "no trained head: IVC" in out


def test_list_tells_where_a_model_came_from(own_model, capsys):
    source = Source(
        kind="hub",
        origin="someone/model",
        revision="1f" * 20,
        added="2026-01-02T03:04:05+00:00",
        naming="I-JEPA",
        original_sha256="0" * 64,
        files={},
        notes=("encoder was set aside",),
    )
    write_source(own_model, source)
    assert main(["models", "list"]) == 0
    out = capsys.readouterr().out
    assert "from someone/model at 1f1f1f1f1f1f, added 2026-01-02; tensors named as in I-JEPA" in out
    assert "encoder was set aside" in out
    main(["models", "list", "--json"])
    (model,) = json.loads(capsys.readouterr().out)
    assert (model["naming"], model["notes"]) == ("Sonichu", ["encoder was set aside"])
    assert model["source"] == {
        "kind": "hub",
        "origin": "someone/model",
        "revision": "1f" * 20,
        "added": "2026-01-02T03:04:05+00:00",
        "naming": "I-JEPA",
        "original_sha256": "0" * 64,
    }


def test_model_is_removed(own_model, capsys):
    assert main(["models", "remove", "mine", "--json"]) == 0
    removed = json.loads(capsys.readouterr().out)
    assert removed == {"name": "mine", "folder": str(own_model), "removed": True}
    assert not own_model.exists()


def test_broken_model_is_listed_with_its_problem(own_model, capsys):
    (own_model / "config.json").write_text("{")
    assert main(["models", "list"]) == 0
    assert "config.json is not JSON" in capsys.readouterr().out


def test_broken_model_is_in_the_json(own_model, capsys):
    (own_model / "model.safetensors").write_bytes(b"")
    assert main(["models", "list", "--json"]) == 0
    (model,) = json.loads(capsys.readouterr().out)
    assert "not a safetensors file" in model["problem"]


def test_no_model_is_said(own_model, capsys):
    for file in own_model.iterdir():
        file.unlink()
    assert main(["models", "list"]) == 0
    assert capsys.readouterr().out == "No model is installed.\n"


def test_verb_is_needed(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["models"])
    assert ended.value.code == 2
    assert "VERB" in capsys.readouterr().err
