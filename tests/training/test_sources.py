from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from PIL import Image

from sonichu_gui.errors import ImportRejected
from sonichu_gui.tasks import task_named
from sonichu_gui.training.data.frames import read_frame
from sonichu_gui.training.data.sources import SourceConfig, read_source, read_sources

HEADER = "image_path,task_name,task_id,num_classes,height,width,"
POINTS = '"[1, 2]","[3, 4]"'


def picture(path, *, size=(60, 40), shade=30):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", np.full(size[::-1], shade, np.uint8))[1].tobytes())
    return path


def cine(path, count=5):
    first, *others = [Image.new("L", (60, 40), 20 + index) for index in range(count)]
    first.save(path, save_all=True, append_images=others)
    return path


@pytest.fixture
def root(tmp_path):
    for name in "abcdef":
        picture(tmp_path / "study" / "frames" / f"{name}.png", shade=ord(name))
    return tmp_path


def labels(root, *lines, name="labels.csv", header=f"{HEADER}point_1_xy,point_2_xy,split"):
    file = root / "study" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return f"study/{name}"


def ivc(name, split="train"):
    return f"frames/{name}.png,Regression,IVC,2,40,60,{POINTS},{split}"


def read(root, path, kind="csv", **options):
    return read_source(SourceConfig(kind, path, **options), root)


# ---- label files -----------------------------------------------------------------------------


def test_a_row_knows_its_folder_weight_and_origin(root):
    path = labels(root, ivc("a"))
    (row,) = read(root, path, weight=0.5, origin="pseudo").rows
    assert (row.images, row.weight, row.origin) == (root / "study", 0.5, "pseudo")
    assert read_frame(row).shape == (40, 60)


def test_images_may_lie_in_another_folder(root):
    path = labels(root, ivc("a").replace("frames/", ""))
    (row,) = read(root, path, images="study/frames").rows
    assert row.images == root / "study" / "frames"
    assert read_frame(row)[0, 0] == ord("a")


def test_an_image_under_another_path_is_found_by_its_only_name(root):
    path = labels(root, ivc("a").replace("frames/", "../challenge/IVC/"))
    (row,) = read(root, path).rows
    assert row.image_path == "frames/a.png"
    assert read_frame(row)[0, 0] == ord("a")


def test_split_and_task_choose_rows(root):
    path = labels(root, ivc("a"), ivc("b", "test"), ivc("c").replace("IVC", "FUGC"))
    assert [row.image_path for row in read(root, path, split="test").rows] == ["frames/b.png"]
    assert [row.image_path for row in read(root, path, task="FUGC").rows] == ["frames/c.png"]


def test_task_is_that_of_rows_which_name_none(root):
    path = labels(root, f"frames/a.png,{POINTS}", header="image_path,point_1_xy,point_2_xy")
    assert read(root, path, task="IVC").rows[0].task_id == "IVC"


def test_broken_rows_and_missing_images_are_told_with_file_and_line(root):
    path = labels(root, ivc("a"), ivc("gone"), ivc("b").replace("40,60", "tall,60"))
    found = read(root, path)
    assert len(found.rows) == 1
    file = root / "study" / "labels.csv"
    assert [str(row) for row in found.broken] == [
        f"{file}:3: the image frames/gone.png is not there",
        f"{file}:4: height is 'tall', not a positive number",
    ]


def test_a_cap_draws_the_same_rows_every_time(root):
    path = labels(root, *map(ivc, "abcdef"))
    first = [row.image_path for row in read(root, path, cap=3).rows]
    assert first == [row.image_path for row in read(root, path, cap=3).rows]
    assert len(set(first)) == 3
    assert first == sorted(first)


def test_a_repeated_source_is_met_so_often(root):
    rows = read(root, labels(root, ivc("a"), ivc("b")), repeat=3).rows
    assert [row.image_path for row in rows] == ["frames/a.png"] * 3 + ["frames/b.png"] * 3


def test_a_study_keeps_its_subjects_apart_from_those_of_others(root):
    header = f"{HEADER}point_1_xy,point_2_xy,subject_id"
    path = labels(root, ivc("a", "7"), header=header)
    assert read(root, path).rows[0].subject_id == "7"
    assert read(root, path, study="hospital").rows[0].subject_id == "hospital/7"


def test_sources_are_joined_and_what_each_holds_is_told(root):
    first = labels(root, ivc("a"), ivc("gone"))
    second = labels(root, ivc("b").replace("IVC", "FUGC"), name="more.csv")
    told = []
    found = read_sources(
        [SourceConfig("csv", first), SourceConfig("csv", second)], root, told.append
    )
    assert [row.task_id for row in found.rows] == ["IVC", "FUGC"]
    assert told[0] == "study/labels.csv (csv): 1 IVC labels, 1 subjects, 1 rows that cannot be used"
    assert "labels.csv:3: the image frames/gone.png is not there" in told[1]


