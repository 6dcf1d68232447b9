"""How a file's row looks: thumbnail, name, status in words, status as a mark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from sonichu_gui.domain.annotation import Status
from sonichu_gui.gui import theme
from sonichu_gui.gui.panels import thumbnail
from sonichu_gui.gui.panels.frame_list_model import (
    CURRENT_ROLE,
    DETAIL_ROLE,
    PATH_ROLE,
    STATUS_ROLE,
    THUMBNAIL_ROLE,
)
from sonichu_gui.gui.panels.status_mark import STATUS_ROLES, paint_status
from sonichu_gui.gui.panels.words import status_word
from sonichu_gui.gui.row_ground import paint_row_ground
from sonichu_gui.gui.theme import word_font

if TYPE_CHECKING:
    from pathlib import Path

ROW_HEIGHT = 66

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class FrameListDelegate(QStyledItemDelegate):
    """Paints the rows of the frame list."""

    def sizeHint(
        self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Every row is alike, which lets ten thousand of them be laid out at once."""
        return QSize(180, ROW_HEIGHT)

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
        paint_row_ground(painter, row.adjusted(6, 1, 0, -1), state, chosen=current, bar=48)
        _paint_thumbnail(painter, row, index.data(THUMBNAIL_ROLE))
        _paint_words(painter, row, index, current=current)
        status = Status(index.data(STATUS_ROLE))
        mark = QPointF(row.right() - 15.5, row.center().y() + 0.5)
        paint_status(painter, mark, status, theme.current())
        painter.restore()


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
    word = status_word(status)
    painter.setPen(QColor(getattr(palette, "text_soft" if role == "text_faint" else role)))
    painter.drawText(line, _LEFT, metrics.elidedText(word, Qt.TextElideMode.ElideRight, width))
    line.setLeft(line.left() + metrics.horizontalAdvance(word))
    detail = metrics.elidedText(index.data(DETAIL_ROLE), Qt.TextElideMode.ElideRight, line.width())
    painter.setPen(QColor(palette.text_soft))
    painter.drawText(line, _LEFT, detail)
