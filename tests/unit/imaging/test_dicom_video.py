"""DICOM files that hold a video: its pictures by their numbers, and nothing left behind."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from sonichu_gui.errors import FrameError, UnsupportedFrame
from sonichu_gui.imaging import dicom_video
from sonichu_gui.imaging.sources import open_source
from tests.unit.imaging.videos import (
    HEIGHT,
    WIDTH,
    h264,
    number_of,
    numbered,
    with_weaving,
    write_video,
)

COUNT = 24

# name: (ending and code of OpenCV's writer, transfer syntax, fragments, format)
STREAMS = {
    "MPEG-2 as it is": ("m2v", "mpg2", uid.MPEG2MPML, 1, "MPEG-2"),
    "MPEG-2 in a program stream": ("mpg", "mpg2", uid.MPEG2MPHL, 1, "MPEG-2"),
    "MPEG-2 in a transport stream": ("ts", "mpg2", uid.MPEG2MPML, 1, "MPEG-2"),
    "MPEG-2 in fragments": ("m2v", "mpg2", uid.MPEG2MPMLF, 5, "MPEG-2"),
    "MPEG-4 in an MP4": ("mp4", "mp4v", uid.MPEG4HP41, 1, "MPEG-4"),
    "H.264 as it is": (None, None, uid.MPEG4HP42STEREO, 1, "H.264"),
    "H.264 in fragments": (None, None, uid.MPEG4HP41F, 3, "H.264"),
}


@pytest.fixture(scope="module")
def streams(tmp_path_factory):
    """The bytes of one stream of each kind."""
    folder = tmp_path_factory.mktemp("streams")
    made = {}
    for name, (ending, code, *_) in STREAMS.items():
        if ending is None:
            made[name] = h264(COUNT)
        else:
            made[name] = write_video(folder / f"film.{ending}", code, count=COUNT).read_bytes()
    return made


@pytest.fixture
def hidden(tmp_path, monkeypatch):
    """The folder of temporary files, empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


@pytest.fixture
def dicom_of(streams, write_dicom, hidden):
    """Puts a stream into a DICOM file."""

    def make(name="MPEG-2 as it is", *, stream=None, frames=COUNT, shape=None, **elements):
        _, _, syntax, fragments, _ = STREAMS[name]
        value = encapsulate([stream or streams[name]], fragments_per_frame=fragments, has_bot=False)
        return write_dicom(
            value,
            photometric="YBR_PARTIAL_420",
            syntax=syntax,
            frames=frames,
            shape=shape or (HEIGHT, WIDTH),
            **{"FrameTime": 50, **elements},
        )

    return make


@pytest.mark.parametrize("name", STREAMS)
def test_pictures_of_every_syntax_are_those_of_their_numbers(dicom_of, name):
    source = open_source(dicom_of(name))
    assert source.format == f"DICOM · {STREAMS[name][-1]} video"
    assert (source.frame_count, source.width, source.height) == (COUNT, WIDTH, HEIGHT)
    numbers = [COUNT - 1, 0, 11, 10, 9, 12, 3]
    assert [number_of(source.frame(number).pixels) for number in numbers] == numbers
    assert source.notes == ()


def test_plain_h264_is_exact(dicom_of):
    expected = np.clip(np.rint((numbered(7).astype(float) - 16) * 255 / 219), 0, 255)
    pixels = open_source(dicom_of("H.264 as it is")).frame(7).pixels
    np.testing.assert_allclose(pixels.astype(int), expected, atol=1)


@pytest.mark.parametrize("stated", [1, COUNT - 5, COUNT + 40])
@pytest.mark.parametrize("name", ["MPEG-2 as it is", "MPEG-4 in an MP4", "H.264 as it is"])
def test_decoder_is_believed_about_the_number_of_frames(dicom_of, name, stated):
    source = open_source(dicom_of(name, frames=stated))
    assert source.frame_count == COUNT
    assert source.notes == (f"the header states {stated} frames, the video holds {COUNT}",)
    assert number_of(source.frame(COUNT - 1).pixels) == COUNT - 1
    assert source.frame(4).time_ms == 200


@pytest.mark.parametrize("count", [1, 2, 6, 8, 9])
def test_every_picture_of_a_short_loop_is_there(dicom_of, tmp_path, count):
    stream = write_video(tmp_path / "short.m2v", "mpg2", count=count).read_bytes()
    source = open_source(dicom_of(stream=stream, frames=count))
    found = [number_of(source.frame(index).pixels) for index in range(source.frame_count)]
    assert found == list(range(count))


def test_times_are_those_of_the_header(dicom_of):
    source = open_source(dicom_of())
    assert (source.frame_time_ms, source.frame(3).time_ms) == (50, 150)


def test_times_of_the_stream_stand_in(dicom_of):
    source = open_source(dicom_of("MPEG-2 in a transport stream", FrameTime=0))
    assert source.frame_time_ms == pytest.approx(40, abs=0.1)


def test_bare_stream_without_times_has_none(dicom_of):
    source = open_source(dicom_of("H.264 as it is", FrameTime=0))
    assert (source.frame_time_ms, source.frame(3).time_ms) == (None, None)


def region():
    item = Dataset()
    item.RegionSpatialFormat = item.RegionDataType = 1
    item.RegionFlags = 0
    item.RegionLocationMinX0 = item.RegionLocationMinY0 = 0
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = WIDTH - 1, HEIGHT - 1
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = 3
    item.PhysicalDeltaX = item.PhysicalDeltaY = 0.04
    return item


