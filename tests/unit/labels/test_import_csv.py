from __future__ import annotations

from dataclasses import replace

import pytest

from sonichu_gui.domain.annotation import Annotation, Keypoint, Origin, Status
from sonichu_gui.domain.calibration import Calibration, Scale, ScaleSource, Trust, manual_scale
from sonichu_gui.errors import ImportRejected
from sonichu_gui.imaging.sources import open_source
from sonichu_gui.labels.importers.registry import read_labels
from sonichu_gui.tasks import load_tasks

HEADER = "image_path,task_name,task_id,num_classes,height,width,point_1_xy,point_2_xy"
FEMUR = '{image},Regression,fetal_femur,2,48,64,"[10.5, 20.25]","[50, 21.125]"'
POINTS = (
    Keypoint(10.5, 20.25, origin=Origin.IMPORT),
    Keypoint(50.0, 21.125, origin=Origin.IMPORT),
)


@pytest.fixture
def label_file(images):
    """Writes a CSV beside the folder of images."""

    def write(*lines, name="labels.csv", encoding="utf-8"):
        file = images.parent / name
        file.write_text("\n".join(lines) + "\n", encoding=encoding)
        return file

    return write


def femur(image="images/a.png"):
    return FEMUR.format(image=image)


def test_row_becomes_an_accepted_label_of_the_file_it_came_from(read, label_file, labels_of):
    report = read("csv", label_file(HEADER, femur()))
    assert (report.imported, report.skipped) == (1, ())
    revision = labels_of()["a.png", 0, "fetal_femur"].revision
    assert revision.annotation == Annotation("fetal_femur", POINTS, Status.ACCEPTED)
    assert revision.rater == "import:labels.csv"


def test_raw_files_call_the_image_file_path(read, label_file, labels_of):
    read("csv", label_file(HEADER.replace("image_path", "file_path"), femur()))
    assert labels_of()["a.png", 0, "fetal_femur"].revision.annotation.keypoints == POINTS


def test_raw_cardiac_names_are_read_whatever_their_order(read, label_file, labels_of):
    specs = load_tasks()["PSAX"].keypoints
    names = [f"{spec.alias}_xy" for spec in specs]
    cells = [f'"[{n}, {n}]"' for n in range(1, 5)]
    header = ",".join(["image_path", "task_id", *reversed(names)])
    read("csv", label_file(header, ",".join(["images/a.png", "PSAX", *reversed(cells)])))
    points = labels_of()["a.png", 0, "PSAX"].revision.annotation.keypoints
    assert [point.x for point in points] == [1, 2, 3, 4]


def test_chinese_names_in_gb18030_are_taken_in_the_order_of_the_columns(
    read, label_file, labels_of
):
    names = [f"左心室{n}_xy" for n in range(1, 17)]
    cells = [f'"[{n}, {n}]"' for n in range(1, 17)]
    file = label_file(
        ",".join(["image_path", "task_id", *names]),
        ",".join(["images/a.png", "A4C", *cells]),
        encoding="gb18030",
    )
    read("csv", file)
    points = labels_of()["a.png", 0, "A4C"].revision.annotation.keypoints
    assert [point.x for point in points] == list(range(1, 17))


def test_raw_a4c_names_are_read_whatever_their_order(read, label_file, labels_of):
    specs = load_tasks()["A4C"].keypoints
    names = [f"{spec.alias}_xy" for spec in specs]
    assert names[:3] == ["LV_上下_p1_xy", "LV_上下_p2_xy", "LV_左右_p1_xy"]
    cells = [f'"[{n}, {n}]"' for n in range(1, 17)]
    header = ",".join(["image_path", "task_id", *reversed(names)])
    line = ",".join(["images/a.png", "A4C", *reversed(cells)])
    read("csv", label_file(header, line, encoding="gb18030"))
    points = labels_of()["a.png", 0, "A4C"].revision.annotation.keypoints
    assert [point.x for point in points] == list(range(1, 17))


def test_task_spelt_psak_is_psax(read, label_file, labels_of):
    header = "image_path,task_id,RVOT_p1_xy,RVOT_p2_xy,PA_p1_xy,PA_p2_xy"
    read("csv", label_file(header, 'images/a.png,PSAK,"[1, 1]","[2, 2]","[3, 3]","[4, 4]"'))
    assert ("a.png", 0, "PSAX") in labels_of()


