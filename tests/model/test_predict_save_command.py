"""`sonichu predict --save`: what comes into the label stores, and going on after Ctrl+C."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from signal import SIGINT

import cv2
import numpy as np
import pydicom.examples
import pytest

from sonichu_gui.cli import main
from sonichu_gui.domain.annotation import Status, empty_annotation
from sonichu_gui.domain.frame import FrameRef
from sonichu_gui.imaging.sources import digest_of
from sonichu_gui.labels.store import LabelStore
from sonichu_gui.tasks import load_tasks
from tests.terminal import started


@pytest.fixture
def study(tmp_path):
    """Three pictures."""
    rng = np.random.default_rng(2)
    target = tmp_path / "study"
    target.mkdir()
    for number in range(3):
        pixels = rng.integers(0, 255, (60, 80), np.uint8)
        (target / f"{number}.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    return target


@pytest.fixture
def save(folder, capsys):
    """Runs the command on the small model: exit code and its JSON."""

    def run(*words):
        words = ["predict", "--model", str(folder), "--save", "--json", *map(str, words)]
        code = main(words)
        return code, json.loads(capsys.readouterr().out)

    return run


def stored(path, index=0, task="HC"):
    store = LabelStore.open_for(path.parent, create=False)
    try:
        return store.standing(FrameRef(digest_of(path), index), task).holds
    finally:
        store.close()


def test_predictions_of_a_folder_are_kept_beside_its_images(save, study):
    code, told = save(study, "--task", "HC", "--no-tta")
    assert code == 0
    assert (told["predicted"], told["frames"], told["failed"]) == (3, 3, [])
    for path in study.glob("*.png"):
        revision = stored(path)
        assert revision.annotation.status is Status.PROPOSED
        assert revision.annotation.model.hash == told["model"]["hash"]


def test_a_second_run_does_only_what_is_new(save, study):
    save(study, "--task", "HC")
    shutil.copy(study / "0.png", study / "3.png")
    with (study / "3.png").open("ab") as file:
        file.write(b"another digest")
    _, told = save(study, "--task", "HC")
    assert (told["predicted"], told["skipped_done"]) == (1, 3)
    _, told = save(study, "--task", "HC", "--no-tta")
    assert told["predicted"] == 4


def test_all_trained_heads_and_every_frame_of_a_cine(save, tmp_path):
    cine = tmp_path / "cine.dcm"
    shutil.copy(pydicom.examples.get_path("ybr_color"), cine)
    code, told = save(cine, "--task", "all", "--frame", "all", "--no-tta")
    assert code == 0
    assert (told["tasks"], told["frames"], told["predicted"]) == (["HC", "PLAX"], 30, 60)
    assert stored(cine, 29, "PLAX") is not None


def test_a_persons_label_is_left_alone_and_a_broken_file_told(save, study):
    mine = empty_annotation(load_tasks()["HC"]).with_point(1, (3.0, 4.0))
    store = LabelStore.open_for(study)
    store.append(FrameRef(digest_of(study / "0.png"), 0), mine, rater="r1")
    store.close()
    (study / "1.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    code, told = save(study, "--task", "HC", "--no-tta")
    assert code == 1
    assert (told["predicted"], told["skipped_labelled"]) == (1, 1)
    ((failed),) = told["failed"]
    assert failed["path"] == str(study / "1.png")
    assert failed["reason"]
    assert stored(study / "0.png").annotation == mine


def test_a_summary_in_words(folder, study, capsys):
    words = ["predict", "--model", str(folder), "--save", "--task", "HC", "--no-tta", str(study)]
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert "predicted: 3" in out
    assert "3 of 3 frames" in err


def test_ctrl_c_keeps_what_is_done_and_the_next_run_goes_on(folder, study):
    for number in range(3, 400):
        path = study / f"{number}.png"
        path.write_bytes((study / "0.png").read_bytes() + number.to_bytes(4, "little"))
    command = [sys.executable, "-m", "sonichu_gui", "predict", "--model", str(folder)]
    command += ["--save", "--json", "--task", "HC", "--no-tta", str(study)]
    with started(command, stdout=subprocess.PIPE, text=True) as process:
        due = time.monotonic() + 60
        while not (study / "sonichu-labels.sqlite").exists():
            assert time.monotonic() < due
            time.sleep(0.02)
        time.sleep(0.2)
        process.send_signal(SIGINT)
        asked = time.monotonic()
        told = json.loads(process.stdout.read())
        code = process.wait()
    assert code == 130
    assert time.monotonic() - asked < 3.0
    assert 0 < told["predicted"] < 400
    store = LabelStore.open_for(study)
    assert len(list(store.rows())) in (told["predicted"], told["predicted"] + 1)
    store.close()


@pytest.mark.parametrize("words", [("--save",), ("--frame", "all")])
def test_an_overlay_of_more_than_one_frame_is_a_wrong_argument(folder, study, words, capsys):
    command = ["predict", "--model", str(folder), "--task", "HC", str(study / "0.png"), *words]
    with pytest.raises(SystemExit) as ended:
        main([*command, "--overlay", str(study / "out.png")])
    assert ended.value.code == 2
    assert "--overlay draws one frame" in capsys.readouterr().err


def test_every_frame_without_saving_is_printed(folder, capsys):
    cine = pydicom.examples.get_path("ybr_color")
    command = ["predict", "--model", str(folder), "--task", "HC", "--frame", "all", "--no-tta"]
    assert main([*command, "--json", str(cine)]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["frame"] for row in rows] == list(range(30))
