"""The slider of a cine: where it is, what of it is played, and which frames have points."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSlider, QStyle, QStyleOptionSlider, QWidget

from sonichu_gui.domain.annotation import Status
from sonichu_gui.gui import theme

_BELOW = 8.0
"""Where marks begin, under the middle of the groove."""
_LABEL, _PREDICTION = 5.0, 2.5
_ABOVE = 9.0
_HOOK = 4.0


class CineSlider(QSlider):
    """A slider whose handle comes to where it is clicked, with marks under it and a range above.

    A frame that a person has labelled has a tall mark, one that a model alone has seen a short
    one: the shape tells them apart without a colour.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setPageStep(10)
        self.setMinimumSize(64, 30)
        self._marks: Mapping[int, Status] = {}
        self._range: range | None = None
        self._drawn: dict[float, list[QRectF]] = {}
        self._drawn_for = (0, 0, 0)
        self.setAccessibleName(self.tr("Frame of the cine"))

    def set_marks(self, marks: Mapping[int, Status]) -> None:
        """Marks the frames that have points.

        Args:
            marks: Where each of them stands, by its index.
        """
        self._marks = {i: status for i, status in marks.items() if status is not Status.TODO}
        self._drawn_for = (0, 0, 0)
        self._describe()
        self.update()

    def set_played(self, frames: range | None) -> None:
        """Shows which frames are played; None for all."""
        if frames != self._range:
            self._range = frames
            self._describe()
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Jumps, and holds the handle from there."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._go_to(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drags the handle."""
        if self.isSliderDown():
            self._go_to(event.position().x())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Lets the handle go."""
        self.setSliderDown(False)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the slider, then the range and the marks."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_range(painter)
        self._paint_marks(painter)
        painter.end()

    def place_of(self, value: int) -> float:
        """Where the middle of the handle is at a value, from the left edge."""
        return self._place(value, self._handle_width())

    def _place(self, value: int, handle: int) -> float:
        span = max(1, self.width() - handle)
        left = QStyle.sliderPositionFromValue(self.minimum(), self.maximum(), value, span)
        return left + handle / 2

    def _paint_range(self, painter: QPainter) -> None:
        if self._range is None:
            return
        top = self.height() / 2 - _ABOVE
        first, last = (self.place_of(end) for end in (self._range.start, self._range[-1]))
        painter.setPen(QPen(QColor(theme.current().accent), 1.6))
        painter.drawPolyline(
            [
                QPointF(first, top + _HOOK),
                QPointF(first, top),
                QPointF(last, top),
                QPointF(last, top + _HOOK),
            ]
        )

    def _paint_marks(self, painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        for role, height in (("text_faint", _PREDICTION), ("text_soft", _LABEL)):
            painter.setBrush(QColor(getattr(theme.current(), role)))
            painter.drawRects(self._columns().get(height, []))

    def _columns(self) -> dict[float, list[QRectF]]:
        """The marks by height, one a pixel: where frames share one, the labelled one is seen.

        Kept, since a cine that plays paints the slider with every frame.
        """
        drawn_for = self.width(), self.height(), self.maximum()
        if drawn_for != self._drawn_for:
            self._drawn_for = drawn_for
            heights: dict[int, float] = {}
            handle = self._handle_width()
            for index, status in self._marks.items():
                x = round(self._place(index, handle))
                height = _LABEL if status.is_human else _PREDICTION
                heights[x] = max(height, heights.get(x, 0.0))
            top = self.height() / 2 + _BELOW
            self._drawn = defaultdict(list)
            for x, height in heights.items():
                self._drawn[height].append(QRectF(x - 0.75, top, 1.5, height))
        return self._drawn

    def _describe(self) -> None:
        """Says in words what is drawn."""
        labelled = sum(status.is_human for status in self._marks.values())
        parts = []
        if self._range is not None:
            text = self.tr("Plays frames {} to {}")
            parts.append(text.format(self._range.start + 1, self._range[-1] + 1))
        if labelled:
            parts.append(self.tr("{} labelled").format(labelled))
        if predicted := len(self._marks) - labelled:
            parts.append(self.tr("{} predicted").format(predicted))
        words = " · ".join(parts)
        self.setToolTip(words)
        self.setAccessibleDescription(words)

    def _handle_width(self) -> int:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        handle = self.style().subControlRect(
            QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, self
        )
        return handle.width()

    def _go_to(self, x: float) -> None:
        handle = self._handle_width()
        span = max(1, self.width() - handle)
        left = round(x - handle / 2)
        self.setValue(QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), left, span))
