from __future__ import annotations

import os

import pytest

from sonichu_gui.imaging import folder_watch
from sonichu_gui.imaging.folder_scan import scan_folder
from sonichu_gui.imaging.folder_watch import FolderChanges, FolderWatch

NOTHING = FolderChanges()


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "study"
    (place / "inner").mkdir(parents=True)
    for name in ("a.png", "b.png", "inner/c.png"):
        (place / name).write_bytes(b"x")
    return place


@pytest.fixture
def watch(folder):
    made = FolderWatch(folder, scan_folder(folder))
    assert made.look() == NOTHING
    return made


def settled(watch):
    """What two looks tell together; the second is to tell what the first waited for."""
    first, second = watch.look(), watch.look()
    assert not first.appeared
    return second


def test_nothing_new_is_nothing(watch):
    assert watch.look() == NOTHING
    assert not watch.look()


def test_new_file_is_told_once_it_has_stayed_the_same(folder, watch):
    (folder / "inner/new.png").write_bytes(b"xx")
    assert watch.look() == NOTHING
    assert watch.look().appeared == (folder / "inner/new.png",)
    assert watch.look() == NOTHING


def test_file_that_is_still_being_written_waits(folder, watch):
    new = folder / "new.png"
    for size in range(4):
        new.write_bytes(b"x" * size)
        assert watch.look() == NOTHING
    assert watch.look().appeared == (new,)


def test_file_that_came_between_scan_and_first_look_is_told(folder):
    watch = FolderWatch(folder, scan_folder(folder))
    (folder / "new.png").write_bytes(b"xx")
    assert settled(watch).appeared == (folder / "new.png",)


def test_vanished_file_is_told(folder, watch):
    (folder / "a.png").unlink()
    assert watch.look() == FolderChanges(vanished=(folder / "a.png",))
    assert watch.look() == NOTHING


def test_renamed_file_vanishes_and_appears(folder, watch):
    (folder / "a.png").rename(folder / "z.png")
    assert watch.look().vanished == (folder / "a.png",)
    assert watch.look().appeared == (folder / "z.png",)


def test_changed_file_is_told_once(folder, watch):
    (folder / "a.png").write_bytes(b"others")
    os.utime(folder / "a.png", ns=(1, 1))
    assert settled(watch).changed == (folder / "a.png",)
    assert watch.look() == NOTHING


def test_folder_inside_comes_and_goes_with_its_files(folder, watch, tmp_path):
    (folder / "inner").rename(tmp_path / "aside")
    assert watch.look().vanished == (folder / "inner/c.png",)
    (tmp_path / "aside").rename(folder / "inner")
    assert settled(watch).appeared == (folder / "inner/c.png",)


def test_folder_that_is_away_has_lost_nothing(folder, watch, tmp_path):
    away = folder.rename(tmp_path / "away")
    assert watch.look() == FolderChanges(is_gone=True)
    (away / "b.png").unlink()
    away.rename(folder)
    assert watch.look() == FolderChanges(vanished=(folder / "b.png",))


def test_drive_that_was_unmounted_leaves_an_empty_folder_and_has_lost_nothing(
    folder, tmp_path, monkeypatch
):
    other = tmp_path / "of another folder.png"
    other.write_bytes(b"x")
    watch = FolderWatch(folder, [*scan_folder(folder), other])
    assert watch.look() == NOTHING
    mounted = folder.rename(tmp_path / "mounted")
    folder.mkdir()
    device = folder.stat().st_dev
    real = type(folder).stat

    def of_another_drive(path, **options):
        status = real(path, **options)
        if path != folder:
            return status
        values = list(status[:10])
        values[2] = device + 1
        return os.stat_result(values)

    with monkeypatch.context() as patch:
        patch.setattr(type(folder), "stat", of_another_drive)
        assert watch.look() == FolderChanges(is_gone=True)
    folder.rmdir()
    mounted.rename(folder)
    assert watch.look() == NOTHING


def test_files_of_a_folder_that_cannot_be_read_are_not_lost(folder, watch, monkeypatch):
    from sonichu_gui.imaging import folder_scan

    listing = folder_scan._listed

    def fail_inside(place, seen):
        if place.name == "inner":
            raise OSError(5, "Input/output error")
        return listing(place, seen)

    with monkeypatch.context() as patch:
        patch.setattr(folder_scan, "_listed", fail_inside)
        assert watch.look() == NOTHING
    assert watch.look() == NOTHING


def test_last_file_of_a_folder_may_go(folder, watch):
    for name in ("a.png", "b.png", "inner/c.png"):
        (folder / name).unlink()
    assert len(watch.look().vanished) == 3


def test_what_is_no_frame_is_looked_into_once(folder, watch, monkeypatch):
    (folder / "README").write_bytes(b"nothing to see" * 20)
    watch.look()
    looked = []
    monkeypatch.setattr(folder_watch, "may_hold_frames", looked.append)
    assert watch.look() == NOTHING
    assert looked == []


def test_file_that_a_person_opened_by_another_name_is_no_loss(folder):
    odd = folder / "note.txt"
    odd.write_bytes(b"x")
    watch = FolderWatch(folder, [odd, *scan_folder(folder)])
    assert watch.look() == NOTHING
    assert watch.look() == NOTHING


@pytest.mark.parametrize("name", ["study/.hidden.png", "elsewhere.png"])
def test_file_that_a_scan_would_not_give_is_watched_once_it_is_listed(folder, tmp_path, name):
    listed = tmp_path / name
    listed.write_bytes(b"x")
    watch = FolderWatch(folder, [listed, *scan_folder(folder)])
    assert watch.look() == NOTHING
    listed.write_bytes(b"others")
    assert settled(watch).changed == (listed,)
    listed.unlink()
    assert watch.look().vanished == (listed,)


def test_a_cancelled_look_tells_nothing_and_loses_nothing(folder, watch):
    (folder / "a.png").unlink()
    assert watch.look(lambda: True) == NOTHING
    assert watch.look().vanished == (folder / "a.png",)


def test_slow_folders_are_looked_at_less_often(watch, monkeypatch):
    times = iter((0.0, 1.5))
    monkeypatch.setattr(folder_watch.time, "monotonic", lambda: next(times, 1.5))
    watch.look()
    assert watch.pause_s == 30.0
