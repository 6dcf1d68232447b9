"""Progress of long work on stderr: a bar with rate and time left on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.text import Text

_Item = TypeVar("_Item")

SECONDS_BETWEEN_LINES = 5.0


def tracked(items: Sequence[_Item], *, noun: str) -> Iterator[_Item]:
    """Gives the items and shows how many are done; says nothing about a single one.

    Args:
        items: What is worked through.
        noun: What they are, in the plural, e.g. "frames".
    """
    if len(items) < 2:
        yield from items
    elif sys.stderr.isatty():
        yield from _with_bar(items, noun)
    else:
        yield from _with_lines(items, noun)


def _with_bar(items: Sequence[_Item], noun: str) -> Iterator[_Item]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )

    class Rate(TextColumn):
        def render(self, task: Task) -> Text:
            self.text_format = f"{task.speed or 0.0:.1f}/s"
            return super().render(task)

    progress = Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(noun),
        Rate(""),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with progress:
        yield from progress.track(items)


def _with_lines(items: Sequence[_Item], noun: str) -> Iterator[_Item]:
    told = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - told >= SECONDS_BETWEEN_LINES or done == len(items):
            told = now
            print(f"{done} of {len(items)} {noun}", file=sys.stderr, flush=True)


@contextmanager
def reporting() -> Iterator[Callable[[float, str], None]]:
    """Gives a `report(fraction, text)` for one piece of long work, and shows what it is told."""
    if sys.stderr.isatty():
        with _one_bar() as report:
            yield report
    else:
        yield _Lines().report


@contextmanager
def _one_bar() -> Iterator[Callable[[float, str], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    progress = Progress(
        BarColumn(),
        TextColumn("{task.description}", markup=False),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with progress:
        task = progress.add_task("", total=None)

        def report(fraction: float, text: str) -> None:
            known = fraction >= 0
            progress.update(
                task,
                total=1.0 if known else None,
                completed=max(fraction, 0.0),
                description=text,
            )

        yield report


class _Lines:
    """A line for every new step, and now and then one for a step that takes long."""

    def __init__(self) -> None:
        self._step = ""
        self._began = self._told = time.monotonic()

    def report(self, fraction: float, text: str) -> None:
        step, now = text.partition(":")[0], time.monotonic()
        if step != self._step:
            self._step, self._began = step, now
        elif now - self._told < SECONDS_BETWEEN_LINES and fraction != 1.0:
            return
        self._told, took = now, now - self._began
        percent = f"{fraction:.0%} " if fraction >= 0 else ""
        can_be_told = took > SECONDS_BETWEEN_LINES / 2 and 0 < fraction < 1
        left = f", {duration(took * (1 - fraction) / fraction)} left" if can_be_told else ""
        print(f"{percent}{text}{left}", file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """Gives a time as a person says it: "40 s", "7 min", "2 h 5 min"."""
    if seconds < 100:
        return f"{max(seconds, 1):.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
