"""The hand while a scan area is chosen.

left on a corner or edge   drags it
left elsewhere             draws a new rectangle
Enter                      takes the area;  Esc leaves it (as for every tool)
Ctrl+Z                     takes the last drag back
middle, Space+drag, wheel  move and magnify the frame, as ever

Points are not seen meanwhile: no key changes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent

from sonichu_gui.gui.canvas.area_draft import Grip, dragged, grip_at, rectangle
from sonichu_gui.gui.canvas.picking import is_drag
from sonichu_gui.gui.place import Tool

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Point
    from sonichu_gui.gui.canvas.canvas import Canvas
    from sonichu_gui.gui.document import Document
    from sonichu_gui.imaging.drawn_area import Outlines

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_LEFT_ALONE = (Qt.Key.Key_Escape, Qt.Key.Key_Space)


class AreaHand(QObject):
    """Turns the canvas' events into outlines while the tool is `Tool.AREA`.

    It watches the canvas after the other hands were set on it, and so is asked first.

    Args:
        canvas: Whose events to watch.
        document: Whose tool counts.
    """

    taken = Signal(object)  # Outlines
    changed = Signal(object)  # Outlines
    cursor_moved = Signal(object)  # Point in image pixels

    def __init__(self, canvas: Canvas, document: Document) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._document = document
        self.outlines: Outlines = ()
        self._before: Outlines = ()
        self._earlier: list[Outlines] = []
        self._grip: Grip | None = None
        self._press: Point | None = None
        self._press_widget: Point = (0.0, 0.0)
        self._space = False
        canvas.installEventFilter(self)
        document.tool_changed.connect(self._take_tool)

    def begin(self, outlines: Outlines) -> None:
        """Shows an area to be corrected; none asks for a rectangle."""
        self._press = self._grip = None
        self._earlier = []
        self._document.set_tool(Tool.AREA)
        self._change(outlines)
        self._canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def take(self) -> None:
        """Takes the area as it is."""
        if self._document.tool is Tool.AREA:
            self.taken.emit(self.outlines)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handles the canvas' events while an area is chosen."""
        if self._document.tool is not Tool.AREA:
            return False
        if isinstance(event, QKeyEvent):
            return self._key(event)
        if event.type() == QEvent.Type.FocusOut:
            self._space = False
        return isinstance(event, QMouseEvent) and self._mouse(event)

    def _key(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = event.type() == QEvent.Type.KeyPress
        if event.key() in _LEFT_ALONE or event.type() == QEvent.Type.KeyRelease:
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            return self._claim(event)
        if event.key() in _ENTER:
            self.take()
        elif event.matches(QKeySequence.StandardKey.Undo):
            self._take_back()
        return True

    def _claim(self, event: QKeyEvent) -> bool:
        """Takes Enter and undo from the window's shortcuts; the rest of them work as ever."""
        if event.key() in _ENTER or event.matches(QKeySequence.StandardKey.Undo):
            event.accept()
        return True

    def _take_back(self) -> None:
        if self._earlier and self._press is None:
            self._change(self._earlier.pop())

    def _mouse(self, event: QMouseEvent) -> bool:
        at = (event.position().x(), event.position().y())
        kind, button = event.type(), event.button()
        if kind == QEvent.Type.MouseMove:
            return self._move(event, at)
        if button == Qt.MouseButton.RightButton:
            return True
        if button != Qt.MouseButton.LeftButton or (self._space and self._press is None):
            return False
        if kind == QEvent.Type.MouseButtonPress:
            self._take_hold(at)
        elif kind == QEvent.Type.MouseButtonRelease:
            self._let_go()
        return True

    def _take_hold(self, at: Point) -> None:
        self._canvas.setFocus(Qt.FocusReason.MouseFocusReason)
        self._press_widget, self._press = at, self._canvas.view.to_image(at)
        self._before = self.outlines
        self._grip = self._grip_at(at)
        self._show()

    def _move(self, event: QMouseEvent, at: Point) -> bool:
        point = self._canvas.view.to_image(at)
        self.cursor_moved.emit(point)
        if self._press is None:
            if event.buttons() or self._space:
                return False
            self._grip = self._grip_at(at)
            self._show()
            return True
        frame = self._document.frame
        if frame is None or not is_drag(press=self._press_widget, now=at):
            return True
        size = (frame.width, frame.height)
        if self._grip is None:
            self._change(rectangle(self._press, point, size=size))
        else:
            by = (point[0] - self._press[0], point[1] - self._press[1])
            self._change(dragged(self._before, self._grip, by, size=size))
        return True

    def _let_go(self) -> None:
        self._press = None
        if self.outlines != self._before:
            self._earlier.append(self._before)
        self._show()

    def _grip_at(self, at: Point) -> Grip | None:
        view = self._canvas.view
        reach = self._canvas.handle_reach / view.zoom
        return grip_at(self.outlines, view.to_image(at), reach=reach)

    def _change(self, outlines: Outlines) -> None:
        self.outlines = outlines
        self._show()
        self.changed.emit(outlines)

    def _show(self) -> None:
        self._canvas.show_area(self.outlines, self._grip)
        shape = Qt.CursorShape.CrossCursor
        if self._grip is not None:
            shape = Qt.CursorShape.SizeAllCursor
        if self._canvas.cursor().shape() != shape:
            self._canvas.setCursor(shape)

    def _take_tool(self, tool: Tool) -> None:
        if tool is not Tool.AREA:
            self.outlines, self._press, self._grip = (), None, None
            self._canvas.show_area(None)
