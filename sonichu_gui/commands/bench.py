"""`sonichu bench`: this machine's floors, and how far the product is from them.

Every figure stands beside a floor, a budget or another figure of the same run: seconds alone say
more about the machine than about the program.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonichu_gui.commands.bench_reading import reading_rows
from sonichu_gui.commands.bench_row import Row
from sonichu_gui.commands.output import print_json, table
from sonichu_gui.errors import ModelError
from sonichu_gui.prediction import floors
from sonichu_gui.prediction.local import (
    DEVICE_CHOICES,
    ENGINE_CHOICES,
    PRECISION_CHOICES,
    LocalPredictor,
)
from sonichu_gui.prediction.zoo import default_model, find_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sonichu_gui.commands import Subparsers

ONE_PASS, ALL_TASKS, SECOND_TASK, LOAD = 1.4, 2.0, 0.15, 2.0
"""Budgets: times the floor, times one task, share of the first, times the reading of the file."""

LIGHT_PASS_MS, GAP_MS = 60.0, 20.0
"""Budgets: one pass of a light model, and 99 of 100 gaps of the window."""

LARGE_BYTES = 100_000_000
"""Below this, reading the weights is no part of a load that anybody would notice."""

WINDOW_TIMEOUT_S = 120


def add_parser(subparsers: Subparsers) -> None:
    """Adds `bench`."""
    parser = subparsers.add_parser(
        "bench",
        description="Measure this machine's floors and how far the model and window are from them.",
        epilog="Run it on a quiet machine, and compare ratios, not times.",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--model", metavar="DIR", help="model folder (default: the embedded model)")
    which.add_argument(
        "--vit-b",
        action="store_true",
        help="a ViT-B/16 of random weights, made for this run (needs 500 MB of disk)",
    )
    parser.add_argument("--device", choices=DEVICE_CHOICES, default="auto", help="default: auto")
    parser.add_argument("--engine", choices=ENGINE_CHOICES, default="auto", help="default: auto")
    parser.add_argument(
        "--precision", choices=PRECISION_CHOICES, default="auto", help="default: auto"
    )
    parser.add_argument(
        "--reading",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="measure how fast files and folders are read (default: yes)",
    )
    parser.add_argument(
        "--window",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="measure how smooth the window stays while the model runs (default: yes)",
    )
    parser.add_argument(
        "--seconds", type=_seconds, default=8.0, metavar="S", help="of the window (default: 8)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Measures, prints, and gives 0: a budget that is not kept is a finding, not a failure."""
    with _folder(args) as folder:
        document = _measured(args, folder)
    if args.json:
        print_json({**document, "rows": [row.to_json() for row in document["rows"]]})
    else:
        print(_described(document))
    return 0


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1.0 <= seconds <= 60.0:
        raise argparse.ArgumentTypeError(f"between 1 and 60 seconds, not {text!r}")
    return seconds


@contextlib.contextmanager
def _folder(args: argparse.Namespace) -> Iterator[Path]:
    if not args.vit_b:
        yield (find_model(args.model) if args.model else default_model()).folder
        return
    with tempfile.TemporaryDirectory(prefix="sonichu-bench-") as folder:
        _tell("writing a ViT-B/16 of random weights")
        floors.make_random_vit_b(Path(folder))
        yield Path(folder)


