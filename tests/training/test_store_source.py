"""The app's own labels as training rows: from the store itself, and from its corrections export."""

from __future__ import annotations

import shutil

import cv2
import numpy as np
import pytest

from sonichu_gui.cli import main
from sonichu_gui.domain.annotation import Annotation, Keypoint, ModelId, Origin, PointState, Status
from sonichu_gui.domain.calibration import manual_scale
from sonichu_gui.domain.frame import FrameRef
from sonichu_gui.errors import ImportRejected
from sonichu_gui.imaging.sources import open_source
from sonichu_gui.labels.revision import RevisionKind
from sonichu_gui.labels.store import LabelStore
from sonichu_gui.training.data.frames import read_frame
from sonichu_gui.training.data.sources import SourceConfig, read_source

MODEL = ModelId("mini", "f" * 64)
PLACED = ((10.0, 20.5), (50.0, 21.25))
CORRECTED = ((12.0, 22.5), (50.0, 21.25))


class Labelled:
    """A folder of pictures whose labels are in its store."""

    def __init__(self, folder):
        folder.mkdir()
        self.folder = folder
        self.store = LabelStore.open_for(folder)

    def picture(self, name):
        shade = 20 + len(list(self.folder.iterdir()))
        pixels = np.full((48, 64), shade, np.uint8)
        (self.folder / name).write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
        source = open_source(self.folder / name)
        self.store.remember_file(
            digest=source.digest,
            path=self.folder / name,
            width=source.width,
            height=source.height,
            frame_count=source.frame_count,
            format=source.format,
        )
        return FrameRef(source.digest)

    def predict(self, frame, points=PLACED):
        keypoints = tuple(Keypoint(x, y, origin=Origin.MODEL, confidence=0.9) for x, y in points)
        annotation = Annotation("IVC", keypoints, Status.PROPOSED, MODEL)
        self.store.append(frame, annotation, rater="mini", kind=RevisionKind.PREDICTION)

    def label(self, frame, points=CORRECTED, *, status=Status.EDITED, rater="r1", model=MODEL):
        keypoints = tuple(
            point if point is None or isinstance(point, Keypoint) else Keypoint(*point)
            for point in points
        )
        return self.store.append(frame, Annotation("IVC", keypoints, status, model), rater=rater)

    def rows(self, **options):
        return read_source(SourceConfig("store", self.folder.name, **options), self.folder.parent)


@pytest.fixture
def study(tmp_path):
    made = Labelled(tmp_path / "images")
    yield made
    made.store.close()


def test_corrected_points_become_a_row(study):
    frame = study.picture("a.png")
    study.predict(frame)
    revision = study.label(frame)
    (row,) = study.rows().rows
    np.testing.assert_array_equal(row.points, CORRECTED)
    assert (row.image_path, row.task_id, row.size) == ("a.png", "IVC", (64, 48))
    assert (row.origin, row.extra["rater"], row.line) == ("correction", "r1", revision.id)
    assert read_frame(row).shape == (48, 64)


def test_points_placed_by_hand_alone_are_a_label(study):
    study.label(study.picture("a.png"), model=None, status=Status.ACCEPTED)
    assert study.rows().rows[0].origin == "label"


def test_a_prediction_is_never_a_label(study):
    frame, other = study.picture("a.png"), study.picture("b.png")
    study.label(frame)
    study.predict(frame, ((1.0, 1.0), (2.0, 2.0)))
    study.predict(other)
    found = study.rows()
    np.testing.assert_array_equal([row.points for row in found.rows], [CORRECTED])
    assert found.broken == ()


def test_the_latest_word_of_a_person_wins(study):
    frame = study.picture("a.png")
    study.label(frame, PLACED)
    study.label(frame, CORRECTED, rater="r2")
    np.testing.assert_array_equal(study.rows().rows[0].points, CORRECTED)


def test_one_rater_can_be_asked_for(study):
    frame, other = study.picture("a.png"), study.picture("b.png")
    study.label(frame, PLACED, rater="r1")
    study.label(frame, CORRECTED, rater="r2")
    study.label(other, CORRECTED, rater="r2")
    (row,) = study.rows(rater="r1").rows
    np.testing.assert_array_equal(row.points, PLACED)


def test_flagged_and_excluded_labels_stay_out_unless_asked_for(study):
    study.label(study.picture("a.png"))
    study.label(study.picture("b.png"), status=Status.FLAGGED)
    study.label(study.picture("c.png"), status=Status.EXCLUDED)
    assert [row.image_path for row in study.rows().rows] == ["a.png"]
    asked = study.rows(status="edited, flagged").rows
    assert [row.image_path for row in asked] == ["a.png", "b.png"]


