"""Models to choose between: copies of the embedded one that say other things of themselves."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from sonichu_gui.paths import resources, user_models

if TYPE_CHECKING:
    from pathlib import Path

EMBEDDED = resources("models", "sonichu-mini")


def copy_model(folder: Path, *, trained: tuple[str, ...] = ("HC",), **changes: object) -> Path:
    """A model that is named as its folder and knows the tasks that are said to be trained."""
    shutil.copytree(EMBEDDED, folder)
    config = json.loads((folder / "config.json").read_text())
    config |= {"name": folder.name, **changes}
    for task, head in config["tasks"].items():
        head["trained"] = task in trained
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def install(name: str, *, trained: tuple[str, ...] = ("HC",), **changes: object) -> Path:
    """A model among the person's own."""
    return copy_model(user_models() / name, trained=trained, **changes)
