from __future__ import annotations

import pytest

from sonichu_gui import paths
from sonichu_gui.errors import SonichuError


def test_checkout_finds_the_tasks():
    assert any(paths.resources("tasks").glob("*.toml"))


def test_installed_app_finds_them_inside_the_package(tmp_path, monkeypatch):
    (tmp_path / "sonichu_gui" / "_resources").mkdir(parents=True)
    (tmp_path / "resources").mkdir()
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "sonichu_gui" / "paths.py"))
    assert paths.resources("tasks") == tmp_path / "sonichu_gui" / "_resources" / "tasks"


def test_incomplete_installation_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "sonichu_gui" / "paths.py"))
    with pytest.raises(SonichuError, match="incomplete"):
        paths.resources()


@pytest.mark.parametrize(
    "folder",
    [
        paths.user_cache,
        paths.user_config,
        paths.user_data,
        paths.user_log,
        paths.user_models,
        paths.user_tasks,
    ],
)
def test_users_folders_follow_home(folder, home):
    assert folder().is_relative_to(home)
