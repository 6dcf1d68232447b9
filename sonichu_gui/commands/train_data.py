"""`sonichu train data`: what a configuration's sources hold, how they are divided, what leaks."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonichu_gui.commands.output import print_json, table

if TYPE_CHECKING:
    import argparse

    from sonichu_gui.commands import Subparsers
    from sonichu_gui.training.data.review import Review, ReviewedSource

__all__ = ["add_data_verb", "run_data"]


def add_data_verb(verbs: Subparsers) -> None:
    """Adds `train data`."""
    parser = verbs.add_parser(
        "data",
        help="tell what there is to learn from",
        description="Read every source of a configuration: labels by task, subjects, rows that"
        " cannot be used, the split, and leaks between its sides. Nothing is trained. Exit code 1"
        " when there are leaks.",
    )
    parser.add_argument("--config", type=Path, required=True, metavar="FILE.toml")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run_data(args: argparse.Namespace) -> int:
    """Prints what there is and gives the exit code.

    Raises:
        SonichuError: the configuration or a source cannot be read.
    """
    from sonichu_gui.training.config import data_root
    from sonichu_gui.training.data.review import review
    from sonichu_gui.training.data.room import read_room

    found = review(read_room(args.config), data_root(), report=_tell)
    if args.json:
        print_json(_document(found))
    else:
        print(_described(found))
    return 1 if found.leaks else 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _document(found: Review) -> dict[str, Any]:
    return {
        "sources": [_source_json(source) for source in found.sources],
        "split": {
            "described": found.described,
            "learn": _counts(found.learn),
            "held_out": _counts(found.held_out),
            "unlabelled": len(found.frames),
        },
        "leaks": [
            {
                "kind": leak.kind,
                "learned": leak.learned,
                "held_out": leak.held_out,
                "detail": leak.detail,
            }
            for leak in found.leaks
        ],
    }


def _source_json(source: ReviewedSource) -> dict[str, Any]:
    held = source.found
    return {
        "kind": source.config.kind,
        "path": source.config.path,
        "held_out": source.held_out,
        "rows": len(held.rows),
        "frames": len(held.frames),
        "tasks": _counts(held.rows),
        "origins": dict(Counter(row.origin for row in held.rows)),
        "splits": dict(Counter(row.split for row in source.rows)),
        "subjects": source.subjects,
        "broken": [
            {"file": str(row.file), "line": row.line, "reason": row.reason} for row in held.broken
        ],
        "notes": list(held.notes),
    }


def _counts(rows: Any) -> dict[str, int]:  # noqa: ANN401 - any rows with a task
    return dict(sorted(Counter(row.task_id for row in rows).items()))


def _described(found: Review) -> str:
    """The same for a person; every broken row is listed."""
    lines: list[str] = []
    for source in found.sources:
        held = source.found
        role = " held out" if source.held_out else ""
        lines.append(f"{source.config.path} ({source.config.kind}{role})")
        rows = [(str(count), f"{task} labels") for task, count in _counts(held.rows).items()]
        if held.frames:
            rows.append((str(len(held.frames)), "unlabelled frames"))
        rows.append((str(source.subjects), "subjects"))
        rows.append((str(len(held.broken)), "rows that cannot be used"))
        lines.append(table(rows, right={0}, indent="  "))
        lines += [f"    {row}" for row in (*held.notes, *held.broken)]
    lines += ["", f"Split: {found.described}"]
    tasks = sorted({row.task_id for row in (*found.learn, *found.held_out)})
    learn, held_out = _counts(found.learn), _counts(found.held_out)
    rows_of_tasks = [(task, str(learn.get(task, 0)), str(held_out.get(task, 0))) for task in tasks]
    if rows_of_tasks:
        lines.append(
            table([("task", "learned", "held out"), *rows_of_tasks], right={1, 2}, indent="  ")
        )
    lines += ["", _verdict(found), *(f"  {leak.kind}: {leak}" for leak in found.leaks)]
    return "\n".join(lines)


def _verdict(found: Review) -> str:
    from sonichu_gui.training.data.leaks import hint_for

    if not found.held_out:
        return "Leaks: nothing is held out, so nothing can leak."
    looked_for = ", ".join(
        f"same {kind}" if kind != "near-duplicate" else kind for kind in found.kinds
    )
    if not found.leaks:
        return f"Leaks: none (looked for: {looked_for})."
    return f"Leaks: {len(found.leaks)} (looked for: {looked_for}). {hint_for(found.leaks)}"
