"""`sonichu predict`: keypoints and measures of frames by a model."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonichu_gui.biometry.measure import measure
from sonichu_gui.commands.measure import task_argument
from sonichu_gui.commands.output import (
    NOT_CLINICAL,
    measurement_json,
    measurement_rows,
    print_json,
    table,
)
from sonichu_gui.commands.predict_batch import save_predictions
from sonichu_gui.commands.predict_overlay import draw_overlay_file, refuse_to_draw_over
from sonichu_gui.commands.progress import tracked
from sonichu_gui.domain.annotation import proposed_annotation
from sonichu_gui.errors import FrameError, SonichuError, UntrainedHead
from sonichu_gui.prediction.head_words import draft_reason
from sonichu_gui.prediction.local import (
    DEVICE_CHOICES,
    ENGINE_CHOICES,
    PRECISION_CHOICES,
    LocalPredictor,
)
from sonichu_gui.prediction.zoo import ModelInfo, default_model, find_model
from sonichu_gui.tasks import load_tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sonichu_gui.commands import Subparsers
    from sonichu_gui.domain.annotation import Keypoint
    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.domain.measurement import Measurement
    from sonichu_gui.domain.task import Task
    from sonichu_gui.prediction.api import Prediction

ALL = "all"


def add_parser(subparsers: Subparsers) -> None:
    """Adds `predict`."""
    parser = subparsers.add_parser(
        "predict", description="Keypoints and measures of frames by a model.", epilog=NOT_CLINICAL
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="image, DICOM, folder")
    parser.add_argument(
        "--task",
        required=True,
        type=_task_or_all,
        metavar="T",
        help=f"e.g. HC; {ALL} runs every trained head on one encoding",
    )
    parser.add_argument(
        "--frame",
        type=_index_or_all,
        default=0,
        metavar="N",
        help=f"frame of a cine, from 0 (default: 0); {ALL} takes every frame",
    )
    parser.add_argument("--model", metavar="DIR", help="model folder (default: the embedded model)")
    parser.add_argument("--device", choices=DEVICE_CHOICES, default="auto", help="default: auto")
    parser.add_argument(
        "--engine",
        choices=ENGINE_CHOICES,
        default="auto",
        help="what runs the encoder; auto takes OpenVINO where it is installed and faster",
    )
    parser.add_argument(
        "--precision",
        choices=PRECISION_CHOICES,
        default="auto",
        help="auto takes a coarser number type where it is faster and finds the same points",
    )
    parser.add_argument(
        "--tta",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="average in the mirrored frame (default: yes)",
    )
    parser.add_argument(
        "--overlay", type=Path, metavar="OUT.png", help="draw the points on the frame"
    )
    parser.add_argument(
        "--save",
        action="store_true",
        help="keep the predictions in the label store beside the images instead of printing them;"
        " frames that a person has labelled, or this model has predicted, are left out",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(error=parser.error)


def run(args: argparse.Namespace) -> int:
    """Prints the predictions; a file that cannot be predicted is told and passed over."""
    info = find_model(args.model) if args.model else default_model()
    tasks = _tasks(args.task, info)
    _tell_drafts(tasks, info)
    files = list(_files(args.paths))
    every_frame = args.frame == ALL
    if args.overlay is not None:
        if len(files) != 1 or every_frame or args.save:
            args.error("--overlay draws one frame of one file, and not what --save keeps")
        refuse_to_draw_over(args.overlay, files[0])
    predictor = LocalPredictor(
        info.folder, device=args.device, engine=args.engine, precision=args.precision
    )
    predictor.load()
    if args.save:
        frame = None if every_frame else args.frame
        return save_predictions(
            files, tasks, predictor, frame=frame, tta=args.tta, as_json=args.json
        )
    return _print_predictions(files, tasks, predictor, args)


def _print_predictions(
    files: Sequence[Path],
    tasks: Sequence[Task],
    predictor: LocalPredictor,
    args: argparse.Namespace,
) -> int:
    rows: list[dict[str, Any]] = []
    failed = False
    try:
        for path, found_frame in _frames(files, args.frame):
            try:
                frame = found_frame()
                found = [predictor.predict(frame, task, tta=args.tta) for task in tasks]
            except SonichuError as error:
                failed = True
                print(f"sonichu: {error}", file=sys.stderr)
                continue
            for task, prediction in zip(tasks, found, strict=True):
                measurements = _measured(frame, task, prediction)
                is_draft = predictor.info.tasks[task.id].is_draft
                rows.append(_row(path, frame, task, prediction, measurements) | {"draft": is_draft})
                if not args.json:
                    print(_described(path, frame, task, prediction, measurements))
            if args.overlay is not None:
                draw_overlay_file(args.overlay, frame, tasks, found)
    finally:
        # Also when Ctrl+C ends it: what is done is not lost.
        if args.json:
            print_json(rows)
    return 1 if failed else 0


def _index(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"frames are counted from 0 ({ALL}: every), not {text!r}")
    return int(text)


def _index_or_all(text: str) -> int | str:
    return ALL if text == ALL else _index(text)


def _task_or_all(text: str) -> str | Task:
    return ALL if text == ALL else task_argument(text)


def _tasks(wanted: str | Task, info: ModelInfo) -> list[Task]:
    """Gives the tasks to run; those of `all` that cannot be are told.

    Raises:
        UntrainedHead: There is no trained head for the task, or none at all.
    """
    if not isinstance(wanted, str):
        info.require_head(wanted)
        return [wanted]
    known = load_tasks()
    skipped = [task for task in known if not info.has_trained_head(task)]
    if skipped:
        print(f"skipped, no trained head: {', '.join(skipped)}", file=sys.stderr)
    unknown = [task for task in info.tasks if task not in known]
    if unknown:
        print(f"skipped, no task of this name: {', '.join(unknown)}", file=sys.stderr)
    if len(skipped) == len(known):
        raise UntrainedHead(f"{info.name} has no trained head.", "Choose another model.")
    return [task for name, task in known.items() if name not in skipped]


def _tell_drafts(tasks: Sequence[Task], info: ModelInfo) -> None:
    """Says which heads give no more than a first guess, and why."""
    by_reason: dict[str, list[str]] = {}
    for task in tasks:
        if reason := draft_reason(info.tasks[task.id]):
            by_reason.setdefault(reason, []).append(task.id)
    for reason, names in by_reason.items():
        print(f"draft, {reason}: {', '.join(names)}. Check every point.", file=sys.stderr)


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """Gives the files, a folder's in its place.

    Raises:
        FrameError: A folder holds no frame.
    """
    from sonichu_gui.imaging.folder_scan import scan_folder

    for path in paths:
        if path.is_dir():
            found = list(scan_folder(path))
            if not found:
                raise FrameError(f"{path} holds no image.", "Choose a folder with images or DICOM.")
            yield from found
        else:
            yield path


def _frames(files: Sequence[Path], index: int | str) -> Iterator[tuple[Path, Callable[[], Frame]]]:
    """Gives each frame asked for, to be decoded by a call, which may raise `FrameError`."""
    from sonichu_gui.imaging.sources import open_source

    several = len(files) > 1
    for path in tracked(files, noun="files" if index == ALL else "frames"):
        try:
            source = open_source(path)
        except FrameError as error:
            yield path, partial(_raise, error)
            continue
        try:
            indices = range(source.frame_count) if isinstance(index, str) else (index,)
            for each in indices if several else tracked(indices, noun="frames"):
                yield path, partial(source.frame, each)
        finally:
            source.close()


def _raise(error: FrameError) -> Frame:
    raise error


def _measured(frame: Frame, task: Task, prediction: Prediction) -> tuple[Measurement, ...]:
    annotation = proposed_annotation(task, prediction.keypoints, prediction.model)
    return measure(task, annotation, frame.calibration)


def _row(
    path: Path,
    frame: Frame,
    task: Task,
    prediction: Prediction,
    measurements: Sequence[Measurement],
) -> dict[str, Any]:
    """Gives one entry of the JSON; normalised = pixels over size, as in every label file."""
    points = prediction.keypoints
    return {
        "path": str(path),
        "frame": frame.ref.index,
        "task": task.id,
        "model": {"name": prediction.model.name, "hash": prediction.model.hash},
        "width": frame.width,
        "height": frame.height,
        "points": [
            _point_json(spec.name, point)
            for spec, point in zip(task.keypoints, points, strict=True)
        ],
        "points_normalized": [[p.x / frame.width, p.y / frame.height] for p in points],
        "measurements": [measurement_json(m) for m in measurements],
        "seconds": prediction.seconds,
        "device": prediction.device,
        "engine": prediction.engine,
        "precision": prediction.precision,
        "tta": prediction.tta,
    }


def _point_json(name: str, point: Keypoint) -> dict[str, Any]:
    covariance = None
    if point.covariance is not None:
        xx, xy, yy = point.covariance
        covariance = [[xx, xy], [xy, yy]]
    return {
        "name": name,
        "x": point.x,
        "y": point.y,
        "confidence": point.confidence,
        "covariance": covariance,
        "disagreement": point.disagreement,
        "alternatives": [
            {"x": one.x, "y": one.y, "confidence": one.confidence} for one in point.alternatives
        ],
    }


def _described(
    path: Path,
    frame: Frame,
    task: Task,
    prediction: Prediction,
    measurements: Sequence[Measurement],
) -> str:
    """Gives a paragraph on one prediction."""
    which = f", frame {frame.ref.index}" if frame.ref.index else ""
    scale = frame.calibration.scale_for()
    points = [
        (spec.name, f"{point.x:.1f}", f"{point.y:.1f}", f"{point.confidence or 0.0:.0%}")
        for spec, point in zip(task.keypoints, prediction.keypoints, strict=True)
    ]
    head = ("point", "x px", "y px", "confidence")
    how = (prediction.device, prediction.engine, prediction.precision)
    milliseconds = f"{prediction.seconds * 1000:.0f} ms on {', '.join(how)}"
    return "\n".join(
        (
            f"{path}{which}: {task.title} ({task.id}), {prediction.model.name}, {milliseconds}",
            table([head, *points], right=(1, 2, 3), indent="  "),
            table(measurement_rows(measurements, told=scale.reason), right=(1,), indent="  "),
            f"  scale: {scale.reason}",
            f"  {NOT_CLINICAL}",
        )
    )
