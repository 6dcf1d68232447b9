"""The cine bar: play, step and jump through the frames of one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLayout, QMenu, QWidget

from sonichu_gui.gui.panels.card import TextLine
from sonichu_gui.gui.panels.cine_slider import CineSlider
from sonichu_gui.gui.panels.controls import ActionButton, PanelButton
from sonichu_gui.gui.panels.frame_field import FrameField
from sonichu_gui.gui.panels.speed_menu import SpeedMenu, speed_text
from sonichu_gui.imaging.cine_clock import Repeat
from sonichu_gui.imaging.cine_times import CineTimes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sonichu_gui.domain.annotation import Status
    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.gui.document import Document
    from sonichu_gui.imaging.cine_rate import Rate

HEIGHT = 44


class CineBar(QFrame):
    """Shown only for files of several frames.

    Args:
        document: Whose frame is shown.
        actions: The window's actions by id.
    """

    frame_wanted = Signal(int)  # index
    step_wanted = Signal(int)
    taken_in_hand = Signal()  # what plays is to stop
    speed_chosen = Signal(float)  # 1.0 is the file's own speed
    repeat_chosen = Signal(object)  # Repeat
    field_left = Signal()  # the keys may go back to the frame

    def __init__(
        self, document: Document, actions: dict[str, QAction], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("cine_bar")
        self.setFixedHeight(HEIGHT)
        self._document = document
        self._times = CineTimes(1, None)
        self._digest = ""
        self.play_button = ActionButton(actions["play"], "icon")
        self.back_button = PanelButton("icon", icon="step-back", text=self.tr("Frame back"))
        self.forward_button = PanelButton("icon", icon="step-forward", text=self.tr("Frame on"))
        self.slider = CineSlider()
        self.frame_field = FrameField()
        self.place_text = self.frame_field.place
        self.time_text = TextLine(role="text_soft", widest="000.00 s", align_right=True, firm=True)
        self.lag_text = TextLine(role="text_soft", firm=True)
        self.repeat_button = PanelButton("quiet", icon="repeat-loop", text=self.tr("Repeat"))
        self.speed_button = PanelButton("quiet", text="1×")
        self.back_button.setToolTip(self.tr("One frame back  ·  Left"))
        self.forward_button.setToolTip(self.tr("One frame on  ·  Right"))
        self._make_speeds()
        self._make_repeats(actions)
        self._arrange()

        self.back_button.clicked.connect(self._step_back)
        self.forward_button.clicked.connect(self._step_forward)
        self.slider.valueChanged.connect(self.frame_wanted)
        self.slider.sliderPressed.connect(self.taken_in_hand)
        self.slider.sliderReleased.connect(self.show_place)
        self.frame_field.begun.connect(self.taken_in_hand)
        self.frame_field.asked.connect(self.frame_wanted)
        self.frame_field.left.connect(self.field_left)
        actions["play"].toggled.connect(self._show_playing)
        document.frame_changed.connect(self._show_frame)
        self._show_frame(document.frame)

    @property
    def has_focus(self) -> bool:
        """Whether a person works in it by keys."""
        focused = QApplication.focusWidget()
        return focused is not None and self.isAncestorOf(focused)

    # ---- what it is told -------------------------------------------------------------------

    def ask_for_frame(self) -> None:
        """Makes the place a field for the number or the time of a frame."""
        if self.isVisible():
            self.frame_field.ask()

    def show_place(self) -> None:
        """Puts the handle at the frame that is seen, unless another one is on its way."""
        if not self._document.awaits_frame:
            self._put_handle(self._document.frame_index)

    def set_marks(self, marks: Mapping[int, Status]) -> None:
        """Marks the frames of the cine that have points of the task."""
        self.slider.set_marks(marks)

    def show_range(self, frames: range | None) -> None:
        """Shows which frames are played; None for all."""
        self.slider.set_played(frames)
        self._clear_range.setEnabled(frames is not None)

    def show_speed(self, speed: float) -> None:
        """Tells how fast it plays."""
        self.speed_button.setText(speed_text(speed))
        self._speeds.show_speed(speed)

    def show_repeat(self, repeat: Repeat) -> None:
        """Tells what follows the last frame."""
        self.repeat_button.set_icon_name(f"repeat-{repeat.value}")
        for row in self._repeats.actions():
            if row.data() == repeat.value:
                row.setChecked(True)
                self.repeat_button.setAccessibleDescription(row.text())

    def show_lag(self, lag: Rate | None) -> None:
        """Tells how many of the frames that are due are seen, while these are fewer."""
        text = ""
        if lag is not None:
            shown = f"{lag.shown:.0f}" if lag.shown >= 2 else f"{lag.shown:.1f}"
            text = self.tr("{} of {:.0f} fps").format(shown, lag.due)
        self.lag_text.set_text(text)
        self.lag_text.setToolTip(
            self.tr("Frames are left out, so that the cine keeps its time") if text else ""
        )
        self._fit()

    # ---- room ------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:
        """What may never be missing: play, where it is, and the way to another frame."""
        return QSize(260, HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leaves out what matters least where room is short."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Beside a narrow frame the slider keeps its room; the lesser parts give way."""
        lesser = (
            (self.time_text,),
            (self.repeat_button,),
            (self.back_button, self.forward_button),
            (self.speed_button,),
            (self.lag_text,),
        )
        for parts in lesser:
            for part in parts:
                part.setVisible(part is not self.lag_text or bool(self.lag_text.text))
        for parts in lesser:
            if self._layout.minimumSize().width() <= self.width():
                return
            for part in parts:
                part.hide()

    # ---- parts -----------------------------------------------------------------------------

    def _make_speeds(self) -> None:
        self._speeds = SpeedMenu(self)
        self._speeds.chosen.connect(self._choose_speed)
        self.speed_button.setMenu(self._speeds)
        self.speed_button.setFixedSize(48, 28)
        self.speed_button.setAccessibleName(self.tr("Speed"))
        self.speed_button.setToolTip(self.tr("How fast the cine plays"))

    def _make_repeats(self, actions: dict[str, QAction]) -> None:
        menu = QMenu(self)
        self._repeats = QActionGroup(self)
        words = {
            Repeat.LOOP: self.tr("Loop"),
            Repeat.SWEEP: self.tr("Back and forth"),
            Repeat.ONCE: self.tr("Once"),
        }
        for repeat, word in words.items():
            row = menu.addAction(word)
            row.setData(repeat.value)
            row.setCheckable(True)
            self._repeats.addAction(row)
        menu.addSeparator()
        for name in ("range_begin", "range_end", "range_clear"):
            menu.addAction(actions[name])
        self._clear_range = actions["range_clear"]
        self._clear_range.setEnabled(False)
        self._repeats.triggered.connect(self._choose_repeat)
        self.repeat_button.setMenu(menu)
        self.repeat_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.repeat_button.setFixedSize(32, 28)
        self.repeat_button.setToolTip(self.tr("What follows the last frame, and which are played"))
        self.show_repeat(Repeat.LOOP)

    def _arrange(self) -> None:
        self._layout = QHBoxLayout(self)
        self._layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self._layout.setContentsMargins(8, 0, 8, 0)
        self._layout.setSpacing(8)
        for button in (self.back_button, self.play_button, self.forward_button):
            self._layout.addWidget(button)
        self._layout.addWidget(self.slider, 1)
        for part in (
            self.frame_field,
            self.time_text,
            self.lag_text,
            self.speed_button,
            self.repeat_button,
        ):
            self._layout.addWidget(part)

    # ---- inside ----------------------------------------------------------------------------

    def _show_frame(self, frame: Frame | None) -> None:
        source = self._document.source
        count = source.frame_count if source is not None and frame is not None else 0
        self.setVisible(count > 1)
        if frame is None or source is None or count < 2:
            self._digest = ""
            return
        if source.digest != self._digest:
            self._digest, self._times = source.digest, CineTimes.of(source)
        index = frame.ref.index
        self.slider.blockSignals(True)
        self.slider.setRange(0, count - 1)
        self.slider.blockSignals(False)
        self._put_handle(index)
        self.frame_field.show_place(f"{index + 1} / {count}", self._times)
        self.time_text.set_text("" if frame.time_ms is None else f"{frame.time_ms / 1000:.2f} s")
        self.back_button.setEnabled(index > 0)
        self.forward_button.setEnabled(index < count - 1)

    def _put_handle(self, index: int) -> None:
        if self.slider.isSliderDown():
            return  # a frame that comes home late must not pull the handle out of the hand
        self.slider.blockSignals(True)
        self.slider.setValue(index)
        self.slider.blockSignals(False)

    def _step_back(self) -> None:
        self.step_wanted.emit(-1)

    def _step_forward(self) -> None:
        self.step_wanted.emit(1)

    def _show_playing(self, playing: bool) -> None:
        self.play_button.set_icon_name("pause" if playing else "play")

    def _choose_speed(self, speed: float) -> None:
        self.show_speed(speed)
        self.speed_chosen.emit(speed)

    def _choose_repeat(self, row: QAction) -> None:
        repeat = Repeat(row.data())
        self.show_repeat(repeat)
        self.repeat_chosen.emit(repeat)
