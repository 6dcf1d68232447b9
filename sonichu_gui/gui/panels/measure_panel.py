"""The right room: the number first, then its parts, the points, the scale, and what to look at.

Measurements and points scroll; the scale and the warnings stay in sight beneath them, since a
number is worth no more than its scale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from sonichu_gui.gui.panels.card import Notice, set_look
from sonichu_gui.gui.panels.keypoint_card import KeypointCard
from sonichu_gui.gui.panels.keypoint_delegate import INDENT
from sonichu_gui.gui.panels.measure_card import MeasureCard
from sonichu_gui.gui.panels.pinned import LEAST_ABOVE, Pinned
from sonichu_gui.gui.panels.proposal_card import ProposalCard
from sonichu_gui.gui.panels.scale_card import ScaleCard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sonichu_gui.gui.document import Document
    from sonichu_gui.gui.panels.draft_line import Draft

MARGIN = 18


class _FittedScroll(QScrollArea):
    """Scrolls only when there is less room than its content asks for, and takes no more."""

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._content = content
        self.setWidget(content)
        content.installEventFilter(self)

    def sizeHint(self) -> QSize:
        """The content's wish at this width."""
        wish = self._content.sizeHint()
        if self._content.hasHeightForWidth():
            wish.setHeight(self._content.heightForWidth(self.width()))
        return wish

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Asks for another height when the content does: a task with more rows."""
        if watched is self._content and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def minimumSizeHint(self) -> QSize:
        """The primary number and a row or two."""
        return QSize(200, LEAST_ABOVE)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The scroll bar takes the content's margin, so that the columns stay where they are."""
        super().resizeEvent(event)
        bar = self.width() - self.viewport().width()
        self._content.setContentsMargins(0, 0, max(0, MARGIN - INDENT - bar), 0)


class MeasurePanel(QFrame):
    """Measurements, keypoints, scale, proposal and warnings of the shown frame.

    Args:
        document: Whose work is shown.
        actions: The window's actions by id.
    """

    place_wanted = Signal(int)  # index of an unplaced keypoint
    calibrate_wanted = Signal()
    depth_wanted = Signal()
    ruler_wanted = Signal()
    folder_wanted = Signal()
    scale_length_entered = Signal(float)  # millimetres

    def __init__(
        self, document: Document, actions: dict[str, QAction], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("measure_panel")
        self._document = document
        self.measures = MeasureCard(document, actions["copy_measures"])
        self.keypoints = KeypointCard(document)
        self.scale = ScaleCard(document)
        self.proposal = ProposalCard(document)
        self.caution = Notice()
        self._arrange()

        self.keypoints.place_wanted.connect(self.place_wanted)
        self.scale.calibrate_wanted.connect(self.calibrate_wanted)
        self.scale.depth_wanted.connect(self.depth_wanted)
        self.scale.ruler_wanted.connect(self.ruler_wanted)
        self.scale.folder_wanted.connect(self.folder_wanted)
        self.scale.scale_length_entered.connect(self.scale_length_entered)
        document.measurements_changed.connect(self._warn)
        self._warn()

    def set_drafts(self, drafts: Mapping[str, Draft]) -> None:
        """Tells which heads of the models in use are drafts, by task id."""
        self.measures.draft.set_drafts(drafts)

    def sizeHint(self) -> QSize:
        """The picture's width."""
        return QSize(336, 600)

    def minimumSizeHint(self) -> QSize:
        """Room for a row's four columns."""
        return QSize(288, 200)

    def _arrange(self) -> None:
        above = QWidget()
        above.setObjectName("measure_content")
        column = QVBoxLayout(above)
        column.setContentsMargins(MARGIN - INDENT, 8, 0, 0)
        column.setSpacing(12)
        self.measures.setContentsMargins(INDENT, 0, INDENT, 0)
        column.addWidget(self.measures)
        column.addWidget(self.keypoints)
        self._scroll = _FittedScroll(above)

        self._pinned = QFrame()
        self._pinned.setObjectName("measure_pinned")
        self._scroll.verticalScrollBar().rangeChanged.connect(self._draw_line)
        below = QVBoxLayout(self._pinned)
        below.setContentsMargins(MARGIN, 8, MARGIN, 12)
        below.setSpacing(12)
        for widget in (self.scale, self.caution, self.proposal):
            below.addWidget(widget)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._scroll)
        layout.addWidget(Pinned(self._pinned, self))
        layout.addStretch(1)

    def _draw_line(self, _least: int, most: int) -> None:
        """Parts the scale from rows that are scrolled beneath it."""
        set_look(self._pinned, "line", "on" if most > 0 else "")

    def _warn(self, _changed: object = None) -> None:
        """Says what deserves a look: points set askew."""
        found = next(
            (
                one
                for one in self._document.measurements
                if one.value is not None and one.reason and one.scale.in_mm
            ),
            None,
        )
        if found is None:
            self.caution.say("")
        else:
            self.caution.say(self.tr("Look at {}").format(found.name), found.reason)