def test_old_abdomen_file_is_put_in_order_and_says_so(read, label_file, labels_of):
    header = HEADER + ",point_3_xy,point_4_xy"
    line = 'images/a.png,Regression,FA,4,48,64,"[30, 5]","[30, 40]","[10, 20]","[50, 20]"'
    report = read("csv", label_file(header, line, name="FA_train.csv"))
    points = labels_of()["a.png", 0, "FA"].revision.annotation.keypoints
    assert [point.x for point in points] == [30, 30, 50, 10]
    assert report.notes == (
        "points 3 and 4 of FA were exchanged: this is the old FA_train.csv, which has them swapped",
    )


def test_byte_order_mark_is_no_part_of_the_first_name(read, label_file):
    assert read("csv", label_file(HEADER, femur(), encoding="utf-8-sig")).imported == 1


def test_empty_cell_is_a_point_that_is_not_placed(read, label_file, labels_of):
    read("csv", label_file(HEADER, 'images/a.png,Regression,fetal_femur,2,48,64,,"[1, 2]"'))
    points = labels_of()["a.png", 0, "fetal_femur"].revision.annotation.keypoints
    assert points == (None, Keypoint(1.0, 2.0, origin=Origin.IMPORT))


def test_columns_of_longer_tasks_may_stay_empty(read, label_file, labels_of):
    header = HEADER + ",point_3_xy,point_4_xy"
    hc = 'images/b.png,Regression,HC,4,48,64,"[1, 1]","[2, 2]","[3, 3]","[4, 4]"'
    assert read("csv", label_file(header, femur() + ",,", hc)).imported == 2
    assert len(labels_of()["a.png", 0, "fetal_femur"].revision.annotation.keypoints) == 2


def test_task_may_be_given_where_the_file_names_none(read, label_file, labels_of):
    file = label_file("image_path,point_1_xy,point_2_xy", 'images/a.png,"[1, 2]","[3, 4]"')
    read("csv", file, task_id="IVC")
    assert ("a.png", 0, "IVC") in labels_of()


def test_size_may_be_left_out(read, label_file):
    file = label_file(
        "image_path,task_id,point_1_xy,point_2_xy", 'images/a.png,IVC,"[1, 2]","[3, 4]"'
    )
    assert read("csv", file).imported == 1


def test_frame_of_a_cine_is_named_by_its_index(read, label_file, labels_of):
    read("csv", label_file(HEADER, femur("images/loop.tif#2")))
    assert ("loop.tif", 2, "fetal_femur") in labels_of()


def test_other_columns_are_kept(read, label_file, labels_of):
    file = label_file(HEADER + ",subject_id,split,hc_mm", femur() + ",7,train,")
    read("csv", file)
    assert labels_of()["a.png", 0, "fetal_femur"].extras == {"subject_id": "7", "split": "train"}


# ---- scale -----------------------------------------------------------------------------------


def scale_of(store, images):
    digest = store.known_digest(images / "a.png")
    return store.calibration_for(digest, Calibration()).override


def test_pixel_size_becomes_the_scale_of_the_file(read, label_file, store, images):
    read("csv", label_file(HEADER + ",pixel_size_mm", femur() + ",0.069135804"))
    scale = scale_of(store, images)
    assert (scale.dx_mm, scale.dy_mm, scale.in_mm) == (0.069135804, 0.069135804, True)
    assert (scale.source, scale.reason) == (ScaleSource.LABEL_FILE, "stated by labels.csv")


def test_scale_that_a_person_drew_stays(read, label_file, store, images):
    read("csv", label_file(HEADER, femur()))
    drawn = manual_scale(start=(0, 0), end=(50, 0), length_mm=10, author="r1")
    store.save_scale(store.known_digest(images / "a.png"), drawn, author="r1")
    other_points = femur().replace("10.5", "11.5")
    assert read("csv", label_file(HEADER + ",pixel_size_mm", other_points + ",9")).imported == 1
    assert scale_of(store, images) == drawn


def test_doubtful_scale_that_a_person_confirmed_stays(read, label_file, store, images):
    read("csv", label_file(HEADER, femur()))
    doubtful = Calibration(
        spacing=Scale(ScaleSource.NOMINAL, 0.3, 0.3, Trust.DOUBTFUL, key="nominal")
    )

    def open_doubtful(path):
        return replace(open_source(path), calibration=doubtful)

    digest = store.known_digest(images / "a.png")
    store.confirm_scale(digest, "nominal", author="r1")
    labels = label_file(HEADER + ",pixel_size_mm", femur().replace("10.5", "11.5") + ",9")
    read_labels("csv", labels, store, tasks=load_tasks(), open_source=open_doubtful)
    assert store.calibration_for(digest, doubtful).scale_for().dx_mm == 0.3


