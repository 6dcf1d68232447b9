"""COCO, predictions, Multicentre and labelme files; and files that are nothing at all."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sonichu_gui.domain.annotation import Annotation, Keypoint, ModelId, Origin, PointState, Status
from sonichu_gui.domain.calibration import Calibration
from sonichu_gui.domain.frame import FrameRef
from sonichu_gui.errors import ImportRejected
from sonichu_gui.labels.importers.registry import FORMATS
from sonichu_gui.tasks import load_tasks

IVC = ("a.png", 0, "IVC")


@pytest.fixture
def json_file(images):
    def write(data, name="labels.json"):
        file = images / name
        file.write_text(json.dumps(data))
        return file

    return write


def imported(x, y, state=PointState.VISIBLE):
    return Keypoint(x, y, state, Origin.IMPORT)


# ---- COCO ------------------------------------------------------------------------------------


def coco(keypoints, *, category="IVC", names=("IVC 1", "IVC 2"), image=None):
    return {
        "images": [image or {"id": 7, "file_name": "a.png", "width": 64, "height": 48}],
        "categories": [{"id": 3, "name": category, "keypoints": list(names)}],
        "annotations": [{"id": 1, "image_id": 7, "category_id": 3, "keypoints": keypoints}],
    }


def test_coco_visibility_is_the_state_of_a_point(read, json_file, labels_of):
    read("coco", json_file(coco([1.5, 2, 2, 3, 4, 1])))
    assert labels_of()[IVC].revision.annotation.keypoints == (
        imported(1.5, 2),
        imported(3, 4, PointState.OCCLUDED),
    )


def test_coco_point_that_is_not_labelled_is_not_placed(read, json_file, labels_of):
    read("coco", json_file(coco([0, 0, 0, 3, 4, 2])))
    assert labels_of()[IVC].revision.annotation.keypoints == (None, imported(3, 4))


def test_coco_points_are_put_in_the_order_of_the_task_by_their_names(read, json_file, labels_of):
    names = [spec.name for spec in load_tasks()["IVC"].keypoints]
    read("coco", json_file(coco([1, 1, 2, 2, 2, 2], names=names[::-1])))
    assert [p.x for p in labels_of()[IVC].revision.annotation.keypoints] == [2, 1]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (coco([1, 2, 2]), "it has 3 keypoint numbers, IVC needs 6"),
        (coco([1, 2, 2, 3, 4, 5]), "is 5, not 0, 1 or 2"),
        (coco([1, 2, 2, "x", 4, 2]), "not two numbers"),
        (coco([0] * 6), "no point is given"),
        (coco([1, 2, 2, 3, 4, 2], category="person"), "unknown task 'person'"),
        (coco([1, 2, 2, 3, 4, 2], image={"id": 8}), "its image_id 7 is not in the file"),
        (coco([1, 2, 2, 3, 4, 2], image={"id": 7}), "its image has no file_name"),
        (
            coco(
                [1, 2, 2, 3, 4, 2],
                image={"id": 7, "file_name": "a.png", "width": 9, "height": 9},
            ),
            "the label is of an image of 9 x 9 pixels, a.png has 64 x 48",
        ),
    ],
)
def test_coco_annotation_that_cannot_be_used_is_told(read, json_file, data, reason):
    report = read("coco", json_file(data))
    assert report.imported == 0
    assert reason in report.skipped[0].reason


# ---- predictions -----------------------------------------------------------------------------


def prediction(**changes):
    item = {
        "image_path": "a.png",
        "task_id": "IVC",
        "predicted_points_normalized": [0.25, 0.5, 0.75, 0.5],
        "predicted_points_pixels": [16.0, 24.0, 48.0, 24.0],
    }
    return [{key: value for key, value in (item | changes).items() if value is not None}]


def test_predictions_become_predictions_not_labels(read, json_file, store, images):
    read("predictions", json_file(prediction()))
    frame = FrameRef(store.known_digest(images / "a.png"))
    assert store.current(frame, "IVC") is None
    points = tuple(Keypoint(x, 24.0, origin=Origin.MODEL) for x in (16.0, 48.0))
    assert store.latest_prediction(frame, "IVC").annotation == Annotation(
        "IVC", points, Status.PROPOSED, ModelId("import", "")
    )


def test_predictions_may_be_fractions_alone(read, json_file, store, images):
    read("predictions", json_file(prediction(predicted_points_pixels=None)))
    frame = FrameRef(store.known_digest(images / "a.png"))
    found = store.latest_prediction(frame, "IVC").annotation
    assert [point.xy for point in found.keypoints] == [(16.0, 24.0), (48.0, 24.0)]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"image_path": None}, "it names no image_path"),
        ({"image_path": 3}, "it names no image_path"),
        ({"task_id": "tibia"}, "unknown task 'tibia'"),
        ({"predicted_points_pixels": [1.0]}, "has 1 numbers, IVC has 2 points"),
        ({"predicted_points_pixels": [1.0, 2.0, 3.0, None]}, "not two numbers"),
        (
            {"predicted_points_pixels": [64.0, 96.0, 192.0, 96.0]},
            "it was made for another size",
        ),
        (
            {"predicted_points_pixels": None, "predicted_points_normalized": None},
            "it has neither",
        ),
    ],
)
def test_prediction_that_cannot_be_used_is_told(read, json_file, changes, reason):
    report = read("predictions", json_file(prediction(**changes)))
    assert report.imported == 0
    assert reason in report.skipped[0].reason


# ---- Multicentre -----------------------------------------------------------------------------

HEAD = (
    "index,image_name,scale,ofd_1_x,ofd_1_y,ofd_2_x,ofd_2_y,bpd_1_x,bpd_1_y,bpd_2_x,bpd_2_y,"
    "px_to_mm_rate,SubjectID,Split"
)


def table(images, *lines):
    file = images / "Head.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def test_multicentre_ends_are_put_in_the_order_of_the_task(read, images, labels_of):
    read("multicentre", table(images, HEAD, "0,a.png,1,5,20,60,21,30,40,31,5,0.2,12,Train"))
    points = labels_of()["a.png", 0, "HC"].revision.annotation.keypoints
    assert [point.xy for point in points] == [(31, 5), (30, 40), (60, 21), (5, 20)]


def test_multicentre_rate_is_millimetres_a_pixel(read, images, store):
    read("multicentre", table(images, HEAD, "0,a.png,1,5,20,60,21,30,40,31,5,0.2,12,Train"))
    digest = store.known_digest(images / "a.png")
    assert store.calibration_for(digest, Calibration()).scale_for().dx_mm == 0.2


def test_multicentre_subject_and_split_are_kept(read, images, labels_of):
    read("multicentre", table(images, HEAD, "0,a.png,1,5,20,60,21,30,40,31,5,,12,Train"))
    assert labels_of()["a.png", 0, "HC"].extras == {"subject_id": "12", "split": "Train"}


def test_multicentre_femur_runs_from_left_to_right(read, images, labels_of):
    file = table(images, "image_name,fl_1_x,fl_1_y,fl_2_x,fl_2_y", "a.png,50,20,10,21")
    read("multicentre", file)
    points = labels_of()["a.png", 0, "fetal_femur"].revision.annotation.keypoints
    assert [point.xy for point in points] == [(10, 21), (50, 20)]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [("-1", "ofd_1 is at (-1, 20), outside the image"), ("", "not two numbers")],
)
def test_multicentre_landmark_that_is_not_there_is_told(read, images, cell, reason):
    line = f"0,a.png,1,{cell},20,60,21,30,40,31,5,0.2,12,Train"
    report = read("multicentre", table(images, HEAD, line))
    assert reason in report.skipped[0].reason


# ---- labelme ---------------------------------------------------------------------------------


def labelme(*points, image="a.png"):
    shapes = [{"label": label, "points": [[x, y]], "shape_type": "point"} for label, x, y in points]
    return {"imagePath": image, "imageWidth": 64, "imageHeight": 48, "shapes": shapes}


FEMUR = (("fl 2", 50.5, 20.5), ("FL 1", 10.5, 21.5))


def test_labelme_points_are_moved_from_corner_to_centre(read, json_file, labels_of):
    read("labelme", json_file(labelme(*FEMUR)))
    points = labels_of()["a.png", 0, "fetal_femur"].revision.annotation.keypoints
    assert points == (imported(10, 21), imported(50, 20))


def test_labelme_folder_is_read_file_by_file(read, json_file, labels_of, images):
    json_file(labelme(*FEMUR), "a.json")
    json_file(labelme(*FEMUR, image="b.png"), "b.json")
    (images / "c.json").write_text("{")
    report = read("labelme", images)
    assert {key[0] for key in labels_of()} == {"a.png", "b.png"}
    assert [row.row for row in report.skipped] == [3]


def test_labelme_numbered_points_need_a_task(read, json_file, labels_of):
    data = labelme(("point_1", 1, 1), ("point_2", 2, 2))
    report = read("labelme", json_file(data))
    assert "may be of" in report.skipped[0].reason
    read("labelme", json_file(data), task_id="IVC")
    assert list(labels_of()) == [IVC]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (labelme(("nose", 1, 1)), "no task has keypoints called nose"),
        (labelme(*FEMUR, FEMUR[0]), "two points are called 'fl 2'"),
        (labelme(), "it has no point shapes"),
        ({"shapes": []}, "it is no labelme file"),
    ],
)
def test_labelme_file_that_cannot_be_used_is_told(read, json_file, data, reason):
    report = read("labelme", json_file(data))
    assert report.imported == 0
    assert reason in report.skipped[0].reason


# ---- corrections -----------------------------------------------------------------------------


def correction(**changes):
    after = [
        {"name": "IVC 1", "x": 1.5, "y": 2, "state": "visible", "origin": "person"},
        {"name": "IVC 2", "x": 3, "y": 4, "state": "occluded", "origin": "model"},
    ]
    item = {"image_path": "a.png", "task_id": "IVC", "width": 64, "height": 48, "after": after}
    return [item | changes]


def test_points_after_a_correction_are_a_label(read, json_file, labels_of):
    read("corrections", json_file(correction(subject_id="7")))
    row = labels_of()[IVC]
    assert row.revision.annotation.keypoints == (
        imported(1.5, 2),
        imported(3, 4, PointState.OCCLUDED),
    )
    assert row.extras == {"subject_id": "7"}


def test_pixel_size_of_a_correction_becomes_the_scale(read, json_file, images, store):
    read("corrections", json_file(correction(pixel_size_mm=0.25)))
    digest = store.known_digest(images / "a.png")
    assert store.calibration_for(digest, Calibration()).override.dx_mm == 0.25


def test_a_point_that_was_marked_absent_is_not_placed(read, json_file, labels_of):
    (item,) = correction()
    item["after"][0]["state"] = "absent"
    read("corrections", json_file([item]))
    assert labels_of()[IVC].revision.annotation.keypoints[0] is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"task_id": "tibia"}, "unknown task 'tibia'"),
        ({"image_path": None}, "it names no image"),
        ({"after": [None, None]}, "no point is given"),
        ({"after": [None]}, "it has 1 points, IVC has 2"),
        ({"after": [3, None]}, "IVC 1 is 3, not a point"),
        ({"after": [{"x": "left", "y": 2}, None]}, "IVC 1 is ['left', 2], not two numbers"),
        ({"after": [{"x": 1, "y": 2, "state": "gone"}, None]}, "the state of IVC 1 is 'gone'"),
        ({"pixel_size_mm": -1}, "pixel_size_mm is -1, not a positive number"),
    ],
)
def test_a_correction_that_cannot_be_used_is_told(read, json_file, changes, reason):
    report = read("corrections", json_file(correction(**changes)))
    assert report.imported == 0
    assert report.skipped[0].reason == reason


# ---- anything --------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "images",
                    "annotations",
                    "categories",
                    "shapes",
                    "id",
                    "image_id",
                    "category_id",
                    "keypoints",
                    "name",
                    "file_name",
                    "imagePath",
                    "image_path",
                    "task_id",
                    "predicted_points_pixels",
                    "label",
                    "points",
                    "shape_type",
                    "after",
                    "state",
                    "x",
                    "y",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@pytest.mark.parametrize("format_name", FORMATS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300) | json_values.map(lambda v: json.dumps(v).encode()))
def test_whatever_a_file_holds_is_refused_or_told(read, images, format_name, content):
    file = images / "anything.json"
    file.write_bytes(content)
    with suppress(ImportRejected):
        assert read(format_name, file).imported == 0


@pytest.mark.parametrize("format_name", ["csv", "multicentre"])
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(st.text(max_size=12), min_size=1, max_size=9))
def test_whatever_a_cell_holds_is_told(read, images, format_name, cells):
    import csv

    header = {
        "csv": ["image_path", "task_id", "height", "width", "pixel_size_mm", "point_1_xy"],
        "multicentre": ["image_name", "fl_1_x", "fl_1_y", "fl_2_x", "fl_2_y", "px_to_mm_rate"],
    }[format_name]
    file = images / "anything.csv"
    with file.open("w", encoding="utf-8", errors="replace", newline="") as stream:
        csv.writer(stream).writerows([header, cells])
    with suppress(ImportRejected):
        assert read(format_name, file).imported == 0
