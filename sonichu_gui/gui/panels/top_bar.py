"""The top bar: what happens now. Task, predict, undo on the left; what leaves on the right.

The menu at the right end holds every action there is, by group. A narrow window first turns the
words of the last group into icons, then leaves what is seldom needed to that menu; nothing is ever
cut off.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QMenu, QSizePolicy, QToolButton, QWidget

from sonichu_gui.gui.actions import ROWS
from sonichu_gui.gui.panels.card import TextLine, set_look, text_label
from sonichu_gui.gui.panels.controls import CONTROL_HEIGHT, ActionButton, KeyButton, PanelButton
from sonichu_gui.gui.panels.device_button import DeviceButton
from sonichu_gui.gui.panels.recent_menu import RecentMenu
from sonichu_gui.gui.panels.task_picker import TaskPicker
from sonichu_gui.gui.plain_tip import plain_tip

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sonichu_gui.domain.task import Task
    from sonichu_gui.gui.document import Document
    from sonichu_gui.gui.place import Study

HEIGHT = 52
QWIDGETSIZE_MAX = 16777215  # Qt's own name and number for "no limit"
LEFT_ROOM = 264
"""Width of the list below, so that the task picker begins where the frame does."""


class _Fit(IntEnum):
    """How much of the bar is spelled out."""

    WORDS = 0
    ICONS = 1
    MORE = 2


class TopBar(QFrame):
    """The bar above the three rooms.

    Args:
        document: Whose study and task are shown.
        actions: The window's actions by id.
        tasks: All tasks, in the order of the menu.
    """

    task_chosen = Signal(object)  # Task
    device_chosen = Signal(str)
    engine_chosen = Signal(str)

    def __init__(
        self,
        document: Document,
        actions: dict[str, QAction],
        tasks: Sequence[Task],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("top_bar")
        self.setFixedHeight(HEIGHT)
        self._title = TextLine(pixels=13, role="text_soft", middle=True, words=True)
        self.picker = TaskPicker(document, tasks)
        self.open_button = PanelButton("plain", text=self.tr("Open"), icon="open")
        self.predict_button = KeyButton(actions["predict"], "accent")
        self.tta_button = ActionButton(actions["tta"], "toggle")
        self.place_button = ActionButton(actions["place"], "toggle", label=self.tr("Place"))
        self.undo_button = ActionButton(actions["undo"], "icon")
        self.redo_button = ActionButton(actions["redo"], "icon")
        self.look_button = ActionButton(actions["look"], "icon")
        self.screenshot_button = ActionButton(actions["screenshot"])
        self.export_button = ActionButton(actions["export"])
        self.device_button = DeviceButton()
        self.menu_button = PanelButton("icon", text=self.tr("Menu"), icon="menu")
        self.recent = RecentMenu(self.tr("Recent"), self)
        self._make_menus(actions)
        self._arrange()
        self._fit: _Fit | None = None

        self.picker.task_chosen.connect(self.task_chosen)
        self.device_button.device_chosen.connect(self.device_chosen)
        self.device_button.engine_chosen.connect(self.engine_chosen)
        document.study_changed.connect(self._show_study)
        self._show_study(document.study)

    @property
    def study_title(self) -> str:
        """The study's title, as shown where there is room."""
        return self._title.text

    def set_head_notes(self, notes: Mapping[str, str]) -> None:
        """Says beside each task what the model knows of it, by task id."""
        self.picker.set_head_notes(notes)

    def set_devices(self, devices: Sequence[str], current: str) -> None:
        """Lists where the model can run, e.g. ["auto", "cpu"], and where it does."""
        self.device_button.set_devices(devices, current)
        self._fit_to_width()

    def set_engines(self, engines: Sequence[str], current: str) -> None:
        """Lists what can run the model, e.g. ["auto", "torch", "openvino"], and what does."""
        self.device_button.set_engines(engines, current)

    def minimumSizeHint(self) -> QSize:
        """What the bar needs when most of it is in the menu."""
        return QSize(560, HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Spells out as much as fits."""
        super().resizeEvent(event)
        self._fit_to_width()

    def _make_menus(self, actions: dict[str, QAction]) -> None:
        opening = QMenu(self)
        opening.addActions([actions["open_files"], actions["open_folder"]])
        opening.addMenu(self.recent)
        self.open_button.setMenu(opening)
        self.open_button.setToolTip(self.tr("Open files or a folder"))
        self.screenshot_button.set_icon_name("screenshot")
        self.export_button.set_icon_name("export")
        everything = QMenu(self)
        for group in dict.fromkeys(row.group for row in ROWS):
            page = everything.addMenu(QCoreApplication.translate("actions", group))
            page.addActions([actions[row.id] for row in ROWS if row.group == group])
        everything.addMenu(self.device_button.device_menu)
        self.menu_button.setMenu(everything)
        self.menu_button.setToolTip(self.tr("All actions"))

    def _arrange(self) -> None:
        brand = text_label("Sonichu", pixels=15, weight=600)
        self._left = QWidget()
        self._left.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        left = QHBoxLayout(self._left)
        left.setContentsMargins(18, 0, 2, 0)
        left.setSpacing(12)
        left.addWidget(brand)
        left.addWidget(self._title, 1)
        left.addWidget(self.open_button)

        row = self._row = QHBoxLayout(self)
        row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        row.setContentsMargins(0, 0, 18, 0)
        row.setSpacing(10)
        row.addWidget(self._left)
        row.addSpacing(2)
        self.picker.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        row.addWidget(self.picker)
        for button in (self.predict_button, self.tta_button, self.place_button):
            row.addWidget(button)
        row.addSpacing(14)
        row.addWidget(self.undo_button)
        row.addSpacing(-8)
        row.addWidget(self.redo_button)
        row.addStretch(1)
        for widget in (
            self.look_button,
            self.screenshot_button,
            self.export_button,
            self.device_button,
            self.menu_button,
        ):
            row.addWidget(widget)

    def _fit_to_width(self) -> None:
        """Takes the wordiest look whose parts fit side by side."""
        for fit in _Fit:
            self._show_fit(fit)
            if self._needed_width() <= self.width():
                return

    def _show_fit(self, fit: _Fit) -> None:
        if fit is self._fit:
            return
        self._fit = fit
        words = fit is _Fit.WORDS
        for button in (self.open_button, self.screenshot_button, self.export_button):
            spelled = words or (button is self.open_button and fit is _Fit.ICONS)
            _spell_out(button, words=spelled)
        self._title.setVisible(words)
        if words:
            self._left.setFixedWidth(LEFT_ROOM - self._row.spacing())
        else:
            self._left.setMinimumWidth(0)
            self._left.setMaximumWidth(LEFT_ROOM)
        more = fit is _Fit.MORE
        for widget in (
            self.tta_button,
            self.place_button,
            self.look_button,
            self.screenshot_button,
            self.export_button,
            self.device_button,
        ):
            widget.setVisible(not more)

    def _needed_width(self) -> int:
        self._row.activate()
        slack = self.picker.sizeHint().width() - self.picker.minimumSizeHint().width()
        tight = self._fit is not _Fit.WORDS
        return self._row.sizeHint().width() - (slack if tight else 0)

    def _show_study(self, study: Study) -> None:
        self._title.set_text(study.title)
        self._title.setToolTip(plain_tip(study.title))


def _spell_out(button: QToolButton, *, words: bool) -> None:
    """Shows a button's word, or its icon alone."""
    style = Qt.ToolButtonStyle
    button.setToolButtonStyle(style.ToolButtonTextOnly if words else style.ToolButtonIconOnly)
    button.setMinimumWidth(0 if words else CONTROL_HEIGHT)
    button.setMaximumWidth(QWIDGETSIZE_MAX if words else CONTROL_HEIGHT)
    set_look(button, "spelled", "words" if words else "icon")
