"""Which rows of a label file `evaluate` scores, and what it says of the others."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from sonichu_gui.errors import FrameError, ImportRejected
from sonichu_gui.imaging.sources import open_source
from sonichu_gui.training.data.frames import read_frame
from sonichu_gui.training.data.labels import read_labels
from sonichu_gui.training.evaluate import run_evaluate
from tests.training.small_models import save_small_model


@pytest.fixture
def model(toy_study):
    """A model folder whose head counts as trained."""
    return save_small_model(toy_study.root / "model")


@pytest.fixture
def evaluate(toy_study, model):
    def evaluated(*, models=(model,), report=lambda _line: None):
        return run_evaluate(
            labels=toy_study.labels, images=toy_study.images, models=list(models),
            ensemble="median" if len(models) > 1 else None, split="test", report=report,
        )  # fmt: skip

    return evaluated


def rewrite(toy_study, old, new):
    text = toy_study.labels.read_text()
    assert old in text
    toy_study.labels.write_text(text.replace(old, new, 1))


def test_the_order_of_the_point_columns_changes_no_score(toy_study, evaluate):
    before = evaluate()["tasks"]
    rewrite(toy_study, "point_1_xy,point_2_xy,point_3_xy", "point_3_xy,point_2_xy,point_1_xy")
    lines = toy_study.labels.read_text().splitlines()
    for number, line in enumerate(lines[1:], start=1):
        cells = line.split('"')  # every second piece is a point
        cells[1], cells[5] = cells[5], cells[1]
        lines[number] = '"'.join(cells)
    toy_study.labels.write_text("\n".join(lines) + "\n")
    assert evaluate()["tasks"] == before


def test_a_row_that_states_another_size_is_not_scored(toy_study, evaluate):
    rewrite(toy_study, "7.png,Regression,HC,4,100,150", "7.png,Regression,HC,4,200,300")
    said = []
    document = evaluate(report=said.append)
    assert document["tasks"]["HC"]["n"] == 2
    ((row, reason),) = [entry.values() for entry in document["skipped"]]
    assert row == 9
    assert "7.png is 150x100 pixels" in reason
    assert "says 300x200" in reason
    assert any("line 9 left out" in line for line in said)


@pytest.mark.parametrize("count", [1, 2])
def test_a_frame_that_cannot_be_read_costs_its_own_row_alone(toy_study, evaluate, model, count):
    (toy_study.images / "6.png").unlink()
    (toy_study.images / "8.png").write_bytes(b"\x89PNG\r\n\x1a\nhalf a")
    document = evaluate(models=[model] * count)
    assert document["tasks"]["HC"]["n"] == 1
    assert [entry["row"] for entry in document["skipped"]] == [8, 10]
    assert "6.png is not there" in document["skipped"][0]["reason"]
    assert "8.png" in document["skipped"][1]["reason"]


def test_a_row_without_one_of_its_points_is_not_scored(toy_study, evaluate):
    lines = toy_study.labels.read_text().splitlines()
    cells = lines[8].split('"')
    cells[3] = ""
    lines[8] = '"'.join(cells)
    toy_study.labels.write_text("\n".join(lines) + "\n")
    document = evaluate()
    assert document["tasks"]["HC"]["n"] == 2
    assert document["broken_rows"] == [{"line": 9, "reason": "point_2 of HC is not placed"}]


def test_nothing_left_to_score_is_told_with_the_first_reason(toy_study, evaluate):
    for index in (6, 7, 8):
        (toy_study.images / f"{index}.png").unlink()
    with pytest.raises(FrameError, match=r"None of the 3 frames.*line 8.*6\.png is not there"):
        evaluate()


def test_a_file_of_broken_rows_is_told_as_one(toy_study, evaluate):
    toy_study.labels.write_text(toy_study.labels.read_text().replace(",HC,", ",tibia,"))
    with pytest.raises(ImportRejected, match=r"9 unusable rows .*unknown task"):
        evaluate()


def test_a_folder_of_images_that_is_not_there_is_named(toy_study, model):
    with pytest.raises(FrameError, match=r"There is no folder .*gone"):
        run_evaluate(
            labels=toy_study.labels, images=toy_study.root / "gone", models=[model], ensemble=None,
            split="test",
        )  # fmt: skip


# ---- cines -----------------------------------------------------------------------------------


@pytest.fixture
def loop_row(toy_study):
    """A row about a cine of three pages, each of its own grey."""
    first, *others = [Image.new("L", (150, 100), 50 * page) for page in range(3)]
    first.save(toy_study.images / "loop.tif", save_all=True, append_images=others)

    def row(name):
        rewrite(toy_study, "0.png", name)
        return read_labels(toy_study.labels).rows[0]

    return row


def test_a_row_names_the_frame_of_a_cine(toy_study, loop_row):
    pixels = read_frame(loop_row("loop.tif#2"), toy_study.images)
    np.testing.assert_array_equal(pixels, 100)


def test_a_row_that_names_no_frame_of_a_cine_is_refused(toy_study, loop_row):
    with pytest.raises(FrameError, match=r"3 frames, and the row names none.*loop\.tif#0"):
        read_frame(loop_row("loop.tif"), toy_study.images)


def test_a_frame_beyond_the_cines_end_is_refused(toy_study, loop_row):
    with pytest.raises(FrameError, match=r"loop\.tif has no frame 3"):
        read_frame(loop_row("loop.tif#3"), toy_study.images)


def test_a_picture_whose_name_ends_like_a_frame_is_found(toy_study, loop_row):
    (toy_study.images / "0.png").rename(toy_study.images / "scan#2")
    assert read_frame(loop_row("scan#2"), toy_study.images).any()


def test_a_row_names_the_frame_of_a_dicom_cine(toy_study, shared_data):
    source = shared_data / "data" / "dicom" / "DIRW0007.dcm"
    (toy_study.images / source.name).symlink_to(source)
    rewrite(toy_study, "0.png,Regression,HC,4,100,150", "DIRW0007.dcm#64,Regression,HC,4,456,576")
    last = read_frame(read_labels(toy_study.labels).rows[0], toy_study.images)
    np.testing.assert_array_equal(last, open_source(source).frame(64).pixels)
