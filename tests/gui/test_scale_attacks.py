"""A scale must not hold where it was not taken, get lost, or be pulled from under a hand."""

from __future__ import annotations

import csv
import re
import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from sonichu_gui.domain.calibration import ScaleSource, given_scale, manual_scale
from sonichu_gui.errors import StoreError
from sonichu_gui.gui.actions import ROWS
from sonichu_gui.gui.controllers import ruler_reading
from sonichu_gui.labels.store import LabelStore
from tests.gui.dicom_scenes import FULL, fan, region, write_scan
from tests.gui.hands import at, click, move, press, release
from tests.gui.scenes import open_and_wait

WAIT = 20_000
LEFT_HALF, RIGHT_HALF = (0, 0, 199, 299), (200, 0, 399, 299)


@pytest.fixture
def quiet(monkeypatch):
    """Nobody looks for rulers by themselves."""
    monkeypatch.setattr(ruler_reading, "STILL_MS", 1_000_000)


@pytest.fixture
def opened(make_bench, qtbot, tmp_path):
    def open_file(*regions, pixels=None, **elements):
        pixels = fan(ruler=False) if pixels is None else pixels
        bench = make_bench()
        path = write_scan(tmp_path / "scan" / "a.dcm", pixels, *regions, **elements)
        open_and_wait(bench, qtbot, path)
        bench.document.set_task(bench.tasks["IVC"])
        return bench

    return open_file


def by_hand(mm_per_px, author="anna"):
    return manual_scale(start=(0, 0), end=(100, 0), length_mm=100 * mm_per_px, author=author)


def place(bench, *points):
    bench.actions["place"].trigger()
    for point in points:
        click(bench.canvas, point)


def draw(bench, start, end, length_mm):
    bench.actions["calibrate"].trigger()
    click(bench.canvas, start)
    click(bench.canvas, end)
    bench.measure_panel.scale_length_entered.emit(length_mm)


def measured(bench):
    return bench.document.measurements[0]


def show(bench, qtbot, path):
    bench.study.show(path)
    qtbot.waitUntil(lambda: bench.document.path == path and bench.document.frame is not None)


def is_red(bench):
    return bool(bench.document.shown_scale.contradicted_by)


# ---- where it holds ----------------------------------------------------------------------------


def test_a_line_in_one_region_says_nothing_of_a_region_of_another_scale(quiet, opened):
    bench = opened(region(LEFT_HALF, 0.02), region(RIGHT_HALF, 0.04))
    draw(bench, (50, 100), (150, 100), 21.0)
    place(bench, (300.0, 120.0), (300.0, 170.0))
    assert measured(bench).value == pytest.approx(20.0, rel=0.03)
    assert measured(bench).sourced_text.endswith("mm · region 2")
    bench.actions["clear_points"].trigger()
    place(bench, (100.0, 120.0), (100.0, 170.0))
    assert measured(bench).value == pytest.approx(10.5, rel=0.03)
    assert measured(bench).sourced_text.endswith("mm · by hand")


def test_where_regions_overlap_an_own_scale_of_one_waits_for_the_choice(quiet, opened):
    bench = opened(region(FULL, 0.02), region((100, 100, 300, 200), 0.05))
    draw(bench, (50, 250), (150, 250), 21.0)
    place(bench, (150.0, 120.0), (150.0, 170.0))
    card = bench.measure_panel.scale
    assert measured(bench).unit == "px"
    assert not card.remove_button.isVisible()
    card.choice.buttons[0].click()
    assert measured(bench).sourced_text == "10.5 mm · by hand"
    assert card.remove_button.isVisible()


def test_tab_goes_through_the_card_as_the_eye_does(quiet, opened, qtbot):
    bench = opened(region(FULL, 0.02), region((100, 100, 300, 200), 0.05), pixels=fan())
    place(bench, (150.0, 120.0), (150.0, 170.0))
    bench.rulers.read()
    card = bench.measure_panel.scale
    qtbot.waitUntil(card.offer.isVisible, timeout=WAIT)
    expected = [
        *(card.regions_button, card.calibrate_button, card.depth_button, card.ruler_button),
        *(card.choice.buttons[index] for index in sorted(card.choice.buttons)),
        *card.offer.distances.values(),
        card.offer.take_button,
        card.offer.away_button,
    ]
    expected[0].setFocus(Qt.FocusReason.TabFocusReason)
    came_to = []
    for _ in expected:
        came_to.append(bench.window.focusWidget())
        QTest.keyClick(came_to[-1], Qt.Key.Key_Tab)
    assert [one.text() for one in came_to] == [one.text() for one in expected]


