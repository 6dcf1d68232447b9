"""All measurements of an annotated frame: a table from measure kind to formula.

Every measure asks the calibration for the scale that holds for its own points. Without a trusted
one lengths stay in pixels and say why; angles and ratios need only the shape of a pixel; masses
cannot be given at all. Called on every move of a drag, so plain arithmetic: no numpy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonichu_gui.biometry.cardiac import lv_mass_g, relative_wall_thickness
from sonichu_gui.biometry.ellipse import axes_from_points, circumference_ramanujan2
from sonichu_gui.biometry.points import angle_deg, distance
from sonichu_gui.biometry.uncertainty import Formula, standard_error
from sonichu_gui.domain.calibration import Calibration, Point, Scale, Trust
from sonichu_gui.domain.measurement import Measurement
from sonichu_gui.errors import MeasureError

if TYPE_CHECKING:
    from sonichu_gui.domain.annotation import Annotation, Keypoint
    from sonichu_gui.domain.task import MeasureKind, MeasureSpec, Task


@dataclass(frozen=True, slots=True)
class _Row:
    """How one kind of measure is computed.

    Attributes:
        formula_name: What the user and the files call the formula.
        compute: (points in image pixels, fx, fy) -> value; masses need the factors in mm.
        unit: Unit under a trusted scale.
        unit_unscaled: Unit without one, or empty when there is then no number.
        caution: Looks at the same arguments and says what is doubtful about the points.
    """

    formula_name: str
    compute: Formula
    unit: str
    unit_unscaled: str
    caution: Callable[[Sequence[Point], float, float], str] | None = None


def measure(
    task: Task, annotation: Annotation, calibration: Calibration
) -> tuple[Measurement, ...]:
    """Gives every measure of the task, in the task's order.

    Args:
        task: What is measured.
        annotation: Of that task; points in image pixels.
        calibration: Of the annotated frame.

    Returns:
        One measurement a measure of the task. `value` is None and `reason` says why where there is
        no number; a number with a reason is in pixels, or its points deserve a second look.

    Raises:
        ValueError: The annotation is another task's.
    """
    if annotation.task_id != task.id or len(annotation.keypoints) != len(task.keypoints):
        raise ValueError(f"annotation of {annotation.task_id} measured as {task.id}")
    return tuple(_measure_one(spec, task, annotation, calibration) for spec in task.measures)


def _measure_one(
    spec: MeasureSpec, task: Task, annotation: Annotation, calibration: Calibration
) -> Measurement:
    row = _TABLE[spec.kind]
    placed = [annotation.keypoints[index] for index in spec.points]
    found = [point for point in placed if point is not None and point.measurable]
    if len(found) < len(placed):
        scale = calibration.scale_for(point.xy for point in found)
        return _measurement(spec, row, scale, reason=_missing(spec, task, placed))
    points = [point.xy for point in found]
    scale = calibration.scale_for(points)
    refusal = _refusal(row, scale, calibration)
    if refusal:
        return _measurement(spec, row, scale, reason=refusal)
    fx, fy = scale.factors
    try:
        value = row.compute(points, fx, fy)
        error = standard_error(
            row.compute,
            points,
            [point.covariance for point in found],
            keypoints=spec.points,
            fx=fx,
            fy=fy,
        )
    except MeasureError as failure:
        return _measurement(spec, row, scale, reason=failure.message)
    if not math.isfinite(value):
        return _measurement(spec, row, scale, reason="the points are too far apart for a number")
    notes = [_unscaled_note(row, scale), row.caution(points, fx, fy) if row.caution else ""]
    return _measurement(
        spec, row, scale, value=value, uncertainty=error, reason="; ".join(filter(None, notes))
    )


def _measurement(
    spec: MeasureSpec,
    row: _Row,
    scale: Scale,
    *,
    value: float | None = None,
    uncertainty: float | None = None,
    reason: str = "",
) -> Measurement:
    unit = row.unit if scale.in_mm or not row.unit_unscaled else row.unit_unscaled
    return Measurement(
        spec.name,
        spec.title,
        value,
        unit,
        uncertainty,
        spec.points,
        scale,
        row.formula_name,
        spec.convention,
        spec.primary,
        reason,
    )


def _missing(spec: MeasureSpec, task: Task, placed: Sequence[Keypoint | None]) -> str:
    """Says which points are not there, e.g. "point OFD 1 is not placed"."""
    # As keys, not a set: a measure may use a point twice, and the order is the task's.
    unplaced: dict[str, None] = {}
    absent: dict[str, None] = {}
    for index, point in zip(spec.points, placed, strict=True):
        if point is None:
            unplaced[task.keypoints[index].name] = None
        elif not point.measurable:
            absent[task.keypoints[index].name] = None
    told = [_are(list(unplaced), "not placed"), _are(list(absent), "marked absent")]
    return "; ".join(filter(None, told))


def _are(names: Sequence[str], what: str) -> str:
    if not names:
        return ""
    if len(names) == 1:
        return f"point {names[0]} is {what}"
    return f"points {', '.join(names)} are {what}"


def _refusal(row: _Row, scale: Scale, calibration: Calibration) -> str:
    """Says why no number can be given under this scale; empty when one can."""
    if scale.in_mm:
        return ""
    if not row.unit_unscaled:
        return scale.reason
    if row.unit == row.unit_unscaled and scale.trust is Trust.NONE:
        # Points that no region holds have no common shape where the regions differ: a ratio of
        # lengths from two scales would be a wrong number that looks right.
        regions = calibration.usable_regions
        if not all(region.agrees_with(regions[0]) for region in regions):
            return scale.reason
    return ""


def _unscaled_note(row: _Row, scale: Scale) -> str:
    """Says why a number is in pixels, or on whose doubtful word its pixel shape rests."""
    if scale.in_mm or (row.unit == row.unit_unscaled and scale.aspect == 1.0):
        return ""
    return scale.reason


def _length(points: Sequence[Point], fx: float, fy: float) -> float:
    return distance(points[0], points[1], fx=fx, fy=fy)


def _circumference(points: Sequence[Point], fx: float, fy: float) -> float:
    return circumference_ramanujan2(_length(points, fx, fy), _length(points[2:], fx, fy))


def _axes_caution(points: Sequence[Point], fx: float, fy: float) -> str:
    return axes_from_points(points, fx=fx, fy=fy).warning


def _angle(points: Sequence[Point], fx: float, fy: float) -> float:
    return angle_deg(points[0], points[1], points[2], fx=fx, fy=fy)


def _ratio_percent(points: Sequence[Point], fx: float, fy: float) -> float:
    """Gives 100 times the first pair over the second: the cephalic index from BPD and OFD."""
    second = _length(points[2:], fx, fy)
    if second == 0.0:
        raise MeasureError("the second pair of points has no length", "Move them apart.")
    return 100.0 * _length(points, fx, fy) / second


def _lv_mass(points: Sequence[Point], fx: float, fy: float) -> float:
    return lv_mass_g(
        ivs_cm=_length(points, fx, fy) / 10.0,
        lvid_cm=_length(points[2:], fx, fy) / 10.0,
        pw_cm=_length(points[4:], fx, fy) / 10.0,
    )


def _wall_thickness(points: Sequence[Point], fx: float, fy: float) -> float:
    return relative_wall_thickness(
        pw_cm=_length(points, fx, fy) / 10.0, lvid_cm=_length(points[2:], fx, fy) / 10.0
    )


_TABLE: Mapping[MeasureKind, _Row] = {
    "length": _Row("distance", _length, "mm", "px"),
    "ellipse-circumference": _Row("Ramanujan II", _circumference, "mm", "px", _axes_caution),
    "angle": _Row("angle at vertex", _angle, "deg", "deg"),
    "ratio-percent": _Row("ratio of lengths", _ratio_percent, "%", "%"),
    "lv-mass": _Row("ASE cube", _lv_mass, "g", ""),
    "relative-wall-thickness": _Row("2 PW / LVID", _wall_thickness, "1", "1"),
}
