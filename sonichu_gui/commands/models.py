"""`sonichu models`: the installed models, and how they come, are checked and go."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonichu_gui.commands.output import NOT_CLINICAL, print_json, table
from sonichu_gui.commands.progress import reporting
from sonichu_gui.errors import ModelError
from sonichu_gui.prediction.head_words import head_sentence
from sonichu_gui.prediction.model_info import OWN_NAMING
from sonichu_gui.prediction.zoo import (
    ModelInfo,
    Verdict,
    add_model,
    find_installed,
    installed_models,
    remove_model,
    verify_model,
)

if TYPE_CHECKING:
    from sonichu_gui.commands import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Adds `models`."""
    parser = subparsers.add_parser(
        "models",
        description="The installed models: list, add, check, pull, remove.",
        epilog=NOT_CLINICAL,
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    _verb(verbs, "list", "list them", "List the installed models.")
    adding = _verb(
        verbs,
        "add",
        "install a folder, a file of weights, or a model of the hub",
        "Install a model. Weights of other libraries (timm, I-JEPA, Hugging Face ViT, ViTPose) are"
        " converted; code that lies beside weights is neither run nor copied.",
    )
    adding.add_argument(
        "what", metavar="PATH|HUB_ID", help="a model folder, a file of weights, or OWNER/NAME"
    )
    pulling = _verb(
        verbs,
        "pull",
        "install a model of the Hugging Face hub",
        "Download a model and install it. A broken download goes on where it ended; the token"
        " comes from `hf auth login`.",
    )
    pulling.add_argument("what", metavar="HUB_ID", help="OWNER/NAME, or its address on the hub")
    for verb in (adding, pulling):
        verb.add_argument("--revision", metavar="R", help="branch, tag or commit on the hub")
        verb.add_argument("--name", metavar="N", help="what to call it; default: its own name")
        verb.add_argument(
            "--image-size",
            type=_side,
            metavar="S",
            help="side of the square input, for weights that do not tell it",
        )
        verb.add_argument(
            "--task", metavar="T", help="what the only head is for, for weights that do not tell it"
        )
    checking = _verb(
        verbs,
        "verify",
        "check their files and load their weights",
        "Check models: every file against its recorded SHA-256, every tensor by loading it.",
    )
    checking.add_argument(
        "models", nargs="*", metavar="MODEL", help="name or folder; default: all that are installed"
    )
    removing = _verb(verbs, "remove", "delete one that you added", "Delete a model that you added.")
    removing.add_argument("model", metavar="MODEL", help="its name, or its folder's")


def _verb(verbs: Subparsers, name: str, text: str, description: str) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=text, description=description, epilog=NOT_CLINICAL)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser


