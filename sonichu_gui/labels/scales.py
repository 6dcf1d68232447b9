"""The scales that people set and confirmed, each change a row of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from sonichu_gui import __version__
from sonichu_gui.labels.codec import scale_from_text, scale_to_text
from sonichu_gui.labels.database import damaged_row
from sonichu_gui.labels.schema import CALIBRATIONS

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Calibration, Scale
    from sonichu_gui.labels.database import Database

__all__ = ["ScaleTable"]

_SCALE, _CONFIRMATION = "scale", "confirmation"


class ScaleTable:
    """The scales of a store's files.

    Args:
        database: Of the store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def set_scale(self, digest: str, scale: Scale | None, author: str) -> None:
        """Adds a scale, or that it was taken back."""
        value = None if scale is None else scale_to_text(scale)
        self._append(digest, _SCALE, "", value, author)

    def set_confirmation(self, digest: str, key: str, author: str, *, confirmed: bool) -> None:
        """Adds that a doubtful scale is trusted, or no longer."""
        self._append(digest, _CONFIRMATION, key, "true" if confirmed else None, author)

    def digests(self) -> set[str]:
        """Gives the digests of all files that a person has said something about."""
        with self._database.reading() as connection:
            return set(connection.execute(select(CALIBRATIONS.c.digest).distinct()).scalars())

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
            if subject == _CONFIRMATION:
                calibration = calibration.with_confirmation(key, row.author)
                continue
            try:
                calibration = calibration.with_override(scale_from_text(row.value))
            except ValueError as error:
                raise damaged_row(self._database.path, "scale", row.id, error) from error
        return calibration

    def _append(self, digest: str, subject: str, key: str, value: str | None, author: str) -> None:
        values = {
            "digest": digest,
            "subject": subject,
            "key": key,
            "value": value,
            "author": author,
            "created": datetime.now(UTC).isoformat(),
            "app_version": __version__,
        }
        with self._database.writing() as connection:
            connection.execute(CALIBRATIONS.insert(), values)
