"""`sonichu info`: what a file is, and what it says about the size of its pixels.

One file is described in full. Several, or folders, make a table of what each is or why it is not
shown, and a sheet of their first frames to look at.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.commands.file_facts import describe, facts_text
from sonichu_gui.commands.hide_outside import add_hide_outside, without_outside
from sonichu_gui.errors import ExportError
from sonichu_gui.imaging.sources import FrameSource, open_source

if TYPE_CHECKING:
    from sonichu_gui.commands import Subparsers
    from sonichu_gui.domain.frame import Frame

_DESCRIPTION = "What files are: their frames, colour, regions and calibration. Names no patient."
_EPILOG = (
    "Several files, or a folder, give a table with a row a file, also of those that cannot be"
    " shown: then --json prints a list, and --frame, --render and --preset do not apply."
)
_OF_ONE_FILE = ("frame", "render", "preset")


def add_parser(subparsers: Subparsers) -> None:
    """Adds `info`."""
    parser = subparsers.add_parser("info", description=_DESCRIPTION, epilog=_EPILOG)
    add_arguments(parser)
    parser.set_defaults(refuse=parser.error)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what `sonichu info` takes."""
    parser.add_argument(
        "paths", type=Path, nargs="+", metavar="PATH", help="pictures, videos, DICOM files, folders"
    )
    parser.add_argument("--frame", type=_index, metavar="N", help="counted from 0 (default: 0)")
    parser.add_argument(
        "--render", type=Path, metavar="OUT.png", help="write the frame as the canvas shows it"
    )
    parser.add_argument(
        "--preset", metavar="NAME", help="render by a window or table of the file, by its name"
    )
    add_hide_outside(parser, of="--render or --contact-sheet")
    parser.add_argument(
        "--contact-sheet",
        type=Path,
        metavar="OUT.png",
        help="draw every file's first frame; of many files OUT-1.png, OUT-2.png …",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON document on stdout")
    form.add_argument("--csv", action="store_true", help="the table as CSV")


def run(args: argparse.Namespace) -> int:
    """Prints what the files are and gives the exit code.

    Raises:
        FrameError: The only file, the frame or a folder cannot be read.
        ExportError: A picture cannot be written, or there is no such preset.
    """
    path: Path = args.paths[0]
    if args.hide_outside and args.render is None and args.contact_sheet is None:
        args.refuse("--hide-outside is about the picture of --render or --contact-sheet")
    if len(args.paths) == 1 and not (args.csv or args.contact_sheet or path.is_dir()):
        return _describe_one(args, path)
    if given := [f"--{word}" for word in _OF_ONE_FILE if getattr(args, word) is not None]:
        args.refuse(f"{' and '.join(given)}: for a single file alone")
    from sonichu_gui.commands.info_table import describe_many

    return describe_many(args)


def _describe_one(args: argparse.Namespace, path: Path) -> int:
    from sonichu_gui.commands.output import print_json

    source = open_source(path)
    # Decoded even where nobody looks at it: a file that cannot be shown must not pass for sound.
    frame = _frame(source, args.frame or 0, args.preset)
    if args.render is not None:
        shown = without_outside(frame, path) if args.hide_outside else frame
        _render(shown, source=path, target=args.render)
    if args.json:
        print_json(describe(source))
    else:
        print(facts_text(source))
    return 0


def _frame(source: FrameSource, index: int, preset_name: str | None) -> Frame:
    if preset_name is None:
        return source.frame(index)
    for preset in source.presets:
        if preset.name == preset_name:
            return source.frame_with(index, preset)
    names = ", ".join(preset.name for preset in source.presets) or "none"
    raise ExportError(f"{source.path} has no preset {preset_name!r}.", f"Its presets are: {names}.")


def _render(frame: Frame, *, source: Path, target: Path) -> None:
    from sonichu_gui.imaging.raster import write_png

    if target.exists() and target.samefile(source):
        raise ExportError(f"{target} is the file itself.", "Name another file for the picture.")
    try:
        write_png(frame.pixels, target)
    except OSError as error:
        raise ExportError(
            f"{target} cannot be written: {error.strerror or error}.",
            "Name a file in a folder that exists and that you may write to.",
        ) from error


def _index(word: str) -> int:
    """Reads a frame's number; argparse tells a wrong one."""
    if not word.isdecimal():
        raise argparse.ArgumentTypeError(f"frames are counted from 0, not {word!r}")
    return int(word)
