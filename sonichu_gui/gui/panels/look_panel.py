"""The look of the frame: presets, sliders, and the windows that a DICOM file brings.

A quiet card over a corner of the canvas, so that the frame is seen while a slider moves; it can be
dragged out of the way by its ground.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QComboBox, QFrame, QGridLayout, QHBoxLayout, QVBoxLayout

from sonichu_gui.gui import theme
from sonichu_gui.gui.panels.card import SectionHead, text_label
from sonichu_gui.gui.panels.controls import ActionButton, PanelButton
from sonichu_gui.gui.panels.look_slider import Course, LookSlider
from sonichu_gui.gui.panels.movable import Movable
from sonichu_gui.imaging.look import PRESETS

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from sonichu_gui.gui.document import Document

WIDTH = 256
_A_ROW = 3


def _percent(value: float) -> str:
    return f"{value * 100:+.0f} %" if value else "0 %"


def _times(value: float) -> str:
    return f"× {value:.2f}"


def _plain(value: float) -> str:
    return f"{value:.2f}"


class LookPanel(QFrame):
    """Brightness, contrast, gamma, local contrast, inversion.

    Args:
        document: Whose appearance is shown.
        actions: The window's actions by id.
    """

    look_changed = Signal(object)  # Look
    preset_chosen = Signal(str)  # a name of imaging.look.PRESETS
    window_chosen = Signal(str)  # name of a window of the file; empty for its first
    closed = Signal()

    def __init__(
        self, document: Document, actions: dict[str, QAction], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("look_panel")
        self.setFixedWidth(WIDTH)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)
        self.setAccessibleName(self.tr("Look of the frame"))
        self._document = document
        self.presets = {name: self._chip(name) for name in PRESETS}
        self.sliders = {
            "brightness": LookSlider(self.tr("Brightness"), Course("brightness", False, _percent)),
            "contrast": LookSlider(self.tr("Contrast"), Course("contrast", True, _times)),
            "gamma": LookSlider(self.tr("Gamma"), Course("gamma", True, _plain)),
            "clahe": LookSlider(self.tr("Local contrast"), Course("clahe", False, self._strength)),
        }
        self.windows = QComboBox()
        self.reset_button = ActionButton(actions["reset_look"], "link", label=self.tr("Reset"))
        self.invert_button = ActionButton(actions["invert"], "toggle")
        self.drag_button = ActionButton(
            actions["right_drag"], "toggle", label=self.tr("Right-drag")
        )
        self.close_button = PanelButton("quiet", icon="close", text=self.tr("Close"))
        self._arrange()
        for slider in self.sliders.values():
            slider.value_changed.connect(self._change)
        self.windows.activated.connect(self._choose_window)
        self.close_button.clicked.connect(self.closed)
        document.appearance.changed.connect(self._show_look)
        document.frame_changed.connect(self._show_windows)
        self._show_windows()
        self._show_look()
        self.place = Movable(self)
        self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes it."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
            return
        super().keyPressEvent(event)

    def _chip(self, name: str) -> PanelButton:
        words = {
            "neutral": self.tr("Original"),
            "bright": self.tr("Bright"),
            "soft": self.tr("Soft"),
            "hard": self.tr("Hard"),
            "detail": self.tr("Detail"),
            "inverted": self.tr("Inverted"),
        }
        chip = PanelButton("chip", text=words.get(name, name.capitalize()))
        chip.setCheckable(True)
        chip.setFixedHeight(26)
        chip.setSizePolicy(chip.sizePolicy().Policy.Expanding, chip.sizePolicy().Policy.Fixed)
        return chip

    def _arrange(self) -> None:
        self.close_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.close_button.setFixedSize(24, 24)
        self.close_button.setToolTip(self.tr("Close  ·  Esc"))
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 14, 12)
        column.setSpacing(8)
        head = SectionHead(self.tr("Look"), self.reset_button, self.close_button)
        head.setCursor(Qt.CursorShape.OpenHandCursor)
        head.setToolTip(self.tr("Drag to move"))
        column.addWidget(head)
        chips = QGridLayout()
        chips.setSpacing(6)
        group = QButtonGroup(self)
        group.setExclusive(False)  # none of them is on where the look is the person's own
        for number, (name, chip) in enumerate(self.presets.items()):
            chip.setObjectName(name)
            group.addButton(chip)
            chips.addWidget(chip, number // _A_ROW, number % _A_ROW)
        group.buttonClicked.connect(self._choose_preset)
        column.addLayout(chips)
        rows = QVBoxLayout()
        rows.setSpacing(2)
        for slider in self.sliders.values():
            rows.addWidget(slider)
        column.addLayout(rows)
        self.windows.setAccessibleName(self.tr("Window of the file"))
        self.windows.setToolTip(self.tr("Windows that the file brings"))
        self.windows.setFont(theme.word_font(11.5))
        self.windows.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        column.addWidget(self.windows)
        toggles = QHBoxLayout()
        toggles.setSpacing(8)
        toggles.addWidget(self.invert_button)
        toggles.addWidget(self.drag_button)
        toggles.addStretch(1)
        column.addLayout(toggles)
        column.addWidget(
            text_label(self.tr("For the eye alone: the model and the measures see the original."),
                       pixels=10.5, role="text_soft", wrap=True)
        )  # fmt: skip

    def _strength(self, value: float) -> str:
        return f"{value:.1f}" if value else self.tr("off")

    def _change(self, name: str, value: float) -> None:
        changes: dict[str, Any] = {name: value}
        self.look_changed.emit(replace(self._document.appearance.look, **changes))

    def _choose_preset(self, chip: PanelButton) -> None:
        self.preset_chosen.emit(chip.objectName())
        self._show_look()  # a second click on the same one would have put it out

    def _choose_window(self, number: int) -> None:
        self.window_chosen.emit(self.windows.itemText(number) if number else "")

    def _show_look(self) -> None:
        look = self._document.appearance.look
        for name, slider in self.sliders.items():
            slider.show_value(getattr(look, name))
        for name, chip in self.presets.items():
            chip.setChecked(PRESETS[name] == look)
        named = self._document.appearance.preset_name
        self.windows.setCurrentIndex(max(self.windows.findText(named), 0) if named else 0)

    def _show_windows(self, _: object = None) -> None:
        """Lists the windows of a file that brings more than one."""
        source = self._document.source
        names = [preset.name for preset in source.presets] if source is not None else []
        if [self.windows.itemText(i) for i in range(self.windows.count())] != names:
            self.windows.clear()
            self.windows.addItems(names)
            self._show_look()
        self.windows.setVisible(len(names) > 1)
        self.adjustSize()
