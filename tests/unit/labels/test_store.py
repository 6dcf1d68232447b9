"""What a label store promises: committed rows stay, exactly as they were."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sonichu_gui.domain.annotation import (
    Alternative,
    Annotation,
    Keypoint,
    ModelId,
    Origin,
    PointState,
    Status,
)
from sonichu_gui.domain.calibration import (
    Calibration,
    Scale,
    ScaleSource,
    Trust,
    given_scale,
    manual_scale,
)
from sonichu_gui.domain.frame import FrameRef
from sonichu_gui.labels.store import LabelStore, RevisionKind

FRAME = FrameRef("a" * 64)
MODEL = ModelId("mini", "f" * 64)
PLACED = Annotation("fetal_femur", (Keypoint(1.5, 2.25), Keypoint(30.0, 4.0)), Status.EDITED)
PROPOSED = Annotation(
    "fetal_femur",
    (
        Keypoint(
            1.0,
            2.0,
            origin=Origin.MODEL,
            confidence=0.9,
            covariance=(1.0, 0.1, 2.0),
            disagreement=0.7,
            alternatives=(Alternative(8.0, 9.5, 0.2), Alternative(3.0, 1.0, 0.1)),
        ),
        Keypoint(29.0, 4.0, origin=Origin.MODEL, confidence=0.8, covariance=(1.0, 0.1, 2.0)),
    ),
    Status.PROPOSED,
    MODEL,
)

number = st.floats(allow_nan=False, allow_infinity=False)
keypoint = st.builds(
    Keypoint,
    number,
    number,
    st.sampled_from(PointState),
    st.sampled_from(Origin),
    st.none() | number,
    st.none() | st.tuples(number, number, number),
)
annotation = st.builds(
    Annotation,
    st.sampled_from(["HC", "own task"]),
    st.lists(st.none() | keypoint, max_size=22).map(tuple),
    st.sampled_from(Status),
    st.none() | st.builds(ModelId, st.text(), st.text()),
    st.text(),
)
scale = st.builds(
    Scale,
    st.sampled_from(ScaleSource),
    st.none() | number,
    st.none() | number,
    st.sampled_from(Trust),
    st.text(),
    st.none() | st.integers(0, 9),
    st.text(),
    number,
)

# surrogates are no text; SQLite would refuse them and so would every file we write.
st.register_type_strategy(str, st.text(st.characters(exclude_categories=["Cs"])))


@pytest.fixture
def store(tmp_path):
    opened = LabelStore.open_for(tmp_path)
    yield opened
    opened.close()


def reopened(store):
    store.close()
    return LabelStore.open_for(store.folder, create=False)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(annotation)
def test_annotation_comes_back_exactly(store, annotation):
    frame = FrameRef("b" * 64, 3)
    written = store.append(frame, annotation, rater="r1", seconds=1.5)
    again = reopened(store)
    found = again.current(frame, annotation.task_id)
    again.close()
    assert found == written
    assert found.annotation == annotation


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scale)
def test_scale_comes_back_exactly(store, scale):
    store.save_scale(FRAME.digest, scale, author="r1")
    assert store.calibration_for(FRAME.digest, Calibration()).override == scale


def test_revision_tells_who_when_and_from_what(store):
    first = store.append(FRAME, PROPOSED, rater="r1")
    second = store.append(FRAME, PLACED, rater="r2", parent_id=first.id, seconds=2.5)
    assert (second.rater, second.parent_id, second.seconds) == ("r2", first.id, 2.5)
    assert second.created.tzinfo is UTC
    assert abs((datetime.now(UTC) - second.created).total_seconds()) < 60


def test_newest_annotation_holds(store):
    store.append(FRAME, PROPOSED, rater="r1")
    newest = store.append(FRAME, PLACED, rater="r2")
    assert store.current(FRAME, "fetal_femur") == newest


def test_each_rater_has_a_newest_annotation(store):
    own = store.append(FRAME, PLACED, rater="r1")
    store.append(FRAME, PROPOSED, rater="r2")
    assert store.current(FRAME, "fetal_femur", rater="r1") == own


def test_prediction_never_stands_in_for_an_annotation(store):
    edited = store.append(FRAME, PLACED, rater="r1")
    said = store.append(FRAME, PROPOSED, rater="r1", kind=RevisionKind.PREDICTION)
    assert store.current(FRAME, "fetal_femur") == edited
    assert store.latest_prediction(FRAME, "fetal_femur") == said


def test_history_keeps_every_revision(store):
    revisions = [
        store.append(FRAME, PROPOSED, rater="r1", kind=RevisionKind.PREDICTION),
        store.append(FRAME, PROPOSED, rater="r1"),
        store.append(FRAME, PLACED, rater="r1"),
    ]
    assert store.history(FRAME, "fetal_femur") == revisions


def test_frames_and_tasks_are_apart(store):
    store.append(FRAME, PLACED, rater="r1")
    assert store.current(FrameRef(FRAME.digest, 1), "fetal_femur") is None
    assert store.current(FRAME, "HC") is None


@pytest.mark.parametrize("verb", ["DELETE FROM revisions", "UPDATE revisions SET rater = 'x'"])
def test_revisions_cannot_be_changed_even_by_sql(store, verb):
    import sqlite3

    store.append(FRAME, PLACED, rater="r1")
    other = sqlite3.connect(store.path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute(verb)
    other.close()


def test_the_frames_of_one_file_and_task_are_told_as_in_all_statuses(store):
    cine, other = "c" * 64, Annotation("IVC", PLACED.keypoints, Status.EDITED)
    for index in (0, 3, 4):
        store.append(FrameRef(cine, index), PROPOSED, rater="r", kind=RevisionKind.PREDICTION)
    store.append(FrameRef(cine, 3), PLACED, rater="r")
    store.append(FrameRef(cine, 9), other, rater="r")
    store.append(FRAME, PLACED, rater="r")
    found = store.statuses_of(cine, "fetal_femur")
    assert found == {0: Status.PROPOSED, 3: Status.EDITED, 4: Status.PROPOSED}
    of_all = {i: s for (i, task), s in store.statuses()[cine].items() if task == "fetal_femur"}
    assert found == of_all


def test_statuses_tell_annotated_and_merely_predicted_frames(store):
    other = FrameRef("b" * 64, 7)
    store.append(FRAME, PROPOSED, rater="r1", kind=RevisionKind.PREDICTION)
    store.append(FRAME, PLACED, rater="r1")
    store.append(other, PROPOSED, rater="r1", kind=RevisionKind.PREDICTION)
    assert store.statuses() == {
        FRAME.digest: {(0, "fetal_femur"): Status.EDITED},
        other.digest: {(7, "fetal_femur"): Status.PROPOSED},
    }


def test_batch_is_written_whole_or_not_at_all(store):
    def interrupted():
        with store.batch():
            store.append(FRAME, PLACED, rater="r1")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert store.current(FRAME, "fetal_femur") is None


def test_any_thread_may_write(store):
    threads = [
        threading.Thread(target=store.append, args=(FRAME, PLACED), kwargs={"rater": f"r{n}"})
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {revision.rater for revision in store.history(FRAME, "fetal_femur")} == {
        "r0",
        "r1",
        "r2",
        "r3",
    }


def test_two_programs_may_write_in_turn(store):
    other = LabelStore.open_for(store.folder)
    store.append(FRAME, PLACED, rater="r1")
    other.append(FRAME, PLACED, rater="r2")
    other.close()
    assert [r.rater for r in store.history(FRAME, "fetal_femur")] == ["r1", "r2"]


def test_nan_from_a_model_does_not_keep_points_from_being_stored(store):
    doubtful = Annotation("HC", (Keypoint(1.0, 2.0, confidence=float("nan")),))
    store.append(FRAME, doubtful, rater="r1")
    assert store.current(FRAME, "HC").annotation.keypoints == (Keypoint(1.0, 2.0),)


# ---- files ---------------------------------------------------------------------------------


def remember(store, path, digest):
    store.remember_file(digest=digest, path=path, width=8, height=6, frame_count=1, format="PNG")


def test_unchanged_file_is_known_without_reading_it(store, tmp_path):
    image = tmp_path / "Bild ä.png"
    image.write_bytes(b"pixels")
    remember(store, image, "d1")
    again = reopened(store)
    assert again.known_digest(image) == "d1"
    again.close()


def test_changed_file_is_not_known(store, tmp_path):
    image = tmp_path / "a.png"
    image.write_bytes(b"pixels")
    remember(store, image, "d1")
    image.write_bytes(b"others")
    os.utime(image, ns=(0, 1))
    assert store.known_digest(image) is None


def test_renamed_file_keeps_its_labels(store, tmp_path):
    image = tmp_path / "a.png"
    image.write_bytes(b"pixels")
    remember(store, image, FRAME.digest)
    store.append(FRAME, PLACED, rater="r1")
    remember(store, image.rename(tmp_path / "b.png"), FRAME.digest)
    (row,) = store.rows()
    assert row.file.path == "b.png"


def test_labels_do_not_pass_to_another_file_of_the_same_name(store, tmp_path):
    image = tmp_path / "a.png"
    image.write_bytes(b"pixels")
    remember(store, image, FRAME.digest)
    store.append(FRAME, PLACED, rater="r1")
    image.write_bytes(b"somebody else's pixels")
    remember(store, image, "d2")
    (row,) = store.rows()
    assert row.file is None


def test_listed_files_have_the_status_of_their_labels(store, tmp_path):
    labelled, other = tmp_path / "a.png", tmp_path / "b.png"
    labelled.write_bytes(b"pixels")
    other.write_bytes(b"others")
    remember(store, labelled, FRAME.digest)
    remember(store, other, "d2")
    store.append(FRAME, PLACED, rater="r1")
    assert store.statuses_by_path() == {labelled: {"fetal_femur": Status.EDITED}}


def test_file_that_has_changed_is_not_listed_as_labelled(store, tmp_path):
    image = tmp_path / "a.png"
    image.write_bytes(b"pixels")
    remember(store, image, FRAME.digest)
    store.append(FRAME, PLACED, rater="r1")
    image.write_bytes(b"somebody else's pixels")
    assert store.statuses_by_path() == {}


def test_seeing_a_file_again_writes_nothing(store, tmp_path):
    image = tmp_path / "a.png"
    image.write_bytes(b"pixels")
    remember(store, image, "d1")
    before = store.path.with_name(store.path.name + "-wal").stat().st_size
    remember(store, image, "d1")
    assert store.path.with_name(store.path.name + "-wal").stat().st_size == before


# ---- rows ----------------------------------------------------------------------------------


def test_rows_are_filtered_by_task_and_status(store):
    store.append(FRAME, PLACED, rater="r1")
    store.append(FRAME, Annotation("HC", (None,) * 4, Status.FLAGGED), rater="r1")
    assert [r.revision.annotation.task_id for r in store.rows(task_id="HC")] == ["HC"]
    found = store.rows(statuses=[Status.EDITED])
    assert [r.revision.annotation.task_id for r in found] == ["fetal_femur"]


def test_row_of_a_cleared_annotation_does_not_fall_back_to_the_prediction(store):
    store.append(FRAME, PROPOSED, rater="r1", kind=RevisionKind.PREDICTION)
    store.append(FRAME, Annotation("fetal_femur", (None, None)), rater="r1")
    (row,) = store.rows()
    assert row.revision.annotation.is_empty


def test_extras_come_back_with_their_row(store):
    store.append(FRAME, PLACED, rater="r1")
    store.save_extras(FRAME, "fetal_femur", {"split": "train", "subject_id": "7"})
    store.save_extras(FRAME, "fetal_femur", {"split": "test"})
    (row,) = store.rows()
    assert row.extras == {"split": "test", "subject_id": "7"}


# ---- scales --------------------------------------------------------------------------------


def test_newest_scale_holds_and_can_be_taken_back(store):
    drawn = manual_scale(start=(0, 0), end=(100, 0), length_mm=10, author="r1")
    stated = given_scale(dx_mm=0.2, dy_mm=0.2, source=ScaleSource.LABEL_FILE, reason="HC.csv")
    store.save_scale("d1", drawn, author="r1")
    store.save_scale("d1", stated, author="r1")
    assert store.calibration_for("d1", Calibration()).override == stated
    store.save_scale("d1", None, author="r1")
    assert store.calibration_for("d1", Calibration()).override is None


def test_confirmation_counts_until_it_is_taken_back(store):
    doubtful = Scale(ScaleSource.PIXEL_SPACING, 0.1, 0.1, Trust.DOUBTFUL, key="spacing")
    base = Calibration(spacing=doubtful)
    store.confirm_scale("d1", "spacing", author="r1")
    assert store.calibration_for("d1", base).scale_for(()).reason == "confirmed by r1"
    store.confirm_scale("d1", "spacing", author="r1", confirmed=False)
    assert not store.calibration_for("d1", base).scale_for(()).in_mm


def test_scale_of_one_file_is_not_anothers(store):
    store.save_scale("d1", None, author="r1")
    base = Calibration()
    assert store.calibration_for("d2", base) is base
