"""Video files: the picture of a number is the same however it is reached."""

from __future__ import annotations

import os
import random
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sonichu_gui.errors import FrameError, SonichuError, UnsupportedFrame
from sonichu_gui.imaging.containers import is_mp4
from sonichu_gui.imaging.picture_layout import LayoutDetector
from sonichu_gui.imaging.sources import open_source
from sonichu_gui.imaging.video_capture import codec_of, packets_of
from sonichu_gui.imaging.video_decoder import VideoDecoder
from sonichu_gui.imaging.video_index import VideoIndex
from tests.unit.imaging.videos import (
    HEIGHT,
    WIDTH,
    h264,
    motion_jpeg,
    number_of,
    numbered,
    played,
    slowed,
    turned,
    uncompressed,
    with_weaving,
    with_woven_layer,
    write_video,
)

# By name: the ending, OpenCV's code and our name of the format.
KINDS = {
    "all key pictures": ("avi", "MJPG", "AVI · Motion JPEG"),
    "lossless": ("avi", "FFV1", "AVI · FFV1"),
    "AVI with reordered pictures, which states no times": ("avi", "mpg2", "AVI · MPEG-2"),
    "MP4 with reordered pictures": ("mp4", "mpg2", "MP4 · MPEG-2"),
    "MKV with reordered pictures": ("mkv", "mpg2", "MKV · MPEG-2"),
    "MOV": ("mov", "mp4v", "MOV · MPEG-4"),
    "few key pictures": ("mkv", "VP90", "MKV · VP9"),
}


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """One film of each kind, 60 pictures."""
    folder = tmp_path_factory.mktemp("films")
    return {
        name: write_video(folder / f"{number}.{ending}", code)
        for number, (name, (ending, code, _)) in enumerate(KINDS.items())
    }


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def film(films, kind):
    return films[kind]


@pytest.fixture
def avi(films, tmp_path):
    """A copy of one film, to be damaged."""
    path = tmp_path / "film.avi"
    path.write_bytes(films["all key pictures"].read_bytes())
    return path


