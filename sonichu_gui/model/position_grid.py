"""Tells the grid of a position table from its number of rows, and what its first row stands for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .layout import ClassRow

__all__ = ["TableKind", "grid_of_table"]

Grid = tuple[int, int]
TableKind = Literal["plain", "class token", "vitpose", "vitpose by its head"]

_READINGS: Mapping[TableKind, tuple[tuple[int, ClassRow], ...]] = {
    # Rows that are no patches, and what they are; the first reading that makes a grid counts.
    "plain": ((0, "none"),),
    "class token": ((1, "kept"), (0, "zero")),
    "vitpose": ((1, "added"), (0, "none")),
    "vitpose by its head": ((0, "none"), (1, "added")),
}


def grid_of_table(rows: int, kind: TableKind, stated: Grid) -> tuple[Grid, ClassRow] | None:
    """Rows and columns of patches, and the class token's row; None where no reading fits.

    Args:
        rows: of the table.
        kind: what the rest of the checkpoint says of it.
        stated: rows and columns by its configuration, (0, 0) without.
    """
    for extra, row in _READINGS[kind]:
        count = rows - extra
        square = math.isqrt(max(count, 0))
        # The upright frames of people that ViTPose was made for: 256 x 192 pixels, or 384 x 288.
        quarter = math.isqrt(max(count, 0) // 12) if row == "added" else 0
        for grid in (stated, (square, square), (4 * quarter, 3 * quarter)):
            if count > 0 and grid[0] * grid[1] == count:
                return grid, row
    return None
