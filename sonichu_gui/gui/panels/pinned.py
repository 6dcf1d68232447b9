"""What stays in sight beneath rows that scroll; it scrolls itself when all else has given way."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

LEAST_ABOVE = 130
"""Height that the rows above keep: the first number and a row or two."""


class Pinned(QScrollArea):
    """Takes its content's height, and of what is too much for the room leaves out the end.

    Args:
        content: What is kept in sight.
        room: Whose height there is for it and the rows above.
    """

    def __init__(self, content: QWidget, room: QWidget) -> None:
        super().__init__(room)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._content = content
        self._room = room
        self.setWidget(content)
        content.installEventFilter(self)
        room.installEventFilter(self)

    def sizeHint(self) -> QSize:
        """The content's wish at this width."""
        wish = self._content.sizeHint()
        if self._content.hasHeightForWidth():
            wish.setHeight(self._content.heightForWidth(self.width()))
        return wish

    def minimumSizeHint(self) -> QSize:
        """All of it, unless the rows above would have no room."""
        room = max(self._room.height() - LEAST_ABOVE, LEAST_ABOVE)
        return QSize(200, min(self.sizeHint().height(), room))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Asks for another height when the content does, or when the room changes."""
        changed = QEvent.Type.LayoutRequest if watched is self._content else QEvent.Type.Resize
        if event.type() == changed:
            self.updateGeometry()
        return super().eventFilter(watched, event)
