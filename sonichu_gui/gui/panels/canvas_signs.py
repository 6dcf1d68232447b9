"""Signs in the corner of the canvas: what is seen there is not the whole frame as it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from sonichu_gui.gui.appearance import Cover
from sonichu_gui.gui.panels.card import set_look
from sonichu_gui.gui.panels.controls import PanelButton
from sonichu_gui.gui.place import Tool

if TYPE_CHECKING:
    from sonichu_gui.gui.document import Document


class CanvasSigns(QWidget):
    """One sign for the look, one for what is hidden; each can be pressed.

    Args:
        document: Whose appearance is told.
    """

    look_wanted = Signal()
    area_wanted = Signal()
    changed = Signal()  # another size

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.look = self._sign(self.tr("Change the look  ·  B"))
        self.cover = self._sign(self.tr("Correct what is hidden"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.look)
        row.addWidget(self.cover)
        self.look.clicked.connect(self.look_wanted)
        self.cover.clicked.connect(self.area_wanted)
        document.appearance.changed.connect(self._show)
        document.frame_changed.connect(self._show)
        document.tool_changed.connect(self._show)
        self._show()

    def _sign(self, tip: str) -> PanelButton:
        sign = PanelButton("sign")
        sign.setFixedHeight(24)
        sign.setToolTip(tip)
        return sign

    def _show(self, _: object = None) -> None:
        appearance, document = self._document.appearance, self._document
        look = appearance.look_words
        self._say(self.look, self.tr("Look: {}").format(look) if look else "")
        words = {
            Cover.OUTSIDE: self.tr("Outside hidden"),
            Cover.ALL: self.tr("All hidden: no scan area yet"),
        }
        self._say(self.cover, words.get(appearance.cover, ""))
        set_look(self.cover, "tone", "amber" if appearance.cover is Cover.ALL else "accent")
        shown = document.frame is not None and document.tool is not Tool.AREA
        self.setVisible(shown and bool(look or appearance.cover is not Cover.NOTHING))
        self.adjustSize()
        self.changed.emit()

    def _say(self, sign: PanelButton, words: str) -> None:
        sign.setText(words)
        sign.setAccessibleName(words)
        sign.setVisible(bool(words))
