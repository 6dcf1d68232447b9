"""The bottom line: where am I, at what scale, with which model, what runs, is it saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QWidget

from sonichu_gui.gui.panels.card import StateLine, TextLine
from sonichu_gui.gui.panels.job_line import LEAST_WORDS, WORDS, JobLine
from sonichu_gui.gui.panels.words import scale_origin, scale_short, trust_role

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Point, Scale
    from sonichu_gui.gui.document import Document
    from sonichu_gui.gui.jobs import Job

HEIGHT = 30
REMARK_MS = 4000
_WIDEST_CURSOR = "0000.0, 0000.0 px   000.0, 000.0 mm · PixelSpacing"


class StatusBar(QFrame):
    """The line under the three rooms.

    Args:
        document: Whose frame, scale and saving are told.
    """

    cancel_wanted = Signal(str)  # key of a job

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status_bar")
        self.setFixedHeight(HEIGHT)
        self._document = document
        self._cursor_at: Point | None = None
        self._scale: Scale | None = None
        self._model_text = ""
        self.cursor_text = TextLine(role="text_soft", widest=_WIDEST_CURSOR, firm=True)
        self.zoom_text = TextLine(role="text_soft", widest="zoom 1600 %", firm=True)
        self.frame_text = TextLine(role="text_soft", firm=True)
        self.scale_badge = StateLine()
        self.middle = TextLine(role="text_soft", words=True)
        self.jobs = JobLine()
        self.save_state = StateLine()
        self.store_note = TextLine(role="text_soft", middle=True, words=True)
        self.clinical = TextLine(role="amber", align_right=True, firm=True)
        self._remark_timer = QTimer(self, singleShot=True, interval=REMARK_MS)
        self._remark_timer.timeout.connect(self._show_middle)
        self._arrange()

        self.jobs.cancel_wanted.connect(self.cancel_wanted)
        self.jobs.shown_changed.connect(self._fit)
        document.frame_changed.connect(self._show_frame)
        document.calibration_changed.connect(self._show_scale)
        document.annotation_changed.connect(self._show_scale)
        document.save_changed.connect(self._show_saving)
        document.noted.connect(self._remark)
        self._show_frame(document.frame)
        self._show_scale()
        self._show_saving(document.keeper.waiting)

    def set_cursor(self, point: Point | None) -> None:
        """Tells where the mouse is, in image pixels; None when it is not over the frame."""
        self._cursor_at = point
        if point is None:
            self.cursor_text.set_text("")
            return
        text = f"{point[0]:.1f}, {point[1]:.1f} px"
        scale = self._document.calibration.scale_for([point])
        if scale.in_mm:
            x_mm, y_mm = (
                value * factor for value, factor in zip(point, scale.factors, strict=True)
            )
            text += f"   {x_mm:.1f}, {y_mm:.1f} mm · {scale.tag}"
        self.cursor_text.set_text(text)

    def set_zoom(self, zoom: float) -> None:
        """Tells how many screen pixels an image pixel takes; 1.0 is actual size."""
        self.zoom_text.set_text(self.tr("zoom {:.0f} %").format(zoom * 100))

    def set_model(self, text: str) -> None:
        """Tells model and device, e.g. "sonichu-mini · HC trained on 719 frames · CPU"."""
        self._model_text = text
        if not self._remark_timer.isActive():
            self._show_middle()

    def set_jobs(self, jobs: tuple[Job, ...]) -> None:
        """Tells which jobs run; shown when they last."""
        self.jobs.set_jobs(jobs)

    def set_store_note(self, text: str) -> None:
        """Tells where labels are kept when not beside the frames; empty when they are."""
        self.store_note.set_text(text)
        self.store_note.setToolTip(text)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """What may never be missing: what runs, whether it is saved, what it is not for."""
        return QSize(480, HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leaves out what matters least where room is short."""
        super().resizeEvent(event)
        self._fit()

    def _arrange(self) -> None:
        self.clinical.set_text(self.tr("Not for clinical use"))
        self.store_note.setMinimumWidth(90)
        self.store_note.setMaximumWidth(380)  # the model stands beside it; the tip has it whole
        self._layout = QHBoxLayout(self)
        self._layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self._layout.setContentsMargins(16, 0, 16, 0)
        self._layout.setSpacing(18)
        for part in (self.cursor_text, self.zoom_text, self.frame_text, self.scale_badge):
            self._layout.addWidget(part)
        self._layout.addWidget(self.middle, 1)
        self._layout.addWidget(self.jobs)
        for part in (self.save_state, self.store_note, self.clinical):
            self._layout.addWidget(part)

    def _fit(self) -> None:
        """Shows every part that has something to say, least important ones only if they fit."""
        parts = (
            self.zoom_text,
            self.store_note,
            self.frame_text,
            self.scale_badge,
            self.cursor_text,
        )
        for part in parts:
            part.setVisible(bool(part.text) or part is self.cursor_text)
        words = WORDS - LEAST_WORDS if self.jobs.isVisibleTo(self) else 0
        for part in parts:
            if self._layout.minimumSize().width() + words <= self.width():
                return
            part.hide()

    def _show_frame(self, _frame: object) -> None:
        source = self._document.source
        count = source.frame_count if source is not None else 0
        cine = count > 1 and self._document.frame is not None
        place = self.tr("frame {} / {}").format(self._document.frame_index + 1, count)
        self.frame_text.set_text(place if cine else "")
        self._fit()

    def _show_scale(self, _calibration: object = None) -> None:
        scale = self._document.shown_scale
        if scale == self._scale:
            return
        self._scale = scale
        self.scale_badge.show_state(scale_short(scale), trust_role(scale))
        self.scale_badge.setToolTip(scale_origin(scale))
        self.set_cursor(self._cursor_at)
        self._fit()

    def _show_saving(self, waiting: int) -> None:
        if waiting == 0:
            self.save_state.show_state(self.tr("All changes saved"), "green")
        else:
            one = self.tr("1 edit not saved – trying again")
            many = self.tr("{} edits not saved – trying again").format(waiting)
            self.save_state.show_state(one if waiting == 1 else many, "amber", text_role="amber")
        self._fit()

    def _remark(self, text: str) -> None:
        self.middle.set_text(text, "text")
        self._remark_timer.start()

    def _show_middle(self) -> None:
        self.middle.set_text(self._model_text, "text_soft")
