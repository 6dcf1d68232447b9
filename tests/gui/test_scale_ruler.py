"""The ruler in the picture: sought beside the work, offered, taken, and compared with the file."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sonichu_gui.domain.calibration import ScaleSource
from sonichu_gui.gui.canvas.marks import LineMark, TextMark
from sonichu_gui.gui.controllers import ruler_reading
from sonichu_gui.imaging import ruler as ruler_module
from tests.gui.dicom_scenes import FULL, PERIOD_PX, fan, region, write_scan
from tests.gui.hands import click
from tests.gui.scenes import open_and_wait

LEFT = Qt.MouseButton.LeftButton
CM_PER_PX = 1.0 / PERIOD_PX
WAIT = 20_000


@pytest.fixture
def opened(make_bench, qtbot, tmp_path):
    def open_file(*regions, pixels=None, **elements):
        pixels = fan() if pixels is None else pixels
        path = write_scan(tmp_path / "scan" / "a.dcm", pixels, *regions, **elements)
        bench = make_bench()
        open_and_wait(bench, qtbot, path)
        bench.document.set_task(bench.tasks["IVC"])
        bench.actions["place"].trigger()
        for point in ((150.0, 120.0), (150.0, 170.0)):
            click(bench.canvas, point)
        return bench

    return open_file


def read(bench, qtbot):
    qtbot.waitUntil(lambda: bench.document.scaling.is_read, timeout=WAIT)
    return bench.measure_panel.scale


def measured(bench):
    return bench.document.measurements[0]


def press(button):
    for _ in range(100):  # a button that was just made is shown by the next event
        if button.isVisible():
            break
        QTest.qWait(20)
    assert button.isVisible()
    QTest.mouseClick(button, LEFT)


def ticks_on(canvas):
    """Half lengths of the amber strokes."""
    return [
        abs(mark.end[0] - mark.start[0]) / 2
        for mark in canvas._marks
        if isinstance(mark, LineMark) and mark.color == "#E2B33C"
    ]


def words_on(canvas):
    return [mark.text for mark in canvas._marks if isinstance(mark, TextMark)]


# ---- offered where nothing is trusted ----------------------------------------------------------


def test_a_ruler_is_offered_with_its_ticks_drawn_and_one_click_takes_it(opened, qtbot):
    bench = opened()
    card = read(bench, qtbot)
    assert card.offer.text == (
        "Ruler found: ticks every 24.0 px. 10 mm apart? gives 0.4167 mm / px"
    )
    assert len(ticks_on(bench.canvas)) >= 10
    assert len(set(ticks_on(bench.canvas))) == 2  # the long ones are told from the short ones
    assert "10 mm apart?" in words_on(bench.canvas)
    assert measured(bench).unit == "px"
    press(card.offer.take_button)
    assert measured(bench).value == pytest.approx(50 * 10 * CM_PER_PX, rel=0.02)
    assert measured(bench).scale.source is ScaleSource.RULER
    assert measured(bench).sourced_text.endswith("mm · ruler")
    assert not card.offer.isVisible()
    assert ticks_on(bench.canvas) == []
    bench.actions["undo"].trigger()
    assert measured(bench).unit == "px"
    assert card.offer.isVisible()


def test_another_distance_of_the_ticks_gives_another_scale(opened, qtbot):
    bench = opened()
    card = read(bench, qtbot)
    assert {5.0, 10.0, 20.0} <= card.offer.distances.keys()
    press(card.offer.distances[5.0])
    assert "gives 0.2083 mm / px" in card.offer.text
    assert "5 mm apart?" in words_on(bench.canvas)
    press(card.offer.take_button)
    assert measured(bench).value == pytest.approx(50 * 5 * CM_PER_PX, rel=0.02)


def test_not_now_puts_the_offer_away_until_it_is_asked_for(opened, qtbot):
    bench = opened()
    card = read(bench, qtbot)
    press(card.offer.away_button)
    assert not card.offer.isVisible()
    press(card.ruler_button)
    qtbot.waitUntil(card.offer.isVisible, timeout=WAIT)


def test_a_frame_without_a_ruler_offers_none_and_says_so_when_asked(opened, qtbot):
    bench = opened(pixels=fan(ruler=False))
    card = read(bench, qtbot)
    assert not card.offer.isVisible()
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(bench.canvas, Qt.Key.Key_S, both)
    qtbot.waitUntil(lambda: "No ruler found" in bench.status_bar.middle.text, timeout=WAIT)


def test_the_ruler_holds_for_all_frames_and_is_sought_once_for_a_file(opened, qtbot, monkeypatch):
    sought = []
    find = ruler_module.find_rulers
    monkeypatch.setattr(
        ruler_module, "find_rulers", lambda *words: sought.append(1) or find(*words)
    )
    bench = opened(pixels=np.stack([fan(), fan(seed=1), fan(seed=2)]))
    card = read(bench, qtbot)
    press(card.offer.distances[5.0])
    bench.study.show_frame(1)
    qtbot.waitUntil(lambda: bench.document.frame_index == 1)
    assert "5 mm apart?" in card.offer.text  # a choice is not forgotten from frame to frame
    press(card.offer.take_button)
    bench.study.show_frame(2)
    qtbot.waitUntil(lambda: bench.document.frame_index == 2)
    assert bench.document.calibration.scale_for().source is ScaleSource.RULER
    qtbot.wait(400)
    assert len(sought) == 1


def test_another_file_takes_the_search_back_and_shows_at_once(
    make_bench, qtbot, tmp_path, monkeypatch
):
    began, cancelled = threading.Event(), threading.Event()

    def slow(_pixels, is_cancelled):
        began.set()
        until = time.monotonic() + 10
        while time.monotonic() < until:
            if is_cancelled():
                cancelled.set()
                break
            time.sleep(0.005)
        return ()

    monkeypatch.setattr(ruler_module, "find_rulers", slow)
    folder = tmp_path / "scan"
    first, second = (write_scan(folder / name, fan(seed=n)) for n, name in enumerate(("a", "b")))
    bench = make_bench()
    open_and_wait(bench, qtbot, folder)
    assert bench.document.path == first
    qtbot.waitUntil(began.is_set, timeout=WAIT)
    bench.study.step_file(1)
    qtbot.waitUntil(lambda: bench.document.path == second, timeout=2000)
    assert cancelled.wait(2.0)
    assert not bench.document.scaling.is_read


# ---- compared where the file gives a scale ------------------------------------------------------


def test_a_scale_that_the_ruler_confirms_says_so_quietly(opened, qtbot):
    bench = opened(region(FULL, CM_PER_PX * 1.01))
    card = read(bench, qtbot)
    assert measured(bench).unit == "mm"
    assert "agrees with the ruler, 1.0 % apart" in card.text
    assert not card.offer.isVisible()


def test_more_than_two_percent_turns_the_badge_red_and_marks_the_number(opened, qtbot):
    bench = opened(region(FULL, CM_PER_PX * 1.03))
    before = measured(bench).text
    card = read(bench, qtbot)
    assert measured(bench).text == before
    assert measured(bench).unit == "mm"
    assert (card._trust.text, card._dot._role) == ("contradicted", "red")
    assert "the ruler says 0.4167 mm / px (10 mm a tick), 2.9" in card.text
    marked = next(m for m in bench.canvas._marks if isinstance(m, TextMark) and before in m.text)
    assert (marked.text, marked.color) == (f"{before} · region 1 ≠ ruler", "#E86C66")
    assert bench.status_bar.scale_badge._dot._role == "red"
    assert "≠ ruler" in bench.measure_panel.measures.primary.text


def test_the_file_may_be_kept_against_the_ruler_and_the_ruler_taken_against_the_file(opened, qtbot):
    bench = opened(region(FULL, CM_PER_PX * 1.5))
    card = read(bench, qtbot)
    press(card.keep_button)
    assert measured(bench).scale.contradicted_by == ""
    assert f"kept against the ruler by {bench.document.rater}" in card.text
    assert not card.offer.isVisible()
    bench.actions["undo"].trigger()
    assert measured(bench).scale.contradicted_by
    press(card.offer.take_button)
    assert measured(bench).value == pytest.approx(50 * 10 * CM_PER_PX, rel=0.02)


def test_the_comparison_is_in_the_exported_measurements(opened, qtbot, tmp_path):
    bench = opened(region(FULL, CM_PER_PX * 1.5))
    read(bench, qtbot)
    out = tmp_path / "m.csv"
    bench.labels.export_labels("measurements", out, task_id=None, statuses=None)
    qtbot.waitUntil(out.exists, timeout=WAIT)
    text = out.read_text(encoding="utf-8")
    assert "the ruler says 0.4167 mm / px" in text


def test_a_scale_that_a_person_has_set_is_left_alone(opened, qtbot, monkeypatch):
    monkeypatch.setattr(ruler_reading, "STILL_MS", 1_000_000)
    bench = opened()
    bench.actions["calibrate"].trigger()
    click(bench.canvas, (50.0, 50.0))
    click(bench.canvas, (150.0, 50.0))
    bench.measure_panel.scale_length_entered.emit(20.0)
    bench.rulers._still.timeout.emit()
    assert not [job for job in bench.jobs.running if job.key == ruler_reading.KEY]
    bench.actions["undo"].trigger()
    bench.rulers._still.timeout.emit()
    assert [job for job in bench.jobs.running if job.key == ruler_reading.KEY]
