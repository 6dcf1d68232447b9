"""Lets a card that lies over the frame be pushed out of the way, by its ground, within its room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QMouseEvent

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

_IN_SIGHT = QPoint(72, 40)
"""So much of the card stays in its room: its head, to take it back by."""


class Movable(QObject):
    """Moves a widget as a person drags it; what is on it keeps its own mouse.

    Args:
        card: The widget.

    Attributes:
        was_moved: Whether a person has put it somewhere; then nobody else shall.
    """

    def __init__(self, card: QWidget) -> None:
        super().__init__(card)
        self.was_moved = False
        self._card = card
        self._held_at: QPoint | None = None
        self._room: QWidget | None = None
        card.installEventFilter(self)
        self._take_room()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handles the mouse on the card, and other sizes of its room."""
        if watched is self._room:
            if event.type() == QEvent.Type.Resize and self.was_moved:
                self._put(self._card.pos())
            return False
        if event.type() == QEvent.Type.ParentChange:
            self._take_room()
        return isinstance(event, QMouseEvent) and self._mouse(event)

    def _mouse(self, event: QMouseEvent) -> bool:
        at = event.position().toPoint()
        if event.type() == QEvent.Type.MouseMove:
            if self._held_at is None:
                return False
            self.was_moved = True
            self._put(self._card.pos() + at - self._held_at)
        elif event.button() != Qt.MouseButton.LeftButton:
            return False
        else:
            is_press = event.type() == QEvent.Type.MouseButtonPress
            self._held_at = at if is_press and self._is_ground(at) else None
        return True

    def _is_ground(self, at: QPoint) -> bool:
        """Whether nothing is there that can be used: a slider may let a press pass."""
        under = self._card.childAt(at)
        return under is None or under.focusPolicy() == Qt.FocusPolicy.NoFocus

    def _put(self, place: QPoint) -> None:
        if self._room is None:
            return
        most = QPoint(self._room.width(), self._room.height()) - _IN_SIGHT
        least = _IN_SIGHT.x() - self._card.width()
        self._card.move(
            max(min(place.x(), most.x()), least),
            max(min(place.y(), most.y()), 0),
        )

    def _take_room(self) -> None:
        if self._room is not None:
            self._room.removeEventFilter(self)
        self._room = self._card.parentWidget()
        if self._room is not None:
            self._room.installEventFilter(self)
