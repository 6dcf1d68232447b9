"""What a label store gives back: revisions, files, and the two joined. Imports no database."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sonichu_gui.domain.annotation import Annotation
    from sonichu_gui.domain.frame import FrameRef

__all__ = ["LabelRow", "Revision", "RevisionKind", "StoredFile"]


class RevisionKind(StrEnum):
    """Whether a revision is what holds for a frame or what a model said beside it."""

    ANNOTATION = "annotation"
    PREDICTION = "prediction"


@dataclass(frozen=True, slots=True)
class Revision:
    """One committed row: points of one task on one frame at one moment.

    Attributes:
        id: Grows with time within a store.
        frame: Whose points.
        annotation: The points, their status and model.
        kind: An annotation, or a model's word beside it.
        rater: Pseudonym of who committed it, or `import:<file>`.
        created: When, in UTC.
        parent_id: The revision it came from, or None.
        seconds: Time spent on it, or None.
        app_version: The version that wrote it.
    """

    id: int
    frame: FrameRef
    annotation: Annotation
    kind: RevisionKind
    rater: str
    created: datetime
    parent_id: int | None
    seconds: float | None
    app_version: str


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as the store last saw it.

    Attributes:
        digest: SHA-256 of its bytes.
        path: Relative to the images' folder, forward slashes.
        width: Pixels.
        height: Pixels.
        frame_count: Frames inside.
        format: As the reader names it.
    """

    digest: str
    path: str
    width: int
    height: int
    frame_count: int
    format: str


@dataclass(frozen=True, slots=True)
class LabelRow:
    """What holds for one frame and task, with the file it belongs to.

    Attributes:
        revision: The newest annotation; the newest prediction where nobody has annotated.
        file: Where the frame lies, or None when its file was never seen or has been replaced.
        extras: Further columns of the label file it was imported from.
    """

    revision: Revision
    file: StoredFile | None
    extras: Mapping[str, str] = field(default_factory=dict)
