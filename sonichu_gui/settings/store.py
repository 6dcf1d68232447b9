"""The settings file: TOML that holds only what the person has changed.

A file that cannot be read is never overwritten: the app then runs on defaults, and what the
person wrote waits to be corrected. Keys that this version does not know are kept.
"""

from __future__ import annotations

import copy
import os
import re
import tempfile
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from sonichu_gui.errors import SettingsError
from sonichu_gui.settings.keys import SETTINGS, Setting

_Value = TypeVar("_Value", bool, int, float, str, list[str])


class Settings:
    """The person's settings.

    Args:
        path: The file that keeps them.
        read_only: Never write it, since it holds something that could not be read.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self._values: dict[str, Any] = {}
        self._changed: set[str] = set()

    @classmethod
    def load(cls, path: Path) -> Settings:
        """Reads the settings of a file; one that does not exist yet holds none.

        Raises:
            SettingsError: It cannot be read, is no TOML, or gives a setting a value that it cannot
                have; names the file and the line.
        """
        settings = cls(path)
        settings._values = _known(path, *_read(path))
        return settings

    def get(self, setting: Setting[_Value]) -> _Value:
        """Gives the value of a setting."""
        # A list is copied, so that nobody changes a setting, or its default, by changing the list.
        value: _Value = copy.copy(self._values.get(setting.name, setting.default))
        return value

    def set(self, setting: Setting[_Value], value: _Value) -> None:
        """Changes a setting; `save` keeps it.

        Raises:
            SettingsError: The setting cannot have this value.
        """
        try:
            self._values[setting.name] = copy.copy(setting.parsed(value))
        except ValueError as error:
            raise SettingsError(f"{setting.name} = {value!r}: it {error}.") from error
        self._changed.add(setting.name)

    def save(self) -> None:
        """Writes what was changed into the file, whole or not at all.

        The file is read again first: what another window or an editor has changed meanwhile stays.

        Raises:
            SettingsError: The file cannot be read any more, or not be written; it is as it was.
        """
        if self.read_only or not self._changed:
            return
        document, _ = _read(self.path)
        defaults = {setting.name: setting.default for setting in SETTINGS}
        for name in self._changed:
            if self._values[name] == defaults[name]:
                document.pop(name, None)
            else:
                document[name] = self._values[name]
        _write(self.path, document)
        self._changed.clear()


def _read(path: Path) -> tuple[dict[str, Any], str]:
    """Gives the document and its text; both empty when there is no file."""
    try:
        text = path.read_text(encoding="utf-8")
        return tomllib.loads(text), text
    except FileNotFoundError:
        return {}, ""
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"The settings file {path} is not valid TOML: {error}.",
            "Correct that line or delete the file. Until then the defaults hold.",
        ) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SettingsError(
            f"The settings file {path} is not UTF-8 text, line {line}.",
            "Save it as UTF-8 or delete it. Until then the defaults hold.",
        ) from error
    except OSError as error:
        raise SettingsError(
            f"The settings file {path} cannot be read: {error.strerror or error}.",
            "Check that you may read it. Until then the defaults hold.",
        ) from error


def _known(path: Path, document: dict[str, Any], text: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        if setting.name not in document:
            continue
        try:
            values[setting.name] = setting.parsed(document[setting.name])
        except ValueError as error:
            raise SettingsError(
                f"The settings file {path}, line {_line_of(setting.name, text)}: "
                f"{setting.name} {error}.",
                "Correct that line or remove it. Until then the defaults hold.",
            ) from error
    return values


def _line_of(name: str, text: str) -> int:
    """Gives the line that a key of the file's top level stands in."""
    found = re.search(rf"""^\s*(["']?){re.escape(name)}\1\s*[=.]|^\s*\[+\s*{re.escape(name)}""",
                      text, re.MULTILINE)  # fmt: skip
    return text[: found.end()].count("\n") + 1 if found else 1


def _write(path: Path, document: dict[str, Any]) -> None:
    import tomli_w

    target = path.resolve()  # a link to the real file, as in a folder of dot files, stays a link
    draft: str | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=target.parent, prefix=".settings-", suffix=".toml")
        with os.fdopen(handle, "wb") as file:
            file.write(tomli_w.dumps(document).encode())
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(target)
    except OSError as error:
        if draft is not None:
            Path(draft).unlink(missing_ok=True)
        raise SettingsError(
            f"The settings file {path} cannot be written: {error.strerror or error}.",
            "What was set holds until the app ends.",
        ) from error
