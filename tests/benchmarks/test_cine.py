"""How a colour cine of 500 frames plays in the window. Run by hand, on a quiet machine:

    pytest tests/benchmarks/test_cine.py --benchmark-enable \
        --benchmark-columns=median,iqr,rounds -rA -s

Each figure stands beside a bare one of the same run; what is seen and what it takes in memory is
printed by the tests that play.
"""

from __future__ import annotations

import io
import subprocess
import sys
import time
from itertools import count

import numpy as np
import pydicom
import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication

from sonichu_gui.domain.annotation import Annotation, Keypoint, Status
from sonichu_gui.domain.frame import FrameRef
from sonichu_gui.imaging.sources import open_source
from tests.gui.cines import write_cine
from tests.gui.conftest import bench, make_bench, study  # noqa: F401 - fixtures
from tests.gui.scenes import open_and_wait

FRAMES, SHAPE = 500, (600, 800)
NEXT = "next frame of a colour cine, 800x600: time of the window's own thread"


@pytest.fixture(scope="module")
def cine(tmp_path_factory):
    """Ten pictures of speckle as JPEG, fifty times over, at 60 frames a second."""
    path = write_cine(tmp_path_factory.mktemp("cine") / "cine.dcm", 1, shape=SHAPE)
    rng = np.random.default_rng(5)
    pictures = []
    for _ in range(10):
        speckle = rng.integers(20, 200, (150, 200, 3), dtype=np.uint8)
        stream = io.BytesIO()
        Image.fromarray(speckle).resize((800, 600)).save(stream, "JPEG", quality=85)
        pictures.append(stream.getvalue())
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.JPEGBaseline8Bit
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "YBR_FULL_422"
    dataset.PlanarConfiguration = 0
    dataset.NumberOfFrames, dataset.FrameTime = FRAMES, 1000 / 60
    dataset.PixelData = pydicom.encaps.encapsulate(pictures * (FRAMES // len(pictures)))
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path)
    return path


@pytest.fixture
def player(make_bench, qtbot, cine):  # noqa: F811 - the fixture of that name
    made = make_bench()
    open_and_wait(made, qtbot, cine)
    made.window.resize(1440, 900)
    return made


@pytest.mark.benchmark(group=NEXT, timer=time.thread_time)
def test_a_bare_decoding_of_a_frame(cine, benchmark):
    source, turns = open_source(cine), count()
    benchmark(lambda: source.frame(next(turns) % FRAMES))


def step_through(player, benchmark, qtbot):
    for index in range(60):
        player.cine.go_to(index)
        qtbot.waitUntil(lambda index=index: player.document.frame_index == index)
    turns = count()

    def show_next():
        player.cine.go_to(next(turns) % 60)
        QApplication.processEvents()

    benchmark(show_next)


@pytest.mark.benchmark(group=NEXT, timer=time.thread_time)
def test_a_bare_picture_on_the_canvas(player, benchmark):
    canvas = player.canvas

    def paint():
        canvas._picture.renew()
        canvas.repaint()

    benchmark(paint)


@pytest.mark.benchmark(group=NEXT, timer=time.thread_time)
def test_next_frame_that_was_read_ahead(player, benchmark, qtbot):
    step_through(player, benchmark, qtbot)


@pytest.mark.benchmark(group=NEXT, timer=time.thread_time)
def test_next_frame_where_every_frame_has_a_label(player, benchmark, qtbot):
    document = player.document
    store = player.keeper.made_store(document.path.parent)
    task = document.task
    points = tuple(Keypoint(100.0 + k, 90.0) for k in range(len(task.keypoints)))
    with store.batch():
        for index in range(FRAMES):
            frame = FrameRef(document.source.digest, index)
            store.append(frame, Annotation(task.id, points, Status.EDITED), rater="r")
    player.cine_marks.read_again()
    step_through(player, benchmark, qtbot)


@pytest.mark.parametrize("speed", [0.5, 1.0, 4.0])
def test_frames_seen_of_those_due(player, qtbot, speed):
    shown = []
    player.cine.set_speed(speed)
    player.document.frame_changed.connect(lambda frame: shown.append(frame.ref.index))
    player.cine.play(True)
    qtbot.wait(4000)
    dropped = player.cine._clock.dropped
    player.cine.play(False)
    fps = len(shown) / 4
    print(f"\n{60 * speed:g} frames a second due: {fps:.1f} seen, {dropped} left out in 4 s")  # noqa: T201 - the figure


PLAYED = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from sonichu_gui.gui import theme
from sonichu_gui.gui.workbench import Workbench
from sonichu_gui.settings.store import Settings

def memory_mb(line):
    for row in Path("/proc/self/status").read_text().splitlines():
        if row.startswith(line):
            return int(row.split()[1]) // 1024

app = QApplication([])
theme.apply(app, theme.DARK)
bench = Workbench(Settings.load(Path(sys.argv[2])))
bench.begin([Path(sys.argv[1])])
seen = set()

def note(frame):
    if frame is not None:
        if not seen:
            print(memory_mb("VmRSS"), end=" ")
            QTimer.singleShot(0, lambda: bench.cine.play(True))
            QTimer.singleShot(20000, end)
        seen.add(frame.ref.index)

def end():
    print(memory_mb("VmHWM"), len(seen))
    bench.window.close()
    app.quit()

bench.document.frame_changed.connect(note)
app.exec()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
def test_memory_of_the_window_that_plays_it(cine, tmp_path):
    arguments = [sys.executable, "-c", PLAYED, str(cine), str(tmp_path / "settings.toml")]
    run = subprocess.run(arguments, capture_output=True, text=True, check=True)
    first_mb, peak_mb, seen = map(int, run.stdout.split())
    print(f"\n{first_mb} MB with the first frame, {peak_mb} MB at most, {seen} frames seen")  # noqa: T201 - the figure
    assert peak_mb < 500
