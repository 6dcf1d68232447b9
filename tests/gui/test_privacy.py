"""A patient's name goes nowhere: not into a title, a log, a list, a picture or a file of ours."""

from __future__ import annotations

import logging
import struct
import tempfile
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from sonichu_gui.gui import app
from sonichu_gui.gui.controllers.window_name import window_title
from sonichu_gui.gui.jobs import Lane
from sonichu_gui.gui.log_file import start_log
from sonichu_gui.paths import user_log
from sonichu_gui.settings import keys
from tests.gui.hands import answer, click
from tests.gui.scenes import open_and_wait
from tests.scans import MARKER, scan, write_dicom

NAME = MARKER.partition("^")[0]
PNG_CHUNKS_OF_PIXELS = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"pHYs", b"sRGB", b"gAMA"}
JPEG_SEGMENTS_OF_PIXELS = {0xE0, 0xDB, 0xC0, 0xC2, 0xC4, 0xDA, 0xDD}


@pytest.fixture
def patient_study(tmp_path):
    """Sound files, a damaged one and one of another syntax, all of one patient."""
    folder = tmp_path / "dicom"
    folder.mkdir()
    write_dicom(folder / "a.dcm", scan(1)[0])
    write_dicom(folder / "b.dcm", scan(2)[0], PatientComments=MARKER, StudyDescription=NAME)
    whole = (folder / "a.dcm").read_bytes()
    (folder / "cut.dcm").write_bytes(whole[: len(whole) // 2])
    (folder / "odd.dcm").write_bytes(whole.replace(b"MONOCHROME2 ", b"MONOCHROME9 "))
    return folder


@pytest.fixture
def log(monkeypatch):
    """The program's own log, as `app` starts it."""
    start_log()
    logger = logging.getLogger("sonichu_gui")
    yield user_log()
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()


def files_with(name, *folders):
    files = (path for folder in folders for path in Path(folder).rglob("*") if path.is_file())
    return [path for path in files if name in path.name or name.encode() in path.read_bytes()]


def chunks_of_png(data):
    at, found = 8, []
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        found.append(data[at + 4 : at + 8])
        at += 12 + length
    return found


def segments_of_jpeg(data):
    at, found = 2, []
    while data[at] == 0xFF:
        marker = data[at + 1]
        found.append(marker)
        if marker == 0xDA:
            break
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return found


def test_the_patients_name_is_in_nothing_that_was_written(
    make_bench, qtbot, monkeypatch, tmp_path, *, patient_study, home, log, capfd
):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    titles = []
    bench = make_bench()
    bench.window.windowTitleChanged.connect(titles.append)
    open_and_wait(bench, qtbot, patient_study)
    for name in ("b.dcm", "cut.dcm", "odd.dcm", "a.dcm"):
        bench.banner.put_away()
        bench.study.show(patient_study / name)
        qtbot.waitUntil(
            lambda name=name: (
                bench.window.windowTitle().startswith(name) or name in bench.banner.text
            )
        )
        assert NAME not in bench.banner.text
    qtbot.waitUntil(lambda: bench.document.frame is not None)
    bench.document.set_task(bench.tasks["IVC"])
    bench.actions["place"].trigger()
    click(bench.canvas, (180.0, 150.0))
    click(bench.canvas, (180.0, 200.0))
    QTest.keyClick(bench.canvas, Qt.Key.Key_I)
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(out / "shot.png"), ""))
    QTest.keyClick(bench.canvas, Qt.Key.Key_F12)
    answer(bench, qtbot, hide=True)
    qtbot.waitUntil((out / "shot.png").exists)
    for kind in ("csv", "coco", "measurements"):
        bench.labels.export_labels(kind, out / kind, task_id=None, statuses=None)
        qtbot.waitUntil((out / kind).exists)
    bench._save_settings()
    bench.window.close()
    assert len(titles) >= 4
    assert not [title for title in titles if NAME in title]
    ours = [path for path in patient_study.rglob("*") if path.suffix != ".dcm" and path.is_file()]
    assert not [path for path in ours if NAME.encode() in path.read_bytes()]
    assert files_with(NAME, home, out, temporary, log) == []
    assert log.exists()
    assert NAME not in "".join(capfd.readouterr())


def test_a_crash_is_logged_by_its_lines_and_names_no_patient(bench, log):
    try:
        try:
            {}[MARKER]
        except KeyError as before:
            raise ValueError(f"/data/{NAME}/scan.dcm cannot be taken") from before
    except ValueError as error:
        app._tell_of_bug(type(error), error, error.__traceback__)
    text = (log / "sonichu.log").read_text(encoding="utf-8")
    assert NAME not in text
    assert "builtins.KeyError\nwhich led to" in text
    assert "builtins.ValueError" in text
    assert "test_privacy.py" in text


def test_a_job_that_breaks_is_logged_without_its_words(bench, qtbot, log):
    def work(is_cancelled, report):
        raise ValueError(f"{MARKER} is no number")

    failed = []
    bench.jobs.submit(Lane.READING, work, key=f"odd {NAME}", done=print, failed=failed.append)
    qtbot.waitUntil(lambda: bool(failed))
    text = (log / "sonichu.log").read_text(encoding="utf-8")
    assert "job odd failed" in text
    assert "builtins.ValueError" in text
    assert NAME not in text


def test_an_expected_failure_leaves_no_path_in_the_log(
    make_bench, qtbot, patient_study, log, tmp_path
):
    bench = make_bench()
    open_and_wait(bench, qtbot, patient_study)
    bench.study.show(patient_study / "odd.dcm")
    qtbot.waitUntil(lambda: "odd.dcm" in bench.banner.text)
    text = (log / "sonichu.log").read_text(encoding="utf-8")
    assert "FrameError" in text or "UnsupportedFrame" in text
    assert "odd.dcm" not in text
    assert str(tmp_path) not in text


@pytest.mark.parametrize("ending", ["png", "jpg", "jpeg"])
def test_pictures_carry_nothing_but_pixels(bench, qtbot, tmp_path, ending):
    out = tmp_path / f"shot.{ending}"
    picture = bench.picture()
    picture.setText("Title", MARKER)
    assert bench.labels.save_image(picture, out)
    data = out.read_bytes()
    assert NAME.encode() not in data
    assert str(bench.document.path.parent).encode() not in data
    with Image.open(out) as written:
        assert written.size == (400, 300)
        assert not written.getexif()
    if ending == "png":
        assert set(chunks_of_png(data)) <= PNG_CHUNKS_OF_PIXELS
    else:
        assert set(segments_of_jpeg(data)) <= JPEG_SEGMENTS_OF_PIXELS


def test_the_title_tells_the_patient_only_when_asked(make_bench, qtbot, patient_study):
    bench = make_bench()
    open_and_wait(bench, qtbot, patient_study)
    assert bench.window.windowTitle() == "a.dcm – Sonichu"
    bench.actions["title_patient"].trigger()
    qtbot.waitUntil(lambda: NAME in bench.window.windowTitle())
    assert bench.window.windowTitle() == "Zwetschgenmus Ottilie – a.dcm – Sonichu"
    assert bench.settings.get(keys.TITLE_SHOWS_PATIENT)
    bench.actions["title_patient"].trigger()
    assert bench.window.windowTitle() == "a.dcm – Sonichu"


def test_the_title_of_nothing_is_the_programs_name():
    assert window_title(None) == "Sonichu"
