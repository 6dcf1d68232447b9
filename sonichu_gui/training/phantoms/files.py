"""Phantoms as a folder of PNG frames with a label file that any reader of ours takes."""

from __future__ import annotations

import csv
import json
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2

from sonichu_gui.errors import ExportError
from sonichu_gui.tasks import load_tasks
from sonichu_gui.training.phantoms.phantom import (
    Phantom,
    draw_phantom,
    frame_size,
    require_anatomy,
)
from sonichu_gui.training.phantoms.style import Style

LABELS_NAME = "labels.csv"

SLUGS = {
    "HC": "head",
    "FA": "abdomen",
    "fetal_femur": "femur",
    "AOP": "symphysis",
    "FUGC": "cervix",
    "IVC": "vena-cava",
    "PLAX": "heart-long-axis",
    "PSAX": "heart-short-axis",
    "A4C": "heart-four-chamber",
}
"""What a frame of a task is called in its file name."""


@dataclass(frozen=True, slots=True)
class PhantomOrder:
    """One frame to draw: which, and under which name."""

    task_id: str
    seed: int
    file_name: str
    size: tuple[int, int]
    style: Style


def write_phantoms(
    folder: Path,
    *,
    task_ids: Sequence[str],
    count: int,
    seed: int,
    size: tuple[int, int] | None = None,
    style: Style = Style.CLEAN,
    jobs: int = 1,
    progress: Callable[[Sequence[PhantomOrder]], Iterable[PhantomOrder]] = iter,
) -> Path:
    """Draws frames into a folder and gives the path of their label file.

    A row is written with its frame, so that whatever ends the work leaves a whole set behind.

    Args:
        folder: Made when it is not there.
        task_ids: Tasks to draw for, in this order.
        count: Frames a task.
        seed: Of each task's first frame; the following ones count up from it.
        size: Width and height of the frames in pixels; None for those of the style.
        style: Textbook frames or anything that may come.
        jobs: Processes that draw. The files are the same whatever their number.
        progress: Hands the orders through one by one and shows how far it is.

    Raises:
        ExportError: The folder is a file, holds labels already, or cannot be written.
        TaskError: Nothing is drawn for one of the tasks.
    """
    for task_id in task_ids:
        require_anatomy(task_id)
    orders = _orders(task_ids, count=count, seed=seed, size=size, style=style)
    labels = folder / LABELS_NAME
    if folder.exists() and not folder.is_dir():
        raise ExportError(f"{folder} is a file, not a folder.", "Name a folder for the frames.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with labels.open("x", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, _columns(task_ids), restval="", lineterminator="\n")
            writer.writeheader()
            with closing(_drawn_in_turn(orders, jobs)) as drawn:
                for order in progress(orders):
                    row, png = next(drawn)
                    (folder / order.file_name).write_bytes(png)
                    writer.writerow(row)
                    stream.flush()
    except FileExistsError as error:
        raise ExportError(
            f"{labels} exists already, and labels are never overwritten.",
            "Choose another folder, or move this one away.",
        ) from error
    except BrokenProcessPool as error:
        raise ExportError(
            "A process that drew phantoms ended before its work did.",
            f"Memory may have run out: draw with fewer --jobs than {jobs}.",
        ) from error
    except OSError as error:
        raise ExportError(
            f"Phantoms cannot be written into {folder}: {error.strerror or error}.",
            "Choose a folder that you may write to, with space left.",
        ) from error
    return labels


def _orders(
    task_ids: Sequence[str], *, count: int, seed: int, size: tuple[int, int] | None, style: Style
) -> list[PhantomOrder]:
    """Every frame to draw, numbered through all tasks."""
    digits = max(2, len(str(count * len(task_ids))))
    wanted = [(task_id, seed + index) for task_id in task_ids for index in range(count)]
    return [
        PhantomOrder(
            task_id,
            own_seed,
            f"{number:0{digits}d}-{SLUGS[task_id]}.png",
            size or frame_size(task_id, own_seed, style),
            style,
        )
        for number, (task_id, own_seed) in enumerate(wanted, start=1)
    ]


Drawn = tuple[dict[str, object], bytes]
"""A row of the label file and the PNG file that it is about."""


def _drawn_in_turn(orders: Sequence[PhantomOrder], jobs: int) -> Generator[Drawn, None, None]:
    """Draws in as many processes as there are jobs; gives what they draw in order."""
    if min(jobs, len(orders)) < 2:
        yield from map(_drawn, orders)
        return
    # Forked processes would inherit the locks of threads that they do not have.
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), initializer=_start_drawing)
    try:
        # Orders are handed out as they are needed: thousands of frames must not wait in memory.
        waiting: deque[Future[Drawn]] = deque()
        for order in orders:
            waiting.append(pool.submit(_drawn, order))
            if len(waiting) > 3 * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _start_drawing() -> None:
    """Leaves the processor's cores and Ctrl+C to the process that divides the work."""
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _drawn(order: PhantomOrder) -> Drawn:
    width, height = order.size
    phantom = draw_phantom(
        order.task_id, seed=order.seed, width=width, height=height, style=order.style
    )
    return _row(order, phantom), png_bytes(phantom)


def png_bytes(phantom: Phantom) -> bytes:
    """Gives the frame as an 8-bit grey PNG file."""
    done, data = cv2.imencode(".png", phantom.pixels, [cv2.IMWRITE_PNG_COMPRESSION, 4])
    if not done:
        raise ExportError("A phantom could not be encoded as PNG.", "Free some memory.")
    return bytes(data)


def _columns(task_ids: Sequence[str]) -> list[str]:
    most = max(len(load_tasks()[task_id].keypoints) for task_id in task_ids)
    points = [f"point_{number}_xy" for number in range(1, most + 1)]
    return [
        *("image_path", "task_name", "task_id", "num_classes", "height", "width"),
        *points,
        *("pixel_size_mm", "subject_id"),
    ]


def _row(order: PhantomOrder, phantom: Phantom) -> dict[str, object]:
    height, width = phantom.pixels.shape
    points = {
        f"point_{number}_xy": json.dumps([round(float(x), 3), round(float(y), 3)])
        for number, (x, y) in enumerate(phantom.keypoints, start=1)
    }
    return {
        "image_path": order.file_name,
        "task_name": "Regression",
        "task_id": order.task_id,
        "num_classes": len(points),
        "height": height,
        "width": width,
        **points,
        "pixel_size_mm": f"{phantom.mm_per_px:.7f}",
        "subject_id": f"phantom-{order.task_id}-{order.seed}",
    }
