"""Recent studies: each goes on where it was left, and the list can be tidied."""

from __future__ import annotations

import shutil

import pydicom
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sonichu_gui import paths
from sonichu_gui.gui.panels.recent_list import _LinkButton, _OpenButton, _RemoveButton
from sonichu_gui.settings.recent import read_recent
from tests.gui.scenes import open_and_wait, write_picture

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def other(tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    write_picture(folder / "o1.png", seed=4)
    write_picture(folder / "o2.png", seed=5)
    return folder


def show(bench, qtbot, path):
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.recents.rows[0].study.opened == (path,))
    qtbot.waitUntil(lambda: not bench.document.study.scanning)


def titles(bench):
    return [row.title for row in bench.recents.rows]


def menu_rows(bench):
    return [row.text() for row in bench.top_bar.recent.actions() if row.text()]


def buttons(bench, kind):
    return bench.empty_state.recent.findChildren(kind)


def test_a_study_of_the_menu_goes_on_at_the_file_where_it_was_left(bench, qtbot, study, other):
    QTest.keyClick(bench.canvas, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: bench.document.path.name == "frame2.png")
    show(bench, qtbot, other)
    assert titles(bench) == ["other", "study ä"]
    bench.top_bar.recent.actions()[1].trigger()
    qtbot.waitUntil(lambda: bench.document.path == study / "frame2.png")
    qtbot.waitUntil(lambda: len(bench.document.study.paths) == 3)


def test_the_app_reopens_a_cine_at_the_frame_where_it_was_left(make_bench, qtbot, tmp_path):
    path = tmp_path / "cine.dcm"
    shutil.copy(pydicom.examples.get_path("ybr_color"), path)
    bench = make_bench()
    open_and_wait(bench, qtbot, path)
    bench.study.show_frame(7)
    qtbot.waitUntil(lambda: bench.document.frame_index == 7)
    bench.window.close()
    again = make_bench()
    open_and_wait(again, qtbot)
    qtbot.waitUntil(lambda: again.document.frame_index == 7)
    assert again.document.path == path


def test_a_crash_forgets_at_most_the_last_seconds(bench, qtbot, study):
    QTest.keyClick(bench.canvas, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: bench.document.path.name == "frame2.png")
    place = paths.user_data() / "recent.json"
    qtbot.waitUntil(lambda: [r.file for r in read_recent(place)] == [study / "frame2.png"])


def test_a_last_study_that_is_gone_is_quietly_not_reopened(bench, make_bench, qtbot, study):
    bench.window.close()
    shutil.rmtree(study)
    again = make_bench()
    again.begin([])
    qtbot.waitUntil(lambda: again.recents.rows[0].is_missing)
    qtbot.wait(100)
    assert again.document.frame is None
    assert again.banner.text == ""


def test_what_is_opened_at_once_is_not_replaced_by_the_last_study(
    bench, make_bench, qtbot, study, other
):
    bench.window.close()
    again = make_bench()
    again.begin([])
    again.opening.open_paths([other])
    qtbot.waitUntil(lambda: again.document.path == other / "o1.png")
    qtbot.wait(200)
    assert again.document.path == other / "o1.png"


def test_a_study_that_is_gone_says_so_and_can_be_taken_off(bench, qtbot, study, other):
    show(bench, qtbot, other)
    shutil.rmtree(study)
    bench.top_bar.recent.aboutToShow.emit()
    qtbot.waitUntil(lambda: "study ä\tmissing" in menu_rows(bench))
    bench.top_bar.recent.actions()[1].trigger()
    qtbot.waitUntil(lambda: "study ä is not there" in bench.banner.text)
    assert bench.document.path == other / "o1.png"
    QTest.mouseClick(bench.banner.action_button, LEFT)
    assert titles(bench) == ["other"]


def test_a_last_file_that_is_gone_leaves_the_study_at_its_first(bench, qtbot, study, other):
    QTest.keyClick(bench.canvas, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: bench.document.path.name == "frame2.png")
    show(bench, qtbot, other)
    (study / "frame2.png").unlink()
    bench.top_bar.recent.actions()[1].trigger()
    qtbot.waitUntil(lambda: bench.document.path == study / "frame1.png")


def test_several_files_are_one_study(bench, qtbot, study, other):
    bench.opening.open_paths([study / "frame2.png", other / "o2.png"])
    qtbot.waitUntil(lambda: titles(bench)[0] == "frame2.png and 1 more")
    show(bench, qtbot, study)
    bench.top_bar.recent.actions()[1].trigger()
    qtbot.waitUntil(
        lambda: [p.name for p in bench.document.study.paths] == ["frame2.png", "o2.png"]
    )


def test_the_empty_window_offers_them_and_takes_them_off(bench, make_bench, qtbot, study, other):
    show(bench, qtbot, other)
    bench.window.close()
    shutil.rmtree(other)
    again = make_bench()
    again.begin([])
    qtbot.waitExposed(again.window)
    qtbot.waitUntil(lambda: "missing" in buttons(again, _OpenButton)[0].accessibleName())
    QTest.mouseClick(buttons(again, _RemoveButton)[0], LEFT)
    assert titles(again) == ["study ä"]
    qtbot.waitUntil(lambda: len(buttons(again, _OpenButton)) == 1)
    QTest.keyClick(buttons(again, _OpenButton)[0], Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: again.document.path == study / "frame1.png")


def test_a_cleared_list_stays_clear(bench, make_bench, qtbot, study):
    bench.document.clear_frame()
    qtbot.waitUntil(lambda: len(buttons(bench, _LinkButton)) == 1)
    QTest.mouseClick(buttons(bench, _LinkButton)[0], LEFT)
    assert titles(bench) == []
    assert not bench.empty_state.recent.isVisible()
    bench.window.close()
    assert read_recent(paths.user_data() / "recent.json") == ()


def test_two_windows_keep_each_others_studies(bench, make_bench, qtbot, study, other):
    second = make_bench()
    open_and_wait(second, qtbot, other)
    bench.window.close()
    second.window.close()
    names = {study_.opened[0].name for study_ in read_recent(paths.user_data() / "recent.json")}
    assert names == {"study ä", "other"}


def test_what_shows_nothing_is_not_remembered(bench, qtbot, tmp_path):
    (tmp_path / "empty").mkdir()
    bench.opening.open_paths([tmp_path / "empty"])
    qtbot.waitUntil(lambda: "holds no frames" in bench.banner.text)
    assert titles(bench) == ["study ä"]
