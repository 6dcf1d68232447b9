"""The revisions: every committed annotation and prediction, in the order of their commits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from sonichu_gui import __version__
from sonichu_gui.domain.annotation import Annotation, ModelId, Status
from sonichu_gui.domain.frame import FrameRef
from sonichu_gui.labels.codec import points_from_text, points_to_text, storable
from sonichu_gui.labels.database import damaged_row
from sonichu_gui.labels.revision import Revision, RevisionKind, Standing
from sonichu_gui.labels.schema import REVISIONS

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Row

    from sonichu_gui.labels.database import Database

__all__ = ["RevisionTable"]

_PLACE = REVISIONS.c.digest, REVISIONS.c.frame_index, REVISIONS.c.task_id


class RevisionTable:
    """The revisions of a store.

    Args:
        database: Of the store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(
        self,
        frame: FrameRef,
        annotation: Annotation,
        *,
        rater: str,
        kind: RevisionKind,
        parent_id: int | None,
        seconds: float | None,
    ) -> Revision:
        """Adds a revision and gives it back with its number and time."""
        created, model = datetime.now(UTC), annotation.model
        values = {
            "digest": frame.digest,
            "frame_index": frame.index,
            "task_id": annotation.task_id,
            "kind": kind.value,
            "rater": rater,
            "status": annotation.status.value,
            "points": points_to_text(annotation.keypoints),
            "model_name": model.name if model else None,
            "model_hash": model.hash if model else None,
            "comment": storable(annotation.comment),
            "parent_id": parent_id,
            "seconds": seconds,
            "created": created.isoformat(),
            "app_version": __version__,
        }
        statement = REVISIONS.insert().returning(REVISIONS.c.id)
        with self._database.writing() as connection:
            number = connection.execute(statement, values).scalar_one()
        return Revision(
            number, frame, annotation, kind, rater, created, parent_id, seconds, __version__
        )

    def newest(
        self, frame: FrameRef, task_id: str, kind: RevisionKind, rater: str | None
    ) -> Revision | None:
        """Gives the newest revision of a kind, of one rater if asked."""
        query = select(REVISIONS).where(*_at(frame, task_id), REVISIONS.c.kind == kind.value)
        if rater is not None:
            query = query.where(REVISIONS.c.rater == rater)
        with self._database.reading() as connection:
            row = connection.execute(query.order_by(REVISIONS.c.id.desc()).limit(1)).first()
        return None if row is None else self._revision(row)

    def standing_at(self, frame: FrameRef, task_id: str) -> Standing:
        """Gives the newest annotation and the newest prediction of one frame and task."""
        newest = select(func.max(REVISIONS.c.id)).where(*_at(frame, task_id))
        query = select(REVISIONS).where(REVISIONS.c.id.in_(newest.group_by(REVISIONS.c.kind)))
        with self._database.reading() as connection:
            found = [self._revision(row) for row in connection.execute(query).all()]
        by_kind = {revision.kind: revision for revision in found}
        return Standing(by_kind.get(RevisionKind.ANNOTATION), by_kind.get(RevisionKind.PREDICTION))

    def history(self, frame: FrameRef, task_id: str) -> list[Revision]:
        """Gives every revision of a frame and task, oldest first."""
        query = select(REVISIONS).where(*_at(frame, task_id)).order_by(REVISIONS.c.id)
        with self._database.reading() as connection:
            found = connection.execute(query).all()
        return [self._revision(row) for row in found]

    def digests(self) -> set[str]:
        """Gives the digests of all files that have a revision."""
        with self._database.reading() as connection:
            return set(connection.execute(select(REVISIONS.c.digest).distinct()).scalars())

    def statuses(self) -> list[tuple[FrameRef, str, Status]]:
        """Gives where every frame and task stands."""
        return [
            (FrameRef(row.digest, row.frame_index), row.task_id, Status(row.status))
            for row in self._standing(*_PLACE, REVISIONS.c.id, REVISIONS.c.status)
        ]

    def statuses_of(self, digest: str, task_id: str) -> dict[int, Status]:
        """Gives where the frames of one file stand, by index."""
        of_file = REVISIONS.c.digest == digest, REVISIONS.c.task_id == task_id
        rows = self._standing(*_PLACE, REVISIONS.c.id, REVISIONS.c.status, only=of_file)
        return {row.frame_index: Status(row.status) for row in rows}

    def standing(self) -> list[Revision]:
        """Gives what holds for every frame and task, see `Standing.holds`."""
        return [self._revision(row) for row in self._standing(*REVISIONS.c)]

    def _standing(
        self, *columns: ColumnElement[Any], only: tuple[ColumnElement[bool], ...] = ()
    ) -> list[Row[Any]]:
        newest = select(func.max(REVISIONS.c.id)).where(*only).group_by(*_PLACE, REVISIONS.c.kind)
        query = select(*columns).where(REVISIONS.c.id.in_(newest)).order_by(REVISIONS.c.kind)
        with self._database.reading() as connection:
            found = connection.execute(query).all()
        standing: dict[tuple[str, int, str], Row[Any]] = {}
        for row in found:  # "annotation" comes before "prediction"
            place = row.digest, row.frame_index, row.task_id
            annotation = standing.setdefault(place, row)
            if row.id > annotation.id and not Status(annotation.status).is_human:
                standing[place] = row
        return list(standing.values())

    def _revision(self, row: Row[Any]) -> Revision:
        try:
            model = None if row.model_name is None else ModelId(row.model_name, row.model_hash)
            points, status = points_from_text(row.points), Status(row.status)
            return Revision(
                row.id,
                FrameRef(row.digest, row.frame_index),
                Annotation(row.task_id, points, status, model, row.comment),
                RevisionKind(row.kind),
                row.rater,
                datetime.fromisoformat(row.created),
                row.parent_id,
                row.seconds,
                row.app_version,
            )
        except ValueError as error:
            raise damaged_row(self._database.path, "revision", row.id, error) from error


def _at(frame: FrameRef, task_id: str) -> tuple[Any, Any, Any]:
    return (
        REVISIONS.c.digest == frame.digest,
        REVISIONS.c.frame_index == frame.index,
        REVISIONS.c.task_id == task_id,
    )
