"""From a path to a source: which reader, which files of a folder, which refusal."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from PIL import Image

from sonichu_gui.errors import FrameError
from sonichu_gui.imaging.folder_scan import scan_folder
from sonichu_gui.imaging.sources import digest_of, is_supported_name, open_source

HEAVY = ("pydicom", "PIL", "cv2", "gdcm", "natsort")


@pytest.fixture
def png(tmp_path):
    path = tmp_path / "frame.png"
    Image.new("L", (6, 4), 7).save(path)
    return path


def test_importing_loads_no_decoder():
    code = (
        f"import sys, sonichu_gui.imaging.sources; print([m for m in {HEAVY} if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["picture.dcm", "picture.jpg", "picture", "picture.txt"])
def test_content_decides_whatever_the_name(png, name):
    assert open_source(png.rename(png.with_name(name))).format == "PNG"


@pytest.mark.parametrize("name", ["frame.png", "frame", "1.2.840.113619.2.1"])
def test_dicom_is_known_by_its_preamble(write_dicom, ramp, name):
    assert open_source(write_dicom(ramp, name=name)).format.startswith("DICOM")


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"])
@pytest.mark.parametrize("name", ["old.dcm", "old"])
def test_dicom_without_a_preamble_is_read(write_dicom, ramp, name, syntax):
    path = write_dicom(ramp, name=name, preamble=False, syntax=syntax)
    assert np.array_equal(open_source(path).frame(0).pixels, ramp)


def test_dicom_whose_preamble_begins_like_a_tiff_is_dicom(write_dicom, ramp):
    path = write_dicom(ramp)
    data = bytearray(path.read_bytes())
    data[:4] = b"II*\0"
    path.write_bytes(data)
    assert open_source(path).format.startswith("DICOM")


def test_digest_is_that_of_the_bytes(png):
    expected = hashlib.sha256(png.read_bytes()).hexdigest()
    assert (digest_of(png), open_source(png).digest) == (expected, expected)


def large(path, fill, *, age_s=60):
    path.write_bytes(bytes([fill]) * (2 * 1024 * 1024))
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - age_s))
    return path


def test_large_file_is_digested_once_while_it_stays_the_same(tmp_path, monkeypatch):
    path = large(tmp_path / "a.dat", 1)
    digest = digest_of(path)
    read = []
    real = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *args: read.append(args) or real(*args))
    assert (digest_of(path), len(read)) == (digest, 0)
    large(path, 2)
    assert (digest_of(path) == digest, len(read)) == (False, 1)


def test_large_file_that_has_just_been_written_is_digested_each_time(tmp_path, monkeypatch):
    # Within the grain of the clock two states of a file can bear the same time.
    path = large(tmp_path / "a.dat", 1, age_s=0)
    read = []
    real = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *args: read.append(args) or real(*args))
    assert digest_of(path) == digest_of(path)
    assert len(read) == 2


@pytest.mark.parametrize(
    "name",
    ["a.png", "a.JPG", "a.jpeg", "a.bmp", "a.TIF", "a.tiff", "a.dcm", "a.webp", "a.MP4", "a.mkv"],
)
def test_names_of_frames_are_known(tmp_path, name):
    assert is_supported_name(tmp_path / name)


@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a", "png", "a.png.part", "labels.sqlite"])
def test_other_names_are_not(tmp_path, name):
    assert not is_supported_name(tmp_path / name)


@pytest.mark.parametrize("index", [-1, 1])
def test_frame_that_is_not_there_is_refused(png, index):
    with pytest.raises(FrameError, match=f"no frame {index}"):
        open_source(png).frame(index)


def test_file_that_changed_since_it_was_opened_is_not_mixed_up(png):
    source = open_source(png)
    Image.new("L", (6, 4), 99).save(png)
    os.utime(png, ns=(1, 1))
    with pytest.raises(FrameError, match="changed"):
        source.frame(0)


def test_many_threads_read_one_source(write_dicom):
    frames = np.arange(8, dtype=np.uint8)[:, None, None] * np.full((8, 40, 40), 30, np.uint8)
    source = open_source(write_dicom(frames, frames=8))
    wrong = []

    def read(index):
        got = (source.frame(index).pixels for _ in range(20))
        wrong.extend(index for pixels in got if not np.array_equal(pixels, frames[index]))

    threads = [threading.Thread(target=read, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.fixture
def folder(tmp_path, write_dicom, ramp):
    """A folder as they are found: counted files, folders inside, things that are no frames."""
    for name in (
        "frame10.png",
        "Frame2.PNG",
        "frame1.png",
        "notes.txt",
        ".hidden.png",
        "ac.sqlite",
    ):
        (tmp_path / name).write_bytes(b"x")
    for name in ("b/10/x.bmp", "b/9/y.jpg", "a/z.tif", ".git/q.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    write_dicom(ramp, name="IM0001")
    write_dicom(ramp, name="1.2.840.7")
    write_dicom(ramp, name="DICOMDIR")
    (tmp_path / "README").write_bytes(b"no frames here" * 20)
    (tmp_path / "folder.png").mkdir()
    return tmp_path


def test_folder_is_counted_as_a_person_counts(folder):
    names = [path.relative_to(folder).as_posix() for path in scan_folder(folder)]
    top = ["1.2.840.7", "frame1.png", "Frame2.PNG", "frame10.png", "IM0001"]
    assert names == [*top, "a/z.tif", "b/9/y.jpg", "b/10/x.bmp"]


def test_folder_may_be_read_without_those_inside(folder):
    assert {path.parent for path in scan_folder(folder, recursive=False)} == {folder}


def test_scan_gives_the_first_file_before_it_has_seen_the_last(folder):
    scan = scan_folder(folder)
    first = next(scan)
    (folder / "b/9/y.jpg").unlink()
    assert first.name == "1.2.840.7"
    assert "y.jpg" not in {path.name for path in scan}


def test_folders_that_link_in_a_circle_are_read_once(folder):
    (folder / "a" / "back").symlink_to(folder, target_is_directory=True)
    assert [path.name for path in scan_folder(folder)].count("frame1.png") == 1


def test_link_to_itself_does_not_hide_the_files_beside_it(tmp_path, png):
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    assert list(scan_folder(tmp_path)) == [png]


def test_empty_folder_holds_nothing(tmp_path):
    assert list(scan_folder(tmp_path)) == []


@pytest.mark.parametrize("name", ["missing", "file.png"])
def test_what_is_no_folder_is_refused(tmp_path, name):
    (tmp_path / "file.png").write_bytes(b"x")
    with pytest.raises(FrameError, match="cannot be read as a folder"):
        list(scan_folder(tmp_path / name))
