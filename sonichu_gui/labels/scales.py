"""The scales that people set, chose and confirmed, each change a row of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from sonichu_gui import __version__
from sonichu_gui.labels.codec import scale_from_text, scale_to_text
from sonichu_gui.labels.database import damaged_row
from sonichu_gui.labels.schema import CALIBRATIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sonichu_gui.domain.calibration import Calibration, Scale
    from sonichu_gui.labels.database import Database

__all__ = ["ScaleTable"]

_Row = dict[str, Any]
_SCALE, _CONFIRMATION, _CHOICE = "scale", "confirmation", "choice"


class ScaleTable:
    """The scales of a store's files.

    Args:
        database: Of the store.
        note: Told the digests of files that something is said about.
    """

    def __init__(self, database: Database, note: Callable[[Collection[str]], None]) -> None:
        self._database = database
        self._note = note

    def set_scales(self, scales: Mapping[str, Scale | None], author: str) -> None:
        """Adds scales by their files' digests, or that they were taken back; all or none."""
        self._append(
            *(
                self._row(
                    digest, _SCALE, "", None if scale is None else scale_to_text(scale), author
                )
                for digest, scale in scales.items()
            )
        )

    def set_confirmation(self, digest: str, key: str, author: str, *, confirmed: bool) -> None:
        """Adds that a doubtful scale is trusted, or no longer."""
        self._append(self._row(digest, _CONFIRMATION, key, "true" if confirmed else None, author))

    def set_choice(self, digest: str, key: str, region: int | None, author: str) -> None:
        """Adds which region a person chose where several differ, or that it was taken back."""
        self._append(
            self._row(digest, _CHOICE, key, None if region is None else str(region), author)
        )

    def digests(self) -> set[str]:
        """Gives the digests of all files that a person has said something about."""
        with self._database.reading() as connection:
            return set(connection.execute(select(CALIBRATIONS.c.digest).distinct()).scalars())

    def overrides(self) -> dict[str, Scale]:
        """Gives the scales that people set and that hold now, by digest."""
        newest = (
            select(func.max(CALIBRATIONS.c.id))
            .where(CALIBRATIONS.c.subject == _SCALE)
            .group_by(CALIBRATIONS.c.digest)
        )
        query = select(CALIBRATIONS).where(CALIBRATIONS.c.id.in_(newest))
        with self._database.reading() as connection:
            found = connection.execute(query).all()
        scales = {}
        for row in found:
            try:
                if row.value is not None:
                    scales[row.digest] = scale_from_text(row.value)
            except ValueError as error:
                raise damaged_row(self._database.path, "scale", row.id, error) from error
        return scales

    def applied_to(self, digest: str, base: Calibration) -> Calibration:
        """Gives a file's own calibration with what holds for it now."""
        query = select(CALIBRATIONS).where(CALIBRATIONS.c.digest == digest)
        with self._database.reading() as connection:
            found = connection.execute(query.order_by(CALIBRATIONS.c.id)).all()
        # The newest row of each subject and key holds; a NULL there says: taken back.
        holds = {(row.subject, row.key): row for row in found}
        calibration = base
        for (subject, key), row in holds.items():
            if row.value is None:
                continue
            try:
                calibration = _APPLIED[subject](calibration, key, row.value, row.author)
            except (KeyError, ValueError) as error:
                raise damaged_row(self._database.path, "scale", row.id, error) from error
        return calibration

    @staticmethod
    def _row(digest: str, subject: str, key: str, value: str | None, author: str) -> _Row:
        return {
            "digest": digest,
            "subject": subject,
            "key": key,
            "value": value,
            "author": author,
            "created": datetime.now(UTC).isoformat(),
            "app_version": __version__,
        }

    def _append(self, *rows: _Row) -> None:
        with self._database.writing() as connection:
            connection.execute(CALIBRATIONS.insert(), list(rows))
        self._note({row["digest"] for row in rows})


_APPLIED: dict[str, Callable[[Calibration, str, str, str], Calibration]] = {
    _SCALE: lambda known, _key, value, _author: known.with_override(scale_from_text(value)),
    _CONFIRMATION: lambda known, key, _value, author: known.with_confirmation(key, author),
    _CHOICE: lambda known, key, value, author: known.with_choice(key, int(value), author),
}
