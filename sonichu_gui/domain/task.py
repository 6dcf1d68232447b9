"""Tasks as data: which keypoints a view has and what is measured from them.

A task is a TOML file (`resources/tasks/*.toml`; users may add their own). The order of keypoints
there is the order in every label file, every model head and every shortcut.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sonichu_gui.errors import TaskError

MeasureKind = Literal[
    "length",
    "ellipse-circumference",
    "angle",
    "ratio-percent",
    "lv-mass",
    "relative-wall-thickness",
]

POINTS_OF_KIND: Mapping[MeasureKind, int] = {
    "length": 2,
    "ellipse-circumference": 4,
    "angle": 3,
    "ratio-percent": 4,
    "lv-mass": 6,
    "relative-wall-thickness": 4,
}


@dataclass(frozen=True, slots=True)
class KeypointSpec:
    """A named place.

    Attributes:
        id: Stable name in files, e.g. `point_1`.
        name: What the user reads, e.g. "OFD 1".
        pair: Which pair it belongs to, from 0: chooses its colour.
        description: Where it belongs, in one sentence.
        alias: Its name in raw challenge files, e.g. `LV_p1`, or empty.
    """

    id: str
    name: str
    pair: int
    description: str
    alias: str = ""


@dataclass(frozen=True, slots=True)
class MeasureSpec:
    """A number computed from keypoints.

    Attributes:
        name: Short name in tables and files, e.g. "BPD".
        title: Long name.
        kind: Which formula.
        points: Zero-based keypoint indices in the formula's order. `angle`: vertex, then the ends
            of its legs. `ellipse-circumference` and `ratio-percent`: two pairs.
            `lv-mass`: septum, cavity, posterior wall. `relative-wall-thickness`: wall, cavity.
        convention: How the callipers are set, e.g. "outer-outer", or empty.
        primary: The number shown first and large.
    """

    name: str
    title: str
    kind: MeasureKind
    points: tuple[int, ...]
    convention: str = ""
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """A view with its keypoints and measures.

    Attributes:
        id: Identity in files and models, e.g. `fetal_femur`.
        title: What the user reads.
        group: "Fetal", "Intrapartum and cervix" or "Heart and IVC".
        help: One sentence on the view.
        keypoints: In the order of every file.
        measures: In the order of display.
        flip_pairs: Keypoints that change places under a horizontal flip, zero-based.
        unordered_pairs: Pairs whose ends have no natural order; scores may swap them.
    """

    id: str
    title: str
    group: str
    help: str
    keypoints: tuple[KeypointSpec, ...]
    measures: tuple[MeasureSpec, ...]
    flip_pairs: tuple[tuple[int, int], ...] = ()
    unordered_pairs: tuple[tuple[int, int], ...] = ()

    @property
    def primary_measure(self) -> MeasureSpec:
        """The measure shown first and large."""
        return next((m for m in self.measures if m.primary), self.measures[0])


def parse_task(text: str, *, source: str) -> Task:
    """Reads a task from TOML text.

    Args:
        text: The file's contents.
        source: Name for error messages.

    Raises:
        TaskError: The text is no TOML, lacks a key, or names a keypoint that is not there.
    """
    try:
        data = tomllib.loads(text)
        task = _task_from(data)
    except tomllib.TOMLDecodeError as error:
        raise TaskError(f"{source} is not valid TOML: {error}.", "Correct the line.") from error
    except (KeyError, TypeError, ValueError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else error
        raise TaskError(
            f"{source} is no task definition: {what}.",
            "Compare it with one of the tasks that come with the app.",
        ) from error
    return task


def _task_from(data: Mapping[str, Any]) -> Task:
    keypoints = tuple(
        KeypointSpec(
            id=f"point_{number}",
            name=str(row["name"]),
            pair=int(row.get("pair", (number - 1) // 2)),
            description=str(row.get("description", "")),
            alias=str(row.get("alias", "")),
        )
        for number, row in enumerate(data["keypoints"], start=1)
    )
    measures = tuple(_measure_from(row, len(keypoints)) for row in data["measures"])
    if not keypoints or not measures:
        raise ValueError("a task has at least one keypoint and one measure")
    if len({k.name for k in keypoints}) != len(keypoints):
        raise ValueError("two keypoints share a name")
    return Task(
        id=str(data["id"]),
        title=str(data["title"]),
        group=str(data.get("group", "Own tasks")),
        help=str(data.get("help", "")),
        keypoints=keypoints,
        measures=measures,
        flip_pairs=_pairs(data.get("flip_pairs", ()), len(keypoints)),
        unordered_pairs=_pairs(data.get("unordered_pairs", ()), len(keypoints)),
    )


def _measure_from(row: Mapping[str, Any], count: int) -> MeasureSpec:
    kind = row["kind"]
    if kind not in get_args(MeasureKind):
        raise ValueError(f"measure kind {kind!r} is none of {', '.join(get_args(MeasureKind))}")
    points = tuple(int(number) - 1 for number in row["points"])
    if len(points) != POINTS_OF_KIND[kind] or not all(0 <= p < count for p in points):
        raise ValueError(f"measure {row['name']!r} does not fit its points {row['points']}")
    return MeasureSpec(
        name=str(row["name"]),
        title=str(row.get("title", row["name"])),
        kind=kind,
        points=points,
        convention=str(row.get("convention", "")),
        primary=bool(row.get("primary", False)),
    )


def _pairs(rows: Iterable[Sequence[int]], count: int) -> tuple[tuple[int, int], ...]:
    pairs = tuple((int(a) - 1, int(b) - 1) for a, b in rows)
    if not all(0 <= a < count and 0 <= b < count for a, b in pairs):
        raise ValueError(f"pair outside the {count} keypoints")
    return pairs
