"""The scale: how large a pixel is, who says so, whether it is believed, and what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sonichu_gui.domain.calibration import Scale, Trust
from sonichu_gui.gui.panels.card import Card, Dot, SectionHead, TextLine, text_label
from sonichu_gui.gui.panels.controls import PanelButton
from sonichu_gui.gui.panels.scale_form import ScaleForm
from sonichu_gui.gui.panels.words import scale_origin, scale_text, trust_role, trust_word
from sonichu_gui.gui.place import Tool

if TYPE_CHECKING:
    from sonichu_gui.gui.document import Document


class ScaleCard(QWidget):
    """The scale of the shown points, with its source and the ways to change it.

    Args:
        document: Whose scale is shown, confirmed and taken back.
    """

    calibrate_wanted = Signal()
    scale_length_entered = Signal(float)  # millimetres

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._scale: Scale | None = None
        self.form = ScaleForm()
        self.calibrate_button = PanelButton("link", text=self.tr("Calibrate"))
        self.confirm_button = PanelButton("link", text=self.tr("Use this scale"))
        self.remove_button = PanelButton("link", text=self.tr("Remove own scale"))
        self._dot = Dot()
        self._size = TextLine(pixels=13)
        self._trust = TextLine(align_right=True)
        self._origin = text_label(role="text_soft", wrap=True)
        self._arrange()

        self.calibrate_button.clicked.connect(self.calibrate_wanted)
        self.confirm_button.clicked.connect(self._confirm)
        self.remove_button.clicked.connect(self._remove)
        self.form.length_entered.connect(self.scale_length_entered)
        self.form.cancelled.connect(self._cancel)
        document.calibration_changed.connect(self._refresh)
        document.annotation_changed.connect(self._refresh)
        document.scale_line_changed.connect(self._show_line)
        document.scale_line_drawn.connect(self._ask_length)
        self._refresh()
        self._show_line(document.scale_line)

    @property
    def text(self) -> str:
        """Size, trust and source as shown, in one line."""
        return f"{self._size.text}, {self._trust.text}: {self._origin.text()}"

    def _arrange(self) -> None:
        self.card = Card()
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self._dot, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._size, 1)
        row.addWidget(self._trust)
        below = QVBoxLayout()
        below.setContentsMargins(20, 0, 0, 0)
        below.setSpacing(4)
        links = QHBoxLayout()
        links.setSpacing(18)
        links.addWidget(self.confirm_button)
        links.addWidget(self.remove_button)
        links.addStretch(1)
        below.addWidget(self._origin)
        below.addLayout(links)
        self.card.body.addLayout(row)
        self.card.body.addLayout(below)
        self.card.body.addWidget(self.form)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(SectionHead(self.tr("Scale"), self.calibrate_button))
        layout.addWidget(self.card)

    def _refresh(self, _changed: object = None) -> None:
        """Shows the scale that holds for the points; costs nothing while it stays the same."""
        own = self._document.calibration.override is not None
        self.remove_button.setVisible(own)
        scale = self._document.calibration.scale_for(self._points())
        if scale == self._scale:
            return
        self._scale = scale
        role = trust_role(scale.trust)
        self._dot.set_role(role)
        self._size.set_text(scale_text(scale))
        self._trust.set_text(trust_word(scale.trust), role)
        self._origin.setText(scale_origin(scale))
        self._origin.setVisible(bool(self._origin.text()))
        self.confirm_button.setVisible(scale.trust is Trust.DOUBTFUL)
        self.card.setAccessibleName(self.text)

    def _points(self) -> list[tuple[float, float]]:
        """The primary measure's points, or all that are placed while it lacks one."""
        annotation = self._document.annotation
        first = annotation.points(self._document.task.primary_measure.points)
        if first is not None:
            return first
        return [
            point.xy for point in annotation.keypoints if point is not None and point.measurable
        ]

    def _show_line(self, line: tuple[tuple[float, float], tuple[float, float]] | None) -> None:
        """A line that is taken back or begun anew is not asked about."""
        if not self._document.scale_line_is_whole:
            self.form.show_line(None, pixel_aspect=1.0)

    def _ask_length(self, line: tuple[tuple[float, float], tuple[float, float]]) -> None:
        aspect = self._document.calibration.scale_for(line).aspect
        self.form.show_line(line, pixel_aspect=aspect)

    def _confirm(self) -> None:
        if self._scale is not None:
            self._document.confirm_scale(self._scale.key)

    def _remove(self) -> None:
        self._document.set_scale(None)

    def _cancel(self) -> None:
        self._document.set_tool(Tool.EDIT)
