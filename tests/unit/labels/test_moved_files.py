"""A frame is known by its file's bytes: wherever the file goes, its labels are found."""

from __future__ import annotations

import os
import shutil
import sqlite3
from dataclasses import replace

import pytest

from sonichu_gui import paths
from sonichu_gui.domain.annotation import Annotation, Keypoint, Status
from sonichu_gui.domain.calibration import Calibration, ScaleSource, given_scale
from sonichu_gui.domain.frame import FrameRef
from sonichu_gui.errors import StoreError
from sonichu_gui.imaging.sources import digest_of, open_source
from sonichu_gui.labels import whereabouts
from sonichu_gui.labels.moved import bring_along
from sonichu_gui.labels.store import LabelStore, RevisionKind
from tests.unit.labels.conftest import draw

TASK = "fetal_femur"
PLACED = Annotation(TASK, (Keypoint(1.5, 2.25), Keypoint(30.0, 4.0)), Status.EDITED)
LATER = replace(PLACED, keypoints=(Keypoint(9.0, 9.0), Keypoint(31.0, 5.0)))
SCALE = given_scale(dx_mm=0.2, dy_mm=0.2, source=ScaleSource.LABEL_FILE, reason="HC.csv")


@pytest.fixture
def folders(tmp_path):
    """Two folders of images; the first holds a cine of three frames."""
    for name in ("inbox", "done"):
        (tmp_path / name).mkdir()
    draw(tmp_path / "inbox/loop.tif", pages=3)
    return tmp_path / "inbox", tmp_path / "done"


def label(path, annotation=PLACED, *, index=1):
    """What a person's edit writes."""
    source = open_source(path)
    store = LabelStore.open_for(path.parent)
    store.remember_file(
        digest=source.digest,
        path=path,
        width=source.width,
        height=source.height,
        frame_count=source.frame_count,
        format=source.format,
    )
    revision = store.append(FrameRef(source.digest, index), annotation, rater="r1", seconds=2.5)
    store.close()
    return revision


def looked_at(path):
    """What opening a file does before its labels are shown: the labels, by frame."""
    source = open_source(path)
    opened = []

    def store_here():
        opened.append(LabelStore.open_for(path.parent))
        return opened[0]

    bring_along(source.digest, path, store_here, digest_of)
    store = opened[0] if opened else LabelStore.open_for(path.parent, create=False)
    if store is None:
        return {}
    frames = (FrameRef(source.digest, index) for index in range(source.frame_count))
    found = {frame.index: store.current(frame, TASK) for frame in frames}
    store.close()
    return {index: revision for index, revision in found.items() if revision}


def points(found):
    return {index: revision.annotation for index, revision in found.items()}


def rows(folder):
    store = LabelStore.open_for(folder)
    found = [(row.file.path if row.file else None, row.revision.annotation) for row in store.rows()]
    store.close()
    return found


def test_renamed_file_finds_its_labels(folders):
    inbox, _ = folders
    label(inbox / "loop.tif")
    assert points(looked_at((inbox / "loop.tif").rename(inbox / "Ä b.dat"))) == {1: PLACED}


def test_file_moved_to_another_folder_finds_its_labels(folders):
    inbox, done = folders
    written = label(inbox / "loop.tif")
    found = looked_at((inbox / "loop.tif").rename(done / "other name.tif"))
    assert points(found) == {1: PLACED}
    assert (found[1].rater, found[1].created, found[1].seconds) == ("r1", written.created, 2.5)


def test_renamed_folder_keeps_its_labels(folders, tmp_path):
    inbox, _ = folders
    label(inbox / "loop.tif")
    renamed = inbox.rename(tmp_path / "2021")
    assert points(looked_at(renamed / "loop.tif")) == {1: PLACED}


def test_labels_of_a_folder_of_its_own_place_follow_too(folders, tmp_path):
    # As for a read-only disc: the store lies in the user's data folder.
    inbox, done = folders
    label(inbox / "loop.tif")
    store = LabelStore.open_for(inbox)
    aside = paths.user_data() / "stores" / "x.sqlite"
    aside.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(store.path, aside)
    store.close()
    elsewhere = LabelStore(aside, folder=inbox)
    elsewhere.close()
    (inbox / "loop.tif").rename(done / "loop.tif")
    assert points(looked_at(done / "loop.tif")) == {1: PLACED}


