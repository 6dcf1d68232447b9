from __future__ import annotations

import time

import pytest
from PySide6.QtCore import Qt

from sonichu_gui.domain.calibration import Calibration, Region
from sonichu_gui.gui.jobs import Job
from sonichu_gui.gui.panels.job_line import time_text
from sonichu_gui.gui.panels.status_bar import StatusBar
from tests.gui.panels.fakes import show_frame


@pytest.fixture
def bar(qtbot, document):
    widget = StatusBar(document)
    qtbot.addWidget(widget)
    widget.resize(1440, 30)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def job(text="Predicting HC", *, age_s=3.0, key="predict", progress=-1.0) -> Job:
    started = time.monotonic() - age_s
    return Job(1, key, text, print, print, print, progress=progress, started=started)


def test_cursor_is_told_in_pixels_and_millimetres(bar, document):
    show_frame(document)
    bar.set_cursor((412.3, 288.0))
    assert bar.cursor_text.text == "412.3, 288.0 px   47.7, 33.4 mm · label file"


def test_cursor_outside_the_scaled_region_is_pixels_alone(bar, document):
    region = Region(0, 0, 0, 300, 539, 0.2, 0.2, "2D tissue", usable=True)
    show_frame(document, calibration=Calibration(regions=(region,)))
    bar.set_cursor((100.0, 50.0))
    assert bar.cursor_text.text == "100.0, 50.0 px   20.0, 10.0 mm · region 1"
    bar.set_cursor((412.3, 288.0))
    assert bar.cursor_text.text == "412.3, 288.0 px"


def test_cursor_off_the_frame_is_not_told(bar):
    bar.set_cursor((1.0, 2.0))
    bar.set_cursor(None)
    assert bar.cursor_text.text == ""


def test_a_cine_tells_its_frame_and_a_picture_does_not(bar, document):
    show_frame(document, frame_count=65, index=11)
    assert bar.frame_text.text == "frame 12 / 65"
    show_frame(document, "/study/other.png")
    assert bar.frame_text.text == ""


def test_scale_badge_follows_the_calibration(bar, document):
    assert bar.scale_badge.text == "pixels only"
    show_frame(document)
    assert bar.scale_badge.text == "0.1158 mm / px · label file"


def test_a_running_job_is_shown_with_its_time(bar):
    bar.set_jobs((job(age_s=3.0),))
    assert bar.jobs.isVisible()
    assert bar.jobs.text == "Predicting HC"


def test_cancel_button_names_the_job_to_stop(qtbot, bar):
    bar.set_jobs((job(key="predict:HC"),))
    with qtbot.waitSignal(bar.cancel_wanted) as wanted:
        qtbot.mouseClick(bar.jobs.cancel_button, Qt.MouseButton.LeftButton)
    assert wanted.args == ["predict:HC"]


def test_a_short_job_never_shows(qtbot, bar):
    bar.set_jobs((job(age_s=0.0),))
    assert not bar.jobs.isVisible()
    bar.set_jobs(())
    qtbot.wait(650)
    assert not bar.jobs.isVisible()


def test_a_job_shows_itself_after_half_a_second(qtbot, bar):
    bar.set_jobs((job(age_s=0.3),))
    assert not bar.jobs.isVisible()
    qtbot.waitUntil(bar.jobs.isVisible, timeout=2000)


def test_silent_jobs_stay_silent(bar):
    bar.set_jobs((job(text=""),))
    assert not bar.jobs.isVisible()


def test_no_clock_ticks_without_a_job(bar):
    bar.set_jobs((job(),))
    bar.set_jobs(())
    assert not bar.jobs.is_ticking


def test_several_jobs_are_counted(bar):
    bar.set_jobs((job("Reading", age_s=1.0), job("Predicting HC", age_s=5.0)))
    assert bar.jobs.text == "Predicting HC and 1 more"


def test_unsaved_edits_are_told_until_they_are_saved(bar, document):
    assert bar.save_state.text == "All changes saved"
    document.save_changed.emit(2)
    assert bar.save_state.text == "2 edits not saved – trying again"
    document.save_changed.emit(1)
    assert bar.save_state.text == "1 edit not saved – trying again"
    document.save_changed.emit(0)
    assert bar.save_state.text == "All changes saved"


def test_a_remark_stands_for_a_while_then_the_model_is_back(qtbot, bar, document):
    bar.set_model("sonichu-mini · CPU")
    document.noted.emit("No points to accept")
    assert bar.middle.text == "No points to accept"
    qtbot.waitUntil(lambda: bar.middle.text == "sonichu-mini · CPU", timeout=6000)


@pytest.mark.parametrize("width", [1440, 900, 640])
def test_saving_and_the_clinical_warning_are_never_cut(qtbot, bar, document, width):
    show_frame(document, frame_count=65)
    bar.set_cursor((412.3, 288.0))
    bar.set_zoom(0.92)
    bar.set_store_note("Labels are kept in ~/.local/share/sonichu")
    document.save_changed.emit(2)
    bar.set_jobs((job(progress=0.4),))
    bar.resize(width, 30)
    qtbot.waitUntil(lambda: bar.clinical.width() >= bar.clinical.sizeHint().width())
    for part in (bar.save_state, bar.clinical):
        assert part.isVisible()
        assert part.width() >= part.sizeHint().width()
        assert part.geometry().right() < width


def test_a_small_window_tells_how_far_a_batch_is_before_the_scale(qtbot, bar):
    bar.set_cursor((412.3, 288.0))
    bar.resize(900, 30)
    assert bar.scale_badge.isVisible()
    bar.set_jobs((job("Predicting 12 of 120 frames", progress=0.1),))
    words = bar.jobs._what
    qtbot.waitUntil(lambda: words.width() >= words.sizeHint().width(), timeout=1000)
    bar.set_jobs(())
    assert bar.scale_badge.isVisible()


def test_a_long_word_on_where_labels_are_leaves_the_model_in_sight(qtbot, bar):
    bar.set_model("random ViT-B/16 · CPU · bf16")
    bar.set_store_note("Labels are in /home/person/stores/" + "ef" * 32 + ".sqlite: read-only")
    qtbot.waitUntil(lambda: bar.middle.width() >= bar.middle.sizeHint().width())


def test_time_left_is_told_once_it_can_be_known():
    assert time_text(elapsed_s=0.7, progress=-1.0) == "1 s"
    assert time_text(elapsed_s=1.0, progress=0.5) == "1 s"
    assert time_text(elapsed_s=10.0, progress=0.25) == "30 s left"
    assert time_text(elapsed_s=10.0, progress=1.0) == "1 s left"
    assert time_text(elapsed_s=600.0, progress=0.5) == "10 min left"
    assert time_text(elapsed_s=7200.0, progress=0.25) == "6.0 h left"
