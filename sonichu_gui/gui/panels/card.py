"""The small parts that every panel is made of: heads, cards, text lines and state dots."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from sonichu_gui.gui import theme
from sonichu_gui.gui.theme import word_font

_LEAST_WIDTH = 40


def set_look(widget: QWidget, name: str, value: str) -> None:
    """Changes a property that the stylesheet asks for, and has it looked at again."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def text_label(
    text: str = "",
    *,
    pixels: float = 11.5,
    weight: int = 400,
    role: str = "text",
    wrap: bool = False,
) -> QLabel:
    """A label of plain text in one of the theme's sizes and colours.

    Args:
        text: What it says; never read as rich text, since file names end up here.
        pixels: Size, as for `theme.font`.
        weight: Weight, as for `theme.font`.
        role: Attribute of the palette.
        wrap: Whether it may take several lines.
    """
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setFont(word_font(pixels, weight))
    label.setWordWrap(wrap)
    label.setProperty("role", role)
    return label


class TextLine(QWidget):
    """One line of plain text that gives way with "…" and costs no layout when it changes.

    Args:
        pixels: Size, as for `theme.font`.
        weight: Weight, as for `theme.font`.
        role: Palette colour.
        widest: A text of the width to ask for; without it the text itself sets the width.
        align_right: Whether the text ends at the right edge.
        middle: Whether "…" stands in the middle instead of the end.
        firm: Whether it keeps its room where others give way.
        words: Whether it holds names or sentences; figures keep one width otherwise.
    """

    def __init__(
        self,
        *,
        pixels: float = 11.5,
        weight: int = 400,
        role: str = "text",
        widest: str = "",
        align_right: bool = False,
        middle: bool = False,
        firm: bool = False,
        words: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._text = ""
        self._font = word_font(pixels, weight) if words else theme.font(pixels, weight=weight)
        self._role = role
        self._widest = widest
        self._middle = middle
        self._firm = firm
        side = Qt.AlignmentFlag.AlignRight if align_right else Qt.AlignmentFlag.AlignLeft
        self._alignment = side | Qt.AlignmentFlag.AlignVCenter
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    @property
    def text(self) -> str:
        """The whole text, even where less of it fits."""
        return self._text

    def set_text(self, text: str, role: str = "") -> None:
        """Says something else, perhaps in another colour of the palette."""
        if text == self._text and role in ("", self._role):
            return
        self._text = text
        self._role = role or self._role
        self.setAccessibleName(text)
        if not self._widest:
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Room for the widest text it was made for, or for the text it has."""
        metrics = QFontMetrics(self._font)
        return QSize(metrics.horizontalAdvance(self._widest or self._text) + 2, metrics.height())

    def minimumSizeHint(self) -> QSize:
        """It gives way to anything, unless it is firm."""
        return self.sizeHint() if self._firm else QSize(0, QFontMetrics(self._font).height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draws as much of the text as fits."""
        painter = QPainter(self)
        painter.setFont(self._font)
        painter.setPen(QColor(getattr(theme.current(), self._role)))
        mode = Qt.TextElideMode.ElideMiddle if self._middle else Qt.TextElideMode.ElideRight
        text = QFontMetrics(self._font).elidedText(self._text, mode, self.width())
        if text != self._text and self.width() < _LEAST_WIDTH:
            return  # a letter and dots tell nobody anything
        painter.drawText(self.rect(), self._alignment, text)


class Dot(QWidget):
    """A state's dot; the shape tells the states apart without their colours."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._role = "text_faint"
        self.setFixedSize(10, 10)

    def set_role(self, role: str) -> None:
        """Shows a state: "green" full, "amber" a triangle, "red" a square, else hollow."""
        if role != self._role:
            self._role = role
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draws the shape."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = QColor(getattr(theme.current(), self._role))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        if self._role == "amber":
            painter.drawPolygon([QPointF(5, 0.6), QPointF(9.8, 9.2), QPointF(0.2, 9.2)])
        elif self._role == "red":
            painter.drawRect(QRectF(1, 1, 8, 8))
        elif self._role in ("green", "accent"):
            painter.drawEllipse(QRectF(0.5, 0.5, 9, 9))
        else:
            painter.setPen(QPen(color, 1.6))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QRectF(1.3, 1.3, 7.4, 7.4))


class StateLine(QWidget):
    """A state's dot and the word beside it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dot = Dot()
        self._line = TextLine(role="text_soft", firm=True)
        layout = self._row = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        layout.addWidget(self._dot, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self._line)

    @property
    def text(self) -> str:
        """The word."""
        return self._line.text

    def show_state(self, text: str, dot_role: str, *, text_role: str = "text_soft") -> None:
        """Shows another state."""
        self._dot.set_role(dot_role)
        self._line.set_text(text, text_role)
        # The bar around it asks for its width at once, not after the next layout.
        self._row.invalidate()
        self.updateGeometry()


class SectionHead(QWidget):
    """The small capitals above a section, with a link or a count at the right.

    Args:
        title: The section's name.
        trailing: What stands at the right, if anything.
    """

    def __init__(self, title: str, *trailing: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(28)
        head = text_label(title, role="text_soft")
        head.setFont(theme.font(10.5, weight=600, spaced=True, caps=True))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(head)
        layout.addStretch(1)
        for widget in trailing:
            layout.addWidget(widget)


class Card(QFrame):
    """A quiet card: one border, one fill, a tone for states.

    Args:
        tone: "neutral", "amber" or "accent".
    """

    def __init__(self, tone: str = "neutral", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", tone)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(12, 10, 12, 10)
        self.body.setSpacing(4)


class Notice(Card):
    """An amber card of one warning: its head and what lies behind it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("amber", parent)
        self._head = text_label(pixels=11.5, weight=600, role="amber", wrap=True)
        self._detail = text_label(role="text_soft", wrap=True)
        dot = Dot()
        dot.set_role("amber")
        self.body.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(10)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._head)
        words.addWidget(self._detail)
        row.addWidget(dot, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addLayout(words, 1)
        self.body.addLayout(row)
        self.hide()

    @property
    def text(self) -> str:
        """What it says, in one line."""
        return f"{self._head.text()} {self._detail.text()}".strip()

    def say(self, head: str, detail: str = "") -> None:
        """Shows a warning; with empty texts the card goes away."""
        if (head, detail) == (self._head.text(), self._detail.text()):
            return
        self._head.setText(head)
        self._detail.setText(detail)
        self._detail.setVisible(bool(detail))
        self.setAccessibleName(self.text)
        self.setVisible(bool(head))
