from __future__ import annotations

import json
import subprocess
import sys

import pytest

from sonichu_gui.cli import main

HEAD = "200,60 200,540 500,300 -100,300"
KEYS = {"name", "value", "unit", "uncertainty", "calibration"}


def measured(capsys, *words):
    assert main(["measure", *words, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    return document, {m["name"]: m for m in document["measurements"]}


def refusal(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        main(["measure", *words])
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_json_holds_the_keys_of_the_contract(capsys):
    document, found = measured(capsys, "--task", "HC", "--points", HEAD, "--spacing", "0.2")
    assert document.keys() == {"task", "measurements"}
    assert document["task"] == "HC"
    assert all(m.keys() >= KEYS for m in found.values())
    assert found["HC"]["calibration"] == {
        "source": "given",
        "dx_mm": 0.2,
        "dy_mm": 0.2,
        "trusted": True,
        "reason": "0.2 mm per pixel, as given",
        "region_index": None,
        "confirmed_by": None,
    }


def test_one_spacing_holds_for_both_axes(capsys):
    _, found = measured(capsys, "--task", "HC", "--points", HEAD, "--spacing", "0.2")
    assert (found["BPD"]["value"], found["OFD"]["value"]) == pytest.approx((96.0, 120.0))


def test_two_spacings_are_x_and_y(capsys):
    _, found = measured(capsys, "--task", "HC", "--points", HEAD, "--spacing", "0.1,0.3")
    assert (found["BPD"]["value"], found["OFD"]["value"]) == pytest.approx((144.0, 60.0))


def test_without_spacing_lengths_are_pixels(capsys):
    _, found = measured(capsys, "--task", "HC", "--points", HEAD)
    assert (found["BPD"]["value"], found["BPD"]["unit"]) == (480.0, "px")
    assert found["BPD"]["calibration"]["trusted"] is False
    assert found["BPD"]["reason"] == "no --spacing was given"


def test_dash_leaves_a_point_out(capsys):
    _, found = measured(capsys, "--task", "HC", "--points", "1,1 - 3,3 4,9")
    assert (found["BPD"]["value"], found["BPD"]["reason"]) == (None, "point BPD 2 is not placed")
    assert found["OFD"]["value"] == pytest.approx(37**0.5)


def test_table_tells_the_scale_once(capsys):
    assert main(["measure", "--task", "fetal_femur", "--points", "0,0 30,40"]) == 0
    out = capsys.readouterr().out
    assert out.count("no --spacing was given") == 1
    assert "FL  50.0  px" in out
    assert "Not for clinical use." in out


@pytest.mark.parametrize("spacing", ["0", "-0.1", "x", "0.1,0.2,0.3", "nan", "inf", ","])
def test_impossible_spacing_is_a_wrong_argument(capsys, spacing):
    error = refusal(capsys, "--task", "HC", "--points", HEAD, f"--spacing={spacing}")
    assert "is not the size of a pixel" in error


@pytest.mark.parametrize("point", ["1", "1,2,3", "a,b", "nan,1", "1,inf"])
def test_impossible_point_is_a_wrong_argument(capsys, point):
    assert "is not a point" in refusal(capsys, "--task", "HC", "--points", f"1,1 {point} 3,3 4,4")


def test_wrong_number_of_points_names_the_points(capsys):
    error = refusal(capsys, "--task", "fetal_femur", "--points", HEAD)
    assert "fetal_femur has 2 points" in error


def test_unknown_task_names_those_there_are(capsys):
    assert "The tasks are HC, FA" in refusal(capsys, "--task", "XY", "--points", HEAD)


def test_measuring_imports_nothing_heavy():
    code = (
        "import sys\nfrom sonichu_gui.cli import main\n"
        f"assert main(['measure', '--task', 'HC', '--points', '{HEAD}']) == 0\n"
        "heavy = {'torch', 'cv2', 'PySide6', 'pydicom', 'sqlalchemy', 'safetensors'}\n"
        "sys.exit(' '.join(heavy & sys.modules.keys()) or 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
