"""The canvas: shows the frame and its marks, and repaints only what has changed.

What the mouse and the keys mean is decided in `hand.py`; what is drawn, in `overlay.py`. The
canvas owns the view (zoom and place of the frame) and turns both into pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from sonichu_gui.gui import theme
from sonichu_gui.gui.canvas.area_paint import paint_area
from sonichu_gui.gui.canvas.ghosts import Highlight
from sonichu_gui.gui.canvas.labels import PLATE_HEIGHT, PLATE_PAD, LabelLayout
from sonichu_gui.gui.canvas.loupe import Loupe
from sonichu_gui.gui.canvas.marks import Mark, TextMark, changed_bounds
from sonichu_gui.gui.canvas.overlay import OverlayOptions, build_marks
from sonichu_gui.gui.canvas.painter import MarkPainter
from sonichu_gui.gui.canvas.picture import Picture
from sonichu_gui.gui.canvas.scale_bar import paint_scale_bar
from sonichu_gui.gui.canvas.scale_marks import scale_marks
from sonichu_gui.gui.canvas.transform import Box, ViewTransform, fitted
from sonichu_gui.gui.place import Tool

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from sonichu_gui.domain.calibration import Point
    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.gui.canvas.area_draft import Grip
    from sonichu_gui.gui.document import Document
    from sonichu_gui.imaging.drawn_area import Outlines

SHARP_FROM_ZOOM = 6.0
"""From here on single pixels are shown as squares: smoothing would invent detail."""


class Canvas(QWidget):
    """The frame with its keypoints.

    Args:
        document: What is shown.
    """

    zoom_changed = Signal(float)
    cropped_changed = Signal(bool)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.view = ViewTransform()
        self._picture = Picture(document)
        self._area: tuple[Outlines, Grip | None] | None = None
        self._has_frame = False
        self._frame_size = (0, 0)
        self._fits = True
        self._box: Box | None = None
        self._marks: tuple[Mark, ...] = ()
        self._is_stale = False
        self._show_names = True
        self._show_uncertainty = True
        self._peeking = False
        self._radius = 6.0
        self._loupe = Loupe(document)
        self._word: tuple[str, Point] | None = None
        self._plate_font = theme.font(11.5, weight=600)
        self._small_font = theme.font(10.5)
        self._layout = LabelLayout(QFontMetricsF(self._plate_font).horizontalAdvance)
        self._ink = MarkPainter(self._plate_font)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(self.tr("Frame with keypoints"))
        self.setMinimumSize(280, 220)
        document.frame_changed.connect(self._show_frame)
        document.appearance.changed.connect(self._show_look)
        document.annotation_changed.connect(self._refresh_annotation)
        document.proposal_changed.connect(self._refresh_all_marks)
        document.task_changed.connect(self._refresh_all_marks)
        document.calibration_changed.connect(self._repaint_all)
        document.selection_changed.connect(self._refresh_marks)
        document.hover_changed.connect(self._refresh_marks)
        document.candidates.chosen_changed.connect(self._refresh_marks)
        document.tool_changed.connect(self._repaint_all)
        document.scale_line_changed.connect(self._refresh_marks)
        document.scaling.changed.connect(self._refresh_marks)

    # ---- view ------------------------------------------------------------------------------

    @property
    def handle_reach(self) -> float:
        """How far from a point, in widget units, the pointer still takes hold of it."""
        return self._radius + 6.0

    @property
    def has_frame(self) -> bool:
        """Whether there is something to look at."""
        return self._has_frame

    @property
    def is_cropped(self) -> bool:
        """Whether the view fits a part of the frame."""
        return self._fits and self._box is not None

    def set_view(self, view: ViewTransform, *, fits: bool = False) -> None:
        """Shows the frame at another place or zoom."""
        if self.has_frame:
            size = (float(self.width()), float(self.height()))
            view = view.kept_in_reach(frame=self._frame_size, widget=size)
        zoomed = view.zoom != self.view.zoom
        self.view = view
        was_cropped, self._fits = self.is_cropped, fits
        if was_cropped and not fits:
            self.cropped_changed.emit(False)
        if zoomed:
            self._layout.forget()
            self.zoom_changed.emit(view.zoom * self.devicePixelRatioF())
        self._refresh_all_marks()

    def fit(self) -> None:
        """Shows the whole frame."""
        self.fit_box(None)

    def fit_box(self, box: Box | None) -> None:
        """Shows a part of the frame (left, top, right, bottom in image pixels), or all of it."""
        was_cropped, self._box = self.is_cropped, box
        self._refit()
        if was_cropped != self.is_cropped:
            self.cropped_changed.emit(self.is_cropped)

    def _refit(self) -> None:
        if self.has_frame:
            size = (float(self.width()), float(self.height()))
            view = fitted(frame=self._frame_size, widget=size, box=self._box)
            self.set_view(view, fits=True)

    def show_actual_size(self) -> None:
        """One image pixel on one screen pixel, around the middle; again: fit."""
        target = 1.0 / self.devicePixelRatioF()
        if abs(self.view.zoom - target) < 1e-6:
            self.fit()
        else:
            self.zoom_by(target / self.view.zoom)

    def zoom_by(self, factor: float, anchor: Point | None = None) -> None:
        """Zooms around an anchor in widget units, by default the middle."""
        middle = anchor or (self.width() / 2.0, self.height() / 2.0)
        self.set_view(self.view.zoomed_at(middle, factor))

    def pan_by(self, dx: float, dy: float) -> None:
        """Moves the frame by widget units."""
        self.set_view(self.view.panned(dx, dy), fits=False)

    # ---- options ---------------------------------------------------------------------------

    def show_names(self, on: bool) -> None:
        """Shows or hides the names of the points."""
        self._show_names = on
        self._refresh_all_marks()

    def show_uncertainty(self, on: bool) -> None:
        """Shows or hides the model's uncertainty."""
        self._show_uncertainty = on
        self._refresh_all_marks()

    def show_heatmap(self, heat: npt.NDArray[np.float32] | None) -> None:
        """Lays a heatmap of the whole frame over it, or takes it away."""
        if self._picture.set_heat(heat):
            self.update(self._frame_rect().toAlignedRect())

    def show_area(self, outlines: Outlines | None, held: Grip | None = None) -> None:
        """Shows a scan area that is being chosen, in place of the marks; None ends it."""
        area = None if outlines is None else (outlines, held)
        if area != self._area:
            self._area = area
            self.update()

    def set_handle_size(self, radius: float) -> None:
        """Draws the rings of the points with another radius, in screen pixels."""
        self._radius = radius
        self._refresh_all_marks()

    def peek(self, on: bool) -> None:
        """Hides all marks while held, to look under them."""
        if on != self._peeking:
            self._peeking = on
            self.update()

    @property
    def is_peeking(self) -> bool:
        """Whether the marks are hidden; hidden points cannot be taken hold of."""
        return self._peeking

    def show_word(self, word: str, at: Point) -> None:
        """Writes a word beside the pointer, e.g. the point that the next click places."""
        self._word = (word, at) if word else None
        self._refresh_marks()

    def show_loupe(self, index: int | None, cursor: Point | None = None) -> None:
        """Shows the loupe on a keypoint, in the corner away from the cursor; None hides it."""
        before = self._loupe.area(self.size())
        self._loupe.show(index, cursor)
        for area in (before, self._loupe.area(self.size())):
            if area is not None:
                self.update(area)

    def redress(self) -> None:
        """Takes up new colours and fonts."""
        self._repaint_all()

    # ---- what changed ----------------------------------------------------------------------

    def _show_frame(self, frame: Frame | None) -> None:
        self._picture.set_heat(None)  # of another frame
        self._has_frame = frame is not None
        if frame is None:  # its size stays: the next one of that size keeps the zoom
            self._show_look()
            return
        size = (frame.width, frame.height)
        is_other, self._frame_size = size != self._frame_size, size
        self._layout.forget()
        if is_other:
            self.fit()
        elif self._fits:
            self._refit()
        self._show_look()

    def _show_look(self) -> None:
        self._picture.renew()
        self.update()

    def _refresh_all_marks(self, _: object = None) -> None:
        """Has all marks built anew by the next paint: many things change at once with a frame."""
        self._layout.forget()
        self._is_stale = True
        self.update()

    def _refresh_annotation(self, _: object = None) -> None:
        """Takes up moved points; words keep their sides only while a point is in the hand."""
        if not self.document.is_previewing:
            self._layout.forget()
        self._refresh_marks()

    def _refresh_marks(self, _: object = None) -> None:
        """Takes up changed marks and repaints only where they are."""
        if self._is_stale:
            return
        marks = self._build_marks()
        for x0, y0, x1, y1 in changed_bounds(self._marks, marks):
            self.update(QRectF(x0, y0, x1 - x0, y1 - y0).toAlignedRect())
        self._marks = marks
        area = self._loupe.area(self.size())
        if area is not None:
            self.update(area)

    def _repaint_all(self, _: object = None) -> None:
        self._refresh_all_marks()

    def _build_marks(self) -> tuple[Mark, ...]:
        if not self.has_frame:
            return ()
        d = self.document
        marks = build_marks(
            task=d.task,
            annotation=d.annotation,
            measurements=d.measurements,
            view=self.view,
            options=OverlayOptions(
                radius=self._radius,
                names=self._show_names,
                uncertainty=self._show_uncertainty,
                selected=d.selected,
                hovered=d.hovered,
                candidates_of=self._candidates_of(),
                highlight=self._highlight(),
            ),
            layout=self._layout,
            area=(0.0, 0.0, float(self.width()), float(self.height())),
            proposal=d.proposal,
        )
        if self._word is not None and d.tool is Tool.PLACE:
            word, (x, y) = self._word
            width = QFontMetricsF(self._plate_font).horizontalAdvance(word) + 2 * PLATE_PAD
            plate = (x + 14.0, y + 10.0, width, PLATE_HEIGHT)
            marks = (*marks, TextMark(plate, word, "#E8ECF0"))
        width_of = QFontMetricsF(self._plate_font).horizontalAdvance
        return (*scale_marks(d, self.view, width_of), *marks)

    def _candidates_of(self) -> tuple[int, ...]:
        """The points in hand; no other places are offered while points or a line are placed."""
        d = self.document
        if d.tool is not Tool.EDIT:
            return ()
        return tuple({one: None for one in (d.selected, d.hovered) if one is not None})

    def _highlight(self) -> Highlight | None:
        candidates = self.document.candidates
        changed = candidates.annotation
        if candidates.chosen is None or changed is None:
            return None
        return Highlight(candidates.chosen, changed, candidates.measurements)

    # ---- painting --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the exposed part."""
        painter = QPainter(self)
        exposed = QRectF(event.rect())
        painter.setClipRegion(event.region())
        painter.fillRect(event.rect(), QColor(theme.current().canvas))
        if self.has_frame:
            smooth = self.view.zoom * self.devicePixelRatioF() < SHARP_FROM_ZOOM
            frame, heat = self._frame_rect(), not self._peeking
            self._picture.paint(painter, frame, smooth=smooth, heat=heat)
            if self._is_stale:
                self._marks, self._is_stale = self._build_marks(), False
            if self._area is not None:
                outlines, held = self._area
                paint_area(painter, outlines, view=self.view, frame=frame, held=held)
            elif not self._peeking:
                self._ink.paint(painter, self._marks, exposed)
                self._loupe.paint(
                    painter,
                    size=self.size(),
                    frame=self._picture.pixmap(),
                    zoom=self.view.zoom,
                    font=self._small_font,
                )
            paint_scale_bar(
                painter,
                self.document.bar_scale,
                zoom=self.view.zoom,
                height=self.height(),
                font=self._small_font,
            )
        painter.end()

    def _frame_rect(self) -> QRectF:
        """Where the frame lies, in widget units."""
        zoom, (width, height) = self.view.zoom, self._frame_size
        return QRectF(self.view.left, self.view.top, width * zoom, height * zoom)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps the frame fitted while the person has not zoomed, else its middle in the middle."""
        super().resizeEvent(event)
        if self._fits:
            self._refit()
        elif event.oldSize().isValid():
            delta = event.size() - event.oldSize()
            self.pan_by(delta.width() / 2.0, delta.height() / 2.0)

    def sizeHint(self) -> QSize:
        """Room for an 800 x 540 frame."""
        return QSize(840, 600)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Takes the keys."""
        super().focusInEvent(event)
        self.update()
