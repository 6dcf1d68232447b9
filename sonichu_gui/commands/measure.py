"""`sonichu measure`: numbers from points; no image, no model."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sonichu_gui.biometry.measure import measure
from sonichu_gui.commands.output import (
    NOT_CLINICAL,
    measurement_json,
    measurement_rows,
    print_json,
    table,
)
from sonichu_gui.domain.annotation import Annotation, Keypoint
from sonichu_gui.domain.calibration import Calibration, ScaleSource, given_scale, no_scale
from sonichu_gui.errors import TaskError
from sonichu_gui.tasks import task_named

if TYPE_CHECKING:
    from sonichu_gui.commands import Subparsers
    from sonichu_gui.domain.task import Task

UNPLACED = "-"


def add_parser(subparsers: Subparsers) -> None:
    """Adds `measure`."""
    parser = subparsers.add_parser(
        "measure",
        description="Measure from points, without an image or a model.",
        epilog=NOT_CLINICAL,
    )
    parser.add_argument("--task", required=True, type=task_argument, metavar="T", help="e.g. HC")
    parser.add_argument(
        "--points",
        required=True,
        type=_points,
        metavar='"x,y x,y …"',
        help="image pixels in the task's order, (0, 0) the centre of the top-left pixel;"
        f" {UNPLACED} for a point that is not placed",
    )
    parser.add_argument(
        "--spacing",
        type=_calibration,
        default=Calibration(spacing=no_scale("no --spacing was given")),
        metavar="DX[,DY]",
        help="size of a pixel in mm; without it lengths are in pixels",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(error=parser.error)


def run(args: argparse.Namespace) -> int:
    """Prints the measures and gives the exit code."""
    task: Task = args.task
    if len(args.points) != len(task.keypoints):
        names = ", ".join(spec.name for spec in task.keypoints)
        args.error(
            f"--points: {task.id} has {len(task.keypoints)} points ({names}),"
            f" not {len(args.points)}"
        )
    measurements = measure(task, Annotation(task.id, args.points), args.spacing)
    if args.json:
        print_json({"task": task.id, "measurements": [measurement_json(m) for m in measurements]})
        return 0
    scale = args.spacing.scale_for()
    print(f"{task.title} ({task.id}), scale: {scale.reason}")
    print(table(measurement_rows(measurements, told=scale.reason), right=(1,), indent="  "))
    print(NOT_CLINICAL)
    return 0


def task_argument(text: str) -> Task:
    """Gives the task of an id, or tells argparse which there are."""
    try:
        return task_named(text)
    except TaskError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _points(text: str) -> tuple[Keypoint | None, ...]:
    return tuple(_point(word) for word in text.replace(";", " ").split())


def _point(word: str) -> Keypoint | None:
    if word == UNPLACED:
        return None
    try:
        x, y = map(float, word.split(","))
        return Keypoint(x, y)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{word!r} is not a point; write x,y in pixels, e.g. 120.5,88"
        ) from None


def _calibration(text: str) -> Calibration:
    try:
        dx, dy = map(float, text.split(",") if "," in text else (text, text))
        scale = given_scale(
            dx_mm=dx, dy_mm=dy, source=ScaleSource.GIVEN, reason=f"{text} mm per pixel, as given"
        )
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not the size of a pixel; write millimetres, e.g. 0.14 or 0.14,0.16"
        ) from None
    return Calibration(override=scale)