def test_scale_that_the_label_file_states_since_is_taken(read, label_file, store, images):
    read("csv", label_file(HEADER, femur()))
    read("csv", label_file(HEADER + ",pixel_size_mm", femur() + ",0.5"))
    assert scale_of(store, images).dx_mm == 0.5


# ---- what is there already -------------------------------------------------------------------


def edited(store, images, status=Status.EDITED, origin=Origin.PERSON):
    from sonichu_gui.domain.frame import FrameRef

    frame = FrameRef(store.known_digest(images / "a.png"))
    points = (Keypoint(1.0, 2.0, origin=origin), Keypoint(3.0, 4.0, origin=origin))
    store.append(frame, Annotation("fetal_femur", points, status), rater="r1")


@pytest.mark.parametrize(
    "status", [Status.EDITED, Status.ACCEPTED, Status.FLAGGED, Status.EXCLUDED]
)
def test_what_a_person_said_is_never_replaced(read, label_file, store, images, status):
    read("csv", label_file(HEADER, femur()))
    edited(store, images, status)
    report = read("csv", label_file(HEADER, femur(), name="newer.csv"))
    assert report.imported == 0
    assert report.skipped[0].reason == f"r1 has labelled it ({status})"
    assert [row.revision.rater for row in store.rows()] == ["r1"]


def test_proposal_that_nobody_touched_gives_way(read, label_file, labels_of, store, images):
    read("csv", label_file(HEADER, femur()))
    edited(store, images, Status.PROPOSED, Origin.MODEL)
    assert read("csv", label_file(HEADER, femur())).imported == 1
    assert labels_of()["a.png", 0, "fetal_femur"].revision.rater == "import:labels.csv"


def test_second_import_of_a_file_adds_nothing(read, label_file):
    file = label_file(HEADER, femur())
    read("csv", file)
    report = read("csv", file)
    assert report.imported == 0
    assert report.skipped[0].reason == "the same label is in the store already"


def test_newer_label_file_takes_the_place_of_an_older_one(read, label_file, labels_of):
    read("csv", label_file(HEADER, femur()))
    assert read("csv", label_file(HEADER, femur().replace("10.5", "11.5"))).imported == 1
    assert labels_of()["a.png", 0, "fetal_femur"].revision.annotation.keypoints[0].x == 11.5


# ---- what is left out ------------------------------------------------------------------------

BROKEN = {
    "missing image": (femur("images/gone.png"), "the image images/gone.png is not there"),
    "no image": (femur(""), "it names no image"),
    "not JSON": (femur().replace("[50,", "50,"), "point_2_xy is '50, 21.125]', not [x, y]"),
    "three numbers": (femur().replace("[50,", "[50, 1,"), "not two numbers"),
    "not a number": (femur().replace("50", "NaN"), "not two numbers"),
    "truth for a number": (femur().replace("50", "true"), "not two numbers"),
    "huge number": (femur().replace("50", "1" + "0" * 400), "not two numbers"),
    "unknown task": (femur().replace("fetal_femur", "tibia"), "unknown task 'tibia'"),
    "wrong count": (
        femur().replace("fetal_femur,2", "HC,4"),
        "it has 2 point columns, HC has 4 points",
    ),
    "wrong num_classes": (
        femur().replace("femur,2", "femur,3"),
        "num_classes is 3, fetal_femur has 2 points",
    ),
    "other size": (
        femur().replace("48,64", "480,640"),
        "the label is of an image of 640 x 480 pixels, a.png has 64 x 48",
    ),
    "size is no number": (femur().replace("48,64", "tall,64"), "height is 'tall'"),
    "half a pixel": (femur().replace("48,64", "48.5,64"), "not whole pixels"),
    "too few cells": (femur().rsplit(',"', 1)[0], "it has 7 cells, the header has 8"),
    "no point": ("images/a.png,Regression,fetal_femur,2,48,64,,", "no point is given"),
    "cine without frame": (femur("images/loop.tif"), "has 3 frames: name one"),
    "cine without such a frame": (
        femur("images/loop.tif#3"),
        "loop.tif has no frame 3: it has 3, counted",
    ),
    "frame of a still": (femur("images/b.png#1"), "b.png has no frame 1: it has 1, counted"),
    "no picture": (femur("notes.txt"), "notes.txt"),
}


