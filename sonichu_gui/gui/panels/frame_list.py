"""The left room: which frame next. Search, filters, and the files of the study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLineEdit,
    QListView,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from sonichu_gui.gui import theme
from sonichu_gui.gui.panels.card import SectionHead, TextLine, text_label
from sonichu_gui.gui.panels.filter_chips import FilterChips
from sonichu_gui.gui.panels.frame_list_delegate import ROW_HEIGHT, FrameListDelegate
from sonichu_gui.gui.panels.frame_list_model import PATH_ROLE, FrameFilter, FrameListModel, Index

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sonichu_gui.domain.annotation import Status
    from sonichu_gui.domain.task import Task
    from sonichu_gui.gui.document import Document
    from sonichu_gui.gui.place import Place, Study

LOOK_AGAIN_MS = 40
"""Rest after scrolling before thumbnails are asked for: rows that fly past cost nothing."""


class FrameListView(QListView):
    """The list itself; says which rows are in sight once it rests."""

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

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A taller list sees more."""
        super().resizeEvent(event)
        self.look_again()

    def dataChanged(self, first: Index, last: Index, roles: Sequence[int] = ()) -> None:
        """Repaints the row. A list view would lay out all ten thousand anew for a thumbnail."""
        QAbstractItemView.dataChanged(self, first, last, roles)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens the row under the keyboard's outline."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open_index(self.currentIndex())
            return
        super().keyPressEvent(event)

    def _open_index(self, index: QModelIndex) -> None:
        if index.isValid():
            self.path_opened.emit(index.data(PATH_ROLE))

    def _tell_seen(self) -> None:
        if self.isVisible() and self._model.rowCount():
            top = self.verticalScrollBar().value()
            bottom = top + self.viewport().height() - 1
            self.rows_seen.emit(top // ROW_HEIGHT, bottom // ROW_HEIGHT)


class SearchField(QLineEdit):
    """A field that Esc empties and leaves."""

    def event(self, event: QEvent) -> bool:
        """Claims Esc from the window's shortcuts."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() is QEvent.Type.ShortcutOverride
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc empties the field and gives the keys back."""
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.clearFocus()
            return
        super().keyPressEvent(event)


class FrameList(QFrame):
    """Search, filter and choose the files of the study.

    Args:
        document: Whose study, task and frame are shown.
    """

    path_chosen = Signal(object)  # Path
    thumbnail_wanted = Signal(object)  # Path

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("frame_list")
        self._document = document
        self._shown_path: Path | None = None
        self.model = FrameListModel(document.task.id, self)
        self.search = SearchField()
        self.chips = FilterChips()
        self.view = FrameListView(self.model)
        self._found = TextLine(role="text_soft", align_right=True)
        self._empty = text_label(role="text_soft", wrap=True)
        self._arrange()

        self.search.textChanged.connect(self._search_for)
        self.search.returnPressed.connect(self._open_first)
        self.chips.filter_chosen.connect(self._filter_by)
        self.view.path_opened.connect(self._choose)
        self.view.rows_seen.connect(self._want_thumbnails)
        document.study_changed.connect(self._show_study)
        document.frame_changed.connect(self._show_frame)
        document.task_changed.connect(self._show_task)
        document.status_changed.connect(self._take_status)
        self._show_study(document.study)
        self._show_frame(document.frame)

    @property
    def empty_text(self) -> str:
        """What stands in place of the rows; empty while there are rows."""
        return "" if self.model.rowCount() else self._empty.text()

    def set_thumbnail(self, path: Path, image: QImage) -> None:
        """Shows a file's thumbnail, asked for by `thumbnail_wanted`."""
        self.model.set_thumbnail(path, image)

    def set_statuses(self, statuses: Mapping[Path, Mapping[str, Status]]) -> None:
        """Takes the statuses of labelled files: by path, then by task id."""
        self.model.set_statuses(statuses)
        self._count()

    def focus_search(self) -> None:
        """Gives the keys to the search field."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def sizeHint(self) -> QSize:
        """The picture's width."""
        return QSize(264, 600)

    def minimumSizeHint(self) -> QSize:
        """Room for a thumbnail and a short name."""
        return QSize(208, 200)

    def _arrange(self) -> None:
        self.search.setPlaceholderText(self.tr("Search frames"))
        self.search.setAccessibleName(self.tr("Search frames"))
        self.search.setClearButtonEnabled(False)
        self.search.setFixedHeight(32)
        self.search.setFont(theme.font(13))
        self.search.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.view.setAccessibleName(self.tr("Frames"))
        self._empty.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._empty.setContentsMargins(12, 24, 12, 0)

        above = QVBoxLayout()
        above.setContentsMargins(12, 14, 12, 0)
        above.setSpacing(8)
        above.addWidget(self.search)
        above.addWidget(self.chips)
        above.addWidget(SectionHead(self.tr("Frames"), self._found))
        self._pages = QStackedLayout()
        self._pages.addWidget(self.view)
        self._pages.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(above)
        layout.addLayout(self._pages, 1)

    def _choose(self, path: Path) -> None:
        # Keys that follow are meant for the frame, not for the search.
        self.search.clearFocus()
        self.path_chosen.emit(path)

    def _open_first(self) -> None:
        """Enter in the search opens the first file found."""
        if self.model.rowCount():
            self._choose(self.model.path_at(0))

    def _search_for(self, text: str) -> None:
        self.model.set_search(text)
        self._after_filter()

    def _filter_by(self, kind: FrameFilter) -> None:
        self.model.set_filter(kind)
        self._after_filter()

    def _after_filter(self) -> None:
        self._show_found()
        self._reveal(self._document.path)

    def _show_study(self, study: Study) -> None:
        self.model.set_paths(study.paths)
        self._count()

    def _show_frame(self, _frame: object) -> None:
        path, source = self._document.path, self._document.source
        if path == self._shown_path:
            return  # the next frame of a cine: the list stays where it was scrolled to
        self._shown_path = path
        self.model.set_current(path, source.frame_count if source is not None else 0)
        self._show_found()
        self._reveal(path)

    def _show_task(self, task: Task) -> None:
        self.model.set_task(task.id)
        self._count()
        self._reveal(self._document.path)

    def _take_status(self, place: Place, status: Status) -> None:
        self.model.set_status(place.path, place.task_id, status)
        self._count()

    def _want_thumbnails(self, first: int, last: int) -> None:
        for path in self.model.wanted(first, last):
            self.thumbnail_wanted.emit(path)

    def _reveal(self, path: Path | None) -> None:
        """Scrolls as little as shows the file, and puts the keyboard's row there."""
        row = self.model.row_of(path)
        if row is not None:
            self.view.setCurrentIndex(self.model.index(row))
            self.view.scrollTo(self.model.index(row))

    def _count(self) -> None:
        self.chips.set_counts(self.model.counts())
        self._show_found()

    def _show_found(self) -> None:
        shown, all_files = self.model.rowCount(), self.model.path_count
        if self._document.study.scanning:
            self._found.set_text(self.tr("looking for more"))
        else:
            found = self.tr("{} of {}").format(shown, all_files) if shown != all_files else ""
            self._found.set_text(found)
        words = self.tr("Nothing fits the search and the filter") if all_files else ""
        self._empty.setText(words or self.tr("No frames yet"))
        self._pages.setCurrentWidget(self.view if shown else self._empty)
