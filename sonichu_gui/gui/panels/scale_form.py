"""The inline form that turns a drawn line into a scale: how long, or how deep, is it in truth?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from sonichu_gui.domain.calibration import depth_scale, manual_scale
from sonichu_gui.gui import theme
from sonichu_gui.gui.panels.card import TextLine, set_look, text_label
from sonichu_gui.gui.panels.controls import PanelButton
from sonichu_gui.gui.panels.words import scale_text
from sonichu_gui.gui.scaling import LineMeaning

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Point, Scale

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
    """Asks for the true length of a line, or for the depth it shows; hidden while there is none."""

    length_entered = Signal(float)  # millimetres
    folder_wanted = Signal(bool)  # whether the scale is for the whole folder
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._line: tuple[Point, Point] | None = None
        self._pixel_aspect = 1.0
        self._meaning = LineMeaning.LENGTH
        self._head = text_label(weight=600)
        self._meant = text_label(role="text_soft", wrap=True)
        self.field = QLineEdit()
        self.units = {unit: PanelButton("toggle", text=unit) for unit in MM_PER_UNIT}
        self.file_button = PanelButton("toggle", text=self.tr("This file"))
        self.folder_button = PanelButton("toggle", text=self.tr("Whole folder"))
        self.set_button = PanelButton("accent", text=self.tr("Set scale"))
        self.cancel_button = PanelButton("plain", text=self.tr("Cancel"))
        self._said = TextLine(role="text_soft")
        self._arrange()
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._look)
        self._unit_group.idToggled.connect(self._look)
        self.folder_button.toggled.connect(self.folder_wanted)
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
            self.file_button.setChecked(True)
            return
        self._say_what_is_asked()
        self._look()
        if begins:
            self.show()
            self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def ask_for(self, meaning: LineMeaning, *, was_found: bool, frames: int) -> None:
        """Says what the line stands for and how much the scale is set for.

        Args:
            meaning: A length, or the depth of the picture.
            was_found: Whether the line was found in the picture instead of drawn.
            frames: Number of frames of the file.
        """
        self._meaning = meaning
        is_depth = meaning is LineMeaning.DEPTH
        self.field.setPlaceholderText(self.tr("Depth") if is_depth else self.tr("True length"))
        self.field.setAccessibleName(
            self.tr("Depth of the picture") if is_depth else self.tr("True length of the line")
        )
        meant = self.tr("From the middle of the probe's face straight down to the lowest point.")
        again = (
            self.tr(" Found in the picture; click both ends anew where it is not right.")
            if was_found
            else ""
        )
        self._meant.setText(meant + again if is_depth else "")
        self._meant.setVisible(is_depth)
        self.file_button.setText(
            self.tr("All {} frames").format(frames) if frames > 1 else self.tr("This file")
        )
        self._say_what_is_asked()
        self._look()

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
        self._scope_group = QButtonGroup(self)
        scope = QHBoxLayout()
        scope.setSpacing(4)
        for button in (self.file_button, self.folder_button):
            button.setCheckable(True)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            self._scope_group.addButton(button)
            scope.addWidget(button, 1)
        self.file_button.setChecked(True)
        self.file_button.setToolTip(self.tr("The scale holds for every frame of this file"))
        self.folder_button.setToolTip(
            self.tr("The scale holds for every file of the folder whose frames are as large")
        )
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.set_button)
        buttons.addWidget(self.cancel_button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 2)
        layout.setSpacing(8)
        layout.addWidget(self._head)
        layout.addWidget(self._meant)
        layout.addLayout(entry)
        layout.addWidget(self._said)
        layout.addLayout(scope)
        layout.addLayout(buttons)
        self.ask_for(LineMeaning.LENGTH, was_found=False, frames=1)

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
            scale = self._scale_of(self._line, length_mm)
        except ValueError:
            self._said.set_text(self.tr("The line is too short: draw a longer one"), "amber")
            return
        self._said.set_text(self.tr("gives {}").format(scale_text(scale)), "text_soft")

    def _scale_of(self, line: tuple[Point, Point], length_mm: float) -> Scale:
        start, end = line
        aspect = self._pixel_aspect
        if self._meaning is LineMeaning.DEPTH:
            return depth_scale(
                top=start, bottom=end, depth_mm=length_mm, author="", pixel_aspect=aspect
            )
        return manual_scale(
            start=start, end=end, length_mm=length_mm, author="", pixel_aspect=aspect
        )

    def _say_what_is_asked(self) -> None:
        if self._line is None:
            return
        (x0, y0), (x1, y1) = self._line
        if self._meaning is LineMeaning.DEPTH:
            self._head.setText(self.tr("Depth of {:.1f} px").format(abs(y1 - y0)))
        else:
            self._head.setText(self.tr("Line of {:.1f} px").format(math.hypot(x1 - x0, y1 - y0)))

    def _enter(self) -> None:
        length_mm = self._length_mm()
        if length_mm is None:
            set_look(self.field, "state", "wrong")
            self._said.set_text(self.tr("A length is a number above 0, such as 20"), "red")
            self.field.setFocus(Qt.FocusReason.OtherFocusReason)
            self.field.selectAll()
            return
        self.length_entered.emit(length_mm)
