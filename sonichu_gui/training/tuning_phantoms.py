"""Phantoms beside a fine-tune's labels, for what must not be lost.

On some the network has to go on answering as before, on others what it lost is measured. They are
drawn once and kept from one fine-tune to the next.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from sonichu_gui import __version__, paths
from sonichu_gui.training.data.labels import LabelRow, read_labels
from sonichu_gui.training.phantoms.files import LABELS_NAME, write_phantoms
from sonichu_gui.training.phantoms.phantom import ANATOMY, draw_phantom
from sonichu_gui.training.phantoms.style import Style

Report = Callable[[float, str], None]

PHANTOM_SIZE = (480, 324)
"""Enough for the networks here, a third of the work of a screen's size."""
REHEARSED, MEASURED = 7_000_000, 8_000_000
"""Seeds of the phantoms that are rehearsed on and of those that are measured on."""


def rehearsal(tasks: Sequence[str], count: int, *, report: Report) -> list[LabelRow]:
    """Phantoms to go on answering as before; their labels count nothing."""
    return _phantoms(tasks, count, REHEARSED, weight=0.0, report=report)


def rest(tasks: Sequence[str], count: int, *, report: Report) -> list[LabelRow]:
    """Phantoms to measure what a fine-tune costs elsewhere."""
    return _phantoms(tasks, count, MEASURED, weight=1.0, report=report)


def drawing_seconds(rehearsed: Sequence[str], measured: Sequence[str], count: int) -> float:
    """About how long it takes to draw what is not kept from before; one is drawn to tell."""
    wanted = [(task, REHEARSED) for task in rehearsed] + [(task, MEASURED) for task in measured]
    missing = [
        task
        for task, seed in wanted
        if task in ANATOMY and not (_folder(task, count, seed) / LABELS_NAME).exists()
    ]
    if not missing or not count:
        return 0.0
    width, height = PHANTOM_SIZE
    began = time.monotonic()
    draw_phantom(missing[0], seed=MEASURED, width=width, height=height, style=Style.VARIED)
    return count * len(missing) * (time.monotonic() - began)


def _folder(task: str, count: int, seed: int) -> Path:
    return paths.user_cache() / "phantoms" / f"{__version__}-varied-{task}-{seed}-{count}"


def _phantoms(
    tasks: Sequence[str], count: int, seed: int, *, weight: float, report: Report
) -> list[LabelRow]:
    """Phantoms of each task that they are drawn for; kept from one fine-tune to the next."""
    rows: list[LabelRow] = []
    for task in tasks:
        if task not in ANATOMY:
            continue
        folder = _folder(task, count, seed)
        if not (folder / LABELS_NAME).exists():
            report(-1, f"drawing {count} phantoms of {task}")
            _draw(folder, task, count, seed)
        found = read_labels(folder / LABELS_NAME).require_whole().rows
        rows += [replace(row, images=folder, weight=weight, origin="phantom") for row in found]
    return rows


def _draw(folder: Path, task: str, count: int, seed: int) -> None:
    """Whole or not at all: a folder that a stop has cut short must not be taken for a whole one."""
    part = folder.with_name(f"{folder.name}.{os.getpid()}")
    try:
        write_phantoms(
            part, task_ids=[task], count=count, seed=seed, size=PHANTOM_SIZE, style=Style.VARIED
        )
        shutil.rmtree(folder, ignore_errors=True)
        part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
