"""The strip above the frame that asks before a picture leaves; nothing has to be answered."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from sonichu_gui.gui.panels.card import Dot, text_label
from sonichu_gui.gui.panels.controls import PanelButton


class PictureStrip(QFrame):
    """Asks whether what is outside the scan area shall leave with the picture."""

    answered = Signal(bool)  # whether it shall be hidden
    dropped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setProperty("tone", "amber")
        self._head = text_label(weight=600, wrap=True)
        self._hint = text_label(role="text_soft", wrap=True)
        self.hide_button = PanelButton("accent", text=self.tr("Hide outside"))
        self.leave_button = PanelButton("plain", text=self.tr("Leave as it is"))
        self.close_button = PanelButton("quiet", icon="close", text=self.tr("No picture"))
        self._arrange()
        self.hide_button.clicked.connect(self._answer_hide)
        self.leave_button.clicked.connect(self._answer_leave)
        self.close_button.clicked.connect(self.dropped)
        self.hide()

    @property
    def text(self) -> str:
        """What it asks; empty while it is away."""
        return f"{self._head.text()} {self._hint.text()}" if self.isVisible() else ""

    def ask(self, name: str) -> None:
        """Asks about a file."""
        self._head.setText(self.tr("A name may be written in this picture"))
        self._hint.setText(
            self.tr("{} does not rule it out. The answer holds for this study.").format(name)
        )
        self.setAccessibleName(f"{self._head.text()}. {self._hint.text()}")
        self.show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc: no picture."""
        if event.key() == Qt.Key.Key_Escape:
            self.dropped.emit()
            return
        super().keyPressEvent(event)

    def _arrange(self) -> None:
        self.close_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.close_button.setFixedSize(28, 28)
        self.close_button.setToolTip(self.tr("No picture"))
        dot = Dot()
        dot.set_role("amber")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._head)
        words.addWidget(self._hint)
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(dot, 0, Qt.AlignmentFlag.AlignVCenter)
        top.addLayout(words, 1)
        top.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(22, 0, 0, 0)
        buttons.setSpacing(8)
        buttons.addWidget(self.hide_button)
        buttons.addWidget(self.leave_button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 8, 10)
        column.setSpacing(8)
        column.addLayout(top)
        column.addLayout(buttons)

    def _answer_hide(self) -> None:
        self.answered.emit(True)

    def _answer_leave(self) -> None:
        self.answered.emit(False)
