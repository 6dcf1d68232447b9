"""The inline form that turns a drawn line into a scale: how long is it in truth?"""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from sonichu_gui.domain.calibration import Point, manual_scale
from sonichu_gui.gui import theme
from sonichu_gui.gui.panels.card import TextLine, set_look, text_label
from sonichu_gui.gui.panels.controls import PanelButton
from sonichu_gui.gui.panels.words import scale_text

MM_PER_UNIT = {"mm": 1.0, "cm": 10.0}


def parse_length(text: str) -> float | None:
    """Reads a length; a decimal comma is as good as a point.

    Returns:
        A positive, finite number, or None where the text is none.
    """
    try:
        length = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return length if math.isfinite(length) and length > 0 else None


class ScaleForm(QWidget):
    """Asks for the true length of a line; hidden while there is no line."""

    length_entered = Signal(float)  # millimetres
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._line: tuple[Point, Point] | None = None
        self._pixel_aspect = 1.0
        self._head = text_label(weight=600)
        self.field = QLineEdit()
        self.units = {unit: PanelButton("toggle", text=unit) for unit in MM_PER_UNIT}
        self.set_button = PanelButton("accent", text=self.tr("Set scale"))
        self.cancel_button = PanelButton("plain", text=self.tr("Cancel"))
        self._said = TextLine(role="text_soft")
        self._arrange()
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._look)
        self._unit_group.idToggled.connect(self._look)
        self.set_button.clicked.connect(self._enter)
        self.cancel_button.clicked.connect(self.cancelled)
        self.hide()

    @property
    def said(self) -> str:
        """The line under the field: the scale to be, or what is wrong."""
        return self._said.text

    def show_line(self, line: tuple[Point, Point] | None, *, pixel_aspect: float) -> None:
        """Asks about a line in image pixels, or goes away with None."""
        begins = self._line is None and line is not None
        self._line = line
        self._pixel_aspect = pixel_aspect
        if line is None:
            # The focus must not fall on some button beside it.
            self.field.clearFocus()
            self.hide()
            self.field.clear()
            return
        length = math.hypot(line[1][0] - line[0][0], line[1][1] - line[0][1])
        self._head.setText(self.tr("Line of {:.1f} px").format(length))
        self._look()
        if begins:
            self.show()
            self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter sets, Esc cancels; the window's own use of these keys does not get in between."""
        if isinstance(event, QKeyEvent) and watched is self.field:
            keys = {
                Qt.Key.Key_Return: self._enter,
                Qt.Key.Key_Enter: self._enter,
                Qt.Key.Key_Escape: self.cancelled.emit,
            }
            act = keys.get(Qt.Key(event.key()))
            if act is not None and event.type() is QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if act is not None and event.type() is QEvent.Type.KeyPress:
                act()
                return True
        return super().eventFilter(watched, event)

    def _arrange(self) -> None:
        self.field.setPlaceholderText(self.tr("True length"))
        self.field.setAccessibleName(self.tr("True length of the line"))
        self.field.setFont(theme.font(13))
        self.field.setFixedHeight(32)
        self.field.setMinimumWidth(60)
        self._unit_group = QButtonGroup(self)
        entry = QHBoxLayout()
        entry.setSpacing(4)
        entry.addWidget(self.field, 1)
        for unit, button in self.units.items():
            button.setCheckable(True)
            button.setChecked(unit == "mm")
            button.setToolTip(self.tr("The length is in {}").format(unit))
            self._unit_group.addButton(button)
            entry.addWidget(button)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.set_button)
        buttons.addWidget(self.cancel_button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 2)
        layout.setSpacing(8)
        layout.addWidget(self._head)
        layout.addLayout(entry)
        layout.addWidget(self._said)
        layout.addLayout(buttons)

    def _length_mm(self) -> float | None:
        length = parse_length(self.field.text())
        unit = next(unit for unit, button in self.units.items() if button.isChecked())
        return None if length is None else length * MM_PER_UNIT[unit]

    def _look(self) -> None:
        """Says which scale the entry would give, before it is set."""
        set_look(self.field, "state", "")
        length_mm = self._length_mm()
        if self._line is None or length_mm is None:
            self._said.set_text("", "text_soft")
            return
        try:
            scale = manual_scale(
                start=self._line[0],
                end=self._line[1],
                length_mm=length_mm,
                author="",
                pixel_aspect=self._pixel_aspect,
            )
        except ValueError:
            self._said.set_text(self.tr("The line is too short: draw a longer one"), "amber")
            return
        self._said.set_text(self.tr("gives {}").format(scale_text(scale)), "text_soft")

    def _enter(self) -> None:
        length_mm = self._length_mm()
        if length_mm is None:
            set_look(self.field, "state", "wrong")
            self._said.set_text(self.tr("A length is a number above 0, such as 20"), "red")
            self.field.setFocus(Qt.FocusReason.OtherFocusReason)
            self.field.selectAll()
            return
        self.length_entered.emit(length_mm)
