"""The drawing of `sonichu predict --overlay`: the frame with the points of its predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonichu_gui.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.domain.task import Task
    from sonichu_gui.prediction.api import Prediction


def refuse_to_draw_over(out: Path, file: Path) -> None:
    """Keeps a slip of the keyboard from replacing the frame by its drawing.

    Raises:
        ExportError: Both are the same file.
    """
    if out.exists() and file.exists() and out.samefile(file):
        raise ExportError(f"{out} is the frame itself.", "Name another file for the drawing.")


def draw_overlay_file(
    out: Path, frame: Frame, tasks: Sequence[Task], found: Sequence[Prediction]
) -> None:
    """Writes the frame with every task's points as a PNG.

    Raises:
        ExportError: The file cannot be written.
    """
    from sonichu_gui.imaging.raster import write_png
    from sonichu_gui.model.inference import draw_overlay
    from sonichu_gui.model.modeling_sonichu import TaskConfig

    picture = frame.rgb()
    for task, prediction in zip(tasks, found, strict=True):
        settings = TaskConfig(
            tuple(spec.name for spec in task.keypoints), pairs=tuple(_callipers(task))
        )
        points = [point.xy for point in prediction.keypoints]
        picture = draw_overlay(picture, points, settings)
    try:
        write_png(picture, out)
    except OSError as error:
        raise ExportError(
            f"{out} cannot be written: {error.strerror or error}.",
            "Name a file in a folder that exists and that you may write to.",
        ) from error


def _callipers(task: Task) -> Iterator[tuple[int, int]]:
    """Gives the pairs of points to join by a line, no point in two of them."""
    taken: set[int] = set()
    for spec in task.measures:
        if spec.kind == "length" and taken.isdisjoint(spec.points):
            taken.update(spec.points)
            yield spec.points[0], spec.points[1]
