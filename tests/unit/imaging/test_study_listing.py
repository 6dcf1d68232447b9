"""What a person opened, as a list: the first file at once, every file once, series in order."""

from __future__ import annotations

import os

import pytest

from sonichu_gui.errors import FrameError
from sonichu_gui.imaging import folder_scan
from sonichu_gui.imaging.folder_scan import ScanChunk
from sonichu_gui.imaging.series import SeriesTree
from sonichu_gui.imaging.study_listing import Beginning, ScanEnded, WatchedFolder, list_study
from tests.unit.imaging.test_series import disc, write  # noqa: F401 - disc is a fixture


@pytest.fixture(autouse=True)
def a_chunk_a_file(monkeypatch):
    monkeypatch.setattr(folder_scan, "CHUNK_SECONDS", 0.0)


def steps(*chosen, start=None):
    found = list_study(chosen, start=start, report=lambda _: None)
    return [step for step in found if step is not None]


def listed(found):
    return [path.name for step in found if isinstance(step, ScanChunk) for path in step.paths]


def tree_in(found):
    return next((step for step in found if isinstance(step, SeriesTree)), None)


def pictures(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


def test_a_folder_is_listed_with_its_folders_and_watched(tmp_path):
    pictures(tmp_path, "b10.png", "b2.png", "in/c.png")
    found = steps(tmp_path)
    assert found[0] == Beginning(tmp_path, None, (WatchedFolder(tmp_path, recursive=True),))
    assert listed(found) == ["b2.png", "b10.png", "c.png"]
    assert found[-1] == ScanEnded()


def test_one_file_is_first_and_its_folder_alone_is_listed(tmp_path):
    pictures(tmp_path, "a.png", "b.png", "in/c.png")
    found = steps(tmp_path / "b.png")
    assert found[0].first == tmp_path / "b.png"
    assert listed(found) == ["a.png", "b.png"]


def test_nothing_is_told_before_the_file_that_is_shown_is_among_it(tmp_path):
    pictures(tmp_path, *(f"{n}.png" for n in range(6)))
    chunks = [s for s in steps(tmp_path / "4.png") if isinstance(s, ScanChunk) and s.paths]
    assert [path.name for path in chunks[0].paths] == [f"{n}.png" for n in range(5)]


def test_a_file_that_no_scan_would_give_comes_before_the_others(tmp_path):
    pictures(tmp_path, "a.png", ".hidden.png")
    assert listed(steps(tmp_path / ".hidden.png")) == [".hidden.png", "a.png"]


def test_a_study_begins_where_it_was_left(tmp_path):
    pictures(tmp_path, "a.png", "in/b.png")
    found = steps(tmp_path, start=tmp_path / "in" / "b.png")
    assert found[0].first == tmp_path / "in" / "b.png"
    assert listed(found) == ["a.png", "b.png"]
    assert steps(tmp_path, start=tmp_path / "gone.png")[0].first is None


def test_several_files_and_folders_are_listed_in_the_order_chosen_and_once_each(tmp_path):
    pictures(tmp_path, "x/2.png", "x/1.png", "y/3.png", "z.png")
    chosen = (tmp_path / "z.png", tmp_path / "x", tmp_path / "x" / "1.png", tmp_path / "y")
    found = steps(*chosen)
    assert listed(found) == ["z.png", "1.png", "2.png", "3.png"]
    assert found[0].folder is None
    assert [each.path.name for each in found[0].watched] == ["x", "y"]


def test_several_files_of_one_folder_are_that_folders(tmp_path):
    pictures(tmp_path, "a.png", "b.png", "c.png")
    found = steps(tmp_path / "c.png", tmp_path / "a.png")
    assert (found[0].folder, listed(found)) == (tmp_path, ["c.png", "a.png"])


def test_what_is_not_there_is_told_and_the_rest_is_listed(tmp_path):
    pictures(tmp_path, "a.png")
    found = steps(tmp_path / "a.png", tmp_path / "gone.png")
    told = [path.name for s in found if isinstance(s, ScanChunk) for path in s.unreadable]
    assert (listed(found), told) == (["a.png"], ["gone.png"])


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path):
    with pytest.raises(FrameError, match=r"gone\.png does not exist"):
        steps(tmp_path / "gone.png")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_file_in_a_folder_that_may_not_be_listed_is_shown_alone(tmp_path):
    pictures(tmp_path, "shut/a.png", "shut/b.png")
    (tmp_path / "shut").chmod(0o100)
    try:
        found = steps(tmp_path / "shut" / "a.png")
    finally:
        (tmp_path / "shut").chmod(0o700)
    assert listed(found) == ["a.png"]


def test_links_and_names_of_any_letters_are_files_like_others(tmp_path):
    pictures(tmp_path, "Überblick 頭.png", "n" * 240 + ".png")
    (tmp_path / "link.png").symlink_to(tmp_path / "Überblick 頭.png")
    (tmp_path / "nowhere.png").symlink_to(tmp_path / "gone.png")
    assert len(listed(steps(tmp_path))) == 4


def test_pictures_are_put_in_no_other_order(tmp_path):
    assert tree_in(steps(pictures(tmp_path, "a.png", "b.png"))) is None


def test_dicom_files_are_put_in_order_and_pictures_beside_them_come_last(tmp_path):
    write(tmp_path / "a.dcm", InstanceNumber=2)
    write(tmp_path / "b", InstanceNumber=1)
    pictures(tmp_path, "aa.png")
    found = steps(tmp_path)
    assert listed(found) == ["a.dcm", "aa.png", "b"]
    assert [path.name for path in tree_in(found).paths()] == ["b", "a.dcm", "aa.png"]


def test_a_single_dicom_file_needs_no_head(tmp_path):
    write(tmp_path / "a.dcm")
    assert tree_in(steps(pictures(tmp_path, "b.png"))) is None


def test_a_dicomdir_gives_what_it_names(disc):  # noqa: F811 - the fixture of that name
    found = steps(disc / "DICOMDIR")
    assert found[0] == Beginning(disc)
    assert len(listed(found)) == 31
    assert len(tree_in(found).patients) == 2


def test_headers_that_are_read_are_reported(tmp_path):
    for number in range(4):
        write(tmp_path / f"{number}.dcm", InstanceNumber=number)
    told = []
    list(list_study([tmp_path], report=told.append))
    assert told == [0.25, 0.5, 0.75, 1.0]
