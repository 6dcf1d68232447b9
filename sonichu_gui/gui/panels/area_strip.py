"""The strip above the frame while its scan area is chosen: what to do, for which files, done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from sonichu_gui.gui.panels.card import text_label
from sonichu_gui.gui.panels.controls import PanelButton
from sonichu_gui.gui.place import Tool

if TYPE_CHECKING:
    from sonichu_gui.gui.document import Document


class AreaStrip(QFrame):
    """Shown while the tool is `Tool.AREA`.

    Args:
        document: Whose tool and frame.
    """

    take_wanted = Signal()
    find_wanted = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._document = document
        self._head = text_label(weight=600, wrap=True)
        self._hint = text_label(role="text_soft", wrap=True)
        self.find_button = PanelButton("link", text=self.tr("Find again"))
        self.all_button = PanelButton("toggle", text=self.tr("All of this size"))
        self.cancel_button = PanelButton("plain", text=self.tr("Cancel"))
        self.take_button = PanelButton("accent", text=self.tr("Hide outside"))
        self._arrange()
        self.find_button.clicked.connect(self.find_wanted)
        self.cancel_button.clicked.connect(self._cancel)
        self.take_button.clicked.connect(self.take_wanted)
        document.tool_changed.connect(self._follow_tool)
        self.hide()

    @property
    def text(self) -> str:
        """What it says."""
        return f"{self._head.text()} {self._hint.text()}"

    @property
    def for_all(self) -> bool:
        """Whether the area holds for all files of the study whose frames have this size."""
        return self.all_button.isChecked()

    def begin(self, *, found: bool) -> None:
        """Says what to do with an area that was found, or that was not."""
        self.all_button.setChecked(False)
        if found:
            self._head.setText(self.tr("What is dark will be hidden"))
            self._hint.setText(self.tr("Drag a corner or an edge, or draw a rectangle."))
        else:
            self._head.setText(self.tr("No scan area found in this frame"))
            self._hint.setText(self.tr("Draw a rectangle around the echo."))
        self.set_takeable(found)
        self.show()

    def set_takeable(self, on: bool) -> None:
        """There is an area to be taken, or none yet."""
        self.take_button.setEnabled(on)

    def _arrange(self) -> None:
        self.all_button.setCheckable(True)
        self.all_button.setToolTip(
            self.tr("The same area for every file of the study whose frames have this size")
        )
        self.find_button.setToolTip(self.tr("Look in the picture, whatever was drawn"))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._head)
        words.addWidget(self._hint)
        top = QHBoxLayout()
        top.addLayout(words, 1)
        top.addWidget(self.find_button)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.take_button)
        buttons.addWidget(self.cancel_button)
        buttons.addStretch(1)
        buttons.addWidget(self.all_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 14, 10)
        column.setSpacing(8)
        column.addLayout(top)
        column.addLayout(buttons)

    def _cancel(self) -> None:
        self._document.set_tool(Tool.EDIT)

    def _follow_tool(self, tool: Tool) -> None:
        if tool is not Tool.AREA:
            self.hide()
