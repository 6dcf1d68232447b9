"""The menu of tasks: by group, the current one ticked, each with what the model knows of it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QMenu, QStyle, QStyleOption, QWidget, QWidgetAction

from sonichu_gui.gui import theme
from sonichu_gui.gui.panels.card import text_label
from sonichu_gui.gui.theme import word_font

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_COLOR = "color"


def paint_dot(painter: QPainter, center: QPointF, color: QColor) -> None:
    """Draws a task's dot."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawEllipse(center, 5.0, 5.0)


class TaskMenu(QMenu):
    """A menu that paints its rows: dot or tick, title, and a quieter note at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("task_menu")

    def add_head(self, title: str) -> None:
        """Begins a group."""
        head = QWidgetAction(self)
        label = text_label(title, role="text_soft")
        label.setFont(theme.font(10.5, weight=600, spaced=True, caps=True))
        label.setContentsMargins(14, 10, 14, 4)
        head.setDefaultWidget(label)
        head.setEnabled(False)
        self.addAction(head)

    def add_row(self, text: str, color: QColor) -> QAction:
        """Adds a row; `text` is title and note with a tab between."""
        row = self.addAction(text)
        row.setProperty(_COLOR, color)
        row.setCheckable(True)
        return row

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draws the ground, then the rows that are not widgets."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        option = QStyleOption()
        option.initFrom(self)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelMenu, option, painter, self)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_FrameMenu, option, painter, self)
        for action in self.actions():
            if not isinstance(action, QWidgetAction):
                self._paint_row(painter, self.actionGeometry(action), action)

    def _paint_row(self, painter: QPainter, rect: QRect, action: QAction) -> None:
        palette = theme.current()
        if action is self.activeAction():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(palette.control_hover))
            painter.drawRoundedRect(rect, 4, 4)
        color = action.property(_COLOR)
        mark = QPointF(rect.left() + 19, rect.center().y() + 0.5)
        if action.isChecked():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(palette.text), 1.8, c=Qt.PenCapStyle.RoundCap))
            tick = [QPointF(-4.5, 0.5), QPointF(-1.5, 3.5), QPointF(4.5, -3.5)]
            painter.drawPolyline([mark + point for point in tick])
        else:
            paint_dot(painter, mark, QColor(color))
        title, _, note = action.text().replace("&&", "&").partition("\t")
        inside = rect.adjusted(34, 0, -14, 0)
        painter.setFont(word_font(13))
        painter.setPen(QColor(palette.text))
        painter.drawText(inside, _LEFT, title)
        painter.setFont(word_font(11.5))
        painter.setPen(QColor(palette.text_soft))
        painter.drawText(inside, _RIGHT, note)
