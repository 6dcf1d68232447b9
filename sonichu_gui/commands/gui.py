"""`sonichu gui` and `sonichu-gui`: the window."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.errors import SonichuError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sonichu_gui.commands import Subparsers

_DESCRIPTION = "Open files or a folder in the window; with none, the last session."


def add_parser(subparsers: Subparsers) -> None:
    """Adds `gui`."""
    add_arguments(subparsers.add_parser("gui", description=_DESCRIPTION))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what `sonichu gui` and `sonichu-gui` both take."""
    parser.description = _DESCRIPTION
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="picture, video, DICOM file, DICOMDIR, folder",
    )
    parser.add_argument("--demo", action="store_true", help="open the built-in demo study")
    parser.add_argument(
        "--tour",
        type=Path,
        metavar="DIR",
        help="with --demo: walk through it without a person and put screenshots into DIR",
    )
    parser.set_defaults(error=parser.error)


def run(args: argparse.Namespace) -> int:
    """Opens the window and gives the exit code once it is closed.

    Raises:
        SonichuError: There is no display, or a library that Qt needs is missing.
    """
    if args.tour is not None and not args.demo:
        args.error("--tour walks through the demo study: give --demo as well")
    if args.demo and args.paths:
        args.error("--demo opens its own study: leave out PATH")
    platform = qt_platform(os.environ, system=sys.platform, has_audience=args.tour is None)
    if platform is not None:
        os.environ["QT_QPA_PLATFORM"] = platform
    try:
        from sonichu_gui.gui.app import run as run_app
    except ImportError as error:
        if "cannot open shared object file" not in str(error):
            raise
        raise SonichuError(
            f"Qt cannot start: {error}.",
            "Install the system package that holds this library"
            " (packaging/run.sh does it from a checkout).",
        ) from error
    return run_app(paths=args.paths, demo=args.demo, tour=args.tour)


def qt_platform(environment: Mapping[str, str], *, system: str, has_audience: bool) -> str | None:
    """The Qt platform to ask for, or None to let Qt choose.

    Args:
        environment: The process's environment variables.
        system: As `sys.platform`.
        has_audience: Whether a person is to see the window.

    Raises:
        SonichuError: A person is to see a window where nothing can show one; Qt itself would abort.
    """
    if environment.get("QT_QPA_PLATFORM") or not system.startswith("linux"):
        return None
    if environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        return None
    if has_audience:
        raise SonichuError(
            "There is no display: neither DISPLAY nor WAYLAND_DISPLAY is set.",
            "Start it in a desktop session, or use `sonichu-gui --demo --tour DIR`,"
            " which needs no display.",
        )
    return "offscreen"
