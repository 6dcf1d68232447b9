"""One quiet line in the corner of the canvas: what the next click or key does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QLabel

from sonichu_gui.gui import theme
from sonichu_gui.gui.place import Tool
from sonichu_gui.gui.scaling import LineMeaning

if TYPE_CHECKING:
    from sonichu_gui.gui.canvas.canvas import Canvas
    from sonichu_gui.gui.document import Document

MARGIN = 18
ROOM_FOR_SCALE_BAR = 190


class CanvasHint(QLabel):
    """Follows the tool in hand.

    Args:
        canvas: Where it lies.
        document: What it speaks of.
    """

    def __init__(self, canvas: Canvas, document: Document) -> None:
        super().__init__(canvas)
        self._document = document
        self._canvas = canvas
        self.setObjectName("canvasHint")
        self.setFont(theme.font(11.5))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        canvas.installEventFilter(self)
        document.tool_changed.connect(self._renew)
        document.annotation_changed.connect(self._renew)
        document.scale_line_changed.connect(self._renew)
        document.scale_line_drawn.connect(self._renew)
        document.scaling.changed.connect(self._renew)
        document.frame_changed.connect(self._renew)
        document.selection_changed.connect(self._renew)
        document.candidates.chosen_changed.connect(self._renew)
        document.proposal_changed.connect(self._renew)
        self._renew()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keeps its corner when the canvas changes size."""
        if event.type() == QEvent.Type.Resize:
            self._settle()
        return False

    def _renew(self, _: object = None) -> None:
        text = self._words()
        if text != self.text():
            self.setText(text)
            self._settle()

    def _words(self) -> str:
        document = self._document
        if document.frame is None:
            return ""
        if document.tool is Tool.SCALE:
            return self._scale_words()
        if document.tool is Tool.AREA:
            return self.tr(
                "Drag a corner or an edge, or draw a rectangle   Enter takes   Esc cancels"
            )
        if document.is_previewing:
            return self.tr("Esc puts it back")
        due = document.place_target
        if document.tool is Tool.PLACE and due is not None:
            name = document.task.keypoints[due].name
            return self.tr("Click {}   Backspace takes back   Esc ends").format(name)
        if document.annotation.is_empty:
            return self.tr("R predict   W place by hand   F fit")
        if document.candidates.chosen is not None:
            return self.tr("Enter takes   Tab next   Esc back")
        if document.proposal is not None:
            return self.tr("T take the model's points   Shift+Y keep mine   H peek")
        if document.candidates.places:
            return self.tr("Tab other candidates   H peek")
        return self.tr("Space accept and next   H peek   E uncertainty   M heatmap   F fit")

    def _scale_words(self) -> str:
        if self._document.scaling.meaning is LineMeaning.DEPTH:
            return self._depth_words()
        if self._document.scale_line is None:
            return self.tr("Click one end of a length you know, then the other   Esc cancels")
        if not self._document.scale_line_is_whole:
            return self.tr("Click the other end   Esc cancels")
        return self.tr("Give the length of the line in the scale card   Esc cancels")

    def _depth_words(self) -> str:
        if self._document.scale_line is None:
            return self.tr(
                "Click the middle of the probe's face, then the lowest point   Esc cancels"
            )
        if not self._document.scale_line_is_whole:
            return self.tr("Click the lowest point of the picture   Esc cancels")
        return self.tr("Give the depth in the scale card   Esc cancels")

    def _settle(self) -> None:
        self.adjustSize()
        size = self._canvas.size()
        self.setVisible(size.width() > self.width() + ROOM_FOR_SCALE_BAR)
        self.move(size.width() - self.width() - MARGIN, size.height() - self.height() - MARGIN)
