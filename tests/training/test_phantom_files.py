"""Phantoms on disk: the label file reads back, nothing is overwritten."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from sonichu_gui.cli import main
from sonichu_gui.errors import ExportError
from sonichu_gui.paths import resources
from sonichu_gui.training.data.labels import read_labels
from sonichu_gui.training.phantoms.files import SLUGS, write_phantoms
from sonichu_gui.training.phantoms.phantom import ANATOMY, draw_phantom

SIZE = (200, 135)


def test_every_task_has_a_name_for_its_files() -> None:
    assert SLUGS.keys() == ANATOMY.keys()


def test_the_label_file_reads_back_equal(tmp_path: Path) -> None:
    labels = write_phantoms(tmp_path, task_ids=["HC", "IVC"], count=2, seed=5, size=SIZE)
    rows = read_labels(labels).require_whole().rows
    assert [row.task_id for row in rows] == ["HC", "HC", "IVC", "IVC"]
    for row, seed in zip(rows, (5, 6, 5, 6), strict=True):
        phantom = draw_phantom(row.task_id, seed=seed, width=200, height=135)
        assert np.abs(row.points - phantom.keypoints).max() < 0.001
        assert row.mm_per_px == pytest.approx(phantom.mm_per_px, abs=1e-7)
        assert row.size == SIZE


def test_a_file_has_a_column_for_every_point_of_its_largest_task(tmp_path: Path) -> None:
    labels = write_phantoms(tmp_path, task_ids=["PSAX", "PLAX"], count=1, seed=5, size=SIZE)
    short, long = read_labels(labels).require_whole().rows
    assert (short.points.shape, long.points.shape) == ((4, 2), (22, 2))
    phantom = draw_phantom("PLAX", seed=5, width=200, height=135)
    assert np.abs(long.points - phantom.keypoints).max() < 0.001


def test_the_frames_are_the_phantoms(tmp_path: Path) -> None:
    write_phantoms(tmp_path, task_ids=["FA"], count=1, seed=5, size=SIZE)
    data = np.fromfile(tmp_path / "01-abdomen.png", np.uint8)
    pixels = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    assert np.array_equal(pixels, draw_phantom("FA", seed=5, width=200, height=135).pixels)


def test_labels_that_are_there_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(ExportError, match="never overwritten"):
        write_phantoms(tmp_path, task_ids=["FA"], count=1, seed=5, size=SIZE)
    assert (tmp_path / "labels.csv").read_text(encoding="utf-8") == "mine"


def test_a_file_in_the_place_of_the_folder_is_called_one(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(ExportError, match=r"notes\.txt is a file, not a folder"):
        write_phantoms(file, task_ids=["FA"], count=1, seed=5, size=SIZE)


def test_work_that_is_stopped_leaves_whole_rows(tmp_path: Path) -> None:
    def stopped(orders):
        yield orders[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_phantoms(tmp_path, task_ids=["FA"], count=3, seed=5, size=SIZE, progress=stopped)
    rows = read_labels(tmp_path / "labels.csv").require_whole().rows
    assert [row.image_path for row in rows] == ["01-abdomen.png"]


def test_the_command_prints_the_label_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["train", "phantoms", "--task", "FUGC", "--seed", "3", "-o", str(tmp_path)])
    assert code == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "labels.csv")
    assert (tmp_path / "01-cervix.png").is_file()


def test_the_command_names_the_tasks_when_there_is_no_such_phantom(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "phantoms", "--task", "IUGC", "-o", str(tmp_path / "x")]) == 1
    assert "HC, FA, fetal_femur" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_the_command_refuses_a_count_below_one(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["train", "phantoms", "-n", "0", "-o", str(tmp_path)])
    assert caught.value.code == 2


def test_teacher_names_a_configuration_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "teacher", "--config", str(tmp_path / "no.toml")]) == 1
    told = capsys.readouterr().err
    assert "no.toml" in told
    assert "Errno" not in told


def test_the_demo_study_is_what_the_command_draws_now() -> None:
    folder = resources("demo")
    for row in read_labels(folder / "labels.csv").require_whole().rows:
        phantom = draw_phantom(row.task_id, seed=int(row.subject_id.rpartition("-")[2]))
        pixels = cv2.imdecode(np.fromfile(folder / row.image_path, np.uint8), cv2.IMREAD_UNCHANGED)
        assert np.abs(row.points - phantom.keypoints).max() < 0.001
        # Another processor may round a grey value differently, never draw another frame.
        assert cv2.absdiff(pixels, phantom.pixels).mean() < 0.1
