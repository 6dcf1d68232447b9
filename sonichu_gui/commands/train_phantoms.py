"""`sonichu train phantoms`: frames drawn with their labels, or a sheet of them."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.commands.progress import tracked
from sonichu_gui.errors import ExportError

if TYPE_CHECKING:
    import argparse

    from sonichu_gui.commands import Subparsers

SMALLEST_PX = 64
"""Shortest side of a phantom that still shows what it is of."""


def add_phantoms_verb(verbs: Subparsers) -> None:
    """Adds `phantoms`."""
    phantoms = verbs.add_parser(
        "phantoms",
        help="draw frames whose points are known",
        description="Draw B-mode phantoms and a label file with their exact keypoints and scale.",
    )
    phantoms.add_argument("--task", default="all", metavar="T", help="task id, or all (default)")
    phantoms.add_argument("-n", type=int, default=1, metavar="N", help="frames a task (default 1)")
    phantoms.add_argument("--seed", type=int, default=0, metavar="S", help="default 0")
    phantoms.add_argument("-o", "--output", type=Path, metavar="DIR")
    phantoms.add_argument(
        "--style",
        choices=("varied", "clean"),
        default="varied",
        help="every machine and lie, for training (default), or textbook frames as in the demo",
    )
    phantoms.add_argument(
        "--size",
        type=_frame_size,
        metavar="WxH",
        help="pixels of every frame (default: 800x540 for clean frames, any for varied ones)",
    )
    phantoms.add_argument(
        "--jobs",
        type=int,
        default=os.cpu_count() or 1,
        metavar="J",
        help="processes that draw (default: one a core)",
    )
    phantoms.add_argument(
        "--sheet",
        type=Path,
        metavar="OUT.png",
        help="draw one labelled picture of N a task instead",
    )
    phantoms.add_argument("--points", action="store_true", help="mark the keypoints on the sheet")


def _frame_size(text: str) -> tuple[int, int]:
    """Reads a frame size such as 800x540.

    Raises:
        ValueError: It is none, or smaller than a frame with anatomy on it can be.
    """
    width, height = (int(part) for part in text.lower().split("x"))
    if min(width, height) < SMALLEST_PX:
        raise ValueError(text)
    return width, height


def run_phantoms(args: argparse.Namespace) -> int:
    """Draws what was asked for and gives the exit code.

    Raises:
        SonichuError: There is no such phantom, or the files cannot be written.
    """
    from sonichu_gui.training.phantoms.files import write_phantoms
    from sonichu_gui.training.phantoms.phantom import ANATOMY
    from sonichu_gui.training.phantoms.style import Style

    if args.n < 1 or args.seed < 0 or args.jobs < 1:
        args.error("-n and --jobs must be at least 1 and --seed at least 0")
    if (args.output is None) == (args.sheet is None):
        args.error("one of -o DIR and --sheet OUT.png says what to draw")
    if args.size is not None and args.sheet is not None:
        args.error("--size is for frames; a --sheet shrinks them into its cells")
    if args.points and args.sheet is None:
        args.error("--points marks the keypoints on a --sheet; a label file always holds them")
    task_ids = list(ANATOMY) if args.task == "all" else [args.task]
    if args.sheet is not None:
        _phantom_sheet(args, task_ids)
        return 0
    labels = write_phantoms(
        args.output,
        task_ids=task_ids,
        count=args.n,
        seed=args.seed,
        size=args.size,
        style=Style(args.style),
        jobs=args.jobs,
        progress=partial(tracked, noun="frames"),
    )
    print(labels)
    return 0


def _phantom_sheet(args: argparse.Namespace, task_ids: list[str]) -> None:
    from sonichu_gui.imaging.raster import write_png
    from sonichu_gui.training.phantoms.phantom import require_anatomy
    from sonichu_gui.training.phantoms.sheet import phantom_sheet
    from sonichu_gui.training.phantoms.style import Style

    for task_id in task_ids:
        require_anatomy(task_id)
    sheet = phantom_sheet(
        task_ids,
        range(args.seed, args.seed + args.n),
        style=Style(args.style),
        points=args.points,
        progress=partial(tracked, noun="frames"),
    )
    try:
        write_png(sheet, args.sheet)
    except OSError as error:
        raise ExportError(
            f"{args.sheet} cannot be written: {error.strerror or error}.",
            "Name a file in a folder that you may write to.",
        ) from error
    print(args.sheet)
