"""The foot of a dialog: the long work under way, how far it is, a way to stop it; and Close."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QWidget

from sonichu_gui.gui.dialogs.texts import plain

if TYPE_CHECKING:
    from sonichu_gui.gui.jobs import Job


class WorkFoot(QFrame):
    """Shows one job; empty but for Close while there is none."""

    stop_wanted = Signal()
    close_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("work_foot")
        self.text = plain("")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(140, 4)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.stop = QPushButton(self.tr("Stop"))
        self.close_button = QPushButton(self.tr("Close"))
        self._work = QWidget()
        work = QHBoxLayout(self._work)
        work.setContentsMargins(0, 0, 0, 0)
        work.setSpacing(12)
        work.addWidget(self.text, 1)
        work.addWidget(self.bar)
        work.addWidget(self.stop)
        row = QHBoxLayout(self)
        row.setContentsMargins(18, 10, 18, 10)
        row.setSpacing(12)
        row.addWidget(self._work, 1)
        row.addStretch(0)
        row.addWidget(self.close_button)
        self.stop.clicked.connect(self.stop_wanted)
        self.close_button.clicked.connect(self.close_wanted)
        self._work.hide()

    def show_job(self, job: Job | None) -> None:
        """Shows how far the work is, or that there is none."""
        self._work.setVisible(job is not None)
        if job is None:
            return
        self.text.setText(job.text)
        self.bar.setRange(0, 0 if job.progress < 0 else 1000)
        self.bar.setValue(round(max(0.0, job.progress) * 1000))
