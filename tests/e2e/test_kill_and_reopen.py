"""From a real frame to an exported label, through a kill -9, in a real window."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sonichu_gui.domain.annotation import Origin
from sonichu_gui.domain.frame import FrameRef
from sonichu_gui.gui import theme
from sonichu_gui.imaging.sources import digest_of
from sonichu_gui.labels.store import LabelStore, Revision
from sonichu_gui.paths import resources
from tests.e2e.screen import Screen, screen, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.display,
    pytest.mark.skipif(
        not resources("models", "sonichu-mini").is_dir(), reason="the embedded model is not there"
    ),
]

FRAME = "005_HC.png"
START = 60.0
BACKGROUND = tuple(int(theme.DARK.canvas[i : i + 2], 16) for i in (1, 3, 5))


@pytest.fixture
def head(shared_data: Path, tmp_path: Path) -> Path:
    """A folder of its own with one real head, its label file's scale imported."""
    folder = tmp_path / "heads"
    folder.mkdir()
    source = shared_data / "data" / "hc18"
    (folder / FRAME).write_bytes((source / "images" / FRAME).read_bytes())
    return folder / FRAME


@pytest.fixture
def display(tmp_path: Path) -> Iterator[Screen]:
    folder = tmp_path / "screen"
    folder.mkdir()
    with screen(folder) as made:
        yield made


def start(display: Screen, path: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "DISPLAY": display.name, "QT_QPA_PLATFORM": "xcb"}
    command = [
        sys.executable,
        "-c",
        "from sonichu_gui.cli import gui_main; raise SystemExit(gui_main())",
    ]
    return subprocess.Popen([*command, str(path)], env=environment)


def frame_box(display: Screen) -> tuple[int, int, int, int] | None:
    """Where the frame lies on the screen: left, top, right, bottom; None while it is not shown."""
    room = display.look()[100:800, 300:1080].astype(int)
    foreign = np.abs(room - np.array(BACKGROUND)).max(axis=2) > 6
    if foreign[0].any():  # the bare screen: no window yet
        return None
    rows, columns = (
        np.flatnonzero(foreign.mean(axis=1) > 0.5),
        np.flatnonzero(foreign.mean(axis=0) > 0.5),
    )
    if len(rows) < 200 or len(columns) < 200:
        return None
    return 300 + columns[0], 100 + rows[0], 301 + columns[-1], 101 + rows[-1]


def stored(path: Path) -> Revision | None:
    if not (path.parent / "sonichu-labels.sqlite").exists():
        return None
    store = LabelStore.open_for(path.parent)
    try:
        return store.current(FrameRef(digest_of(path), 0), "HC")
    finally:
        store.close()


def on_screen(box: tuple[int, int, int, int], point: tuple[float, float]) -> tuple[float, float]:
    """Where a point of the 800 x 540 frame is on the screen."""
    zoom = (box[3] - box[1]) / 540
    return box[0] + (point[0] + 0.5) * zoom, box[1] + (point[1] + 0.5) * zoom


def test_a_dragged_point_survives_a_kill_and_is_in_the_export(display, head, tmp_path):
    app = start(display, head)
    try:
        box = wait_for(lambda: frame_box(display), seconds=START, what="the frame")
        display.touch("mousemove", (box[0] + box[2]) // 2, box[1] + 12, "click", 1)
        display.touch("key", "r")
        predicted = wait_for(lambda: stored(head), seconds=START, what="the prediction")
        before = predicted.annotation.keypoints[2]
        grip = on_screen(box, before.xy)
        display.drag(grip, (grip[0] + 40, grip[1] - 24))

        def dragged() -> Revision | None:
            revision = stored(head)
            point = revision.annotation.keypoints[2]
            return revision if point.origin is Origin.PERSON else None

        revision = wait_for(dragged, seconds=10, what="the dragged point in the store")
    finally:
        app.send_signal(signal.SIGKILL)
        app.wait(timeout=20)

    zoom = (box[3] - box[1]) / 540
    after = revision.annotation.keypoints[2]
    assert after.x - before.x == pytest.approx(40 / zoom, abs=1.5 / zoom)
    assert after.y - before.y == pytest.approx(-24 / zoom, abs=1.5 / zoom)

    display.touch("mousemove", box[0] + 30, box[3] - 30)  # the pointer would cover the ring
    app = start(display, head)
    try:
        amber = [int(theme.PAIR_COLORS[1][i : i + 2], 16) for i in (1, 3, 5)]

        def ring_is_back() -> bool:
            x, y = (round(v) for v in on_screen(box, after.xy))
            patch = display.look()[y - 9 : y + 10, x - 9 : x + 10].astype(int)
            return int((np.abs(patch - amber).max(axis=2) < 40).sum()) > 12

        wait_for(ring_is_back, seconds=START, what="the corrected point after the restart")
    finally:
        app.terminate()
        app.wait(timeout=20)

    out = tmp_path / "labels.csv"
    command = [sys.executable, "-m", "sonichu_gui", "export", str(head.parent), "-o", str(out)]
    answer = subprocess.run(
        [*command, "--format", "csv", "--json"], capture_output=True, text=True, check=True
    )
    assert json.loads(answer.stdout)["count"] == 1
    with out.open(encoding="utf-8", newline="") as stream:
        row = next(csv.DictReader(stream))
    assert json.loads(row["point_3_xy"]) == pytest.approx([after.x, after.y], abs=1e-6)
