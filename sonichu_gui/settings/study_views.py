"""How each study was looked at last: its look, what is hidden, and areas that a person drew.

One small file a study in the app's own folder, never in a label store: it says nothing of the
frames. Its name is a digest of the study's folder, so that the list of files names nobody.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sonichu_gui.errors import SettingsError
from sonichu_gui.imaging.look import NEUTRAL, Look
from sonichu_gui.paths import user_data

__all__ = ["StudyView", "read_view", "size_name", "write_view"]

Outlines = tuple[tuple[tuple[float, float], ...], ...]


@dataclass(frozen=True, slots=True)
class StudyView:
    """What is remembered of a study.

    Attributes:
        look: How its frames are shown.
        preset: Name of a window that the DICOM files bring; empty for the first.
        hides: Whether all outside the scan area is hidden.
        leaves: Whether a person said that pictures may leave with what is outside.
        areas: Outlines that a person drew, by a file's digest or by "800x600" for every file of
            that size.
    """

    look: Look = NEUTRAL
    preset: str = ""
    hides: bool = False
    leaves: bool = False
    areas: Mapping[str, Outlines] = field(default_factory=dict)

    def outlines_of(self, digest: str, size: tuple[int, int]) -> Outlines | None:
        """Gives what a person drew for a file or for all whose frames have its size."""
        return self.areas.get(digest) or self.areas.get(size_name(size))


def size_name(size: tuple[int, int]) -> str:
    """Names all files of a size, "800x600"."""
    width, height = size
    return f"{width}x{height}"


def read_view(folder: Path) -> StudyView:
    """Reads what is remembered of a study's folder; what is damaged counts as forgotten."""
    try:
        stored = json.loads(_file_of(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return StudyView()
    if not isinstance(stored, dict):
        return StudyView()
    preset, areas = stored.get("preset"), stored.get("areas")
    return StudyView(
        look=Look.from_text(json.dumps(stored.get("look"))),
        preset=preset if isinstance(preset, str) else "",
        hides=stored.get("hides") is True,
        leaves=stored.get("leaves") is True,
        areas=_areas(areas) if isinstance(areas, dict) else {},
    )


def write_view(folder: Path, view: StudyView) -> None:
    """Keeps a study's view, whole or not at all; nothing to remember leaves no file.

    Raises:
        SettingsError: It cannot be written.
    """
    target = _file_of(folder)
    draft: str | None = None
    try:
        if view == StudyView():
            target.unlink(missing_ok=True)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=target.parent, prefix=".view-", suffix=".json")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(_stored(view), file)
        Path(draft).replace(target)
    except OSError as error:
        if draft is not None:
            Path(draft).unlink(missing_ok=True)
        raise SettingsError(
            f"The look of this study cannot be kept in {target.parent}: {error.strerror or error}.",
            "It holds until the app ends.",
        ) from error


def _file_of(folder: Path) -> Path:
    name = hashlib.blake2b(os.fsencode(folder), digest_size=16).hexdigest()
    return user_data() / "views" / f"{name}.json"


def _stored(view: StudyView) -> dict[str, Any]:
    return {
        "look": json.loads(view.look.to_text()),
        "preset": view.preset,
        "hides": view.hides,
        "leaves": view.leaves,
        "areas": dict(view.areas),
    }


def _areas(stored: dict[str, Any]) -> dict[str, Outlines]:
    """Takes the outlines that are ones."""
    found: dict[str, Outlines] = {}
    for key, outlines in stored.items():
        try:
            corners = tuple(tuple((float(x), float(y)) for x, y in one) for one in outlines)
        except (TypeError, ValueError):
            continue
        if corners and all(len(one) >= 3 for one in corners):
            found[key] = corners
    return found
