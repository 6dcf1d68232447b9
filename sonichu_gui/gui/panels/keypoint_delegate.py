"""How a keypoint's row looks: its ring, name, place, and how sure the model was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from sonichu_gui.domain.annotation import Keypoint, PointState
from sonichu_gui.gui import theme
from sonichu_gui.gui.panels.keypoint_model import (
    HOVERED_ROLE,
    POINT_ROLE,
    SELECTED_ROLE,
    SPEC_ROLE,
)
from sonichu_gui.gui.panels.words import (
    confidence_role,
    origin_word,
    point_state_word,
    position_text,
    tr,
)

if TYPE_CHECKING:
    from sonichu_gui.domain.task import KeypointSpec

ROW_HEIGHT = 30
INDENT = 10
"""How far the rows' ground reaches beyond their words on both sides."""

_BAR = QSize(44, 6)
_LAST_COLUMN = 70
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class KeypointDelegate(QStyledItemDelegate):
    """Paints the rows of the keypoint list."""

    def sizeHint(
        self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Every row is alike."""
        return QSize(200, ROW_HEIGHT)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draws one row."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = theme.current()
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        spec: KeypointSpec = index.data(SPEC_ROLE)
        point: Keypoint | None = index.data(POINT_ROLE)
        selected = bool(index.data(SELECTED_ROLE))
        lit = selected or bool(index.data(HOVERED_ROLE))
        _paint_ground(painter, rect, lit=lit, focus=bool(state & QStyle.StateFlag.State_HasFocus))

        inside = rect.adjusted(INDENT, 0, -INDENT, 0)
        ring = QPointF(inside.left() + 6, inside.center().y() + 0.5)
        _paint_ring(painter, ring, theme.pair_color(spec.pair), point)
        last = QRect(inside)
        last.setLeft(inside.right() - _LAST_COLUMN + 1)
        place = QRect(inside)
        place.setRight(last.left() - 10)

        font = theme.font(11.5)
        where = position_text(point) if point is not None else tr("not placed")
        if point is not None and point.state is PointState.ABSENT:
            where = ""
        painter.setFont(font)
        painter.setPen(QColor(palette.text_soft))
        painter.drawText(place, _RIGHT, where)
        name = QRect(inside.left() + 22, inside.top(), 0, inside.height())
        name.setRight(place.right() - QFontMetrics(font).horizontalAdvance(where) - 8)
        font = theme.font(13)
        painter.setFont(font)
        painter.setPen(QColor(palette.text if lit else palette.text_soft))
        words = QFontMetrics(font).elidedText(spec.name, Qt.TextElideMode.ElideRight, name.width())
        painter.drawText(name, _LEFT, words)
        if point is not None:
            _paint_trust(painter, last, point)
        painter.restore()


def _paint_ground(painter: QPainter, rect: QRect, *, lit: bool, focus: bool) -> None:
    palette = theme.current()
    ground = QRectF(rect).adjusted(0, 1, 0, -1)
    painter.setPen(Qt.PenStyle.NoPen)
    if lit:
        painter.setBrush(QColor(palette.control))
        painter.drawRoundedRect(ground, 6, 6)
    if focus:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(palette.accent), 1))
        painter.drawRoundedRect(ground.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)


def _paint_ring(painter: QPainter, center: QPointF, color: QColor, point: Keypoint | None) -> None:
    """A full ring where it is seen, a dotted one where not placed, a cross where absent."""
    pen = QPen(color, 2)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if point is not None and point.state is PointState.ABSENT:
        painter.setPen(pen)
        painter.drawLine(center + QPointF(-3.5, -3.5), center + QPointF(3.5, 3.5))
        painter.drawLine(center + QPointF(3.5, -3.5), center + QPointF(-3.5, 3.5))
        return
    if point is None:
        pen = QPen(color, 1.4)
        pen.setDashPattern([1.6, 2.0])
    elif point.state is not PointState.VISIBLE:
        pen.setDashPattern([2.6, 1.4])
    painter.setPen(pen)
    painter.drawEllipse(center, 4.8, 4.8)


def _paint_trust(painter: QPainter, rect: QRect, point: Keypoint) -> None:
    """A bar for the model's confidence; a word for a state or for who placed it."""
    palette = theme.current()
    if point.state is PointState.VISIBLE and point.confidence is not None:
        y = rect.center().y() - 2.5
        bar = QRectF(rect.right() - _BAR.width() + 1, y, _BAR.width(), _BAR.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(palette.window))
        painter.drawRoundedRect(bar, 3, 3)
        bar.setWidth(max(6.0, bar.width() * min(1.0, point.confidence)))
        painter.setBrush(QColor(getattr(palette, confidence_role(point.confidence))))
        painter.drawRoundedRect(bar, 3, 3)
        return
    seen = point.state is PointState.VISIBLE
    word = origin_word(point.origin) if seen else point_state_word(point.state)
    painter.setFont(theme.font(10.5))
    painter.setPen(QColor(palette.text_soft))
    painter.drawText(rect, _RIGHT, word)
