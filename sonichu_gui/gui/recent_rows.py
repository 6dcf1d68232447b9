"""Recent studies as a person reads them: what it is, where it lies, where it was left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from sonichu_gui.imaging.study_listing import is_dicomdir

if TYPE_CHECKING:
    from collections.abc import Collection

    from sonichu_gui.settings.recent import RecentStudy


@dataclass(frozen=True, slots=True)
class RecentRow:
    """A study of the list.

    Attributes:
        study: What is opened.
        title: Its name.
        place: The folder it lies in; below the home folder it begins with "~".
        left_at: The file at which it was left, with the frame in a cine; empty when it is the
            study itself.
        is_missing: Whether it is not there at present.
    """

    study: RecentStudy
    title: str
    place: str
    left_at: str
    is_missing: bool


def row_of(study: RecentStudy, missing: Collection[tuple[Path, ...]]) -> RecentRow:
    """Gives the row of a study.

    Args:
        study: The study.
        missing: What is not there at present, as `RecentStudy.opened`.
    """
    first = study.opened[0]
    if is_dicomdir(first):  # every disc's table has this name
        first = first.parent
    title = first.name or str(first)
    if len(study.opened) > 1:
        title = _tr("{} and {} more").format(title, len(study.opened) - 1)
    left_at = study.file.name if study.file is not None and study.file != first else ""
    if study.frame:
        frame = _tr("frame {}").format(study.frame + 1)
        left_at = f"{left_at}, {frame}" if left_at else frame
    return RecentRow(study, title, _short(first.parent), left_at, study.opened in missing)


def _short(folder: Path) -> str:
    home = Path.home()
    if folder.is_relative_to(home):
        return str(Path("~") / folder.relative_to(home))
    return str(folder)


def _tr(text: str) -> str:
    return QCoreApplication.translate("recent_rows", text)
