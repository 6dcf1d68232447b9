"""The wanted frame first, its neighbours ahead, nothing twice, nothing beyond the cache."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import CancelledError
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonichu_gui.domain.calibration import Calibration
from sonichu_gui.domain.frame import Frame, FrameRef
from sonichu_gui.errors import FrameError
from sonichu_gui.imaging import frame_reader
from sonichu_gui.imaging.course import FRAMES_AHEAD, Course
from sonichu_gui.imaging.frame_reader import FrameReader

CINE, NEXT, STILL = Path("cine"), Path("next"), Path("still")
FRAME_BYTES = 100
SOON = 10.0


class Disc:
    """Files of a known number of frames, whose decoding can be held up, broken and counted."""

    def __init__(self, **frame_counts):
        self.frame_counts = {Path(name): count for name, count in frame_counts.items()}
        self.decoded = []
        self.opened = []
        self.closed = []
        self.broken = set()
        self.outdated = set()  # numbers of openings
        self.bugs = set()
        self.gates = {}
        self.lock = threading.Lock()

    def open(self, path):
        self.opened.append(path)
        self.wait_at((path, None))
        if path not in self.frame_counts:
            raise FrameError(f"{path} does not exist.")
        return DiscFile(self, path)

    def hold(self, path, index):
        """Decoding this frame (opening, for None) waits until `.set()`; `.begun` says it does."""
        gate = self.gates[path, index] = threading.Event()
        gate.begun = threading.Event()
        return gate

    def wait_at(self, place):
        gate = self.gates.get(place)
        if gate is not None:
            gate.begun.set()
            assert gate.wait(SOON)


class DiscFile:
    format, color, frame_time_ms, calibration = "test", "grey", 40.0, Calibration()
    width, height = FRAME_BYTES, 1

    def __init__(self, disc, path):
        self.disc, self.path, self.digest = disc, path, f"digest of {path}"
        self.frame_count = disc.frame_counts[path]
        self.opening = disc.opened.count(path) - 1

    def frame(self, index):
        with self.disc.lock:
            self.disc.decoded.append((self.path, index))
        self.disc.wait_at((self.path, index))
        if (self.path, index) in self.disc.bugs:
            raise ZeroDivisionError
        if self.opening in self.disc.outdated:
            raise FrameError(f"{self.path} has changed since it was opened.")
        if (self.path, index) in self.disc.broken:
            raise FrameError(f"Frame {index} of {self.path} is damaged.")
        return Frame(FrameRef(self.digest, index), np.zeros((1, FRAME_BYTES), np.uint8))

    def close(self):
        self.disc.closed.append(self.path)


@pytest.fixture
def disc():
    return Disc(cine=500, next=3, still=1)


@pytest.fixture
def make_reader(disc):
    made = []

    def make(frames=100, **options):
        reader = FrameReader(
            max_bytes=frames * FRAME_BYTES, open_source=disc.open, **{"threads": 2, **options}
        )
        made.append(reader)
        return reader

    yield make
    for gate in disc.gates.values():
        gate.set()
    for reader in made:
        reader.close()


def rested(reader):
    """Waits until a reader has nothing left to do."""
    deadline = time.monotonic() + SOON
    while time.monotonic() < deadline:
        with reader._changed:
            plan = reader._plan
            busy = reader._flights or not reader._ahead_free or (plan and plan.places)
        if not busy:
            return
        time.sleep(0.002)
    raise AssertionError("the reader does not come to rest")


def is_ready(reader, path, indices):
    return [reader.ready(path, index) is not None for index in indices]


def test_wanted_frame_comes(make_reader):
    path, source, frame = make_reader().want(CINE, 7).result(SOON)
    assert (path, source.frame_count, frame.ref.index) == (CINE, 500, 7)


@pytest.mark.parametrize("direction", [1, -1])
def test_neighbours_are_read_in_the_direction_of_travel_and_one_behind(
    make_reader, disc, direction
):
    reader = make_reader()
    reader.want(CINE, 100, Course(direction)).result(SOON)
    rested(reader)
    ahead = [100 + step * direction for step in (0, 1, 2, -1, *range(3, FRAMES_AHEAD + 1))]
    assert disc.decoded == [(CINE, index) for index in ahead]


def test_first_frames_of_the_next_files_are_read_after_the_neighbours(make_reader, disc):
    reader = make_reader()
    reader.want(CINE, 499, Course(files=(NEXT, STILL))).result(SOON)
    rested(reader)
    assert disc.decoded == [(CINE, 499), (CINE, 498), (NEXT, 0), (STILL, 0)]


def test_a_frame_that_was_read_ahead_is_there_at_once(make_reader):
    reader = make_reader()
    reader.want(CINE, 0).result(SOON)
    rested(reader)
    assert reader.want(CINE, 1).done()


def test_reading_ahead_never_decodes_a_whole_cine(make_reader, disc):
    reader = make_reader(frames=1000)
    reader.want(CINE, 0).result(SOON)
    rested(reader)
    assert len(disc.decoded) == 1 + FRAMES_AHEAD


def test_frames_played_next_may_be_said(make_reader, disc):
    reader = make_reader()
    reader.want(CINE, 9, Course(frames=(10, 5, 6, 500, -1))).result(SOON)
    rested(reader)
    assert disc.decoded == [(CINE, index) for index in (9, 10, 5, 6)]


def test_a_later_want_takes_back_what_was_wanted_and_planned(make_reader, disc):
    gate = disc.hold(CINE, 100)
    reader = make_reader()
    first = reader.want(CINE, 100)
    assert gate.begun.wait(SOON)
    second = reader.want(STILL, 0)
    assert first.cancelled()
    assert second.result(SOON).path == STILL
    gate.set()
    rested(reader)
    with pytest.raises(CancelledError):
        first.result()
    # What could not be stopped is kept; nothing next to it was read.
    assert sorted(disc.decoded) == [(CINE, 100), (STILL, 0)]
    assert is_ready(reader, CINE, [100]) == [True]


def test_wanted_frame_does_not_wait_for_those_that_are_read_ahead(make_reader, disc):
    gates = [disc.hold(CINE, index) for index in (1, 2, 3)]
    reader = make_reader(threads=3)
    reader.want(CINE, 0).result(SOON)
    assert gates[0].begun.wait(SOON)
    assert gates[1].begun.wait(SOON)
    assert reader.want(CINE, 300).result(SOON).frame.ref.index == 300
    assert not gates[2].begun.is_set()


def test_next_file_that_was_still_being_opened_is_not_decoded_for_nothing(make_reader, disc):
    opening = disc.hold(NEXT, None)
    reader = make_reader()
    reader.want(STILL, 0, Course(files=(NEXT,))).result(SOON)
    assert opening.begun.wait(SOON)
    reader.want(CINE, 0).result(SOON)
    opening.set()
    rested(reader)
    assert (NEXT, 0) not in disc.decoded


def test_frame_asked_for_by_many_is_decoded_once(make_reader, disc):
    gate = disc.hold(CINE, 5)
    reader = make_reader()
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(reader.read(CINE, 5))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    assert gate.begun.wait(SOON)
    wanted = reader.want(CINE, 5)
    gate.set()
    frame = wanted.result(SOON).frame
    for thread in threads:
        thread.join()
    assert [read.frame is frame for read in found] == [True] * 4
    assert disc.decoded.count((CINE, 5)) == 1
    assert disc.opened.count(CINE) == 1


def test_frame_wanted_while_it_is_read_ahead_is_decoded_once(make_reader, disc):
    gate = disc.hold(CINE, 1)
    reader = make_reader()
    reader.want(CINE, 0).result(SOON)
    assert gate.begun.wait(SOON)
    wanted = reader.want(CINE, 1)
    gate.set()
    assert wanted.result(SOON).frame.ref.index == 1
    rested(reader)
    assert max(Counter(disc.decoded).values()) == 1


def test_broken_frame_fails_alone_and_its_neighbours_come(make_reader, disc):
    disc.broken |= {(CINE, 0), (CINE, 2)}
    reader = make_reader()
    with pytest.raises(FrameError, match="Frame 0 of cine"):
        reader.want(CINE, 0).result(SOON)
    reader.want(CINE, 1).result(SOON)
    rested(reader)
    assert is_ready(reader, CINE, [1, 2, 3, 4]) == [True, False, True, True]
    with pytest.raises(FrameError, match="Frame 2 of cine"):
        reader.want(CINE, 2).result(SOON)


def test_a_bug_in_a_decoder_reaches_who_asked_and_ends_no_thread(make_reader, disc):
    disc.bugs |= {(STILL, 0), (CINE, 1), (CINE, 2), (CINE, 3)}
    reader = make_reader()
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            reader.want(STILL, 0).result(SOON)
    reader.want(CINE, 0).result(SOON)
    rested(reader)
    assert is_ready(reader, CINE, range(6)) == [True, False, False, False, True, True]


def test_damaged_frame_does_not_open_its_file_again(make_reader, disc):
    disc.broken.add((CINE, 3))
    reader = make_reader()
    reader.want(CINE, 0).result(SOON)
    for _ in range(3):
        assert isinstance(reader.want(CINE, 3).exception(SOON), FrameError)
    assert disc.opened == [CINE]


def test_replaced_file_is_opened_anew(write_dicom, ramp):
    path = write_dicom(np.stack([ramp, ramp]), frames=2)
    reader = FrameReader(threads=2)
    try:
        before = reader.want(path, 0).result(SOON)
        rested(reader)
        write_dicom(np.stack([ramp, ramp, 255 - ramp]), frames=3)
        after = reader.want(path, 2).result(SOON)
    finally:
        reader.close()
    assert np.array_equal(after.frame.pixels, 255 - ramp)
    assert after.source.digest != before.source.digest


def test_file_that_was_away_comes_back(write_dicom, ramp):
    path = write_dicom(np.stack([ramp] * 40), frames=40)
    reader = FrameReader(threads=2)
    try:
        reader.want(path, 0).result(SOON)
        away = path.rename(path.with_name("away"))
        assert "does not exist" in str(reader.want(path, 39).exception(SOON))
        away.rename(path)
        assert reader.want(path, 39).result(SOON).frame.ref.index == 39
    finally:
        reader.close()


def test_missing_file_fails_and_comes_when_it_is_there(make_reader, disc):
    reader = make_reader()
    with pytest.raises(FrameError, match="late does not exist"):
        reader.want(Path("late"), 0).result(SOON)
    disc.frame_counts[Path("late")] = 1
    assert reader.want(Path("late"), 0).result(SOON).path == Path("late")


def test_reading_ahead_stops_where_the_cache_is_full(make_reader, disc):
    reader = make_reader(frames=4)
    reader.want(CINE, 0, Course(files=(NEXT,))).result(SOON)
    rested(reader)
    assert disc.decoded == [(CINE, index) for index in range(4)]
    assert is_ready(reader, CINE, range(5)) == [True] * 4 + [False]


def test_frame_on_screen_stays_whatever_others_read(make_reader):
    reader = make_reader(frames=3)
    reader.want(STILL, 0).result(SOON)
    for index in range(20):
        reader.read(CINE, index)
    assert reader.ready(STILL, 0) is not None


def test_wanted_frame_takes_the_place_of_the_one_before_where_there_is_room_for_one(make_reader):
    reader = make_reader(frames=1)
    for path in (STILL, NEXT, CINE):
        reader.want(path, 0).result(SOON)
        rested(reader)
        assert reader.ready(path, 0) is not None


def test_file_on_screen_stays_open_while_others_are_listed(make_reader, disc):
    disc.frame_counts |= {Path(f"file{number}"): 1 for number in range(30)}
    reader = make_reader()
    reader.want(STILL, 0).result(SOON)
    for number in range(30):
        reader.read(Path(f"file{number}"), 0)
    reader.want(STILL, 0).result(SOON)
    assert disc.opened.count(STILL) == 1
    assert len(set(disc.opened) - set(disc.closed)) <= 13


def test_a_pass_over_many_files_leaves_the_cache_alone(make_reader, disc):
    disc.frame_counts |= {Path(f"file{number}"): 1 for number in range(30)}
    reader = make_reader(frames=14)
    reader.want(CINE, 0).result(SOON)
    rested(reader)
    for number in range(30):
        reader.read(Path(f"file{number}"), 0, keep=False)
    assert is_ready(reader, CINE, range(FRAMES_AHEAD + 1)) == [True] * (FRAMES_AHEAD + 1)
    assert len(disc.closed) == 30


def test_forgotten_file_is_opened_as_it_is_now(make_reader, disc):
    reader = make_reader()
    reader.want(STILL, 0).result(SOON)
    reader.forget(STILL)
    disc.frame_counts[STILL] = 2
    assert reader.want(STILL, 1).result(SOON).source.frame_count == 2
    assert disc.closed == [STILL]


def test_file_forgotten_while_it_is_decoded_is_read_as_it_is_now(make_reader, disc):
    gate = disc.hold(STILL, 0)
    reader = make_reader()
    before = reader.want(STILL, 0)
    assert gate.begun.wait(SOON)
    disc.gates.clear()
    disc.frame_counts[STILL] = 2
    reader.forget(STILL)
    try:
        assert before.result(SOON).source.frame_count == 2
        assert reader.want(STILL, 0).result(SOON).source.frame_count == 2
    finally:
        gate.set()
    reader.close()
    assert disc.closed == [STILL, STILL]


def test_replaced_file_is_opened_anew_for_every_thread_that_reads_it(disc, tmp_path):
    path = tmp_path / "cine"
    path.write_bytes(b"old")
    disc.frame_counts[path] = 9
    gates = [disc.hold(path, index) for index in (0, 1)]
    disc.outdated.add(0)
    reader = FrameReader(threads=2, open_source=disc.open)
    reads = []
    threads = [
        threading.Thread(target=lambda index=index: reads.append(reader.read(path, index)))
        for index in (0, 1)
    ]
    for thread, gate in zip(threads, gates, strict=True):
        thread.start()
        assert gate.begun.wait(SOON)
    path.write_bytes(b"another")
    try:
        for index, (thread, gate) in enumerate(zip(threads, gates, strict=True)):
            gate.set()
            thread.join(SOON)
            assert len(reads) == index + 1
    finally:
        reader.close()
    assert disc.opened == [path, path]


def test_closing_ends_the_threads_and_closes_the_files(make_reader, disc):
    before = threading.active_count()
    reader = make_reader(threads=3)
    reader.want(CINE, 0).result(SOON)
    gate = disc.hold(CINE, 400)
    late = reader.want(CINE, 400)
    assert gate.begun.wait(SOON)
    threading.Timer(0.05, gate.set).start()
    reader.close()
    assert late.cancelled()
    assert threading.active_count() <= before + 1  # the timer's own may still be ending
    assert set(disc.closed) == {CINE}
    assert reader.want(CINE, 0).cancelled()


def test_closing_does_not_wait_for_a_drive_that_does_not_answer(make_reader, disc, monkeypatch):
    monkeypatch.setattr(frame_reader, "CLOSING_S", 0.05)
    gate = disc.hold(STILL, 0)
    reader = make_reader()
    wanted = reader.want(STILL, 0)
    assert gate.begun.wait(SOON)
    closing = threading.Thread(target=reader.close)
    closing.start()
    closing.join(SOON / 2)
    was_closed = not closing.is_alive()
    gate.set()
    closing.join(SOON)
    for thread in reader._threads:
        thread.join(SOON)
    assert was_closed
    assert wanted.cancelled()
    assert disc.closed == [STILL]


def test_what_is_read_after_closing_stays_open_no_longer(make_reader, disc):
    reader = make_reader()
    reader.close()
    assert reader.read(STILL, 0).frame.ref.index == 0
    assert disc.closed == [STILL]


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(0, 29), st.sampled_from([1, -1])), min_size=1, max_size=12),
    st.integers(1, 20),
    st.sets(st.integers(0, 29), max_size=3),
)
def test_whatever_is_wanted_the_last_comes_or_fails_and_the_cache_keeps_its_bounds(
    wants, frames, broken
):
    disc = Disc(cine=30)
    disc.broken = {(CINE, index) for index in broken}
    reader = FrameReader(max_bytes=frames * FRAME_BYTES, threads=3, open_source=disc.open)
    try:
        futures = [reader.want(CINE, index, Course(direction)) for index, direction in wants]
        last = futures[-1].exception(SOON)
        assert (last is not None) is (wants[-1][0] in broken)
        rested(reader)
        assert all(future.done() for future in futures)
        assert reader._cache.bytes_held <= frames * FRAME_BYTES
        if last is None:
            assert reader.ready(CINE, wants[-1][0]) is not None
    finally:
        reader.close()


PLAYED_WHOLE = """
import sys
from pathlib import Path
from sonichu_gui.imaging.cine_clock import CineClock
from sonichu_gui.imaging.course import Course
from sonichu_gui.imaging.frame_reader import FrameReader
from sonichu_gui.imaging.sources import open_source

