"""How long the window keeps a person waiting while the model works: measured, not supposed.

A real window shows a phantom frame, a point is dragged without pause, and the model predicts back
to back. What is measured is the time from one turn of the event loop to the next: the longest that
a moved mouse waits before the point moves with it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QEventLoop, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from sonichu_gui.demo import make_demo_study
from sonichu_gui.domain.frame import Frame, FrameRef
from sonichu_gui.errors import SonichuError
from sonichu_gui.gui import theme
from sonichu_gui.gui.jobs import IsCancelled, Lane, Report
from sonichu_gui.gui.workbench import Workbench
from sonichu_gui.imaging.folder_scan import scan_folder
from sonichu_gui.imaging.sources import open_source
from sonichu_gui.settings.store import Settings
from sonichu_gui.tasks import load_tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sonichu_gui.domain.calibration import Point

MOUSE_MS = 8
"""A mouse that tells 125 times a second where it is."""
PATIENCE_S = 300.0
POINTS = ((0.3, 0.3), (0.7, 0.7), (0.7, 0.3), (0.3, 0.7))
"""Where the points of a head are put, as shares of the frame."""


@dataclass(slots=True)
class Hand:
    """Drags a point to and fro, one mouse event each tick, and notes how late the ticks are."""

    bench: Workbench
    start: Point
    gaps_ms: list[float] = field(default_factory=list)
    _last: float = 0.0
    _step: int = 0

    def press(self) -> None:
        """Takes the point in hand."""
        self._send(QEvent.Type.MouseButtonPress, self.start)
        self._last = time.perf_counter()

    def tick(self) -> None:
        """Moves on, and notes the time since the last move."""
        now = time.perf_counter()
        self.gaps_ms.append((now - self._last) * 1000)
        self._last = now
        self._step += 1
        x = self.start[0] + 5 + abs(self._step % 80 - 40)
        self._send(QEvent.Type.MouseMove, (x, self.start[1] + 5 + self._step % 37))

    def release(self) -> None:
        """Lets the point go."""
        self._send(QEvent.Type.MouseButtonRelease, self.start)

    def _send(self, kind: QEvent.Type, at: Point) -> None:
        canvas, place, none = self.bench.canvas, QPointF(*at), Qt.MouseButton.NoButton
        left, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        button = none if kind == QEvent.Type.MouseMove else left
        held = none if kind == QEvent.Type.MouseButtonRelease else left
        everywhere = QPointF(canvas.mapToGlobal(place))
        QApplication.sendEvent(canvas, QMouseEvent(kind, place, everywhere, button, held, keys))


def measure_gaps(folder: Path, *, seconds: float) -> Sequence[float]:
    """Gives the gaps of the window's event loop, in ms, with a drag in progress.

    Args:
        folder: The model that is kept busy.
        seconds: How long to measure, once the model is loaded and has predicted.

    Returns:
        One gap a mouse event; a quiet window has them at `MOUSE_MS`.

    Raises:
        SonichuError: The model cannot be loaded or run.
    """
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)  # noqa: S101 - a core application cannot show a window
    theme.apply(app, theme.DARK)
    with tempfile.TemporaryDirectory(prefix="sonichu-gaps-") as place:
        study = make_demo_study(Path(place) / "demo")
        bench = Workbench(Settings(Path(place) / "settings.toml", read_only=True))
        try:
            return _measured(bench, study, folder, seconds)
        finally:
            bench.window.close()
            bench.deleteLater()


def _measured(bench: Workbench, study: Path, folder: Path, seconds: float) -> Sequence[float]:
    bench.ahead.set_on(False)
    bench.begin([study])
    _wait(lambda: bench.document.frame is not None and not bench.document.study.scanning)
    start = _place_points(bench)
    failures: list[BaseException] = []
    job = bench.jobs.submit(
        Lane.MODEL,
        partial(_keep_busy, folder, study),
        key="busy",
        done=lambda _: None,
        failed=failures.append,
    )
    _wait(lambda: job.progress == 1.0 or bool(failures))
    hand = Hand(bench, start)
    hand.press()
    timer = QTimer(bench)
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(hand.tick)
    timer.start(MOUSE_MS)
    due = time.monotonic() + seconds
    _wait(lambda: time.monotonic() >= due or bool(failures))
    timer.stop()
    hand.release()
    if failures:
        raise failures[0]
    return hand.gaps_ms


def _place_points(bench: Workbench) -> Point:
    """Places the points of a head by hand, and gives where the first is in the window."""
    document = bench.document
    document.set_task(bench.tasks["HC"])
    frame, annotation = document.frame, document.annotation
    assert frame is not None  # noqa: S101 - for the type: it was waited for
    for index, (x, y) in enumerate(POINTS):
        annotation = annotation.with_point(index, (x * frame.width, y * frame.height))
    document.commit(annotation, "Place")
    return bench.canvas.view.to_widget((POINTS[0][0] * frame.width, POINTS[0][1] * frame.height))


def _keep_busy(folder: Path, study: Path, is_cancelled: IsCancelled, report: Report) -> None:
    """Predicts different frames, so that nothing is left from the last; says when it has begun."""
    from sonichu_gui.prediction.local import LocalPredictor

    predictor = LocalPredictor(folder)
    task = next(task for task in load_tasks().values() if predictor.info.has_trained_head(task.id))
    pixels = open_source(next(scan_folder(study))).frame(0).pixels
    turn = 0
    while not is_cancelled():
        frame = Frame(FrameRef("0" * 64, turn), pixels)
        predictor.predict(frame, task, tta=True, is_cancelled=is_cancelled)
        turn += 1
        report(1.0, "")


def _wait(until: Callable[[], bool]) -> None:
    """Lets the window live until something has happened."""
    loop, clock, due = QEventLoop(), QTimer(), time.monotonic() + PATIENCE_S
    clock.timeout.connect(lambda: loop.quit() if until() or time.monotonic() > due else None)
    clock.start(20)
    loop.exec()
    clock.stop()
    if not until():
        raise SonichuError(f"The window was waited for {PATIENCE_S:.0f} s in vain.")


def main() -> int:
    """Measures in a process of its own: `python -m … FOLDER SECONDS` prints the gaps as JSON."""
    if sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    try:
        gaps = measure_gaps(Path(sys.argv[1]), seconds=float(sys.argv[2]))
    except SonichuError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{json.dumps([round(gap, 3) for gap in gaps])}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
