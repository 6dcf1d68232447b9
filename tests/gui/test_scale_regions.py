"""Regions in the window: outlined on request, chosen where they differ, confirmed if doubtful."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sonichu_gui.gui.canvas.marks import LineMark, TextMark
from tests.gui.dicom_scenes import FULL, fan, region, write_scan
from tests.gui.hands import click
from tests.gui.scenes import open_and_wait

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def opened(make_bench, qtbot, tmp_path):
    """Opens a file with the given regions and measures a vena cava of 50 px in it."""

    def open_file(*regions, at=((150.0, 120.0), (150.0, 170.0)), **elements):
        path = write_scan(tmp_path / "scan" / "a.dcm", fan(ruler=False), *regions, **elements)
        bench = make_bench()
        open_and_wait(bench, qtbot, path)
        bench.document.set_task(bench.tasks["IVC"])
        bench.actions["place"].trigger()
        for point in at:
            click(bench.canvas, point)
        return bench

    return open_file


def measured(bench):
    return bench.document.measurements[0]


def press(button):
    for _ in range(100):  # a button that was just made is shown by the next event
        if button.isVisible():
            break
        QTest.qWait(20)
    assert button.isVisible()
    QTest.mouseClick(button, LEFT)


def words_on(canvas):
    return [mark.text for mark in canvas._marks if isinstance(mark, TextMark)]


def stored(bench):
    store = bench.keeper.store_of(bench.document.path.parent)
    with closing(sqlite3.connect(store.path)) as connection:
        query = "SELECT subject, key, value, author FROM calibrations ORDER BY id"
        return connection.execute(query).fetchall()


# ---- outlines ----------------------------------------------------------------------------------


def test_regions_are_outlined_on_request_with_the_one_in_use_emphasised(opened):
    ecg = region((0, 270, 399, 299), 0.01, kind=0xA, form=4, units=(4, 0))
    bench = opened(region((0, 0, 399, 269), 0.02), region((300, 0, 399, 269), 0.02, kind=2), ecg)
    assert not any("2D tissue" in text for text in words_on(bench.canvas))
    press(bench.measure_panel.scale.regions_button)
    told = words_on(bench.canvas)
    assert "1  2D tissue  0.2 mm / px  in use" in told
    assert "2  2D colour flow  0.2 mm / px" in told
    assert "3  ECG  no scale" in told
    accent = [m for m in bench.canvas._marks if isinstance(m, LineMark) and m.width == 2.0]
    assert {(line.dashed, line.color) for line in accent} == {(False, "#45B8C4")}
    assert len(accent) == 4
    assert bench.actions["regions"].isChecked()
    QTest.keyClick(bench.canvas, Qt.Key.Key_L)
    assert not any("2D tissue" in text for text in words_on(bench.canvas))


def test_outlines_lie_around_the_outermost_pixels(opened):
    bench = opened(region((40, 30, 359, 269), 0.02))
    bench.actions["regions"].trigger()
    bench.canvas.grab()
    left, top = bench.canvas.view.to_widget((39.5, 29.5))
    right, bottom = bench.canvas.view.to_widget((359.5, 269.5))
    ends = {mark.start for mark in bench.canvas._marks if isinstance(mark, LineMark)}
    assert {(left, top), (right, top), (right, bottom), (left, bottom)} <= ends


def test_a_file_without_regions_has_none_to_outline(opened):
    assert not opened().measure_panel.scale.regions_button.isVisible()


# ---- conflicts ---------------------------------------------------------------------------------


@pytest.fixture
def conflict(opened):
    return opened(region(FULL, 0.02), region((100, 80, 250, 220), 0.03))


def test_regions_that_differ_are_outlined_and_asked_about(conflict):
    card = conflict.measure_panel.scale
    assert measured(conflict).unit == "px"
    assert card.text.startswith("Which region?, doubtful: regions 2 and 1 overlap")
    assert not card.confirm_button.isVisible()
    assert any(text.startswith("2  2D tissue  0.3 mm") for text in words_on(conflict.canvas))


def test_the_chosen_region_measures_is_stored_with_its_author_and_can_be_undone(conflict):
    card = conflict.measure_panel.scale
    press(card.choice.buttons[0])
    assert measured(conflict).sourced_text.endswith("mm · region 1")
    assert measured(conflict).value == pytest.approx(50 * 0.2, rel=0.02)
    assert "chosen by" in card.text
    rater = conflict.document.rater
    assert stored(conflict) == [("choice", "overlap:0+1", "0", rater)]
    press(card.choice.buttons[1])
    assert measured(conflict).value == pytest.approx(50 * 0.3, rel=0.02)
    conflict.actions["undo"].trigger()
    assert measured(conflict).value == pytest.approx(50 * 0.2, rel=0.02)
    conflict.actions["undo"].trigger()
    assert measured(conflict).unit == "px"
    assert [row[2] for row in stored(conflict)] == ["0", "1", "0", None]


def test_the_choice_is_there_again_after_a_restart(conflict, make_bench, qtbot):
    press(conflict.measure_panel.scale.choice.buttons[1])
    path = conflict.document.path
    conflict.window.close()
    again = make_bench()
    open_and_wait(again, qtbot, path)
    again.document.set_task(again.tasks["IVC"])
    assert measured(again).value == pytest.approx(50 * 0.3, rel=0.02)
    assert again.measure_panel.scale.choice.buttons[1].isChecked()


# ---- points across regions ---------------------------------------------------------------------

ACROSS = ((150.0, 150.0), (250.0, 150.0))
HALVES = (0, 0, 199, 299), (200, 0, 399, 299)


def test_across_equal_regions_a_person_may_say_that_it_is_one_plane(opened):
    bench = opened(*(region(half, 0.02) for half in HALVES), at=ACROSS)
    card = bench.measure_panel.scale
    assert (measured(bench).unit, card.confirm_button.text()) == ("px", "It is one plane")
    press(card.confirm_button)
    assert measured(bench).value == pytest.approx(20.0, rel=0.02)
    assert stored(bench)[-1][:3] == ("confirmation", "split:0+1", "true")


def test_across_regions_of_two_scales_there_is_nothing_to_confirm(opened):
    bench = opened(region(HALVES[0], 0.02), region(HALVES[1], 0.03), at=ACROSS)
    card = bench.measure_panel.scale
    assert measured(bench).unit == "px"
    assert "points lie in regions 1 and 2 with different scales" in card.text
    assert not card.confirm_button.isVisible()


# ---- doubts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("odd", "elements", "words"),
    [
        (region((0, 0, 799, 599), 0.02), {}, "reaches to (799, 599)"),
        (region(FULL, 0.25), {}, "0.25 cm per pixel"),
        (region(FULL, 0.02), {"PixelSpacing": [0.3, 0.3]}, "PixelSpacing 0.3×0.3"),
    ],
    ids=["larger than the picture", "out of range", "tags disagree"],
)
def test_a_doubtful_scale_is_amber_until_confirmed_and_can_be_doubted_again(
    opened, odd, elements, words
):
    bench = opened(odd, **elements)
    card = bench.measure_panel.scale
    assert measured(bench).unit == "px"
    assert (card._trust.text, words in card.text) == ("doubtful", True)
    press(card.confirm_button)
    assert measured(bench).unit == "mm"
    assert f"confirmed by {bench.document.rater}" in card.text
    press(card.doubt_button)
    assert measured(bench).unit == "px"
    bench.actions["undo"].trigger()
    assert measured(bench).unit == "mm"
    bench.actions["undo"].trigger()
    assert measured(bench).unit == "px"
    assert {row[3] for row in stored(bench)} == {bench.document.rater}


def test_the_badge_and_the_scale_bar_follow_the_points_of_the_measure(opened):
    bench = opened(region((0, 0, 399, 200), 0.02), at=((150.0, 120.0), (150.0, 250.0)))
    assert measured(bench).unit == "px"
    assert bench.status_bar.scale_badge.text == "pixels only"
    bench.document.move_point(1, (150.0, 160.0))
    assert bench.status_bar.scale_badge.text == "0.20 mm / px · region 1"


def test_every_number_in_mm_says_whose_millimetres_they_are(opened):
    bench = opened(region(FULL, 0.02))
    shown = measured(bench)
    assert shown.unit == "mm"
    assert f"{shown.text} · region 1" in words_on(bench.canvas)
    assert bench.measure_panel.measures.primary.text.endswith("mm · region 1")
    assert "· region 1" in bench.measure_panel.measures.primary.accessibleName()
    bench.status_bar.set_cursor((10.0, 10.0))
    assert bench.status_bar.cursor_text.text.endswith("2.0, 2.0 mm · region 1")
