"""`sonichu bench`: every figure stands beside its floor, and the document is whole."""

from __future__ import annotations

import json
import os

import pytest
import torch

from sonichu_gui import cli
from sonichu_gui.commands import bench_files, bench_reading
from sonichu_gui.commands.bench_row import Row
from sonichu_gui.model.modeling_sonichu import SonichuConfig, SonichuModel
from sonichu_gui.prediction import floors


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    """What is tested is what is measured against what, not the figures."""
    monkeypatch.setattr(floors, "ROUNDS", 1)
    monkeypatch.setattr(floors, "SECONDS_A_RATE", 0.01)
    monkeypatch.setattr(floors, "MATRIX_SIDES", (256,))
    for name, few in (("ROUNDS", 1), ("HEADERS", 6), ("FILES", 6), ("LARGE_BYTES", 1000)):
        monkeypatch.setattr(bench_reading, name, few)
    monkeypatch.setattr(bench_files, "SHAPE", (48, 64))


def bench(capsys, folder, *words, reading="--no-reading") -> dict:
    code = cli.main(["bench", "--model", str(folder), "--no-window", reading, "--json", *words])
    assert code == 0
    return json.loads(capsys.readouterr().out)


def test_every_figure_of_the_model_stands_beside_its_reference(folder, capsys):
    rows = {row["name"]: row for row in bench(capsys, folder)["rows"]}
    assert {
        "matrix product, fp32", "matrix product, bf16", "one pass", "with TTA", "second task",
        "2 tasks", "load",
    } <= set(rows)  # fmt: skip
    for name in ("one pass", "with TTA", "second task", "2 tasks", "load"):
        row = rows[name]
        assert row["value"] > 0
        assert row["ratio"] == pytest.approx(row["value"] / row["reference"])
    for name in ("one pass", "with TTA", "second task", "2 tasks"):
        assert rows[name]["within"] == (rows[name]["ratio"] <= rows[name]["budget"])
    assert rows["load"]["within"] is None  # of a small file, reading is no part to speak of
    assert rows["second task"]["reference"] == rows["one pass"]["value"]


def test_reading_stands_beside_the_bare_libraries(folder, capsys):
    rows = {row["name"]: row for row in bench(capsys, folder, reading="--reading")["rows"]}
    against = {name: row["against"] for name, row in rows.items()}
    assert (against["frame: PNG"], against["frame: DICOM, JPEG"]) == ("Pillow", "pydicom")
    assert against["digest of 0 MB"] == "SHA-256"
    assert against["6 headers by series"] == "pydicom"
    assert rows["folder of 6: all"]["reference"] == 1000.0
    assert all(rows[name]["value"] > 0 for name in ("frame: TIFF", "folder of 6: first files"))


def test_reading_can_be_left_out(folder, capsys):
    rows = bench(capsys, folder)["rows"]
    assert not [row for row in rows if row["name"].startswith(("frame", "folder", "digest"))]


def test_the_floor_is_the_networks_work_at_the_machines_rate(folder, capsys):
    document = bench(capsys, folder, "--engine", "torch", "--precision", "fp32")
    rows = {row["name"]: row for row in document["rows"]}
    rate = rows["matrix product, fp32"]["value"]
    assert rows["one pass"]["reference"] == pytest.approx(
        1e3 * document["model"]["gflop_one_pass"] / rate
    )
    assert document["engine"]["precision"] == "fp32"


def test_a_light_model_is_held_against_a_time_since_products_are_not_its_floor(
    light, tmp_path, capsys
):
    light.save_pretrained(tmp_path / "light")
    rows = {row["name"]: row for row in bench(capsys, tmp_path / "light")["rows"]}
    assert (rows["one pass"]["against"], rows["one pass"]["reference"]) == ("budget", 60.0)


def test_the_work_of_a_vit_b_is_what_its_sizes_say():
    """Counted by hand: 12 blocks, patches, attention and the head, 256 tokens of 768."""
    n, d = 256, 768
    blocks = 12 * (2 * n * d * 12 * d + 2 * 2 * n * n * d)
    patches = 2 * n * d * 3 * 16 * 16
    head = 2 * d * 256 * 16 * n + 2 * 256 * 256 * 16 * 4 * n + 2 * 256 * 4 * 16 * n
    torch.manual_seed(0)
    config = SonichuConfig()
    first = next(iter(config.tasks))
    assert len(config.tasks[first].keypoints) == 4
    work = floors.work_of(SonichuModel(config).eval())
    assert work.one_pass == pytest.approx((blocks + patches + head) / 1e9, rel=0.01)
    assert work.tta == pytest.approx(2 * work.one_pass)


def test_for_people_it_is_a_table_with_verdicts(folder, capsys):
    assert cli.main(["bench", "--model", str(folder), "--no-window", "--no-reading"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("sonichu, ")
    assert any(line.split()[:2] == ["one", "pass"] for line in lines)


def test_a_model_without_a_trained_head_is_refused(folder, capsys):
    config = json.loads((folder / "config.json").read_text())
    for task in config["tasks"].values():
        task["trained"] = False
    (folder / "config.json").write_text(json.dumps(config))
    assert cli.main(["bench", "--model", str(folder), "--no-window", "--no-reading"]) == 1
    assert "no trained head" in capsys.readouterr().err


def test_a_budget_is_a_ratio_and_a_figure_without_one_has_no_verdict():
    assert Row("x", 30.0, "ms", "floor", 20.0, 1.4).within is False
    assert Row("x", 28.0, "ms", "floor", 20.0, 1.4).within is True
    assert Row("x", 28.0, "ms").within is None


@pytest.mark.parametrize("seconds", ["0", "nan", "1000", "soon"])
def test_an_odd_time_for_the_window_is_a_wrong_argument(seconds):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["bench", "--seconds", seconds])
    assert stopped.value.code == 2


def _end(*_: object, **__: object) -> None:
    os._exit(9)  # as one that is killed: nothing is told


def test_a_process_that_the_system_ends_is_told(folder, capsys, monkeypatch):
    monkeypatch.setattr(floors, "start_of", _end)
    assert cli.main(["bench", "--model", str(folder), "--no-window", "--no-reading"]) == 1
    assert "may have run out of memory" in capsys.readouterr().err
