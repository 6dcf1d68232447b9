from __future__ import annotations

import numpy as np
import pytest

from sonichu_gui.errors import ImportRejected
from sonichu_gui.tasks import task_named
from sonichu_gui.training.data.labels import read_labels

HEADER = (
    "image_path,task_name,task_id,num_classes,height,width,point_1_xy,point_2_xy,"
    "pixel_size_mm,subject_id,split\n"
)
GOOD = 'a.png,Regression,IVC,2,40,60,"[1.5, 2]","[3, 4.25]",0.1,7,train\n'


def write(tmp_path, text, *, encoding="utf-8"):
    path = tmp_path / "labels.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_a_row_gives_points_size_and_every_further_column(tmp_path):
    (row,) = read_labels(write(tmp_path, HEADER + GOOD)).rows
    np.testing.assert_array_equal(row.points, [[1.5, 2], [3, 4.25]])
    assert (row.size, row.split, row.subject_id) == ((60, 40), "train", "7")
    assert row.mm_per_px == 0.1


def test_a_byte_order_mark_and_crlf_change_nothing(tmp_path):
    text = (HEADER + GOOD).replace("\n", "\r\n")
    assert len(read_labels(write(tmp_path, text, encoding="utf-8-sig")).rows) == 1


def test_the_raw_column_file_path_is_read_too(tmp_path):
    text = (HEADER + GOOD).replace("image_path", "file_path")
    assert read_labels(write(tmp_path, text)).rows[0].image_path == "a.png"


def test_points_are_told_by_their_columns_names_not_by_their_place(tmp_path):
    header = HEADER.replace("point_1_xy,point_2_xy", "point_2_xy,point_1_xy")
    (row,) = read_labels(write(tmp_path, header + GOOD)).rows
    np.testing.assert_array_equal(row.points, [[3, 4.25], [1.5, 2]])


def test_raw_names_are_told_apart_whatever_their_order(tmp_path):
    aliases = [point.alias for point in task_named("PSAX").keypoints]
    assert all(aliases)
    columns = ",".join(f"{alias}_xy" for alias in reversed(aliases))
    cells = ",".join(f'"[{place}, 1]"' for place in reversed(range(len(aliases))))
    (row,) = read_labels(
        write(tmp_path, f"image_path,task_id,{columns}\na.png,PSAX,{cells}\n")
    ).rows
    np.testing.assert_array_equal(row.points[:, 0], range(len(aliases)))


def test_a_raw_file_with_chinese_names_is_read(tmp_path):
    text = (HEADER + GOOD).replace("point_1", "左").replace("point_2", "右")
    (row,) = read_labels(write(tmp_path, text, encoding="gb18030")).rows
    np.testing.assert_array_equal(row.points, [[1.5, 2], [3, 4.25]])


def test_a_task_is_known_whatever_its_capitals(tmp_path):
    assert (
        read_labels(write(tmp_path, HEADER + GOOD.replace("IVC", "ivc"))).rows[0].task_id == "IVC"
    )


def test_a_file_need_not_state_the_images_size(tmp_path):
    text = 'image_path,task_id,point_1_xy,point_2_xy\na.png,IVC,"[1, 2]","[3, 4]"\n'
    assert read_labels(write(tmp_path, text)).rows[0].size is None


def test_frames_of_one_cine_are_one_subject(tmp_path):
    text = (HEADER + GOOD.replace("a.png", "loop.dcm#3")).replace("0.1,7,", "0.1,,")
    assert read_labels(write(tmp_path, text)).rows[0].subject_id == "loop.dcm"


def test_a_point_column_of_another_task_may_be_empty(tmp_path):
    text = HEADER.replace("point_2_xy,", "point_2_xy,point_3_xy,") + GOOD.replace(
        '"[3, 4.25]",', '"[3, 4.25]",,'
    )
    assert read_labels(write(tmp_path, text)).rows[0].points.shape == (2, 2)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"[1.5, 2]"', '"[1.5]"', "point_1_xy"),
        ('"[1.5, 2]"', '"[1.5, NaN]"', "point_1_xy"),
        ('"[1.5, 2]"', "left", "point_1_xy"),
        ('"[1.5, 2]"', "", "point_1 of IVC is not placed"),
        ("IVC,2", "IVC,3", "num_classes is 3"),
        ("IVC", "tibia", "unknown task"),
        ("40,60", "40,0", "width"),
        ("40,60", "tall,60", "height"),
        ("a.png", "", "names no image"),
        ("0.1,7", "-1,7", "pixel_size_mm"),
        (",train", "", "it has 10 cells"),
        (",train", ",train,more", "it has 12 cells"),
    ],
)
def test_a_broken_row_is_told_with_its_line_and_the_others_stay(tmp_path, old, new, reason):
    labels = read_labels(write(tmp_path, HEADER + GOOD + GOOD.replace(old, new) + GOOD))
    assert len(labels.rows) == 2
    (broken,) = labels.broken
    assert broken.line == 3
    assert reason in broken.reason


def test_a_published_value_that_is_no_number_breaks_its_row(tmp_path):
    header = "image_path,task_id,point_1_xy,point_2_xy,point_3_xy,point_4_xy,hc_mm\n"
    row = 'a.png,HC,"[1, 2]","[3, 4]","[5, 6]","[7, 8]",wide\n'
    (broken,) = read_labels(write(tmp_path, header + row)).broken
    assert "hc_mm is 'wide'" in broken.reason


def test_the_line_is_the_row_of_a_spreadsheet(tmp_path):
    two_lines = GOOD.replace("[1.5, 2]", "[1.5,\n2]")
    labels = read_labels(write(tmp_path, HEADER + two_lines + GOOD.replace("60", "x")))
    assert [row.line for row in labels.broken] == [3]


def test_requiring_a_whole_file_names_file_and_line(tmp_path):
    path = write(tmp_path, HEADER + GOOD.replace("60", "x"))
    with pytest.raises(ImportRejected, match=r"labels\.csv.*line 2.*width"):
        read_labels(path).require_whole()


def test_missing_columns_are_named(tmp_path):
    with pytest.raises(ImportRejected, match="task_id"):
        read_labels(write(tmp_path, "image_path,width,point_1_xy\n"))


@pytest.mark.parametrize("content", [b"\xff\xfe\x00bad", b""])
def test_a_file_that_is_no_label_file_is_refused_by_name(tmp_path, content):
    path = tmp_path / "labels.csv"
    path.write_bytes(content)
    with pytest.raises(ImportRejected, match=r"labels\.csv"):
        read_labels(path)


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(ImportRejected, match=r"nowhere\.csv cannot be read") as refusal:
        read_labels(tmp_path / "nowhere.csv")
    assert "Errno" not in str(refusal.value)
    assert refusal.value.hint


def test_selecting_a_split_that_is_not_there_names_those_that_are(tmp_path):
    labels = read_labels(write(tmp_path, HEADER + GOOD))
    with pytest.raises(ImportRejected, match="train"):
        labels.select(split="test")


def test_a_point_far_outside_its_frame_breaks_the_row(tmp_path):
    stray = GOOD.replace("[3, 4.25]", "[300, 4.25]")
    found = read_labels(write(tmp_path, HEADER + GOOD + stray))
    assert len(found.rows) == 1
    (broken,) = found.broken
    assert (broken.line, broken.reason) == (3, "point 2 of IVC lies far outside the frame")


def test_a_point_a_little_outside_its_frame_is_a_point(tmp_path):
    assert read_labels(write(tmp_path, HEADER + GOOD.replace("[3, 4.25]", "[63, -2]"))).rows