def test_scale_is_that_of_the_header(dicom_of):
    source = open_source(dicom_of(SequenceOfUltrasoundRegions=[region()]))
    assert source.calibration.scale_for([(5, 5), (50, 50)]).dx_mm == pytest.approx(0.4)


def test_scale_of_another_size_than_the_pictures_gives_no_millimetres(dicom_of):
    path = dicom_of(shape=(2 * HEIGHT, 2 * WIDTH), SequenceOfUltrasoundRegions=[region()])
    source = open_source(path)
    scale = source.calibration.scale_for([(5, 5), (50, 50)])
    assert (scale.in_mm, source.width) == (False, WIDTH)
    assert "may not hold" in scale.reason
    assert "320×192" in source.notes[0]


def test_pixels_that_are_not_square_are_known(dicom_of, streams):
    stream = bytearray(streams["MPEG-2 as it is"])
    at = stream.find(b"\0\0\1\xb3") + 7
    stream[at] = stream[at] & 0x0F | 2 << 4  # shown 4 : 3, whatever the number of pixels
    spacing = open_source(dicom_of(stream=bytes(stream))).calibration.spacing
    assert spacing.aspect == pytest.approx((WIDTH / HEIGHT) / (4 / 3), rel=0.02)


def test_file_cut_short_shows_its_whole_pictures_and_says_so(dicom_of):
    path = dicom_of("MPEG-2 in a transport stream")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    source = open_source(path)
    last = source.frame_count - 1
    assert 3 < last < COUNT - 1
    assert number_of(source.frame(last).pixels) == last
    assert "cut short" in source.notes[0]


def test_video_whose_messages_say_that_it_is_interlaced_is_refused(dicom_of):
    progressive, interlaced = h264(COUNT, clock=0), h264(COUNT, clock=1)
    source = open_source(dicom_of("H.264 as it is", stream=progressive))
    assert number_of(source.frame(9).pixels) == 9
    with pytest.raises(UnsupportedFrame, match=r"interlaced H\.264"):
        open_source(dicom_of("H.264 as it is", stream=interlaced))


def test_interlaced_video_is_refused_rather_than_shown_wrong(dicom_of, streams):
    woven = with_weaving(streams["MPEG-2 as it is"])
    with pytest.raises(UnsupportedFrame, match="interlaced MPEG-2"):
        open_source(dicom_of(stream=woven))
    with pytest.raises(UnsupportedFrame, match=r"interlaced H\.264"):
        open_source(dicom_of("H.264 as it is", stream=h264(3, interlaced=True)))


@pytest.mark.parametrize(
    "stream", [b"#EXTM3U\n/etc/passwd\n" * 40, b"ffconcat version 1.0\nfile x\n" * 40, bytes(900)]
)
def test_play_lists_and_nothing_at_all_never_reach_the_library(dicom_of, stream):
    with pytest.raises(FrameError, match="neither an MPEG stream nor an MP4"):
        open_source(dicom_of(stream=stream))


def test_damaged_stream_is_told_as_damage(dicom_of, streams):
    stream = streams["MPEG-4 in an MP4"]
    with pytest.raises(FrameError, match="damaged MP4"):
        open_source(dicom_of("MPEG-4 in an MP4", stream=stream[:40] + bytes(len(stream) - 40)))


def test_no_temporary_file_is_ever_to_be_seen(dicom_of, hidden):
    source = open_source(dicom_of("MPEG-4 in an MP4"))
    source.frame(5)
    assert list(hidden.iterdir()) == []
    source.close()
    assert number_of(source.frame(6).pixels) == 6  # copied anew


def test_where_a_file_needs_a_name_it_is_the_users_alone_and_goes_on_close(
    dicom_of, hidden, monkeypatch
):
    nowhere = Path("/nowhere")
    monkeypatch.setattr(dicom_video, "OPEN_FILES", nowhere)
    monkeypatch.setattr("sonichu_gui.imaging.video_capture.OPEN_FILES", nowhere)
    source = open_source(dicom_of("MPEG-4 in an MP4"))
    assert number_of(source.frame(5).pixels) == 5
    (folder,) = hidden.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    source.close()
    assert list(hidden.iterdir()) == []
    source.frame(5)
    del source
    assert list(hidden.iterdir()) == []


def test_full_disk_is_told(dicom_of, hidden, monkeypatch):
    class Full(io.BytesIO):
        def write(self, part):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(dicom_video.tempfile, "TemporaryFile", lambda **_: Full())
    with pytest.raises(FrameError, match="No space left"):
        open_source(dicom_of())


def test_missing_folder_for_temporary_files_is_not_told_as_damage(dicom_of, hidden, monkeypatch):
    def nowhere(**_):
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(dicom_video.tempfile, "TemporaryFile", nowhere)
    with pytest.raises(FrameError, match="No usable temporary directory") as caught:
        open_source(dicom_of())
    assert "TMPDIR" in caught.value.hint


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
def test_killed_program_leaves_nothing(dicom_of, hidden):
    code = (
        "import sys; from pathlib import Path; from sonichu_gui.imaging.sources import open_source;"
        "s = open_source(Path(sys.argv[1])); s.frame(3); print('shown', flush=True); input()"
    )
    program = subprocess.Popen(
        [sys.executable, "-c", code, str(dicom_of("MPEG-4 in an MP4"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert program.stdout.readline() == b"shown\n"
    program.send_signal(signal.SIGKILL)
    program.wait(10)
    program.stdin.close()
    program.stdout.close()
    assert list(hidden.iterdir()) == []
