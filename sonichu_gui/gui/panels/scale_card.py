"""The scale: how large a pixel is, who says so, whether it is believed, and what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sonichu_gui.domain.calibration import Scale, ScaleSource, Trust, against_ruler
from sonichu_gui.gui.panels.card import Card, Dot, SectionHead, TextLine, text_label
from sonichu_gui.gui.panels.controls import PanelButton
from sonichu_gui.gui.panels.region_choice import RegionChoice
from sonichu_gui.gui.panels.ruler_offer import RulerOffer
from sonichu_gui.gui.panels.scale_form import ScaleForm
from sonichu_gui.gui.panels.words import (
    scale_origin,
    scale_sizes,
    scale_text,
    trust_role,
    trust_word,
)
from sonichu_gui.gui.place import Tool

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Point
    from sonichu_gui.gui.document import Document


class ScaleCard(QWidget):
    """The scale of the shown points, with its source and the ways to change it.

    Args:
        document: Whose scale is shown, confirmed and taken back.
    """

    calibrate_wanted = Signal()
    depth_wanted = Signal()
    ruler_wanted = Signal()
    folder_wanted = Signal()
    scale_length_entered = Signal(float)  # millimetres

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._scale: Scale | None = None
        self._shown: tuple[Scale, bool] | None = None
        self.form = ScaleForm()
        self.offer = RulerOffer(document)
        self.calibrate_button = PanelButton("link", text=self.tr("Line"))
        self.depth_button = PanelButton("link", text=self.tr("Depth"))
        self.ruler_button = PanelButton("link", text=self.tr("Ruler"))
        self.choice = RegionChoice(self.ruler_button)
        self.confirm_button = PanelButton("link", text=self.tr("Use this scale"))
        self.keep_button = PanelButton("link", text=self.tr("Keep the file's scale"))
        self.doubt_button = PanelButton("link", text=self.tr("Doubt it again"))
        self.remove_button = PanelButton("link", text=self.tr("Remove"))
        self.folder_button = PanelButton("link", text=self.tr("Use for the folder"))
        self.regions_button = PanelButton("link", text=self.tr("Regions"))
        self._dot = Dot()
        self._size = TextLine(pixels=13)
        self._trust = TextLine(align_right=True)
        self._origin = text_label(role="text_soft", wrap=True)
        self._arrange()
        self._connect()
        self._refresh()
        self._show_line(document.scale_line)

    @property
    def text(self) -> str:
        """Size, trust and source as shown, in one line."""
        return f"{self._size.text}, {self._trust.text}: {self._origin.text()}"

    def _arrange(self) -> None:
        for button, tip in (
            (self.regions_button, self.tr("Outline the regions of the file  ·  L")),
            (self.calibrate_button, self.tr("Draw a line of known length  ·  S")),
            (self.depth_button, self.tr("Give the depth of the picture  ·  Shift+S")),
            (self.ruler_button, self.tr("Look for the ruler in this frame  ·  Ctrl+Shift+S")),
        ):
            button.setToolTip(tip)
        self.remove_button.setToolTip(self.tr("Go back to what the file says"))
        self.folder_button.setToolTip(
            self.tr("Give it to all files of the folder as large as this")
        )
        self.card = Card()
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self._dot, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._size, 1)
        row.addWidget(self._trust)
        self._why = QWidget()
        below = QVBoxLayout(self._why)
        below.setContentsMargins(20, 0, 0, 0)
        below.setSpacing(4)
        below.addWidget(self._origin)
        below.addWidget(self.choice)
        links = QHBoxLayout()
        links.setSpacing(18)
        for button in (
            self.confirm_button,
            self.keep_button,
            self.doubt_button,
            self.remove_button,
            self.folder_button,
        ):
            links.addWidget(button)
        links.addStretch(1)
        below.addLayout(links)
        self.card.body.addLayout(row)
        self.card.body.addWidget(self._why)
        self.card.body.addWidget(self.offer)
        self.card.body.addWidget(self.form)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        head = (self.regions_button, self.calibrate_button, self.depth_button, self.ruler_button)
        layout.addWidget(SectionHead(self.tr("Scale"), *head))
        layout.addWidget(self.card)

    def _connect(self) -> None:
        document, scaling = self._document, self._document.scaling
        self.calibrate_button.clicked.connect(self.calibrate_wanted)
        self.depth_button.clicked.connect(self.depth_wanted)
        self.ruler_button.clicked.connect(self.ruler_wanted)
        self.folder_button.clicked.connect(self.folder_wanted)
        self.confirm_button.clicked.connect(self._confirm)
        self.keep_button.clicked.connect(self._keep)
        self.doubt_button.clicked.connect(self._doubt)
        self.remove_button.clicked.connect(self._remove)
        self.regions_button.clicked.connect(self._toggle_regions)
        self.choice.chosen.connect(self._choose)
        self.form.length_entered.connect(self.scale_length_entered)
        self.form.folder_wanted.connect(scaling.want_for_folder)
        self.form.cancelled.connect(self._cancel)
        document.calibration_changed.connect(self._refresh)
        document.annotation_changed.connect(self._refresh)
        document.task_changed.connect(self._refresh)
        document.scale_line_changed.connect(self._show_line)
        document.scale_line_drawn.connect(self._ask_length)
        scaling.changed.connect(self._refresh_aids)

    # ---- what is shown -------------------------------------------------------------------

    def _refresh(self, _changed: object = None) -> None:
        """Shows the scale that holds for the points; costs nothing while it stays the same."""
        calibration, points = self._document.calibration, self._document.scaled_points
        scale = calibration.scale_for(points)
        conflict = calibration.conflict_at(points)
        key, rivals = conflict or ("", ())
        self.choice.ask(rivals, calibration.chosen.get(key, (None, ""))[0])
        self.choice.setProperty("key", key)
        # Where regions differ, an own scale of one of them is not what holds in the others.
        own = calibration.override is not None and scale.source is not ScaleSource.REGION
        self.remove_button.setVisible(own)
        self.folder_button.setVisible(own and scale.in_mm)
        is_open_conflict = bool(rivals) and scale.key == key
        self.confirm_button.setVisible(scale.trust is Trust.DOUBTFUL and not is_open_conflict)
        self.keep_button.setVisible(scale.in_mm and bool(scale.contradicted_by))
        self.doubt_button.setVisible(self._confirmation(scale) is not None)
        self.regions_button.setVisible(bool(calibration.regions))
        if (scale, is_open_conflict) == self._shown:
            return
        self._shown = scale, is_open_conflict
        self._scale = scale
        role = trust_role(scale)
        self._dot.set_role(role)
        self._size.set_text(self.tr("Which region?") if is_open_conflict else scale_text(scale))
        self._size.setToolTip(scale_sizes(scale))
        self._trust.set_text(trust_word(scale), role)
        self._origin.setText(scale.reason if is_open_conflict else scale_origin(scale))
        self._origin.setVisible(bool(self._origin.text()))
        self.confirm_button.setText(
            self.tr("It is one plane")
            if scale.key.startswith("split:")
            else self.tr("Use this scale")
        )
        self.card.setAccessibleName(self.text)

    def _refresh_aids(self) -> None:
        scaling, source = self._document.scaling, self._document.source
        self.form.ask_for(
            scaling.meaning,
            was_found=scaling.line_was_found,
            frames=source.frame_count if source else 1,
        )

    def _confirmation(self, scale: Scale) -> str | None:
        """The key of a person's word that the scale rests on and that can be taken back."""
        for key in (scale.key, against_ruler(scale.stated_key)):
            if scale.confirmed_by and key in self._document.calibration.confirmed:
                return key
        return None

    def _show_line(self, line: tuple[Point, Point] | None) -> None:
        """A line that is taken back or begun anew is not asked about."""
        if not self._document.scale_line_is_whole:
            self.form.show_line(None, pixel_aspect=1.0)
            self._why.show()

    def _ask_length(self, line: tuple[Point, Point]) -> None:
        aspect = self._document.calibration.aspect_at(line)
        self._why.hide()  # one question at a time, and room for it in a small window
        self.form.show_line(line, pixel_aspect=aspect)

    # ---- what a person does --------------------------------------------------------------

    def _confirm(self) -> None:
        if self._scale is not None:
            self._document.confirm_scale(self._scale.key)

    def _keep(self) -> None:
        if self._scale is not None:
            self._document.confirm_scale(against_ruler(self._scale.stated_key))

    def _doubt(self) -> None:
        key = self._confirmation(self._scale) if self._scale is not None else None
        if key is not None:
            self._document.confirm_scale(key, confirmed=False)

    def _choose(self, region: int) -> None:
        self._document.scaling.choose_region(str(self.choice.property("key")), region)

    def _toggle_regions(self) -> None:
        scaling = self._document.scaling
        scaling.show_regions(not scaling.regions_shown)

    def _remove(self) -> None:
        self._document.set_scale(None)

    def _cancel(self) -> None:
        self._document.set_tool(Tool.EDIT)