@pytest.fixture
def mp4(films, tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(films["MP4 with reordered pictures"].read_bytes())
    return path


def test_file_is_described_as_it_is(film, kind):
    source = open_source(film)
    assert (source.format, source.frame_count) == (KINDS[kind][2], 60)
    assert (source.width, source.height) == (WIDTH, HEIGHT)
    assert source.frame_time_ms == pytest.approx(40, abs=0.01)
    assert source.frame(30).time_ms == pytest.approx(1200, abs=0.5)
    assert source.notes == ()


@pytest.mark.parametrize("order", ["forwards", "backwards", "at random", "last first"])
def test_picture_of_a_number_is_that_of_playing_from_the_start(film, order):
    expected = played(film)
    source = open_source(film)
    numbers = list(range(60))
    match order:
        case "backwards":
            numbers.reverse()
        case "at random":
            random.Random(4).shuffle(numbers)
        case "last first":
            numbers = [59, 0, 58, 1, 30]
    for number in numbers:
        frame = source.frame(number)
        assert number_of(frame.pixels) == number
        assert np.array_equal(frame.pixels, expected[number][..., 1])
    source.close()


@pytest.mark.parametrize("ending", ["mp4", "mkv", "avi"])
@given(numbers=st.lists(st.integers(0, 199), min_size=1, max_size=12))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_walk_through_a_long_film_shows_the_numbers_asked_for(long_films, ending, numbers):
    source = long_films[ending]
    assert [number_of(source.frame(number).pixels) for number in numbers] == numbers


@pytest.fixture(scope="module")
def long_films(tmp_path_factory):
    """Films of 200 pictures with reordering and 17 key pictures, opened once."""
    folder = tmp_path_factory.mktemp("long")
    opened = {
        ending: open_source(write_video(folder / f"film.{ending}", "mpg2", count=200))
        for ending in ("mp4", "mkv", "avi")
    }
    yield opened
    for source in opened.values():
        source.close()


def test_uneven_times_do_not_shift_the_numbers(tmp_path):
    path = write_video(tmp_path / "film.mp4", "mp4v", count=120)
    path.write_bytes(slowed(path.read_bytes()))
    source = open_source(path)
    assert source.frame_count == 120
    times = [source.frame(number).time_ms for number in (0, 1, 59, 60, 61, 119)]
    assert times == pytest.approx([0, 40, 59 * 40, 60 * 40, 60 * 40 + 200, 60 * 40 + 59 * 200])
    numbers = [100, 60, 119, 13, 75, 74, 73, 30, 90]
    assert [number_of(source.frame(number).pixels) for number in numbers] == numbers


def test_stepping_back_decodes_only_once_in_a_while(films, monkeypatch):
    steps = []
    step = VideoDecoder._step
    monkeypatch.setattr(VideoDecoder, "_step", lambda self: steps.append(1) or step(self))
    source = open_source(films["AVI with reordered pictures, which states no times"])
    for number in reversed(range(60)):
        source.frame(number)
    # From the start each time it would be 60 · 61 / 2.
    assert len(steps) < 60 * 61 / 2 / 7


def test_stepping_ahead_decodes_each_picture_once(films, monkeypatch):
    steps = []
    step = VideoDecoder._step
    monkeypatch.setattr(VideoDecoder, "_step", lambda self: steps.append(1) or step(self))
    source = open_source(films["MP4 with reordered pictures"])
    for number in range(60):
        source.frame(number)
    assert len(steps) == 60


def test_lossless_colours_are_exact(tmp_path):
    path = write_video(tmp_path / "colour.avi", "FFV1", count=3, tint=(20, 0, 10))
    expected = numbered(2)[..., None] + np.array([20, 0, 10])
    source = open_source(path)
    assert source.color == "rgb"
    assert np.array_equal(source.frame(2).pixels, expected)


def test_film_without_colour_is_kept_as_grey(film):
    assert open_source(film).frame(5).pixels.shape == (HEIGHT, WIDTH)


def test_odd_sizes(tmp_path):
    path = tmp_path / "odd.avi"
    path.write_bytes(motion_jpeg([numbered(number, 161, 97) for number in range(5)]))
    source = open_source(path)
    assert (source.height, source.width, source.frame_count) == (97, 161, 5)
    np.testing.assert_allclose(source.frame(4).pixels.astype(int), numbered(4, 161, 97), atol=6)


@pytest.mark.parametrize("upward", [True, False], ids=["upward", "downward"])
@pytest.mark.parametrize("width", [160, 161, 162, 163])
def test_uncompressed_colours_are_exact_whichever_row_comes_first(tmp_path, width, upward):
    tint = np.array([0, 9, 20], np.uint8)
    pictures = [numbered(number, width)[..., None] + tint for number in range(12)]
    path = tmp_path / "plain.avi"
    path.write_bytes(uncompressed(pictures, upward=upward))
    source = open_source(path)
    assert (source.format, source.color) == ("AVI · uncompressed", "rgb")
    for number in (0, 11, 3, 4, 2):
        assert np.array_equal(source.frame(number).pixels, pictures[number])


def test_uncompressed_palette_is_exact(tmp_path):
    pictures = [numbered(number, 161) for number in range(6)]
    path = tmp_path / "palette.avi"
    path.write_bytes(uncompressed(pictures))
    source = open_source(path)
    assert source.color == "palette"
    assert np.array_equal(source.frame(5).pixels, pictures[5])


def test_uncompressed_picture_of_too_few_rows_is_damaged(tmp_path):
    pictures = [numbered(0)[..., None].repeat(3, 2), numbered(1)[:40, :, None].repeat(3, 2)]
    path = tmp_path / "plain.avi"
    path.write_bytes(uncompressed(pictures))
    source = open_source(path)
    with pytest.raises(FrameError, match="Frame 1"):
        source.frame(1)


def refused_frames(path):
    source = open_source(path)
    refused = []
    for number in (5, 3, 0, 4, 1, 2):
        try:
            assert number_of(source.frame(number).pixels) == number
        except UnsupportedFrame as error:
            assert "another size or colour sampling" in error.message  # noqa: PT017
            refused.append(number)
    return sorted(refused)


@pytest.mark.parametrize("height", [48, 200])
def test_pictures_of_another_size_are_refused_and_the_others_shown(tmp_path, height):
    heights = [HEIGHT, HEIGHT, height, height, HEIGHT, height]
    path = tmp_path / "sizes.avi"
    path.write_bytes(
        motion_jpeg([numbered(number, WIDTH, rows) for number, rows in enumerate(heights)])
    )
    assert refused_frames(path) == [2, 3, 5]


def test_pictures_of_another_sampling_are_refused_and_the_others_shown(tmp_path):
    tint = np.array([0, 9, 20], np.uint8)
    pictures = [numbered(number)[..., None] + tint for number in range(6)]
    path = tmp_path / "samplings.avi"
    path.write_bytes(motion_jpeg(pictures, samplings=[2, 1, 2, 2, 1, 2]))
    assert refused_frames(path) == [1, 4]


@pytest.mark.parametrize(
    ("codec", "other"),
    [(codec, (WIDTH, 144)) for codec in ("MPNG", "mpg2", "VP80", "VP90")],
)
def test_layouts_are_told_apart_in_every_codec(tmp_path, codec, other):
    packets = []
    for size in ((WIDTH, HEIGHT), other):
        suffix = "avi" if codec == "MPNG" else "mkv"
        path = write_video(tmp_path / f"{size[1]}.{suffix}", codec, count=3, size=size)
        with path.open("rb") as stream, packets_of(stream) as capture:
            name = codec_of(capture)
            while capture.grab():
                packets.append(bytes(capture.retrieve()[1]))
    detector = LayoutDetector(name)
    assert [detector.is_foreign(packet) for packet in packets] == [False] * 3 + [True] * 3


def test_h264_of_another_size_is_told_by_its_parameters():
    detector = LayoutDetector("h264")
    first, other = h264(1), h264(1, interlaced=True)
    seen = [detector.is_foreign(packet) for packet in (first, first, other, b"\0\0\1\x65", first)]
    assert seen == [False, False, True, True, False]


def test_film_turned_by_a_telephone_is_shown_upright(mp4):
    upright = open_source(mp4).frame(9).rgb()
    mp4.write_bytes(turned(mp4.read_bytes()))
    source = open_source(mp4)
    assert (source.width, source.height) == (HEIGHT, WIDTH)
    assert np.array_equal(source.frame(9).rgb(), np.rot90(upright, -1))


def test_film_has_no_scale_and_says_why(film):
    scale = open_source(film).calibration.scale_for([(1, 1), (20, 20)])
    assert (scale.in_mm, scale.dx_mm) == (False, None)
    assert "states no pixel size" in scale.reason


@pytest.mark.parametrize(
    "name", ["film.png", "film", "Füße 心臓.dat", "scan%03d.png", "concat:a|b.mp4", "http:x"]
)
def test_content_decides_whatever_the_name(film, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(film.read_bytes())
    assert number_of(open_source(path).frame(33).pixels) == 33


def test_relative_and_very_long_paths(films, tmp_path, monkeypatch):
    folder = tmp_path
    for _ in range(17):
        folder = folder / ("n" * 220)
        folder.mkdir()
    monkeypatch.chdir(folder)
    path = Path("film.mkv")
    path.write_bytes(films["few key pictures"].read_bytes())
    assert len(str(path.absolute())) > 3700
    assert number_of(open_source(path).frame(50).pixels) == 50


@pytest.mark.parametrize("place", [b"avih", b"strh"], ids=["main header", "stream header"])
@pytest.mark.parametrize("stated", [7, 60_000])
def test_number_in_the_header_is_not_believed(avi, place, stated):
    data = bytearray(avi.read_bytes())
    at = data.find(place) + 8 + (16 if place == b"avih" else 32)
    assert int.from_bytes(data[at : at + 4], "little") == 60
    data[at : at + 4] = stated.to_bytes(4, "little")
    avi.write_bytes(data)
    source = open_source(avi)
    assert source.frame_count == 60
    assert number_of(source.frame(59).pixels) == 59


def test_film_cut_short_shows_its_whole_pictures_and_says_so(avi):
    data = avi.read_bytes()
    avi.write_bytes(data[: len(data) // 2])
    source = open_source(avi)
    assert 20 < source.frame_count < 40
    last = source.frame_count - 1
    assert number_of(source.frame(last).pixels) == last
    assert "cut short" in source.notes[0]
    assert "60" in source.notes[0]


def test_film_whose_table_of_pictures_is_cut_off_is_refused(mp4):
    data = mp4.read_bytes()
    assert data.find(b"moov") > data.find(b"mdat")
    mp4.write_bytes(data[: len(data) // 2])
    with pytest.raises(FrameError, match="is cut short"):
        open_source(mp4)


@pytest.mark.parametrize("lost", [0, 3, 41, 59])
def test_picture_that_is_not_there_does_not_take_the_others_numbers(avi, lost):
    data = bytearray(avi.read_bytes())
    film = data.find(b"movi")
    chunks = [at for at in range(film, len(data) - 4) if data[at : at + 4] == b"00dc"]
    start = chunks[lost] + 8
    length = int.from_bytes(data[start - 4 : start], "little")
    data[start : start + length] = bytes(length)
    avi.write_bytes(data)
    source = open_source(avi)
    assert source.frame_count == 60
    with pytest.raises(FrameError, match=f"Frame {lost} of .* is not there"):
        source.frame(lost)
    others = [number for number in (58, 1, 40, 42, 2, 57) if number != lost]
    assert [number_of(source.frame(number).pixels) for number in others] == others


@pytest.mark.parametrize("index", [-1, 60])
def test_frame_beyond_the_end_is_refused(film, index):
    with pytest.raises(FrameError, match=f"no frame {index}"):
        open_source(film).frame(index)


@pytest.mark.parametrize("name", ["film.avi", "film.mp4"])
def test_empty_file(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(FrameError, match="is empty"):
        open_source(tmp_path / name)


def test_sound_without_pictures_is_refused(mp4):
    mp4.write_bytes(mp4.read_bytes().replace(b"vide", b"soun"))
    with pytest.raises(FrameError, match="without pictures"):
        open_source(mp4)


def test_codec_without_a_decoder_is_named(avi):
    avi.write_bytes(avi.read_bytes().replace(b"MJPG", b"IV50"))
    with pytest.raises(UnsupportedFrame, match=r"IV50.* needs a decoder"):
        open_source(avi)


@pytest.mark.parametrize(
    ("code", "name"), [("XVID", "a.avi"), ("mp4v", "a.mp4"), ("FMP4", "a.mkv")]
)
def test_interlaced_mpeg_4_is_refused_rather_than_shown_black(tmp_path, code, name):
    path = write_video(tmp_path / name, code, count=6)
    assert open_source(path).frame_count == 6
    path.write_bytes(with_woven_layer(path.read_bytes()))
    with pytest.raises(UnsupportedFrame, match="interlaced MPEG-4"):
        open_source(path)


def test_interlaced_film_is_refused_rather_than_shown_wrong(mp4):
    mp4.write_bytes(with_weaving(mp4.read_bytes()))
    with pytest.raises(UnsupportedFrame, match="interlaced MPEG-2"):
        open_source(mp4)


@pytest.mark.parametrize("brand", [b"heic", b"avif", b"mif1"])
def test_pictures_in_the_boxes_of_a_film_are_no_film(brand):
    assert not is_mp4(b"\0\0\0\x18ftyp" + brand)


def test_film_that_changed_since_it_was_opened_is_not_mixed_up(avi):
    source = open_source(avi)
    os.utime(avi, ns=(1, 1))
    with pytest.raises(FrameError, match="changed"):
        source.frame(0)


def test_many_threads_read_one_film(films):
    source = open_source(films["MKV with reordered pictures"])
    wrong = []

    def read(first):
        numbers = [(first + 7 * step) % 60 for step in range(12)]
        wrong.extend(n for n in numbers if number_of(source.frame(n).pixels) != n)

    threads = [threading.Thread(target=read, args=(first,)) for first in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def open_files():
    found = set()
    for number in Path("/dev/fd").iterdir():
        try:
            found.add(str(number.readlink()))
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no list of open files")
def test_close_lets_the_file_go_and_a_later_frame_opens_it_again(avi):
    source = open_source(avi)
    assert str(avi) not in open_files()
    source.frame(3)
    assert str(avi) in open_files()
    source.close()
    assert str(avi) not in open_files()
    assert number_of(source.frame(4).pixels) == 4
    del source
    assert str(avi) not in open_files()


def test_close_ends_a_search_that_is_under_way(films, monkeypatch):
    source = open_source(films["AVI with reordered pictures, which states no times"])
    reached, step = threading.Event(), VideoDecoder._step

    def slow(self):
        reached.set()
        threading.Event().wait(0.02)
        return step(self)

    monkeypatch.setattr(VideoDecoder, "_step", slow)
    failures = []

    def seek():
        try:
            source.frame(59)
        except FrameError as error:
            failures.append(str(error))

    thread = threading.Thread(target=seek)
    thread.start()
    reached.wait(5)
    source.close()
    thread.join(5)
    assert len(failures) == 1
    assert "closed" in failures[0]


@given(
    edits=st.lists(
        st.tuples(st.integers(0, 20_000), st.binary(min_size=1, max_size=12)),
        min_size=1,
        max_size=5,
    ),
    cut=st.integers(0, 20_000) | st.none(),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_film_gives_frames_or_a_frame_error(films, kind, tmp_path, edits, cut):
    data = bytearray(films[kind].read_bytes())
    for place, patch in edits:
        at = place % len(data)
        data[at : at + len(patch)] = patch
    path = tmp_path / "damaged"
    path.write_bytes(data[:cut])
    try:
        source = open_source(path)
        source.frame(0)
        source.frame(source.frame_count - 1)
        source.frame(source.frame_count // 2)
        source.close()
    except SonichuError as error:
        assert str(path) in error.message  # noqa: PT017 - it need not fail


def test_key_pictures_are_only_those_that_can_be_seen():
    index = VideoIndex(4, (0, 40, 80, 120), (0, 2), 25.0, 4, is_woven=False)
    assert [index.key_before(number) for number in range(4)] == [0, 0, 1, 1]
    assert [index.place_of(time) for time in (0, 41, 80, 500)] == [0, 1.5, 2, 3.5]