def test_whole_history_scales_and_columns_come_along(folders):
    inbox, done = folders
    path = inbox / "loop.tif"
    first = label(path)
    frame = first.frame
    store = LabelStore.open_for(inbox)
    store.append(frame, LATER, rater="r2", parent_id=first.id)
    store.append(frame, PLACED, rater="model", kind=RevisionKind.PREDICTION)
    store.save_scale(frame.digest, SCALE, author="r1")
    store.save_extras(frame, TASK, {"split": "train"})
    before = store.history(frame, TASK)
    store.close()
    other = LabelStore.open_for(done)
    other.append(FrameRef("f" * 64), PLACED, rater="r9")  # so that numbers are others there
    other.close()
    looked_at(path.rename(done / "loop.tif"))
    store = LabelStore.open_for(done)
    after = store.history(frame, TASK)
    parents = [None, after[0].id, None]
    assert after == [
        replace(revision, id=new.id, parent_id=parent)
        for revision, new, parent in zip(before, after, parents, strict=True)
    ]
    assert store.calibration_for(frame.digest, Calibration()).override == SCALE
    (extras,) = [row.extras for row in store.rows() if row.revision.frame == frame]
    assert extras == {"split": "train"}
    store.close()


def test_labels_are_told_once_where_the_file_is_now(folders):
    inbox, done = folders
    label(inbox / "loop.tif")
    moved = (inbox / "loop.tif").rename(done / "loop.tif")
    looked_at(moved)
    label(moved, LATER)
    assert rows(inbox) == []
    assert rows(done) == [("loop.tif", LATER)]


def test_file_that_goes_to_and_fro_has_its_newest_label(folders):
    inbox, done = folders
    path = inbox / "loop.tif"
    label(path)
    for annotation in (LATER, PLACED, LATER):
        there = done if path.parent == inbox else inbox
        path = path.rename(there / "loop.tif")
        looked_at(path)
        label(path, annotation)
        assert points(looked_at(path)) == {1: annotation}
    assert rows(inbox) == []
    assert rows(done) == [("loop.tif", LATER)]


def test_looking_again_brings_nothing_twice(folders):
    inbox, done = folders
    label(inbox / "loop.tif")
    moved = (inbox / "loop.tif").rename(done / "loop.tif")
    revisions = [looked_at(moved)[1].id for _ in range(3)]
    assert len(set(revisions)) == 1
    store = LabelStore.open_for(done)
    assert len(store.history(FrameRef(open_source(moved).digest, 1), TASK)) == 1
    store.close()


def test_labels_placed_after_the_move_are_not_overruled_by_older_ones(folders):
    inbox, done = folders
    label(inbox / "loop.tif")
    moved = (inbox / "loop.tif").rename(done / "loop.tif")
    label(moved, LATER)
    assert points(looked_at(moved)) == {1: LATER}


def test_prediction_made_after_the_move_hides_no_label_of_a_person(folders):
    inbox, done = folders
    placed = label(inbox / "loop.tif")
    moved = (inbox / "loop.tif").rename(done / "loop.tif")
    store = LabelStore.open_for(done)  # as `sonichu predict` does, which looks for no labels
    store.append(placed.frame, LATER, rater="model", kind=RevisionKind.PREDICTION)
    store.close()
    assert points(looked_at(moved)) == {1: PLACED}
    assert rows(done) == [("loop.tif", PLACED)]


def test_file_with_a_scale_alone_keeps_it(folders):
    inbox, done = folders
    store = LabelStore.open_for(inbox)
    digest = open_source(inbox / "loop.tif").digest
    store.save_scale(digest, SCALE, author="r1")
    store.close()
    looked_at((inbox / "loop.tif").rename(done / "loop.tif"))
    store = LabelStore.open_for(done)
    assert store.calibration_for(digest, Calibration()).override == SCALE
    store.close()


