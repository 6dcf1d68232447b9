"""Where a cine is, "12 / 65", and the field that it turns into to go elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLineEdit, QStackedLayout, QToolTip, QWidget

from sonichu_gui.gui.panels.card import TextLine, set_look

if TYPE_CHECKING:
    from sonichu_gui.imaging.cine_times import CineTimes

_LONGEST = 32
"""Characters of any place that can be meant: a number of thousands of digits is none."""
_NUMBER = re.compile(r"\s*(\d+)\s*(?:/.*)?$")
_CLOCK = re.compile(r"\s*(\d+):(\d{1,2}(?:[.,]\d+)?)\s*$")
_TIME = re.compile(r"\s*(\d*[.,]?\d+)\s*(ms|s)?\s*$", re.IGNORECASE)


def frame_asked(text: str, times: CineTimes) -> int | None:
    """Gives the index of the frame that a person has typed, None where that is no frame.

    Args:
        text: A number counted from 1 ("12", "12 / 65"), or a time since the first frame
            ("1.5 s", "1,5", "350 ms", "0:01.5"): then the frame nearest to it.
        times: Of the cine.
    """
    if found := _NUMBER.match(text):
        index = int(found[1]) - 1
        return index if 0 <= index < times.frame_count else None
    time_ms = _milliseconds(text)
    if time_ms is None or not times.is_stated:
        return None
    end_ms = times.begin_ms(times.frame_count - 1) + times.stay_ms(times.frame_count - 1)
    return times.nearest(time_ms) if time_ms <= end_ms else None


def _milliseconds(text: str) -> float | None:
    if found := _CLOCK.match(text):
        return (int(found[1]) * 60 + float(found[2].replace(",", "."))) * 1000
    if found := _TIME.match(text):
        value, unit = float(found[1].replace(",", ".")), (found[2] or "s").lower()
        return value if unit == "ms" else value * 1000
    return None


class FrameField(QWidget):
    """The place in the cine; a click or `ask` makes it a field for a number or a time."""

    begun = Signal()  # a person wants another place
    asked = Signal(int)  # index
    left = Signal()  # the field is put away, by Enter, Esc or a click elsewhere

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._times: CineTimes | None = None
        self.place = TextLine(widest="0000 / 0000", align_right=True, firm=True)
        self.field = _Field()
        self.field.setAccessibleName(self.tr("Go to frame"))
        self.field.setMaxLength(_LONGEST)
        self.field.setPlaceholderText(self.tr("frame or time"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._layout = QStackedLayout(self)
        self._layout.addWidget(self.place)
        self._layout.addWidget(self.field)
        self.setFixedWidth(self.place.sizeHint().width() + 18)
        self.setFixedHeight(30)
        self.setToolTip(self.tr("Go to a frame by its number or time  ·  G"))
        self.field.returnPressed.connect(self._take)
        self.field.textEdited.connect(self._mend)
        self.field.left.connect(self._put_away)

    def show_place(self, text: str, times: CineTimes) -> None:
        """Says where the cine is, and knows its times."""
        self.place.set_text(text)
        self._times = times

    def ask(self) -> None:
        """Becomes a field that waits for a number or a time."""
        if self._layout.currentWidget() is not self.field:
            self.field.setText(self.place.text.split(" ")[0])
            self._layout.setCurrentWidget(self.field)
            self.begun.emit()
        self._mend()
        self.field.selectAll()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click on the place asks for another one."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.ask()

    def _take(self) -> None:
        times = self._times
        index = frame_asked(self.field.text(), times) if times else None
        if index is None:
            self._refuse()
            return
        self._put_away()
        self.asked.emit(index)

    def _refuse(self) -> None:
        """Says what would be understood, where the person looks: at the field."""
        count = self._times.frame_count if self._times else 0
        text = self.tr("Frame 1 to {}").format(count)
        if self._times is not None and self._times.is_stated:
            last_ms = self._times.begin_ms(count - 1)
            text += self.tr(", or a time up to {:.2f} s").format(last_ms / 1000)
        else:
            text += self.tr("; this file states no times")
        set_look(self.field, "state", "wrong")
        self.field.setAccessibleDescription(text)
        self.field.refuse(text)

    def _mend(self) -> None:
        set_look(self.field, "state", "")
        self.field.setAccessibleDescription("")

    def _put_away(self) -> None:
        if self._layout.currentWidget() is self.field:
            self._layout.setCurrentWidget(self.place)
            self.left.emit()


class _Field(QLineEdit):
    """A field that is left by Esc, and by going elsewhere."""

    left = Signal()

    def refuse(self, text: str) -> None:
        """Shows why at once, as a tip beside the field."""
        QToolTip.showText(self.mapToGlobal(QPoint(0, -44)), text, self)
        self.selectAll()

    def event(self, event: QEvent) -> bool:
        """Claims Esc from the banner while somebody types."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() is QEvent.Type.ShortcutOverride
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves all as it was."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A click elsewhere is no answer."""
        super().focusOutEvent(event)
        self.left.emit()
