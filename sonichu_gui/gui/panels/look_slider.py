"""One value of the look: its name, a slider and what it is; a double click makes it neutral."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from sonichu_gui.gui.panels.card import TextLine
from sonichu_gui.imaging.look import NEUTRAL, RANGES

_STEPS = 100
_SLIDER_KEYS = (Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_NAME_WIDTH, _VALUE_WIDTH = 82, 46


@dataclass(frozen=True, slots=True)
class Course:
    """How a slider's places and a value follow each other.

    Attributes:
        name: Field of `imaging.look.Look`.
        by_ratio: Whether equal steps are equal ratios, the middle 1; else equal differences.
        words: Gives a value as it is read.
    """

    name: str
    by_ratio: bool
    words: Callable[[float], str]

    @property
    def lowest(self) -> int:
        """Leftmost place: the mirror of the rightmost, or nothing where the value starts at 0."""
        return -_STEPS if self.by_ratio or RANGES[self.name][0] < 0 else 0

    def value(self, place: int) -> float:
        """Gives the value at a place."""
        high = RANGES[self.name][1]
        share = place / _STEPS
        return round(high**share if self.by_ratio else high * share, 4)

    def place(self, value: float) -> int:
        """Gives the nearest place of a value."""
        high = RANGES[self.name][1]
        share = math.log(value) / math.log(high) if self.by_ratio else value / high
        return round(share * _STEPS)


class LookSlider(QWidget):
    """A slider of one value.

    Args:
        title: What the person reads.
        course: Which value, and how it is read.
    """

    value_changed = Signal(str, float)  # field of Look, value; by the person's hand alone

    def __init__(self, title: str, course: Course, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._course = course
        name = TextLine(role="text_soft", words=True, firm=True)
        name.setFixedWidth(_NAME_WIDTH)
        name.set_text(title)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(course.lowest, _STEPS)
        self.slider.setPageStep(10)
        self.slider.setAccessibleName(title)
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.slider.setToolTip(self.tr("Double click: as it was"))
        self.slider.setMinimumWidth(60)
        self._said = TextLine(align_right=True, firm=True)
        self._said.setFixedWidth(_VALUE_WIDTH)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(name)
        row.addWidget(self.slider, 1)
        row.addWidget(self._said)
        self.setFixedHeight(26)
        self.slider.installEventFilter(self)
        self.slider.valueChanged.connect(self._tell)
        self.show_value(getattr(NEUTRAL, course.name))

    @property
    def said(self) -> str:
        """The value as it is read."""
        return self._said.text

    def show_value(self, value: float) -> None:
        """Follows a value that was changed elsewhere."""
        blocked = self.slider.blockSignals(True)
        self.slider.setValue(self._course.place(value))
        self.slider.blockSignals(blocked)
        neutral = value == getattr(NEUTRAL, self._course.name)
        self._said.set_text(self._course.words(value), "text_soft" if neutral else "text")
        self.slider.setAccessibleDescription(self.said)  # its own value is a place, from 0 to 100

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A double click makes the value neutral; its keys are not the window's meanwhile."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.ShortcutOverride:
            if event.key() in _SLIDER_KEYS and not event.modifiers():
                event.accept()
            return event.isAccepted()
        if event.type() is QEvent.Type.MouseButtonDblClick:
            self.slider.setValue(self._course.place(getattr(NEUTRAL, self._course.name)))
            return True
        return super().eventFilter(watched, event)

    def _tell(self, place: int) -> None:
        value = self._course.value(place)
        self.show_value(value)
        self.value_changed.emit(self._course.name, value)
