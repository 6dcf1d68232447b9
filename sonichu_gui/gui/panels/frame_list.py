"""The left room: which frame next. Search, filters, and the files of the study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QStackedLayout, QVBoxLayout, QWidget

from sonichu_gui.gui import theme
from sonichu_gui.gui.panels.card import SectionHead, TextLine, text_label
from sonichu_gui.gui.panels.filter_chips import FilterChips
from sonichu_gui.gui.panels.frame_list_model import FrameListModel
from sonichu_gui.gui.panels.frame_list_view import FrameListView
from sonichu_gui.gui.panels.status_menu import StatusMenu

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from sonichu_gui.domain.annotation import Status
    from sonichu_gui.domain.task import Task
    from sonichu_gui.gui.document import Document
    from sonichu_gui.gui.panels.status_tally import FrameFilter
    from sonichu_gui.gui.place import Place, Study


class SearchField(QLineEdit):
    """A field that Esc empties and leaves."""

    entered = Signal()  # the keys go on to the list

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
        """Esc empties the field and gives the keys back; Down goes on to what was found."""
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.clearFocus()
            return
        if event.key() == Qt.Key.Key_Down:
            self.entered.emit()
            return
        super().keyPressEvent(event)


class FrameList(QFrame):
    """Search, filter and choose the files of the study.

    Args:
        document: Whose study, task and frame are shown.
    """

    path_chosen = Signal(object)  # Path
    thumbnail_wanted = Signal(object)  # Path
    thumbnail_unwanted = Signal(object)  # Path, wanted before and scrolled out of sight

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("frame_list")
        self._document = document
        self._shown: tuple[Path | None, int] = (None, 0)
        self._is_in_reach = True
        self._is_grouped = False
        self.model = FrameListModel(document.task.id, self)
        self.search = SearchField()
        self.chips = FilterChips()
        self.status_menu = StatusMenu()
        self.view = FrameListView(self.model)
        self._found = TextLine(role="text_soft", align_right=True)
        self._empty = text_label(role="text_soft", wrap=True)
        self._arrange()

        self.search.textChanged.connect(self._search_for)
        self.search.returnPressed.connect(self._open_first)
        self.search.entered.connect(self._enter_list)
        for filters in (self.chips, self.status_menu):
            filters.filter_chosen.connect(self._filter_by)
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

    def forget_thumbnails(self, paths: Iterable[Path]) -> None:
        """Asks anew for the thumbnails of files that have changed."""
        self.model.forget_thumbnails(paths)
        self.view.look_again()

    def forget_all_thumbnails(self) -> None:
        """Asks for all of them anew: something else is to be seen of the frames."""
        self.forget_thumbnails(self._document.study.paths)
        self.view.viewport().update()  # those that are seen go at once

    def set_reach(self, in_reach: bool) -> None:
        """Tells whether the folder of the study can be reached."""
        self._is_in_reach = in_reach
        if in_reach:
            self.model.forget_thumbnails()  # of files that were out of reach
            self.view.look_again()
        self._show_found()

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
        self.search.setAcceptDrops(False)  # files dropped here are to be opened, as anywhere
        self.search.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.view.setAccessibleName(self.tr("Frames"))
        self._empty.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._empty.setContentsMargins(12, 24, 12, 0)

        above = QVBoxLayout()
        above.setContentsMargins(12, 14, 12, 0)
        above.setSpacing(8)
        above.addWidget(self.search)
        above.addWidget(self.chips)
        above.addWidget(SectionHead(self.tr("Frames"), self._found, self.status_menu))
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
        row = self.model.first_file_row()
        path = self.model.path_at(row) if row is not None else None
        if path is not None:
            self._choose(path)

    def _enter_list(self) -> None:
        """Down in the search goes to the first file found."""
        row = self.model.first_file_row()
        if row is not None:
            self.view.setFocus(Qt.FocusReason.TabFocusReason)
            self.view.setCurrentIndex(self.model.index(row))

    def _search_for(self, text: str) -> None:
        self.model.set_search(text)
        self._after_filter()

    def _filter_by(self, kind: FrameFilter) -> None:
        self.model.set_filter(kind)
        self.chips.show_filter(kind)
        self.status_menu.show_filter(kind)
        self._after_filter()

    def _after_filter(self) -> None:
        self._show_found()
        self._reveal(self._document.path)

    def _show_study(self, study: Study) -> None:
        hold = self.view.hold(self._document.path)
        self.model.set_paths(study.paths, study.heads)
        was_grouped, self._is_grouped = self._is_grouped, bool(study.heads)
        if self._is_grouped and not was_grouped:  # with the heads that lead to where we are
            self.view.scrollToTop()
            self._reveal(self._document.path)
        else:
            self.view.put_back(hold)
        self._count()

    def _show_frame(self, _frame: object) -> None:
        path, source = self._document.path, self._document.source
        shown = path, source.frame_count if source is not None else 0
        if shown == self._shown:
            return  # the next frame of a cine: the list stays where it was scrolled to
        self._shown = shown
        if path is not None:
            self.model.unfold_to(path)
        self.model.set_current(*shown)
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
        for path in self.model.no_longer_wanted(first, last):
            self.thumbnail_unwanted.emit(path)
        for path in self.model.wanted(first, last):
            self.thumbnail_wanted.emit(path)

    def _reveal(self, path: Path | None) -> None:
        """Scrolls as little as shows the file, and puts the keyboard's row there."""
        row = self.model.row_of(path)
        if row is not None:
            self.view.setCurrentIndex(self.model.index(row))
            self.view.scrollTo(self.model.index(row))

    def _count(self) -> None:
        counts = self.model.counts()
        self.chips.set_counts(counts)
        self.status_menu.set_counts(counts)
        self._show_found()

    def _show_found(self) -> None:
        shown, all_files = self.model.found_count, self.model.path_count
        found = self.tr("{} of {}").format(shown, all_files) if shown != all_files else ""
        if not self._is_in_reach:
            self._found.set_text(self.tr("out of reach"), "amber")
        elif self._document.study.scanning:
            self._found.set_text(self.tr("looking for more"), "text_soft")
        else:
            self._found.set_text(found, "text_soft")
        words = self.tr("Nothing fits the search and the filter") if all_files else ""
        self._empty.setText(words or self.tr("No frames yet"))
        self._pages.setCurrentWidget(self.view if shown else self._empty)