def _measured(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    from sonichu_gui.model.checkpoints import open_checkpoint

    predictor = LocalPredictor(
        folder, device=args.device, engine=args.engine, precision=args.precision
    )
    _tell("loading the model; its first load on a machine tries which engine suits it")
    predictor.load()
    report = predictor.report
    if report is None:
        raise ModelError(f"{folder} was not loaded.", "Run the command again.")
    weights = predictor.info.weights
    start = _start(args, folder)
    reading = floors.read_seconds(weights)
    work = floors.work_of(open_checkpoint(folder).model)
    _tell("timing matrix products and predictions")
    rates = {kind: floors.matrix_rate(kind) for kind in ("fp32", "bf16")}
    found = floors.latency_of(predictor)
    rows = [Row(f"matrix product, {kind}", rate, "GFLOP/s") for kind, rate in rates.items()]
    known = report.device == "cpu" and work.is_transformer
    rows += _latency_rows(found, work, rates.get(report.precision) if known else None)
    rows += _start_rows(start, reading, predictor.info.size_bytes)
    if args.reading:
        _tell("reading pictures, cines, headers and a folder")
        rows += reading_rows()
    if args.window:
        _tell(f"watching the window for {args.seconds:.0f} s while the model runs")
        rows += _window_rows(_window_gaps(folder, args.seconds))
    return {
        "model": {
            "name": predictor.info.name,
            "folder": str(folder),
            "weights_bytes": predictor.info.size_bytes,
            "gflop_one_pass": work.one_pass,
            "gflop_tta": work.tta,
        },
        "engine": asdict(report),
        "rows": rows,
    }


def _start(args: argparse.Namespace, folder: Path) -> floors.Start:
    """The first prediction of a new process, whose engine is chosen already."""
    process = multiprocessing.get_context("spawn")
    choices = {name: getattr(args, name) for name in ("device", "engine", "precision")}
    try:
        with ProcessPoolExecutor(1, mp_context=process) as pool:
            return pool.submit(floors.start_of, folder, **choices).result()
    except BrokenProcessPool as error:
        raise ModelError(
            "The system ended the process that was to load the model once more.",
            "It may have run out of memory: close other programs and try again.",
        ) from error


def _start_rows(start: floors.Start, reading: float, weights_bytes: int) -> list[Row]:
    rows = [
        Row("import of torch", 1e3 * start.imports, "ms"),
        Row(
            "load",
            1e3 * start.load,
            "ms",
            "reading the file",
            1e3 * reading,
            LOAD if weights_bytes >= LARGE_BYTES else None,
        ),
        Row("first prediction", 1e3 * start.first, "ms"),
    ]
    if start.peak_mb is not None:
        rows.append(Row("peak memory", start.peak_mb, "MB", "the weights", weights_bytes / 1e6))
    return rows


def _latency_rows(found: floors.Latency, work: floors.Work, rate: float | None) -> list[Row]:
    def floor(gflop: float) -> float | None:
        return 1e3 * gflop / rate if rate else None

    one_pass, tta = 1e3 * found.one_pass, 1e3 * found.tta
    rows = [
        Row("one pass", one_pass, "ms", "floor", floor(work.one_pass), ONE_PASS),
        Row("with TTA", tta, "ms", "floor", floor(work.tta), ONE_PASS),
    ]
    if not work.is_transformer:
        rows = [
            Row("one pass", one_pass, "ms", "budget", LIGHT_PASS_MS, 1.0),
            Row("with TTA", tta, "ms", "one pass", one_pass),
        ]
    if found.second_task is not None:
        rows += [
            Row("second task", 1e3 * found.second_task, "ms", "the first", one_pass, SECOND_TASK),
            Row(
                f"{found.tasks} tasks", 1e3 * found.all_tasks, "ms", "one task", one_pass, ALL_TASKS
            ),
        ]
    return rows


def _window_gaps(folder: Path, seconds: float) -> list[float]:
    """Gaps of the event loop in a window of its own process; without a display, off screen."""
    command = [sys.executable, "-m", "sonichu_gui.gui.responsiveness", str(folder), str(seconds)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, capture_output=True, text=True, timeout=seconds + WINDOW_TIMEOUT_S, check=True
        )
        gaps: list[float] = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError) as error:
        reason = getattr(error, "stderr", "") or str(error)
        raise ModelError(
            f"The window could not be measured: {reason.strip().splitlines()[-1]}.",
            "Measure without it: --no-window.",
        ) from error
    return gaps


def _window_rows(gaps: Sequence[float]) -> list[Row]:
    ordered = sorted(gaps)
    p99 = ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]
    return [
        Row("window: gap, median", ordered[len(ordered) // 2], "ms"),
        Row("window: gap, p99", p99, "ms", "budget", GAP_MS, 1.0),
        Row("window: gap, longest", ordered[-1], "ms"),
    ]


def _described(document: dict[str, Any]) -> str:
    model, engine = document["model"], document["engine"]
    head = ("", "measured", "", "against", "", "ratio", "budget", "")
    rows = [head, *(_cells(row) for row in document["rows"])]
    title = (
        f"{model['name']}, {model['weights_bytes'] / 1e6:.0f} MB, "
        f"{model['gflop_one_pass']:.1f} GFLOP a pass; "
        f"{engine['engine']} {engine['precision']} on {engine['device']}"
    )
    lines = [title, table(rows, right=(1, 4, 5, 6), indent="  ")]
    drift = engine["drift"]
    if drift and engine["gain"]:
        lines.append(f"  {_drift_text(engine['gain'], drift)}")
    return "\n".join(lines)


def _drift_text(gain: float, drift: dict[str, Any]) -> str:
    text = f"{gain:.1f} times as fast as torch in fp32; features differ by {drift['features']:.2%}"
    if drift["median_px"] is None:
        return text
    return (
        f"{text}, points by {drift['median_px']:.2f} px (median), {drift['max_px']:.2f} (most) "
        "at 1024 px"
    )


def _cells(row: Row) -> tuple[str, ...]:
    verdict = {True: "ok", False: "over", None: ""}[row.within]
    return (
        row.name,
        f"{row.value:.1f}",
        row.unit,
        row.against if row.reference else "",
        f"{row.reference:.1f}" if row.reference else "",
        f"{row.ratio:.2f}" if row.ratio is not None else "",
        f"{row.budget:g}" if row.within is not None else "",
        verdict,
    )


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
