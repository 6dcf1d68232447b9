"""How the card's table reads: Markdown whose columns also line up on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sonichu_gui.training.figures import Figures, Mean

_NONE = "–"


@dataclass(frozen=True, slots=True)
class EntryFigures:
    """One row.

    Attributes:
        name: what it is called.
        group: the heading that it stands under, or empty.
        models: folders that answered; none where there are no figures.
        passes: forward passes for a frame.
        note: which model was chosen or is missing, in words.
        labels: on originally labelled frames.
        phantoms: on phantoms.
    """

    name: str
    group: str
    models: tuple[str, ...] = ()
    passes: int = 0
    note: str = ""
    labels: Figures | None = None
    phantoms: Figures | None = None


@dataclass(frozen=True, slots=True)
class FairTable:
    """The whole table.

    Attributes:
        title: its heading.
        split: how the frames were held out, in words.
        validation: how the frames that a choice was made on were parted, or empty.
        left_out: rows by origin that were not measured on.
        broken: frames that could not be read, in words.
        entries: its rows.
    """

    title: str
    split: str
    validation: str
    left_out: dict[str, int]
    broken: tuple[str, ...]
    entries: Sequence[EntryFigures]


def as_markdown(table: FairTable) -> str:
    """The table with what is needed to read it."""
    labels = next((one.labels for one in table.entries if one.labels), None)
    phantoms = next((one.phantoms for one in table.entries if one.phantoms), None)
    parts = [f"# {table.title}", _said(table, labels)]
    parts.append(_whole(table.entries))
    tasks = _tasks(one.labels for one in table.entries)
    if len(tasks) > 1:
        parts += ["## Tasks", _TASKS, _by_task(table.entries, tasks)]
    if phantoms is not None:
        parts += ["## Phantoms", _PHANTOMS, _on_phantoms(table.entries)]
    notes = [f"- {one.name}: {one.note}" for one in table.entries if one.note]
    if notes:
        parts += ["## Notes", "\n".join(notes)]
    return "\n\n".join(parts) + "\n"


_WHOLE = (
    *("model", "passes", "weighted MRE px", "unweighted mean px"),
    *("HC mean mm", "median", "p95", "max"),
)
_TASKS = (
    "MRE in px of the original frames, ends of a pair unordered / ordered, and number of frames."
)
_PHANTOMS = (
    "MRE in % of the frame's width, ends of a pair unordered, on drawn frames that no model learned"
    " from: tells what a head has learned, not how it does on patients."
)


def _said(table: FairTable, labels: Figures | None) -> str:
    lines = [f"- Split: {table.split}."]
    if table.validation:
        lines.append(f"- Validation part, which choices were made on: {table.validation}.")
    counted = f"{labels.n if labels else 0} originally labelled frames"
    for origin, count in sorted(table.left_out.items()):
        counted += f"; {count} of origin {origin} left out"
    if table.broken:
        counted += f"; {len(table.broken)} that cannot be read left out"
    lines.append(f"- Measured on {counted}.")
    lines.append(
        "- MRE: mean over the points of the distance in px of the original frame; weighted: mean"
        " over all frames, unweighted: mean over the tasks; first with the ends of a pair"
        " unordered, then / ordered. In brackets the 95 % bootstrap interval over subjects."
    )
    lines.append("- HC: absolute error of the head circumference in mm.")
    return "\n".join(lines)


def _whole(entries: Sequence[EntryFigures]) -> str:
    return _table(_WHOLE, entries, _whole_cells)


def _whole_cells(entry: EntryFigures) -> list[str]:
    found = entry.labels
    if found is None:
        return [str(entry.passes) if entry.passes else _NONE, *[_NONE] * 6]
    unweighted = f"{found.unweighted_mre_unordered_px:.2f} / {found.unweighted_mre_px:.2f}"
    cells = [
        str(entry.passes),
        f"{_mean(found.weighted_mre_unordered_px)} / {found.weighted_mre_px.value:.2f}",
        unweighted,
    ]
    if found.head is None:
        return [*cells, *[_NONE] * 4]
    head = found.head
    return [*cells, _mean(head.mean), f"{head.median:.2f}", f"{head.p95:.2f}", f"{head.max:.1f}"]


def _by_task(entries: Sequence[EntryFigures], tasks: Sequence[str]) -> str:
    def cells(entry: EntryFigures) -> list[str]:
        found = [entry.labels.tasks.get(name) if entry.labels else None for name in tasks]
        return [
            f"{one.mre_unordered_px.value:.1f} / {one.mre_px.value:.1f} ({one.n})" if one else _NONE
            for one in found
        ]

    return _table(("model", *tasks), entries, cells)


def _on_phantoms(entries: Sequence[EntryFigures]) -> str:
    tasks = _tasks(one.phantoms for one in entries)

    def cells(entry: EntryFigures) -> list[str]:
        if entry.phantoms is None:
            return [_NONE] * (len(tasks) + 1)
        found = [entry.phantoms.tasks.get(name) for name in tasks]
        shares = [one.mre_percent_width.value for one in entry.phantoms.tasks.values()]
        return [
            *(f"{one.mre_percent_width.value:.2f}" if one else _NONE for one in found),
            f"{sum(shares) / len(shares):.2f}",
        ]

    return _table(("model", *tasks, "mean of tasks"), entries, cells)


def _tasks(found: Iterable[Figures | None]) -> list[str]:
    return sorted({name for one in found if one for name in one.tasks})


def _mean(mean: Mean) -> str:
    if mean.low is None or mean.high is None:
        return f"{mean.value:.2f}"
    return f"{mean.value:.2f} ({mean.low:.2f}–{mean.high:.2f})"


def _table(
    head: Sequence[str],
    entries: Sequence[EntryFigures],
    cells: Callable[[EntryFigures], list[str]],
) -> str:
    """A row an entry, a heading row where another group begins; figures stand at the right."""
    rows: list[list[str]] = [list(head)]
    group = ""
    for entry in entries:
        if entry.group != group:
            group = entry.group
            rows.append([f"**{group}**" if group else "", *[""] * (len(head) - 1)])
        rows.append([entry.name.replace("|", "/"), *cells(entry)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    ruler = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = [rows[0], ruler, *rows[1:]]
    return "\n".join(
        "| "
        + " | ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        + " |"
        for line in lines
    )
