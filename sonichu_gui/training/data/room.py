"""The data part of a training configuration: its sources, and how they are divided.

    [[data]]                    # any number; the keys are those of `SourceConfig`
    kind = "csv"
    path = "hc18/HC.csv"

    [[held_out]]                # sources that are only measured on, instead of or beside a split
    [split]                     # the keys are those of `SplitRule`

A stage that has more to say about its data calls the first `[[sources]]`, and may keep all three in
a table `[data]`. Whatever else a file has is left to its own stage.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sonichu_gui.errors import ImportRejected
from sonichu_gui.training.config import read_document
from sonichu_gui.training.data.source_rows import SourceConfig
from sonichu_gui.training.data.splits import SplitRule

__all__ = ["DataRoom", "read_room"]

_T = TypeVar("_T", SourceConfig, SplitRule)


@dataclass(frozen=True, slots=True)
class DataRoom:
    """What is learned from and what is measured on.

    Attributes:
        sources: in the file's order.
        held_out: sources of which nothing is learned.
        split: how the labelled rows of the sources are divided; None: all are learned from.
    """

    sources: tuple[SourceConfig, ...]
    held_out: tuple[SourceConfig, ...] = ()
    split: SplitRule | None = None


def read_room(path: Path) -> DataRoom:
    """The data part of a TOML file.

    Raises:
        TrainingError: it, or a file that it extends, cannot be read.
        ImportRejected: it names no source, or a key is unknown, missing or of the wrong type; the
            message names it.
    """
    document = read_document(path)
    inner = document.get("data")
    tables = {**document, **(inner if isinstance(inner, dict) else {})}
    room = DataRoom(
        _sources(tables, "data" if isinstance(inner, list) else "sources", path),
        _sources(tables, "held_out", path),
        _made(SplitRule, tables["split"], f"{path}: [split]")
        if isinstance(tables.get("split"), dict)
        else None,
    )
    if not room.sources:
        raise ImportRejected(
            f"{path} names no source of frames.",
            'Write a table [[data]] for each, with kind = "csv" and path = "…" for example.',
        )
    return room


def _sources(tables: Mapping[str, Any], name: str, path: Path) -> tuple[SourceConfig, ...]:
    found = tables.get(name, [])
    if not isinstance(found, list):
        raise ImportRejected(f"{path}: {name} is no list of tables.", f"Write [[{name}]].")
    return tuple(
        _made(SourceConfig, table, f"{path}: [[{name}]] number {number}")
        for number, table in enumerate(found, start=1)
    )


def _made(kind: type[_T], table: object, where: str) -> _T:
    """The dataclass of a table; every field is text or a number, as its default says."""
    fields = {field.name: field for field in dataclasses.fields(kind)}
    values = dict(table) if isinstance(table, dict) else {}
    unknown = sorted(set(values) - set(fields))
    missing = [
        name
        for name, field in fields.items()
        if name not in values and field.default is dataclasses.MISSING
    ]
    if not isinstance(table, dict) or unknown or missing:
        raise ImportRejected(
            f"{where}: unknown keys {unknown or 'none'}, missing keys {missing or 'none'}.",
            f"The keys are {', '.join(fields)}.",
        )
    for name, value in values.items():
        default = fields[name].default
        expected = str if default is dataclasses.MISSING else type(default)
        if expected is float and type(value) is int:
            values[name] = float(value)
        elif type(value) is not expected:
            raise ImportRejected(
                f"{where}: {name} is {value!r}.", f"It must be of type {expected.__name__}."
            )
    return kind(**values)
