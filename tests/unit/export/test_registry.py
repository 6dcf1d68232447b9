"""What holds for every format: which labels leave, how frames are named, whole files or none."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat

import pytest

from sonichu_gui.domain.annotation import Annotation, Status
from sonichu_gui.errors import ExportError
from sonichu_gui.export.registry import FORMATS, write
from sonichu_gui.labels.place import StoresBelow
from sonichu_gui.labels.store import STORE_NAME
from sonichu_gui.tasks import load_tasks


def image_names(out):
    return [image["file_name"] for image in json.loads(out.read_text())["images"]]


def test_what_a_person_stands_for_leaves_by_default(study, tmp_path):
    for number, status in enumerate(Status):
        study.label(study.picture(f"{number}.png"), status=status)
    report = study.write("coco", tmp_path / "out.json")
    left = {a["status"] for a in json.loads((tmp_path / "out.json").read_text())["annotations"]}
    assert (report.count, left) == (2, {"accepted", "edited"})


def test_other_statuses_leave_when_asked_for(study, tmp_path):
    study.label(study.picture("a.png"), status=Status.FLAGGED)
    report = study.write("coco", tmp_path / "out.json", statuses=[Status.FLAGGED])
    assert report.count == 1


def test_proposal_nobody_looked_at_leaves_when_asked_for(study, tmp_path):
    study.predict(study.picture("a.png"))
    report = study.write("csv", tmp_path / "out.csv", statuses=[Status.PROPOSED])
    assert report.count == 1


def test_only_the_asked_task_leaves(study, tmp_path):
    frame = study.picture("a.png")
    study.label(frame)
    study.label(frame, ((1, 2), (3, 4)), task="IVC")
    assert study.write("coco", tmp_path / "out.json", task_id="IVC").count == 1


def test_frame_below_the_output_is_named_from_there(study):
    study.label(study.picture("a.png"))
    study.write("coco", study.folder.parent / "out.json")
    assert image_names(study.folder.parent / "out.json") == ["images/a.png"]


def test_frame_elsewhere_is_named_from_its_folder(study, tmp_path):
    study.label(study.picture("a.png"))
    (tmp_path / "elsewhere").mkdir()
    study.write("coco", tmp_path / "elsewhere" / "out.json")
    assert image_names(tmp_path / "elsewhere" / "out.json") == ["a.png"]


def test_frame_of_a_cine_is_named_by_its_index(study, tmp_path):
    frame = study.picture("loop.tif", pages=3)
    study.label(type(frame)(frame.digest, 2))
    (tmp_path / "elsewhere").mkdir()
    study.write("coco", tmp_path / "elsewhere" / "out.json")
    assert image_names(tmp_path / "elsewhere" / "out.json") == ["loop.tif#2"]


def test_folder_of_folders_leaves_as_one_file(study, tmp_path):
    from sonichu_gui.export.registry import write
    from sonichu_gui.tasks import load_tasks

    study.label(study.picture("a.png"))
    shutil.copytree(study.folder, study.folder.parent / "more")
    place = StoresBelow(study.folder.parent)
    out = tmp_path / "elsewhere.json"
    report = write("coco", place, out, tasks=load_tasks())
    place.close()
    assert report.count == 2
    assert image_names(out) == ["study/images/a.png", "study/more/a.png"]


# ---- left out --------------------------------------------------------------------------------


def test_label_of_a_file_that_was_replaced_is_left_out(study, tmp_path):
    study.label(study.picture("a.png"))
    study.label(study.picture("b.png"))
    study.picture("a.png")
    report = study.write("csv", tmp_path / "out.csv")
    assert report.count == 1
    assert "the file is not where it was" in report.skipped[0]


def test_label_of_a_task_that_is_gone_is_left_out(study, tmp_path):
    frame = study.picture("a.png")
    study.label(frame)
    study.label(frame, ((1, 2),), task="own task")
    report = study.write("csv", tmp_path / "out.csv")
    assert report.skipped == ("study/images/a.png: there is no task own task here",)


def test_label_with_another_number_of_points_is_left_out(study, tmp_path):
    frame = study.picture("a.png")
    study.label(frame)
    study.label(frame, ((1, 2),), task="IVC")
    report = study.write("csv", tmp_path / "out.csv")
    assert report.skipped == ("study/images/a.png IVC: it has 1 points, the task has 2",)


def test_label_without_points_is_left_out(study, tmp_path):
    study.label(study.picture("a.png"))
    study.label(study.picture("b.png"), (None,) * 4)
    report = study.write("csv", tmp_path / "out.csv")
    assert report.skipped == ("study/images/b.png HC: no point is placed",)


@pytest.mark.parametrize("format_name", FORMATS)
def test_nothing_to_write_says_what_there_is_and_leaves_an_older_file(study, tmp_path, format_name):
    study.store.append(study.picture("a.png"), Annotation("HC", (None,) * 4), rater="r1")
    out = tmp_path / "out"
    out.write_text("older")
    with pytest.raises(ExportError) as refusal:
        study.write(format_name, out)
    assert any(
        words in refusal.value.message
        for words in ("1 todo", "no point is placed", "no model has looked at it")
    )
    assert out.read_text() == "older"


# ---- the file --------------------------------------------------------------------------------


@pytest.fixture
def labelled(study):
    study.label(study.picture("a.png"))
    return study


def test_missing_folder_is_named(labelled, tmp_path):
    with pytest.raises(ExportError, match="cannot be written") as refusal:
        labelled.write("csv", tmp_path / "gone" / "out.csv")
    assert "folder" in refusal.value.hint


def test_folder_for_a_file_is_refused(labelled, tmp_path):
    with pytest.raises(ExportError, match="it is a folder"):
        labelled.write("csv", tmp_path)


def test_failed_write_leaves_the_older_file_and_nothing_else(labelled, tmp_path, monkeypatch):
    out = tmp_path / "out" / "labels.csv"
    out.parent.mkdir()
    out.write_text("older")

    def fail(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ExportError, match="No space left"):
        labelled.write("csv", out)
    assert out.read_text() == "older"
    assert list(out.parent.iterdir()) == [out]


def test_written_file_may_be_read_by_whoever_the_system_says(labelled, tmp_path):
    old = os.umask(0o022)
    try:
        labelled.write("csv", tmp_path / "out.csv")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) == 0o644


def test_link_stays_a_link(labelled, tmp_path):
    (tmp_path / "real.csv").write_text("older")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    labelled.write("csv", tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text().startswith("image_path")


@pytest.mark.parametrize("name", [STORE_NAME, "a.png"])
def test_labels_and_pictures_are_not_written_over(labelled, name):
    before = (labelled.folder / name).read_bytes()
    with pytest.raises(ExportError, match="where the labels or a picture are kept"):
        labelled.write("csv", labelled.folder / name)
    assert (labelled.folder / name).read_bytes() == before


@pytest.mark.parametrize("ending", ["-wal", "-shm", "-journal"])
def test_log_of_the_store_is_not_written_over(labelled, ending):
    with pytest.raises(ExportError, match="where the labels or a picture are kept"):
        labelled.write("csv", labelled.folder / f"{STORE_NAME}{ending}")


def test_picture_without_a_label_is_not_written_over_either(labelled, tmp_path):
    picture = tmp_path / "other.png"
    shutil.copy(labelled.folder / "a.png", picture)
    with pytest.raises(ExportError, match="where the labels or a picture are kept"):
        labelled.write("csv", picture)


def test_what_a_link_leads_to_is_not_told(study, tmp_path):
    (tmp_path / "DOE_JANE").mkdir()
    study.label(study.picture("a.png"))
    (study.folder / "a.png").rename(tmp_path / "DOE_JANE" / "a.png")
    (study.folder / "a.png").symlink_to(tmp_path / "DOE_JANE" / "a.png")
    study.write("coco", tmp_path / "out.json")
    assert image_names(tmp_path / "out.json") == ["study/images/a.png"]


def test_folder_that_cannot_be_read_is_told(study, tmp_path, monkeypatch):
    study.label(study.picture("a.png"))
    locked = study.folder / "locked"
    locked.mkdir()
    scandir = os.scandir

    def refuse(path):
        if os.fspath(path) == os.fspath(locked):
            raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    place = StoresBelow(study.folder)
    report = write("csv", place, tmp_path / "out.csv", tasks=load_tasks())
    place.close()
    assert (report.count, report.skipped) == (1, (f"all labels in {locked}: it cannot be read",))
