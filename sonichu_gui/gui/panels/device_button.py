"""The device button: where the model runs, and the choice of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from sonichu_gui.gui.panels.controls import PanelButton

if TYPE_CHECKING:
    from collections.abc import Sequence


class DeviceButton(PanelButton):
    """Says the device and lets a person choose another."""

    device_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("plain", icon="dot", role="green", parent=parent)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(16, 16))
        self.device_menu = QMenu(self.tr("Device"), self)
        self._choices = QActionGroup(self)
        self._current = ""
        self._choices.triggered.connect(self._choose)
        self.setMenu(self.device_menu)
        self.setToolTip(self.tr("Where the model runs"))
        self.set_devices(["auto", "cpu"], "auto")

    def set_devices(self, devices: Sequence[str], current: str) -> None:
        """Lists the devices there are; `current` is the choice in force."""
        for row in self._choices.actions():
            self._choices.removeAction(row)
        self.device_menu.clear()
        for device in devices:
            row = self.device_menu.addAction(self._long_name(device))
            row.setData(device)
            row.setCheckable(True)
            row.setChecked(device == current)
            self._choices.addAction(row)
        self._current = current
        self.setText(self._name(current))
        self.setAccessibleName(self.tr("Device: {}").format(self._name(current)))

    def _choose(self, row: QAction) -> None:
        for other in self._choices.actions():
            other.setChecked(other.data() == self._current)
        if row.data() != self._current:
            self.device_chosen.emit(str(row.data()))

    def _name(self, device: str) -> str:
        return self.tr("Auto") if device == "auto" else device.upper()

    def _long_name(self, device: str) -> str:
        return self.tr("Automatic") if device == "auto" else device.upper()
