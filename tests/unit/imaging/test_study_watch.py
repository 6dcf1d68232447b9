"""The list of a study as it is after files have come, gone and changed."""

from __future__ import annotations

import shutil

import pytest

from sonichu_gui.imaging import series_header
from sonichu_gui.imaging.folder_scan import ScanChunk
from sonichu_gui.imaging.study_listing import WatchedFolder, list_study
from sonichu_gui.imaging.study_watch import StudyWatch
from tests.unit.imaging.test_series import write
from tests.unit.imaging.test_study_listing import pictures, tree_in


def watch_of(*folders):
    found = [step for step in list_study(folders, report=lambda _: None) if step is not None]
    tree = tree_in(found)
    chunks = [step for step in found if isinstance(step, ScanChunk)]
    paths = tree.paths() if tree else tuple(path for chunk in chunks for path in chunk.paths)
    watch = StudyWatch([WatchedFolder(each, recursive=True) for each in folders], paths, tree)
    watch.look(lambda: False)
    return watch


def settled(watch):
    """New files are told once they have stayed the same from one look to the next."""
    watch.look(lambda: False)
    return watch.look(lambda: False)


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "study"
    return pictures(place, "f1.png", "f2.png", "f10.png")


def names(changes):
    return [path.name for path in changes.paths]


def test_a_new_file_takes_its_place_among_the_others(folder):
    watch = watch_of(folder)
    pictures(folder, "f3.png")
    changes = settled(watch)
    assert names(changes) == ["f1.png", "f2.png", "f3.png", "f10.png"]
    assert [path.name for path in changes.appeared] == ["f3.png"]


def test_a_file_that_is_gone_leaves(folder):
    watch = watch_of(folder)
    (folder / "f2.png").unlink()
    changes = watch.look(lambda: False)
    assert (names(changes), len(changes.vanished)) == (["f1.png", "f10.png"], 1)


def test_a_folder_out_of_reach_has_lost_nothing(folder):
    watch = watch_of(folder)
    shutil.move(folder, folder.with_name("away"))
    gone = watch.look(lambda: False)
    assert (gone.is_gone, len(gone.paths)) == (True, 3)
    shutil.move(folder.with_name("away"), folder)
    back = watch.look(lambda: False)
    assert (back.is_gone, back.appeared, back.vanished) == (False, (), ())


def test_a_new_file_of_a_series_is_put_into_it(tmp_path):
    for number in (1, 3):
        write(tmp_path / f"{9 - number}.dcm", InstanceNumber=number)
    watch = watch_of(tmp_path)
    write(tmp_path / "0.dcm", InstanceNumber=2)
    changes = settled(watch)
    assert names(changes) == ["8.dcm", "0.dcm", "6.dcm"]
    assert changes.tree.paths() == changes.paths


def test_files_of_several_folders_are_watched_and_new_ones_come_last(tmp_path):
    first, second = pictures(tmp_path / "x", "a.png"), pictures(tmp_path / "y", "a.png")
    watch = watch_of(second, first)
    pictures(first, "b.png")
    assert [path.parent.name for path in settled(watch).paths] == ["y", "x", "x"]


def test_nothing_is_told_twice(folder):
    watch = watch_of(folder)
    pictures(folder, "f3.png")
    settled(watch)
    again = watch.look(lambda: False)
    assert (again.appeared, again.vanished, again.changed) == ((), (), ())


def test_headers_known_from_an_earlier_look_are_not_read_again(tmp_path, monkeypatch):
    for number in (1, 2, 3):
        write(tmp_path / f"{number}.dcm", InstanceNumber=number)
    watch = watch_of(tmp_path)
    write(tmp_path / "4.dcm", InstanceNumber=4)
    settled(watch)
    read = []

    def counted(path, reading=series_header.read_facts):
        read.append(path.name)
        return reading(path)

    monkeypatch.setattr(series_header, "read_facts", counted)
    write(tmp_path / "5.dcm", InstanceNumber=5)
    write(tmp_path / "1.dcm", InstanceNumber=9)
    settled(watch)
    write(tmp_path / "6.dcm", InstanceNumber=6)
    changes = settled(watch)
    assert read == ["1.dcm", "5.dcm", "6.dcm"]
    assert names(changes) == ["2.dcm", "3.dcm", "4.dcm", "5.dcm", "6.dcm", "1.dcm"]
