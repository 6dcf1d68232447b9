"""The hand on the canvas: what mouse and keys mean.

left on a point      drag it (grab offset kept, 3 px threshold); release stores, Esc does not
left on a ghost      a click takes that other candidate of the selected point
left elsewhere       drag pans; a click deselects, places the next point, or draws the scale line
middle, Space+drag   pan, in every mode, also while a point is in the hand
wheel                zoom at the cursor; Shift+wheel steps through a cine
right on a point     its state
arrows               nudge the selected point 1 px, Shift 10, Ctrl 0.1; else step the cine
1-9, Tab             select a point; Tab goes through its other candidates, Enter takes one
Backspace            takes the last placed point back
H held               look under the marks;  Space tapped: accept and next
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QCursor, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QMenu

from sonichu_gui.domain.annotation import PointState
from sonichu_gui.gui.canvas.picking import clamped, is_drag, nearest_candidate, nearest_keypoint
from sonichu_gui.gui.canvas.scale_line import ScaleLine
from sonichu_gui.gui.place import Tool

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Point
    from sonichu_gui.gui.canvas.canvas import Canvas
    from sonichu_gui.gui.document import Document

WHEEL_STEP = 1.2
OFF_FRAME_PX = 10.0
"""A click this far off the frame is a slip, not a point on its border."""


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
    candidate: int | None = None


class Hand(QObject):
    """Turns the canvas' events into edits of the document.

    Args:
        canvas: Whose events to watch.
        document: What they edit.
    """

    cursor_moved = Signal(object)  # Point in image pixels | None
    frame_step_wanted = Signal(int)

    def __init__(self, canvas: Canvas, document: Document) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._document = document
        self._held = _Held()
        self._pan_from: Point | None = None
        self._left_pans = False
        self._has_panned = False
        self._points_at_candidate = False
        self._scale_line = ScaleLine(canvas, document)
        canvas.installEventFilter(self)
        document.frame_changed.connect(self.let_go)
        document.task_changed.connect(self.let_go)
        document.tool_changed.connect(self._take_tool)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handles the canvas' mouse events."""
        if not self._canvas.has_frame:
            return False
        kind = event.type()
        if isinstance(event, QMouseEvent):
            return self._mouse(event)
        if isinstance(event, QWheelEvent):
            self._wheel(event)
            return True
        if kind == QEvent.Type.Leave:
            self.cursor_moved.emit(None)
            self._document.hover(None)
            self._point_at_candidate(None)
            self._canvas.show_word("", (0.0, 0.0))
        elif kind in (QEvent.Type.FocusOut, QEvent.Type.Hide):
            self._lose_focus()
        return False

    # ---- what the keys ask -----------------------------------------------------------------

    @property
    def is_busy(self) -> bool:
        """Whether a button is down and something hangs on it."""
        return self._held.grip is not _Grip.NOTHING

    @property
    def has_point(self) -> bool:
        """Whether a point is in the hand."""
        return self._held.grip in (_Grip.POINT, _Grip.PRESSED_POINT)

    def pan_with_left(self, on: bool) -> None:
        """Lets the left button pan while Space is held."""
        self._left_pans = on
        self._has_panned = self.is_busy

    @property
    def has_panned(self) -> bool:
        """Whether the left button has panned since Space went down."""
        return self._has_panned

    # ---- mouse -----------------------------------------------------------------------------

    def _mouse(self, event: QMouseEvent) -> bool:
        at = (event.position().x(), event.position().y())
        kind = event.type()
        if kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
            self._press(event, at, double=kind == QEvent.Type.MouseButtonDblClick)
        elif kind == QEvent.Type.MouseMove:
            self._move(at)
        elif kind == QEvent.Type.MouseButtonRelease:
            self._release(event, at)
        else:
            return False
        return True

    def _press(self, event: QMouseEvent, at: Point, *, double: bool) -> None:
        self._canvas.setFocus(Qt.FocusReason.MouseFocusReason)
        button = event.button()
        if button == Qt.MouseButton.MiddleButton:
            self._start_pan(at)
        elif double and self._document.tool is not Tool.EDIT:
            return  # one click, one point: the second half of a double click means nothing
        elif button == Qt.MouseButton.LeftButton and self._held.grip is _Grip.NOTHING:
            if self._left_pans:
                self._has_panned = True
                self._start_pan(at)
            else:
                self._take_hold(at)
        elif button == Qt.MouseButton.RightButton and self._held.grip is _Grip.NOTHING:
            self._open_state_menu(event, at)

    def _take_hold(self, at: Point) -> None:
        view = self._canvas.view
        self._held = _Held(_Grip.PRESSED_GROUND, at, at)
        if self._document.tool is Tool.SCALE:
            self._held = _Held(_Grip.SCALE_END, at, at)
            self._scale_line.begin(at)
            return
        index = None if self._canvas.is_peeking else self._point_at(at)
        if index is None:
            self._held.candidate = self._candidate_at(at)
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
            if self._left_pans:
                self._has_panned = True
                self._canvas.pan_by(at[0] - held.last[0], at[1] - held.last[1])
            self._drag_point(at)
        elif held.grip is _Grip.GROUND:
            self._canvas.pan_by(at[0] - held.last[0], at[1] - held.last[1])
        elif held.grip is _Grip.SCALE_END:
            self._scale_line.follow(at)
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
        elif held.grip in (_Grip.PRESSED_GROUND, _Grip.PRESSED_POINT):
            self._click(held, at)
        elif held.grip is _Grip.SCALE_END:
            self._scale_line.end(at)
        self._show_cursor()

    def _click(self, held: _Held, at: Point) -> None:
        """Places the point that is due, also on top of another one; else deselects."""
        document, index = self._document, self._document.place_target
        point = self._canvas.view.to_image(at)
        if document.tool is Tool.PLACE and index is not None:
            if math.dist(point, self.on_frame(point)) > OFF_FRAME_PX:
                document.noted.emit(self.tr("Click inside the frame"))
                return
            document.move_point(index, self.on_frame(point))
            document.select(index)
            if document.annotation.is_complete:
                document.set_tool(Tool.EDIT)
        elif held.candidate is not None and held.candidate < len(document.candidates.places):
            document.candidates.choose(held.candidate)
            document.candidates.take()
        elif held.grip is _Grip.PRESSED_GROUND:
            document.select(None)

    def _drag_point(self, at: Point) -> None:
        held = self._held
        xy = self._dragged_to(held, at)
        self._document.preview(self._document.annotation.with_point(held.index, xy))
        self._canvas.show_loupe(held.index, at)

    def _dragged_to(self, held: _Held, at: Point) -> Point:
        x, y = self._canvas.view.to_image(at)
        return self.on_frame((x + held.offset[0], y + held.offset[1]))

    def _hover(self, at: Point) -> None:
        index = None if self._canvas.is_peeking else self._point_at(at)
        self._document.hover(index)
        self._point_at_candidate(self._candidate_at(at) if index is None else None)
        self._show_cursor()
        due = self._document.place_target
        if self._document.tool is Tool.PLACE and due is not None:
            self._canvas.show_word(self._document.task.keypoints[due].name, at)
        else:
            self._scale_line.follow(at)

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

    # ---- small things ----------------------------------------------------------------------

    def _point_at(self, at: Point) -> int | None:
        return nearest_keypoint(
            self._document.annotation,
            pointer=at,
            view=self._canvas.view,
            reach=self._canvas.handle_reach,
        )

    def _candidate_at(self, at: Point) -> int | None:
        if self._canvas.is_peeking:
            return None
        return nearest_candidate(
            self._document.candidates.places,
            pointer=at,
            view=self._canvas.view,
            reach=self._canvas.handle_reach,
        )

    def _point_at_candidate(self, number: int | None) -> None:
        """Highlights what is pointed at; what the keys have highlighted stays elsewhere."""
        if number is not None or self._points_at_candidate:
            self._document.candidates.choose(number)
        self._points_at_candidate = number is not None

    def on_frame(self, point: Point) -> Point:
        """The point, pulled onto the frame shown."""
        frame = self._document.frame
        if frame is None:
            return point
        return clamped(point, width=frame.width, height=frame.height)

    def let_go(self, _: object = None) -> None:
        """Drops a drag without a trace."""
        self._held = _Held()
        self._pan_from = None
        self._document.cancel_preview()
        self._canvas.show_loupe(None)
        self._canvas.show_word("", (0.0, 0.0))
        self._show_cursor()

    def _lose_focus(self) -> None:
        """Another window took the keys or the mouse: nothing may stay half done."""
        self._left_pans = False
        self._canvas.peek(False)
        if self._held.grip is not _Grip.NOTHING:
            self.let_go()

    def _take_tool(self, _: object = None) -> None:
        self._scale_line.forget()
        self._show_cursor()

    def _show_cursor(self, _: object = None) -> None:
        if self._document.tool is not Tool.EDIT:
            shape = Qt.CursorShape.CrossCursor
        elif self._document.hovered is not None or self._points_at_candidate:
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
