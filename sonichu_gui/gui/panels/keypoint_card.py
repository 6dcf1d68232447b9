"""The keypoints: one row each, linked with the canvas through the Document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QMenu,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from sonichu_gui.domain.annotation import Annotation, PointState
from sonichu_gui.gui.panels.card import SectionHead, TextLine
from sonichu_gui.gui.panels.keypoint_delegate import INDENT, ROW_HEIGHT, KeypointDelegate
from sonichu_gui.gui.panels.keypoint_model import Index, KeypointModel
from sonichu_gui.gui.panels.words import point_state_word

if TYPE_CHECKING:
    from sonichu_gui.domain.task import Task
    from sonichu_gui.gui.document import Document


class KeypointList(QListView):
    """The rows. Hover and selection are the Document's; Enter and a click choose a row."""

    row_chosen = Signal(int)
    row_hovered = Signal(object)  # int | None
    menu_wanted = Signal(int, QPoint)  # row, place on the screen

    def __init__(self, model: KeypointModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setItemDelegate(KeypointDelegate(self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        # A click selects the point and leaves the arrow keys with the canvas, to nudge it.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        model.modelReset.connect(self.updateGeometry)
        self.entered.connect(self._hover_index)
        self.clicked.connect(self._choose_index)

    def sizeHint(self) -> QSize:
        """All rows: the panel around it scrolls."""
        return QSize(200, self.model().rowCount() * ROW_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """All rows."""
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter chooses, the menu key opens the menu, arrows move."""
        index = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid():
            self._choose_index(index)
            return
        super().keyPressEvent(event)

    def currentChanged(self, current: Index, previous: Index) -> None:
        """Arrow keys point at the row as the mouse does."""
        super().currentChanged(current, previous)
        if self.hasFocus():
            self._hover_index(current)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Asks for the menu of the row under the mouse, or of the keyboard's row."""
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        if index.isValid():
            place = self.visualRect(index).bottomLeft() if by_key else event.pos()
            self.menu_wanted.emit(index.row(), self.viewport().mapToGlobal(place))

    def viewportEvent(self, event: QEvent) -> bool:
        """The mouse has left: nothing is pointed at."""
        if event.type() is QEvent.Type.Leave:
            self.row_hovered.emit(None)
        return super().viewportEvent(event)

    def _hover_index(self, index: Index) -> None:
        self.row_hovered.emit(index.row() if index.isValid() else None)

    def _choose_index(self, index: QModelIndex) -> None:
        self.row_chosen.emit(index.row())


class KeypointCard(QWidget):
    """Where the points are, who placed them, how sure the model was.

    Args:
        document: Whose points are shown, selected and marked.
    """

    place_wanted = Signal(int)  # index of an unplaced keypoint

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.model = KeypointModel(document, self)
        self.view = KeypointList(self.model)
        self.view.setAccessibleName(self.tr("Keypoints"))
        self._placed = TextLine(role="text_soft", align_right=True)
        self._menu_row = 0
        self._make_menu()
        head = SectionHead(self.tr("Keypoints"), self._placed)
        head.setContentsMargins(INDENT, 0, INDENT, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(head)
        layout.addWidget(self.view)

        self.view.row_hovered.connect(document.hover)
        self.view.row_chosen.connect(self._choose)
        self.view.menu_wanted.connect(self._open_menu)
        document.task_changed.connect(self._note_task)
        document.annotation_changed.connect(self._note_annotation)
        self._show_count()

    @property
    def count_text(self) -> str:
        """How many points are placed, as shown."""
        return self._placed.text

    def _make_menu(self) -> None:
        self.menu = QMenu(self)
        self._states = QActionGroup(self)
        for state in PointState:
            row = self.menu.addAction(point_state_word(state).capitalize())
            row.setData(state)
            row.setCheckable(True)
            self._states.addAction(row)
        self._place = self.menu.addAction(self.tr("Place this point"))
        self._states.triggered.connect(self._mark)
        self._place.triggered.connect(self._want_place)

    def _open_menu(self, row: int, place: QPoint) -> None:
        self._menu_row = row
        point = self.model.point(row)
        for action in self._states.actions():
            action.setVisible(point is not None)
            action.setChecked(point is not None and action.data() == point.state)
        self._place.setVisible(point is None)
        self.menu.popup(place)

    def _mark(self, action: QAction) -> None:
        self._document.set_point_state(self._menu_row, PointState(action.data()))

    def _want_place(self) -> None:
        self.place_wanted.emit(self._menu_row)

    def _choose(self, row: int) -> None:
        if self.model.point(row) is None:
            self.place_wanted.emit(row)
        else:
            self._document.select(row)

    def _note_task(self, _task: Task) -> None:
        self._show_count()

    def _note_annotation(self, _annotation: Annotation) -> None:
        self._show_count()

    def _show_count(self) -> None:
        text = self.tr("{} of {} placed").format(self.model.placed, self.model.rowCount())
        self._placed.set_text(text)
