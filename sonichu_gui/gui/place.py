"""Where the work is: the files of a study, a place in it, and the tool in hand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from sonichu_gui.domain.frame import FrameRef
    from sonichu_gui.gui.list_heads import ListHead


@dataclass(frozen=True, slots=True)
class Place:
    """Where an edit happened: the file, the frame in it, and the task."""

    path: Path
    frame: FrameRef
    task_id: str


@dataclass(frozen=True, slots=True)
class Study:
    """The files being worked through.

    Attributes:
        title: What the window says, e.g. the folder's name.
        paths: In natural order, or that of their series; grows while the folder is being scanned.
        scanning: Whether more may come.
        folder: The outermost folder of the files, or None without files.
        heads: Of examinations and series, where the files belong to some.
    """

    title: str = ""
    paths: tuple[Path, ...] = ()
    scanning: bool = False
    folder: Path | None = None
    heads: tuple[ListHead, ...] = ()


class Tool(Enum):
    """What a click on the canvas does."""

    EDIT = "edit"
    PLACE = "place"
    SCALE = "scale"
