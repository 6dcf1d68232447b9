"""The keys on the canvas.

arrows               nudge the selected point 1 px, Shift 10, Ctrl 0.1; else step the cine
1-9, Tab             select a point; Tab goes through its other candidates first
Enter                take the highlighted candidate
Backspace            while placing: take the last placed point back
H held               look under the marks
Space                tapped: accept and next; held: the left button pans
Esc                  drop what is in the hand, the tool, the candidate, then the selection
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent

from sonichu_gui.gui.canvas.picking import next_stop
from sonichu_gui.gui.place import Tool

if TYPE_CHECKING:
    from sonichu_gui.gui.canvas.canvas import Canvas
    from sonichu_gui.gui.canvas.hand import Hand
    from sonichu_gui.gui.document import Document

_ARROWS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, -1.0),
    Qt.Key.Key_Down: (0.0, 1.0),
}


class Keys(QObject):
    """Turns the canvas' key events into edits of the document.

    Args:
        canvas: Whose events to watch.
        document: What they edit.
        hand: What the mouse is doing meanwhile.
    """

    frame_step_wanted = Signal(int)
    accept_wanted = Signal()
    escaped = Signal()  # Esc with nothing left to drop

    def __init__(self, canvas: Canvas, document: Document, hand: Hand) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._document = document
        self._hand = hand
        self._space_held = False
        canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handles the canvas' key events."""
        if event.type() == QEvent.Type.FocusOut:
            self._space_held = False
        if not isinstance(event, QKeyEvent):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            return self._override(event)
        return self._canvas.has_frame and self._key(event)

    def _override(self, event: QKeyEvent) -> bool:
        """Claims the keys that mean something else here than in the menus."""
        selected = self._document.selected is not None
        key = event.key()
        claimed = (
            key == Qt.Key.Key_Escape
            or (key in _ARROWS and selected)
            or (key in (Qt.Key.Key_Space, Qt.Key.Key_H) and not event.modifiers())
        )
        if claimed:
            event.accept()
        return claimed

    def _key(self, event: QKeyEvent) -> bool:
        if event.type() == QEvent.Type.KeyRelease:
            return self._key_up(event)
        return event.type() == QEvent.Type.KeyPress and self._key_down(event)

    def _key_down(self, event: QKeyEvent) -> bool:
        key = event.key()
        if key in _ARROWS:
            return self._arrow(event)
        if key == Qt.Key.Key_Space and not event.modifiers():
            if not event.isAutoRepeat():
                self._space_held = True
                self._hand.pan_with_left(True)
        elif key == Qt.Key.Key_H and not event.modifiers():
            self._canvas.peek(True)
        elif key == Qt.Key.Key_Escape:
            self._escape()
        else:
            return self._point_key(event)
        return True

    def _key_up(self, event: QKeyEvent) -> bool:
        if event.isAutoRepeat():
            return False
        if event.key() == Qt.Key.Key_Space:
            tapped = self._space_held and not self._hand.has_panned
            self._space_held = False
            self._hand.pan_with_left(False)
            if tapped and self._document.tool is not Tool.AREA:  # the points are not seen
                self.accept_wanted.emit()
            return True
        if event.key() == Qt.Key.Key_H:
            self._canvas.peek(False)
            return True
        if event.key() in _ARROWS:
            self._canvas.show_loupe(None)
        return False

    def _arrow(self, event: QKeyEvent) -> bool:
        document, index = self._document, self._document.selected
        dx, dy = _ARROWS[Qt.Key(event.key())]
        if index is None:
            if dx and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
                # A key held down waits for each frame, or none of a slow cine would be seen.
                if not (event.isAutoRepeat() and document.awaits_frame):
                    self.frame_step_wanted.emit(int(dx))
                return True
            return False
        point = document.annotation.keypoints[index]
        if point is None or self._hand.is_busy:
            return True
        step = 1.0
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            step = 10.0
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            step = 0.1
        xy = self._hand.on_frame((point.x + dx * step, point.y + dy * step))
        document.move_point(index, xy, merge_key=f"nudge {index}")
        self._canvas.show_loupe(index, self._canvas.view.to_widget(xy))
        return True

    def _point_key(self, event: QKeyEvent) -> bool:
        document = self._document
        count = len(document.task.keypoints)
        number = event.key() - Qt.Key.Key_0
        if 1 <= number <= 9 and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            if number <= count:
                document.select(number - 1)
        elif event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            back = shifted or event.key() == Qt.Key.Key_Backtab
            return self._tab(-1 if back else 1)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return self._enter()
        elif event.key() == Qt.Key.Key_Backspace and document.tool is Tool.PLACE:
            self._take_back()
        else:
            return False
        return True

    def _tab(self, step: int) -> bool:
        """Goes on to the next candidate or point; past the last point the focus goes on."""
        document = self._document
        offers = document.tool is Tool.EDIT and not self._hand.is_busy
        counts = [
            len(point.candidates) if offers and point is not None else 0
            for point in document.annotation.keypoints
        ]
        selected, candidate = next_stop(
            document.selected, document.candidates.chosen, counts=counts, step=step
        )
        document.select(selected)
        document.candidates.choose(candidate)
        return selected is not None

    def _enter(self) -> bool:
        """Takes the highlighted candidate."""
        if self._document.candidates.chosen is None or self._hand.is_busy:
            return False
        self._document.candidates.take()
        return True

    def _take_back(self) -> None:
        """Takes the point placed last back to its empty slot."""
        document = self._document
        unplaced = document.annotation.next_unplaced
        last = (len(document.task.keypoints) if unplaced is None else unplaced) - 1
        if last >= 0:
            text = self.tr("Take back {}").format(document.task.keypoints[last].name)
            document.commit(document.annotation.without_point(last), text)

    def _escape(self) -> None:
        """Drops what is in the hand, the tool, the candidate, then the selection."""
        document = self._document
        if self._hand.has_point:
            self._hand.let_go()
        elif document.tool is not Tool.EDIT:
            document.set_tool(Tool.EDIT)
        elif document.candidates.chosen is not None:
            document.candidates.choose(None)
        elif document.proposal is not None:
            document.dismiss_proposal()
        elif document.selected is not None:
            document.select(None)
        else:
            self.escaped.emit()
