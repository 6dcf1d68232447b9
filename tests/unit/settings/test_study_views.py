"""What is remembered of a study: read as it was written; damage costs no more than the memory."""

from __future__ import annotations

import pytest

from sonichu_gui.errors import SettingsError
from sonichu_gui.imaging.look import Look
from sonichu_gui.paths import user_data
from sonichu_gui.settings.study_views import StudyView, read_view, write_view

VIEW = StudyView(
    look=Look(gamma=1.4, invert=True),
    preset="BONE",
    hides=True,
    leaves=False,
    areas={"800x600": (((1.0, 2.0), (30.5, 2.0), (30.5, 40.0)),)},
)


def files():
    return [path for path in (user_data() / "views").glob("*") if path.is_file()]


def test_a_view_is_read_as_it_was_written(tmp_path):
    write_view(tmp_path, VIEW)
    assert read_view(tmp_path) == VIEW
    assert read_view(tmp_path / "another") == StudyView()


def test_the_file_names_neither_folder_nor_file(tmp_path):
    folder = tmp_path / "DOE_JANE"
    write_view(folder, VIEW)
    (file,) = files()
    assert "DOE" not in file.name
    assert b"DOE" not in file.read_bytes()


def test_nothing_to_remember_leaves_no_file(tmp_path):
    write_view(tmp_path, VIEW)
    write_view(tmp_path, StudyView())
    assert files() == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "nonsense",
        '{"look": {"gamma": 99}, "areas": {"a": [[[1, 2]]], "b": 3, "c": [[["x", 1]]]}}',
        '{"look": 7, "hides": "yes", "preset": 3, "areas": []}',
    ],
)
def test_what_is_damaged_counts_as_forgotten(tmp_path, text):
    write_view(tmp_path, VIEW)
    files()[0].write_text(text, encoding="utf-8")
    assert read_view(tmp_path) == StudyView()


def test_a_place_that_cannot_be_written_is_an_error(tmp_path):
    user_data().mkdir(parents=True, exist_ok=True)
    (user_data() / "views").write_text("in the way", encoding="utf-8")
    with pytest.raises(SettingsError, match="cannot be kept"):
        write_view(tmp_path, VIEW)
