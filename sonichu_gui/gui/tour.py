"""The tour: the same window with nobody at it.

It opens each demo frame, predicts or places the points with clicks, drags one, exports, and takes
screenshots on the way.

It acts through the window's own events and actions, so what it shows is what a person gets. It
works on a copy of the demo study that is gone afterwards.
"""

from __future__ import annotations

import csv
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from sonichu_gui.demo import make_demo_study
from sonichu_gui.errors import SonichuError
from sonichu_gui.gui.place import Tool

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Point
    from sonichu_gui.gui.workbench import Workbench

Condition = Callable[[], bool]
Steps = Iterator[Condition]

POLL_MS = 25
PATIENCE_S = 60.0
DRAG = (14.0, -9.0)

CINE_POINTS: list[Point] = [
    (170.0, 62.0), (175.0, 130.0), (157.5, 100.0), (199.0, 100.0),
    (133.0, 77.0), (128.0, 131.0), (115.0, 113.0), (143.0, 113.0),
    (175.0, 134.0), (177.0, 172.0), (161.0, 152.0), (193.0, 152.0),
    (127.0, 134.0), (134.0, 168.0), (108.0, 150.0), (147.0, 150.0),
]  # fmt: skip
"""Calipers of the chambers in the demo's real apical cine, set by eye on its first frame."""

CINE_RULER: tuple[Point, Point, float] = ((299.0, 69.5), (299.0, 167.5), 100.0)
"""Two large ticks of that cine's depth ruler and the millimetres between them."""


