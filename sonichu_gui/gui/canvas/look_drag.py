"""Brightness and contrast by dragging with the right button, where the person has asked for it.

Up is brighter, right is more contrast. A press on a point still opens its menu.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QMouseEvent

from sonichu_gui.gui.canvas.picking import nearest_keypoint
from sonichu_gui.gui.place import Tool
from sonichu_gui.imaging.look import RANGES

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Point
    from sonichu_gui.gui.canvas.canvas import Canvas
    from sonichu_gui.gui.document import Document
    from sonichu_gui.imaging.look import Look

_FOR_WHOLE_RANGE = 500.0
"""Widget units that go from black to white."""

_FOR_TENFOLD = 500.0
"""Widget units that make contrast ten times as much."""


class LookDrag(QObject):
    """Turns right-drags on empty ground into looks.

    Args:
        canvas: Whose events to watch.
        document: Whose points are left alone, and whose look is changed.
    """

    look_wanted = Signal(object)  # Look

    def __init__(self, canvas: Canvas, document: Document) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._document = document
        self._on = False
        self._from: tuple[Point, Look] | None = None
        canvas.installEventFilter(self)

    def set_on(self, on: bool) -> None:
        """Takes right-drags, or leaves them."""
        self._on, self._from = on, None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handles the canvas' events of the right button."""
        if event.type() in (QEvent.Type.FocusOut, QEvent.Type.Hide):
            self._from = None
        if not (self._on and self._canvas.has_frame and isinstance(event, QMouseEvent)):
            return False
        at = (event.position().x(), event.position().y())
        if event.type() == QEvent.Type.MouseMove and self._from is not None:
            self.look_wanted.emit(self._look_at(at))
            return True
        if event.button() != Qt.MouseButton.RightButton:
            return False
        if event.type() == QEvent.Type.MouseButtonPress and self._is_ground(at):
            self._from = at, self._document.appearance.look
            return True
        held = self._from is not None
        if event.type() == QEvent.Type.MouseButtonRelease:
            self._from = None
        return held

    def _is_ground(self, at: Point) -> bool:
        canvas, document = self._canvas, self._document
        if document.tool is Tool.AREA:
            return False
        reach = canvas.handle_reach
        point = nearest_keypoint(document.annotation, pointer=at, view=canvas.view, reach=reach)
        return point is None or canvas.is_peeking

    def _look_at(self, at: Point) -> Look:
        assert self._from is not None  # noqa: S101 - the caller has looked
        (x, y), look = self._from
        brightness = look.brightness + (y - at[1]) / _FOR_WHOLE_RANGE
        contrast = look.contrast * 10 ** ((at[0] - x) / _FOR_TENFOLD)
        return replace(
            look,
            brightness=_within("brightness", brightness),
            contrast=_within("contrast", contrast),
        )


def _within(name: str, value: float) -> float:
    low, high = RANGES[name]
    return round(min(max(value, low), high), 4)
