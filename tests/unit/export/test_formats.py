"""COCO, predictions, measurements and corrections."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import shutil

import pytest

from sonichu_gui.domain.annotation import Keypoint, ModelId, Origin, PointState, Status
from sonichu_gui.domain.calibration import Calibration, ScaleSource, given_scale
from sonichu_gui.imaging.sources import open_source
from sonichu_gui.labels.importers.registry import read_labels
from sonichu_gui.labels.store import LabelStore
from sonichu_gui.tasks import load_tasks

MODEL = ModelId("mini", "f" * 64)
HEAD = ((400.0, 100.0), (400.0, 440.0), (620.0, 270.0), (180.0, 270.0))


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def data_of(out):
    return json.loads(out.read_text(encoding="utf-8"))


def rows_of(out):
    with out.open(encoding="utf-8", newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


# ---- COCO ------------------------------------------------------------------------------------


def test_coco_file_loads_in_pycocotools(study, out):
    from pycocotools.coco import COCO

    first, second = study.picture("a.png"), study.picture("b.png")
    study.label(first)
    study.label(second)
    study.label(first, ((1, 2), (3, 4)), task="fetal_femur")
    study.write("coco", out)
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(out))
    (head,) = coco.loadCats(coco.getCatIds(catNms=["HC"]))
    (image,) = [i for i in coco.loadImgs(coco.getImgIds()) if i["file_name"].endswith("a.png")]
    (label,) = coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]], catIds=[head["id"]]))
    assert head["keypoints"] == [spec.name for spec in load_tasks()["HC"].keypoints]
    assert head["skeleton"] == [[1, 2], [3, 4]]
    assert (image["width"], image["height"]) == (800, 540)
    assert label["keypoints"] == [c for x, y in HEAD for c in (x, y, 2)]
    assert label["bbox"] == [180.0, 100.0, 440.0, 340.0]


def test_coco_file_is_scored_perfect_against_itself(study, out):
    """pycocotools' own evaluation accepts the file: areas, boxes and visibilities are as it wants.

    Its keypoint score knows only people with 17 points, so the figure is the task's own count.
    """
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    study.label(study.picture("a.png"))
    study.label(study.picture("b.png"), tuple((x + 10, y + 5) for x, y in HEAD))
    study.write("coco", out)
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(out))
        results = [
            {key: a[key] for key in ("image_id", "category_id", "keypoints")} | {"score": 1.0}
            for a in truth.anns.values()
        ]
        evaluation = COCOeval(truth, truth.loadRes(results), "keypoints")
        import numpy as np

        evaluation.params.kpt_oks_sigmas = np.full(4, 0.05)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    assert evaluation.stats[0] == pytest.approx(1.0)


def test_coco_score_of_an_upright_calliper_forgives_half_a_pixel(study, out):
    import numpy as np
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    study.label(study.picture("a.png"), ((100.0, 50.0), (100.0, 90.0)), task="IVC")
    study.write("coco", out)
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(out))
        (label,) = truth.anns.values()
        near = [100.5, 50.0, 2, 100.5, 90.0, 2]
        result = {"image_id": 1, "category_id": label["category_id"], "keypoints": near, "score": 1}
        evaluation = COCOeval(truth, truth.loadRes([result]), "keypoints")
        evaluation.params.kpt_oks_sigmas = np.full(2, 0.05)
        evaluation.evaluate()
    assert evaluation.ious[1, label["category_id"]].item() > 0.9


@pytest.mark.parametrize(
    ("state", "visibility"),
    [
        (PointState.VISIBLE, 2),
        (PointState.OCCLUDED, 1),
        (PointState.UNCERTAIN, 1),
        (PointState.ABSENT, 0),
    ],
)
def test_coco_visibility_tells_the_state(study, out, state, visibility):
    study.label(study.picture("a.png"), (Keypoint(5.0, 6.0, state), *HEAD[1:]))
    study.write("coco", out)
    (label,) = data_of(out)["annotations"]
    assert label["keypoints"][:3] == ([5.0, 6.0, visibility] if visibility else [0, 0, 0])
    assert label["num_keypoints"] == (4 if visibility else 3)


def test_coco_keeps_a_label_with_an_unplaced_point(study, out):
    study.label(study.picture("a.png"), (*HEAD[:3], None))
    study.write("coco", out)
    assert data_of(out)["annotations"][0]["keypoints"][-3:] == [0, 0, 0]


def test_coco_reads_back_equal(study):
    frame = study.picture("a.png")
    occluded = Keypoint(1 / 3, 2.5, PointState.OCCLUDED)
    study.label(frame, (occluded, *HEAD[1:3], None))
    out = study.folder / "labels.json"
    study.write("coco", out)
    for file in study.folder.glob("sonichu-labels.sqlite*"):
        file.unlink()
    other = LabelStore.open_for(study.folder)
    read_labels("coco", out, other, tasks=load_tasks(), open_source=open_source)
    found = other.current(frame, "HC").annotation.keypoints
    other.close()
    expected = (occluded, *(Keypoint(*xy) for xy in HEAD[1:3]), None)
    assert [(p.xy, p.state) if p else None for p in found] == [
        (p.xy, p.state) if p else None for p in expected
    ]


# ---- predictions -----------------------------------------------------------------------------


def test_predictions_are_what_the_model_said_not_what_became_of_it(study, out):
    frame = study.picture("a.png")
    study.predict(frame)
    study.label(frame, tuple((x + 9, y) for x, y in HEAD))
    study.write("predictions", out)
    (item,) = data_of(out)
    assert item == {
        "image_path": "study/images/a.png",
        "task_id": "HC",
        "predicted_points_normalized": [c for x, y in HEAD for c in (x / 800, y / 540)],
        "predicted_points_pixels": [c for xy in HEAD for c in xy],
    }


def test_predictions_leave_whatever_became_of_them(study, out):
    study.predict(study.picture("a.png"))
    excluded = study.picture("b.png")
    study.predict(excluded)
    study.label(excluded, status=Status.EXCLUDED)
    assert study.write("predictions", out).count == 2


def test_prediction_that_was_undone_is_still_what_the_model_said(study, out):
    frame = study.picture("a.png")
    study.predict(frame)
    study.label(frame, (None,) * 4, status=Status.TODO)
    assert study.write("predictions", out).count == 1


def test_frame_no_model_has_seen_is_told(study, out):
    study.predict(study.picture("a.png"))
    study.label(study.picture("b.png"))
    report = study.write("predictions", out)
    assert report.skipped == ("study/images/b.png HC: no model has looked at it",)


def test_predictions_read_back_equal(study):
    frame = study.picture("a.png")
    said = study.predict(frame, tuple((x + 1 / 3, y) for x, y in HEAD))
    out = study.folder / "regression_predictions.json"
    study.write("predictions", out)
    for file in study.folder.glob("sonichu-labels.sqlite*"):
        file.unlink()
    other = LabelStore.open_for(study.folder)
    read_labels("predictions", out, other, tasks=load_tasks(), open_source=open_source)
    found = other.latest_prediction(frame, "HC")
    other.close()
    assert [p.xy for p in found.annotation.keypoints] == [p.xy for p in said.annotation.keypoints]


# ---- measurements ----------------------------------------------------------------------------


def ellipse_mm(a, b):
    """Ramanujan II for the diameters a and b."""
    h = ((a - b) / (a + b)) ** 2
    return math.pi * (a + b) / 2 * (1 + 3 * h / (10 + math.sqrt(4 - 3 * h)))


def test_measurements_have_value_unit_and_scale(study, out):
    frame = study.picture("a.png")
    study.label(frame, model=MODEL)
    scale = given_scale(dx_mm=0.1, dy_mm=0.2, source=ScaleSource.LABEL_FILE, reason="HC.csv")
    study.store.save_scale(frame.digest, scale, author="import:HC.csv")
    study.write("measurements", out)
    rows = rows_of(out)
    assert list(rows) == ["HC", "BPD", "OFD", "CI"]
    assert float(rows["BPD"]["value"]) == pytest.approx(68.0)
    assert float(rows["OFD"]["value"]) == pytest.approx(44.0)
    assert float(rows["HC"]["value"]) == pytest.approx(ellipse_mm(68.0, 44.0))
    head = rows["HC"]
    assert (head["unit"], head["scale_source"], head["scale_reason"]) == (
        "mm",
        "label-file",
        "HC.csv",
    )
    assert (head["mm_per_px_x"], head["mm_per_px_y"]) == ("0.1", "0.2")
    assert (head["scale_trusted"], head["scale_region"]) == ("yes", "")
    assert (head["formula"], head["convention"]) == ("Ramanujan II", "outer-outer")
    assert (head["status"], head["rater"], head["model"], head["model_hash"]) == (
        "edited",
        "r1",
        "mini",
        "f" * 64,
    )
    assert json.loads(rows["BPD"]["points"]) == {"BPD 1": [400.0, 100.0], "BPD 2": [400.0, 440.0]}


def test_measurements_carry_their_standard_error_until_a_person_moves_a_point(study, out):
    points = [Keypoint(x, y, origin=Origin.MODEL, covariance=(8.0, 0.0, 8.0)) for x, y in HEAD]
    study.label(study.picture("a.png"), (*points[:3], Keypoint(*HEAD[3])), model=MODEL)
    study.write("measurements", out)
    rows = rows_of(out)
    assert float(rows["BPD"]["uncertainty"]) == pytest.approx(4.0)
    assert (rows["OFD"]["uncertainty"], rows["HC"]["uncertainty"]) == ("", "")


def test_measurements_without_a_scale_are_pixels_and_say_why(study, out):
    study.label(study.picture("a.png"))
    study.write("measurements", out)
    row = rows_of(out)["BPD"]
    assert (row["value"], row["unit"], row["mm_per_px_x"]) == ("340.0", "px", "")
    assert "PNG states no pixel size" in row["reason"]


def test_measure_of_an_unplaced_point_is_empty_with_the_reason(study, out):
    study.label(study.picture("a.png"), (*HEAD[:3], None))
    study.write("measurements", out)
    row = rows_of(out)["OFD"]
    assert (row["value"], row["unit"]) == ("", "")
    assert row["reason"] == "point OFD 2 is not placed"


def test_file_that_is_gone_gives_pixels_not_millimetres(study, out):
    study.label(study.picture("a.png"))
    (study.folder / "a.png").unlink()
    study.write("measurements", out)
    row = rows_of(out)["BPD"]
    assert (row["unit"], row["scale_source"]) == ("px", "none")
    assert "a.png" in row["reason"]


def test_scale_of_another_file_in_its_place_is_not_used(study, out):
    study.label(study.picture("a.png"))
    shutil.copy(study.folder / "a.png", study.folder / "kept.png")
    (study.folder / "a.png").write_bytes((study.folder / "kept.png").read_bytes() + b"\0")
    study.write("measurements", out)
    assert rows_of(out)["BPD"]["scale_reason"] == "a.png is not the file that was labelled"


def test_scale_that_the_file_states_is_used(study, out):
    study.label(study.picture("a.png"))
    stated = given_scale(dx_mm=0.3, dy_mm=0.3, source=ScaleSource.REGION, reason="region 1")
    study.write("measurements", out, calibration_of=lambda *_: Calibration(spacing=stated))
    row = rows_of(out)["BPD"]
    assert (float(row["value"]), row["scale_source"]) == (pytest.approx(102.0), "us-region")


def test_real_dicom_is_measured_by_its_own_region(shared_data, study, out):
    name = "US-YBR_FULL_422-EVRLE.dcm"
    shutil.copy(shared_data / "data" / "dicom" / name, study.folder)
    source = open_source(study.folder / name)
    region = next((r for r in source.calibration.usable_regions), None)
    if region is None:
        pytest.skip("the file states no usable region")
    study.store.remember_file(
        digest=source.digest,
        path=study.folder / name,
        width=source.width,
        height=source.height,
        frame_count=source.frame_count,
        format=source.format,
    )
    frame = source.frame(0).ref
    source.close()
    x, y = (region.x0 + region.x1) / 2, (region.y0 + region.y1) / 2
    study.label(frame, ((x - 20, y), (x + 20, y)), task="IVC")
    study.write("measurements", out)
    (row,) = rows_of(out).values()
    assert row["unit"] == "mm"
    assert float(row["value"]) == pytest.approx(40 * region.dx_mm)
    assert row["scale_source"] == "us-region"


# ---- corrections -----------------------------------------------------------------------------


def test_corrections_pair_what_the_model_said_with_what_holds(study, out):
    frame = study.picture("a.png")
    study.predict(frame)
    moved = Keypoint(403.0, 104.0)
    kept = tuple(Keypoint(x, y, origin=Origin.MODEL, confidence=0.9) for x, y in HEAD[1:])
    study.label(frame, (moved, *kept), model=MODEL, seconds=4.5)
    study.write("corrections", out)
    (item,) = data_of(out)
    assert item["model"] == {"name": "mini", "hash": "f" * 64}
    assert (item["before"][0]["x"], item["after"][0]["x"]) == (400.0, 403.0)
    assert (item["after"][0]["origin"], item["after"][1]["origin"]) == ("person", "model")
    assert item["moved_px"] == [5.0, 0.0, 0.0, 0.0]
    assert (item["seconds"], item["status"], item["rater"]) == (4.5, "edited", "r1")


def test_later_prediction_is_not_what_the_label_started_from(study, out):
    frame = study.picture("a.png")
    study.predict(frame)
    study.label(frame, model=MODEL)
    study.predict(frame, tuple((x + 50, y) for x, y in HEAD))
    study.write("corrections", out)
    assert data_of(out)[0]["before"][0]["x"] == 400.0


def test_label_placed_by_hand_alone_is_no_correction(study, out):
    frame = study.picture("a.png")
    study.predict(frame)
    study.label(frame, model=MODEL)
    study.label(study.picture("b.png"))
    report = study.write("corrections", out)
    assert report.skipped == ("study/images/b.png HC: it did not start from a model's points",)
