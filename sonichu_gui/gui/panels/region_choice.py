"""Asks which of the regions that hold the points is meant, where they differ in scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from sonichu_gui.gui.panels.controls import PanelButton, put_in_tab_order
from sonichu_gui.gui.panels.words import scale_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.domain.calibration import Region


class RegionChoice(QWidget):
    """A button a region; away while none conflict.

    Args:
        after: What Tab leaves for the first of them.
    """

    chosen = Signal(int)  # index of the region

    def __init__(self, after: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._after = after
        self.buttons: dict[int, PanelButton] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 4, 0, 2)
        self._column.setSpacing(6)
        self._shown: tuple[Region, ...] = ()
        self.hide()

    def ask(self, regions: Sequence[Region], chosen: int | None) -> None:
        """Shows the regions to choose from; without any it goes away."""
        regions = tuple(sorted(regions, key=lambda region: region.index))
        if regions != self._shown:
            self._shown = regions
            self._make_buttons()
        for index, button in self.buttons.items():
            button.setChecked(index == chosen)
        self.setVisible(bool(regions))

    def _make_buttons(self) -> None:
        for button in self.buttons.values():
            self._column.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.buttons = {}
        for region in self._shown:
            words = self.tr("Region {} · {}").format(region.index + 1, scale_text(region.scale()))
            button = PanelButton("toggle", text=words)
            button.setToolTip(self.tr("Region {} shows {}").format(region.index + 1, region.kind))
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setCheckable(True)
            button.clicked.connect(self._choose)
            button.setProperty("region", region.index)
            self.buttons[region.index] = button
            self._column.addWidget(button)
        put_in_tab_order(self._after, *self.buttons.values())

    def _choose(self) -> None:
        button = self.sender()
        if isinstance(button, PanelButton):
            self.chosen.emit(int(button.property("region")))
