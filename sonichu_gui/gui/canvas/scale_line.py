"""The line of known length: a drag, or two clicks with the line following the pointer between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonichu_gui.gui.canvas.picking import clamped, is_drag

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Point
    from sonichu_gui.gui.canvas.canvas import Canvas
    from sonichu_gui.gui.document import Document


class ScaleLine:
    """The line while it is being drawn; places in widget units.

    Args:
        canvas: Where it is drawn.
        document: Which shows it and asks for its length.
    """

    def __init__(self, canvas: Canvas, document: Document) -> None:
        self._canvas = canvas
        self._document = document
        self._start: Point | None = None
        document.scale_line_changed.connect(self._follow_document)

    def begin(self, at: Point) -> None:
        """A press: sets the first end, unless the second is due."""
        if self._start is None:
            self._start = self._image_point(at)
            self._document.set_scale_line((self._start, self._start))

    def follow(self, at: Point) -> None:
        """Draws the line to the pointer, when it has begun."""
        if self._start is not None:
            self._document.set_scale_line((self._start, self._image_point(at)))

    def end(self, at: Point) -> None:
        """A release: away from the first end it makes the line whole, on it it waits."""
        if self._start is None:
            return
        if is_drag(press=self._canvas.view.to_widget(self._start), now=at):
            self.follow(at)
            self._start = None
            self._document.finish_scale_line()

    def forget(self) -> None:
        """The tool or the frame has changed."""
        self._start = None

    def _follow_document(self, line: object) -> None:
        """A line that was taken away is not drawn on from its first end."""
        if line is None:
            self.forget()

    def _image_point(self, at: Point) -> Point:
        point, frame = self._canvas.view.to_image(at), self._document.frame
        if frame is None:
            return point
        return clamped(point, width=frame.width, height=frame.height)
