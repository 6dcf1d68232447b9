"""`sonichu evaluate`: errors of models against labels."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonichu_gui.commands.output import print_json, table
from sonichu_gui.prediction.zoo import find_model

if TYPE_CHECKING:
    from sonichu_gui.commands import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Adds `evaluate`."""
    parser = subparsers.add_parser(
        "evaluate",
        description="Errors of models against a label file, in original pixels and millimetres.",
    )
    parser.add_argument("--labels", required=True, type=Path, metavar="CSV", help="label file")
    parser.add_argument(
        "--images", required=True, type=Path, metavar="DIR", help="where its image_path starts"
    )
    parser.add_argument(
        "--model",
        nargs="+",
        action="extend",
        default=[],
        metavar="DIR",
        help="model folders (default: the embedded model)",
    )
    parser.add_argument(
        "--ensemble", choices=("median",), help="join several models into one prediction"
    )
    parser.add_argument("--split", metavar="S", help="rows of this split only, e.g. test")
    parser.add_argument(
        "--tta",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="average in the mirrored frame (default: yes)",
    )
    parser.add_argument(
        "--decode",
        choices=("soft-argmax", "local", "pair"),
        help="how heatmaps become points (default: as the model's configuration says)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(error=parser.error)


def run(args: argparse.Namespace) -> int:
    """Prints the errors and gives the exit code."""
    if len(args.model) > 1 and args.ensemble is None:
        args.error("several models need --ensemble median; or evaluate them one by one")
    # Before torch is imported: a wrong path is told at once.
    models = [find_model(wanted).folder for wanted in args.model]
    from sonichu_gui.training.evaluate import run_evaluate

    result = run_evaluate(
        labels=args.labels,
        images=args.images,
        models=models,
        ensemble=args.ensemble,
        split=args.split,
        tta=args.tta,
        decode=args.decode,
        report=_report,
    )
    if args.json:
        print_json(result)
    else:
        print(_described(result))
    return 0


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _described(result: dict[str, Any]) -> str:
    split = f"split {result['split']}" if result["split"] else "all rows, no split"
    models = ", ".join(Path(folder).name for folder in result["models"])
    lines = [f"{models}, {split}, {'with' if result['tta'] else 'without'} TTA"]
    lines += ["", "Radial errors in pixels of the original frames", _pixel_table(result)]
    rows = [
        (task, name, str(m["n"]), *(_number(m[key]) for key in _MEASURE_KEYS), m["unit"], *_told(m))
        for task, scores in result["tasks"].items()
        for name, m in scores["measures"].items()
    ]
    if rows:
        head = ("task", "measure", "n", "mean abs", "bias", "median abs", "95 % abs", "", *_TOLD)
        lines += [
            "",
            "Errors of the measures",
            table([head, *rows], right=(*range(2, 7), *range(8, 11)), indent="  "),
            "  stated: the mean standard error that the measures give themselves; then how often",
            "  the label lies within 1 and within 1.96 of it.",
        ]
    return "\n".join(lines)


def _pixel_table(result: dict[str, Any]) -> str:
    head = ("task", "n", "mean", "pair ends unordered", "median", "95 %")
    rows = [
        (task, str(scores["n"]), *(_number(scores[key]) for key in _PIXEL_KEYS))
        for task, scores in result["tasks"].items()
    ]
    total = str(sum(scores["n"] for scores in result["tasks"].values()))
    if len(rows) > 1:
        rows += [
            ("by frame", total, _number(result["weighted_mre_px"]), "", "", ""),
            ("by task", total, _number(result["unweighted_mre_px"]), "", "", ""),
        ]
    return table([head, *rows], right=range(1, 6), indent="  ")


def _told(score: dict[str, Any]) -> tuple[str, str, str]:
    """How sure the measures say they are, and how often that holds; empty where they do not."""
    if score["uncertainty"] is None:
        return "", "", ""
    return f"± {score['uncertainty']:.2f}", f"{score['within_68']:.0%}", f"{score['within_95']:.0%}"


def _number(value: float) -> str:
    return f"{value:.2f}"


_PIXEL_KEYS = ("mre_px", "mre_unordered_px", "median_px", "p95_px")
_TOLD = ("stated", "in 68 %", "in 95 %")
_MEASURE_KEYS = ("mae", "bias", "median", "p95")
