"""How the rows look: a file's thumbnail, name and status; a head's title and count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from sonichu_gui.domain.annotation import Status
from sonichu_gui.gui import theme
from sonichu_gui.gui.panels import thumbnail
from sonichu_gui.gui.panels.frame_list_model import (
    CURRENT_ROLE,
    DETAIL_ROLE,
    FOLDED_ROLE,
    HEAD_ROLE,
    PATH_ROLE,
    STATUS_ROLE,
    THUMBNAIL_ROLE,
    UNREADABLE_ROLE,
)
from sonichu_gui.gui.panels.status_mark import STATUS_ROLES, paint_status
from sonichu_gui.gui.panels.words import file_word, status_word
from sonichu_gui.gui.row_ground import paint_row_ground
from sonichu_gui.gui.theme import word_font

if TYPE_CHECKING:
    from pathlib import Path

    from sonichu_gui.gui.list_heads import ListHead

ROW_HEIGHT = 66
HEAD_HEIGHTS = (48, 30)
"""Of an examination and of a series."""

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class FrameListDelegate(QStyledItemDelegate):
    """Paints the rows of the frame list."""

    def sizeHint(
        self, _option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """A file's row is higher than a head's."""
        head: ListHead | None = index.data(HEAD_ROLE)
        return QSize(180, ROW_HEIGHT if head is None else HEAD_HEIGHTS[head.level])

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draws one row."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        row = QRect(option.rect)
        state: QStyle.StateFlag = option.state
        current = bool(index.data(CURRENT_ROLE))
        # Beside the scroll bar the ground needs no margin of its own.
        inset = 6 if row.right() >= option.widget.rect().right() - 1 else 0
        row.adjust(0, 0, -inset, 0)
        head: ListHead | None = index.data(HEAD_ROLE)
        if head is not None:
            paint_row_ground(painter, row.adjusted(6, 1, 0, -1), state, chosen=False, bar=0)
            _paint_head(painter, row, index, head)
            painter.restore()
            return
        paint_row_ground(painter, row.adjusted(6, 1, 0, -1), state, chosen=current, bar=48)
        _paint_thumbnail(painter, row, index.data(THUMBNAIL_ROLE))
        _paint_words(painter, row, index, current=current)
        status = Status(index.data(STATUS_ROLE))
        mark = QPointF(row.right() - 15.5, row.center().y() + 0.5)
        paint_status(painter, mark, status, theme.current())
        painter.restore()


def _paint_head(
    painter: QPainter,
    row: QRect,
    index: QModelIndex | QPersistentModelIndex,
    head: ListHead,
) -> None:
    palette = theme.current()
    is_outer = head.level == 0
    left = row.left() + (14 if is_outer else 26)
    role = "accent" if index.data(CURRENT_ROLE) else "text" if is_outer else "text_soft"
    middle = row.center().y() + (0.5 if not head.detail else -7.5)
    _paint_chevron(painter, QPointF(left + 5, middle), index.data(FOLDED_ROLE))
    count = index.data(DETAIL_ROLE)
    painter.setFont(theme.font(10.5))
    painter.setPen(QColor(palette.text_soft))
    right = row.adjusted(0, 0, -12, -16 if head.detail else 0)
    painter.drawText(right, _RIGHT, count)
    room = right.right() - QFontMetrics(painter.font()).horizontalAdvance(count) - 8
    words = QRect(left + 18, row.top(), room - left - 18, row.height())
    if head.detail:
        words.setHeight(row.height() // 2)
        words.translate(0, 4)
        _paint_line(painter, words.translated(0, 16), head.detail, "text_soft", 400)
    _paint_line(painter, words, head.title, role, 600 if is_outer else 400)


def _paint_line(painter: QPainter, place: QRect, text: str, role: str, weight: int) -> None:
    painter.setFont(word_font(11.5, weight))
    painter.setPen(QColor(getattr(theme.current(), role)))
    metrics = QFontMetrics(painter.font())
    fitting = metrics.elidedText(text, Qt.TextElideMode.ElideRight, place.width())
    painter.drawText(place, _LEFT, fitting)


def _paint_chevron(painter: QPainter, center: QPointF, is_folded: object) -> None:
    """A small angle: to the right where something is folded away, else down."""
    pen = QPen(QColor(theme.current().text_soft), 1.5, c=Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    corners = [(-1.5, -3.5), (2.0, 0.0), (-1.5, 3.5)]
    points = [QPointF(x, y) if is_folded else QPointF(y, x) for x, y in corners]
    painter.drawPolyline([center + point for point in points])


def _paint_thumbnail(painter: QPainter, row: QRect, pixmap: QPixmap | None) -> None:
    corner = QPointF(row.left() + 14, row.top() + 7)
    if pixmap is not None:
        painter.drawPixmap(corner, pixmap)
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.current().canvas))
    painter.drawRoundedRect(QRectF(corner, thumbnail.SIZE.toSizeF()), 4, 4)


def _paint_words(
    painter: QPainter,
    row: QRect,
    index: QModelIndex | QPersistentModelIndex,
    *,
    current: bool,
) -> None:
    palette = theme.current()
    left = row.left() + 14 + thumbnail.SIZE.width() + 14
    width = row.right() - 26 - left
    name_font, detail_font = word_font(13), theme.font(11.5)
    path: Path = index.data(PATH_ROLE)
    status = Status(index.data(STATUS_ROLE))

    painter.setFont(name_font)
    painter.setPen(QColor(palette.text if current else palette.text_soft))
    name = QFontMetrics(name_font).elidedText(path.stem, Qt.TextElideMode.ElideMiddle, width)
    painter.drawText(QRect(left, row.center().y() - 19, width, 20), _LEFT, name)

    painter.setFont(detail_font)
    metrics = QFontMetrics(detail_font)
    line = QRect(left, row.center().y() + 2, width, 18)
    role = STATUS_ROLES[status]
    word = file_word(status, is_unreadable=index.data(UNREADABLE_ROLE))
    role = role if word == status_word(status) else "amber"
    painter.setPen(QColor(getattr(palette, "text_soft" if role == "text_faint" else role)))
    painter.drawText(line, _LEFT, metrics.elidedText(word, Qt.TextElideMode.ElideRight, width))
    line.setLeft(line.left() + metrics.horizontalAdvance(word))
    detail = metrics.elidedText(index.data(DETAIL_ROLE), Qt.TextElideMode.ElideRight, line.width())
    painter.setPen(QColor(palette.text_soft))
    painter.drawText(line, _LEFT, detail)
