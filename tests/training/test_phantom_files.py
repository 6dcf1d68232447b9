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
from sonichu_gui.training.phantoms.phantom import ANATOMY, draw_phantom, frame_size
from sonichu_gui.training.phantoms.style import Style

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


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_several_processes_draw_what_one_does(tmp_path: Path) -> None:
    for jobs in (1, 2):
        write_phantoms(
            tmp_path / str(jobs),
            task_ids=["FUGC", "HC"],
            count=2,
            seed=5,
            size=SIZE,
            style=Style.VARIED,
            jobs=jobs,
        )
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    assert len(contents(tmp_path / "2")) == 5


def test_several_processes_that_are_stopped_leave_whole_rows(tmp_path: Path) -> None:
    def stopped(orders):
        yield orders[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_phantoms(
            tmp_path, task_ids=["FA"], count=9, seed=5, size=SIZE, jobs=2, progress=stopped
        )
    rows = read_labels(tmp_path / "labels.csv").require_whole().rows
    assert [row.image_path for row in rows] == ["01-abdomen.png"]


def test_varied_frames_carry_their_own_size_in_the_label_file(tmp_path: Path) -> None:
    labels = write_phantoms(tmp_path, task_ids=["IVC"], count=3, seed=2, style=Style.VARIED)
    rows = read_labels(labels).require_whole().rows
    assert [row.size for row in rows] == [frame_size("IVC", n, Style.VARIED) for n in (2, 3, 4)]
    for row in rows:
        pixels = cv2.imdecode(
            np.fromfile(tmp_path / row.image_path, np.uint8), cv2.IMREAD_UNCHANGED
        )
        assert pixels.shape == row.size[::-1]


def test_the_command_draws_varied_frames_unless_clean_ones_are_asked_for(tmp_path: Path) -> None:
    for style in ("varied", "clean"):
        chosen = [] if style == "varied" else ["--style", "clean"]
        folder = tmp_path / style
        assert main(["train", "phantoms", "--task", "FUGC", *chosen, "-o", str(folder)]) == 0
        pixels = cv2.imdecode(np.fromfile(folder / "01-cervix.png", np.uint8), cv2.IMREAD_UNCHANGED)
        width, height = frame_size("FUGC", 0, Style(style))
        drawn = draw_phantom("FUGC", seed=0, width=width, height=height, style=Style(style))
        assert np.array_equal(pixels, drawn.pixels)


def test_the_command_draws_frames_of_the_size_asked_for(tmp_path: Path) -> None:
    command = ["train", "phantoms", "--task", "FUGC", "--size", "200x135", "-o", str(tmp_path)]
    assert main(command) == 0
    assert read_labels(tmp_path / "labels.csv").rows[0].size == SIZE


def test_a_sheet_shows_every_seed_beside_its_task(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = []
    for points in ([], ["--points"]):
        file = tmp_path / f"sheet{len(points)}.png"
        command = ["train", "phantoms", "--task", "FUGC", "-n", "2", "--sheet", str(file), *points]
        assert main(command) == 0
        assert capsys.readouterr().out.strip() == str(file)
        pictures.append(cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR))
    plain, marked = pictures
    assert plain.shape == marked.shape
    assert plain.shape[1] > 2 * 320
    # Two rings in either cell, and nothing else, tell the two apart.
    changed = (plain != marked).any(axis=2).astype(np.uint8)
    assert cv2.connectedComponents(cv2.dilate(changed, np.ones((5, 5))))[0] - 1 == 4


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["--points"],
        ["-o", "x", "--sheet", "y.png"],
        ["-o", "x", "--jobs", "0"],
        ["-o", "x", "--size", "800"],
        ["-o", "x", "--size", "20x400"],
    ],
)
def test_the_command_refuses_what_it_cannot_mean(
    wrong: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        main(["train", "phantoms", "--task", "FUGC", *wrong])
    assert caught.value.code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_sheet_that_cannot_be_written_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "missing" / "sheet.png"
    assert main(["train", "phantoms", "--task", "FUGC", "--sheet", str(file)]) == 1
    assert "sheet.png cannot be written" in capsys.readouterr().err


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