def test_a_line_outside_regions_that_differ_is_asked_about_in_each(quiet, opened):
    bench = opened(region((0, 100, 199, 299), 0.02), region((200, 100, 399, 299), 0.04))
    draw(bench, (50, 50), (150, 50), 21.0)
    place(bench, (300.0, 120.0), (300.0, 170.0))
    assert measured(bench).unit == "px"
    bench.document.confirm_scale(measured(bench).scale.key)
    assert measured(bench).value == pytest.approx(10.5, rel=0.03)
    draw(bench, (50, 50), (150, 50), 42.0)  # the word was for the line before
    assert measured(bench).unit == "px"


def test_a_line_that_ends_in_a_trace_keeps_the_shape_of_the_pixels(quiet, opened):
    tall = region((0, 0, 399, 249), 0.02)
    tall.PhysicalDeltaY = 0.04
    bench = opened(tall, region((0, 250, 399, 299), 0.01, kind=0xA, form=4, units=(4, 0)))
    draw(bench, (50, 100), (50, 270), 68.0)
    own = bench.document.calibration.override
    assert own.dy_mm == pytest.approx(2 * own.dx_mm)
    assert own.dy_mm == pytest.approx(0.4, rel=0.02)


def test_no_bar_is_drawn_while_nobody_knows_which_region_is_meant(quiet, opened):
    bench = opened(region(LEFT_HALF, 0.02), region(RIGHT_HALF, 0.04))
    assert not bench.document.bar_scale.in_mm
    place(bench, (300.0, 120.0), (300.0, 170.0))
    assert bench.document.bar_scale.dx_mm == pytest.approx(0.4)


@pytest.mark.parametrize("cm", [1e-310, 1e308, 1e-200, 1e9])
def test_a_size_of_nothing_is_no_scale_and_nothing_to_confirm(quiet, opened, cm):
    bench = opened(region(FULL, cm))
    place(bench, (150.0, 120.0), (150.0, 170.0))
    bench.document.confirm_scale("region:0")
    bench.actions["regions"].trigger()
    bench.window.grab()
    assert measured(bench).unit == "px"
    assert "states no size of a pixel" in measured(bench).reason


def test_a_length_of_the_hundreds_of_digits_does_not_break_the_picture(quiet, opened):
    bench = opened()
    for length in (1e308, 1e-308):
        draw(bench, (50, 50), (150, 50), length)
        bench.window.grab()


def test_outlines_of_a_damaged_file_do_not_hold_up_a_drag(quiet, opened):
    huge = 2**32 - 1
    many = [region((0, 0, 50 + n, 60), 0.02 + n * 1e-4) for n in range(200)]
    bench = opened(region((0, 0, huge, huge), 0.02), *many)
    place(bench, (150.0, 120.0), (150.0, 170.0))
    bench.actions["regions"].trigger()
    bench.canvas.grab()
    start = press(bench.canvas, (150.0, 170.0))
    slowest = 0.0
    for step in range(1, 12):
        began = time.perf_counter()
        move(bench.canvas, start + QPoint(step, step))
        bench.canvas.grab()
        slowest = max(slowest, time.perf_counter() - began)
    release(bench.canvas, start + QPoint(11, 11))
    assert slowest < 0.1


# ---- the line in the hand ----------------------------------------------------------------------


def test_depth_asked_for_in_the_middle_of_a_line_drops_the_line(quiet, opened, qtbot):
    bench = opened()
    bench.actions["calibrate"].trigger()
    click(bench.canvas, (50, 100))
    bench.actions["calibrate_depth"].trigger()
    move(bench.canvas, at(bench.canvas, (200, 200)))
    qtbot.waitUntil(lambda: bench.document.scale_line_is_whole, timeout=WAIT)
    move(bench.canvas, at(bench.canvas, (210, 200)))
    assert bench.document.scale_line[0][0] == pytest.approx(190.0, abs=6.0)


def test_the_card_names_the_keys_that_the_actions_have(make_bench):
    card = make_bench().measure_panel.scale
    keys = {row.id: row.keys[0] for row in ROWS if row.keys}
    for button, action in (
        (card.calibrate_button, "calibrate"),
        (card.depth_button, "calibrate_depth"),
        (card.ruler_button, "read_ruler"),
        (card.regions_button, "regions"),
    ):
        assert re.search(r"·  (\S+)$", button.toolTip())[1] == keys[action]


# ---- the ruler's word --------------------------------------------------------------------------


def test_a_file_is_compared_with_its_ruler_when_the_own_scale_is_taken_back(
    opened, qtbot, monkeypatch
):
    monkeypatch.setattr(ruler_reading, "STILL_MS", 30)
    path = opened(region(FULL, 0.02), pixels=fan()).document.path
    bench = opened(region(FULL, 0.02), pixels=fan())
    bench.rulers._still.stop()
    bench.document.set_scale(by_hand(0.5))
    qtbot.wait(150)
    assert path == bench.document.path
    assert not bench.document.scaling.is_read
    bench.document.set_scale(None)
    qtbot.waitUntil(lambda: is_red(bench), timeout=WAIT)


