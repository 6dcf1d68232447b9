from __future__ import annotations

import csv
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sonichu_gui.domain.annotation import Keypoint, Origin, PointState, Status
from sonichu_gui.domain.calibration import ScaleSource, given_scale
from sonichu_gui.imaging.sources import open_source
from sonichu_gui.labels.importers.registry import read_labels
from sonichu_gui.labels.store import LabelStore
from sonichu_gui.tasks import load_tasks

HEAD = ((400.0, 100.0), (400.0, 440.0), (620.0, 270.0), (180.0, 270.0))
COLUMNS = [
    "image_path",
    "task_name",
    "task_id",
    "num_classes",
    "height",
    "width",
    "point_1_xy",
    "point_2_xy",
    "point_3_xy",
    "point_4_xy",
]


def rows_of(out):
    with out.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def out(tmp_path):
    return tmp_path / "labels.csv"


def test_columns_are_those_of_a_label_file(study, out):
    study.label(study.picture("a.png"))
    study.write("csv", out)
    (row,) = rows_of(out)
    assert list(row) == COLUMNS
    assert list(row.values()) == [
        "study/images/a.png",
        "Regression",
        "HC",
        "4",
        "540",
        "800",
        "[400.0, 100.0]",
        "[400.0, 440.0]",
        "[620.0, 270.0]",
        "[180.0, 270.0]",
    ]


def test_shorter_task_leaves_its_last_columns_empty(study, out):
    frame = study.picture("a.png")
    study.label(frame)
    study.label(frame, ((1, 2), (3, 4)), task="IVC")
    study.write("csv", out)
    assert rows_of(out)[1]["point_3_xy"] == ""


def test_absent_point_is_an_empty_cell(study, out):
    absent = Keypoint(1.0, 2.0, PointState.ABSENT)
    study.label(study.picture("a.png"), (absent, *HEAD[1:]))
    study.write("csv", out)
    assert rows_of(out)[0]["point_1_xy"] == ""


def test_unfinished_label_stays_out(study, out):
    study.label(study.picture("a.png"))
    study.label(study.picture("b.png"), (*HEAD[:3], None))
    report = study.write("csv", out)
    assert report.skipped == ("study/images/b.png HC: OFD 2 is not placed",)
    assert report.count == 1


def test_label_that_was_accepted_without_a_point_leaves_without_it(study, out):
    study.label(study.picture("b.png"), (*HEAD[:3], None), status=Status.ACCEPTED)
    study.write("csv", out)
    assert rows_of(out)[0]["point_4_xy"] == ""


def test_pixel_size_is_told_when_it_is_known(study, out):
    frame = study.picture("a.png")
    study.label(frame)
    study.label(study.picture("b.png"))
    scale = given_scale(dx_mm=0.1, dy_mm=0.1, source=ScaleSource.MANUAL, reason="drawn")
    study.store.save_scale(frame.digest, scale, author="r1")
    study.write("csv", out)
    assert [row["pixel_size_mm"] for row in rows_of(out)] == ["0.1", ""]
    assert [row["pixel_size_source"] for row in rows_of(out)] == ["manual", ""]


def test_pixels_that_are_not_square_have_no_one_size(study, out):
    frame = study.picture("a.png")
    study.label(frame)
    scale = given_scale(dx_mm=0.1, dy_mm=0.2, source=ScaleSource.MANUAL, reason="drawn")
    study.store.save_scale(frame.digest, scale, author="r1")
    study.write("csv", out)
    assert "pixel_size_mm" not in rows_of(out)[0]


EXTRAS = {"subject_id": "7", "split": "train", "hc_mm": "44.3"}


def test_columns_of_an_imported_label_come_out_again(study, out):
    frame = study.picture("a.png")
    as_imported = [Keypoint(x, y, origin=Origin.IMPORT) for x, y in HEAD]
    study.label(frame, as_imported, status=Status.ACCEPTED)
    study.store.save_extras(frame, "HC", EXTRAS)
    study.write("csv", out)
    assert EXTRAS.items() <= rows_of(out)[0].items()


def test_published_measure_does_not_stand_beside_moved_points(study, out):
    frame = study.picture("a.png")
    study.label(frame)
    study.store.save_extras(frame, "HC", EXTRAS)
    study.write("csv", out)
    (row,) = rows_of(out)
    assert (row["subject_id"], row["split"]) == ("7", "train")
    assert "hc_mm" not in row


def test_extra_column_cannot_pose_as_one_of_ours(study, out):
    frame = study.picture("a.png")
    study.label(frame)
    study.store.save_extras(frame, "HC", {"width": "9", "split": "test"})
    study.write("csv", out)
    assert rows_of(out)[0]["width"] == "800"


# ---- round trip ------------------------------------------------------------------------------

coordinate = st.floats(-1e4, 1e4, allow_nan=False)
points = st.lists(st.tuples(coordinate, coordinate), min_size=4, max_size=4)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(points)
def test_what_was_written_reads_back_equal(study, tmp_path_factory, points):
    """Into a second, empty store of the same pictures, to the last bit."""
    names = sorted(path.name for path in study.folder.glob("*.png"))
    frame = open_frame(study, names) if names else study.picture("a.png")
    study.label(frame, points)
    folder = tmp_path_factory.mktemp("copy")
    (folder / "a.png").write_bytes((study.folder / "a.png").read_bytes())
    study.write("csv", folder / "labels.csv")
    other = LabelStore.open_for(folder)
    report = read_labels(
        "csv", folder / "labels.csv", other, tasks=load_tasks(), open_source=open_source
    )
    found = other.current(frame, "HC")
    other.close()
    assert (report.imported, report.skipped) == (1, ())
    assert [point.xy for point in found.annotation.keypoints] == points


def open_frame(study, names):
    from sonichu_gui.domain.frame import FrameRef

    return FrameRef(study.store.known_digest(study.folder / names[0]))


@pytest.mark.parametrize("task_id", load_tasks())
def test_every_task_and_the_frames_of_a_cine_read_back(study, task_id):
    task = load_tasks()[task_id]
    cine, still = study.picture("loop.tif", pages=3), study.picture("a.png")
    placed = tuple((n + 1 / 3, 2.0 * n) for n in range(len(task.keypoints)))
    for frame in (still, cine, type(cine)(cine.digest, 2)):
        study.label(frame, placed, task=task_id)
    out = study.folder / "labels.csv"
    study.write("csv", out)
    for name in study.folder.glob("sonichu-labels.sqlite*"):
        name.unlink()
    other = LabelStore.open_for(study.folder)
    report = read_labels("csv", out, other, tasks=load_tasks(), open_source=open_source)
    found = {row.revision.frame: row.revision.annotation for row in other.rows()}
    other.close()
    assert report.imported == 3
    assert set(found) == {still, cine, type(cine)(cine.digest, 2)}
    assert all(tuple(p.xy for p in a.keypoints) == placed for a in found.values())


def test_file_name_of_any_language_is_kept(study, out):
    study.label(study.picture("Kopf, ‘größer’ 頭.png"))
    study.write("csv", out)
    assert rows_of(out)[0]["image_path"].endswith("Kopf, ‘größer’ 頭.png")


def test_cells_are_json(study, out):
    study.label(study.picture("a.png"), ((1e-17, 1e17), *HEAD[1:]))
    study.write("csv", out)
    assert json.loads(rows_of(out)[0]["point_1_xy"]) == [1e-17, 1e17]