@pytest.mark.parametrize("status", ["proposed", "todo", "good"])
def test_what_is_no_label_cannot_be_asked_for(study, status):
    study.label(study.picture("a.png"))
    with pytest.raises(ImportRejected, match=status):
        study.rows(status=status)


@pytest.mark.parametrize(
    "missing", [None, Keypoint(3.0, 4.0, PointState.ABSENT)], ids=["unplaced", "absent"]
)
def test_an_unfinished_label_is_told(study, missing):
    study.label(study.picture("a.png"))
    revision = study.label(study.picture("b.png"), (PLACED[0], missing))
    found = study.rows()
    assert len(found.rows) == 1
    (broken,) = found.broken
    assert (broken.file, broken.line) == (study.store.path, revision.id)
    assert "b.png" in broken.reason
    assert "is not placed" in broken.reason


def test_a_picture_that_was_replaced_is_told(study):
    study.label(study.picture("a.png"))
    study.label(study.picture("b.png"))
    shutil.copy(study.folder / "a.png", study.folder / "b.png")
    found = study.rows()
    assert [row.image_path for row in found.rows] == ["a.png"]
    assert "another file than the one that was labelled" in found.broken[0].reason


def test_a_picture_that_is_gone_is_told(study):
    study.label(study.picture("a.png"))
    study.label(study.picture("b.png"))
    (study.folder / "b.png").unlink()
    assert len(study.rows().broken) == 1


def test_a_copied_folder_is_read_though_its_files_are_newer(study, tmp_path):
    study.label(study.picture("a.png"))
    study.store.close()
    (tmp_path / "copy").mkdir()
    for path in study.folder.iterdir():  # not copytree: times of change are those of the copy
        (tmp_path / "copy" / path.name).write_bytes(path.read_bytes())
    found = read_source(SourceConfig("store", "copy"), tmp_path)
    assert found.rows[0].images == tmp_path / "copy"


def test_the_scale_that_a_person_drew_comes_along(study):
    frame = study.picture("a.png")
    study.label(frame)
    scale = manual_scale(start=(0, 0), end=(50, 0), length_mm=10, author="r1")
    study.store.save_scale(frame.digest, scale, author="r1")
    assert study.rows().rows[0].mm_per_px == pytest.approx(0.2)


def test_a_subject_comes_along_but_a_published_value_not_beside_moved_points(study):
    frame = study.picture("a.png")
    study.label(frame)
    study.store.save_extras(frame, "IVC", {"subject_id": "7", "ivc_mm": "20"})
    (row,) = study.rows().rows
    assert row.subject_id == "7"
    assert "ivc_mm" not in row.extra


def test_folders_below_are_read_and_a_store_can_be_named_itself(study):
    study.label(study.picture("a.png"))
    below = Labelled(study.folder / "deeper")
    below.label(below.picture("b.png"))
    below.store.close()
    assert [row.image_path for row in study.rows().rows] == ["a.png", "b.png"]
    itself = SourceConfig("store", str(below.store.path))
    assert [row.image_path for row in read_source(itself, study.folder).rows] == ["b.png"]


def test_a_folder_without_a_store_is_refused(tmp_path):
    (tmp_path / "images").mkdir()
    with pytest.raises(ImportRejected, match="no label store"):
        read_source(SourceConfig("store", "images"), tmp_path)


# ---- the corrections export ------------------------------------------------------------------


def test_exported_corrections_give_the_same_rows_as_the_store(study, tmp_path):
    frame = study.picture("a.png")
    study.predict(frame)
    study.label(frame)
    study.store.save_extras(frame, "IVC", {"subject_id": "7"})
    scale = manual_scale(start=(0, 0), end=(50, 0), length_mm=10, author="r1")
    study.store.save_scale(frame.digest, scale, author="r1")
    study.label(study.picture("b.png"), model=None)  # by hand alone: no correction
    out = tmp_path / "corrections.json"
    assert main(["export", str(study.folder), "-o", str(out), "--format", "corrections"]) == 0
    (read_back,) = read_source(SourceConfig("corrections", out.name), tmp_path).rows
    stored = study.rows().rows[0]
    np.testing.assert_array_equal(read_back.points, stored.points)
    for name in ("task_id", "size", "mm_per_px", "subject_id", "origin"):
        assert getattr(read_back, name) == getattr(stored, name), name
    np.testing.assert_array_equal(read_frame(read_back), read_frame(stored))
