"""What `sonichu info` says of one opened file: its JSON, which is a contract, and its words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sonichu_gui.commands.output import scale_json

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Region, Scale
    from sonichu_gui.imaging.sources import FrameSource
    from sonichu_gui.imaging.windows import WindowPreset


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


def facts_text(source: FrameSource) -> str:
    """Gives the same for people, a fact a line."""
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
    return f"{size}, {scale.trust.value}: {scale.reason}"