# ---- raw files of the challenge --------------------------------------------------------------


def test_raw_a4c_file_with_chinese_names_is_read_by_name_in_any_order(root):
    aliases = [spec.alias for spec in task_named("A4C").keypoints]
    columns = [f"{alias}_xy" for alias in reversed(aliases)]
    assert "LV_上下_p1_xy" in columns
    cells = [f'"[{place}, 1]"' for place in reversed(range(16))]
    header = ",".join(
        ["file_path", *columns, "height", "width", "task_name", "num_classes", "task_id"]
    )
    line = ",".join(["frames/a.png", *cells, "40", "60", "Regression", "16", "A4C"])
    (root / "study" / "A4C_train.csv").write_bytes(f"{header}\n{line}\n".encode("gb18030"))
    (row,) = read(root, "study/A4C_train.csv").rows
    np.testing.assert_array_equal(row.points[:, 0], range(16))


def psax(image, task="PSAX"):
    return f'{image},"[1, 1]","[2, 1]","[3, 1]","[4, 1]",{task}'


PSAX_HEADER = "image_path,RVOT_p1_xy,RVOT_p2_xy,PA_p1_xy,PA_p2_xy,task_id"


def test_task_and_folder_spelt_psak_are_psax(root):
    picture(root / "study" / "PSAK" / "1.png", shade=99)
    path = labels(root, psax("PSAX/1.png", "PSAK"), header=PSAX_HEADER)
    (row,) = read(root, path).rows
    assert row.task_id == "PSAX"
    assert read_frame(row)[0, 0] == 99


def test_psak_in_a_path_is_found_in_a_folder_spelt_right(root):
    picture(root / "study" / "PSAX" / "1.png", shade=99)
    picture(root / "study" / "A4C" / "1.png", shade=11)  # the name alone would not do
    path = labels(root, psax("PSAK/1.png"), header=PSAX_HEADER)
    (row,) = read(root, path).rows
    assert read_frame(row)[0, 0] == 99


FA_HEADER = f"{HEADER}point_1_xy,point_2_xy,point_3_xy,point_4_xy"


def abdomen(name, third, fourth):
    cells = f'"[30, 5]","[30, 35]","[{third}, 20]","[{fourth}, 20]"'
    return f"frames/{name}.png,Regression,FA,4,40,60,{cells}"


def test_the_old_abdomen_file_is_turned_as_a_whole_and_says_so(root):
    lines = abdomen("a", 10, 50), abdomen("b", 12, 48), abdomen("c", 31, 29)
    found = read(root, labels(root, *lines, name="FA_train.csv", header=FA_HEADER))
    assert [list(row.points[2:, 0]) for row in found.rows] == [[50, 10], [48, 12], [29, 31]]
    assert "points 3 and 4 of FA were exchanged" in found.notes[0]


@pytest.mark.parametrize(
    ("name", "third", "fourth"), [("FA_train.csv", 50, 10), ("FA_train_new.csv", 10, 50)]
)
def test_a_right_abdomen_file_stays_as_it_is(root, name, third, fourth):
    lines = [abdomen(letter, third, fourth) for letter in "abc"]
    found = read(root, labels(root, *lines, name=name, header=FA_HEADER))
    assert {tuple(row.points[2:, 0]) for row in found.rows} == {(third, fourth)}
    assert found.notes == ()


# ---- other kinds -----------------------------------------------------------------------------


def test_multicentre_files_give_a_label_a_task(root):
    header = "image_name,SubjectID,Split,px_to_mm_rate," + ",".join(
        f"{caliper}_{end}_{axis}" for caliper in ("ofd", "bpd") for end in (1, 2) for axis in "xy"
    )
    path = labels(root, "a.png,S1,train,0.1,5,20,55,20,30,35,30,5", header=header)
    (row,) = read(root, path, kind="multicentre", images="study/frames").rows
    np.testing.assert_array_equal(row.points, [[30, 5], [30, 35], [55, 20], [5, 20]])
    assert (row.subject_id, row.split, row.mm_per_px) == ("S1", "train", 0.1)


def test_coco_files_are_a_source_as_well(root):
    data = {
        "images": [{"id": 1, "file_name": "frames/a.png", "width": 60, "height": 40}],
        "categories": [{"id": 1, "name": "IVC"}],
        "annotations": [{"image_id": 1, "category_id": 1, "keypoints": [1, 2, 2, 3, 4, 2]}],
    }
    (root / "study" / "coco.json").write_text(json.dumps(data))
    np.testing.assert_array_equal(
        read(root, "study/coco.json", kind="coco").rows[0].points, [[1, 2], [3, 4]]
    )


