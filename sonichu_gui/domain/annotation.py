"""An annotation: the keypoints of one task on one frame, and who placed each.

Annotations never change. Every edit gives a new one, which makes undo, saving from another thread
and tests trivial. Coordinates are image pixels (see `domain.frame`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Point
    from sonichu_gui.domain.task import Task


class PointState(StrEnum):
    """How well a keypoint can be seen."""

    VISIBLE = "visible"
    OCCLUDED = "occluded"
    UNCERTAIN = "uncertain"
    ABSENT = "absent"


class Origin(StrEnum):
    """Who or what placed a keypoint."""

    PERSON = "person"
    MODEL = "model"
    IMPORT = "import"


class Status(StrEnum):
    """Where an annotation stands on its way to a label."""

    TODO = "todo"
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    EDITED = "edited"
    FLAGGED = "flagged"
    EXCLUDED = "excluded"

    @property
    def is_human(self) -> bool:
        """Whether a person or an imported label has a say in it."""
        return self not in (Status.TODO, Status.PROPOSED)


@dataclass(frozen=True, slots=True)
class ModelId:
    """Which model made a prediction: its name and the SHA-256 of its weights."""

    name: str
    hash: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """Where else a model thinks that a keypoint may be: a lower peak of its heatmap.

    Attributes:
        x: Image pixels.
        y: Image pixels.
        confidence: The peak's share of the heatmap, 0 to 1.
    """

    x: float
    y: float
    confidence: float

    @property
    def xy(self) -> Point:
        """(x, y) in image pixels."""
        return self.x, self.y


@dataclass(frozen=True, slots=True)
class Keypoint:
    """A placed point.

    Attributes:
        x: Image pixels.
        y: Image pixels.
        state: How well it can be seen.
        origin: Who placed it last.
        confidence: The model's, 0 to 1; None once a person has moved it.
        covariance: The model's (xx, xy, yy) in square pixels; None once a person has moved it.
        disagreement: Half the way between the model's answers for the frame and for its mirror
            image, in pixels; None where only one was asked, or once a person has moved it.
        alternatives: The model's other candidates, best first; none once a person has moved it.
    """

    x: float
    y: float
    state: PointState = PointState.VISIBLE
    origin: Origin = Origin.PERSON
    confidence: float | None = None
    covariance: tuple[float, float, float] | None = None
    disagreement: float | None = None
    alternatives: tuple[Alternative, ...] = ()

    def __post_init__(self) -> None:
        """Refuses coordinates that no picture has."""
        if not (math.isfinite(self.x) and math.isfinite(self.y)):
            raise ValueError(f"keypoint at ({self.x}, {self.y})")

    @property
    def xy(self) -> Point:
        """(x, y) in image pixels."""
        return self.x, self.y

    @property
    def measurable(self) -> bool:
        """Whether a measure may use it."""
        return self.state is not PointState.ABSENT

    @property
    def candidates(self) -> tuple[Alternative, ...]:
        """Where else it may be; an absent point is nowhere."""
        return self.alternatives if self.measurable else ()


@dataclass(frozen=True, slots=True)
class Annotation:
    """The keypoints of one task on one frame.

    Attributes:
        task_id: Which task.
        keypoints: One slot a keypoint of the task, in its order; None where not yet placed.
        status: Where it stands.
        model: The model whose points it started from, or None.
        comment: A person's remark.
    """

    task_id: str
    keypoints: tuple[Keypoint | None, ...]
    status: Status = Status.TODO
    model: ModelId | None = None
    comment: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether no point is placed."""
        return all(point is None for point in self.keypoints)

    @property
    def is_complete(self) -> bool:
        """Whether every point is placed."""
        return all(point is not None for point in self.keypoints)

    @property
    def is_human(self) -> bool:
        """Whether a person or an imported label has a say in it: models must not replace it."""
        return self.status.is_human

    @property
    def next_unplaced(self) -> int | None:
        """Index of the first empty slot, or None."""
        return next((i for i, point in enumerate(self.keypoints) if point is None), None)

    def points(self, indices: Iterable[int]) -> list[Point] | None:
        """(x, y) of the given keypoints, or None when one is missing or absent."""
        found = [self.keypoints[i] for i in indices]
        if any(point is None or not point.measurable for point in found):
            return None
        return [point.xy for point in found if point is not None]

    def with_point(self, index: int, xy: Point) -> Annotation:
        """Places or moves a keypoint by a person's hand; its state stays as it was marked."""
        old = self.keypoints[index]
        state = old.state if old else PointState.VISIBLE
        return self._with(index, Keypoint(xy[0], xy[1], state))

    def with_state(self, index: int, state: PointState) -> Annotation:
        """Marks how well a placed keypoint can be seen; an empty slot stays empty."""
        old = self.keypoints[index]
        return self if old is None else self._with(index, replace(old, state=state))

    def without_point(self, index: int) -> Annotation:
        """Takes a keypoint back to its empty slot."""
        return self._with(index, None)

    def with_status(self, status: Status) -> Annotation:
        """Gives the same points another status."""
        return replace(self, status=status)

    def swapped(self, first: int, second: int) -> Annotation:
        """Exchanges two keypoints: the ends of a calliper the wrong way round."""
        points = list(self.keypoints)
        points[first], points[second] = points[second], points[first]
        return replace(self, keypoints=tuple(points), status=self._status_of_edit)

    def with_prediction(self, prediction: Annotation) -> Annotation:
        """Puts a model's points in place of these; what was set aside stays so."""
        status = self.status if self._is_set_aside else Status.PROPOSED
        return replace(self, keypoints=prediction.keypoints, status=status, model=prediction.model)

    def cleared(self) -> Annotation:
        """Takes all keypoints back to empty slots."""
        status = self.status if self._is_set_aside else Status.TODO
        return replace(self, keypoints=(None,) * len(self.keypoints), status=status)

    @property
    def _is_set_aside(self) -> bool:
        """Flagged or excluded: that stays, whatever happens to the points."""
        return self.status in (Status.FLAGGED, Status.EXCLUDED)

    @property
    def _status_of_edit(self) -> Status:
        return self.status if self._is_set_aside else Status.EDITED

    def _with(self, index: int, point: Keypoint | None) -> Annotation:
        points = list(self.keypoints)
        points[index] = point
        return replace(self, keypoints=tuple(points), status=self._status_of_edit)


def empty_annotation(task: Task) -> Annotation:
    """Gives an annotation with no point placed."""
    return Annotation(task.id, (None,) * len(task.keypoints))


def proposed_annotation(task: Task, keypoints: Sequence[Keypoint], model: ModelId) -> Annotation:
    """Gives a model's points as an annotation that waits for a person.

    Raises:
        ValueError: The number of keypoints is not the task's.
    """
    if len(keypoints) != len(task.keypoints):
        raise ValueError(f"{task.id} has {len(task.keypoints)} keypoints, not {len(keypoints)}")
    return Annotation(task.id, tuple(keypoints), Status.PROPOSED, model)
