from __future__ import annotations

import json
import subprocess
import sys

import pytest
from PIL import Image

from sonichu_gui.cli import main

CSV = "image_path,task_id,height,width,point_1_xy,point_2_xy,pixel_size_mm\n"
ROW = '{},fetal_femur,48,64,"[10.5, 20]","[50.5, 20]",0.5\n'


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A label file beside a folder of two pictures."""
    (tmp_path / "images").mkdir()
    for name in ("a.png", "b.png"):
        Image.new("L", (64, 48), ord(name[0])).save(tmp_path / "images" / name)
    (tmp_path / "femur.csv").write_text(
        CSV + "".join(map(ROW.format, ["images/a.png", "gone.png"]))
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(study, capsys):
    def run_command(*words):
        code = main(list(words))
        out, err = capsys.readouterr()
        return code, out, err

    return run_command


@pytest.fixture
def imported(run):
    run("import", "images", "femur.csv", "--format", "csv")


def test_import_tells_what_came_in_and_what_did_not(run):
    code, out, _ = run("import", "images", "femur.csv", "--format", "csv", "--json")
    assert code == 0
    assert json.loads(out) == {
        "imported": 1,
        "skipped": [{"row": 3, "reason": "the image gone.png is not there"}],
    }


def test_import_without_json_tells_the_reasons_on_stderr(run):
    _, out, err = run("import", "images", "femur.csv", "--format", "csv")
    assert out == "Labels imported: 1\n"
    assert "row 3: the image gone.png is not there" in err


def test_label_file_may_be_named_from_the_folder_of_images(run):
    code, out, _ = run("import", "images", "../femur.csv", "--format", "csv", "--json")
    assert (code, json.loads(out)["imported"]) == (0, 1)


def test_import_of_nothing_fails(run, study):
    (study / "femur.csv").write_text(CSV + ROW.format("gone.png"))
    assert run("import", "images", "femur.csv", "--format", "csv")[0] == 1


@pytest.mark.usefixtures("imported")
def test_second_import_of_a_file_is_no_failure(run, study):
    (study / "femur.csv").write_text(CSV + ROW.format("images/a.png"))
    code, out, _ = run("import", "images", "femur.csv", "--format", "csv", "--json")
    assert (code, json.loads(out)["imported"]) == (0, 0)


def test_import_of_no_label_file_says_what_to_do(run, study):
    (study / "femur.csv").write_text("hello\n")
    code, out, err = run("import", "images", "femur.csv", "--format", "csv")
    assert (code, out) == (1, "")
    assert "femur.csv is no label file" in err


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize("store", ["images", ".", "images/sonichu-labels.sqlite"])
def test_export_tells_what_was_written(run, study, store):
    code, out, _ = run("export", store, "-o", "out.csv", "--format", "csv", "--json")
    assert code == 0
    assert json.loads(out) == {"written": ["out.csv"], "count": 1, "skipped": []}
    header, row = (study / "out.csv").read_text().splitlines()
    assert header.startswith("image_path,task_name,task_id,num_classes,height,width,point_1_xy")
    assert row == (
        'images/a.png,Regression,fetal_femur,2,48,64,"[10.5, 20.0]","[50.5, 20.0]",0.5,label-file'
    )


@pytest.mark.usefixtures("imported")
def test_measurements_are_in_the_millimetres_of_the_label_file(run, study):
    run("export", "images", "-o", "out.csv", "--format", "measurements")
    assert "FL,Femur length,20.0,mm,,label-file,0.5,0.5" in (study / "out.csv").read_text()


@pytest.mark.usefixtures("imported")
def test_export_of_another_status_says_what_there_is(run):
    code, _, err = run(
        "export", "images", "-o", "out.csv", "--format", "csv", "--status", "flagged,excluded"
    )
    assert code == 1
    assert "there are: 1 accepted" in err


@pytest.mark.usefixtures("imported")
def test_all_statuses_may_be_asked_for(run):
    assert run("export", "images", "-o", "o", "--format", "csv", "--status", "all")[0] == 0


def test_export_where_there_are_no_labels_makes_no_store(run, study):
    code, _, err = run("export", "images", "-o", "out.csv", "--format", "csv")
    assert code == 1
    assert "none at all" in err
    assert {path.name for path in (study / "images").iterdir()} == {"a.png", "b.png"}


def test_missing_store_is_named(run):
    code, _, err = run("export", "gone.sqlite", "-o", "out.csv", "--format", "csv")
    assert code == 1
    assert "no label store gone.sqlite" in err


@pytest.mark.parametrize(
    "words",
    [
        ("export", "images", "-o", "x", "--format", "dicom-sr"),
        ("export", "images", "-o", "x", "--format", "csv", "--status", "done"),
        ("export", "images", "--format", "csv"),
        ("import", "images", "femur.csv"),
    ],
)
def test_wrong_arguments_end_with_2(run, words):
    with pytest.raises(SystemExit) as ended:
        run(*words)
    assert ended.value.code == 2


def test_unknown_task_is_named(run):
    code, _, err = run("export", "images", "-o", "x", "--format", "csv", "--task", "tibia")
    assert code == 1
    assert "There is no task 'tibia'" in err


def test_help_loads_no_database():
    code = (
        "import sys, contextlib, io\nfrom sonichu_gui.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    main(['export', '--help'])\n"
        "sys.exit('sqlalchemy' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
