"""How fast the window answers the hand. Run by hand, on a quiet machine:

    pytest tests/benchmarks --benchmark-enable --benchmark-columns=median,iqr,rounds

Each figure stands beside a bare one of the same run: times of one machine mean little elsewhere.
"""

from __future__ import annotations

import os
from itertools import count

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication

from sonichu_gui.biometry.measure import measure
from sonichu_gui.domain.annotation import Keypoint, ModelId, Origin, proposed_annotation
from tests.gui.conftest import bench, make_bench, study  # noqa: F401 - fixtures
from tests.gui.hands import move, press, release


@pytest.fixture
def parasternal(bench):  # noqa: F811 - the fixture of that name
    """A frame with the 22 points of a parasternal long axis."""
    task = bench.tasks["PLAX"]
    bench.document.set_task(task)
    rng = np.random.default_rng(3)
    points = [
        Keypoint(x, y, origin=Origin.MODEL, confidence=0.8, covariance=(9.0, 2.0, 6.0))
        for x, y in rng.uniform((40, 40), (360, 260), (22, 2))
    ]
    bench.document.commit(proposed_annotation(task, points, ModelId("m", "h")), "Predict")
    QApplication.processEvents()
    return bench


@pytest.mark.benchmark(group="drag")
def test_drag_event_to_pixels_with_22_points(parasternal, benchmark):
    canvas = parasternal.canvas
    place = press(canvas, parasternal.document.annotation.keypoints[5].xy)
    steps = count()

    def drag_on() -> None:
        step = next(steps)
        move(canvas, place + QPoint(5 + step % 60, 5 + step % 37))
        QApplication.processEvents()

    benchmark(drag_on)
    release(canvas, place)


@pytest.mark.benchmark(group="drag")
def test_a_bare_repaint_of_the_whole_canvas(parasternal, benchmark):
    benchmark(parasternal.canvas.repaint)


@pytest.mark.benchmark(group="measure")
def test_measures_of_22_points(parasternal, benchmark):
    document = parasternal.document
    benchmark(measure, document.task, document.annotation, document.calibration)


@pytest.mark.benchmark(group="next file")
def test_next_file_that_was_read_ahead(parasternal, qtbot, benchmark):
    study_of = parasternal.study
    paths = parasternal.document.study.paths
    for path in paths:
        study_of.show(path)
        qtbot.waitUntil(lambda path=path: study_of.is_ready(path, 0))
    turns = count()

    def show_next() -> None:
        study_of.show(paths[next(turns) % len(paths)])
        QApplication.processEvents()

    benchmark(show_next)


@pytest.mark.benchmark(group="commit")
def test_an_edit_is_on_disk(parasternal, benchmark):
    document = parasternal.document
    turns = count()
    benchmark(lambda: document.move_point(3, (100.0 + next(turns) % 50, 90.0)))


@pytest.mark.benchmark(group="commit")
def test_a_bare_write_and_sync_of_as_many_bytes(tmp_path, benchmark):
    with (tmp_path / "bare").open("wb") as file:

        def write() -> None:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())

        benchmark(write)
