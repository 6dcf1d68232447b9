"""The files of a study as rows: which of them are shown, their status, their thumbnails.

Ten thousand rows are nothing: the model keeps the study's paths and the positions of those that
pass the filter, and makes a row's text only when it is painted. Thumbnails are kept for the rows
seen last.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, OrderedDict
from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QImage, QPixmap

from sonichu_gui.domain.annotation import Status
from sonichu_gui.gui.panels.thumbnail import rounded_thumbnail
from sonichu_gui.gui.panels.words import status_word, tr

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PATH_ROLE = Qt.ItemDataRole.UserRole + 1
STATUS_ROLE = Qt.ItemDataRole.UserRole + 2
THUMBNAIL_ROLE = Qt.ItemDataRole.UserRole + 3
DETAIL_ROLE = Qt.ItemDataRole.UserRole + 4
CURRENT_ROLE = Qt.ItemDataRole.UserRole + 5

THUMBNAILS_KEPT = 400

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class FrameFilter(Enum):
    """Which files are shown, by their status for the task."""

    ALL = frozenset(Status)
    TO_DO = frozenset({Status.TODO, Status.PROPOSED})
    DONE = frozenset({Status.ACCEPTED, Status.EDITED, Status.EXCLUDED})
    FLAGGED = frozenset({Status.FLAGGED})


class FrameListModel(QAbstractListModel):
    """Rows over the paths of a study.

    Args:
        task_id: The task whose status counts.
    """

    def __init__(self, task_id: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._task_id = task_id
        self._paths: tuple[Path, ...] = ()
        self._positions: dict[Path, int] = {}
        self._shown: list[int] = []
        self._statuses: dict[Path, dict[str, Status]] = {}
        self._frame_counts: dict[Path, int] = {}
        self._thumbnails: OrderedDict[Path, QPixmap] = OrderedDict()
        self._asked: set[Path] = set()
        self._current: Path | None = None
        self._tally: Counter[Status] | None = None  # of all files; None until counted anew
        self._search = ""
        self._filter = FrameFilter.ALL

    # ---- what Qt asks --------------------------------------------------------------------

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Number of shown files."""
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What a row shows."""
        if not index.isValid():
            return None
        path = self.path_at(index.row())
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
            return str(path)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{path.stem}, {status_word(self.status_of(path))}{self._detail(path)}"
        return None

    # ---- what the panel asks -------------------------------------------------------------

    def path_at(self, row: int) -> Path:
        """The file of a row."""
        return self._paths[self._shown[row]]

    def row_of(self, path: Path | None) -> int | None:
        """The row of a file, or None where it is not shown."""
        position = self._positions.get(path) if path is not None else None
        if position is None:
            return None
        row = bisect_left(self._shown, position)
        found = row < len(self._shown) and self._shown[row] == position
        return row if found else None

    def status_of(self, path: Path) -> Status:
        """Status of a file for the task."""
        return self._statuses.get(path, {}).get(self._task_id, Status.TODO)

    @property
    def path_count(self) -> int:
        """Number of files in the study, shown or not."""
        return len(self._paths)

    def counts(self) -> dict[FrameFilter, int]:
        """How many files of the study each filter would show, whatever is searched for."""
        if self._tally is None:
            found = Counter(
                statuses.get(self._task_id, Status.TODO)
                for path, statuses in self._statuses.items()
                if path in self._positions
            )
            found[Status.TODO] += len(self._paths) - found.total()
            self._tally = found
        tally = self._tally
        return {kind: sum(tally[status] for status in kind.value) for kind in FrameFilter}

    def wanted(self, first: int, last: int) -> list[Path]:
        """Files of rows first to last whose thumbnail nobody has asked for; now they are."""
        rows = range(max(0, first), min(last + 1, len(self._shown)))
        paths = [self.path_at(row) for row in rows]
        wanted = [path for path in paths if path not in self._asked]
        self._asked.update(wanted)
        for path in paths:
            if path in self._thumbnails:
                self._thumbnails.move_to_end(path)
        return wanted

    # ---- changes -------------------------------------------------------------------------

    def set_paths(self, paths: tuple[Path, ...]) -> bool:
        """Takes the files of a study; more of the same are appended.

        Returns:
            Whether the earlier rows stayed where they were.
        """
        known = len(self._paths)
        grown = known > 0 and paths[:known] == self._paths
        if not grown:
            self.beginResetModel()
            self._positions.clear()
            self._asked.clear()
            self._thumbnails.clear()
            known = 0
        self._paths = paths
        self._tally = None
        self._positions.update((paths[i], i) for i in range(known, len(paths)))
        more = [i for i in range(known, len(paths)) if self._passes(paths[i])]
        if not grown:
            self._shown = more
            self.endResetModel()
        elif more:
            end = len(self._shown)
            self.beginInsertRows(_ROOT, end, end + len(more) - 1)
            self._shown.extend(more)
            self.endInsertRows()
        return grown

    def set_search(self, text: str) -> None:
        """Shows files whose name holds all of the words."""
        if text != self._search:
            self._search = text
            self._refilter()

    def set_filter(self, kind: FrameFilter) -> None:
        """Shows files of some statuses."""
        if kind is not self._filter:
            self._filter = kind
            self._refilter()

    def set_task(self, task_id: str) -> None:
        """Shows the statuses of another task."""
        self._task_id = task_id
        self._tally = None
        self._refilter()

    def set_statuses(self, statuses: Mapping[Path, Mapping[str, Status]]) -> None:
        """Takes the statuses of labelled files: by path, then by task id."""
        self._statuses = {path: dict(found) for path, found in statuses.items()}
        self._tally = None
        self._refilter()

    def set_status(self, path: Path, task_id: str, status: Status) -> None:
        """Takes one new status. The shown file keeps its row until another file is shown."""
        if self._tally is not None and task_id == self._task_id and path in self._positions:
            self._tally[self.status_of(path)] -= 1
            self._tally[status] += 1
        self._statuses.setdefault(path, {})[task_id] = status
        self._settle(path)

    def set_current(self, path: Path | None, frame_count: int = 0) -> None:
        """Marks the file that is shown; `frame_count` is 0 while unknown."""
        before, self._current = self._current, path
        if path is not None and frame_count:
            self._frame_counts[path] = frame_count
        for changed in {before, path} - {None}:
            self._settle(changed)

    def set_thumbnail(self, path: Path, image: QImage) -> None:
        """Takes a file's thumbnail; the one that was seen longest ago makes room."""
        if path not in self._positions or image.isNull():
            return
        self._thumbnails[path] = rounded_thumbnail(image)
        if len(self._thumbnails) > THUMBNAILS_KEPT:
            oldest, _ = self._thumbnails.popitem(last=False)
            self._asked.discard(oldest)
        self._row_changed(path)

    # ---- inside --------------------------------------------------------------------------

    def _detail(self, path: Path) -> str:
        frames = self._frame_counts.get(path, 1)
        return tr(" · {} frames").format(frames) if frames > 1 else ""

    def _passes(self, path: Path) -> bool:
        if path != self._current and self.status_of(path) not in self._filter.value:
            return False
        name = path.name.casefold()
        return all(word in name for word in self._search.casefold().split())

    def _refilter(self) -> None:
        shown = [i for i, path in enumerate(self._paths) if self._passes(path)]
        if shown == self._shown:
            if shown:
                self.dataChanged.emit(self.index(0), self.index(len(shown) - 1))
            return
        self.beginResetModel()
        self._shown = shown
        self.endResetModel()

    def _settle(self, path: Path | None) -> None:
        """Repaints a file's row, or takes it out or in when its status no longer fits."""
        position = self._positions.get(path) if path is not None else None
        if path is None or position is None:
            return
        row = self.row_of(path)
        passes = self._passes(path)
        if row is not None and passes:
            self._row_changed(path)
        elif row is not None:
            self.beginRemoveRows(_ROOT, row, row)
            del self._shown[row]
            self.endRemoveRows()
        elif passes:
            row = bisect_left(self._shown, position)
            self.beginInsertRows(_ROOT, row, row)
            self._shown.insert(row, position)
            self.endInsertRows()

    def _row_changed(self, path: Path) -> None:
        row = self.row_of(path)
        if row is not None:
            self.dataChanged.emit(self.index(row), self.index(row))
