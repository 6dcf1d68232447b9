"""Progress of long work on stderr: a bar with rate and time left on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
