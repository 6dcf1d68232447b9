"""`sonichu train finetune`: a new model from the frames of a store that a person corrected."""

from __future__ import annotations

import _thread
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonichu_gui import paths
from sonichu_gui.commands.output import print_json, table
from sonichu_gui.commands.progress import reporting
from sonichu_gui.prediction.torch_runtime import import_torch, use_own_cores
from sonichu_gui.prediction.zoo import ModelInfo, default_model, find_model
from sonichu_gui.training.freed_memory import keep_freed_memory

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from sonichu_gui.commands import Subparsers

__all__ = ["add_finetune_verb", "run_finetune"]

_NICE = 10
"""How far the training stands back for a window that is open."""


def add_finetune_verb(verbs: Subparsers) -> None:
    """Adds `train finetune`."""
    parser = verbs.add_parser(
        "finetune",
        help="make a new model from corrected frames",
        description="Fine-tune a model on the accepted labels of a store and install the result as"
        " a new model. Some patients or clips are held out: errors on them, and on phantoms of"
        " every task, are told before and after. Stopped or killed, the same command goes on.",
    )
    parser.add_argument(
        "--store", type=Path, required=True, metavar="PATH", help="folder of frames, or a .sqlite"
    )
    parser.add_argument("--model", metavar="DIR", help="name or folder; default: the model in use")
    parser.add_argument(
        "--task", action="append", default=[], metavar="T", help="only this task; may be repeated"
    )
    parser.add_argument(
        "--status", default="accepted,edited", metavar="S,…", help="labels that stand so"
    )
    parser.add_argument("--name", default="", metavar="N", help="of the new model")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write the model there instead of installing it"
    )
    parser.add_argument("--steps", type=int, metavar="N", help="length of the training")
    parser.add_argument(
        "--train",
        choices=("head", "all"),
        help="the heads of the tasks alone, or what they share as well",
    )
    parser.add_argument(
        "--check",
        nargs=2,
        action="append",
        type=Path,
        default=[],
        metavar=("LABELS.csv", "IMAGES"),
        help="measure before and after on these labels too; may be repeated",
    )
    parser.add_argument(
        "--phantoms",
        type=int,
        metavar="N",
        help="phantoms a task, to rehearse and to measure on (default 6)",
    )
    parser.add_argument("--plan", action="store_true", help="tell what it would do, do nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--attached",
        action="store_true",
        help="for programs: progress as JSON lines, and the end of standard input stops it",
    )


def run_finetune(args: argparse.Namespace) -> int:
    """Fine-tunes and gives the exit code.

    Raises:
        SonichuError: labels, model or target that cannot be used.
    """
    if args.attached:
        _stop_with_the_starter()
    info = find_model(args.model) if args.model else _model_in_use()
    keep_freed_memory()
    import_torch()
    use_own_cores()
    from sonichu_gui.training.finetune import finetune, planned
    from sonichu_gui.training.tuning import Tuning

    chosen = {"steps": args.steps, "parts": args.train, "phantoms": args.phantoms}
    asked = Tuning(
        store=args.store,
        model=info,
        tasks=tuple(args.task),
        status=args.status,
        name=args.name,
        out=args.out,
        checks=tuple((labels, images) for labels, images in args.check),
        **{name: value for name, value in chosen.items() if value is not None},
    )
    if args.plan:
        plan = planned(asked)
        if args.json:
            print_json(plan)
        else:
            print(_described_plan(plan))
        return 0
    if args.attached:
        document = finetune(asked, report=_tell_program)
    else:
        with reporting() as report:
            document = finetune(asked, report=report)
    if args.json:
        print_json(document)
    else:
        print(_described(document))
    return 0


def _model_in_use() -> ModelInfo:
    """The model that the window uses for all tasks, where one was chosen."""
    from sonichu_gui.settings import keys
    from sonichu_gui.settings.store import Settings

    chosen = Settings.load(paths.user_config() / "settings.toml").get(keys.MODEL)
    return find_model(chosen) if chosen else default_model()


def _tell_program(share: float, text: str) -> None:
    # Losses are for the log; of "step 20/200: total 0.3 …" a window shows the beginning.
    if text.startswith("step "):
        text = text.partition(":")[0].replace("/", " of ").capitalize()
    print(json.dumps({"done": share, "text": text}), file=sys.stderr, flush=True)


def _stop_with_the_starter() -> None:
    """Stops as by Ctrl+C when standard input ends: whoever started it wants that, or is gone."""
    if hasattr(os, "nice"):
        os.nice(_NICE)
    # A starter in the background may have left Ctrl+C ignored; it would be ignored here as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def watch() -> None:
        # Not sys.stdin: its lock, held at the end of the program, would end it with a complaint.
        while os.read(0, 1024):
            pass
        _thread.interrupt_main()

    threading.Thread(target=watch, name="starter", daemon=True).start()


def _described_plan(plan: Mapping[str, Any]) -> str:
    rows = [("task", "learned", "held out", "patients or clips")]
    rows += [
        (task, str(n["learn"]), str(n["held_out"]), str(n["groups"]))
        for task, n in plan["tasks"].items()
    ]
    minutes = max(round(plan["seconds"] / 60), 1)
    return "\n".join(
        [
            (
                f"{plan['name']}, from {plan['model']['name']}: {plan['steps']} steps, about"
                f" {minutes} min"
            ),
            table(rows, right=(1, 2, 3), indent="  "),
            f"  {plan['split']}",
            *(f"  left out: {line}" for line in plan["left_out"]),
            *(f"  {line}" for line in plan["warnings"]),
        ]
    )


_WHERE = {"held_out": "held out", "rest": "phantoms", "check": "checked"}


def _described(document: Mapping[str, Any]) -> str:
    rows: list[tuple[str, ...]] = [
        ("frames", "task", "n", "MRE px before", "after", "measure", "before", "after", "")
    ]
    for name, where in _WHERE.items():
        for task, told in document.get(name, {}).items():
            pixels = told["mre_px"]
            measure, one = next(iter(told["measures"].items()), ("", None))
            errors = (
                (f"{one['before']:.2f}", f"{one['after']:.2f}", one["unit"]) if one else ("",) * 3
            )
            numbers = f"{pixels['before']:.2f}", f"{pixels['after']:.2f}"
            rows.append((where, task, str(told["n"]), *numbers, measure, *errors))
    model = document["model"]
    better = "better" if document["improved"] else "no better"
    return "\n".join(
        [
            f"{model['name']} in {model['folder']}: {better} on held-out frames",
            table(rows, right=(2, 3, 4, 6, 7), indent="  "),
            f"  {document['split']}",
            *(f"  left out: {line}" for line in document["left_out"]),
            *(f"  {line}" for line in document["warnings"]),
        ]
    )
