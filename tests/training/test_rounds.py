"""The teachers of the model card, one after the other, in a toy study."""

from __future__ import annotations

import json
import shutil

import pytest

from sonichu_gui import paths
from sonichu_gui.model.modeling_sonichu import SonichuModel
from sonichu_gui.training import distill, rounds, soup
from sonichu_gui.training.config import TrainingError, read_config
from sonichu_gui.training.pseudo_labels import PseudoLabelConfig
from tests.training.toy_models import toy_model

ROUNDS = """
[[unlabelled]]
kind = "folder"
path = "loose"
task = "HC"

[[rounds]]
name = "supervised"

[[rounds]]
name = "R1"
labelled_by = ["supervised"]

[[rounds]]
name = "r1capped"
labelled_by = ["supervised", "R1"]
selection = { regime = "capped", count = 2 }
weight = 0.5
"""


@pytest.fixture
def study(toy_study):
    (toy_study.root / "loose").mkdir()
    for index in (6, 7, 8):
        name = f"{index}.png"
        shutil.move(toy_study.images / name, toy_study.root / "loose" / name)
    toy_model(1).save_pretrained(toy_study.root / "start")
    text = toy_study.config.read_text().replace("steps = 3", "steps = 2")
    text = text.replace('start = "random"', f'start = "{toy_study.root / "start"}"')
    toy_study.config.write_text(text + ROUNDS)
    return toy_study


def run(study, *, resume=False):
    told = []
    rounds.run(study.config, resume=resume, report=lambda _share, text: told.append(text))
    return told


def test_each_round_learns_from_the_answers_of_those_before_it(study):
    run(study)
    told = {
        name: SonichuModel.from_pretrained(study.run / name / "model").config.tasks["HC"]
        for name in ("supervised", "R1", "r1capped")
    }
    assert {name: task.training_data for name, task in told.items()} == {
        "supervised": "6 label",
        "R1": "6 label, 3 pseudo",
        "r1capped": "6 label, 2 pseudo",
    }
    selection = json.loads((study.run / "r1capped" / "labels" / "selection.json").read_text())
    assert [path.split("/")[-2] for path in selection["models"]] == ["supervised", "R1"]


def test_progress_never_goes_back(study):
    shares = []
    rounds.run(study.config, resume=False, report=lambda share, _text: shares.append(share))
    known = [share for share in shares if share >= 0]
    assert known == sorted(known)
    assert known[-1] == 1


def test_a_round_may_go_on_from_an_earlier_teacher_for_fewer_and_smaller_steps(study):
    text = study.config.read_text().replace(
        'name = "R1"\n', 'name = "R1"\nstarts_from = "supervised"\nsteps = 1\nlearning_rate = 0.1\n'
    )
    study.config.write_text(text)
    told = run(study)
    assert any("start from" in line and "supervised/model" in line for line in told)
    config = read_config(study.config, rounds.RoundsConfig)
    first, second, third = (rounds.teacher_config(config, number) for number in range(3))
    assert [one.run.steps for one in (first, second, third)] == [2, 1, 2]
    assert second.optimiser.learning_rate == pytest.approx(first.optimiser.learning_rate / 10)
    assert third.start == first.start != second.start
    before, after = (
        SonichuModel.from_pretrained(study.run / name / "model").heads["HC"].conv.weight
        for name in ("supervised", "R1")
    )
    assert 0 < (after - before).abs().max() < 1e-3


def test_a_chain_that_is_taken_up_again_does_only_what_is_left(study):
    run(study)
    weights = {
        name: (study.run / name / "model" / "model.safetensors").read_bytes()
        for name in ("supervised", "R1", "r1capped")
    }
    shutil.rmtree(study.run / "r1capped")
    told = run(study, resume=True)
    assert [line for line in told if "done before" in line] == [
        "supervised, done before",
        "R1, done before",
    ]
    again = (study.run / "r1capped" / "model" / "model.safetensors").read_bytes()
    assert again == weights["r1capped"]
    study.config.write_text(study.config.read_text().replace("seed = 3", "seed = 4"))
    with pytest.raises(TrainingError, match="other settings"):
        run(study, resume=True)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('["supervised", "R1"]', '["R7"]', "R7, which does not come before"),
        ('name = "R1"', 'name = "../R1"', "cannot be called"),
        ('name = "R1"', 'name = "supervised"', "cannot be called"),
    ],
)
def test_rounds_that_cannot_follow_one_another_are_refused(study, old, new, words):
    study.config.write_text(study.config.read_text().replace(old, new))
    with pytest.raises(TrainingError, match=words):
        run(study)


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        ("rounds_*.toml", rounds.RoundsConfig),
        ("distill_*.toml", distill.DistillConfig),
        ("soup_*.toml", soup.SoupConfig),
        ("pseudo_*.toml", PseudoLabelConfig),
    ],
)
def test_the_recipes_that_come_with_the_project_are_read(pattern, kind):
    recipes = sorted(paths.resources("training").glob(pattern))
    assert recipes
    for path in recipes:
        config = read_config(path, kind)
        assert all(source.split != "test" for source in getattr(config, "data", ()))
        if isinstance(config, rounds.RoundsConfig):
            names = [one.name for one in config.rounds]
            assert names == ["supervised", "R1", "R2", "R3", "Selective", "r3capped"]
            for number in range(1, len(names)):
                assert rounds.label_config(config, number).models
                assert rounds.teacher_config(config, number).data[-1].kind == "pseudo"
