"""What was found out once about this machine and these weights, and need not be again.

A file in the cache folder. Lost, unreadable or unwritable it costs time, never a prediction.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from typing import TYPE_CHECKING, Any

from sonichu_gui import paths

if TYPE_CHECKING:
    from pathlib import Path

    from sonichu_gui.prediction.zoo import ModelInfo

FILE = "engines.json"

_MOST = 200
"""Entries; the oldest leave first."""


def recall(key: str) -> Any:  # noqa: ANN401 - JSON, which whoever wrote it parses
    """Gives what was remembered under a key, or None."""
    return _read().get(key)


def remember(key: str, value: object) -> None:
    """Keeps a JSON value under a key; does nothing where the cache cannot be written."""
    known = _read()
    known.pop(key, None)
    known[key] = value
    newest = dict(list(known.items())[-_MOST:])
    path = paths.user_cache() / FILE
    part = path.with_name(f"{FILE}.{os.getpid()}.{threading.get_ident()}.part")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written beside and renamed: another window may be reading.
        part.write_text(json.dumps(newest, indent=1), encoding="utf-8")
        part.replace(path)


def weights_hash(info: ModelInfo) -> str:
    """Gives the SHA-256 of a model's weights without reading a large file at every start.

    As git does, a file is taken for the same while its place, size and times are: its time of
    change is the system's, which nobody sets.

    Raises:
        ModelError: The weights cannot be read.
    """
    key = _identity(info)
    known = recall(key) if key else None
    if isinstance(known, str) and len(known) == 64:
        return known
    found = info.hash
    if key and _identity(info) == key:
        remember(key, found)
    return found


def _identity(info: ModelInfo) -> str:
    path = info.weights.absolute()
    try:
        stat = path.stat()
    except OSError:
        return ""  # its hash tells what is wrong
    return f"sha256 {path} {stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino}"


def _read() -> dict[str, Any]:
    path: Path = paths.user_cache() / FILE
    try:
        known = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}
