"""`sonichu info`: the contract of its JSON, its words, its picture, its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom import examples

from sonichu_gui.cli import main
from sonichu_gui.imaging.sources import open_source
from tests.unit.imaging.videos import number_of, write_video

KEYS = {
    "path",
    "format",
    "frames",
    "width",
    "height",
    "color",
    "frame_time_ms",
    "regions",
    "calibration",
    "digest",
}
REGION_KEYS = {"index", "x0", "y0", "x1", "y1", "dx_mm", "dy_mm", "kind", "usable", "reason"}
SCALE_KEYS = {"source", "dx_mm", "dy_mm", "trusted", "reason"}
CINE = Path(examples.get_path("ybr_color"))


@pytest.fixture
def png(tmp_path):
    path = tmp_path / "frame.png"
    Image.fromarray(np.arange(24, dtype=np.uint8).reshape(4, 6)).save(path)
    return path


def described(capsys, *arguments):
    assert main(["info", *map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_json_has_every_key_of_the_contract(capsys):
    found = described(capsys, CINE)
    assert found.keys() >= KEYS
    assert found["calibration"].keys() >= SCALE_KEYS
    assert all(region.keys() >= REGION_KEYS for region in found["regions"])


def test_json_of_a_cine_says_what_it_is(capsys):
    found = described(capsys, CINE)
    assert (found["format"], found["frames"], found["width"], found["height"]) == (
        "DICOM · JPEG baseline",
        30,
        320,
        240,
    )
    assert found["frame_time_ms"] == pytest.approx(33.333)


def test_json_does_not_trust_a_doubtful_scale(capsys):
    scale = described(capsys, CINE)["calibration"]
    assert (scale["source"], scale["trusted"]) == ("us-region", False)
    assert "320×240" in scale["reason"]


def test_json_of_a_picture_has_no_scale_and_says_why(capsys, png):
    scale = described(capsys, png)["calibration"]
    assert (scale["source"], scale["dx_mm"], scale["trusted"]) == ("none", None, False)
    assert "PNG" in scale["reason"]


def test_words_name_format_size_and_scale(capsys, png):
    assert main(["info", str(png)]) == 0
    out = capsys.readouterr().out
    assert all(word in out for word in (str(png), "PNG", "6 × 4 px", "scale"))


def test_nothing_of_the_patient_is_printed(capsys, tmp_path):
    dataset = examples.rgb_color
    dataset.PatientName = "Unverwechselbar^Name"
    path = tmp_path / "frame.dcm"
    dataset.save_as(path)
    assert main(["info", str(path)]) == 0
    assert main(["info", str(path), "--json"]) == 0
    assert "Unverwechselbar" not in capsys.readouterr().out


@pytest.mark.parametrize("index", [0, 29])
def test_rendered_picture_is_the_frame(capsys, tmp_path, index):
    target = tmp_path / "out.png"
    assert main(["info", str(CINE), "--frame", str(index), "--render", str(target)]) == 0
    with Image.open(target) as image:
        assert np.array_equal(np.asarray(image), open_source(CINE).frame(index).pixels)
        assert image.info == {}


def test_frame_that_is_not_there_fails(capsys):
    assert main(["info", str(CINE), "--frame", "30"]) == 1
    assert "no frame 30" in capsys.readouterr().err


def test_frames_are_not_counted_backwards(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["info", str(CINE), "--frame", "-1"])
    assert stopped.value.code == 2


def test_file_that_cannot_be_shown_fails_even_without_rendering(capsys, png):
    png.write_bytes(png.read_bytes()[:60])
    assert main(["info", str(png), "--json"]) == 1
    captured = capsys.readouterr()
    assert (captured.out, "cut short" in captured.err) == ("", True)


def test_picture_is_not_written_over_its_source(capsys, png):
    before = png.read_bytes()
    assert main(["info", str(png), "--render", str(png)]) == 1
    assert png.read_bytes() == before


def test_picture_that_cannot_be_written_fails(capsys, png, tmp_path):
    assert main(["info", str(png), "--render", str(tmp_path / "gone" / "out.png")]) == 1
    assert "cannot be written" in capsys.readouterr().err


@pytest.fixture
def film(tmp_path):
    return write_video(tmp_path / "film.avi", "MJPG", count=30)


def test_film_is_described_and_rendered(capsys, film, tmp_path):
    target = tmp_path / "frame.png"
    found = described(capsys, film, "--frame", 17, "--render", target)
    assert (found["format"], found["frames"], found["notes"]) == ("AVI · Motion JPEG", 30, [])
    assert number_of(np.asarray(Image.open(target))) == 17


def test_what_is_wrong_with_a_film_is_told(capsys, film):
    film.write_bytes(film.read_bytes()[:-4000])
    assert main(["info", str(film)]) == 0
    assert "note     the file is cut short" in capsys.readouterr().out


@pytest.fixture
def windowed(tmp_path):
    dataset = pydicom.dcmread(examples.get_path("palette_color"))
    for element in [element for element in dataset if "Palette" in element.keyword]:
        del dataset[element.tag]
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.WindowCenter, dataset.WindowWidth = [128, 40], [256, 2]
    dataset.WindowCenterWidthExplanation = ["Whole", "Hard"]
    path = tmp_path / "windowed.dcm"
    dataset.save_as(path)
    return path


def test_presets_are_listed_and_rendered_by_name(capsys, windowed, tmp_path):
    target = tmp_path / "hard.png"
    found = described(capsys, windowed, "--preset", "Hard", "--render", target)
    assert found["presets"] == [
        {"name": "Whole", "center": 128, "width": 256},
        {"name": "Hard", "center": 40, "width": 2},
    ]
    assert set(np.unique(np.asarray(Image.open(target)))) <= {0, 128, 255}


def test_preset_that_the_file_has_not_fails_and_names_those_it_has(capsys, windowed):
    assert main(["info", str(windowed), "--preset", "Bone"]) == 1
    assert "Whole, Hard" in capsys.readouterr().err
