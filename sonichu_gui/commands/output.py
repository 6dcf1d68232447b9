"""How commands say things: the JSON of scales and measurements, and aligned text for people.

The keys are the contract of the commands; a script may rely on each.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sonichu_gui.domain.calibration import Scale
    from sonichu_gui.domain.measurement import Measurement

NOT_CLINICAL = "Not for clinical use."


def print_json(document: object) -> None:
    """Prints one JSON document, ASCII only, so that any terminal encoding carries it."""
    print(json.dumps(document, indent=2, allow_nan=False))


def scale_json(scale: Scale) -> dict[str, Any]:
    """Gives the `calibration` of a measurement or a frame."""
    return {
        "source": str(scale.source),
        "dx_mm": scale.dx_mm,
        "dy_mm": scale.dy_mm,
        "trusted": scale.in_mm,
        "reason": scale.reason,
        "region_index": scale.region_index,
        "confirmed_by": scale.confirmed_by or None,
    }


def measurement_json(measurement: Measurement) -> dict[str, Any]:
    """Gives one entry of `measurements`; a value of null has its reason beside it."""
    return {
        "name": measurement.name,
        "title": measurement.title,
        "value": measurement.value,
        "unit": measurement.unit,
        "uncertainty": measurement.uncertainty,
        "formula": measurement.formula,
        "convention": measurement.convention,
        "reason": measurement.reason,
        "calibration": scale_json(measurement.scale),
    }


def measurement_rows(
    measurements: Iterable[Measurement], *, told: str = ""
) -> list[tuple[str, ...]]:
    """Gives the rows of a table of measurements: name, number, unit, error, title, remark.

    Beside a unit of length stands whose millimetres they are.

    Args:
        measurements: A row each.
        told: A reason that stands above the table and need not follow every number.
    """
    return [
        (
            m.name,
            m.number,
            "" if m.value is None else _unit_and_source(m),
            m.error_text,
            m.title,
            m.reason.removeprefix(told).removeprefix("; "),
        )
        for m in measurements
    ]


def _unit_and_source(measurement: Measurement) -> str:
    tag = measurement.scale_tag
    return f"{measurement.unit_text} · {tag}" if tag else measurement.unit_text


def table(rows: Sequence[Sequence[str]], *, right: Collection[int] = (), indent: str = "") -> str:
    """Gives rows as aligned lines.

    Args:
        rows: Cells; all rows are equally long.
        right: Columns that are aligned to the right, as numbers are.
        indent: Before every line.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(f"{indent}{line}".rstrip() for line in lines)
