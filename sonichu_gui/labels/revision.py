"""What a label store gives back: revisions, files, and the two joined. Imports no database."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sonichu_gui.domain.annotation import Annotation, Status
    from sonichu_gui.domain.frame import FrameRef

__all__ = ["LabelRow", "Revision", "RevisionKind", "Standing", "StoredFile", "status_of_file"]


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
class Standing:
    """What was said last of one frame and task.

    Attributes:
        annotation: The newest annotation, or None.
        prediction: What a model said last, or None.
    """

    annotation: Revision | None
    prediction: Revision | None

    @property
    def holds(self) -> Revision | None:
        """The annotation; the prediction where no person has a say and the model spoke later."""
        annotation, prediction = self.annotation, self.prediction
        if annotation is None or prediction is None:
            return annotation or prediction
        overtaken = not annotation.annotation.is_human and prediction.id > annotation.id
        return prediction if overtaken else annotation

    @property
    def is_human(self) -> bool:
        """Whether a person or an imported label has a say in what holds."""
        return self.annotation is not None and self.annotation.annotation.is_human


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
        revision: What holds, see `Standing.holds`.
        file: Where the frame lies, or None when its file was never seen or has been replaced.
        extras: Further columns of the label file it was imported from.
    """

    revision: Revision
    file: StoredFile | None
    extras: Mapping[str, str] = field(default_factory=dict)


def status_of_file(frames: Mapping[tuple[int, str], Status]) -> dict[str, Status]:
    """Gives a status a task, of the last frame in which a person has a say, else of the last."""
    found: dict[str, Status] = {}
    for (_, task_id), status in sorted(frames.items()):
        if status.is_human or not found.get(task_id, status).is_human:
            found[task_id] = status
    return found
