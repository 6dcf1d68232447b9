"""How fast a cine plays: the usual choices, and a slider for anything between."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSlider, QWidget, QWidgetAction

from sonichu_gui.gui.panels.card import text_label

CHOICES = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
_FINE = (*(step / 20 for step in range(2, 20)), *(step / 10 for step in range(10, 41)))
"""Every speed of the slider, from 0.1 to 4: round figures, finer where it is slow."""


def speed_text(speed: float) -> str:
    """Gives a speed as the bar says it: "0.5×"."""
    return f"{speed:.2g}×"


class SpeedMenu(QMenu):
    """Choices of the speed, 1.0 the file's own."""

    chosen = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = QActionGroup(self)
        for speed in CHOICES:
            row = self.addAction(speed_text(speed))
            row.setData(speed)
            row.setCheckable(True)
            self._rows.addAction(row)
        # None is ticked while the slider is between two choices.
        self._rows.setExclusionPolicy(QActionGroup.ExclusionPolicy.ExclusiveOptional)
        self.fine = QSlider(Qt.Orientation.Horizontal)
        self.fine.setRange(0, len(_FINE) - 1)
        self.fine.setPageStep(5)
        self.fine.setMinimumWidth(120)
        self.fine.setAccessibleName(self.tr("Speed, fine"))
        self.addSeparator()
        self._add_fine()
        self.show_speed(1.0)
        self._rows.triggered.connect(self._choose)
        self.fine.valueChanged.connect(self._choose_fine)

    def show_speed(self, speed: float) -> None:
        """Ticks the choice, or puts the slider where the speed is."""
        for row in self._rows.actions():
            row.setChecked(abs(row.data() - speed) < 1e-6)
        nearest = min(range(len(_FINE)), key=lambda place: abs(_FINE[place] - speed))
        self.fine.blockSignals(True)
        self.fine.setValue(nearest)
        self.fine.blockSignals(False)

    def _add_fine(self) -> None:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(14, 4, 14, 6)
        layout.setSpacing(10)
        layout.addWidget(text_label(self.tr("Fine"), role="text_soft"))
        layout.addWidget(self.fine)
        row.setFocusProxy(self.fine)
        action = QWidgetAction(self)
        action.setDefaultWidget(row)
        self.addAction(action)

    def _choose(self, row: QAction) -> None:
        self.chosen.emit(float(row.data()))

    def _choose_fine(self, value: int) -> None:
        self.chosen.emit(_FINE[value])
