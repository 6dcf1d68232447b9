"""The demo study: complete, the person's own, never overwritten."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sonichu_gui import paths
from sonichu_gui.demo import CINE_NAME, LABELS_NAME, make_demo_study
from sonichu_gui.domain.calibration import Calibration, ScaleSource, Trust, manual_scale
from sonichu_gui.errors import SonichuError
from sonichu_gui.imaging.folder_scan import scan_folder
from sonichu_gui.imaging.sources import digest_of, open_source
from sonichu_gui.labels.store import LabelStore

FRAMES = [
    "01-head.png",
    "02-abdomen.png",
    "03-femur.png",
    "04-symphysis.png",
    "05-cervix.png",
    "06-vena-cava.png",
]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return make_demo_study(tmp_path / "demo")


def stored_calibration(study: Path, name: str) -> Calibration:
    store = LabelStore.open_for(study)
    try:
        return store.calibration_for(digest_of(study / name), Calibration())
    finally:
        store.close()


def test_it_holds_six_drawn_frames_and_the_cine(study: Path) -> None:
    assert [path.name for path in scan_folder(study)] == [*FRAMES, CINE_NAME]


def test_without_a_folder_it_is_made_among_the_users_data() -> None:
    assert make_demo_study().is_relative_to(paths.user_data())


@pytest.mark.parametrize("name", FRAMES)
def test_drawn_frames_are_grey_and_of_one_size(study: Path, name: str) -> None:
    source = open_source(study / name)
    pixels = source.frame(0).pixels
    assert (source.width, source.height, pixels.dtype, pixels.ndim) == (800, 540, np.uint8, 2)


def test_no_drawn_frame_is_heavy() -> None:
    assert all(path.stat().st_size < 200_000 for path in paths.resources("demo").glob("*.png"))


@pytest.mark.parametrize("name", FRAMES)
def test_drawn_frames_have_the_scale_of_the_label_file(study: Path, name: str) -> None:
    scale = stored_calibration(study, name).scale_for(())
    assert (scale.source, scale.trust) == (ScaleSource.LABEL_FILE, Trust.TRUSTED)


def test_no_points_are_placed_yet(study: Path) -> None:
    store = LabelStore.open_for(study)
    try:
        assert not list(store.rows())
    finally:
        store.close()


def test_the_cine_gives_no_millimetres(study: Path) -> None:
    assert not open_source(study / CINE_NAME).calibration.scale_for([(150.0, 100.0)]).in_mm


def test_a_second_call_changes_no_file(study: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in study.iterdir()}
    make_demo_study(study)
    assert {path: path.stat().st_mtime_ns for path in study.iterdir()} == before


def test_a_scale_that_the_person_took_back_stays_away(study: Path) -> None:
    store = LabelStore.open_for(study)
    store.save_scale(digest_of(study / FRAMES[0]), None, author="rater-1")
    store.close()
    make_demo_study(study)
    assert stored_calibration(study, FRAMES[0]).override is None


def test_a_study_whose_making_was_cut_off_is_completed(study: Path) -> None:
    (study / LABELS_NAME).unlink()
    (study / FRAMES[1]).unlink()
    (study / FRAMES[2]).write_bytes(b"\x89PNG cut off")
    for leftover in study.glob("sonichu-labels.sqlite*"):
        leftover.unlink()
    make_demo_study(study)
    assert open_source(study / FRAMES[2]).width == 800
    assert stored_calibration(study, FRAMES[1]).override is not None
    assert (study / LABELS_NAME).is_file()


def test_completing_keeps_the_persons_own_scale(study: Path) -> None:
    own = manual_scale(start=(0, 0), end=(100, 0), length_mm=50, author="rater-1")
    store = LabelStore.open_for(study)
    store.save_scale(digest_of(study / FRAMES[0]), own, author="rater-1")
    store.close()
    (study / LABELS_NAME).unlink()
    make_demo_study(study)
    assert stored_calibration(study, FRAMES[0]).scale_for(()).source is ScaleSource.MANUAL


def test_a_label_file_that_the_person_wrote_is_kept(study: Path) -> None:
    (study / LABELS_NAME).write_text("mine", encoding="utf-8")
    make_demo_study(study)
    assert (study / LABELS_NAME).read_text(encoding="utf-8") == "mine"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SonichuError, match="cannot be made in"):
        make_demo_study(tmp_path / "file" / "demo")