class Tour(QObject):
    """Walks through the demo study.

    Args:
        workbench: All parts of the window.
        folder: Where screenshots and exports go.
    """

    def __init__(self, workbench: Workbench, folder: Path) -> None:
        super().__init__(workbench)
        self.exit_code = 1
        self._bench = workbench
        self._folder = folder
        self._written: list[Path] = []
        self._steps: Steps = iter(())
        self._waiting_for: Condition | None = None
        self._waiting_since = 0.0
        self._study = tempfile.TemporaryDirectory(prefix="sonichu-tour-")
        self._timer = QTimer(self, interval=POLL_MS)
        self._timer.timeout.connect(self._advance)

    def begin(self) -> None:
        """Starts walking; the application quits at the end."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            sys.stderr.write(f"{self._folder} cannot be made: {error.strerror}\n")
            QTimer.singleShot(0, self, lambda: QApplication.exit(1))
            return
        self._bench.document.clear_frame()
        self._bench.window.showNormal()  # a small screen would have it maximised
        self._bench.window.resize(1440, 900)
        self._steps = self._walk()
        self._timer.start()

    # ---- the way ---------------------------------------------------------------------------

    def _walk(self) -> Steps:
        bench = self._bench
        yield self._after(0.2)
        self._shoot("00-empty")
        study = make_demo_study(Path(self._study.name) / "demo")
        truths = _read_points(study / "labels.csv")
        bench.opening.open_paths([study])
        yield lambda: bench.document.frame is not None and not bench.document.study.scanning
        yield self._after(0.4)
        for number, path in enumerate(bench.document.study.paths, start=1):
            task_id, points = truths.get(path.name, ("A4C", CINE_POINTS))
            yield from self._visit(number, path, task_id, points)
        yield from self._leave(study)

    def _visit(self, number: int, path: Path, task_id: str, points: list[Point]) -> Steps:
        """One frame: predict, place what the model cannot, drag a point."""
        bench = self._bench
        bench.study.show(path)
        yield lambda: bench.document.path == path and bench.document.frame is not None
        bench.document.set_task(bench.tasks[task_id])
        bench.actions["fit"].trigger()
        bench.actions["predict"].trigger()
        yield lambda: bench.document.annotation.is_complete or bench.document.tool is Tool.PLACE
        if bench.document.tool is Tool.PLACE:
            yield self._after(0.1)
            self._shoot(f"{path.stem}-no-head")
            for point in points:
                self._click(point)
                yield self._after(0.02)
        else:
            yield from self._doubt(path)
        yield self._after(0.1)
        yield from self._drag(number, path)
        if bench.document.source is not None and bench.document.source.frame_count > 1:
            yield from self._calibrate(path)
        bench.banner.hide()
        yield self._after(0.15)
        self._shoot(path.stem)
        self._say(path, task_id)

    def _doubt(self, path: Path) -> Steps:
        """Where the model looks: for all the points, then for the last one."""
        bench = self._bench
        bench.actions["heatmap"].trigger()
        yield lambda: bench.heatmap.shown is not None
        self._shoot(f"{path.stem}-heatmap")
        everywhere = bench.heatmap.shown
        bench.document.select(len(bench.document.task.keypoints) - 1)
        yield lambda: bench.heatmap.shown is not everywhere
        self._shoot(f"{path.stem}-heatmap-of-one")
        bench.actions["heatmap"].trigger()
        bench.document.select(None)

    def _drag(self, number: int, path: Path) -> Steps:
        """Drags the last point a little and back, then lets go: a stored edit."""
        canvas, document = self._bench.canvas, self._bench.document
        index = len(document.task.keypoints) - 1
        point = document.annotation.keypoints[index]
        if point is None:
            raise SonichuError(f"{path.name}: point {index + 1} was not placed.")
        x, y = canvas.view.to_widget(point.xy)
        self._mouse(QEvent.Type.MouseButtonPress, (x, y), Qt.MouseButton.LeftButton)
        for step in range(1, 9):
            share = step / 8
            self._mouse(QEvent.Type.MouseMove, (x + DRAG[0] * share, y + DRAG[1] * share))
            yield self._after(0.02)
        if number == 1:
            self._shoot("01-mid-drag")
        end = (x + 2.0, y - 1.0)
        self._mouse(QEvent.Type.MouseMove, end)
        self._mouse(QEvent.Type.MouseButtonRelease, end, Qt.MouseButton.LeftButton)
        yield self._after(0.02)

    def _calibrate(self, path: Path) -> Steps:
        """The file's own scale is refused: a line along the ruler gives one."""
        bench = self._bench
        self._shoot(f"{path.stem}-scale-refused")
        start, end, length_mm = CINE_RULER
        bench.actions["calibrate"].trigger()
        for point in (start, end):
            self._click(point)
            yield self._after(0.05)
        self._shoot(f"{path.stem}-scale-line")
        bench.calibrating.set_length(length_mm)
        yield self._after(0.05)

    def _leave(self, study: Path) -> Steps:
        """Exports, the annotated picture, the light look, a small window; then closes."""
        from sonichu_gui.domain.annotation import Status

        bench = self._bench
        everything = (Status.ACCEPTED, Status.EDITED, Status.PROPOSED)
        for kind, name in (
            ("csv", "labels.csv"),
            ("coco", "keypoints.json"),
            ("measurements", "measurements.csv"),
        ):
            out = self._folder / name
            out.unlink(missing_ok=True)
            bench.labels.export_labels(kind, out, task_id=None, statuses=everything)
            yield out.exists
            self._written.append(out)
        bench.study.show(bench.document.study.paths[0])
        yield lambda: bench.document.path == bench.document.study.paths[0]
        bench.document.set_task(bench.tasks["HC"])
        yield self._after(0.2)
        picture = self._folder / "annotated-frame.png"
        bench.labels.save_image(bench.picture(), picture)
        self._written.append(picture)
        bench.banner.hide()
        bench.actions["theme"].trigger()
        yield self._after(0.3)
        self._shoot("90-light")
        bench.actions["theme"].trigger()
        bench.window.resize(1000, 640)
        yield self._after(0.3)
        self._shoot("91-small-window")
        self.exit_code = 0

    # ---- acting ----------------------------------------------------------------------------

    def _advance(self) -> None:
        """Goes on when what was waited for has happened."""
        if self._waiting_for is not None:
            if not self._waiting_for():
                if time.monotonic() - self._waiting_since > PATIENCE_S:
                    self._stop(f"the tour waited {PATIENCE_S:.0f} s in vain")
                return
            self._waiting_for = None
        try:
            self._waiting_for = next(self._steps)
            self._waiting_since = time.monotonic()
        except StopIteration:
            self._stop("")
        except (SonichuError, OSError) as error:
            self._stop(str(error))

    def _stop(self, trouble: str) -> None:
        self._timer.stop()
        if trouble:
            self.exit_code = 1
            said = self._bench.banner.text
            sys.stderr.write(f"tour stopped: {trouble}\n{said}\n")
        for path in self._written:
            sys.stdout.write(f"{path}\n")
        self._bench.window.close()
        self._study.cleanup()
        QApplication.exit(self.exit_code)

    def _after(self, seconds: float) -> Condition:
        due = time.monotonic() + seconds
        return lambda: time.monotonic() >= due

    def _click(self, point: Point) -> None:
        at = self._bench.canvas.view.to_widget(point)
        self._mouse(QEvent.Type.MouseMove, at)
        self._mouse(QEvent.Type.MouseButtonPress, at, Qt.MouseButton.LeftButton)
        self._mouse(QEvent.Type.MouseButtonRelease, at, Qt.MouseButton.LeftButton)

    def _mouse(
        self, kind: QEvent.Type, at: Point, button: Qt.MouseButton = Qt.MouseButton.NoButton
    ) -> None:
        canvas = self._bench.canvas
        held = button if kind == QEvent.Type.MouseButtonPress else Qt.MouseButton.NoButton
        place = QPointF(*at)
        everywhere = QPointF(canvas.mapToGlobal(place))
        event = QMouseEvent(kind, place, everywhere, button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(canvas, event)

    def _shoot(self, name: str) -> None:
        out = self._folder / f"{name}.png"
        if not self._bench.window.grab().save(str(out)):
            raise SonichuError(f"{out} could not be written.", "Choose another folder.")
        self._written.append(out)

    def _say(self, path: Path, task_id: str) -> None:
        """One line a frame: what was measured, in which unit."""
        said = ", ".join(
            f"{m.name} {m.full_text}"
            for m in self._bench.document.measurements
            if m.value is not None
        )
        sys.stdout.write(f"{path.name}: {task_id}: {said}\n")


def _read_points(file: Path) -> dict[str, tuple[str, list[Point]]]:
    """Where the demo's drawn structures are: file name -> task and points."""
    found: dict[str, tuple[str, list[Point]]] = {}
    with file.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            points = []
            for number in range(1, int(row["num_classes"]) + 1):
                x, y = json.loads(row[f"point_{number}_xy"])
                points.append((float(x), float(y)))
            found[Path(row["image_path"]).name] = (row["task_id"], points)
    return found
