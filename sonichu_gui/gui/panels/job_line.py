"""The running job in the status bar: what, how far, how long, and a way to stop it.

Jobs shorter than half a second never show. The clock ticks only while a job is shown.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from sonichu_gui.gui.panels.card import TextLine
from sonichu_gui.gui.panels.controls import PanelButton
from sonichu_gui.gui.plain_tip import plain_tip

if TYPE_CHECKING:
    from sonichu_gui.gui.jobs import Job

SHOW_AFTER_S = 0.5
TICK_MS = 500
LEAST_WORDS = 64
WORDS = 168
"""Room for what runs and how far it is: "Predicting 120 of 1000 frames"."""


def time_text(*, elapsed_s: float, progress: float) -> str:
    """How long a job has run, or how long it still needs once that can be told.

    Args:
        elapsed_s: Seconds since it began.
        progress: 0 to 1, or negative while unknown.
    """
    if progress >= 0.05 and elapsed_s >= 2.0:
        return f"{_duration(max(1.0, elapsed_s * (1 - progress) / progress))} left"
    return _duration(elapsed_s)


def _duration(seconds: float) -> str:
    """As a person says it: "40 s", "7 min", "2.1 h"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"


class JobLine(QWidget):
    """Shows the job that has run longest."""

    cancel_wanted = Signal(str)  # the job's key
    shown_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs: tuple[Job, ...] = ()
        self._shown: Job | None = None
        self._clock = QTimer(self, singleShot=True)
        self._clock.timeout.connect(self._refresh)
        self._what = TextLine(role="text", words=True)
        self._what.setMinimumWidth(LEAST_WORDS)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedSize(72, 4)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._time = TextLine(role="text_soft", widest="00 min left", firm=True)
        self.cancel_button = PanelButton("quiet", icon="close", text=self.tr("Stop"))
        self.cancel_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.cancel_button.setIconSize(QSize(14, 14))
        self.cancel_button.setFixedSize(22, 22)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._what)
        layout.addWidget(self._bar)
        layout.addWidget(self._time)
        layout.addWidget(self.cancel_button)
        self.cancel_button.clicked.connect(self._cancel)
        self.hide()

    @property
    def text(self) -> str:
        """What is running, as shown."""
        return self._what.text if self._shown is not None else ""

    @property
    def is_ticking(self) -> bool:
        """Whether the clock runs."""
        return self._clock.isActive()

    def set_jobs(self, jobs: tuple[Job, ...]) -> None:
        """Takes the jobs under way; silent ones (without text) are left out."""
        self._jobs = tuple(sorted((job for job in jobs if job.text), key=lambda job: job.started))
        self._refresh()

    def _refresh(self) -> None:
        now = time.monotonic()
        old_enough = [job for job in self._jobs if now - job.started >= SHOW_AFTER_S]
        self._shown = old_enough[0] if old_enough else None
        if self._shown is not None:
            self._show_job(self._shown, others=len(old_enough) - 1, now=now)
            self._clock.start(TICK_MS)
        elif self._jobs:
            wait_s = SHOW_AFTER_S - (now - self._jobs[0].started)
            self._clock.start(max(1, round(wait_s * 1000) + 5))
        else:
            self._clock.stop()
        if self.isHidden() is (self._shown is not None):
            self.setVisible(self._shown is not None)
            self.shown_changed.emit()

    def _show_job(self, job: Job, *, others: int, now: float) -> None:
        more = self.tr(" and {} more").format(others) if others else ""
        self._what.set_text(job.text + more)
        self._what.setToolTip(plain_tip(job.text))  # a narrow window cuts it
        if job.progress < 0:
            self._bar.setRange(0, 0)
        else:
            self._bar.setRange(0, 1000)
            self._bar.setValue(round(job.progress * 1000))
        self._time.set_text(time_text(elapsed_s=now - job.started, progress=job.progress))
        self.cancel_button.setToolTip(self.tr("Stop: {}").format(job.text))

    def _cancel(self) -> None:
        if self._shown is not None:
            self.cancel_wanted.emit(self._shown.key)
