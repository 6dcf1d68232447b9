"""Offers the ruler that was found in the picture: how far are its ticks apart, and take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from sonichu_gui.gui.panels.card import TextLine, text_label
from sonichu_gui.gui.panels.controls import PanelButton, put_in_tab_order
from sonichu_gui.gui.panels.words import scale_text

if TYPE_CHECKING:
    from sonichu_gui.gui.document import Document

_CHIP_HEIGHT = 28


class RulerOffer(QWidget):
    """The offered ruler, the distances its ticks may have, and one click to take its scale.

    Args:
        document: Whose ruler.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scaling = document.scaling
        self._head = text_label(weight=600)
        self._said = TextLine(role="text_soft")
        self.distances: dict[float, PanelButton] = {}
        self.take_button = PanelButton("accent", text=self.tr("Use ruler"))
        self.away_button = PanelButton("plain", text=self.tr("Not now"))
        self.next_button = PanelButton("link", text=self.tr("Next ruler"))
        self._arrange()
        self.take_button.clicked.connect(self._scaling.take_ruler)
        self.away_button.clicked.connect(self._scaling.put_ruler_away)
        self.next_button.clicked.connect(self._scaling.next_ruler)
        self._scaling.changed.connect(self._show)
        self._show()

    @property
    def text(self) -> str:
        """What it says, in one line."""
        return f"{self._head.text()}. {self._said.text}"

    def _arrange(self) -> None:
        self._chips = QHBoxLayout()
        self._chips.setSpacing(4)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.take_button)
        buttons.addWidget(self.away_button)
        buttons.addStretch(1)
        buttons.addWidget(self.next_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 2)
        layout.setSpacing(8)
        layout.addWidget(self._head)
        layout.addLayout(self._chips)
        layout.addWidget(self._said)
        layout.addLayout(buttons)

    def _show(self) -> None:
        ruler = self._scaling.offer
        self.setVisible(ruler is not None)
        if ruler is None:
            return
        self._head.setText(self.tr("Ruler found: ticks every {:.1f} px").format(ruler.period_px))
        self._show_distances()
        scale = self._scaling.scale_of_offer
        distance_mm = self._scaling.distance_mm
        if scale is None:
            words = self.tr("{:g} mm apart? No pixel has such a size")
            self._said.set_text(words.format(distance_mm), "amber")
        else:
            words = self.tr("{:g} mm apart? gives {}")
            self._said.set_text(words.format(distance_mm, scale_text(scale)), "text_soft")
        self.take_button.setEnabled(scale is not None)
        number, count = self._scaling.place_of_offer
        self.next_button.setVisible(count > 1)
        self.setAccessibleName(self.text)
        self.next_button.setToolTip(self.tr("Ruler {} of {}").format(number, count))

    def _show_distances(self) -> None:
        wanted = self._scaling.distances
        if tuple(self.distances) != wanted:
            for button in self.distances.values():
                self._chips.removeWidget(button)
                button.hide()
                button.deleteLater()
            self.distances = {}
            for millimetres in wanted:
                button = PanelButton("chip", text=f"{millimetres:g}")
                button.setCheckable(True)
                button.setProperty("millimetres", millimetres)
                button.setFixedHeight(_CHIP_HEIGHT)
                button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
                button.setAccessibleName(self.tr("{:g} mm apart").format(millimetres))
                button.setToolTip(
                    self.tr("Two neighbouring ticks are {:g} mm apart").format(millimetres)
                )
                button.clicked.connect(self._choose)
                self.distances[millimetres] = button
                self._chips.addWidget(button)
            after = self.take_button, self.away_button, self.next_button
            put_in_tab_order(*self.distances.values(), *after)
        for millimetres, button in self.distances.items():
            button.setChecked(millimetres == self._scaling.distance_mm)

    def _choose(self) -> None:
        button = self.sender()
        if isinstance(button, PanelButton):
            self._scaling.choose_distance(float(button.property("millimetres")))
            button.setChecked(True)
