from __future__ import annotations

import json
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from sonichu_gui import paths
from sonichu_gui.cli import main

STEPS = ["open", "predict", "measure", "store", "export"]


@pytest.fixture
def embedded():
    """The model that the app ships with: a random one does not find the drawn head."""
    path = paths.resources("models", "sonichu-mini")
    if not path.is_dir():
        pytest.skip(f"{path} has not been trained yet")
    return path


@pytest.fixture
def selftest(capsys):
    """Runs the command on a model: exit code and its JSON."""

    def run(model):
        code = main(["selftest", "--json", "--model", str(model)])
        return code, json.loads(capsys.readouterr().out)

    return run


def test_every_step_of_the_way_is_walked(selftest, embedded):
    code, document = selftest(embedded)
    assert code == 0, document
    assert document["ok"] is True
    assert [step["name"] for step in document["steps"]] == STEPS
    assert all(step["ok"] for step in document["steps"])


def test_measures_are_told_beside_what_was_drawn(selftest, embedded):
    _, document = selftest(embedded)
    assert "mm · given (drawn " in document["steps"][2]["detail"]


def test_model_that_finds_something_else_fails(selftest, folder):
    code, document = selftest(folder)
    assert code == 1
    assert [step["ok"] for step in document["steps"]] == [True, True, False]
    assert "were drawn" in document["steps"][2]["detail"]


def test_broken_model_fails_its_step_and_ends_the_walk(selftest, folder):
    (folder / "preprocessor_config.json").unlink()
    code, document = selftest(folder)
    assert (code, document["ok"]) == (1, False)
    assert [step["ok"] for step in document["steps"]] == [True, False]
    assert "preprocessor_config.json" in document["steps"][1]["detail"]


def test_model_without_a_head_for_heads_fails(selftest, folder):
    config = json.loads((folder / "config.json").read_text())
    config["tasks"]["HC"]["trained"] = False
    (folder / "config.json").write_text(json.dumps(config))
    code, document = selftest(folder)
    assert code == 1
    assert "no trained head" in document["steps"][1]["detail"]


def test_bug_in_a_step_is_told(selftest, embedded, monkeypatch):
    from sonichu_gui.labels.store import LabelStore

    monkeypatch.setattr(LabelStore, "append", lambda *_args, **_kwargs: 1 / 0)
    code, document = selftest(embedded)
    assert code == 1
    assert document["steps"][3]["detail"] == "ZeroDivisionError: division by zero"


def test_nothing_is_left_behind(selftest, embedded, home, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    Path(tempfile.tempdir).mkdir()
    selftest(embedded)
    assert not list((tmp_path / "temporary").iterdir())
    # But for what the first load of a model found out, in the folder of what can be made again,
    # and the list of stores, which has forgotten the one of the test.
    left = {path for path in home.rglob("*") if path.is_file()}
    stores = paths.user_data() / "whereabouts.sqlite"
    assert {path.parent for path in left - {stores}} <= {paths.user_cache()}
    with closing(sqlite3.connect(stores)) as connection:
        assert connection.execute("SELECT count(*) FROM whereabouts").fetchone() == (0,)


def test_table_says_what_was_right(embedded, capsys):
    assert main(["selftest", "--model", str(embedded)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["ok", name] for name in STEPS]
