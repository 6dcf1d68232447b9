"""The recent studies on the empty canvas: one press goes on where a study was left.

The canvas is dark in both themes, and so are the colours here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from sonichu_gui.gui import theme
from sonichu_gui.gui.plain_tip import plain_tip
from sonichu_gui.gui.theme import word_font

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.gui.recent_rows import RecentRow

ROW_HEIGHT = 44
SHOWN = 6
_WIDTH = 440
_HEAD_HEIGHT = 28
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class _CanvasButton(QAbstractButton):
    """A button in the colours of the canvas; its face is drawn by `face`."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses it as Space does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
            return
        super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draws the ground where the mouse or the keys are, then the face."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.underMouse() or self.isDown():
            painter.setBrush(QColor(theme.DARK.control))
            painter.drawRoundedRect(self.rect(), 6, 6)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.DARK.accent), 1))
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 6, 6)
        self.face(painter)

    def face(self, painter: QPainter) -> None:
        """Draws what the button says."""


class _OpenButton(_CanvasButton):
    """Title and place of a study, and where it was left."""

    def __init__(self, row: RecentRow, note: str) -> None:
        super().__init__(", ".join(filter(None, (row.title, row.place, note))))
        self._row, self._note = row, note
        self.setToolTip(plain_tip("\n".join(map(str, row.study.opened[:3]))))

    def sizeHint(self) -> QSize:
        """One row."""
        return QSize(_WIDTH - ROW_HEIGHT, ROW_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """It gives way."""
        return QSize(120, ROW_HEIGHT)

    def face(self, painter: QPainter) -> None:
        """Title above place; at the right where it was left, or that it is missing."""
        row, palette = self._row, theme.DARK
        inside = self.rect().adjusted(10, 0, -10, 0)
        painter.setFont(word_font(11.5))
        metrics = QFontMetrics(painter.font())
        note = metrics.elidedText(self._note, Qt.TextElideMode.ElideMiddle, inside.width() // 2)
        painter.setPen(QColor(palette.amber if row.is_missing else palette.text_soft))
        upper = QRect(inside.left(), 4, inside.width(), 20)
        painter.drawText(upper, _RIGHT, note)
        place = metrics.elidedText(row.place, Qt.TextElideMode.ElideMiddle, inside.width())
        painter.setPen(QColor(palette.text_soft))
        painter.drawText(QRect(inside.left(), 22, inside.width(), 18), _LEFT, place)
        room = inside.width() - metrics.horizontalAdvance(note) - 12
        painter.setFont(word_font(13))
        title = QFontMetrics(painter.font()).elidedText(
            row.title, Qt.TextElideMode.ElideMiddle, room
        )
        painter.setPen(QColor(palette.text_soft if row.is_missing else palette.text))
        painter.drawText(upper, _LEFT, title)


class _RemoveButton(_CanvasButton):
    """A small cross."""

    def sizeHint(self) -> QSize:
        """As high as the row."""
        return QSize(32, ROW_HEIGHT)

    def face(self, painter: QPainter) -> None:
        """The cross."""
        painter.setPen(QPen(QColor(theme.DARK.text_soft), 1.4, c=Qt.PenCapStyle.RoundCap))
        center, arm = QPointF(self.rect().center()) + QPointF(0.5, 0.5), 3.8
        for x, y in ((arm, arm), (arm, -arm)):
            painter.drawLine(center - QPointF(x, y), center + QPointF(x, y))


class _LinkButton(_CanvasButton):
    """A word in the accent."""

    def sizeHint(self) -> QSize:
        """Room for the word."""
        width = QFontMetrics(word_font(11.5)).horizontalAdvance(self.text())
        return QSize(width + 20, 24)

    def face(self, painter: QPainter) -> None:
        """The word."""
        painter.setFont(word_font(11.5))
        painter.setPen(QColor(theme.DARK.accent))
        painter.drawText(self.rect().adjusted(0, 0, -10, 0), _RIGHT, self.text())


class RecentList(QWidget):
    """The studies opened last, as many as there is room for."""

    chosen = Signal(object)  # RecentStudy
    removal_wanted = Signal(object)  # RecentStudy
    clearing_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[RecentRow, ...] = ()
        self._room = SHOWN
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.setMaximumWidth(_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()

    def set_rows(self, rows: Sequence[RecentRow]) -> None:
        """Lists other studies."""
        self._rows = tuple(rows)
        self._build()

    def set_room(self, height: int) -> None:
        """Shows no more than fit into a height."""
        room = max(0, min(SHOWN, (height - _HEAD_HEIGHT) // ROW_HEIGHT))
        if room != self._room:
            self._room = room
            self._build()

    def _build(self) -> None:
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        rows = self._rows[: self._room]
        if rows:
            self._column.addWidget(self._head())
        for row in rows:
            self._column.addWidget(self._row(row))
        self.setVisible(bool(rows))

    def _head(self) -> QWidget:
        head = QWidget()
        head.setFixedHeight(_HEAD_HEIGHT)
        word = QLabel(self.tr("Recent"))
        word.setObjectName("soft")
        word.setFont(theme.font(10.5, weight=600, spaced=True, caps=True))
        clear = _LinkButton(self.tr("Clear list"))
        clear.setText(self.tr("Clear list"))
        clear.clicked.connect(self.clearing_wanted)
        layout = QHBoxLayout(head)
        layout.setContentsMargins(10, 0, 0, 0)
        layout.addWidget(word)
        layout.addStretch(1)
        layout.addWidget(clear)
        return head

    def _row(self, row: RecentRow) -> QWidget:
        line = QWidget()
        note = self.tr("missing") if row.is_missing else row.left_at
        opener = _OpenButton(row, note)
        opener.clicked.connect(lambda _=False, study=row.study: self.chosen.emit(study))
        remove = _RemoveButton(self.tr("Remove {} from the list").format(row.title))
        remove.setToolTip(self.tr("Remove from the list; the files stay"))
        remove.clicked.connect(lambda _=False, study=row.study: self.removal_wanted.emit(study))
        layout = QHBoxLayout(line)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(opener, 1)
        layout.addWidget(remove)
        return line
