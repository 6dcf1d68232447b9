"""The heatmap over the frame: what it shows, when it goes, and that it never gets in the way."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PIL import Image, ImageOps
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sonichu_gui.paths import resources
from sonichu_gui.prediction.api import PredictionCancelled
from sonichu_gui.prediction.local import LocalPredictor
from tests.gui.model_scenes import leave_without_head
from tests.gui.scenes import open_and_wait

pytestmark = pytest.mark.skipif(
    not resources("models", "sonichu-mini").is_dir(), reason="the embedded model is not there"
)
LOADED = 60_000
"""Milliseconds to wait for a first answer, which loads the model."""


@pytest.fixture
def head(make_bench, qtbot, tmp_path):
    """The window with a predicted head, the phantom of the demo study; its mirror image is next."""
    with Image.open(resources("demo") / "01-head.png") as phantom:
        phantom.save(tmp_path / "frame1.png")
        ImageOps.mirror(phantom).save(tmp_path / "frame2.png")
    bench = make_bench()
    open_and_wait(bench, qtbot, tmp_path)
    bench.document.set_task(bench.tasks["HC"])
    QTest.keyClick(bench.canvas, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: bench.document.annotation.is_complete, timeout=LOADED)
    qtbot.waitUntil(lambda: bench.document.scaling.offer is not None)  # its ruler is drawn too
    return bench


def toggle(bench):
    QTest.keyClick(bench.canvas, Qt.Key.Key_M)


def wait_for_heat(bench, qtbot, other_than=None):
    qtbot.waitUntil(
        lambda: bench.heatmap.shown is not None and bench.heatmap.shown is not other_than,
        timeout=LOADED,
    )
    return bench.heatmap.shown


def heat_at_points(bench):
    heat = bench.heatmap.shown
    return [heat[round(p.y), round(p.x)] for p in bench.document.annotation.keypoints]


def look(bench):
    return bench.canvas.grab().toImage()


def test_it_lies_over_the_whole_frame_and_is_hot_where_the_points_are(head, qtbot):
    toggle(head)
    heat = wait_for_heat(head, qtbot)
    assert heat.shape == (head.document.frame.height, head.document.frame.width)
    assert min(heat_at_points(head)) > 0.4
    assert np.median(heat) < 0.1


def test_a_selected_point_has_a_heatmap_of_its_own(head, qtbot):
    toggle(head)
    everywhere = wait_for_heat(head, qtbot)
    QTest.keyClick(head.canvas, Qt.Key.Key_3)
    wait_for_heat(head, qtbot, other_than=everywhere)
    heats = heat_at_points(head)
    assert heats[2] > 0.4
    assert max(heats[0], heats[1]) < 0.2


def test_it_is_seen_until_the_key_again_and_peeking_looks_beneath(head, qtbot):
    before = look(head)
    QTest.keyPress(head.canvas, Qt.Key.Key_H)
    bare = look(head)
    QTest.keyRelease(head.canvas, Qt.Key.Key_H)
    toggle(head)
    wait_for_heat(head, qtbot)
    assert look(head) != before
    QTest.keyPress(head.canvas, Qt.Key.Key_H)
    assert look(head) == bare
    QTest.keyRelease(head.canvas, Qt.Key.Key_H)
    toggle(head)
    assert head.heatmap.shown is None
    assert look(head) == before


def test_another_frame_takes_it_away_at_once_and_brings_its_own(head, qtbot):
    toggle(head)
    first = wait_for_heat(head, qtbot)
    gone = []
    head.document.frame_changed.connect(lambda _: gone.append(head.heatmap.shown is None))
    QTest.keyClick(head.canvas, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: head.document.path.name == "frame2.png")
    assert gone == [True]
    second = wait_for_heat(head, qtbot)
    assert not np.array_equal(first, second)


def test_a_task_without_a_trained_head_is_a_quiet_word(head, qtbot):
    leave_without_head(head, "A4C")
    toggle(head)
    wait_for_heat(head, qtbot)
    with qtbot.waitSignal(head.document.noted) as said:
        head.document.set_task(head.tasks["A4C"])
    assert "no trained head" in said.args[0]
    assert head.heatmap.shown is None
    assert not head.banner.isVisible()


def test_screenshots_carry_it_while_it_is_on(head, qtbot):
    without = head.picture()
    toggle(head)
    wait_for_heat(head, qtbot)
    assert head.picture() != without
    toggle(head)
    assert head.picture() == without


def test_it_loads_the_model_when_nothing_was_predicted_yet(make_bench, qtbot, study):
    bench = make_bench()
    open_and_wait(bench, qtbot, study)
    bench.document.set_task(bench.tasks["HC"])
    toggle(bench)
    wait_for_heat(bench, qtbot)
    assert bench.document.annotation.is_empty


def test_it_steps_aside_for_points_that_a_person_asks_for(head, qtbot, monkeypatch):
    heatmap, asked = LocalPredictor.heatmap, []

    def slow_at_first(self, *args, is_cancelled, **options):
        asked.append(is_cancelled)
        while len(asked) == 1:
            if is_cancelled():
                raise PredictionCancelled
            time.sleep(0.01)
        return heatmap(self, *args, is_cancelled=is_cancelled, **options)

    monkeypatch.setattr(LocalPredictor, "heatmap", slow_at_first)
    before = head.document.annotation
    head.document.commit(before.cleared(), "Remove all points")
    toggle(head)
    qtbot.waitUntil(lambda: len(asked) == 1)
    QTest.keyClick(head.canvas, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: head.document.annotation.is_complete, timeout=LOADED)
    wait_for_heat(head, qtbot)
    assert len(asked) == 2
