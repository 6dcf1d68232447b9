"""What other programs hand over: files, folders and pictures, dropped or pasted."""

from __future__ import annotations

import os
import sys
from urllib.parse import quote

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtTest import QTest

from sonichu_gui import paths
from sonichu_gui.gui.controllers.pasting import save_picture
from tests.gui.hands import drag_away, drag_over, drop, files_in_hand
from tests.gui.scenes import write_picture


@pytest.fixture(autouse=True)
def _clipboard(qapp):
    """What is left in the clipboard would outlive the interpreter."""
    yield
    QGuiApplication.clipboard().clear()


def picture(color: str = "#406080") -> QImage:
    image = QImage(60, 40, QImage.Format.Format_RGB32)
    image.fill(QColor(color))
    return image


def paste(bench, data: QMimeData) -> None:
    QGuiApplication.clipboard().setMimeData(data)
    QTest.keyClick(bench.canvas, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)


def picture_in_hand(image: QImage) -> QMimeData:
    data = QMimeData()
    data.setImageData(image)
    return data


def pasted_files():
    return sorted((paths.user_data() / "pasted").glob("*"))


def test_a_pasted_picture_is_kept_in_a_file_shown_and_told_where(bench, qtbot):
    paste(bench, picture_in_hand(picture()))
    qtbot.waitUntil(lambda: len(pasted_files()) == 1)
    (file,) = pasted_files()
    qtbot.waitUntil(lambda: bench.document.path == file)
    qtbot.waitUntil(lambda: str(file.parent) in bench.banner.text)
    assert bench.document.frame.pixels[5, 5].tolist() == [0x40, 0x60, 0x80]


def test_pictures_pasted_in_one_second_replace_none(bench, qtbot):
    for color in ("#101010", "#202020", "#303030"):
        paste(bench, picture_in_hand(picture(color)))
    qtbot.waitUntil(lambda: len(pasted_files()) == 3)
    assert {Image.open(file).convert("L").getpixel((5, 5)) for file in pasted_files()} == {
        0x10,
        0x20,
        0x30,
    }


@pytest.mark.skipif(sys.platform == "win32", reason="rights are others there")
def test_a_pasted_picture_holds_its_pixels_alone_and_is_nobody_elses(tmp_path):
    image = picture()
    image.setText("Description", "Unverwechselbar, Anna")
    file = save_picture(image, tmp_path / "made")
    assert b"nverwechselbar" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


def test_a_picture_that_cannot_be_saved_is_told(bench, qtbot):
    place = paths.user_data()
    place.mkdir(parents=True, exist_ok=True)
    (place / "pasted").write_bytes(b"in the way")
    paste(bench, picture_in_hand(picture()))
    qtbot.waitUntil(lambda: "cannot be saved" in bench.banner.text)
    assert bench.document.path.name == "frame1.png"


def test_copied_files_are_opened(bench, qtbot, tmp_path):
    other = write_picture(tmp_path / "copied.png", seed=5)
    paste(bench, files_in_hand(other))
    qtbot.waitUntil(lambda: bench.document.path == other)
    assert pasted_files() == []


def test_words_in_the_clipboard_open_nothing_and_say_so(bench, qtbot):
    data = QMimeData()
    data.setText("a shopping list")
    paste(bench, data)
    assert "No picture or file" in bench.status_bar.middle.text


def test_pasting_into_the_search_is_the_searchs(bench, qtbot):
    data = QMimeData()
    data.setText("frame2")
    QGuiApplication.clipboard().setMimeData(data)
    QTest.keyClick(bench.canvas, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    search = bench.frame_list.search
    QTest.keyClick(search, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert search.text() == "frame2"


def test_a_hint_lies_over_the_frame_while_files_are_dragged(bench, study):
    hint = bench.window._drop_hint
    data = files_in_hand(study, study / "frame1.png")
    assert drag_over(bench.window, data)
    assert hint.isVisible()
    assert hint.text == "Drop to open 2 items"
    assert hint.size() == bench.canvas.size()
    drag_away(bench.window)
    assert not hint.isVisible()
    drop(bench.window, data)
    assert not hint.isVisible()


def test_words_and_addresses_are_not_taken(bench):
    words = QMimeData()
    words.setText("words")
    assert not drag_over(bench.window, words)
    address = QMimeData()
    address.setUrls([QUrl("https://example.org/a.png")])
    assert not drag_over(bench.window, address)
    assert not bench.window._drop_hint.isVisible()


def test_a_dropped_folder_and_file_are_opened_in_that_order(bench, qtbot, tmp_path, study):
    folder = tmp_path / "a folder"
    folder.mkdir()
    write_picture(folder / "x.png", seed=8)
    drop(bench.window, files_in_hand(folder, study / "frame2.png"))
    qtbot.waitUntil(lambda: [p.name for p in bench.document.study.paths] == ["x.png", "frame2.png"])


@pytest.mark.skipif(sys.platform != "linux", reason="names are text there")
def test_a_dropped_file_whose_name_is_no_text_is_opened(bench, qtbot, tmp_path):
    odd = tmp_path / os.fsdecode(b"caf\xe9.png")
    write_picture(tmp_path / "plain.png", seed=8).rename(odd)
    data = QMimeData()
    data.setUrls([QUrl.fromEncoded(f"file://{quote(os.fsencode(odd))}".encode())])
    drop(bench.window, data)
    qtbot.waitUntil(lambda: bench.document.path == odd and bench.document.frame is not None)
    qtbot.waitUntil(lambda: not bench.document.study.scanning)
    assert odd in bench.document.study.paths
    bench.window.grab()
