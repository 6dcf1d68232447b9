"""What is hidden stays hidden beside the frame too: in the list, and from study to study."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from sonichu_gui.gui.appearance import Cover
from sonichu_gui.gui.place import Tool
from sonichu_gui.settings.study_views import StudyView, write_view
from tests.gui.hands import drag
from tests.gui.scenes import open_and_wait
from tests.scans import BANNER, write_dark, write_scan

SHIFT = Qt.KeyboardModifier.ShiftModifier
BANNER_ROWS = range(3)
"""Of a thumbnail: its banner is nine rows high, the upper five are cut off."""


@pytest.fixture
def scans(tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in (1, 2, 3):
        write_scan(folder / f"scan{number}.png", seed=number)
    write_dark(folder / "zz.png")
    return folder


@pytest.fixture
def bench(make_bench, qtbot, scans):
    workbench = make_bench()
    open_and_wait(workbench, qtbot, scans)
    return workbench


def hide(bench, qtbot):
    QTest.keyClick(bench.canvas, Qt.Key.Key_H, SHIFT)
    qtbot.waitUntil(lambda: bench.document.appearance.cover is Cover.OUTSIDE)


def shows_banner(bench):
    return bool(bench.document.appearance.pixels(bench.document.frame)[BANNER].any())


def thumbnail(bench, path):
    return bench.frame_list.model._thumbnails.get(path)


def banner_of(pixmap):
    image = pixmap.toImage()
    columns = range(20, image.width() - 20)
    return max(image.pixelColor(x, y).red() for y in BANNER_ROWS for x in columns)


def wait_for_thumbnails(bench, qtbot):
    paths = bench.document.study.paths
    qtbot.waitUntil(lambda: all(thumbnail(bench, path) is not None for path in paths))
    return {path.stem: thumbnail(bench, path) for path in paths}


def test_the_list_hides_what_the_frame_hides_and_shows_it_again(bench, qtbot):
    assert banner_of(wait_for_thumbnails(bench, qtbot)["scan2"]) > 60
    QTest.keyClick(bench.canvas, Qt.Key.Key_H, SHIFT)
    shown = wait_for_thumbnails(bench, qtbot)
    assert {name: banner_of(each) for name, each in shown.items()} == dict.fromkeys(shown, 0)
    assert shown["scan1"].toImage().pixelColor(76, 60).red() > 20
    QTest.keyClick(bench.canvas, Qt.Key.Key_H, SHIFT)
    assert banner_of(wait_for_thumbnails(bench, qtbot)["scan2"]) > 60


def test_a_thumbnail_under_way_when_hiding_begins_is_never_shown(bench, qtbot):
    paths = bench.document.study.paths
    wait_for_thumbnails(bench, qtbot)
    bench.frame_list.forget_all_thumbnails()
    for path in paths:
        bench.viewing.thumbnails.make(path)
    came = []
    bench.viewing.thumbnails.made.connect(lambda path, _image: came.append(path))
    hide(bench, qtbot)
    shown = wait_for_thumbnails(bench, qtbot)
    assert len(came) == len(paths)
    assert not any(banner_of(each) for each in shown.values())


def test_an_area_drawn_for_all_holds_in_the_list_too(bench, qtbot):
    bench.actions["correct_area"].trigger()
    qtbot.waitUntil(lambda: bench.document.tool is Tool.AREA)
    drag(bench.canvas, (100.0, 200.0), QPoint(100, 60))
    QTest.mouseClick(bench.viewing.area_strip.all_button, Qt.MouseButton.LeftButton)
    QTest.keyClick(bench.canvas, Qt.Key.Key_Return)
    middle = wait_for_thumbnails(bench, qtbot)["scan2"].toImage()
    assert middle.pixelColor(76, 40).red() == 0
    assert middle.pixelColor(50, 76).red() > 0


def test_the_next_file_need_not_be_black_first(bench, qtbot, scans):
    hide(bench, qtbot)
    wait_for_thumbnails(bench, qtbot)
    covers = []
    bench.document.frame_changed.connect(
        lambda _frame: covers.append(bench.document.appearance.cover)
    )
    bench.study.show(scans / "scan2.png")
    qtbot.waitUntil(lambda: bench.document.path == scans / "scan2.png")
    assert covers == [Cover.OUTSIDE]


def test_a_hidden_frame_stays_hidden_while_a_study_opens_that_hides_nothing(bench, qtbot, tmp_path):
    hide(bench, qtbot)
    other = tmp_path / "other"
    other.mkdir()
    write_scan(other / "b.png", seed=5)
    seen = []

    def look(_=None):
        if bench.document.path.parent != other:
            seen.append(shows_banner(bench))

    bench.document.appearance.changed.connect(look)
    bench.document.study_changed.connect(look)
    bench.opening.open_paths([other])
    qtbot.waitUntil(lambda: bench.document.path == other / "b.png")
    assert seen
    assert not any(seen)
    assert bench.document.appearance.cover is Cover.NOTHING


def test_no_picture_of_the_study_before_leaves_by_the_word_given_for_the_next(
    bench, qtbot, tmp_path
):
    other = tmp_path / "other"
    other.mkdir()
    write_scan(other / "b.png", seed=5)
    write_view(other, StudyView(leaves=True))
    left = []
    bench.document.study_changed.connect(
        lambda _study: bench.viewing.pictures.leave(lambda: left.append(bench.document.path))
    )
    bench.opening.open_paths([other])
    qtbot.waitUntil(lambda: bench.document.path == other / "b.png")
    assert not left


def test_a_file_of_a_hidden_study_is_hidden_in_a_list_of_several_folders(
    make_bench, qtbot, scans, tmp_path
):
    other = tmp_path / "other"
    other.mkdir()
    plain, hidden = write_scan(other / "a.png", seed=7), scans / "scan1.png"
    write_view(scans, StudyView(hides=True))
    bench = make_bench()
    open_and_wait(bench, qtbot, plain, hidden)
    assert bench.document.study.folder is None
    shown = wait_for_thumbnails(bench, qtbot)
    assert bench.document.path == plain
    assert banner_of(shown["a"]) > 60
    assert banner_of(shown["scan1"]) == 0
