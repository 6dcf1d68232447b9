"""Where things are: what the app ships with, and what belongs to the person who uses it.

Functions, not constants: a test or a service may change HOME after the import. Nothing here makes
a folder; whoever writes does.
"""

from __future__ import annotations

from pathlib import Path

from sonichu_gui.errors import SonichuError

__all__ = [
    "resources",
    "user_cache",
    "user_config",
    "user_data",
    "user_log",
    "user_models",
    "user_tasks",
]

_APP = "sonichu"


def resources(*parts: str) -> Path:
    """The path of something the app ships with, e.g. `resources("tasks")`.

    A wheel and a frozen app hold it inside the package, a checkout beside it.

    Raises:
        SonichuError: The installation lacks its resources folder.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "_resources", package.parent / "resources"):
        if folder.is_dir():
            return folder.joinpath(*parts)
    raise SonichuError(
        f"This installation is incomplete: {package / '_resources'} is missing.",
        "Install Sonichu again.",
    )


def user_config() -> Path:
    """The folder of the settings file."""
    from platformdirs import user_config_path

    return user_config_path(_APP, appauthor=False, roaming=True)


def user_data() -> Path:
    """The folder of what must be kept: installed models, label stores of read-only folders."""
    from platformdirs import user_data_path

    return user_data_path(_APP, appauthor=False)


def user_cache() -> Path:
    """The folder of what can be made again: thumbnails, demo study."""
    from platformdirs import user_cache_path

    return user_cache_path(_APP, appauthor=False)


def user_log() -> Path:
    """The folder of the log files."""
    from platformdirs import user_log_path

    return user_log_path(_APP, appauthor=False)


def user_models() -> Path:
    """The folder of model folders that the person installed."""
    return user_data() / "models"


def user_tasks() -> Path:
    """The folder of task files that the person wrote."""
    return user_config() / "tasks"
