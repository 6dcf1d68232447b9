"""`sonichu train data`: what a person and a script are told before anything is trained."""

from __future__ import annotations

import argparse
import json
import shutil

import pytest

from sonichu_gui.commands.train_data import add_data_verb, run_data
from sonichu_gui.errors import SonichuError

SOURCE = """
[[data]]
kind = "csv"
path = "toy/labels.csv"
"""


@pytest.fixture
def train_data(toy_study, capsys):
    """Runs the verb on a configuration and gives exit code and what was printed."""

    def run(text, *options):
        toy_study.config.write_text(text)
        parser = argparse.ArgumentParser()
        add_data_verb(parser.add_subparsers())
        args = parser.parse_args(["data", "--config", str(toy_study.config), *options])
        code = run_data(args)
        printed = capsys.readouterr().out
        return code, json.loads(printed) if "--json" in options else printed

    return run


def test_sources_split_and_leaks_are_told_as_json(train_data):
    text = SOURCE + '[split]\nrule = "column"\ncolumn_value = "test"\n'
    code, told = train_data(text, "--json")
    assert code == 0
    (source,) = told["sources"]
    assert (source["rows"], source["tasks"], source["subjects"]) == (9, {"HC": 9}, 9)
    assert source["splits"] == {"train": 6, "test": 3}
    assert (told["split"]["learn"], told["split"]["held_out"]) == ({"HC": 6}, {"HC": 3})
    assert told["leaks"] == []


def test_a_person_reads_the_same(train_data):
    _, told = train_data(SOURCE + "[split]\nshare = 0.2\n")
    assert "toy/labels.csv (csv)\n  9  HC labels\n  9  subjects\n" in told
    assert "Split: by subject, 20% of each task's frames, seed 42; 2 of 9 frames" in told
    assert "Leaks: none (looked for: same file, same subject, near-duplicate)." in told


def test_broken_rows_are_all_listed_with_file_and_line(train_data, toy_study):
    lines = toy_study.labels.read_text().splitlines()
    lines[2] = lines[2].replace("HC,4", "HC,5")
    lines[4] = lines[4].replace("3.png", "gone.png")
    lines[6] = lines[6].replace("100,150", "100,151")
    toy_study.labels.write_text("\n".join(lines) + "\n")
    (toy_study.images / "7.png").write_bytes((toy_study.images / "7.png").read_bytes()[:200])
    _, told = train_data(SOURCE, "--json")
    broken = told["sources"][0]["broken"]
    assert [row["line"] for row in broken] == [3, 5, 7, 9]
    assert all(row["file"] == str(toy_study.labels) for row in broken)
    for row, words in zip(
        broken, ("num_classes is 5", "not there", "150 x 100", "7.png"), strict=True
    ):
        assert words in row["reason"]
    _, text = train_data(SOURCE)
    assert f"{toy_study.labels}:3: num_classes is 5" in text


def test_leaks_are_told_and_make_the_command_fail(train_data, toy_study):
    shutil.copy(toy_study.images / "0.png", toy_study.images / "8.png")
    text = SOURCE + '[split]\nrule = "column"\ncolumn_value = "test"\n'
    code, told = train_data(text, "--json")
    assert code == 1
    assert told["leaks"][0] == {
        "kind": "file",
        "learned": f"{toy_study.images}/0.png",
        "held_out": f"{toy_study.images}/8.png",
        "detail": "the same file, byte for byte",
    }
    code, words = train_data(text)
    assert f"Leaks: {len(told['leaks'])} (looked for" in words
    assert "Take the file out of one side." in words


def test_held_out_sources_are_compared_with_unlabelled_frames(train_data):
    text = """
[[sources]]
kind = "folder"
path = "toy"
[[held_out]]
kind = "csv"
path = "toy/labels.csv"
split = "test"
"""
    code, told = train_data(text, "--json")
    assert code == 1
    assert [source["held_out"] for source in told["sources"]] == [False, True]
    assert told["sources"][0]["frames"] == 9
    assert [leak["kind"] for leak in told["leaks"]] == ["file"] * 3


@pytest.mark.parametrize("table", ["[[data]]", "[[sources]]", "[[data.sources]]"])
def test_sources_stand_where_a_stage_keeps_them(train_data, table):
    code, told = train_data(SOURCE.replace("[[data]]", table), "--json")
    assert (code, told["sources"][0]["rows"]) == (0, 9)


def test_other_tables_of_a_configuration_are_left_alone(train_data):
    code, told = train_data("[run]\nseed = 3\n" + SOURCE)
    assert code == 0
    assert "Split: none; everything is learned from" in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no source"),
        (SOURCE + "colour = 3\n", "unknown keys .'colour'"),
        ('[[data]]\nkind = "csv"\n', "missing keys .'path'"),
        (SOURCE + 'cap = "all"\n', "cap is 'all'"),
        (SOURCE + "[split]\nshare = true\n", "share is True"),
        ("[sources]\n", "no list of tables"),
        ("sources = [", "cannot be read"),
    ],
)
def test_a_configuration_that_is_wrong_is_refused_by_key(train_data, text, words):
    with pytest.raises(SonichuError, match=words):
        train_data(text)


def test_a_missing_configuration_is_refused(tmp_path):
    parser = argparse.ArgumentParser()
    add_data_verb(parser.add_subparsers())
    with pytest.raises(SonichuError, match="No such file"):
        run_data(parser.parse_args(["data", "--config", str(tmp_path / "gone.toml")]))
