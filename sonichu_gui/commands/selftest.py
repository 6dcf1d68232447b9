"""`sonichu selftest`: the whole way once, on a drawn frame in a temporary folder."""

from __future__ import annotations

import csv
import json
import math
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonichu_gui.biometry.measure import measure
from sonichu_gui.commands.output import print_json, table
from sonichu_gui.domain.annotation import Annotation, Keypoint, Status, proposed_annotation
from sonichu_gui.domain.calibration import Calibration, ScaleSource, given_scale
from sonichu_gui.errors import SonichuError
from sonichu_gui.prediction.local import DEVICE_CHOICES, LocalPredictor
from sonichu_gui.prediction.zoo import ModelInfo, default_model, find_model
from sonichu_gui.tasks import load_tasks

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from sonichu_gui.commands import Subparsers
    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.domain.measurement import Measurement
    from sonichu_gui.domain.task import Task
    from sonichu_gui.imaging.sources import FrameSource
    from sonichu_gui.prediction.api import Prediction
    from sonichu_gui.training.phantoms.phantom import Phantom

SEED = 1
RATER = "selftest"
TOLERANCE = 0.1
"""Relative error of the drawn head's circumference that still counts as found."""


def add_parser(subparsers: Subparsers) -> None:
    """Adds `selftest`."""
    parser = subparsers.add_parser(
        "selftest",
        description="Open, predict, measure, store and export a drawn frame in a temporary folder.",
    )
    parser.add_argument("--model", metavar="DIR", help="model folder (default: the embedded model)")
    parser.add_argument("--device", choices=DEVICE_CHOICES, default="auto", help="default: auto")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Walks the way and gives 0 when every step was right."""
    steps: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="sonichu-selftest-") as folder:
        walk = _Walk(Path(folder), args.model, args.device)
        for step in (walk.open, walk.predict, walk.measure, walk.store, walk.export):
            steps.append(_done(step))
            if not steps[-1]["ok"]:
                break
    ok = all(step["ok"] for step in steps)
    if args.json:
        print_json({"ok": ok, "steps": steps})
    else:
        rows = [
            ("ok" if s["ok"] else "FAILED", s["name"], f"{s['seconds']:.2f} s", s["detail"])
            for s in steps
        ]
        print(table(rows, right=(2,)))
    return 0 if ok else 1


def _done(step: Callable[[], str]) -> dict[str, Any]:
    """Runs a step and tells how it went."""
    start = time.perf_counter()
    try:
        detail, ok = step(), True
    except SonichuError as error:
        detail, ok = str(error), False
    except Exception as error:  # noqa: BLE001 - an installer needs to hear of any failure at all
        traceback.print_exc(file=sys.stderr)
        detail, ok = f"{type(error).__name__}: {error}", False
    return {
        "name": step.__name__,
        "ok": ok,
        "seconds": round(time.perf_counter() - start, 3),
        "detail": detail,
    }


@dataclass
class _Walk:
    """The steps in order; each needs what those before it left here."""

    folder: Path
    model: str | None
    device: str
    task: Task = field(default_factory=lambda: load_tasks()["HC"])
    phantom: Phantom = field(init=False)
    source: FrameSource = field(init=False)
    frame: Frame = field(init=False)
    prediction: Prediction = field(init=False)

    def open(self) -> str:
        """Draws a head, writes it as a file and reads it back."""
        from sonichu_gui.imaging.raster import write_png
        from sonichu_gui.imaging.sources import open_source
        from sonichu_gui.training.phantoms.phantom import draw_phantom

        self.phantom = draw_phantom(self.task.id, seed=SEED)
        path = self.folder / "head.png"
        write_png(self.phantom.pixels, path)
        self.source = open_source(path)
        try:
            self.frame = self.source.frame(0)
        finally:
            # An open file would keep some systems from taking the folder away.
            self.source.close()
        _expect((self.frame.pixels == self.phantom.pixels).all(), "the picture came back changed")
        return f"{self.source.format}, {self.frame.width} × {self.frame.height} px"

    def predict(self) -> str:
        """Loads the model and asks it for the head's points."""
        info = self._info()
        predictor = LocalPredictor(info.folder, device=self.device)
        predictor.load()
        self.prediction = predictor.predict(self.frame, self.task, tta=True)
        inside = all(
            -0.5 <= point.x <= self.frame.width - 0.5 and -0.5 <= point.y <= self.frame.height - 0.5
            for point in self.prediction.keypoints
        )
        _expect(inside, "a predicted point lies outside the frame")
        milliseconds = f"{self.prediction.seconds * 1000:.0f} ms on {self.prediction.device}"
        return f"{info.name} {self.prediction.model.hash[:12]}, {milliseconds}"

    def measure(self) -> str:
        """Measures the predicted points at the phantom's own scale."""
        measured = measure(self.task, self._annotation(), self._calibration())
        broken = [m.name for m in measured if m.value is None or m.uncertainty is None]
        _expect(not broken, f"no number for {', '.join(broken)}")
        true = measure(self.task, self._drawn(), self._calibration())
        main, drawn = _primary(measured), _primary(true)
        _expect(
            abs(main - drawn) <= TOLERANCE * drawn,
            f"the model measures {main:.1f} mm where {drawn:.1f} mm were drawn",
        )
        return ", ".join(
            f"{m.name} {m.sourced_text} (drawn {t.number})"
            for m, t in zip(measured, true, strict=True)
        )

    def store(self) -> str:
        """Commits the points, closes the label store and finds them again."""
        from sonichu_gui.labels.store import LabelStore

        accepted = self._annotation().with_status(Status.ACCEPTED)
        store = LabelStore.open_for(self.folder)
        try:
            store.remember_file(
                digest=self.source.digest,
                path=self.source.path,
                width=self.source.width,
                height=self.source.height,
                frame_count=self.source.frame_count,
                format=self.source.format,
            )
            store.append(self.frame.ref, accepted, rater=RATER)
        finally:
            store.close()
        again = LabelStore.open_for(self.folder)
        try:
            found = again.current(self.frame.ref, self.task.id)
        finally:
            again.close()
        _expect(
            found is not None and found.annotation.keypoints == accepted.keypoints,
            "the stored points came back changed",
        )
        return f"{len(accepted.keypoints)} points in {again.path.name}"

    def export(self) -> str:
        """Writes the stored label as CSV and reads the points in it."""
        from sonichu_gui.export.registry import write
        from sonichu_gui.labels import whereabouts
        from sonichu_gui.labels.store import LabelStore

        out = self.folder / "labels.csv"
        store = LabelStore.open_for(self.folder)
        try:
            report = write("csv", store, out, tasks=load_tasks())
        finally:
            store.close()
            whereabouts.forget(store.path.absolute())  # it goes with the temporary folder
        _expect(report.count == 1, f"{report.count} labels written instead of 1")
        with out.open(encoding="utf-8-sig", newline="") as stream:
            row = next(csv.DictReader(stream))
        written = [json.loads(row[f"{spec.id}_xy"]) for spec in self.task.keypoints]
        far = max(
            math.dist(xy, point.xy)
            for xy, point in zip(written, self.prediction.keypoints, strict=True)
        )
        _expect(far < 0.01, f"an exported point is {far:.2f} px from where it was placed")
        return f"1 label in {out.name}"

    def _info(self) -> ModelInfo:
        info = find_model(self.model) if self.model else default_model()
        info.require_head(self.task)
        return info

    def _annotation(self) -> Annotation:
        return proposed_annotation(self.task, self.prediction.keypoints, self.prediction.model)

    def _drawn(self) -> Annotation:
        points = self.phantom.keypoints.tolist()
        return Annotation(self.task.id, tuple(Keypoint(x, y) for x, y in points))

    def _calibration(self) -> Calibration:
        size = self.phantom.mm_per_px
        return Calibration(
            override=given_scale(
                dx_mm=size, dy_mm=size, source=ScaleSource.GIVEN, reason="as it was drawn"
            )
        )


def _primary(measurements: Sequence[Measurement]) -> float:
    return next((m.value for m in measurements if m.primary and m.value is not None), math.nan)


def _expect(right: bool, otherwise: str) -> None:  # noqa: FBT001 - reads like the assert it stands for
    if not right:
        raise SonichuError(
            f"{otherwise}.", "Install Sonichu again; if that changes nothing, report it."
        )
