"""`sonichu models`: the installed model folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sonichu_gui.commands.output import NOT_CLINICAL, print_json, table
from sonichu_gui.prediction.zoo import ModelInfo, installed_models

if TYPE_CHECKING:
    import argparse

    from sonichu_gui.commands import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Adds `models`."""
    parser = subparsers.add_parser(
        "models", description="Installed model folders.", epilog=NOT_CLINICAL
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    listing = verbs.add_parser("list", help="list them", description="List the installed models.")
    listing.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Lists the models and gives the exit code."""
    models = installed_models()
    if args.json:
        print_json([_model_json(info) for info in models])
        return 0
    if not models:
        print("No model is installed.")
    for info in models:
        print(_described(info))
    return 0


def _model_json(info: ModelInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "folder": str(info.folder),
        "hash": "" if info.problem else info.hash,
        "license": info.license,
        "size_bytes": info.size_bytes,
        "problem": info.problem,
        "tasks": {
            task: {
                "keypoints": list(head.keypoints),
                "trained": head.trained,
                "training_data": head.training_data,
                "accuracy": dict(head.accuracy),
            }
            for task, head in info.tasks.items()
        },
    }


def _described(info: ModelInfo) -> str:
    """Gives a paragraph on one model."""
    if info.problem:
        return f"{info.name}: not usable\n  {info.problem}"
    trained = {task: head for task, head in info.tasks.items() if head.trained}
    rows = [
        (
            task,
            head.training_data,
            ", ".join(f"{name} {value}" for name, value in head.accuracy.items()),
        )
        for task, head in trained.items()
    ]
    untrained = [task for task in info.tasks if task not in trained]
    lines = [
        f"{info.name}  {info.size_bytes / 1e6:.1f} MB  {info.license}  {info.hash[:12]}",
        f"  {info.folder}",
    ]
    if rows:
        lines.append(table(rows, indent="  "))
    if untrained:
        lines.append(f"  no trained head: {', '.join(untrained)}")
    return "\n".join(lines)
