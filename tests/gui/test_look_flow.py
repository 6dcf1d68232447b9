"""The look of the frame: for the eye alone, remembered by study, and told wherever it is on."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from sonichu_gui.imaging.look import NEUTRAL, PRESETS, Look
from sonichu_gui.settings.study_views import read_view
from tests.gui.hands import at, click, drag
from tests.gui.scenes import open_and_wait, write_picture
from tests.scans import write_dicom

RIGHT = Qt.MouseButton.RightButton
LEFT = Qt.MouseButton.LeftButton
SHIFT = Qt.KeyboardModifier.ShiftModifier
RING = (200.0, 70.0)


def seen(bench, point=RING):
    """The grey of the canvas where an image point is."""
    color = bench.canvas.grab().toImage().pixelColor(at(bench.canvas, point))
    return color.red()


def look(bench):
    return bench.document.appearance.look


def put(bench, name, place):
    """Moves a slider of the panel as the arrow keys do."""
    bench.viewing.look_panel.sliders[name].slider.setValue(place)


@pytest.fixture
def panel(bench):
    QTest.keyClick(bench.canvas, Qt.Key.Key_B)
    return bench.viewing.look_panel


def test_i_inverts_what_is_seen_and_nothing_else(bench):
    bright, before = seen(bench), bench.document.frame.pixels.copy()
    assert bright > 128
    QTest.keyClick(bench.canvas, Qt.Key.Key_I)
    assert seen(bench) == pytest.approx(255 - bright, abs=3)
    assert bench.actions["invert"].isChecked()
    assert (bench.document.frame.pixels == before).all()
    QTest.keyClick(bench.canvas, Qt.Key.Key_I)
    assert seen(bench) == bright


def test_b_opens_the_panel_and_esc_closes_it(bench, panel):
    assert panel.isVisible()
    assert bench.actions["look"].isChecked()
    QTest.keyClick(bench.canvas, Qt.Key.Key_Escape)
    assert not panel.isVisible()
    assert not bench.actions["look"].isChecked()


def test_a_slider_changes_the_picture_and_its_number_while_it_moves(bench, panel):
    dark = seen(bench, (200.0, 150.0))
    QTest.keyClick(panel.sliders["brightness"].slider, Qt.Key.Key_PageUp)
    assert panel.sliders["brightness"].said == "+10 %"
    assert seen(bench, (200.0, 150.0)) > dark + 15
    assert look(bench) == Look(brightness=0.1)


@pytest.mark.parametrize(
    ("name", "place", "expected"),
    [
        ("contrast", 100, Look(contrast=10.0)),
        ("contrast", -100, Look(contrast=0.1)),
        ("gamma", 100, Look(gamma=5.0)),
        ("gamma", -100, Look(gamma=0.2)),
        ("brightness", -100, Look(brightness=-1.0)),
        ("clahe", 20, Look(clahe=2.0)),
    ],
)
def test_sliders_reach_the_ends_of_their_ranges(bench, panel, name, place, expected):
    put(bench, name, place)
    assert look(bench) == expected
    QTest.mouseDClick(panel.sliders[name].slider, LEFT)
    assert look(bench) == NEUTRAL


def test_a_preset_is_chosen_and_lit_until_a_slider_moves(bench, panel):
    QTest.mouseClick(panel.presets["hard"], LEFT)
    assert look(bench) == PRESETS["hard"]
    assert [name for name, chip in panel.presets.items() if chip.isChecked()] == ["hard"]
    QTest.mouseClick(panel.presets["hard"], LEFT)
    assert panel.presets["hard"].isChecked()
    put(bench, "gamma", 10)
    assert not any(chip.isChecked() for chip in panel.presets.values())


def test_a_sign_says_that_the_look_is_not_the_original(bench):
    signs = bench.viewing.signs
    assert not signs.isVisible()
    QTest.keyClick(bench.canvas, Qt.Key.Key_I)
    assert signs.look.text() == "Look: inverted"
    QTest.mouseClick(signs.look, LEFT)
    assert bench.viewing.look_panel.isVisible()
    QTest.keyClick(bench.canvas, Qt.Key.Key_B, SHIFT)
    assert not signs.isVisible()
    assert look(bench) == NEUTRAL


def test_a_look_stays_from_file_to_file_and_after_a_restart(bench, make_bench, qtbot, study):
    QTest.keyClick(bench.canvas, Qt.Key.Key_B)
    put(bench, "gamma", 30)
    chosen = look(bench)
    QTest.keyClick(bench.canvas, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: bench.document.path.name == "frame2.png")
    assert look(bench) == chosen
    bench.window.close()
    again = make_bench()
    open_and_wait(again, qtbot, study)
    assert look(again) == chosen


def test_each_study_has_its_own_look(bench, qtbot, study, tmp_path):
    QTest.keyClick(bench.canvas, Qt.Key.Key_I)
    other = tmp_path / "other"
    other.mkdir()
    write_picture(other / "a.png")
    bench.opening.open_paths([other])
    qtbot.waitUntil(lambda: bench.document.path == other / "a.png")
    assert look(bench) == NEUTRAL
    assert not bench.actions["invert"].isChecked()
    bench.opening.open_paths([study])
    qtbot.waitUntil(lambda: bench.document.path.parent == study)
    assert look(bench) == Look(invert=True)


def test_nothing_of_a_look_is_beside_the_frames(bench, study):
    QTest.keyClick(bench.canvas, Qt.Key.Key_I)
    bench.window.close()
    assert not [p.name for p in study.iterdir() if p.suffix not in (".png", ".sonichu", ".sqlite")]


def test_right_drag_does_nothing_until_it_is_asked_for(bench):
    def right_drag():
        start = at(bench.canvas, (20.0, 20.0))
        QTest.mousePress(bench.canvas, RIGHT, pos=start)
        QTest.mouseMove(bench.canvas, start + QPoint(50, -100))
        QTest.mouseRelease(bench.canvas, RIGHT, pos=start + QPoint(50, -100))

    right_drag()
    assert look(bench) == NEUTRAL
    bench.actions["right_drag"].trigger()
    right_drag()
    assert look(bench).brightness == pytest.approx(0.2)
    assert look(bench).contrast == pytest.approx(10**0.1, abs=1e-3)
    assert bench.settings.path.parent.exists()


def test_a_right_press_on_a_point_still_opens_its_menu(bench):
    bench.actions["right_drag"].trigger()
    bench.document.set_task(bench.tasks["IVC"])
    bench.actions["place"].trigger()
    click(bench.canvas, (100.0, 100.0))
    click(bench.canvas, (100.0, 150.0))
    start = at(bench.canvas, (100.0, 100.0))
    QTest.mousePress(bench.canvas, RIGHT, pos=start)
    QTest.mouseMove(bench.canvas, start + QPoint(0, 80))
    QTest.mouseRelease(bench.canvas, RIGHT, pos=start + QPoint(0, 80))
    assert look(bench) == NEUTRAL
    assert bench.document.selected == 0


def test_windows_of_a_dicom_file_are_chosen_by_name(bench, qtbot, tmp_path):
    folder = tmp_path / "windows"
    folder.mkdir()
    ramp = np.tile(np.arange(0, 4000, 10, dtype=np.uint16), (300, 1))
    write_dicom(
        folder / "a.dcm",
        ramp,
        WindowCenter=[2000, 500],
        WindowWidth=[4000, 200],
        WindowCenterWidthExplanation=["WIDE", "NARROW"],
    )
    bench.opening.open_paths([folder])
    qtbot.waitUntil(lambda: bench.document.path == folder / "a.dcm")
    QTest.keyClick(bench.canvas, Qt.Key.Key_B)
    windows = bench.viewing.look_panel.windows
    assert [windows.itemText(n) for n in range(windows.count())] == ["WIDE", "NARROW"]
    original = bench.document.frame.pixels.copy()
    windows.setFocus()
    QTest.keyClick(windows, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: bench.document.presets.rendering is not None)
    assert bench.document.preset == "NARROW"
    bench.viewing.memory.flush()
    assert read_view(folder).preset == "NARROW"
    shown = bench.document.appearance.pixels(bench.document.frame)
    assert shown[0, 100] == 255
    assert shown[0, 35] == 0
    assert (bench.document.frame.pixels == original).all()
    assert bench.viewing.signs.look.text() == "Look: NARROW"
    QTest.keyClick(bench.canvas, Qt.Key.Key_B, SHIFT)
    assert bench.document.appearance.pixels(bench.document.frame) is bench.document.frame.pixels


def test_a_file_without_windows_has_none_to_choose(bench, panel):
    assert not panel.windows.isVisible()


def test_the_panel_is_dragged_out_of_the_way_and_stays_there(bench, panel, qtbot):
    view, place = bench.canvas.view, panel.pos()
    QTest.mousePress(panel, LEFT, pos=QPoint(40, 14))
    QTest.mouseMove(panel, QPoint(240, 94))
    QTest.mouseRelease(panel, LEFT, pos=QPoint(40, 14))
    assert panel.pos() == place + QPoint(200, 80)
    assert bench.canvas.view == view
    QTest.keyClick(bench.canvas, Qt.Key.Key_I)  # its sign would push it down from its corner
    assert panel.pos() == place + QPoint(200, 80)
    bench.window.resize(900, 560)
    qtbot.waitUntil(lambda: panel.x() < bench.canvas.width() - 60)
    QTest.mousePress(panel, LEFT, pos=QPoint(40, 14))
    QTest.mouseMove(panel, QPoint(3000, 3000))
    QTest.mouseRelease(panel, LEFT, pos=QPoint(40, 14))
    assert bench.canvas.rect().contains(panel.geometry().topLeft() + QPoint(60, 30))


def test_a_slider_moved_does_not_move_the_panel(bench, panel):
    slider = panel.sliders["gamma"].slider
    bench.canvas.grab()  # the panel is laid out now
    middle = slider.rect().center()
    QTest.mousePress(slider, LEFT, pos=middle)
    QTest.mouseMove(slider, middle + QPoint(30, 10))
    QTest.mouseRelease(slider, LEFT, pos=middle + QPoint(30, 10))
    assert not panel.place.was_moved
    assert look(bench).gamma > 1


def test_a_slider_says_its_value_to_a_screen_reader(bench, panel):
    slider = panel.sliders["contrast"].slider
    slider.setFocus()
    path = bench.document.path
    QTest.keyClick(slider, Qt.Key.Key_End)
    assert slider.accessibleName() == "Contrast"
    assert slider.accessibleDescription() == "× 10.00"
    QTest.keyClick(slider, Qt.Key.Key_Left)
    assert slider.accessibleDescription() == "× 9.77"
    assert bench.document.path == path
    QTest.keyClick(slider, Qt.Key.Key_Escape)
    assert not panel.isVisible()
    assert bench.canvas.hasFocus()


def test_points_are_dragged_beside_the_panel_and_the_look_is_not_made_anew(
    bench, panel, monkeypatch
):
    bench.document.set_task(bench.tasks["IVC"])
    bench.actions["place"].trigger()
    for point in ((300.0, 240.0), (300.0, 270.0)):
        click(bench.canvas, point)
    put(bench, "clahe", 20)
    bench.canvas.grab()
    made = []
    monkeypatch.setattr(Look, "apply", lambda _look, pixels: made.append(1) or pixels)
    drag(bench.canvas, (300.0, 240.0), QPoint(40, -30))
    bench.canvas.grab()
    assert bench.document.annotation.keypoints[0].x > 310
    assert not made
    assert panel.isVisible()


def test_clicks_on_the_panel_do_not_move_the_frame(bench, panel):
    view = bench.canvas.view
    QTest.mousePress(panel, LEFT, pos=QPoint(5, 5))
    QTest.mouseMove(panel, QPoint(60, 60))
    QTest.mouseRelease(panel, LEFT, pos=QPoint(60, 60))
    assert bench.canvas.view == view
