"""Learning curves are drawn from what runs logged."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from sonichu_gui import cli
from sonichu_gui.training.config import TrainingError
from sonichu_gui.training.curves import COLORS, draw_curves, read_panels, smoothed


def write_run(folder, *, loss=4.0, held=None):
    folder.mkdir(parents=True)
    records = [
        {"step": step, "total": loss / step + 0.5, "rate": 1e-3} for step in range(10, 210, 10)
    ]
    for step, value in (held or {}).items():
        records.append({"step": step, "held_out": {"HC_mre_px": value, "HC_mm": value / 5}})
    (folder / "log.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
    return folder


def test_every_run_has_its_line_in_the_picture(tmp_path, capsys):
    runs = [
        str(write_run(tmp_path / name, held={100: 20.0, 200: 10.0 + n}, loss=40.0 * (n + 1)))
        for n, name in enumerate(("one", "two"))
    ]
    out = tmp_path / "pictures" / "curves.png"
    assert cli.main(["train", "curves", *runs, "-o", str(out)]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    picture = cv2.imdecode(np.frombuffer(out.read_bytes(), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert picture.shape[1] > 1200
    for color in COLORS[:2]:
        wanted = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)])
        assert (np.abs(picture.astype(int) - wanted).max(axis=2) < 8).sum() > 300
    unused = np.array([int(COLORS[2][at : at + 2], 16) for at in (1, 3, 5)])
    assert not (np.abs(picture.astype(int) - unused).max(axis=2) < 8).any()


def test_panels_hold_the_loss_then_held_out_scores_then_nothing_else(tmp_path):
    runs = [
        write_run(tmp_path / "a" / "run", held={100: 9.0}), write_run(tmp_path / "b" / "run"),
    ]  # fmt: skip
    panels = read_panels(runs, also=["rate"])
    assert [(panel.title, panel.held_out) for panel in panels] == [
        ("total", False), ("rate", False), ("HC_mre_px", True), ("HC_mm", True),
    ]  # fmt: skip
    assert [curve.run for curve in panels[0].curves] == ["a/run", "b/run"]
    assert [curve.run for curve in panels[2].curves] == ["a/run"]
    assert panels[2].curves[0].values.tolist() == [9.0]


def test_a_folder_without_a_log_and_an_unknown_value_are_told(tmp_path):
    run = write_run(tmp_path / "run")
    with pytest.raises(TrainingError, match=r"nothing.log\.jsonl is not there"):
        draw_curves([run, tmp_path / "nothing"], tmp_path / "out.png")
    with pytest.raises(TrainingError, match="No run has logged accuracy") as caught:
        draw_curves([run], tmp_path / "out.png", also=["accuracy"])
    assert "rate" in caught.value.hint
    with pytest.raises(TrainingError, match="named twice"):
        draw_curves([run, run], tmp_path / "out.png")
    with pytest.raises(TrainingError, match=r"out\.doc cannot be written"):
        draw_curves([run], tmp_path / "out.doc")


def test_smoothing_keeps_a_straight_line_and_calms_noise():
    line = np.linspace(0, 1, 400)
    assert smoothed(line) == pytest.approx(line)
    noise = np.random.default_rng(0).normal(size=400)
    assert smoothed(noise)[20:-20].std() < 0.4 * noise.std()
