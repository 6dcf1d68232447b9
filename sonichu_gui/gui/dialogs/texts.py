"""The parts that dialogs are made of: section heads, words, values to copy, choices, links."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QSizePolicy, QToolButton

from sonichu_gui.gui import theme


def section_head(text: str) -> QLabel:
    """The small capitals above a section."""
    label = QLabel(text)
    label.setObjectName("sectionHead")
    label.setFont(theme.font(10.5, weight=600, spaced=True, caps=True))
    return label


def plain(text: str, *, role: str = "text", pixels: float = 11.5, weight: int = 400) -> QLabel:
    """Words that may take several lines; never read as rich text, since names end up here.

    Args:
        text: What it says.
        role: Attribute of the palette.
        pixels: Size, as for `theme.font`.
        weight: Weight, as for `theme.font`.
    """
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setFont(theme.word_font(pixels, weight))
    label.setProperty("role", role)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    # One long word, as a path is, must not make the page wider than the window.
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


class ValueLine(QLineEdit):
    """A value on one line, too long for the page: selected by Tab, read from its beginning.

    Args:
        name: What it is, for a screen reader.
        text: The value.
    """

    def __init__(self, name: str, text: str) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setFrame(False)
        self.setProperty("kind", "value")
        self.setTextMargins(-2, 0, 0, 0)  # Qt's own, so that it stands where the lines around it do
        self.setFont(theme.word_font(11.5))
        self.setAccessibleName(name)
        self.show_value(text)

    def show_value(self, text: str) -> None:
        """Shows another value."""
        self.setText(text)
        self.setToolTip(text)
        self.setCursorPosition(0)


class Choice(QComboBox):
    """A choice of a few rows, with the arrow of the app's other menus."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the field, then the arrow."""
        super().paintEvent(event)
        painter = QPainter(self)
        theme.icon("chevron-down").paint(
            painter, QRect(self.width() - 25, self.height() // 2 - 8, 16, 16)
        )


class LinkButton(QToolButton):
    """A button that looks like a link; reached by Tab and pressed by Enter as well.

    Args:
        text: What it says; also its accessible name.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.setProperty("kind", "link")
        self.setText(text)
        self.setAccessibleName(text)
        self.setFont(theme.word_font(11.5))
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        """As wide as its words, so that it begins where its column does."""
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 2, 22)
