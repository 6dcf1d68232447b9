"""`sonichu info` of many files: a row for each, refusals among them, and a sheet to look at."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import examples
from pydicom.data import get_testdata_file

from sonichu_gui.cli import main
from sonichu_gui.imaging.sources import open_source
from tests.unit.imaging.videos import write_video

CINE = Path(examples.get_path("ybr_color"))
REPORT = Path(get_testdata_file("reportsi.dcm"))
TWELVE_BITS = Path(get_testdata_file("JPEG-lossy.dcm"))
COLOUR = (210, 40, 90)


@pytest.fixture
def folder(tmp_path):
    """A picture in colour, a grey one of 16 bits, a film, one that is cut short."""
    place = tmp_path / "study"
    place.mkdir()
    Image.new("RGB", (64, 40), COLOUR).save(place / "frame2.png")
    deep = np.arange(24, dtype=np.uint16).reshape(4, 6) * 2000
    Image.fromarray(deep).save(place / "frame10.tif")
    write_video(place / "film.avi", "MJPG", count=12)
    (place / "short.png").write_bytes((place / "frame2.png").read_bytes()[:60])
    return place


def listed(capsys, *arguments):
    assert main(["info", *map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def as_csv(capsys, *arguments):
    assert main(["info", *map(str, arguments), "--csv"]) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


def test_folder_gives_a_row_for_every_file_in_the_order_a_person_counts(capsys, folder):
    rows = listed(capsys, folder)
    names = [Path(row["path"]).name for row in rows]
    assert names == ["film.avi", "frame2.png", "frame10.tif", "short.png"]


def test_row_says_all_that_json_of_the_file_alone_says(capsys):
    _, row = listed(capsys, REPORT, CINE)
    (alone,) = [listed(capsys, CINE)]
    assert {key: row[key] for key in alone} == alone


def test_row_of_dicom_says_how_it_is_stored(capsys):
    (row, _) = listed(capsys, CINE, REPORT)
    assert row["transfer_syntax"] == "JPEG Baseline (Process 1)"
    assert (row["photometric"], row["bits"], row["in_color"]) == ("YBR_FULL_422", 8, True)
    assert row["refused"] is None


def test_row_of_a_picture_says_its_bits_and_whether_there_is_colour(capsys, folder):
    found = {Path(row["path"]).name: row for row in listed(capsys, folder)}
    grey, colour = found["frame10.tif"], found["frame2.png"]
    assert (grey["bits"], grey["in_color"], grey["transfer_syntax"]) == (16, False, None)
    assert (colour["bits"], colour["in_color"]) == (8, True)


def test_refused_file_has_its_message_and_hint_and_does_not_fail_the_rest(capsys, folder):
    row = listed(capsys, folder)[-1]
    assert "cut short" in row["refused"]["message"]
    assert "Copy the file again" in row["refused"]["hint"]
    assert row["format"] == "PNG"


def test_file_that_is_not_there_is_a_refused_row(capsys, folder):
    row = listed(capsys, folder, folder / "gone.png")[-1]
    assert "does not exist" in row["refused"]["message"]


def test_missing_decoder_is_told_with_its_transfer_syntax(capsys):
    row = listed(capsys, TWELVE_BITS, CINE)[0]
    assert "JPEG Extended" in row["refused"]["message"]
    assert "12-bit JPEG decoder" in row["refused"]["message"]


def test_csv_has_scale_source_trust_and_reason(capsys):
    row, report = as_csv(capsys, CINE, REPORT)
    assert (row["scale_source"], row["trust"]) == ("us-region", "doubtful")
    assert float(row["dx_mm"]) == pytest.approx(0.5105, abs=1e-4)
    assert "320×240" in row["scale_reason"]
    assert (row["frames"], row["width"], row["height"], row["in_color"]) == (
        "30", "320", "240", "yes",
    )  # fmt: skip
    assert "without pixels" in report["refused"]
    assert report["dx_mm"] == report["digest"] == ""


def test_csv_of_a_single_file_is_a_table_too(capsys):
    (row,) = as_csv(capsys, CINE)
    assert row["digest"] == open_source(CINE).digest


def test_words_end_in_the_totals(capsys, folder):
    assert main(["info", str(folder), str(CINE)]) == 0
    out = capsys.readouterr().out
    assert "refused: short.png is cut short" in out.replace("The picture ", "")
    assert out.rstrip().endswith("5 files: 4 shown (1 doubtful, 3 without a scale), 1 refused")


def test_file_named_twice_is_one_row(capsys, folder):
    assert len(listed(capsys, folder, folder / "frame2.png")) == 4


@pytest.mark.parametrize("option", [["--frame", "0"], ["--render", "x.png"], ["--preset", "A"]])
def test_options_of_one_file_are_wrong_arguments_for_many(capsys, folder, option):
    with pytest.raises(SystemExit) as stopped:
        main(["info", str(folder), *option])
    assert stopped.value.code == 2
    assert option[0] in capsys.readouterr().err


def test_empty_folder_fails_and_says_so(capsys, tmp_path):
    assert main(["info", str(tmp_path)]) == 1
    assert "holds no files of frames" in capsys.readouterr().err


def test_sheet_shows_the_frames_in_their_colours(folder, tmp_path):
    out = tmp_path / "sheet.png"
    assert main(["info", str(folder), "--contact-sheet", str(out)]) == 0
    with Image.open(out) as image:
        sheet = np.asarray(image)
        assert image.info == {}
    # 64 × 40 pixels, five times as large: nothing else on the sheet has this colour.
    assert np.count_nonzero((sheet == COLOUR).all(axis=2)) == 320 * 200


def test_sheet_of_many_files_has_pages(tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(26):
        Image.new("L", (8, 8), number).save(folder / f"{number}.png")
    assert main(["info", str(folder), "--contact-sheet", str(tmp_path / "s.png")]) == 0
    with Image.open(tmp_path / "s-1.png") as full, Image.open(tmp_path / "s-2.png") as rest:
        assert rest.width == full.width
        assert rest.height < full.height
    assert not (tmp_path / "s.png").exists()


def test_sheet_never_replaces_a_file_that_it_draws(capsys, folder):
    target = folder / "frame2.png"
    before = target.read_bytes()
    assert main(["info", str(folder), "--contact-sheet", str(target)]) == 1
    assert "one of the files" in capsys.readouterr().err
    assert target.read_bytes() == before


def test_sheet_that_cannot_be_written_fails(capsys, folder, tmp_path):
    assert main(["info", str(folder), "--contact-sheet", str(tmp_path / "gone" / "s.png")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_table_names_no_patient(capsys, tmp_path):
    dataset = examples.rgb_color
    dataset.PatientName = "Unverwechselbar^Name"
    dataset.save_as(tmp_path / "frame.dcm")
    for form in ([], ["--json"], ["--csv"]):
        assert main(["info", str(tmp_path), str(CINE), *form]) == 0
    captured = capsys.readouterr()
    assert "Unverwechselbar" not in captured.out + captured.err
