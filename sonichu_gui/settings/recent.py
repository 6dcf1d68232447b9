"""The studies opened last, and where each was left: a file of its own in the person's data.

It holds paths and a frame's number, nothing of what is in the files. What cannot be read is begun
anew: losing it loses no work. Names of folders may tell of patients, so nobody else may read it.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["KEPT", "RecentStudy", "read_recent", "write_recent"]

log = logging.getLogger(__name__)

KEPT = 12
_PATHS_KEPT = 200
"""More files chosen at once are not remembered by name."""


@dataclass(frozen=True, slots=True)
class RecentStudy:
    """A study, and where it was left.

    Attributes:
        opened: What the person chose: a folder, a file, or several.
        file: The file shown last, None when none was.
        frame: Index of the frame of it.
    """

    opened: tuple[Path, ...]
    file: Path | None = None
    frame: int = 0

    @property
    def is_kept(self) -> bool:
        """Whether it can be remembered."""
        return 0 < len(self.opened) <= _PATHS_KEPT


def read_recent(place: Path) -> tuple[RecentStudy, ...]:
    """Reads the list, newest first; empty when there is none or it is damaged."""
    try:
        rows = json.loads(place.read_text(encoding="utf-8"))
        return tuple(_parsed(row) for row in rows)[:KEPT]
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        log.info("the list of recent studies is begun anew: %s", type(error).__name__)
        return ()


def write_recent(place: Path, studies: Iterable[RecentStudy]) -> None:
    """Writes the list, whole or not at all; one that cannot be written is as it was."""
    rows = [
        {
            "opened": [str(path) for path in study.opened],
            "file": str(study.file or ""),
            "frame": study.frame,
        }
        for study in studies
    ]
    draft = ""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=place.parent, prefix=".recent-", suffix=".json")
        with os.fdopen(handle, "w", encoding="utf-8") as file:  # mkstemp: for the person alone
            json.dump(rows, file, indent=1)  # names that are no text stay whole as escapes
        Path(draft).replace(place)
    except OSError as error:
        log.info("the list of recent studies cannot be written: %s", error.strerror)
        with suppress(OSError):
            Path(draft).unlink()


def _parsed(row: dict[str, object]) -> RecentStudy:
    opened, file, frame = row["opened"], row["file"], row["frame"]
    if not isinstance(opened, list) or not opened or not isinstance(file, str):
        raise TypeError
    if type(frame) is not int or not 0 <= frame < 2**31:
        raise ValueError
    return RecentStudy(
        tuple(Path(str(path)) for path in opened), Path(file) if file else None, frame
    )