@pytest.mark.parametrize(("line", "reason"), BROKEN.values(), ids=BROKEN)
def test_row_that_cannot_be_used_is_told_and_the_others_are_imported(
    read, label_file, images, line, reason
):
    (images / "notes.txt").write_text("no picture")
    report = read("csv", label_file(HEADER, line, femur("images/b.png")))
    assert report.imported == 1
    (skipped,) = report.skipped
    assert skipped.row == 2
    assert reason in skipped.reason


def test_surplus_point_is_told(read, label_file):
    report = read("csv", label_file(HEADER + ",point_3_xy", femur() + ',"[1, 2]"'))
    assert report.skipped[0].reason == "fetal_femur has 2 points, but point_3_xy is given as well"


@pytest.mark.parametrize("size", ["0", "-1", "inf", "0.1mm"])
def test_pixel_size_that_is_none_is_told(read, label_file, size):
    report = read("csv", label_file(HEADER + ",pixel_size_mm", f"{femur()},{size}"))
    assert report.skipped[0].reason == f"pixel_size_mm is '{size}', not a positive number"


def test_second_row_of_a_frame_and_task_is_told(read, label_file, labels_of):
    report = read("csv", label_file(HEADER, femur(), femur().replace("10.5", "11.5")))
    assert report.skipped[0].row == 3
    assert report.skipped[0].reason == "the same frame and task as row 2"
    assert labels_of()["a.png", 0, "fetal_femur"].revision.annotation.keypoints == POINTS


def test_rows_are_counted_as_a_spreadsheet_does(read, label_file):
    report = read("csv", label_file(HEADER, femur(), "", femur("images/gone.png")))
    assert report.skipped[0].row == 4


def test_stopped_import_keeps_what_was_read(read, label_file, labels_of):
    def stop_after_first(entries):
        yield entries[0]
        raise KeyboardInterrupt

    file = label_file(HEADER, femur(), femur("images/b.png"))
    with pytest.raises(KeyboardInterrupt):
        read("csv", file, track=stop_after_first)
    assert list(labels_of()) == [("a.png", 0, "fetal_femur")]


# ---- what is no label file -------------------------------------------------------------------

NO_LABEL_FILE = {
    "missing": None,
    "empty": b"",
    "a picture": b"\x89PNG\r\n\x1a\n\xff\xff\xff",
    "another table": b"name,age\nx,1\n",
    "no points": b"image_path,task_id\na.png,HC\n",
    "no task": b'image_path,point_1_xy\na.png,"[1, 2]"\n',
    "a column twice": b'image_path,task_id,point_1_xy,point_1_xy\na.png,HC,"[1, 2]","[1, 2]"\n',
    "a quote left open": b'image_path,task_id,point_1_xy\na.png,HC,"[1, 2]\n',
}


@pytest.mark.parametrize("content", NO_LABEL_FILE.values(), ids=NO_LABEL_FILE)
def test_what_is_no_label_file_is_refused_whole(read, images, labels_of, content):
    file = images.parent / "labels.csv"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ImportRejected) as refusal:
        read("csv", file)
    assert str(file) in refusal.value.message
    assert refusal.value.hint
    assert labels_of() == {}


def test_missing_folder_of_images_is_told(read, label_file, tmp_path):
    with pytest.raises(ImportRejected, match="is not there"):
        read("csv", label_file(HEADER, femur()), images=tmp_path / "gone")


# ---- real labels -----------------------------------------------------------------------------


def test_hc18_labels_are_read_with_their_scale(shared_data, tmp_path, read):
    import shutil

    from sonichu_gui.labels.store import LabelStore

    source, folder = shared_data / "data" / "hc18", tmp_path / "hc18" / "images"
    folder.mkdir(parents=True)
    shutil.copy(source / "HC.csv", folder.parent)
    names = ("000_HC.png", "001_HC.png")
    for name in names:
        shutil.copy(source / "images" / name, folder)
    store = LabelStore.open_for(folder)
    report = read("csv", folder.parent / "HC.csv", place=store)
    assert report.imported == len(names)
    (row, _) = store.rows()
    scale = store.calibration_for(row.file.digest, Calibration()).override
    store.close()
    assert row.revision.annotation.keypoints[0].xy == (324.56, 340.34)
    assert row.extras["split"] == "test"
    assert scale.dx_mm == 0.069135804