def _side(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= 4096):
        raise argparse.ArgumentTypeError(f"a whole number from 1 to 4096, not {text!r}")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Does what the verb says and gives the exit code."""
    verbs = {"list": _list, "add": _add, "pull": _add, "verify": _verify, "remove": _remove}
    return verbs[args.verb](args)


def _list(args: argparse.Namespace) -> int:
    models = installed_models()
    if args.json:
        print_json([_model_json(info) for info in models])
        return 0
    if not models:
        print("No model is installed.")
    for info in models:
        print(_described(info))
    return 0


def _add(args: argparse.Namespace) -> int:
    before = {info.folder for info in installed_models()}
    with reporting() as report:
        options: dict[str, Any] = {
            "name": args.name,
            "image_size": args.image_size,
            "task": args.task,
            "report": report,
        }
        info = _pulled(args, options) if _is_of_the_hub(args) else _added(args, options)
    if args.json:
        print_json({**_model_json(info), "already": info.folder in before})
    else:
        print("Installed already:" if info.folder in before else "Installed:")
        print(_described(info))
    return 0


def _is_of_the_hub(args: argparse.Namespace) -> bool:
    from sonichu_gui.prediction.hub import is_hub_id

    # What lies on the disk comes first: a folder may be called like a model of the hub.
    return args.verb == "pull" or (is_hub_id(args.what) and not Path(args.what).exists())


def _pulled(args: argparse.Namespace, options: dict[str, Any]) -> ModelInfo:
    from sonichu_gui.prediction.hub import pull_model

    return pull_model(args.what, revision=args.revision, **options)


def _added(args: argparse.Namespace, options: dict[str, Any]) -> ModelInfo:
    if args.revision is not None:
        raise ModelError("Only a model of the hub has revisions.", "Leave out --revision.")
    return add_model(Path(args.what), **options)


def _verify(args: argparse.Namespace) -> int:
    models = [find_installed(wanted) for wanted in args.models] or list(installed_models())
    verdicts = []
    for info in models:
        with reporting() as report:
            verdict = verify_model(info, report=report)
        verdicts.append((info, verdict))
        if not args.json:
            print(_judged(info, verdict))
    if args.json:
        print_json([_verdict_json(info, verdict) for info, verdict in verdicts])
    if not models:
        print("No model is installed.", file=sys.stderr)
    return 0 if all(verdict.ok for _, verdict in verdicts) else 1


def _remove(args: argparse.Namespace) -> int:
    info = find_installed(args.model)
    remove_model(info)
    if args.json:
        print_json({"name": info.name, "folder": str(info.folder), "removed": True})
    else:
        print(f"Removed {info.name} ({info.folder}).")
    return 0


def _model_json(info: ModelInfo) -> dict[str, Any]:
    source = info.source
    return {
        "name": info.name,
        "version": info.version,
        "folder": str(info.folder),
        "embedded": info.embedded,
        "hash": "" if info.problem else info.hash,
        "license": info.license,
        "size_bytes": info.size_bytes,
        "naming": info.naming,
        "notes": list(info.notes),
        "problem": info.problem,
        "source": None
        if source is None
        else {
            "kind": source.kind,
            "origin": source.origin,
            "revision": source.revision,
            "added": source.added,
            "naming": source.naming,
            "original_sha256": source.original_sha256,
        },
        "tasks": {
            task: {
                "keypoints": list(head.keypoints),
                "trained": head.trained,
                "training_data": head.training_data,
                "accuracy": dict(head.accuracy),
                "calibrated": head.is_calibrated,
                "real_frames": head.real_frames,
                "phantom_frames": head.phantom_frames,
                "draft": head.is_draft,
            }
            for task, head in info.tasks.items()
        },
    }


def _verdict_json(info: ModelInfo, verdict: Verdict) -> dict[str, Any]:
    return {
        "name": info.name,
        "folder": str(info.folder),
        "ok": verdict.ok,
        "checks": [
            {"name": check.name, "ok": check.ok, "text": check.text} for check in verdict.checks
        ],
    }


def _described(info: ModelInfo) -> str:
    """Gives a paragraph on one model."""
    if info.problem:
        return f"{info.name}: not usable\n  {info.problem}"
    license_name = info.license or "licence unknown"
    lines = [
        f"{info.name}  {info.size_bytes / 1e6:.1f} MB  {license_name}",
        f"  {info.folder}",
        f"  sha-256 {info.hash}",
        f"  {_where_from(info)}",
    ]
    lines += [f"  {note}" for note in info.notes]
    trained = {task: head for task, head in info.tasks.items() if head.trained}
    rows = [
        (
            task,
            head_sentence(head),
            ", ".join(f"{name} {value}" for name, value in head.accuracy.items()),
            "" if head.is_calibrated else "± not fitted",
            # Of the data its name and licence; card and --json have the whole source.
            head.training_data.split("; ")[0] if head.real_frames is not None else "",
        )
        for task, head in trained.items()
    ]
    if rows:
        lines.append(table(rows, indent="  "))
    untrained = [task for task in info.tasks if task not in trained]
    if untrained:
        lines.append(f"  no trained head: {', '.join(untrained)}")
    if not info.tasks:
        lines.append("  no heads: it gives features only")
    return "\n".join(lines)


def _where_from(info: ModelInfo) -> str:
    source = info.source
    if source is None:
        origin = "comes with the app" if info.embedded else "not added here"
        naming = info.naming
    else:
        revision = f" at {source.revision[:12]}" if source.revision else ""
        origin = f"from {source.origin}{revision}, added {source.added[:10]}"
        naming = source.naming
    return origin if naming == OWN_NAMING else f"{origin}; tensors named as in {naming}"


def _judged(info: ModelInfo, verdict: Verdict) -> str:
    rows = [("ok" if check.ok else "WRONG", check.name, check.text) for check in verdict.checks]
    return f"{info.name}: {'whole' if verdict.ok else 'not whole'}\n{table(rows, indent='  ')}"
