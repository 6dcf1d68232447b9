"""`sonichu` and `sonichu-gui`: parse, dispatch, and turn the outcome into an exit code.

Exit codes: 0 done, 1 the work failed, 2 wrong arguments; 130 and 141, as shells have it, when
Ctrl+C or a closed pipe ended it. Commands are a table; only the chosen one's module is imported,
so that `sonichu --help` and the window start at once.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from sonichu_gui import __version__
from sonichu_gui.errors import SonichuError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.commands import Subparsers

FAILED, INTERRUPTED, PIPE_CLOSED = 1, 130, 141


class CommandModule(Protocol):
    """What a module of `sonichu_gui.commands` gives."""

    def add_parser(self, subparsers: Subparsers) -> None:
        """Adds the parsers of the module's commands."""

    def run(self, args: argparse.Namespace) -> int:
        """Does the work and gives the exit code."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its name, the module of `sonichu_gui.commands` that holds it, one line of help."""

    name: str
    module: str
    help: str


COMMANDS = (
    Command("gui", "gui", "open the window (the default)"),
    Command("info", "info", "what a file is: frames, colour, regions, calibration"),
    Command("predict", "predict", "keypoints and measures of frames by the model"),
    Command("measure", "measure", "measures from points; no image, no model"),
    Command("import", "labels", "read labels into a label store"),
    Command("export", "labels", "write labels as CSV, COCO, predictions or measurements"),
    Command("evaluate", "evaluate", "errors of models against labels, in original pixels and mm"),
    Command("models", "models", "list, add, pull, check and remove models"),
    Command("bench", "bench", "this machine's floors, and how far the product is from them"),
    Command("train", "train", "train a model from labelled frames"),
    Command("selftest", "selftest", "walk the whole way once in a temporary folder"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs `sonichu` and gives its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv) or ["gui"]
    chosen = next((word for word in arguments if not word.startswith("-")), None)
    module_name = next((row.module for row in COMMANDS if row.name == chosen), None)
    module = None if module_name is None else _module(module_name)
    parser = _parser("sonichu")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for row in COMMANDS:
        if row.module != module_name:
            subparsers.add_parser(row.name, help=row.help)
    if module is not None:
        module.add_parser(subparsers)
    args = parser.parse_args(arguments)
    # Parsing has refused every word that is not in the table, so a command was chosen.
    return _run(cast("CommandModule", module), args)


def gui_main(argv: Sequence[str] | None = None) -> int:
    """Runs `sonichu-gui` and gives its exit code."""
    from sonichu_gui.commands import gui

    parser = _parser("sonichu-gui")
    gui.add_arguments(parser)
    return _run(gui, parser.parse_args(argv))


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Measure ultrasound frames with a local keypoint model.",
        epilog="Not for clinical use.",
    )
    parser.add_argument("--version", action="version", version=f"{prog} {__version__}")
    return parser


def _module(name: str) -> CommandModule:
    return cast("CommandModule", importlib.import_module(f"sonichu_gui.commands.{name}"))


def _run(module: CommandModule, args: argparse.Namespace) -> int:
    """Runs a command; what a person can act on becomes a message, a bug keeps its traceback."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file name need not be valid text; printing it must not end the work.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = module.run(args)
        if sys.stdout is not None:  # programs without a console, and those started with >&-
            sys.stdout.flush()
    except SonichuError as error:
        _complain(error.message, error.hint)
        return FAILED
    except KeyboardInterrupt:
        _complain("stopped; what was done is kept")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has left; without this the interpreter's own flush at exit would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except OSError as error:
        _complain(str(error))
        return FAILED
    return code


def _complain(message: str, hint: str = "") -> None:
    print(f"sonichu: {message}", file=sys.stderr)
    if hint:
        print(f"  {hint}", file=sys.stderr)
