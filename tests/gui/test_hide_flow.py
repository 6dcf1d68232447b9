"""The scan area: the view fits it, what is outside is hidden, and a person corrects it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from sonichu_gui.gui.appearance import Cover
from sonichu_gui.gui.place import Tool
from sonichu_gui.settings.study_views import read_view
from tests.gui.hands import answer, at, drag
from tests.gui.scenes import open_and_wait
from tests.scans import BANNER, scan, write_dark, write_dicom, write_scan

LEFT = Qt.MouseButton.LeftButton
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def scans(tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in (1, 2):
        write_scan(folder / f"scan{number}.png", seed=number)
    return folder


@pytest.fixture
def bench(make_bench, qtbot, scans):
    workbench = make_bench()
    open_and_wait(workbench, qtbot, scans)
    return workbench


def shown(bench):
    return bench.document.appearance.pixels(bench.document.frame)


def is_hidden(bench):
    return bench.document.appearance.cover is Cover.OUTSIDE


def hide(bench, qtbot):
    QTest.keyClick(bench.canvas, Qt.Key.Key_H, SHIFT)
    qtbot.waitUntil(lambda: is_hidden(bench))


def go_to(bench, qtbot, path):
    bench.study.show(path)
    qtbot.waitUntil(lambda: bench.document.path == path and bench.document.frame is not None)


def picture_of(bench, qtbot, monkeypatch, path):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(path), ""))
    QTest.keyClick(bench.canvas, Qt.Key.Key_F12)


# ---- hiding ---------------------------------------------------------------------------------


def test_the_banner_is_hidden_and_the_echo_is_not(bench, qtbot):
    before = bench.document.frame.pixels.copy()
    hide(bench, qtbot)
    assert not shown(bench)[BANNER].any()
    echo = scan(1)[1]
    assert (shown(bench)[echo] == before[echo]).mean() > 0.98
    assert (bench.document.frame.pixels == before).all()
    assert bench.viewing.signs.cover.text() == "Outside hidden"
    assert bench.actions["hide_outside"].isChecked()
    QTest.keyClick(bench.canvas, Qt.Key.Key_H, SHIFT)
    assert shown(bench) is bench.document.frame.pixels
    assert not bench.viewing.signs.isVisible()


def test_what_is_hidden_stays_black_in_every_look(bench, qtbot):
    hide(bench, qtbot)
    QTest.keyClick(bench.canvas, Qt.Key.Key_I)
    assert not shown(bench)[BANNER].any()
    assert shown(bench)[scan(1)[1]].mean() > 100


def test_no_frame_of_a_hidden_study_is_ever_seen_whole(bench, make_bench, qtbot, scans):
    hide(bench, qtbot)
    bench.window.close()
    again = make_bench()
    seen_banner = []

    def look(_=None):
        if again.document.frame is not None:
            seen_banner.append(bool(shown(again)[BANNER].any()))

    again.document.frame_changed.connect(look)
    again.document.appearance.changed.connect(look)
    open_and_wait(again, qtbot, scans)
    qtbot.waitUntil(lambda: is_hidden(again))
    go_to(again, qtbot, scans / "scan2.png")
    qtbot.waitUntil(lambda: is_hidden(again))
    assert len(seen_banner) >= 3
    assert not any(seen_banner)
    assert again.actions["hide_outside"].isChecked()


def test_where_nothing_is_found_a_rectangle_is_asked_for_and_hides(bench, qtbot, scans):
    go_to(bench, qtbot, write_dark(scans / "zz.png"))
    QTest.keyClick(bench.canvas, Qt.Key.Key_H, SHIFT)
    qtbot.waitUntil(lambda: bench.document.tool is Tool.AREA)
    strip = bench.viewing.area_strip
    assert strip.isVisible()
    assert "No scan area found" in strip.text
    assert not strip.take_button.isEnabled()
    drag(bench.canvas, (100.0, 60.0), QPoint(100, 80))
    zoom = bench.canvas.view.zoom
    QTest.mouseClick(strip.take_button, LEFT)
    assert is_hidden(bench)
    assert not strip.isVisible()
    left, top, right, bottom = bench.viewing.areas.area.box
    assert (left, top) == pytest.approx((100, 60), abs=2)
    assert (right - left, bottom - top) == pytest.approx((100 / zoom, 80 / zoom), abs=3)


def test_a_file_without_an_area_is_black_while_hiding_is_on_and_says_so(bench, qtbot, scans):
    hide(bench, qtbot)
    go_to(bench, qtbot, write_dark(scans / "zz.png"))
    qtbot.waitUntil(lambda: "No scan area found in zz.png" in bench.banner.text)
    assert bench.document.appearance.cover is Cover.ALL
    assert "All hidden" in bench.viewing.signs.cover.text()
    QTest.mouseClick(bench.banner.action_button, LEFT)
    assert bench.document.tool is Tool.AREA


# ---- correcting -----------------------------------------------------------------------------


def correct(bench, qtbot):
    bench.actions["correct_area"].trigger()
    qtbot.waitUntil(lambda: bench.document.tool is Tool.AREA)
    return bench.viewing.area_hand


def test_an_edge_is_dragged_and_enter_takes_it(bench, qtbot, scans):
    hand = correct(bench, qtbot)
    drag(bench.canvas, (20.0, 40.0), QPoint(300, 200))
    (box,) = hand.outlines
    middle = ((box[0][0] + box[1][0]) / 2, box[0][1])
    drag(bench.canvas, middle, QPoint(0, 30))
    moved = hand.outlines[0][0][1]
    assert moved == pytest.approx(40.0 + 30 / bench.canvas.view.zoom, abs=1.5)
    QTest.keyClick(bench.canvas, Qt.Key.Key_Return)
    assert bench.document.tool is Tool.EDIT
    assert is_hidden(bench)
    assert bench.viewing.areas.area.box[1] == pytest.approx(moved, abs=1)
    go_to(bench, qtbot, scans / "scan2.png")
    assert not bench.viewing.areas.is_drawn


def test_a_corner_is_dragged_alone(bench, qtbot):
    hand = correct(bench, qtbot)
    before = hand.outlines[0]
    drag(bench.canvas, before[0], QPoint(-20, 0))
    assert hand.outlines[0][1:] == before[1:]
    assert hand.outlines[0][0][0] < before[0][0] - 5


def test_esc_leaves_all_as_it_was(bench, qtbot):
    correct(bench, qtbot)
    drag(bench.canvas, (20.0, 40.0), QPoint(100, 100))
    QTest.keyClick(bench.canvas, Qt.Key.Key_Escape)
    assert bench.document.tool is Tool.EDIT
    assert bench.document.appearance.cover is Cover.NOTHING
    assert not bench.viewing.areas.is_drawn


def test_no_point_is_placed_and_no_frame_is_moved_by_choosing(bench, qtbot):
    correct(bench, qtbot)
    view = bench.canvas.view
    drag(bench.canvas, (150.0, 150.0), QPoint(60, 60))
    assert bench.canvas.view == view
    assert bench.document.annotation.is_empty


def test_space_and_drag_still_pan_while_choosing(bench, qtbot):
    hand = correct(bench, qtbot)
    view, outlines = bench.canvas.view, hand.outlines
    QTest.keyPress(bench.canvas, Qt.Key.Key_Space)
    drag(bench.canvas, (200.0, 150.0), QPoint(40, 30))
    QTest.keyRelease(bench.canvas, Qt.Key.Key_Space)
    assert bench.canvas.view.left == pytest.approx(view.left + 40, abs=1)
    assert hand.outlines == outlines


def test_one_area_serves_all_files_of_its_size(bench, make_bench, qtbot, scans):
    correct(bench, qtbot)
    drag(bench.canvas, (100.0, 80.0), QPoint(100, 100))
    QTest.mouseClick(bench.viewing.area_strip.all_button, LEFT)
    QTest.mouseClick(bench.viewing.area_strip.take_button, LEFT)
    box = bench.viewing.areas.area.box
    go_to(bench, qtbot, scans / "scan2.png")
    assert bench.viewing.areas.area.box == box
    assert is_hidden(bench)
    bench.window.close()
    again = make_bench()
    open_and_wait(again, qtbot, scans)
    assert again.viewing.areas.area.box == box


# ---- the view of the scan area --------------------------------------------------------------


def test_shift_f_fits_the_scan_area_and_back(bench, qtbot):
    whole = bench.canvas.view
    QTest.keyClick(bench.canvas, Qt.Key.Key_F, SHIFT)
    qtbot.waitUntil(lambda: bench.canvas.is_cropped)
    assert bench.canvas.view.zoom > whole.zoom
    left, top, right, bottom = bench.viewing.areas.area.box
    assert bench.actions["crop"].isChecked()
    for corner in ((left, top), (right, bottom)):
        assert bench.canvas.rect().contains(at(bench.canvas, corner))
    QTest.keyClick(bench.canvas, Qt.Key.Key_F, SHIFT)
    assert bench.canvas.view == whole
    assert not bench.actions["crop"].isChecked()


def test_f_shows_the_whole_frame_again(bench, qtbot):
    whole = bench.canvas.view
    QTest.keyClick(bench.canvas, Qt.Key.Key_F, SHIFT)
    qtbot.waitUntil(lambda: bench.canvas.is_cropped)
    QTest.keyClick(bench.canvas, Qt.Key.Key_F)
    assert bench.canvas.view == whole
    assert not bench.actions["crop"].isChecked()


def test_the_crop_goes_along_to_the_next_file_and_a_resize(bench, qtbot, scans):
    QTest.keyClick(bench.canvas, Qt.Key.Key_F, SHIFT)
    qtbot.waitUntil(lambda: bench.canvas.is_cropped)
    go_to(bench, qtbot, scans / "scan2.png")
    qtbot.waitUntil(lambda: bench.viewing.areas.is_settled)
    assert bench.canvas.is_cropped
    zoom = bench.canvas.view.zoom
    bench.canvas.setMaximumHeight(220)
    qtbot.waitUntil(lambda: bench.canvas.view.zoom < zoom)
    assert bench.canvas.is_cropped


def test_moving_the_frame_ends_the_crop(bench, qtbot):
    QTest.keyClick(bench.canvas, Qt.Key.Key_F, SHIFT)
    qtbot.waitUntil(lambda: bench.canvas.is_cropped)
    drag(bench.canvas, (200.0, 150.0), QPoint(30, 30))
    assert not bench.actions["crop"].isChecked()


def test_a_frame_without_an_area_is_not_cropped_and_says_so(bench, qtbot, scans):
    go_to(bench, qtbot, write_dark(scans / "zz.png"))
    QTest.keyClick(bench.canvas, Qt.Key.Key_F, SHIFT)
    qtbot.waitUntil(lambda: "No scan area" in bench.status_bar.middle.text)
    assert not bench.actions["crop"].isChecked()


# ---- pictures that leave --------------------------------------------------------------------


def test_a_screenshot_asks_once_and_hides(bench, qtbot, monkeypatch, tmp_path):
    out = tmp_path / "shot.png"
    picture_of(bench, qtbot, monkeypatch, out)
    assert not out.exists()
    answer(bench, qtbot, hide=True)
    qtbot.waitUntil(out.exists)
    with Image.open(out) as picture:
        assert not np.asarray(picture.convert("L"))[BANNER].any()
    assert bench.actions["hide_outside"].isChecked()
    assert "as shown: outside hidden" in bench.banner.text
    second = tmp_path / "second.png"
    picture_of(bench, qtbot, monkeypatch, second)
    qtbot.waitUntil(second.exists)


def test_leaving_it_as_it_is_is_remembered_for_the_study(
    bench, make_bench, qtbot, monkeypatch, *, tmp_path, scans
):
    out = tmp_path / "shot.png"
    picture_of(bench, qtbot, monkeypatch, out)
    answer(bench, qtbot, hide=False)
    qtbot.waitUntil(out.exists)
    with Image.open(out) as picture:
        assert np.asarray(picture.convert("L"))[BANNER].any()
    assert not bench.viewing.picture_strip.isVisible()
    bench.window.close()
    assert read_view(scans).leaves
    again = make_bench()
    open_and_wait(again, qtbot, scans)
    again.actions["copy_image"].trigger()
    assert QGuiApplication.clipboard().image().width() == 400


def test_closing_the_question_lets_nothing_leave(bench, qtbot, monkeypatch, tmp_path):
    out = tmp_path / "shot.png"
    picture_of(bench, qtbot, monkeypatch, out)
    strip = bench.viewing.picture_strip
    qtbot.waitUntil(strip.isVisible)
    QTest.mouseClick(strip.close_button, LEFT)
    assert not strip.isVisible()
    qtbot.wait(50)
    assert not out.exists()


def test_esc_on_the_frame_lets_nothing_leave(bench, qtbot, monkeypatch, tmp_path):
    out = tmp_path / "shot.png"
    picture_of(bench, qtbot, monkeypatch, out)
    qtbot.waitUntil(bench.viewing.picture_strip.isVisible)
    QTest.keyClick(bench.canvas, Qt.Key.Key_Escape)
    assert not bench.viewing.picture_strip.isVisible()
    hide(bench, qtbot)
    qtbot.wait(50)
    assert not out.exists()


@pytest.mark.parametrize(("said", "asks"), [("NO", False), ("YES", True), (None, True)])
def test_a_dicom_file_that_rules_names_out_is_not_asked_about(
    bench, qtbot, monkeypatch, tmp_path, *, said, asks
):
    folder = tmp_path / "dicom"
    folder.mkdir()
    elements = {} if said is None else {"BurnedInAnnotation": said}
    path = write_dicom(folder / "a.dcm", scan()[0], **elements)
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.document.path == path)
    out = tmp_path / "shot.png"
    picture_of(bench, qtbot, monkeypatch, out)
    if asks:
        qtbot.waitUntil(bench.viewing.picture_strip.isVisible)
        assert not out.exists()
    else:
        qtbot.waitUntil(out.exists)


def test_no_picture_is_made_of_a_hidden_frame_without_an_area(
    bench, qtbot, monkeypatch, tmp_path, scans
):
    hide(bench, qtbot)
    go_to(bench, qtbot, write_dark(scans / "zz.png"))
    qtbot.waitUntil(lambda: bench.viewing.areas.is_settled)
    out = tmp_path / "shot.png"
    picture_of(bench, qtbot, monkeypatch, out)
    assert bench.document.tool is Tool.AREA
    drag(bench.canvas, (100.0, 80.0), QPoint(150, 100))
    QTest.keyClick(bench.canvas, Qt.Key.Key_Return)
    qtbot.waitUntil(out.exists)


def test_the_look_is_in_the_picture_and_told(bench, qtbot, monkeypatch, tmp_path):
    QTest.keyClick(bench.canvas, Qt.Key.Key_I)
    out = tmp_path / "shot.jpg"
    picture_of(bench, qtbot, monkeypatch, out)
    answer(bench, qtbot, hide=False)
    qtbot.waitUntil(out.exists)
    written = cv2.imdecode(np.frombuffer(out.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
    expected = 255 - bench.document.frame.pixels
    assert np.abs(written.astype(int) - expected).mean() < 6
    assert "as shown: look inverted" in bench.banner.text


def test_a_picture_of_another_kind_is_refused(bench, qtbot, monkeypatch, tmp_path):
    out = tmp_path / "shot.gif"
    picture_of(bench, qtbot, monkeypatch, out)
    answer(bench, qtbot, hide=False)
    qtbot.waitUntil(lambda: ".png or .jpg" in bench.banner.text)
    assert not out.exists()
