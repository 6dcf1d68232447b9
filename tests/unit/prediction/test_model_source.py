from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonichu_gui.errors import ModelError
from sonichu_gui.prediction.model_source import Source, read_source, sha256_of, write_source
from sonichu_gui.prediction.work import WorkCancelled

RECORD = {"kind": "file", "origin": "/x/vit.pth", "files": {"config.json": "0" * 64}}

any_text = st.text(st.characters(categories=None))  # file names need not be valid text
sources = st.builds(
    Source,
    kind=st.sampled_from(["folder", "file", "hub"]),
    origin=any_text,
    revision=any_text,
    added=any_text,
    naming=any_text,
    original_sha256=any_text,
    files=st.dictionaries(st.sampled_from(["config.json", "Köpfe.txt"]), any_text),
    notes=st.lists(any_text).map(tuple),
)


@given(sources)
def test_a_record_comes_back_as_it_was_written(tmp_path_factory, source):
    folder = tmp_path_factory.mktemp("m")
    write_source(folder, source)
    assert read_source(folder) == source


def test_a_folder_without_a_record_has_none(tmp_path):
    assert read_source(tmp_path) is None


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "theft"},
        {"kind": ["hub"]},
        {"origin": 3},
        {"files": ["config.json"]},
        {"files": {"config.json": None}},
        {"files": {"../config.json": "0"}},
        {"files": {"": "0"}},
        {"notes": [1]},
        {"notes": None},
    ],
)
def test_a_record_of_another_form_is_refused(tmp_path, change):
    (tmp_path / "source.json").write_text(json.dumps({**RECORD, **change}))
    with pytest.raises(ModelError, match=r"source\.json is not a record"):
        read_source(tmp_path)


@pytest.mark.parametrize("text", ["", "[", "[]", "3", "null", "{}", "[" * 100_000])
def test_a_file_that_is_no_record_is_refused(tmp_path, text):
    (tmp_path / "source.json").write_text(text)
    with pytest.raises(ModelError, match=r"source\.json is not a record"):
        read_source(tmp_path)


def test_digest_of_several_files_is_that_of_one_after_the_other(tmp_path):
    for name, content in (("a", b"12"), ("b", b"345")):
        (tmp_path / name).write_bytes(content)
    digest = sha256_of(tmp_path / "a", tmp_path / "b")
    assert digest == hashlib.sha256(b"12345").hexdigest()


def test_a_digest_can_be_stopped(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    with pytest.raises(WorkCancelled):
        sha256_of(tmp_path / "a", is_cancelled=lambda: True)
