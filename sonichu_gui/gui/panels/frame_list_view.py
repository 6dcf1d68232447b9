"""The list itself: rows of files under heads that fold; says which rows are in sight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QWidget

from sonichu_gui.gui.panels.frame_list_delegate import ROW_HEIGHT, FrameListDelegate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

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


class FrameListView(QListView):
    """The rows of a `FrameListModel`."""

    path_opened = Signal(object)  # Path
    rows_seen = Signal(int, int)  # first, last

    def __init__(self, model: FrameListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._rest = QTimer(self, singleShot=True, interval=LOOK_AGAIN_MS)
        self._rest.timeout.connect(self._tell_seen)
        self.setModel(model)
        self.setItemDelegate(FrameListDelegate(self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
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
            changed.connect(self.look_again)
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
        # Alike rows are laid out without asking for each one's height; heads are lower.
        self.setUniformItemSizes(not self._model.has_heads)
        row = self._model.row_of(hold[0]) if hold else None
        if hold is None or row is None:
            return
        self.doItemsLayout()
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + self.visualRect(self._model.index(row)).top() - hold[1])

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A taller list sees more."""
        super().resizeEvent(event)
        self.look_again()

    def dataChanged(self, first: Index, last: Index, roles: Sequence[int] = ()) -> None:
        """Repaints the row. A list view would lay out all ten thousand anew for a thumbnail."""
        QAbstractItemView.dataChanged(self, first, last, roles)

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
        count = self._model.rowCount()
        if not count:
            return 0, 0
        top = self.indexAt(QPoint(1, 0))
        bottom = self.indexAt(QPoint(1, self.viewport().height() - 1))
        return max(0, top.row()), bottom.row() + 1 if bottom.isValid() else count

    def _tell_seen(self) -> None:
        first, end = self._in_sight()
        if self.isVisible() and end:
            self.rows_seen.emit(first, end - 1)