def memory_mb(line):
    # Of this program alone: `getrusage` begins with the peak of the one that started it.
    for row in Path("/proc/self/status").read_text().splitlines():
        if row.startswith(line):
            return int(row.split()[1]) // 1024

path = Path(sys.argv[1])
open_source(path).frame(0)  # what decodes is loaded
before_mb = memory_mb("VmRSS")
reader = FrameReader()
clock = CineClock(range(500), 33.0)
clock.start(0.0, 0)
shown, now = {reader.want(path, 0).result().frame.ref.index}, 0.0
while len(shown) < 500:
    now += clock.interval_ms
    index = clock.due(now)
    if index is not None:
        course = Course(frames=clock.following(12))
        shown.add(reader.want(path, index, course).result().frame.ref.index)
bytes_held = reader._cache.bytes_held
reader.close()
print(memory_mb("VmHWM") - before_mb, bytes_held // 2**20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
def test_a_colour_cine_of_500_frames_plays_within_500_mb(write_dicom, jpeg):
    rows, columns = np.mgrid[0:600, 0:800]
    tissue = [np.stack([rows // 3, columns // 4, rows * 0 + 9 * k], axis=-1) for k in range(10)]
    pixels = jpeg(*(np.uint8(tissue[k % 10] % 256) for k in range(10)), mode="RGB")
    path = write_dicom(
        pixels, photometric="RGB", syntax="1.2.840.10008.1.2.4.50", frames=10, shape=(600, 800)
    )
    path = repeated(path, 50)
    run = subprocess.run(
        [sys.executable, "-c", PLAYED_WHOLE, str(path)], capture_output=True, text=True, check=True
    )
    added_mb, held_mb = map(int, run.stdout.split())
    assert 100 < held_mb <= 160  # of the 687 MB that all its frames take
    assert added_mb < 320  # the window takes 180 with one frame of it shown


def repeated(path, times):
    """The same cine, its frames over and over."""
    import pydicom
    from pydicom.encaps import encapsulate, generate_frames

    dataset = pydicom.dcmread(path)
    frames = [*generate_frames(dataset.PixelData, number_of_frames=dataset.NumberOfFrames)]
    dataset.PixelData = encapsulate(frames * times)
    dataset["PixelData"].is_undefined_length = True
    dataset.NumberOfFrames = len(frames) * times
    dataset.save_as(path)
    return path
