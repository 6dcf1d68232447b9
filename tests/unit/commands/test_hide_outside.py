"""`sonichu info --render --hide-outside`: the echo stays, the banner goes; no area, no picture."""

from __future__ import annotations

import numpy as np
from PIL import Image

from sonichu_gui.cli import main
from tests.scans import BANNER, scan, write_dark, write_scan


def test_the_banner_is_black_in_what_is_written(tmp_path):
    path, out = write_scan(tmp_path / "a.png"), tmp_path / "out.png"
    assert main(["info", str(path), "--render", str(out), "--hide-outside"]) == 0
    with Image.open(out) as picture:
        drawn = np.asarray(picture.convert("L"))
    frame, echo = scan()
    assert not drawn[BANNER].any()
    assert (drawn[echo] == frame[echo]).mean() > 0.98


def test_without_the_option_all_is_there(tmp_path):
    path, out = write_scan(tmp_path / "a.png"), tmp_path / "out.png"
    assert main(["info", str(path), "--render", str(out)]) == 0
    with Image.open(out) as picture:
        assert np.asarray(picture.convert("L"))[BANNER].any()


def test_a_frame_without_an_area_is_not_written(tmp_path, capsys):
    path, out = write_dark(tmp_path / "a.png"), tmp_path / "out.png"
    assert main(["info", str(path), "--render", str(out), "--hide-outside"]) == 1
    assert not out.exists()
    assert "no scan area" in capsys.readouterr().err


def test_a_contact_sheet_hides_too_and_leaves_out_what_has_no_area(tmp_path):
    files = [write_scan(tmp_path / "a.png"), write_dark(tmp_path / "b.png")]
    sheets = {}
    for option in ([], ["--hide-outside"]):
        out = tmp_path / f"sheet{len(option)}.png"
        assert main(["info", *map(str, files), "--contact-sheet", str(out), *option]) == 0
        with Image.open(out) as picture:
            sheets[len(option)] = np.asarray(picture.convert("L"))[68 : 68 + 220]
    left, right = slice(28, 348), slice(368, 688)
    banner = slice(0, 15)
    assert sheets[0][banner, left].max() > 60
    assert sheets[1][banner, left].max() == 0
    assert sheets[1][60:200, left].max() > 60
    assert sheets[0][:, right].max() == 0
    assert sheets[1][:, right].max() > 60  # the words why there is no picture
