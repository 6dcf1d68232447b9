"""A name for the rows that a run learns from, by which a changed data set is told from the same."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sonichu_gui.training.data.labels import LabelRow

if TYPE_CHECKING:
    from sonichu_gui.training.data.labels import FrameRow


def rows_digest(rows: Sequence[LabelRow | FrameRow]) -> str:
    """SHA-256 of the rows in their order: frames by name, tasks, points and weights.

    Where the frames lie does not count, so that a data set may be moved; nor do their pixels, which
    would have to be read first.
    """
    found = hashlib.sha256()
    for row in rows:
        found.update(f"{row.image_path}\0".encode())
        if isinstance(row, LabelRow):
            found.update(f"{row.task_id}\0{row.weight!r}\0".encode())
            found.update(row.points.tobytes())
    return found.hexdigest()
