"""`sonichu info`: what a file is, and what it says about the size of its pixels."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonichu_gui.commands.output import scale_json
from sonichu_gui.errors import ExportError
from sonichu_gui.imaging.sources import FrameSource, open_source

if TYPE_CHECKING:
    from sonichu_gui.commands import Subparsers
    from sonichu_gui.domain.calibration import Region, Scale
    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.imaging.windows import WindowPreset

_DESCRIPTION = "What a file is: its frames, colour, regions and calibration. Names no patient."


def add_parser(subparsers: Subparsers) -> None:
    """Adds `info`."""
    add_arguments(subparsers.add_parser("info", description=_DESCRIPTION))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what `sonichu info` takes."""
    parser.add_argument("path", type=Path, metavar="PATH", help="a picture, video or DICOM file")
    parser.add_argument("--frame", type=_index, default=0, metavar="N", help="counted from 0")
    parser.add_argument(
        "--render", type=Path, metavar="OUT.png", help="write the frame as the canvas shows it"
    )
    parser.add_argument(
        "--preset", metavar="NAME", help="render by a window or table of the file, by its name"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Prints what the file is and gives the exit code.

    Raises:
        FrameError: The file or the frame cannot be read.
        ExportError: `--render` cannot be written, or there is no such preset.
    """
    source = open_source(args.path)
    # Decoded even where nobody looks at it: a file that cannot be shown must not pass for sound.
    frame = _frame(source, args.frame, args.preset)
    if args.render is not None:
        _render(frame, source=args.path, target=args.render)
    print(json.dumps(describe(source), indent=2) if args.json else _text(source))
    return 0


def describe(source: FrameSource) -> dict[str, Any]:
    """Gives what `--json` prints: paths, numbers and words, nothing about a patient."""
    scale = source.calibration.scale_for()
    return {
        "path": str(source.path),
        "format": source.format,
        "frames": source.frame_count,
        "width": source.width,
        "height": source.height,
        "color": source.color,
        "frame_time_ms": source.frame_time_ms,
        "regions": [_region(region) for region in source.calibration.regions],
        "calibration": {
            **scale_json(scale),
            "pixel_aspect": scale.aspect,
            "warning": source.calibration.warning,
        },
        "presets": [
            {"name": preset.name, "center": preset.center, "width": preset.width}
            for preset in source.presets
        ],
        "notes": list(source.notes),
        "digest": source.digest,
    }


def _region(region: Region) -> dict[str, Any]:
    return {
        "index": region.index,
        "x0": region.x0,
        "y0": region.y0,
        "x1": region.x1,
        "y1": region.y1,
        "dx_mm": region.dx_mm,
        "dy_mm": region.dy_mm,
        "kind": region.kind,
        "usable": region.usable,
        "doubtful": region.doubtful,
        "reason": region.reason,
    }


def _text(source: FrameSource) -> str:
    calibration = source.calibration
    scale = calibration.scale_for()
    frames = str(source.frame_count)
    if source.frame_time_ms:
        frames += f", {source.frame_time_ms:.1f} ms each"
    rows = [
        ("format", source.format),
        ("frames", frames),
        ("size", f"{source.width} × {source.height} px, {source.color}"),
        *(
            ("regions" if region.index == 0 else "", _region_text(region))
            for region in calibration.regions
        ),
        ("scale", _scale_text(scale)),
        *([("warning", calibration.warning)] if calibration.warning else []),
        *(("preset", _preset_text(preset)) for preset in source.presets),
        *(("note", note) for note in source.notes),
        ("digest", source.digest),
    ]
    return "\n".join([str(source.path), *(f"  {name:<9}{value}" for name, value in rows)])


def _frame(source: FrameSource, index: int, preset_name: str | None) -> Frame:
    if preset_name is None:
        return source.frame(index)
    for preset in source.presets:
        if preset.name == preset_name:
            return source.frame_with(index, preset)
    names = ", ".join(preset.name for preset in source.presets) or "none"
    raise ExportError(f"{source.path} has no preset {preset_name!r}.", f"Its presets are: {names}.")


def _preset_text(preset: WindowPreset) -> str:
    if preset.center is None or preset.width is None:
        return f"{preset.name}: a table"
    return f"{preset.name}: center {preset.center:g}, width {preset.width:g}"


def _region_text(region: Region) -> str:
    place = f"({region.x0}, {region.y0})–({region.x1}, {region.y1})"
    words = [f"{region.index + 1}: {region.kind} {place}"]
    if region.dx_mm is not None and region.dy_mm is not None:
        words.append(f"{region.dx_mm:.4g} × {region.dy_mm:.4g} mm/px")
    if region.reason:
        words.append(f"{'doubtful' if region.usable else 'not usable'}: {region.reason}")
    return ", ".join(words)


def _scale_text(scale: Scale) -> str:
    if scale.dx_mm is None or scale.dy_mm is None:
        return f"none: {scale.reason}"
    size = f"{scale.dx_mm:.4g} × {scale.dy_mm:.4g} mm/px"
    return f"{size} · {scale.tag}, {scale.trust.value}: {scale.reason}"


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
