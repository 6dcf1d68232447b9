"""The files of a study as rows: which of them are shown, their status, their thumbnails.

Ten thousand rows are nothing: the model keeps the study's paths, the numbers of the rows shown and
the thumbnails seen last, and makes a row's text only when it is painted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from sonichu_gui.gui.panels.list_rows import (
    Heads,
    change_between,
    file_row,
    head_row,
    is_file,
    place_of,
    position_of,
)
from sonichu_gui.gui.panels.name_search import NameSearch
from sonichu_gui.gui.panels.status_tally import FrameFilter, StatusTally
from sonichu_gui.gui.panels.thumbnails import Thumbnails
from sonichu_gui.gui.panels.words import file_word, tr
from sonichu_gui.gui.plain_tip import plain_tip

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from PySide6.QtGui import QImage

    from sonichu_gui.domain.annotation import Status
    from sonichu_gui.gui.list_heads import ListHead

PATH_ROLE = Qt.ItemDataRole.UserRole + 1
STATUS_ROLE = Qt.ItemDataRole.UserRole + 2
THUMBNAIL_ROLE = Qt.ItemDataRole.UserRole + 3
DETAIL_ROLE = Qt.ItemDataRole.UserRole + 4
CURRENT_ROLE = Qt.ItemDataRole.UserRole + 5
HEAD_ROLE = Qt.ItemDataRole.UserRole + 6
"""The `ListHead` of a row; None for a file's."""
FOLDED_ROLE = Qt.ItemDataRole.UserRole + 7
UNREADABLE_ROLE = Qt.ItemDataRole.UserRole + 8

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class FrameListModel(QAbstractListModel):
    """Rows over the paths of a study.

    Args:
        task_id: The task whose status counts.
    """

    def __init__(self, task_id: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._paths: tuple[Path, ...] = ()
        self._search = NameSearch()
        self._positions: dict[Path, int] = {}
        self._heads = Heads()
        self._rows: list[int] = []
        self._found = 0
        self._tally = StatusTally(task_id)
        self._frame_counts: dict[Path, int] = {}
        self._thumbnails = Thumbnails()
        self._current: Path | None = None
        self._filter = FrameFilter.ALL

    # ---- what Qt asks --------------------------------------------------------------------

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Number of rows: shown files and their heads."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What a row shows."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        return self._file_data(row, role) if is_file(row) else self._head_data(row, role)

    def _file_data(self, row: int, role: int) -> object:
        path = self._paths[position_of(row)]
        if role == Qt.ItemDataRole.DisplayRole:
            return path.stem
        if role == PATH_ROLE:
            return path
        if role == STATUS_ROLE:
            return self.status_of(path)
        if role == THUMBNAIL_ROLE:
            return self._thumbnails.get(path)
        if role == DETAIL_ROLE:
            return self._detail(path)
        if role == CURRENT_ROLE:
            return path == self._current
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(str(path))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            word = file_word(self.status_of(path), is_unreadable=self._thumbnails.has_none(path))
            return f"{path.stem}, {word}{self._detail(path)}"
        if role == UNREADABLE_ROLE:
            return self._thumbnails.has_none(path)
        return None

    def _head_data(self, row: int, role: int) -> object:
        head = self._heads.at(row)
        words = " · ".join(filter(None, (head.title, head.detail)))
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return words if role == Qt.ItemDataRole.DisplayRole else plain_tip(words)
        if role == HEAD_ROLE:
            return head
        if role == FOLDED_ROLE:
            return self._heads.is_folded(head)
        if role == DETAIL_ROLE:
            return str(head.count)
        if role == CURRENT_ROLE:  # where the shown file is, when it is folded away
            at = self._positions.get(self._current, -1) if self._current else -1
            return head.first <= at < head.end and self._heads.is_folded(head)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            fold = tr("folded") if self._heads.is_folded(head) else tr("unfolded")
            return tr("{}, {} files, {}").format(words, head.count, fold)
        return None

    # ---- what the panel asks -------------------------------------------------------------

    def path_at(self, row: int) -> Path | None:
        """The file of a row, None for a head."""
        number = self._rows[row]
        return self._paths[position_of(number)] if is_file(number) else None

    def head_at(self, row: int) -> ListHead | None:
        """The head of a row, None for a file."""
        number = self._rows[row]
        return None if is_file(number) else self._heads.at(number)

    def is_folded(self, row: int) -> bool:
        """Whether the files under the head of a row are hidden."""
        head = self.head_at(row)
        return head is not None and self._heads.is_folded(head)

    def row_of(self, path: Path | None) -> int | None:
        """The row of a file, or None where it is not shown."""
        position = self._positions.get(path) if path is not None else None
        return None if position is None else place_of(self._rows, file_row(position))

    def row_of_head(self, row: int) -> int | None:
        """The row of the innermost head over a file, or of the head over a head."""
        number = self._rows[row]
        above = [head_row(head) for head in self._heads.over(position_of(number))]
        inner = [each for each in above if each < number]
        return place_of(self._rows, inner[-1]) if inner else None

    def first_file_row(self) -> int | None:
        """The first row that is a file's."""
        return next((row for row, number in enumerate(self._rows) if is_file(number)), None)

    def status_of(self, path: Path) -> Status:
        """Status of a file for the task."""
        return self._tally.of(path)

    @property
    def path_count(self) -> int:
        """Number of files in the study, shown or not."""
        return len(self._paths)

    @property
    def found_count(self) -> int:
        """Number of files that pass search and filter, folded away or not."""
        return self._found

    @property
    def rows(self) -> Sequence[int]:
        """The numbers of the rows, as in `list_rows`."""
        return self._rows

    def is_listed(self, path: Path) -> bool:
        """Whether a file passes search and filter, folded away or not."""
        position = self._positions.get(path)
        return position is None or self._passes(position)

    def counts(self) -> dict[FrameFilter, int]:
        """How many files of the study each filter would show, whatever is searched for."""
        return self._tally.counts(self._positions, len(self._paths))

    def wanted(self, first: int, last: int) -> list[Path]:
        """Files of rows first to last whose thumbnail nobody has asked for; now they are."""
        return self._thumbnails.wanted(self._files_of(first, last))

    def no_longer_wanted(self, first: int, last: int) -> list[Path]:
        """Files beside rows first to last whose thumbnail was asked for and has not come."""
        return self._thumbnails.no_longer_wanted(set(self._files_of(first, last)))

    # ---- changes -------------------------------------------------------------------------

    def set_paths(self, paths: tuple[Path, ...], heads: tuple[ListHead, ...] = ()) -> None:
        """Takes the files of a study; more of the same are appended at little cost."""
        known = len(self._paths)
        grown = known > 0 and not heads and not self._heads.all and paths[:known] == self._paths
        if grown:
            self._append(paths)
            return
        self.beginResetModel()
        self._paths = paths
        self._search.set_files(paths)
        self._positions = {path: position for position, path in enumerate(paths)}
        self._thumbnails.keep_only(self._positions.keys())
        self._heads.set(heads)
        self._tally.count_anew()
        self._rows = self._heads.rows(self._passing())
        self.endResetModel()

    def _append(self, paths: tuple[Path, ...]) -> None:
        known = len(self._paths)
        added = paths[known:]
        self._paths = paths
        self._search.add_files(added)
        self._positions.update((path, known + at) for at, path in enumerate(added))
        self._tally.add(added)
        more = [file_row(at) for at in range(known, len(paths)) if self._passes(at)]
        self._found += len(more)
        if more:
            end = len(self._rows)
            self.beginInsertRows(_ROOT, end, end + len(more) - 1)
            self._rows += more
            self.endInsertRows()

    def set_search(self, text: str) -> None:
        """Shows files whose name holds all of the words."""
        if self._search.look_for(text):
            self._refilter()

    def set_filter(self, kind: FrameFilter) -> None:
        """Shows files of some statuses."""
        if kind is not self._filter:
            self._filter = kind
            self._refilter()

    def set_task(self, task_id: str) -> None:
        """Shows the statuses of another task."""
        self._tally.set_task(task_id)
        self._refilter()

    def set_statuses(self, statuses: Mapping[Path, Mapping[str, Status]]) -> None:
        """Takes the statuses of labelled files: by path, then by task id."""
        self._tally.set_all(statuses)
        self._refilter()

    def set_status(self, path: Path, task_id: str, status: Status) -> None:
        """Takes one new status. The shown file keeps its row until another file is shown."""
        self._tally.set_one(path, task_id, status, is_listed=path in self._positions)
        self._settle(path)

    def fold(self, row: int, *, folded: bool) -> None:
        """Hides or shows the files under the head of a row."""
        if (head := self.head_at(row)) is not None:
            self._heads.fold(head, folded=folded)
            self._settle_rows()
            self.dataChanged.emit(self.index(row), self.index(row))

    def unfold_to(self, path: Path) -> None:
        """Shows a file whose head is folded."""
        if self._heads.unfold_over(self._positions.get(path, -1)):
            self._settle_rows()

    def set_current(self, path: Path | None, frame_count: int = 0) -> None:
        """Marks the file that is shown; `frame_count` is 0 while unknown."""
        before, self._current = self._current, path
        if path is not None and frame_count:
            self._frame_counts[path] = frame_count
        for changed in {before, path} - {None}:
            self._settle(changed)

    def set_thumbnail(self, path: Path, image: QImage) -> None:
        """Takes a file's thumbnail, null where the file cannot be shown."""
        if path in self._positions:
            self._thumbnails.put(path, image)
            self._row_changed(path)

    def forget_thumbnails(self, paths: Iterable[Path] | None = None) -> None:
        """Asks anew for the thumbnails of files that have changed; for None, if none came."""
        self._thumbnails.forget(self._thumbnails.without() if paths is None else paths)

    # ---- inside --------------------------------------------------------------------------

    def _files_of(self, first: int, last: int) -> list[Path]:
        rows = self._rows[max(0, first) : last + 1]
        return [self._paths[position_of(row)] for row in rows if is_file(row)]

    def _detail(self, path: Path) -> str:
        frames = self._frame_counts.get(path, 1)
        return tr(" · {} frames").format(frames) if frames > 1 else ""

    def _passes(self, position: int) -> bool:
        return self._search.fits(position) and self._has_status(self._paths[position])

    def _has_status(self, path: Path) -> bool:
        if self._filter is FrameFilter.ALL:
            return True
        return path == self._current or self.status_of(path) in self._filter.value

    def _passing(self) -> list[int]:
        """Positions of the files that pass search and filter."""
        passing = self._search.found()
        if self._filter is not FrameFilter.ALL:
            passing = [at for at in passing if self._has_status(self._paths[at])]
        found = list(passing)
        self._found = len(found)
        return found

    def _refilter(self) -> None:
        if not self._settle_rows() and (count := len(self._rows)):
            self.dataChanged.emit(self.index(0), self.index(count - 1))

    def _settle_rows(self) -> bool:
        """Shows the rows that are due now; gives whether they are others."""
        rows = self._heads.rows(self._passing())
        start, before, after = change_between(self._rows, rows)
        if not before and not after:
            return False
        if before and after:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()
        elif after:
            self.beginInsertRows(_ROOT, start, start + after - 1)
            self._rows = rows
            self.endInsertRows()
        else:
            self.beginRemoveRows(_ROOT, start, start + before - 1)
            self._rows = rows
            self.endRemoveRows()
        return True

    def _settle(self, path: Path | None) -> None:
        """Repaints a file's row, or takes it out or in when its status no longer fits."""
        position = self._positions.get(path) if path is not None else None
        if path is None or position is None:
            return
        is_shown = self.row_of(path) is not None
        if is_shown == self._passes(position) and not self._heads.hides(position):
            self._row_changed(path)
        else:
            self._settle_rows()

    def _row_changed(self, path: Path) -> None:
        if (row := self.row_of(path)) is not None:
            self.dataChanged.emit(self.index(row), self.index(row))