def test_labels_that_came_along_are_told_with_their_file_before_any_edit(folders):
    inbox, done = folders
    label(inbox / "loop.tif")
    looked_at((inbox / "loop.tif").rename(done / "new.tif"))
    assert rows(done) == [("new.tif", PLACED)]


def test_labels_stay_where_one_of_two_copies_stays(folders):
    inbox, done = folders
    label(inbox / "loop.tif")
    shutil.copy2(inbox / "loop.tif", inbox / "again.tif")
    label(inbox / "again.tif", LATER)
    assert looked_at((inbox / "again.tif").rename(done / "again.tif")) == {}
    assert len(rows(inbox)) == 1


def test_copy_of_a_file_that_was_touched_is_a_copy(folders):
    inbox, done = folders
    label(inbox / "loop.tif")
    shutil.copy(inbox / "loop.tif", done / "copy.tif")
    os.utime(inbox / "loop.tif", ns=(1, 1))
    assert looked_at(done / "copy.tif") == {}
    assert rows(inbox) == [("loop.tif", PLACED)]


def test_file_whose_place_another_one_took_was_moved(folders):
    inbox, done = folders
    label(inbox / "loop.tif")
    moved = (inbox / "loop.tif").rename(done / "loop.tif")
    draw(inbox / "loop.tif", shade=99, pages=3)
    assert points(looked_at(moved)) == {1: PLACED}


def test_looking_again_writes_nothing_where_the_file_was(folders):
    inbox, done = folders
    label(inbox / "loop.tif")
    moved = (inbox / "loop.tif").rename(done / "loop.tif")
    counts = []
    for _ in range(3):
        looked_at(moved)
        with sqlite3.connect(inbox / "sonichu-labels.sqlite") as connection:
            counts += connection.execute("SELECT count(*) FROM files").fetchone()
    assert counts == [2, 2, 2]


def test_store_that_took_the_place_of_another_gives_nothing_and_makes_nothing(folders, tmp_path):
    inbox, done = folders
    label(inbox / "loop.tif")
    (inbox / "loop.tif").rename(done / "loop.tif")
    inbox.rename(tmp_path / "old")
    inbox.mkdir()
    LabelStore.open_for(inbox).close()
    assert looked_at(done / "loop.tif") == {}
    assert [path.name for path in done.iterdir()] == ["loop.tif"]


def test_copy_of_a_store_keeps_telling_its_labels(folders, tmp_path):
    inbox, _ = folders
    label(inbox / "loop.tif")
    for name in ("backup/sonichu-labels.sqlite", "inbox/backup.sqlite"):
        (tmp_path / "backup").mkdir(exist_ok=True)
        shutil.copy(inbox / "sonichu-labels.sqlite", tmp_path / name)
        LabelStore.open_file(tmp_path / name).close()  # as to export it
    looked_at(inbox / "loop.tif")
    assert len(rows(tmp_path / "backup")) == 1


def test_store_under_a_name_of_its_own_is_asked_only_by_its_name(folders, tmp_path):
    inbox, done = folders
    label(inbox / "loop.tif")
    backup = inbox / "backup.sqlite"
    shutil.copy(inbox / "sonichu-labels.sqlite", backup)
    LabelStore.open_file(backup).close()
    looked_at((inbox / "loop.tif").rename(done / "loop.tif"))
    store = LabelStore.open_file(backup)
    assert len([*store.rows()]) == 1
    store.close()


def test_damaged_store_keeps_no_other_labels_from_coming(folders, tmp_path):
    inbox, done = folders
    source = open_source(inbox / "loop.tif")
    for name in ("a", "z"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "sonichu-labels.sqlite").write_bytes(b"damaged")
        whereabouts.note(tmp_path / name / "sonichu-labels.sqlite", [source.digest])
    label(inbox / "loop.tif")
    moved = (inbox / "loop.tif").rename(done / "loop.tif")
    with pytest.raises(StoreError, match="is not a label store"):
        looked_at(moved)
    store = LabelStore.open_for(done)
    assert store.current(FrameRef(source.digest, 1), TASK).annotation == PLACED
    store.close()


