"""The list of models: name, size, what it can do, what it is used for, or what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from sonichu_gui.gui import theme
from sonichu_gui.gui.dialogs.marks import State, paint_mark
from sonichu_gui.gui.dialogs.model_words import size_text, tasks_text, tr, use_text
from sonichu_gui.gui.model_choice import Serving
from sonichu_gui.gui.row_ground import paint_row_ground

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sonichu_gui.prediction.zoo import ModelInfo

ROW_HEIGHT = 58

_Index = QModelIndex | QPersistentModelIndex
_INFO_ROLE = Qt.ItemDataRole.UserRole
_STATE_ROLE = Qt.ItemDataRole.UserRole + 1
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class ModelList(QListView):
    """The models there are; arrows or a click choose one to look at."""

    shown = Signal(object)  # ModelInfo | None to be told of

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Models"))
        self.setItemDelegate(_RowPainter(self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self._rows = _Rows(self)
        self.setModel(self._rows)
        self.selectionModel().currentChanged.connect(self._tell_shown)

    @property
    def info(self) -> ModelInfo | None:
        """The model that is being looked at."""
        return self._rows.info_at(self.currentIndex().row())

    def show_models(self, models: Sequence[ModelInfo]) -> None:
        """Shows a fresh list, with the same model looked at as far as it is still there."""
        before = self.info
        self.selectionModel().currentChanged.disconnect(self._tell_shown)
        self._rows.set_models(models)
        if before is None or not self.look_at(before.folder):
            self.setCurrentIndex(self._rows.index(0))
        self.selectionModel().currentChanged.connect(self._tell_shown)
        self.shown.emit(self.info)

    def show_serving(self, serving: Serving) -> None:
        """Shows which model is used for what."""
        self._rows.set_serving(serving)

    def look_at(self, folder: Path) -> bool:
        """Goes to the model of a folder, if it is in the list."""
        row = self._rows.row_of(folder)
        if row is None:
            return False
        self.setCurrentIndex(self._rows.index(row))
        return True

    def _tell_shown(self, _now: QModelIndex, _before: QModelIndex) -> None:
        self.shown.emit(self.info)


class _Rows(QAbstractListModel):
    """The rows behind the list."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._models: tuple[ModelInfo, ...] = ()
        self._serving = Serving()

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._models)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's
        info = self.info_at(index.row())
        if info is None:
            return None
        state = tr("cannot be used") if info.problem else use_text(info, self._serving)
        if role == _INFO_ROLE:
            return info
        if role == _STATE_ROLE:
            return state
        if role == Qt.ItemDataRole.DisplayRole:
            return info.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return info.problem or str(info.folder)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            words = (info.name, size_text(info.size_bytes), tasks_text(info), state)
            return ", ".join(part for part in words if part)
        return None

    def info_at(self, row: int) -> ModelInfo | None:
        return self._models[row] if 0 <= row < len(self._models) else None

    def row_of(self, folder: Path) -> int | None:
        rows = (row for row, info in enumerate(self._models) if info.folder == folder)
        return next(rows, None)

    def set_models(self, models: Sequence[ModelInfo]) -> None:
        self.beginResetModel()
        self._models = tuple(models)
        self.endResetModel()

    def set_serving(self, serving: Serving) -> None:
        self._serving = serving
        if self._models:
            self.dataChanged.emit(self.index(0), self.index(len(self._models) - 1))


class _RowPainter(QStyledItemDelegate):
    """Paints two lines: name and size, then what it can do and what it is used for."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        return QSize(180, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = theme.current()
        info: ModelInfo = index.data(_INFO_ROLE)
        state: str = index.data(_STATE_ROLE)
        row = QRect(option.rect).adjusted(0, 1, 0, -1)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        paint_row_ground(painter, row, option.state, chosen=chosen, bar=40)
        inside = row.adjusted(14, 0, -12, 0)
        upper = QRect(inside.left(), row.center().y() - 20, inside.width(), 20)
        lower = QRect(inside.left(), row.center().y() + 2, inside.width(), 18)

        size = "" if info.problem else size_text(info.size_bytes)
        upper.setRight(
            upper.right() - _draw_right(painter, upper, size, theme.font(11.5), palette.text_soft)
        )
        name_font = theme.word_font(13, 500)
        painter.setPen(QColor(palette.text))
        _draw_left(painter, upper, info.name, name_font, Qt.TextElideMode.ElideMiddle)

        color = palette.red if info.problem else palette.green
        used = _draw_right(painter, lower, state, theme.word_font(11.5), color)
        if state:
            mark = QPointF(lower.right() - used + 14, lower.center().y() + 0.5)
            paint_mark(painter, mark, State.BAD if info.problem else State.GOOD)
        lower.setRight(lower.right() - used)
        painter.setPen(QColor(palette.text_soft))
        what = "" if info.problem else tasks_text(info)
        _draw_left(painter, lower, what, theme.word_font(11.5), Qt.TextElideMode.ElideRight)
        painter.restore()


_MARK_ROOM = 24
"""Pixels that a state's mark and the gap before it take."""


def _draw_right(painter: QPainter, rect: QRect, text: str, font: QFont, color: str) -> int:
    """Draws a text at the right and gives the width that it takes from the rest of the line."""
    if not text:
        return 0
    painter.setFont(font)
    painter.setPen(QColor(color))
    painter.drawText(rect, _RIGHT, text)
    return QFontMetrics(font).horizontalAdvance(text) + _MARK_ROOM


def _draw_left(
    painter: QPainter, rect: QRect, text: str, font: QFont, mode: Qt.TextElideMode
) -> None:
    painter.setFont(font)
    painter.drawText(rect, _LEFT, QFontMetrics(font).elidedText(text, mode, rect.width()))
