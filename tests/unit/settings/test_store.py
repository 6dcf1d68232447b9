"""The settings file: sparse, atomic, never lost."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sonichu_gui.errors import SettingsError
from sonichu_gui.settings import keys
from sonichu_gui.settings.store import Settings


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "settings.toml"


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_every_setting_has_its_default(path: Path) -> None:
    loaded = Settings.load(path)
    assert all(loaded.get(setting) == setting.default for setting in keys.SETTINGS)


def test_saving_nothing_makes_no_file(path: Path) -> None:
    Settings.load(path).save()
    assert not path.exists()


def test_a_changed_setting_is_there_again(path: Path) -> None:
    first = Settings.load(path)
    first.set(keys.THEME, "light")
    first.save()
    assert Settings.load(path).get(keys.THEME) == "light"


def test_only_what_differs_from_its_default_is_written(path: Path) -> None:
    changed = Settings.load(path)
    changed.set(keys.TTA, False)
    changed.set(keys.DEVICE, "auto")
    changed.save()
    assert tomllib.loads(path.read_text(encoding="utf-8")) == {"tta": False}


def test_going_back_to_the_default_removes_the_key(path: Path) -> None:
    changed = Settings.load(written(path, 'theme = "light"\n'))
    changed.set(keys.THEME, "dark")
    changed.save()
    assert path.read_text(encoding="utf-8") == ""


def test_keys_of_another_version_are_kept(path: Path) -> None:
    changed = Settings.load(written(path, 'shade = 7\n[plugin]\nname = "x"\n'))
    changed.set(keys.TTA, False)
    changed.save()
    kept = tomllib.loads(path.read_text(encoding="utf-8"))
    assert kept == {"shade": 7, "plugin": {"name": "x"}, "tta": False}


def test_what_another_window_saved_meanwhile_stays(path: Path) -> None:
    one, other = Settings.load(path), Settings.load(path)
    one.set(keys.RATER, "rater-2")
    one.save()
    other.set(keys.TASK, "FA")
    other.save()
    assert Settings.load(path).get(keys.RATER) == "rater-2"


def test_changing_the_list_that_was_given_changes_no_setting(path: Path) -> None:
    loaded = Settings.load(path)
    loaded.get(keys.MODEL_FOLDERS).append("x")
    assert loaded.get(keys.MODEL_FOLDERS) == []


def test_a_value_that_is_not_allowed_is_refused_and_the_old_one_stays(path: Path) -> None:
    loaded = Settings.load(path)
    with pytest.raises(SettingsError, match="theme = 'purple'"):
        loaded.set(keys.THEME, "purple")
    assert loaded.get(keys.THEME) == "dark"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('rater = "a"\ntheme = \n', "line 2"),
        ('rater = "a"\n\ntheme = "purple"\n', "line 3"),
        ('"tta" = 3\n', "line 1"),
        ("rater = 'a'\n[theme]\nname = 'dark'\n", "line 2"),
    ],
    ids=["no toml", "no such theme", "quoted key", "table for a value"],
)
def test_a_broken_file_is_named_with_its_line(path: Path, text: str, line: str) -> None:
    with pytest.raises(SettingsError, match=line) as caught:
        Settings.load(written(path, text))
    assert str(path) in caught.value.message


def test_a_file_that_is_no_text_is_named_with_its_line(path: Path) -> None:
    written(path, "").write_bytes(b"tta = false\nrater = '\xff'\n")
    with pytest.raises(SettingsError, match=r"not UTF-8 text, line 2"):
        Settings.load(path)


def test_a_folder_in_the_place_of_the_file_is_told(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(SettingsError, match="cannot be read"):
        Settings.load(path)


def test_read_only_settings_never_touch_the_file(path: Path) -> None:
    written(path, "theme = ")
    broken = Settings(path, read_only=True)
    broken.set(keys.TASK, "FA")
    broken.save()
    assert path.read_text(encoding="utf-8") == "theme = "


def test_a_file_that_broke_after_loading_is_not_overwritten(path: Path) -> None:
    loaded = Settings.load(path)
    written(path, "theme = ")
    loaded.set(keys.TASK, "FA")
    with pytest.raises(SettingsError):
        loaded.save()
    assert path.read_text(encoding="utf-8") == "theme = "


def test_a_save_that_fails_leaves_the_file_and_no_draft(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = Settings.load(written(path, "tta = false\n"))
    loaded.set(keys.TASK, "FA")

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(SettingsError, match="No space left"):
        loaded.save()
    assert [p.name for p in path.parent.iterdir()] == ["settings.toml"]
    assert path.read_text(encoding="utf-8") == "tta = false\n"


def test_a_linked_file_stays_a_link(path: Path, tmp_path: Path) -> None:
    real = written(tmp_path / "dots" / "settings.toml", "")
    path.parent.mkdir()
    path.symlink_to(real)
    loaded = Settings.load(path)
    loaded.set(keys.TTA, False)
    loaded.save()
    assert path.is_symlink()
    assert real.read_text(encoding="utf-8") == "tta = false\n"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rater=st.text(st.characters(exclude_categories=["Cs"])),
    folders=st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=4),
    ahead=st.integers(0, 20),
)
def test_any_text_survives_saving_and_loading(
    tmp_path: Path, rater: str, folders: list[str], ahead: int
) -> None:
    path = tmp_path / "settings.toml"
    path.unlink(missing_ok=True)
    saved = Settings.load(path)
    saved.set(keys.RATER, rater)
    saved.set(keys.MODEL_FOLDERS, folders)
    saved.set(keys.PREDICT_AHEAD, ahead)
    saved.save()
    loaded = Settings.load(path)
    got = (loaded.get(keys.RATER), loaded.get(keys.MODEL_FOLDERS), loaded.get(keys.PREDICT_AHEAD))
    assert got == (rater, folders, ahead)
