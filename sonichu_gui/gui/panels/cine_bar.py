"""The cine bar: play, step and jump through the frames of one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenu,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QWidget,
)

from sonichu_gui.gui.panels.card import TextLine
from sonichu_gui.gui.panels.controls import ActionButton, PanelButton

if TYPE_CHECKING:
    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.gui.document import Document

SPEEDS = (0.25, 0.5, 1.0, 2.0)


class JumpSlider(QSlider):
    """A slider whose handle comes to where it is clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setPageStep(10)

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

    def _go_to(self, x: float) -> None:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        handle = self.style().subControlRect(
            QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, self
        )
        span = max(1, self.width() - handle.width())
        left = round(x - handle.width() / 2)
        self.setValue(QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), left, span))


class CineBar(QFrame):
    """Shown only for files of several frames.

    Args:
        document: Whose frame is shown.
        actions: The window's actions by id.
    """

    frame_wanted = Signal(int)  # index
    speed_chosen = Signal(float)  # 1.0 is the file's own speed

    def __init__(
        self, document: Document, actions: dict[str, QAction], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("cine_bar")
        self.setFixedHeight(44)
        self._document = document
        self.play_button = ActionButton(actions["play"], "icon")
        self.back_button = PanelButton("icon", icon="step-back", text=self.tr("Frame back"))
        self.forward_button = PanelButton("icon", icon="step-forward", text=self.tr("Frame on"))
        self.slider = JumpSlider()
        self.slider.setAccessibleName(self.tr("Frame of the cine"))
        self.place_text = TextLine(widest="0000 / 0000", align_right=True, firm=True)
        self.time_text = TextLine(role="text_soft", widest="000.00 s", align_right=True)
        self.speed_button = PanelButton("quiet", text="1×")
        self._make_speeds()
        self._arrange()

        self.back_button.clicked.connect(self._step_back)
        self.forward_button.clicked.connect(self._step_forward)
        self.slider.valueChanged.connect(self.frame_wanted)
        actions["play"].toggled.connect(self._show_playing)
        document.frame_changed.connect(self._show_frame)
        self._show_frame(document.frame)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Beside a narrow frame the slider keeps its room; time and speed give way."""
        super().resizeEvent(event)
        self.time_text.setVisible(self.width() >= 420)
        self.speed_button.setVisible(self.width() >= 340)

    def _make_speeds(self) -> None:
        menu = QMenu(self)
        self._speeds = QActionGroup(self)
        for speed in SPEEDS:
            row = menu.addAction(f"{speed:g}×")
            row.setData(speed)
            row.setCheckable(True)
            row.setChecked(speed == 1.0)
            self._speeds.addAction(row)
        self._speeds.triggered.connect(self._choose_speed)
        self.speed_button.setMenu(menu)
        self.speed_button.setFixedSize(48, 28)
        self.speed_button.setAccessibleName(self.tr("Speed"))
        self.speed_button.setToolTip(self.tr("How fast the cine plays"))

    def _arrange(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.setSpacing(4)
        for button in (self.back_button, self.play_button, self.forward_button):
            layout.addWidget(button)
        layout.addSpacing(8)
        layout.addWidget(self.slider, 1)
        layout.addSpacing(8)
        layout.addWidget(self.place_text)
        layout.addSpacing(8)
        layout.addWidget(self.time_text)
        layout.addSpacing(8)
        layout.addWidget(self.speed_button)

    def _show_frame(self, frame: Frame | None) -> None:
        source = self._document.source
        count = source.frame_count if source is not None and frame is not None else 0
        self.setVisible(count > 1)
        if frame is None or count < 2:
            return
        index = frame.ref.index
        self.slider.blockSignals(True)
        self.slider.setRange(0, count - 1)
        if not self.slider.isSliderDown():
            # A frame that comes home late must not pull the handle out of the hand.
            self.slider.setValue(index)
        self.slider.blockSignals(False)
        self.place_text.set_text(f"{index + 1} / {count}")
        self.time_text.set_text("" if frame.time_ms is None else f"{frame.time_ms / 1000:.2f} s")
        self.back_button.setEnabled(index > 0)
        self.forward_button.setEnabled(index < count - 1)

    def _step_back(self) -> None:
        self.frame_wanted.emit(self._document.frame_index - 1)

    def _step_forward(self) -> None:
        self.frame_wanted.emit(self._document.frame_index + 1)

    def _show_playing(self, playing: bool) -> None:
        self.play_button.set_icon_name("pause" if playing else "play")

    def _choose_speed(self, row: QAction) -> None:
        self.speed_button.setText(row.text())
        self.speed_chosen.emit(float(row.data()))
