"""The list of recent studies: what was left where, whole whatever the names, nothing but paths."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sonichu_gui.settings.recent import KEPT, RecentStudy, read_recent, write_recent

NAMES = st.text(st.characters(exclude_characters="\0/"), min_size=1, max_size=20)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(NAMES, min_size=1, max_size=4), frame=st.integers(0, 2**31 - 1))
def test_names_of_any_letters_come_back(tmp_path, names, frame):
    opened = tuple(Path("/data") / name for name in names)
    studies = (RecentStudy(opened, opened[0], frame), RecentStudy(opened[:1]))
    write_recent(tmp_path / "recent.json", studies)
    assert read_recent(tmp_path / "recent.json") == studies


def test_a_name_that_is_no_text_comes_back(tmp_path):
    study = RecentStudy((Path("/data/caf\udce9"),))
    write_recent(tmp_path / "recent.json", [study])
    assert read_recent(tmp_path / "recent.json") == (study,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "7",
        "[7]",
        '[{"opened": []}]',
        '[{"opened": ["a"], "file": 1, "frame": 0}]',
        '[{"opened": ["a"], "file": "", "frame": -1}]',
        '[{"opened": ["a"], "file": "", "frame": true}]',
    ],
)
def test_a_damaged_list_is_begun_anew(tmp_path, text):
    (tmp_path / "recent.json").write_text(text, encoding="utf-8")
    assert read_recent(tmp_path / "recent.json") == ()


def test_no_more_than_some_are_read(tmp_path):
    many = [RecentStudy((Path(f"/{n}"),)) for n in range(KEPT + 5)]
    write_recent(tmp_path / "recent.json", many)
    assert len(read_recent(tmp_path / "recent.json")) == KEPT


@pytest.mark.skipif(sys.platform == "win32", reason="rights are others there")
def test_nobody_else_may_read_it_and_it_holds_paths_alone(tmp_path):
    place = tmp_path / "made" / "recent.json"
    write_recent(place, [RecentStudy((Path("/a"),), Path("/a/b.png"), 3)])
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    rows = json.loads(place.read_text(encoding="utf-8"))
    assert rows == [{"opened": ["/a"], "file": "/a/b.png", "frame": 3}]


def test_a_list_that_cannot_be_written_ends_nothing(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    write_recent(tmp_path / "file" / "recent.json", [RecentStudy((Path("/a"),))])
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_hundreds_of_files_chosen_at_once_are_not_kept():
    assert RecentStudy((Path("/a"),)).is_kept
    assert not RecentStudy(tuple(Path(f"/{n}") for n in range(500))).is_kept
