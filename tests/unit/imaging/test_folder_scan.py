"""Large, deep, strange and broken folders; what is a frame by its name is in `test_sources`."""

from __future__ import annotations

import os
import sys

import pytest

from sonichu_gui.errors import FrameError
from sonichu_gui.imaging import folder_scan
from sonichu_gui.imaging.folder_scan import in_scan_order, scan_folder, scan_in_chunks


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def test_chunks_together_are_the_whole_scan(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_scan, "CHUNK_SECONDS", 0.0)
    touch(tmp_path, *(f"im{k}.png" for k in range(30)), "b/x.png", "notes.txt")
    chunks = [chunk.paths for chunk in scan_in_chunks(tmp_path)]
    assert len(chunks) > 30
    assert [path for paths in chunks for path in paths] == [*scan_folder(tmp_path)]


def test_a_scan_makes_room_where_it_finds_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_scan, "CHUNK_SECONDS", 0.0)
    touch(tmp_path, *(f"{k}.txt" for k in range(20)))
    assert [chunk.paths for chunk in scan_in_chunks(tmp_path)] == [()] * 21


def test_a_scan_that_is_left_reads_no_further(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_scan, "CHUNK_SECONDS", 0.0)
    touch(tmp_path, "a.png", "b/c.png")
    listed = []
    listing = folder_scan._listed
    monkeypatch.setattr(
        folder_scan, "_listed", lambda place, seen: listed.append(place) or listing(place, seen)
    )
    scan = scan_in_chunks(tmp_path)
    next(scan)
    scan.close()
    assert listed == [tmp_path]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_folder_that_may_not_be_read_is_told(tmp_path):
    touch(tmp_path, "a.png", "shut/b.png")
    (tmp_path / "shut").chmod(0)
    try:
        (chunk,) = scan_in_chunks(tmp_path)
    finally:
        (tmp_path / "shut").chmod(0o700)
    assert (chunk.paths, chunk.unreadable) == ((tmp_path / "a.png",), (tmp_path / "shut",))


def test_folder_that_fails_inside_is_told_and_the_rest_comes(tmp_path, monkeypatch):
    touch(tmp_path, "a/x.png", "b/y.png", "c/z.png")
    listing = folder_scan._listed

    def fail_at_b(place, seen):
        if place.name == "b":
            raise OSError(5, "Input/output error")
        return listing(place, seen)

    monkeypatch.setattr(folder_scan, "_listed", fail_at_b)
    (chunk,) = scan_in_chunks(tmp_path)
    assert [path.name for path in chunk.paths] == ["x.png", "z.png"]
    assert chunk.unreadable == (tmp_path / "b",)


def test_missing_folder_is_refused(tmp_path):
    with pytest.raises(FrameError, match="cannot be read as a folder"):
        next(scan_in_chunks(tmp_path / "gone"))


@pytest.mark.skipif(sys.platform == "win32", reason="how deep a path may be is the system's own")
def test_deeper_than_a_path_may_be_is_told_and_ends_nothing(tmp_path):
    touch(tmp_path, "z.png")
    here = os.open(tmp_path, os.O_RDONLY)
    depth = 0
    try:
        # 1500 folders: beyond a path's 4096 bytes, and beyond Python's depth of calls.
        for depth in range(1500):
            os.mkdir("äöü", dir_fd=here)
            deeper = os.open("äöü", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = deeper
            if depth == 300:
                os.close(os.open("deep.png", os.O_CREAT | os.O_WRONLY, dir_fd=here))
        chunks = [*scan_in_chunks(tmp_path)]
    finally:
        os.close(here)
        remove_deep(tmp_path, "äöü")
    found = [path for chunk in chunks for path in chunk.paths]
    assert [path.name for path in found] == ["z.png", "deep.png"]
    assert len([folder for chunk in chunks for folder in chunk.unreadable]) == 1


def remove_deep(folder, name):
    """Takes a chain of folders apart from above: no path leads to its end."""
    place = folder / name
    while place.exists():
        inner = place / name
        if inner.exists():
            inner.rename(folder / "next")
        for file in place.iterdir():
            file.unlink()
        place.rmdir()
        if (folder / "next").exists():
            (folder / "next").rename(place)


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux")
def test_names_of_any_script_and_of_none_are_listed(tmp_path):
    touch(tmp_path, "Кадр 2.png", "Кадр 10.png", "超音波.png", "e\u0301tude.png")
    (tmp_path / os.fsdecode(b"latin-\xe9.png")).write_bytes(b"x")
    found = [*scan_folder(tmp_path)]
    assert len(found) == 5
    assert found.index(tmp_path / "Кадр 2.png") < found.index(tmp_path / "Кадр 10.png")
    assert all(path.read_bytes() == b"x" for path in found)


def test_files_reached_by_a_link_are_listed_once_a_folder(tmp_path):
    touch(tmp_path, "real/a.png", "real/inner/b.png")
    (tmp_path / "again").symlink_to(tmp_path / "real", target_is_directory=True)
    (tmp_path / "real/inner/up").symlink_to("..", target_is_directory=True)
    (tmp_path / "linked.png").symlink_to(tmp_path / "real/a.png")
    assert [path.relative_to(tmp_path).as_posix() for path in scan_folder(tmp_path)] == [
        "linked.png",
        "again/a.png",
        "again/inner/b.png",
    ]


def test_order_of_a_scan_can_be_had_without_one(tmp_path):
    names = ["b10/x.png", "b9/x.png", "z.png", "a.png", "A.png", "b9/c/y.png", "b9/y.png"]
    touch(tmp_path, *names)
    found = [*scan_folder(tmp_path)]
    assert in_scan_order(tmp_path, [tmp_path / name for name in names]) == found
    assert in_scan_order(tmp_path, reversed(found)) == found


@pytest.mark.parametrize("name", ["DICOMDIR", "dicomdir"])  # Linux shows discs in small letters
def test_table_of_contents_is_no_frame(tmp_path, name):
    for each in (name, "IM1"):
        (tmp_path / each).write_bytes(bytes(128) + b"DICM")
    assert [path.name for path in scan_folder(tmp_path)] == ["IM1"]


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")
def test_names_that_are_no_text_are_found_and_sorted(tmp_path):
    names = [b"a2.png", b"a10.png", b"\xe4\xff1.png"]
    for name in names:
        (tmp_path / os.fsdecode(name)).touch()
    found = [*scan_folder(tmp_path)]
    assert sorted(os.fsencode(path.name) for path in found) == sorted(names)
    assert in_scan_order(tmp_path, reversed(found)) == found
