"""The device button: where the model runs and by what, and the choice of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from sonichu_gui.gui.panels.controls import PanelButton

if TYPE_CHECKING:
    from collections.abc import Sequence

ENGINE_NAMES = {"torch": "PyTorch", "openvino": "OpenVINO"}


class DeviceButton(PanelButton):
    """Says the device and lets a person choose another, or another engine."""

    device_chosen = Signal(str)
    engine_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("plain", icon="dot", role="green", parent=parent)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(16, 16))
        self.device_menu = QMenu(self.tr("Device"), self)
        self._devices = QActionGroup(self)
        self._engines = QActionGroup(self)
        self._line_between = QAction(self)
        self._line_between.setSeparator(True)
        self._current = {self._devices: "auto", self._engines: "auto"}
        self._devices.triggered.connect(self._choose_device)
        self._engines.triggered.connect(self._choose_engine)
        self.setMenu(self.device_menu)
        self.setToolTip(self.tr("Where the model runs, and by what"))
        self.set_devices(["auto", "cpu"], "auto")

    def set_devices(self, devices: Sequence[str], current: str) -> None:
        """Lists the devices there are; `current` is the choice in force."""
        names = {device: device.upper() for device in devices}
        names |= {"auto": self.tr("Automatic device")}
        self._list(self._devices, names, current)
        self.setText(self.tr("Auto") if current == "auto" else current.upper())
        self.setAccessibleName(self.tr("Device: {}").format(self.text()))

    def set_engines(self, engines: Sequence[str], current: str) -> None:
        """Lists what can run the model; a single engine is no choice and is not shown."""
        is_choice = len(engines) > 2 or current != "auto"  # "auto" and the only one are the same
        known = ENGINE_NAMES | {"auto": self.tr("Automatic engine")}
        names = {engine: known.get(engine, engine) for engine in engines if is_choice}
        self._list(self._engines, names, current)

    def _list(self, group: QActionGroup, names: dict[str, str], current: str) -> None:
        for row in group.actions():
            group.removeAction(row)
            row.deleteLater()
        for choice, name in names.items():
            row = QAction(name, group)
            row.setData(choice)
            row.setCheckable(True)
            row.setChecked(choice == current)
        self._current[group] = current
        # Not clear(): with the menu's, Python would give up the other group's actions too.
        for action in self.device_menu.actions():
            self.device_menu.removeAction(action)
        self.device_menu.addActions(self._devices.actions())
        if self._engines.actions():
            self.device_menu.addAction(self._line_between)
            self.device_menu.addActions(self._engines.actions())

    def _choose_device(self, row: QAction) -> None:
        self._choose(self._devices, row, self.device_chosen)

    def _choose_engine(self, row: QAction) -> None:
        self._choose(self._engines, row, self.engine_chosen)

    def _choose(self, group: QActionGroup, row: QAction, chosen: SignalInstance) -> None:
        """Tells of a wish; what is checked changes when it is in force."""
        for other in group.actions():
            other.setChecked(other.data() == self._current[group])
        if row.data() != self._current[group]:
            chosen.emit(str(row.data()))
