"""The list itself: rows of files under heads that fold; says which rows are in sight.

Where a row stands is reckoned, not laid out: Qt's list view asks the model once for each of ten
thousand rows whenever one comes or goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    QRect,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QRegion, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QStyle, QStyleOptionViewItem, QWidget

from sonichu_gui.gui.panels.frame_list_delegate import HEAD_HEIGHTS, ROW_HEIGHT, FrameListDelegate
from sonichu_gui.gui.panels.list_rows import RowPlaces

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtCore import QItemSelection

    from sonichu_gui.gui.panels.frame_list_model import FrameListModel, Index

LOOK_AGAIN_MS = 40
"""Rest after scrolling before thumbnails are asked for: rows that fly past cost nothing."""

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_FOLD = {Qt.Key.Key_Left: True, Qt.Key.Key_Right: False}
_CLAIMED = (
    *_ENTER,
    Qt.Key.Key_Space,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
)
"""Keys that are the list's while a person is in it, though the window has shortcuts of them."""

Hold = tuple["Path", int]
"""A file, and how far from the top of the view its row begins."""


class FrameListView(QAbstractItemView):
    """The rows of a `FrameListModel`."""

    path_opened = Signal(object)  # Path
    rows_seen = Signal(int, int)  # first, last

    def __init__(self, model: FrameListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._places = RowPlaces((), ROW_HEIGHT, HEAD_HEIGHTS)
        self._rest = QTimer(self, singleShot=True, interval=LOOK_AGAIN_MS)
        self._rest.timeout.connect(self._tell_seen)
        self.setModel(model)
        self.setItemDelegate(FrameListDelegate(self))
        self.setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        # A click shows a file and leaves the keys with the frame; Tab brings them here.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.verticalScrollBar().setSingleStep(ROW_HEIGHT // 3)
        self.verticalScrollBar().valueChanged.connect(self.look_again)
        for changed in (model.modelReset, model.rowsInserted, model.rowsRemoved):
            changed.connect(self._lay_out)
        self.clicked.connect(self._open_index)

    def look_again(self) -> None:
        """Starts the rest anew: what is in sight has changed."""
        self._rest.start()

    def hold(self, path: Path | None) -> Hold | None:
        """Gives what is to stay where it is: a file when it is in sight, else the first there."""
        row = self._model.row_of(path)
        if path is not None and row is not None:
            rect = self.visualRect(self._model.index(row))
            if self.viewport().rect().intersects(rect):
                return path, rect.top()
        for row in range(*self._in_sight()):
            first = self._model.path_at(row)
            if first is not None:
                return first, self.visualRect(self._model.index(row)).top()
        return None

    def put_back(self, hold: Hold | None) -> None:
        """Scrolls so that a file is where it was held, after rows have come, gone or moved."""
        row = self._model.row_of(hold[0]) if hold else None
        if hold is None or row is None:
            return
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + self.visualRect(self._model.index(row)).top() - hold[1])

    # ---- where rows are ----------------------------------------------------------------------

    def visualRect(self, index: Index) -> QRect:
        """The place of a row in the viewport."""
        if not index.isValid():
            return QRect()
        top, height = self._places.of(index.row())
        return QRect(0, top - self.verticalOffset(), self.viewport().width(), height)

    def indexAt(self, point: QPoint) -> QModelIndex:
        """The row at a place of the viewport."""
        row = self._places.at(point.y() + self.verticalOffset())
        return QModelIndex() if row is None else self._model.index(row)

    def scrollTo(
        self,
        index: Index,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        """Scrolls as little as brings a row into sight."""
        rect, room = self.visualRect(index), self.viewport().height()
        bar = self.verticalScrollBar()
        if rect.top() < 0:
            bar.setValue(bar.value() + rect.top())
        elif rect.bottom() >= room:
            bar.setValue(bar.value() + min(rect.top(), rect.bottom() + 1 - room))

    def horizontalOffset(self) -> int:
        """Rows are as wide as the view."""
        return 0

    def verticalOffset(self) -> int:
        """How far it is scrolled."""
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: Index) -> bool:
        """What is not to be shown is no row."""
        return False

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        """Nothing is selected; the file that is shown is told by the model."""

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        """Nothing is selected."""
        return QRegion()

    def moveCursor(
        self,
        cursor_action: QAbstractItemView.CursorAction,
        modifiers: Qt.KeyboardModifier,
    ) -> QModelIndex:
        """The row that an arrow, a page or an end leads to."""
        action = QAbstractItemView.CursorAction
        page = max(1, self.viewport().height() // ROW_HEIGHT - 1)
        end = self._model.rowCount() - 1
        step = {
            action.MoveUp: -1,
            action.MovePrevious: -1,
            action.MoveDown: 1,
            action.MoveNext: 1,
            action.MovePageUp: -page,
            action.MovePageDown: page,
            action.MoveHome: -end,
            action.MoveEnd: end,
        }.get(cursor_action, 0)
        row = min(max(self.currentIndex().row() + step, 0), end)
        return self._model.index(row) if end >= 0 else QModelIndex()

    def updateGeometries(self) -> None:
        """Fits the scroll bar to the rows."""
        bar, room = self.verticalScrollBar(), self.viewport().height()
        bar.setPageStep(room)
        bar.setRange(0, max(0, self._places.height - room))
        super().updateGeometries()

    # ---- painting ----------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the rows that are in sight."""
        painter = QPainter(self.viewport())
        delegate = self.itemDelegate()
        mouse = self.viewport().mapFromGlobal(self.cursor().pos())
        hovered = self.indexAt(mouse).row() if self.viewport().underMouse() else -1
        for row in range(*self._in_sight()):
            index = self._model.index(row)
            option = QStyleOptionViewItem()
            self.initViewItemOption(option)
            option.rect = self.visualRect(index)
            if not option.rect.intersects(event.rect()):
                continue
            if row == hovered:
                option.state |= QStyle.StateFlag.State_MouseOver
            if index == self.currentIndex() and self.hasFocus():
                option.state |= QStyle.StateFlag.State_HasFocus
            else:
                option.state &= ~QStyle.StateFlag.State_HasFocus
            delegate.paint(painter, option, index)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A taller list sees more."""
        super().resizeEvent(event)
        self.look_again()

    def _lay_out(self) -> None:
        """Rows have come or gone."""
        self._places = RowPlaces(self._model.rows, ROW_HEIGHT, HEAD_HEIGHTS)
        self.updateGeometries()
        self.viewport().update()
        self.look_again()

    # ---- keys and mouse ----------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Claims the keys that move in a list from the window's shortcuts."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() is QEvent.Type.ShortcutOverride
            and event.key() in _CLAIMED
            and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens the row under the keyboard's outline; Left and Right fold."""
        index = self.currentIndex()
        key = Qt.Key(event.key())
        if key in _ENTER or key == Qt.Key.Key_Space:
            self._open_index(index)
        elif key in _FOLD and index.isValid():
            self._fold(index.row(), folded=_FOLD[key])
        else:
            super().keyPressEvent(event)

    def _fold(self, row: int, *, folded: bool) -> None:
        """Folds the head of a row; from a file, or a folded head, it goes to the head above."""
        head = self._model.head_at(row)
        if head is not None and self._model.is_folded(row) != folded:
            self._model.fold(row, folded=folded)
        elif folded:
            above = self._model.row_of_head(row)
            if above is not None:
                self.setCurrentIndex(self._model.index(above))

    def _open_index(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        row = index.row()
        path = self._model.path_at(row)
        if path is not None:
            self.path_opened.emit(path)
        else:
            self._model.fold(row, folded=not self._model.is_folded(row))

    def _in_sight(self) -> tuple[int, int]:
        """The rows in sight: the first, and the one after the last."""
        count, room = self._model.rowCount(), self.viewport().height()
        if room < 1:
            return 0, 0
        top = self.verticalOffset()
        first, last = self._places.at(top), self._places.at(top + room - 1)
        return (count if first is None else first), (count if last is None else last + 1)

    def _tell_seen(self) -> None:
        first, end = self._in_sight()
        if self.isVisible() and first < end:
            self.rows_seen.emit(first, end - 1)