def test_a_frame_without_a_ruler_takes_nothing_back_of_what_another_said(opened, qtbot):
    cine = np.stack([fan(), fan(ruler=False, seed=4)])
    bench = opened(region(FULL, 0.02), pixels=cine)
    qtbot.waitUntil(lambda: is_red(bench), timeout=WAIT)
    bench.study.show_frame(1)
    qtbot.waitUntil(lambda: bench.document.frame_index == 1)
    bench.rulers.read()
    qtbot.waitUntil(lambda: "No ruler" in bench.status_bar.middle.text, timeout=WAIT)
    bench.study.show_frame(0)
    qtbot.waitUntil(lambda: bench.document.frame_index == 0)
    assert is_red(bench)


def test_an_export_after_a_restart_tells_what_the_ruler_says(quiet, opened, qtbot, tmp_path):
    bench = opened(region(FULL, 0.02), pixels=fan())
    place(bench, (150.0, 120.0), (150.0, 170.0))
    assert not bench.document.scaling.is_read
    out = tmp_path / "out.csv"
    bench.labels.export_labels("measurements", out, task_id=None, statuses=None)
    qtbot.waitUntil(out.exists, timeout=WAIT)
    row = next(csv.DictReader(out.read_text("utf-8").splitlines()))
    assert "the ruler says" in row["scale_ruler"]


# ---- the folder --------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    for number in (1, 2, 3):
        write_scan(tmp_path / "many" / f"a{number}.dcm", fan(ruler=False, seed=number))
    return tmp_path / "many"


def give(bench, qtbot):
    bench.actions["scale_folder"].trigger()
    qtbot.waitUntil(lambda: "Scale set" in bench.banner.text, timeout=WAIT)


def test_a_folder_scale_spares_what_a_label_file_states_and_tells_what_it_replaces(
    quiet, make_bench, qtbot, folder
):
    bench = make_bench()
    open_and_wait(bench, qtbot, folder)
    stated = given_scale(dx_mm=0.1, dy_mm=0.1, source=ScaleSource.LABEL_FILE, reason="of labels")
    for name, scale in (("a3.dcm", stated), ("a2.dcm", by_hand(0.3)), ("a1.dcm", by_hand(0.2))):
        show(bench, qtbot, folder / name)
        bench.document.set_scale(scale)
    give(bench, qtbot)
    assert "1 that state a scale of their own" in bench.banner.text
    assert "in place of another one set by hand: 1" in bench.banner.text
    for name, dx_mm in (("a3.dcm", 0.1), ("a2.dcm", 0.2)):
        show(bench, qtbot, folder / name)
        assert bench.document.calibration.override.dx_mm == pytest.approx(dx_mm)


def test_undo_of_a_folder_scale_gives_back_what_was_not_on_disk_yet(
    quiet, make_bench, qtbot, folder
):
    bench = make_bench()
    open_and_wait(bench, qtbot, folder)
    real = LabelStore.open_for

    def refuse(where, *, create=True):
        if create:
            raise StoreError("no room", "Free some.")
        return real(where, create=False)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LabelStore, "open_for", refuse)
        bench.document.set_scale(by_hand(0.5))
        before = bench.document.calibration.override
        give(bench, qtbot)
        bench.document.undo_stack.undo()
        assert bench.document.calibration.override == before
    bench.keeper.flush()
    assert bench.document.calibration.override == before


def test_a_folder_scale_is_not_set_where_nobody_knows_what_it_replaces(
    quiet, make_bench, qtbot, folder
):
    bench = make_bench()
    open_and_wait(bench, qtbot, folder)
    bench.document.set_scale(by_hand(0.5))

    def fail(_):
        raise StoreError("locked", "Try again.")

    store = bench.keeper.store_of(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(store.scales), "overrides", fail)
        bench.actions["scale_folder"].trigger()
        qtbot.waitUntil(lambda: "labels cannot be read" in bench.banner.text, timeout=WAIT)
    show(bench, qtbot, folder / "a2.dcm")
    assert bench.document.calibration.override is None


def test_a_folder_that_was_left_gets_its_scale_without_calling_the_person_back(
    quiet, make_bench, qtbot, folder, tmp_path
):
    other = write_scan(tmp_path / "other" / "b.dcm", fan(ruler=False, seed=9))
    bench = make_bench()
    open_and_wait(bench, qtbot, folder)
    bench.document.set_scale(by_hand(0.5))
    bench.actions["scale_folder"].trigger()
    open_and_wait(bench, qtbot, other)
    qtbot.waitUntil(lambda: "Scale set" in bench.banner.text, timeout=WAIT)
    qtbot.wait(200)
    assert bench.document.path == other
    assert not bench.document.undo_stack.canUndo()
    open_and_wait(bench, qtbot, folder)
    show(bench, qtbot, folder / "a3.dcm")
    assert bench.document.calibration.override.dx_mm == pytest.approx(0.5)