def test_a_folder_gives_every_picture_and_every_frame_of_cines(root):
    cine(root / "study" / "frames" / "loop.tif")
    picture(root / "study" / "frames" / "deeper" / "z.png")
    found = read(root, "study", kind="folder")
    names = [frame.image_path for frame in found.frames]
    assert names[:7] == [*(f"frames/{name}.png" for name in "abcdef"), "frames/loop.tif#0"]
    assert names[-2:] == ["frames/loop.tif#4", "frames/deeper/z.png"]
    assert read_frame(found.frames[7])[0, 0] == 21


def test_a_stride_thins_out_cines_alone(root):
    cine(root / "study" / "frames" / "loop.tif")
    names = [f.image_path for f in read(root, "study", kind="folder", stride=2).frames]
    assert [name for name in names if "#" in name] == [f"frames/loop.tif#{n}" for n in (0, 2, 4)]
    assert len(names) == 9


def test_frames_of_a_cine_are_one_subject_and_pictures_of_two_folders_are_not(root):
    cine(root / "study" / "frames" / "loop.tif")
    picture(root / "study" / "other" / "a.png")
    frames = read(root, "study", kind="folder").frames
    by_clip = {}
    for frame in frames:
        by_clip.setdefault(frame.subject_id, []).append(frame.image_path)
    assert sorted(map(len, by_clip.values())) == [1] * 7 + [5]


def test_a_damaged_cine_in_a_folder_is_told_with_its_name(root):
    (root / "study" / "frames" / "loop.tif").write_bytes(b"II*\0" + b"\0" * 200)
    (broken,) = read(root, "study", kind="folder").broken
    assert broken.file == root / "study" / "frames" / "loop.tif"


def test_dicom_frames_of_a_folder_bring_their_scale(root, shared_data):
    folder = shared_data / "data" / "dicom"
    frames = read_source(SourceConfig("folder", str(folder), stride=50), root).frames
    sizes = {frame.image_path.partition("#")[0]: frame.mm_per_px for frame in frames}
    assert sizes["no-pixel-spacing.dcm"] == pytest.approx(0.33054, abs=1e-5)  # of its region


def test_outlines_beside_their_frames_are_no_frames(root):
    picture(root / "study" / "frames" / "a_Annotation.png")
    picture(root / "study" / "frames" / "alone_Annotation.png")
    found = read(root, "study", kind="folder")
    names = [frame.image_path for frame in found.frames]
    assert "frames/a_Annotation.png" not in names
    assert "frames/alone_Annotation.png" in names
    assert "1 outlines" in found.notes[0]


# ---- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "path", "options", "words"),
    [
        ("csv", "study/gone.csv", {}, "gone.csv .csv. is not there"),
        ("folder", "gone", {}, "is not there"),
        ("parquet", "study", {}, "no reader"),
        ("csv", "study/labels.csv", {"split": "test"}, "nothing of split test"),
        ("csv", "study/labels.csv", {"images": "gone"}, "gone is not there"),
    ],
)
def test_a_source_that_cannot_be_read_is_refused_by_name(root, kind, path, options, words):
    labels(root, ivc("a"))
    with pytest.raises(ImportRejected, match=words) as refusal:
        read(root, path, kind=kind, **options)
    assert refusal.value.hint


def test_a_file_of_which_nothing_can_be_used_says_why(root):
    with pytest.raises(ImportRejected, match=r"labels.csv:2: the image frames/gone.png is not"):
        read(root, labels(root, ivc("gone")))


@pytest.mark.parametrize(
    "options",
    [{"origin": "hearsay"}, {"cap": -1}, {"repeat": 0}, {"stride": 0}, {"weight": -0.5}],
)
def test_a_configuration_that_makes_no_sense_is_refused(options):
    with pytest.raises(ImportRejected, match=next(iter(options))):
        SourceConfig("csv", "labels.csv", **options)


# ---- what a file says twice ------------------------------------------------------------------


def test_a_second_label_of_a_frame_is_a_broken_row(root):
    found = read(root, labels(root, ivc("a"), ivc("b"), ivc("a")))
    assert [row.image_path for row in found.rows] == ["frames/a.png", "frames/b.png"]
    (broken,) = found.broken
    assert broken.line == 4
    assert "in row 2 already" in broken.reason


def test_two_raters_may_label_one_frame(root):
    header = f"{HEADER}point_1_xy,point_2_xy,rater"
    path = labels(root, ivc("a", "anna"), ivc("a", "ben"), header=header)
    assert len(read(root, path).rows) == 2


def test_pseudo_labels_that_are_not_made_yet_are_told_where_they_are_looked_for(root):
    with pytest.raises(ImportRejected, match="working directory"):
        read(root, "runs/nowhere", kind="pseudo")
