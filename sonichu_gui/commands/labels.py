"""`sonichu import` and `sonichu export`: labels in and out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.commands.output import NOT_CLINICAL, print_json
from sonichu_gui.domain.annotation import Status
from sonichu_gui.errors import StoreError
from sonichu_gui.tasks import load_tasks, task_named

if TYPE_CHECKING:
    from sonichu_gui.commands import Subparsers
    from sonichu_gui.labels.place import LabelPlace, StoresBelow
    from sonichu_gui.labels.store import LabelStore

_REASONS_SHOWN = 10


def add_parser(subparsers: Subparsers) -> None:
    """Adds `import` and `export`."""
    from sonichu_gui.export.registry import FORMATS as OUT
    from sonichu_gui.labels.importers.registry import FORMATS as IN

    reader = subparsers.add_parser(
        "import",
        description="Read labels into the label store of each image's folder. A label that a"
        " person placed or corrected is never replaced; every row that is left out is told with"
        " the reason.",
    )
    _add_store(reader)
    reader.add_argument("file", type=Path, metavar="FILE", help="label file")
    reader.add_argument("--format", required=True, choices=tuple(IN), help="what FILE is")
    reader.add_argument(
        "--images",
        type=Path,
        metavar="DIR",
        help="where its image paths start (default: the folder of FILE, then the one above)",
    )
    _add_common(reader, task_help="task of the labels where FILE does not say")

    writer = subparsers.add_parser(
        "export",
        description="Write the labels of a folder and the folders in it. Accepted and edited"
        " labels leave (imported ones are accepted), for predictions every frame that a model has"
        " looked at; --status asks for others.",
        epilog=NOT_CLINICAL,
    )
    _add_store(writer)
    writer.add_argument(
        "-o", "--out", required=True, type=Path, metavar="OUT", help="file; replaced when it exists"
    )
    writer.add_argument("--format", required=True, choices=tuple(OUT), help="what to write")
    writer.add_argument(
        "--status",
        type=_statuses,
        metavar="S,…",
        help=f"of {', '.join(Status)}, or all",
    )
    _add_common(writer, task_help="labels of this task only")


def run(args: argparse.Namespace) -> int:
    """Imports or exports, prints what came of it, and gives the exit code."""
    if args.task is not None:
        task_named(args.task)
    place = _open(args.store)
    try:
        return _import(args, place) if args.command == "import" else _export(args, place)
    finally:
        place.close()


def _add_store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "store",
        type=Path,
        metavar="STORE_OR_FOLDER",
        help="folder of images, or a label store (.sqlite)",
    )


def _add_common(parser: argparse.ArgumentParser, *, task_help: str) -> None:
    parser.add_argument("--task", metavar="T", help=task_help)
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def _statuses(text: str) -> tuple[Status, ...]:
    if text == "all":
        return tuple(Status)
    try:
        return tuple(Status(word.strip()) for word in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{error}; write some of {', '.join(Status)}, with commas between, or all"
        ) from None


def _open(path: Path) -> LabelStore | StoresBelow:
    from sonichu_gui.labels.place import StoresBelow
    from sonichu_gui.labels.store import LabelStore

    if not path.exists():
        raise StoreError(f"There is no folder and no label store {path}.", "Check the path.")
    return StoresBelow(path) if path.is_dir() else LabelStore.open_file(path)


def _import(args: argparse.Namespace, place: LabelPlace) -> int:
    from sonichu_gui.commands.progress import tracked
    from sonichu_gui.imaging.sources import open_source
    from sonichu_gui.labels.importers.landing import ALREADY_THERE
    from sonichu_gui.labels.importers.registry import read_labels

    beside = place.folder / args.file
    report = read_labels(
        args.format,
        # A label file named from the folder of images, as in `import images ../HC.csv`.
        beside if not args.file.exists() and beside.exists() else args.file,
        place,
        tasks=load_tasks(),
        open_source=open_source,
        images=args.images,
        task_id=args.task,
        track=lambda entries: tracked(entries, noun="labels"),
    )
    for note in [*report.notes, *(store.note for store in place.stores() if store.note)]:
        print(note, file=sys.stderr)
    skipped = [{"row": row.row, "reason": row.reason} for row in report.skipped]
    if args.json:
        print_json({"imported": report.imported, "skipped": skipped})
    else:
        print(f"Labels imported: {report.imported}")
    _tell_skipped([f"row {row.row}: {row.reason}" for row in report.skipped])
    useless = [row for row in report.skipped if row.reason != ALREADY_THERE]
    return 1 if useless and not report.imported else 0


def _export(args: argparse.Namespace, place: LabelPlace) -> int:
    from sonichu_gui.export.registry import write

    report = write(
        args.format,
        place,
        args.out,
        tasks=load_tasks(),
        task_id=args.task,
        statuses=args.status,
    )
    written = [str(path) for path in report.written]
    if args.json:
        print_json({"written": written, "count": report.count, "skipped": list(report.skipped)})
    else:
        print(f"Labels written to {', '.join(written)}: {report.count}")
    _tell_skipped(report.skipped)
    return 0


def _tell_skipped(reasons: list[str] | tuple[str, ...]) -> None:
    """Tells on stderr what was left out: all of it stands in the JSON."""
    if not reasons:
        return
    print(f"{len(reasons)} left out:", file=sys.stderr)
    for reason in reasons[:_REASONS_SHOWN]:
        print(f"  {reason}", file=sys.stderr)
    if len(reasons) > _REASONS_SHOWN:
        print(f"  … and {len(reasons) - _REASONS_SHOWN} more", file=sys.stderr)
