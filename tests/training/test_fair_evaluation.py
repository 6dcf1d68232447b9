"""The card's table: the same frames for every row, honest about what is missing."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from sonichu_gui import cli
from sonichu_gui.training import fair_evaluation, known_points
from sonichu_gui.training.baseline_model import BaselineConfig, BaselineModel
from sonichu_gui.training.config import TrainingError, read_config
from sonichu_gui.training.data.labels import read_labels
from sonichu_gui.training.evaluate import predict_rows, run_evaluate
from sonichu_gui.training.fair_recipe import FairConfig
from sonichu_gui.training.fair_rows import measured_rows
from sonichu_gui.training.figures import Chance, mean_of
from sonichu_gui.training.scores import score
from tests.training.small_models import save_small_model

CONFIG = """
title = "Small"
output = "{output}"
draws = 200

[[data]]
kind = "csv"
path = "toy/labels.csv"

[split]
rule = "column"
column_value = "test"

[validation]
rule = "fold"
folds = 3
seed = 0
"""

ENTRY = '\n[[entry]]\nname = "{name}"\nmodels = {models}\n{more}\n'


def quiet(_share, _text):
    pass


@pytest.fixture
def models(toy_study):
    return [str(save_small_model(toy_study.root / f"m{n}" / "model", seed=n)) for n in range(3)]


@pytest.fixture
def table(toy_study):
    """Makes the table of entries (name, models, further keys) and gives its JSON document."""

    def made(*entries, config=CONFIG, report=quiet):
        path = toy_study.root / "fair.toml"
        text = config.format(output=(toy_study.root / "fair").as_posix())
        for name, chosen, more in entries:
            text += ENTRY.format(name=name, models=json.dumps(chosen), more=more)
        path.write_text(text)
        fair_evaluation.run(path, resume=False, report=report)
        return json.loads((toy_study.root / "fair" / "table.json").read_text())

    return made


def evaluated(study, folders, *, ensemble=None, tta=True):
    return run_evaluate(
        labels=study.labels, images=study.images, models=[Path(folder) for folder in folders],
        ensemble=ensemble, split="test", tta=tta,
    )  # fmt: skip


def test_figures_are_those_of_evaluate(toy_study, models, table):
    found = table(
        ("one", models[:1], ""),
        ("one pass", models[:1], "tta = false"),
        ("median", models, 'ensemble = "median"'),
    )["entries"]
    assert [row["passes"] for row in found] == [2, 1, 6]
    for row, theirs in zip(
        found,
        (
            evaluated(toy_study, models[:1]),
            evaluated(toy_study, models[:1], tta=False),
            evaluated(toy_study, models, ensemble="median"),
        ),
        strict=True,
    ):
        ours, head = row["labels"], theirs["tasks"]["HC"]
        assert ours["n"] == head["n"] == 3
        assert ours["weighted_mre_px"]["value"] == pytest.approx(theirs["weighted_mre_px"])
        assert ours["unweighted_mre_px"] == pytest.approx(theirs["unweighted_mre_px"])
        task = ours["tasks"]["HC"]
        assert task["mre_unordered_px"]["value"] == pytest.approx(head["mre_unordered_px"])
        assert task["mre_percent_width"]["value"] == pytest.approx(head["mre_unordered_px"] / 1.5)
        for ours_key, key in (("median", "median"), ("p95", "p95"), ("max", "max")):
            assert ours["head"][ours_key] == pytest.approx(head["measures"]["HC"][key])
        assert ours["head"]["mean"]["value"] == pytest.approx(head["measures"]["HC"]["mae"])


def test_a_baseline_is_a_row_like_any_other(toy_study, table):
    sizes = {
        "image_size": 64,
        "heatmap_size": 16,
        "backbone": {"type": "efficientnet", "width": 0.25, "depth": 0.3, "fpn_channels": 16},
        "head": {"type": "light", "channels": 16},
    }
    torch.manual_seed(0)
    model = BaselineModel(BaselineConfig.from_dict(sizes)).eval()
    tasks = dict(model.config.tasks)
    tasks["HC"] = dataclasses.replace(tasks["HC"], trained=True)
    model.config = dataclasses.replace(model.config, tasks=tasks)
    model.save_pretrained(toy_study.root / "baseline")
    rows = read_labels(toy_study.labels).select(split="test")
    theirs = score(rows, predict_rows(model, rows, toy_study.images, tta=False))
    (row,) = table(("baseline", [str(toy_study.root / "baseline")], "tta = false"))["entries"]
    assert row["note"] == ""
    assert row["labels"]["weighted_mre_px"]["value"] == pytest.approx(theirs["weighted_mre_px"])


def test_the_best_is_chosen_on_the_validation_part_and_says_so(toy_study, models, table):
    (best, *singles) = table(
        ("best", models, 'ensemble = "best"'), *((name, [name], "") for name in models)
    )["entries"]
    config = read_config(toy_study.root / "fair.toml", FairConfig)
    rows = measured_rows(config, report=quiet)
    held = {row.image_path for row in rows.labels}
    chosen_on = {row.image_path for row in rows.validation}
    assert chosen_on
    assert not held & chosen_on
    lines = toy_study.labels.read_text().splitlines()
    labels = toy_study.root / "validation.csv"
    kept = [line for line in lines[1:] if line.partition(",")[0] in chosen_on]
    labels.write_text("\n".join([lines[0], *kept]) + "\n")
    errors = {
        name: run_evaluate(
            labels=labels, images=toy_study.images, models=[Path(name)], ensemble=None, split=None
        )["tasks"]["HC"]["mre_unordered_px"]
        for name in models
    }
    winner = min(errors, key=errors.get)
    assert best["models"] == [winner]
    assert "validation part" in best["note"]
    assert all(f"{errors[name]:.2f}" in best["note"] for name in models)
    assert best["labels"] == next(row["labels"] for row in singles if row["name"] == winner)


def test_a_best_without_a_validation_part_is_refused(models, table):
    config = CONFIG.partition("[validation]")[0]
    with pytest.raises(TrainingError, match="measured on"):
        table(("best", models, 'ensemble = "best"'), config=config)


def test_what_is_not_trained_yet_is_a_row_and_no_crash(toy_study, models, table, capsys):
    missing = str(toy_study.root / "later" / "model")
    broken = toy_study.root / "broken"
    broken.mkdir()
    (broken / "config.json").write_text('{"model_type": "sonichu", "tasks": {}}')
    rows = table(
        ("later", [missing], ""),
        ("median", [*models, missing], 'ensemble = "median"'),
        ("best", [models[0], missing], 'ensemble = "best"'),
        ("broken", [str(broken)], ""),
    )["entries"]
    assert [row["labels"] is None for row in rows] == [True, True, False, True]
    assert all("not trained yet" in row["note"] and missing in row["note"] for row in rows[:3])
    assert "cannot be used" in rows[3]["note"]
    assert cli.main(["train", "evaluate", "--config", str(toy_study.root / "fair.toml")]) == 0
    printed = capsys.readouterr().out
    assert "| later" in printed
    assert "test held out" in printed


def test_only_originally_labelled_rows_are_in_the_table_and_phantoms_have_their_own(
    toy_study, models, table
):
    text = CONFIG
    for origin in ("pseudo", "phantom"):
        text += f'\n[[held_out]]\nkind = "csv"\npath = "{origin}/labels.csv"\norigin = "{origin}"\n'
        (toy_study.root / origin).mkdir()
        for path in toy_study.images.iterdir():
            (toy_study.root / origin / path.name).write_bytes(path.read_bytes())
    document = table(("one", models[:1], ""), config=text)
    assert document["left_out"] == {"pseudo": 9}
    (row,) = document["entries"]
    assert (row["labels"]["n"], row["phantoms"]["n"]) == (3, 9)
    written = (toy_study.root / "fair" / "table.md").read_text()
    assert "## Phantoms" in written
    assert "9 of origin pseudo left out" in written


def test_a_task_without_a_trained_head_is_told(toy_study, models, table):
    lines = toy_study.labels.read_text()
    toy_study.labels.write_text(lines.replace("8.png,Regression,HC", "8.png,Regression,FA"))
    row = table(("one", models[:1], ""))["entries"][0]
    assert "no trained head for FA" in row["note"]
    assert list(row["labels"]["tasks"]) == ["HC"]
    assert row["labels"]["n"] == 2


def test_a_frame_that_cannot_be_read_is_left_out_of_every_row(toy_study, models, table):
    (toy_study.images / "7.png").write_bytes(b"no picture")
    document = table(("one", models[:1], ""), ("two", models[1:2], ""))
    assert [row["labels"]["n"] for row in document["entries"]] == [2, 2]
    assert "7.png" in document["broken"][0]


def test_nothing_is_predicted_twice_and_nothing_stale_is_taken(
    toy_study, models, table, monkeypatch
):
    asked = []
    real = known_points.predict_rows

    def counted(model, rows, *others, **keys):
        asked.append(len(rows))
        return real(model, rows, *others, **keys)

    monkeypatch.setattr(known_points, "predict_rows", counted)
    entry = ("one", models[:1], "")
    first = table(entry)
    assert table(entry) == first
    assert asked == [3]
    picture = toy_study.images / "6.png"
    picture.write_bytes((toy_study.images / "8.png").read_bytes())
    table(entry)
    assert asked == [3]  # another picture that was asked about already
    save_small_model(toy_study.root / "m0" / "model", seed=7)
    assert table(entry)["entries"][0]["labels"] != first["entries"][0]["labels"]
    assert asked == [3, 3]


def test_intervals_are_drawn_over_subjects_and_by_the_seed():
    rng = np.random.default_rng(0)
    values = rng.normal(10, 2, 400)
    apart = [str(number) for number in range(400)]
    alone = mean_of(values.tolist(), apart, Chance())
    assert (alone.low + alone.high) / 2 == pytest.approx(values.mean(), abs=0.1)
    assert alone.high - alone.low == pytest.approx(2 * 1.96 * 2 / 20, rel=0.15)
    # Four like frames of a subject are no more evidence than one.
    four = np.repeat(values[:100], 4).tolist()
    together = mean_of(four, [str(number // 4) for number in range(400)], Chance())
    assert together.high - together.low == pytest.approx(2 * (alone.high - alone.low), rel=0.25)
    assert mean_of(four, apart, Chance(1)) != mean_of(four, apart, Chance(2))
    assert mean_of([1.0, 3.0], ["a", "a"], Chance()).low is None


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (("two", ["a", "b"], ""), "2 models"),
        (("odd", ["a"], 'ensemble = "mean"'), "no ensemble 'mean'"),
    ],
)
def test_entries_without_one_answer_are_refused(table, toy_study, entry, said):
    with pytest.raises(TrainingError, match=said):
        table(entry)