def test_a_file_at_home_is_looked_at_without_waiting_for_who_writes_there(folders, monkeypatch):
    inbox, _ = folders
    label(inbox / "loop.tif")
    monkeypatch.setattr(LabelStore, "open_file", None)
    digest = open_source(inbox / "loop.tif").digest
    assert bring_along(digest, inbox / "loop.tif", lambda: None, digest_of) == 0


def test_move_that_was_cut_off_half_way_is_made_good(folders, monkeypatch):
    inbox, done = folders
    label(inbox / "loop.tif")
    moved = (inbox / "loop.tif").rename(done / "loop.tif")

    def fail(*_):
        raise StoreError("The disk does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(LabelStore, "note_moved", fail)
        with pytest.raises(StoreError):
            looked_at(moved)
    looked_at(moved)
    assert (rows(inbox), rows(done)) == ([], [("loop.tif", PLACED)])


def test_list_that_is_busy_is_written_with_the_next_label(folders):
    inbox, done = folders
    store = LabelStore.open_for(inbox)
    frame = FrameRef(open_source(inbox / "loop.tif").digest, 1)
    other = sqlite3.connect(paths.user_data() / "whereabouts.sqlite")
    other.execute("BEGIN EXCLUSIVE")
    store.append(frame, LATER, rater="r1")
    other.close()
    store.append(frame, PLACED, rater="r1")
    store.close()
    assert points(looked_at((inbox / "loop.tif").rename(done / "loop.tif"))) == {1: PLACED}


@pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")
def test_list_is_for_its_owner_alone(folders):
    inbox, _ = folders
    label(inbox / "loop.tif")
    assert (paths.user_data() / "whereabouts.sqlite").stat().st_mode & 0o077 == 0


def test_copy_begins_without_labels_and_leaves_nothing_beside_it(folders):
    inbox, done = folders
    label(inbox / "loop.tif")
    shutil.copy2(inbox / "loop.tif", done / "copy.tif")
    assert looked_at(done / "copy.tif") == {}
    assert [path.name for path in done.iterdir()] == ["copy.tif"]
    assert len(rows(inbox)) == 1


def test_unlabelled_file_leaves_nothing_beside_it(folders):
    inbox, _ = folders
    assert looked_at(inbox / "loop.tif") == {}
    assert [path.name for path in inbox.iterdir()] == ["loop.tif"]


def test_store_that_is_gone_is_passed_over(folders):
    inbox, done = folders
    label(inbox / "loop.tif")
    moved = (inbox / "loop.tif").rename(done / "loop.tif")
    shutil.rmtree(inbox)
    assert looked_at(moved) == {}


def test_store_of_before_is_known_once_it_is_opened(folders):
    inbox, done = folders
    label(inbox / "loop.tif")
    (paths.user_data() / "whereabouts.sqlite").unlink()
    LabelStore.open_for(inbox).close()
    assert points(looked_at((inbox / "loop.tif").rename(done / "loop.tif"))) == {1: PLACED}


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
def test_damaged_list_keeps_no_label_from_being_written_and_is_made_anew(folders, content):
    inbox, done = folders
    listed = paths.user_data() / "whereabouts.sqlite"
    listed.parent.mkdir(parents=True, exist_ok=True)
    listed.write_bytes(content)
    label(inbox / "loop.tif")
    assert points(looked_at(inbox / "loop.tif")) == {1: PLACED}
    assert points(looked_at((inbox / "loop.tif").rename(done / "loop.tif"))) == {1: PLACED}


def test_list_holds_no_name_of_a_file(folders):
    inbox, _ = folders
    path = (inbox / "loop.tif").rename(inbox / "Unverwechselbar.tif")
    label(path)
    assert whereabouts.stores_of(open_source(path).digest)
    stored = b"".join(file.read_bytes() for file in paths.user_data().glob("whereabouts*"))
    assert b"Unverwechselbar" not in stored
