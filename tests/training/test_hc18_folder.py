"""HC18's own folder, as published: toy frames drawn here under its names."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from sonichu_gui.biometry.ellipse import circumference_ramanujan2
from sonichu_gui.errors import ImportRejected
from sonichu_gui.training.data.frames import read_frame
from sonichu_gui.training.data.sources import SourceConfig, read_source

MM_PER_PX = 0.2
LONG, SHORT = 70.0, 52.0
HC_MM = circumference_ramanujan2(2 * LONG, 2 * SHORT) * MM_PER_PX
SIZE = (200, 160)


def outline(*, angle=0.4, centre=(100.0, 80.0)):
    drawn = np.zeros(SIZE[::-1], np.uint8)
    turns = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
    along = np.array([math.cos(angle), math.sin(angle)])
    across = np.array([-along[1], along[0]])
    points = np.array(centre) + np.outer(np.cos(turns), along * LONG)
    points += np.outer(np.sin(turns), across * SHORT)
    cv2.polylines(drawn, [np.round(points * 16).astype(np.int32)], True, 255, 1, cv2.LINE_8, 4)
    return drawn


def save(path, pixels):
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())


def rows(*lines):
    return "\n".join(["filename,pixel size(mm),head circumference (mm)", *lines]) + "\n"


@pytest.fixture
def published(tmp_path):
    """Three frames of two examinations, and two of the test set."""
    folder = tmp_path / "HC18"
    (folder / "training_set").mkdir(parents=True)
    (folder / "test_set").mkdir()
    for number, stem in enumerate(("000_HC", "010_HC", "010_2HC")):
        picture = outline() // 2 + np.uint8(20 * number)
        save(folder / "training_set" / f"{stem}.png", picture)
        save(folder / "training_set" / f"{stem}_Annotation.png", outline(angle=0.4 + number))
    lines = [f"{stem}.png,{MM_PER_PX},{HC_MM:.2f}" for stem in ("000_HC", "010_HC", "010_2HC")]
    (folder / "training_set_pixel_size_and_HC.csv").write_text(rows(*lines))
    for stem in ("000_HC", "001_HC"):
        save(folder / "test_set" / f"{stem}.png", outline())
    (folder / "test_set_pixel_size.csv").write_text(
        "filename,pixel size(mm)\n000_HC.png,0.1\n001_HC.png,0.3\n"
    )
    return folder


def read(folder, **options):
    return read_source(SourceConfig("hc18", folder.name, **options), folder.parent)


def test_outlines_become_labels_in_the_order_of_the_task(published):
    found = read(published)
    assert found.broken == ()
    first = found.rows[0]
    assert (first.task_id, first.size, first.mm_per_px) == ("HC", SIZE, MM_PER_PX)
    along = np.array([math.cos(0.4), math.sin(0.4)])
    np.testing.assert_allclose(first.points[2], np.array([100, 80]) + LONG * along, atol=0.3)
    across = np.array([math.sin(0.4), -math.cos(0.4)])
    np.testing.assert_allclose(first.points[0], np.array([100, 80]) + SHORT * across, atol=0.3)


def test_frames_of_one_examination_are_one_subject_and_the_sets_are_numbered_apart(published):
    found = read(published)
    assert [row.subject_id for row in found.rows] == ["0", "10", "10"]
    assert [frame.subject_id for frame in found.frames] == ["test_set/0", "test_set/1"]
    assert [frame.mm_per_px for frame in found.frames] == [0.1, 0.3]


def test_either_set_can_be_asked_for(published):
    assert len(read(published, split="train").rows) == 3
    assert read(published, split="train").frames == ()
    assert len(read(published, split="test").frames) == 2
    assert read(published, split="test").rows == ()


def test_published_circumference_stays_beside_the_points(published):
    row = read(published).rows[0]
    assert row.number("hc_mm") == pytest.approx(HC_MM, abs=0.01)


def test_frames_of_both_sets_are_read_without_being_told_the_folder(published):
    found = read(published)
    assert read_frame(found.rows[0]).shape == SIZE[::-1]
    assert read_frame(found.frames[0]).shape == SIZE[::-1]


def broken_by(published, line):
    table = published / "training_set_pixel_size_and_HC.csv"
    good = table.read_text().splitlines()[1]
    table.write_text(rows(good, line))
    found = read(published, split="train")
    assert len(found.rows) == 1
    (broken,) = [row for row in found.broken if row.line]
    assert (broken.file, broken.line) == (table, 3)
    return broken.reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"010_HC.png,{MM_PER_PX},{HC_MM + 2:.2f}", "the outline of 010_HC.png measures"),
        (f"010_HC.png,{2 * MM_PER_PX},{HC_MM:.2f}", "the table says"),
        (f"999_HC.png,{MM_PER_PX},{HC_MM:.2f}", "the image training_set/999_HC.png is not there"),
        (f"head.png,{MM_PER_PX},{HC_MM:.2f}", "no file name like 010_HC.png"),
        (f"010_HC.png,wide,{HC_MM:.2f}", "not a positive number"),
        (f"010_HC.png,,{HC_MM:.2f}", "it states no pixel size"),
        (f"010_HC.png,{MM_PER_PX},", "it states no head circumference"),
        ("010_HC.png", "it has 1 cells, the header has 3"),
    ],
)
def test_a_row_that_does_not_fit_its_picture_is_told_with_its_line(published, line, reason):
    assert reason in broken_by(published, line)


def test_a_missing_outline_is_told(published):
    (published / "training_set" / "010_HC_Annotation.png").unlink()
    reason = broken_by(published, f"010_HC.png,{MM_PER_PX},{HC_MM:.2f}")
    assert reason == "the outline 010_HC_Annotation.png is not there"


def test_an_outline_that_is_no_ellipse_is_told(published):
    scribble = np.zeros(SIZE[::-1], np.uint8)
    scribble[20, 20:180] = scribble[20:140, 100] = 255
    save(published / "training_set" / "010_HC_Annotation.png", scribble)
    assert "outline" in broken_by(published, f"010_HC.png,{MM_PER_PX},{HC_MM:.2f}")


def test_an_outline_of_another_size_is_told(published):
    save(published / "training_set" / "010_HC_Annotation.png", outline()[:150])
    assert "200 x 150" in broken_by(published, f"010_HC.png,{MM_PER_PX},{HC_MM:.2f}")


def test_a_picture_without_a_row_is_told(published):
    save(published / "training_set" / "011_HC.png", outline())
    (broken,) = read(published).broken
    assert str(broken).endswith("011_HC.png: it has no row in training_set_pixel_size_and_HC.csv")


def test_filled_outlines_are_read_as_well(published):
    for path in (published / "training_set").glob("*_Annotation.png"):
        drawn = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        contours = cv2.findContours(drawn, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
        save(path, cv2.drawContours(drawn, contours, -1, 255, -1))
    assert len(read(published).rows) == 3


@pytest.mark.parametrize(
    ("options", "words"),
    [({"task": "FA"}, "no labels of FA"), ({"split": "validation"}, "validation")],
)
def test_what_hc18_does_not_have_is_refused(published, options, words):
    with pytest.raises(ImportRejected, match=words):
        read(published, **options)


def test_another_folder_is_refused_by_the_name_of_the_table_it_lacks(tmp_path):
    (tmp_path / "HC18").mkdir()
    with pytest.raises(ImportRejected, match=r"training_set_pixel_size_and_HC\.csv"):
        read(tmp_path / "HC18")


def test_a_table_without_the_columns_is_refused(published):
    (published / "training_set_pixel_size_and_HC.csv").write_text("filename,size\na.png,1\n")
    with pytest.raises(ImportRejected, match="pixelsizemm"):
        read(published)
