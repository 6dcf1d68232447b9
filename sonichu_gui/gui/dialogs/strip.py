"""A line of the dialog for what went wrong or was done: what, why, what to do. Never in the way."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from sonichu_gui.gui import theme
from sonichu_gui.gui.dialogs.texts import plain

_ICONS = {"red": ("warning", "red"), "neutral": ("info", "text_soft")}


class Strip(QFrame):
    """A message, a hint, perhaps a button; the newest message replaces the last."""

    button_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._tone = "neutral"
        self._icon = QLabel()
        self._icon.setFixedSize(20, 20)
        self._message = plain("", weight=600)
        self._hint = plain("", role="text_soft")
        self.button = QPushButton()
        self.close_button = QPushButton(self.tr("Put away"))
        for button in (self.button, self.close_button):
            button.setAutoDefault(False)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._message)
        words.addWidget(self._hint)
        row = QHBoxLayout(self)
        row.setContentsMargins(18, 8, 12, 8)
        row.setSpacing(12)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addLayout(words, 1)
        row.addWidget(self.button)
        row.addWidget(self.close_button)
        self.button.clicked.connect(self.button_pressed)
        self.close_button.clicked.connect(self.put_away)
        self.put_away()

    @property
    def text(self) -> str:
        """Message and hint as shown; empty while it is away."""
        return f"{self._message.text()} {self._hint.text()}".strip()

    def say(self, message: str, hint: str = "", *, wrong: bool = False, button: str = "") -> None:
        """Shows a message.

        Args:
            message: What happened.
            hint: What can be done.
            wrong: Whether it went wrong.
            button: Words of a button; none when empty.
        """
        self._tone = "red" if wrong else "neutral"
        self._message.setText(message)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self.setProperty("tone", self._tone)
        self.style().unpolish(self)
        self.style().polish(self)
        self._dress()
        self.setAccessibleName(self.text)
        self.show()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def put_away(self) -> None:
        """Takes the message away."""
        self.hide()
        self._message.clear()
        self._hint.clear()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc in the strip puts the message away and leaves the dialog open."""
        if event.key() == Qt.Key.Key_Escape:
            self.put_away()
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Takes the icon's colour from the new theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange:
            self._dress()

    def _dress(self) -> None:
        icon = theme.icon(*_ICONS[self._tone])
        self._icon.setPixmap(icon.pixmap(QSize(20, 20), self.devicePixelRatioF()))
