"""`--hide-outside`: pictures that commands write show the scan area alone."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from sonichu_gui.errors import ExportError, FrameError

if TYPE_CHECKING:
    from pathlib import Path

    from sonichu_gui.domain.frame import Frame, Pixels
    from sonichu_gui.imaging.sources import FrameSource

__all__ = ["add_hide_outside", "inside_alone", "without_outside"]


def add_hide_outside(parser: argparse.ArgumentParser, *, of: str) -> None:
    """Adds the option to a command that has the option `of` for its picture."""
    parser.add_argument(
        "--hide-outside",
        action="store_true",
        help=f"with {of}: make all black that stands outside the scan area, where names are",
    )


def without_outside(frame: Frame, path: Path) -> Frame:
    """Gives a frame that is black outside the scan area of its file.

    Args:
        frame: As it is shown; the area is found in the file's own frames.
        path: Its file.

    Raises:
        ExportError: Nothing shows where the scan area is: no picture must be made.
        FrameError: The file cannot be read.
    """
    from sonichu_gui.imaging.sources import open_source

    source = open_source(path)
    try:
        inside = inside_alone(source, frame)
    finally:
        source.close()
    if inside is None:
        raise ExportError(
            f"{path} shows no scan area in frame {frame.ref.index}: nothing was written.",
            "Draw the area in the window, or write the picture without --hide-outside.",
        )
    return replace(frame, pixels=inside)


def inside_alone(source: FrameSource, frame: Frame) -> Pixels | None:
    """Gives a frame's pixels, black outside the scan area; None where nothing shows where it is.

    Args:
        source: The frame's file; a few of its frames are looked at.
        frame: As it is shown.
    """
    from sonichu_gui.imaging.scan_area import find_scan_area, frames_to_look_at, hide_outside

    seen = [frame.pixels]
    for index in frames_to_look_at(source.frame_count):
        if index == frame.ref.index:
            continue
        try:
            pixels = source.frame(index).pixels
        except FrameError:
            continue  # a damaged frame elsewhere in the cine says nothing of this one
        if pixels.shape == frame.pixels.shape:
            seen.append(pixels)
    area = find_scan_area(seen, frame.calibration)
    return None if area is None else hide_outside(frame.pixels, area)
