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
def metered() -> Iterator[Callable[[float, str], None]]:
    """Gives a function that shows how far work is whose items are not known beforehand.

    It takes the share that is done, 0 to 1, and what to say of it, e.g. "12 frames, 8.3/s".
    """
    if sys.stderr.isatty():
        with _bar_of_share() as report:
            yield report
    else:
        yield _Lines().report


@contextmanager
def _bar_of_share() -> Iterator[Callable[[float, str], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("", total=1.0)
        yield lambda share, text: progress.update(bar, completed=share, description=text)


class _Lines:
    """A line now and then."""

    def __init__(self) -> None:
        self._began = self._told = time.monotonic()

    def report(self, share: float, text: str) -> None:
        now = time.monotonic()
        if now - self._told < SECONDS_BETWEEN_LINES and share < 1.0:
            return
        self._told = now
        left = (now - self._began) * (1.0 - share) / share if share > 0 else None
        rest = f", {duration(left)} left" if left else ""
        print(f"{text}{rest}", file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """Gives a time as a person says it: "40 s", "7 min", "2 h 5 min"."""
    if seconds < 100:
        return f"{max(seconds, 1):.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
