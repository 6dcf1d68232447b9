"""The hand on the canvas: what mouse and keys mean.

left on a point      drag it (grab offset kept, 3 px threshold); release stores, Esc does not
left elsewhere       drag pans; a click deselects, places the next point, or draws the scale line
middle, Space+drag   pan, in every mode, also while a point is in the hand
wheel                zoom at the cursor; Shift+wheel steps through a cine
right on a point     its state
arrows               nudge the selected point 1 px, Shift 10, Ctrl 0.1; else step the cine
1-9, Tab             select a point;  Backspace takes the last placed point back
H held               look under the marks;  Space tapped: accept and next
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QAction, QCursor, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QMenu, QToolTip

from sonichu_gui.domain.annotation import PointState
from sonichu_gui.gui.canvas.picking import clamped, is_drag, nearest_keypoint, next_index
from sonichu_gui.gui.document import Document, Tool

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Point
    from sonichu_gui.gui.canvas.canvas import Canvas

WHEEL_STEP = 1.2
_ARROWS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, -1.0),
    Qt.Key.Key_Down: (0.0, 1.0),
}


class _Grip(Enum):
    """What the left button holds."""

    NOTHING = auto()
    PRESSED_POINT = auto()
    POINT = auto()
    PRESSED_GROUND = auto()
    GROUND = auto()
    SCALE_END = auto()


@dataclass(slots=True)
class _Held:
    """The press that is under way."""

    grip: _Grip = _Grip.NOTHING
    press: Point = (0.0, 0.0)
    last: Point = (0.0, 0.0)
    index: int = -1
    offset: Point = (0.0, 0.0)


class Hand(QObject):
    """Turns the canvas' events into edits of the document.

    Args:
        canvas: Whose events to watch.
        document: What they edit.
    """

    cursor_moved = Signal(object)  # Point in image pixels | None
    frame_step_wanted = Signal(int)
    accept_wanted = Signal()

    def __init__(self, canvas: Canvas, document: Document) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._document = document
        self._held = _Held()
        self._pan_from: Point | None = None
        self._space_held = False
        self._space_used = False
        canvas.installEventFilter(self)
        document.frame_changed.connect(self._let_go)
        document.task_changed.connect(self._let_go)
        document.tool_changed.connect(self._show_cursor)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handles the canvas' mouse and key events."""
        kind = event.type()
        if kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            return self._override(event)
        if not self._canvas.has_frame:
            return False
        if isinstance(event, QMouseEvent):
            return self._mouse(event)
        if isinstance(event, QWheelEvent):
            self._wheel(event)
            return True
        if isinstance(event, QKeyEvent):
            return self._key(event)
        if kind == QEvent.Type.Leave:
            self.cursor_moved.emit(None)
            self._document.hover(None)
        elif kind in (QEvent.Type.FocusOut, QEvent.Type.Hide):
            self._lose_focus()
        return False

    # ---- mouse -----------------------------------------------------------------------------

    def _mouse(self, event: QMouseEvent) -> bool:
        at = (event.position().x(), event.position().y())
        kind = event.type()
        if kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
            self._press(event, at)
        elif kind == QEvent.Type.MouseMove:
            self._move(at)
        elif kind == QEvent.Type.MouseButtonRelease:
            self._release(event, at)
        else:
            return False
        return True

    def _press(self, event: QMouseEvent, at: Point) -> None:
        self._canvas.setFocus(Qt.FocusReason.MouseFocusReason)
        button = event.button()
        if button == Qt.MouseButton.MiddleButton:
            self._start_pan(at)
        elif button == Qt.MouseButton.LeftButton and self._held.grip is _Grip.NOTHING:
            if self._space_held:
                self._space_used = True
                self._start_pan(at)
            else:
                self._take_hold(at)
        elif button == Qt.MouseButton.RightButton and self._held.grip is _Grip.NOTHING:
            self._open_state_menu(event, at)

    def _take_hold(self, at: Point) -> None:
        view = self._canvas.view
        self._held = _Held(_Grip.PRESSED_GROUND, at, at)
        if self._document.tool is Tool.SCALE:
            self._start_scale_line(at)
            return
        index = None if self._canvas.is_peeking else self._point_at(at)
        if index is None:
            return
        point = self._document.annotation.keypoints[index]
        if point is not None:
            x, y = view.to_image(at)
            offset = (point.x - x, point.y - y)
            self._held = _Held(_Grip.PRESSED_POINT, at, at, index, offset)
            self._document.select(index)

    def _move(self, at: Point) -> None:
        self.cursor_moved.emit(self._canvas.view.to_image(at))
        if self._pan_from is not None:
            self._pan_to(at)
            return
        held = self._held
        if held.grip is _Grip.PRESSED_POINT and is_drag(press=held.press, now=at):
            held.grip = _Grip.POINT
            self._canvas.setCursor(Qt.CursorShape.BlankCursor)
        if held.grip is _Grip.PRESSED_GROUND and is_drag(press=held.press, now=at):
            held.grip = _Grip.GROUND
            self._canvas.setCursor(Qt.CursorShape.ClosedHandCursor)
        if held.grip is _Grip.POINT:
            if self._space_held:
                self._space_used = True
                self._canvas.pan_by(at[0] - held.last[0], at[1] - held.last[1])
            self._drag_point(at)
        elif held.grip is _Grip.GROUND:
            self._canvas.pan_by(at[0] - held.last[0], at[1] - held.last[1])
        elif held.grip is _Grip.SCALE_END:
            self._draw_scale_line(at)
        elif held.grip is _Grip.NOTHING:
            self._hover(at)
        held.last = at

    def _release(self, event: QMouseEvent, at: Point) -> None:
        button = event.button()
        if button == Qt.MouseButton.MiddleButton:
            self._pan_from = None
            self._show_cursor()
        if button != Qt.MouseButton.LeftButton:
            return
        if self._pan_from is not None and self._held.grip is _Grip.NOTHING:
            self._pan_from = None
            self._show_cursor()
            return
        held, self._held = self._held, _Held()
        self._canvas.show_loupe(None)
        if held.grip is _Grip.POINT:
            self._document.move_point(held.index, self._dragged_to(held, at))
        elif held.grip is _Grip.PRESSED_GROUND:
            self._click_ground(at)
        elif held.grip is _Grip.SCALE_END and is_drag(press=held.press, now=at):
            self._draw_scale_line(at)
        self._show_cursor()

    def _click_ground(self, at: Point) -> None:
        document = self._document
        index = document.annotation.next_unplaced
        if document.tool is Tool.PLACE and index is not None:
            document.move_point(index, self._on_frame(self._canvas.view.to_image(at)))
            document.select(index)
            if document.annotation.is_complete:
                document.set_tool(Tool.EDIT)
        else:
            document.select(None)

    def _drag_point(self, at: Point) -> None:
        held = self._held
        xy = self._dragged_to(held, at)
        self._document.preview(self._document.annotation.with_point(held.index, xy))
        self._canvas.show_loupe(held.index, at)

    def _dragged_to(self, held: _Held, at: Point) -> Point:
        x, y = self._canvas.view.to_image(at)
        return self._on_frame((x + held.offset[0], y + held.offset[1]))

    def _hover(self, at: Point) -> None:
        index = None if self._canvas.is_peeking else self._point_at(at)
        self._document.hover(index)
        self._show_cursor()
        if self._document.tool is Tool.PLACE:
            unplaced = self._document.annotation.next_unplaced
            if unplaced is not None and index is None:
                name = self._document.task.keypoints[unplaced].name
                position = self._canvas.mapToGlobal(QPointF(at[0] + 8, at[1] + 4).toPoint())
                QToolTip.showText(position, name, self._canvas)

    def _wheel(self, event: QWheelEvent) -> None:
        steps = (event.angleDelta().y() or event.angleDelta().x()) / 120.0
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            if steps:
                self.frame_step_wanted.emit(-1 if steps > 0 else 1)
            return
        at = (event.position().x(), event.position().y())
        self._canvas.zoom_by(WHEEL_STEP**steps, at)
        if self._held.grip is _Grip.POINT:
            self._drag_point(at)

    def _start_pan(self, at: Point) -> None:
        self._pan_from = at
        self._canvas.setCursor(Qt.CursorShape.ClosedHandCursor)

    def _pan_to(self, at: Point) -> None:
        assert self._pan_from is not None  # noqa: S101 - the caller has looked
        self._canvas.pan_by(at[0] - self._pan_from[0], at[1] - self._pan_from[1])
        self._pan_from = at
        self._held.last = at

    # ---- scale line ------------------------------------------------------------------------

    def _start_scale_line(self, at: Point) -> None:
        """First click sets one end, a drag or a second click the other."""
        line = self._document.scale_line
        point = self._on_frame(self._canvas.view.to_image(at))
        self._held = _Held(_Grip.SCALE_END, at, at)
        if line is not None and line[0] == line[1]:
            self._document.set_scale_line((line[0], point))
        else:
            self._document.set_scale_line((point, point))

    def _draw_scale_line(self, at: Point) -> None:
        line = self._document.scale_line
        if line is not None and is_drag(press=self._held.press, now=at):
            end = self._on_frame(self._canvas.view.to_image(at))
            self._document.set_scale_line((line[0], end))

    # ---- keys ------------------------------------------------------------------------------

    def _override(self, event: QKeyEvent) -> bool:
        """Claims the keys that mean something else here than in the menus."""
        selected = self._document.selected is not None
        key = event.key()
        claimed = (
            key in (Qt.Key.Key_Space, Qt.Key.Key_Escape)
            or (key in _ARROWS and selected)
            or (key == Qt.Key.Key_H and not event.modifiers())
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
        if key == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._space_held, self._space_used = True, self._held.grip is not _Grip.NOTHING
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
            tapped = self._space_held and not self._space_used
            self._space_held = False
            if tapped:
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
                self.frame_step_wanted.emit(int(dx))
                return True
            return False
        point = document.annotation.keypoints[index]
        if point is None or self._held.grip is not _Grip.NOTHING:
            return True
        step = 1.0
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            step = 10.0
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            step = 0.1
        xy = self._on_frame((point.x + dx * step, point.y + dy * step))
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
            step = -1 if event.key() == Qt.Key.Key_Backtab else 1
            document.select(next_index(document.selected, count=count, step=step))
        elif event.key() == Qt.Key.Key_Backspace and document.tool is Tool.PLACE:
            self._take_back()
        else:
            return False
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
        """Drops what is in the hand, then the tool, then the selection."""
        document = self._document
        if self._held.grip in (_Grip.POINT, _Grip.PRESSED_POINT):
            self._let_go()
        elif document.tool is not Tool.EDIT:
            document.set_tool(Tool.EDIT)
        elif document.proposal is not None:
            document.dismiss_proposal()
        else:
            document.select(None)

    # ---- small things ----------------------------------------------------------------------

    def _point_at(self, at: Point) -> int | None:
        return nearest_keypoint(
            self._document.annotation,
            pointer=at,
            view=self._canvas.view,
            reach=self._canvas.handle_reach,
        )

    def _on_frame(self, point: Point) -> Point:
        frame = self._document.frame
        if frame is None:
            return point
        return clamped(point, width=frame.width, height=frame.height)

    def _let_go(self, _: object = None) -> None:
        """Drops a drag without a trace."""
        self._held = _Held()
        self._pan_from = None
        self._document.cancel_preview()
        self._canvas.show_loupe(None)
        self._show_cursor()

    def _lose_focus(self) -> None:
        """Another window took the keys or the mouse: nothing may stay half done."""
        self._space_held = False
        self._canvas.peek(False)
        if self._held.grip is not _Grip.NOTHING:
            self._let_go()

    def _show_cursor(self, _: object = None) -> None:
        if self._document.tool is not Tool.EDIT:
            shape = Qt.CursorShape.CrossCursor
        elif self._document.hovered is not None:
            shape = Qt.CursorShape.PointingHandCursor
        else:
            shape = Qt.CursorShape.ArrowCursor
        if self._held.grip is _Grip.NOTHING and self._canvas.cursor().shape() != shape:
            self._canvas.setCursor(QCursor(shape))

    def _open_state_menu(self, event: QMouseEvent, at: Point) -> None:
        index = self._point_at(at)
        point = None if index is None else self._document.annotation.keypoints[index]
        if index is None or point is None:
            return
        self._document.select(index)
        menu = QMenu(self._canvas)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for state in PointState:
            action = QAction(self.tr(state.value.capitalize()), menu)
            action.setCheckable(True)
            action.setChecked(point.state is state)
            action.setData((index, state))
            menu.addAction(action)
        menu.triggered.connect(self._choose_state)
        menu.popup(event.globalPosition().toPoint())

    def _choose_state(self, action: QAction) -> None:
        index, state = action.data()
        self._document.set_point_state(index, PointState(state))
