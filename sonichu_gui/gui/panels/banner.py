"""The banner: what went wrong or deserves a word, over the frame and never in the way.

One message at a time; the newest replaces the last. Nothing has to be answered.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sonichu_gui.errors import SonichuError, UntrainedHead
from sonichu_gui.gui import theme
from sonichu_gui.gui.panels.card import set_look, text_label
from sonichu_gui.gui.panels.controls import PanelButton

_ICONS = {"red": "warning", "amber": "warning", "neutral": "info"}
_ICON_ROLES = {"red": "red", "amber": "amber", "neutral": "text_soft"}


class Banner(QFrame):
    """A strip of a message, a hint, perhaps a button, and a way to put it away."""

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._tone = "neutral"
        self._action: QAction | None = None
        self._remark = ""
        self._icon = QLabel()
        self._icon.setFixedSize(20, 20)
        self._message = text_label(weight=600, wrap=True)
        self._hint = text_label(role="text_soft", wrap=True)
        self.action_button = PanelButton("plain")
        self.close_button = PanelButton("quiet", icon="close", text=self.tr("Close"))
        self.close_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.close_button.setFixedSize(28, 28)
        self.close_button.setToolTip(self.tr("Close  ·  Esc"))
        self._arrange()
        self._escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        self._escape.activated.connect(self.put_away)
        self.close_button.clicked.connect(self.put_away)
        self.action_button.clicked.connect(self._act)
        self.put_away()

    @property
    def text(self) -> str:
        """Message and hint as shown; empty while it is away."""
        return f"{self._message.text()} {self._hint.text()}".strip()

    def show_error(self, error: SonichuError, action: QAction | None = None) -> None:
        """Tells of a failure; a model without a head for the task is no failure but a limit."""
        tone = "amber" if isinstance(error, UntrainedHead) else "red"
        self._say(error.message, error.hint, tone=tone, action=action)

    def show_warning(self, text: str, hint: str = "", action: QAction | None = None) -> None:
        """Tells of something that deserves care."""
        self._say(text, hint, tone="amber", action=action)

    def show_note(self, text: str, hint: str = "", action: QAction | None = None) -> None:
        """Tells of something worth knowing."""
        self._say(text, hint, tone="neutral", action=action)

    def show_remark(self, text: str) -> None:
        """Tells of the file shown, unless something more urgent is told; empty takes it back."""
        if self._remark and self._message.text() == self._remark:
            self.put_away()
        self._remark = text
        if text and not self.text:
            self.show_note(text)

    def put_away(self) -> None:
        """Closes the banner; Esc is the canvas's again."""
        was_shown = self.isVisible()
        self._escape.setEnabled(False)
        self.hide()
        self._message.clear()
        self._hint.clear()
        if was_shown:
            self.closed.emit()

    def changeEvent(self, event: QEvent) -> None:
        """Takes the icon's colour from the new theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange:
            self._dress()

    def _arrange(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._message)
        words.addWidget(self._hint)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 8, 8)
        layout.setSpacing(12)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addLayout(words, 1)
        layout.addWidget(self.action_button)
        layout.addWidget(self.close_button)

    def _say(self, text: str, hint: str, *, tone: str, action: QAction | None) -> None:
        self._tone = tone
        self._action = action
        self._message.setText(text)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self.action_button.setVisible(action is not None)
        if action is not None:
            self.action_button.setText(action.text())
            self.action_button.setAccessibleName(action.text())
        set_look(self, "tone", tone)
        self._dress()
        self.setAccessibleName(self.text)
        self._escape.setEnabled(True)
        self.show()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def _dress(self) -> None:
        icon = theme.icon(_ICONS[self._tone], _ICON_ROLES[self._tone])
        self._icon.setPixmap(icon.pixmap(QSize(20, 20), self.devicePixelRatioF()))

    def _act(self) -> None:
        action = self._action
        self.put_away()
        if action is not None:
            action.trigger()
