"""Models label unlabelled frames: the file they write, what stops them, and what does not."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
import torch

from sonichu_gui import cli
from sonichu_gui.errors import SonichuError, UntrainedHead
from sonichu_gui.model.inference import to_pixels
from sonichu_gui.model.modeling_sonichu import SonichuModel, SonichuPreprocessor
from sonichu_gui.tasks import task_named
from sonichu_gui.training import asking, pseudo_labels
from sonichu_gui.training.config import TrainingError
from sonichu_gui.training.data.sources import SourceConfig, read_source
from sonichu_gui.training.ensemble import median_points
from tests.training.toy_models import toy_model


def quiet(_share, _text):
    pass


@pytest.fixture
def study(toy_study):
    """Nine frames without labels in a folder of their own, and three models."""
    (toy_study.root / "loose").mkdir()
    for path in toy_study.images.glob("*.png"):
        path.rename(toy_study.root / "loose" / path.name)
    for seed in (1, 2, 3):
        toy_model(seed).save_pretrained(toy_study.root / f"model{seed}")
    return toy_study


def configure(study, *, models=(1,), more="", task="HC"):
    folders = [str(study.root / f"model{seed}") for seed in models]
    study.config.write_text(
        f'models = {folders}\noutput = "{study.run}"\nbatch_size = 2\ndevice = "cpu"\n'
        f'{more}\n[[frames]]\nkind = "folder"\npath = "loose"\ntask = "{task}"\n'
    )


def label(study, *, resume=False, report=quiet):
    return pseudo_labels.run(study.config, resume=resume, report=report)


def rows_of(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def said(study, seed, path):
    folder = study.root / f"model{seed}"
    frame = SonichuPreprocessor.from_pretrained(folder)(cv2.imread(str(path), 0))
    found = SonichuModel.from_pretrained(folder).detect(frame["pixel_values"], "HC", tta=True)
    size = frame["orig_w"], frame["orig_h"]
    apart = np.linalg.norm((found.views[0, 0] - found.views[1, 0]).numpy() * size, axis=1).max()
    return to_pixels(found.xy[0].numpy(), *size), float(found.confidence.min()), float(apart)


def test_the_labels_are_what_the_model_says_and_can_be_learned_from(study, capsys):
    configure(study)
    assert cli.main(["train", "pseudo-label", "--config", str(study.config)]) == 0
    path = study.run / "labels.csv"
    assert capsys.readouterr().out.strip() == str(path)
    rows = rows_of(path)
    assert [row["image_path"] for row in rows] == [f"loose/{index}.png" for index in range(9)]
    for row in rows[:3]:
        points, confidence, apart = said(study, 1, study.root / row["image_path"])
        told = [json.loads(row[f"point_{n}_xy"]) for n in range(1, 5)]
        np.testing.assert_allclose(told, points, atol=0.002)
        assert float(row["confidence"]) == pytest.approx(confidence, abs=1e-3)
        assert float(row["disagreement_px"]) == pytest.approx(apart, abs=0.01)
        assert (row["label_origin"], row["model"]) == ("pseudo", "toy 1")
        assert len(row["model_sha256"]) == 64
    for kind, place in (("pseudo", study.run), ("csv", path)):
        found = read_source(SourceConfig(kind, str(place), images=".", origin="pseudo"), study.root)
        assert not found.broken
        assert [row.origin for row in found.rows] == ["pseudo"] * 9
        assert found.rows[0].subject_id == (study.root / "loose" / "0.png").as_posix()
    told = json.loads((study.run / "selection.json").read_text())
    assert told["tasks"] == {"HC": {"frames": 9, "kept": 9, "refused": {}}}


def test_several_models_answer_by_their_median(study):
    configure(study, models=(1, 2, 3))
    row = rows_of(label(study))[4]
    points = [said(study, seed, study.root / row["image_path"])[0] for seed in (1, 2, 3)]
    median = median_points(points, task_named("HC").unordered_pairs)
    told = [json.loads(row[f"point_{n}_xy"]) for n in range(1, 5)]
    np.testing.assert_allclose(told, median, atol=0.002)
    assert row["model"] == "toy 1 + toy 2 + toy 3"


def test_a_model_without_a_trained_head_has_no_vote(study):
    toy_model(4, trained=("FA",)).save_pretrained(study.root / "model4")
    configure(study, models=(1, 4))
    assert {row["model"] for row in rows_of(label(study))} == {"toy 1"}
    configure(study, models=(1, 4), task="AOP")
    with pytest.raises(UntrainedHead, match="AOP"):
        label(study)


def test_frames_that_cannot_be_read_are_told_and_the_others_labelled(study):
    (study.root / "loose" / "3.png").write_bytes(b"\x89PNG\r\n\x1a\n torn")
    configure(study)
    told = []
    rows = rows_of(label(study, report=lambda _share, text: told.append(text)))
    assert len(rows) == 8
    assert any("loose/3.png" in line and "left out" in line for line in told)
    assert "labels of HC: 8 of 9 frames kept; 1 that could not be used" in told
    document = json.loads((study.run / "selection.json").read_text())
    assert document["could_not_be_used"][0]["image"] == "loose/3.png"


def test_an_answer_whose_points_fall_together_is_no_label(study):
    model = toy_model(1)
    with torch.no_grad():
        for parameter in model.heads["HC"].parameters():
            parameter.zero_()  # flat maps, in which both axes are cut alike
    model.save_pretrained(study.root / "model1")
    configure(study)
    with pytest.raises(TrainingError, match="None of the 9 frames"):
        label(study)
    document = json.loads((study.run / "selection.json").read_text())
    assert document["could_not_be_used"][0]["reason"] == "the model's points fall together"


def test_other_thresholds_need_no_second_look(study, monkeypatch):
    configure(study)
    rows = rows_of(label(study))
    ascending = sorted(float(row["confidence"]) for row in rows)
    monkeypatch.setattr(asking, "read_frame", None)
    more = (
        f"selection = {{ regime = 'selective', least_confidence = {ascending[4]}, "
        "most_disagreement = 1.0 }"
    )
    configure(study, more=more)
    kept = rows_of(label(study, resume=True))
    assert kept == [row for row in rows if float(row["confidence"]) >= ascending[4]]
    configure(study, more=more.replace("most_disagreement = 1.0", "most_disagreement = 0.0"))
    with pytest.raises(TrainingError, match="None of the 9 frames"):
        label(study, resume=True)


def test_a_killed_labelling_keeps_what_is_written_and_goes_on(study):
    configure(study)
    whole = label(study).read_text()
    book = study.run / "answers-0.jsonl"
    lines = book.read_text().splitlines(keepends=True)
    for path in study.run.iterdir():
        path.unlink()
    command = [sys.executable, "-m", "sonichu_gui", "train", "pseudo-label", "--config",
               str(study.config)]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            if book.exists() and book.read_text().count("\n") >= 3:
                break
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    # Whatever the kill left, the worst that it may leave: a line that was cut short.
    written = book.read_text().splitlines(keepends=True)[:5]
    book.write_text("".join(written) + lines[len(written)][:20])
    (study.run / "labels.csv").unlink(missing_ok=True)
    told = []
    path = label(study, resume=True, report=lambda _share, text: told.append(text))
    assert f"going on: {len(written) - 1} of 9 frames are answered" in told
    assert path.read_text() == whole
    assert book.read_text().splitlines(keepends=True)[: len(written)] == written


def test_the_answers_of_other_models_are_not_gone_on_with(study):
    configure(study)
    label(study)
    toy_model(8).save_pretrained(study.root / "model1")
    with pytest.raises(TrainingError, match="other models"):
        label(study, resume=True)
    assert rows_of(label(study))[0]["model"] == "toy 8"


def test_two_processes_share_the_frames_and_write_the_same_file(study):
    configure(study)
    alone = label(study).read_text()
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2",
               "--standalone", "-m", "sonichu_gui", "train", "pseudo-label", "--config",
               str(study.config)]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, env=environment, check=False, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert sorted(path.name for path in study.run.glob("answers-*")) == [
        "answers-0.jsonl",
        "answers-1.jsonl",
    ]
    assert (study.run / "labels.csv").read_text() == alone


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('task = "HC"\n', "", "which task"),
        ('kind = "folder"\npath = "loose"', 'kind = "csv"\npath = "toy/labels.csv"', "not there"),
        ("batch_size = 2", "batch_size = 0", "batch_size is 0"),
        ("batch_size = 2", "tta = false\nselection = { regime = 'selective' }", "two views"),
        ("batch_size = 2", "selection = { regime = 'best' }", "no regime"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(study, old, new, words):
    configure(study)
    text = study.config.read_text()
    assert old in text
    study.config.write_text(text.replace(old, new))
    with pytest.raises(SonichuError, match=words):
        label(study)


def test_a_source_of_labels_alone_has_nothing_to_be_labelled(study):
    for path in (study.root / "loose").glob("*.png"):
        path.rename(study.images / path.name)
    configure(study)
    study.config.write_text(
        study.config.read_text().replace('"folder"', '"csv"').replace('"loose"', '"toy/labels.csv"')
    )
    with pytest.raises(TrainingError, match="no unlabelled frame"):
        label(study)
