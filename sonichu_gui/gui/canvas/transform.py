"""Where an image point is on the widget: the canvas' half of the pixel convention.

Image pixels have (0, 0) at the centre of the top-left pixel; Qt's widget coordinates have it at
the corner. `to_widget` and `to_image` are each other's inverse, and the only place that adds and
takes away that half pixel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Point

Box = tuple[int, int, int, int]

MIN_ZOOM = 0.02
MAX_ZOOM = 64.0


@dataclass(frozen=True, slots=True)
class ViewTransform:
    """How a frame lies on the widget.

    Attributes:
        zoom: Widget units a image pixel.
        left: Widget x of the frame's left edge.
        top: Widget y of the frame's top edge.
    """

    zoom: float = 1.0
    left: float = 0.0
    top: float = 0.0

    def to_widget(self, point: Point) -> Point:
        """Image pixels -> widget units."""
        x, y = point
        return self.left + (x + 0.5) * self.zoom, self.top + (y + 0.5) * self.zoom

    def to_image(self, point: Point) -> Point:
        """Widget units -> image pixels."""
        x, y = point
        return (x - self.left) / self.zoom - 0.5, (y - self.top) / self.zoom - 0.5

    def panned(self, dx: float, dy: float) -> ViewTransform:
        """Moves the frame by widget units."""
        return replace(self, left=self.left + dx, top=self.top + dy)

    def zoomed_at(self, anchor: Point, factor: float) -> ViewTransform:
        """Zooms so that the image point under the anchor (widget units) stays there."""
        zoom = min(max(self.zoom * factor, MIN_ZOOM), MAX_ZOOM)
        ratio = zoom / self.zoom
        return ViewTransform(
            zoom,
            anchor[0] - (anchor[0] - self.left) * ratio,
            anchor[1] - (anchor[1] - self.top) * ratio,
        )

    def kept_in_reach(
        self, *, frame: tuple[int, int], widget: tuple[float, float], reach: float = 60.0
    ) -> ViewTransform:
        """Pulls the frame back so that at least `reach` units of it stay on the widget."""
        width, height = frame[0] * self.zoom, frame[1] * self.zoom
        return replace(
            self,
            left=min(max(self.left, reach - width), widget[0] - reach),
            top=min(max(self.top, reach - height), widget[1] - reach),
        )


def fitted(
    *,
    frame: tuple[int, int],
    widget: tuple[float, float],
    margin: float = 24.0,
    box: Box | None = None,
) -> ViewTransform:
    """Shows the whole frame, or a part of it, centred.

    Args:
        frame: Width and height in image pixels.
        widget: Width and height in widget units.
        margin: Free space around, in widget units.
        box: Left, top, right and bottom of the part in image pixels, inclusive.
    """
    left, top, right, bottom = box or (0, 0, frame[0] - 1, frame[1] - 1)
    width, height = right - left + 1, bottom - top + 1
    zoom = min(
        max(widget[0] - 2 * margin, 16.0) / width, max(widget[1] - 2 * margin, 16.0) / height
    )
    zoom = min(max(zoom, MIN_ZOOM), MAX_ZOOM)
    return ViewTransform(
        zoom,
        (widget[0] - width * zoom) / 2.0 - left * zoom,
        (widget[1] - height * zoom) / 2.0 - top * zoom,
    )
